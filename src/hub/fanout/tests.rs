use super::*;
use crate::domain::{BotId, TimeUs};
use crate::hub::tests::{Rig, alert, equity, pushes, quality, since};
use crate::hub::{RING, Tier};

fn connections(rig: &Rig) -> usize {
    rig.fanout.conns.iter().flatten().count()
}

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn those_in_step_get_one_message_of_all_that_was_published() {
    let mut rig = Rig::new();
    let pipes: Vec<_> = (0..3)
        .map(|_| {
            let (id, pipe) = rig.open();
            rig.follow(id, &Topic::Quality, None, 0);
            rig.follow(id, &Topic::Alerts, None, 0);
            pipe.frames();
            assert!(rig.fanout.is_in_step(id));
            pipe
        })
        .collect();
    rig.fanout.take_stats();
    rig.publish(vec![quality(1, 1), quality(2, 1), alert(1)]);
    for pipe in pipes {
        let (texts, _) = pipe.messages();
        assert_eq!(texts.len(), 1);
        let topics: Vec<_> = texts[0].lines().map(|line| &line[15..30]).collect();
        assert!(topics[0].contains("alerts"), "{topics:?}");
        assert_eq!(topics.len(), 3);
    }
    let stats = rig.fanout.take_stats();
    assert_eq!((stats.frames, stats.writes), (9, 3));
}

#[test]
fn what_left_the_ring_comes_from_the_journal_and_what_is_published_meanwhile_after_it() {
    let mut rig = Rig::new();
    let many = RING as u64 + 50;
    rig.publish((1..=many).map(alert).collect());
    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Alerts, since(7, 10), 0);
    let wanted = rig.fanout.take_backfills();
    let [wanted] = wanted.as_slice() else {
        panic!("{wanted:?}")
    };
    assert_eq!((wanted.first, wanted.last), (11, 510));
    rig.publish(vec![alert(many + 1)]);
    assert!(pipe.ranges().is_empty(), "the past comes first");
    let encoded = |offset: u64| {
        let mut push = crate::hub::tests::sample_push(offset);
        push.epoch = Epoch(7);
        (offset, Encoding::Json.push(&push).unwrap())
    };
    let past = (11..=510).map(encoded).collect();
    rig.fanout.backfilled(id, &Topic::Alerts, Ok(past));
    rig.fanout.round(rig.now);
    while rig.fanout.is_pending() {
        rig.fanout.round(rig.now);
    }
    let offsets: Vec<_> = pipe.ranges().iter().map(|(_, last)| *last).collect();
    assert_eq!(offsets, (11..=many + 1).collect::<Vec<_>>());
    assert!(rig.fanout.take_backfills().is_empty());
    assert!(rig.fanout.is_in_step(id));

    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Alerts, since(7, 10), 0);
    pipe.frames();
    rig.fanout.backfilled(id, &Topic::Alerts, Ok(Vec::new()));
    rig.fanout.round(rig.now);
    let frames = pipe.frames();
    assert!(
        matches!(&frames[0], ServerFrame::Resync(told) if told.offset == many + 1),
        "the journal has it no more: {frames:?}"
    );
    let (id, _) = rig.open();
    rig.follow(id, &Topic::Alerts, since(7, 10), 0);
    rig.fanout
        .backfilled(id, &Topic::Alerts, Err(BackfillFailed));
    let ended = rig.fanout.take_ended();
    assert_eq!(ended[0].end, End::Closed(CloseCode::Gap));
}

#[test]
fn a_slow_reader_is_told_what_it_was_not_given_and_resumes() {
    let mut rig = Rig::new();
    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Quality, None, 0);
    pipe.frames();
    pipe.has_room_for(Some(100));
    for offset in 1..=40 {
        rig.publish(vec![quality(offset, 10_000)]);
    }
    assert!(!rig.fanout.is_in_step(id));
    pipe.has_room_for(None);
    rig.fanout.writable(id, rig.now);
    rig.fanout.round(rig.now);
    let frames = pipe.frames();
    assert_eq!(pushes(&frames).len(), 1, "the one that was on its way");
    let ServerFrame::Lag(lag) = &frames[1] else {
        panic!("{frames:?}")
    };
    assert_eq!((lag.skipped, &lag.topic), (39, &Topic::Quality));
    assert!(rig.fanout.is_in_step(id));
    assert_eq!(rig.fanout.take_stats().lags, 1);

    rig.follow(id, &Topic::Quality, since(6, 1), 0);
    while rig.fanout.is_pending() {
        rig.fanout.round(rig.now);
    }
    let offsets: Vec<_> = pipe.ranges().iter().map(|(_, last)| *last).collect();
    assert_eq!(offsets, (2..=40).collect::<Vec<_>>(), "asked for: no lag");
}

#[test]
fn alerts_are_never_skipped_but_end_the_connection_that_does_not_read_them() {
    let mut rig = Rig::with(FanoutConfig {
        soft_bytes: 1_000,
        hard_bytes: 20_000,
        ..FanoutConfig::default()
    });
    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Alerts, None, 0);
    pipe.frames();
    pipe.has_room_for(Some(0));
    rig.publish((1..=50).map(alert).collect());
    rig.publish((51..=60).map(alert).collect());
    pipe.has_room_for(None);
    rig.fanout.writable(id, rig.now);
    rig.fanout.round(rig.now);
    assert_eq!(pipe.ranges().len(), 60, "beyond the soft limit");

    pipe.has_room_for(Some(0));
    for offset in 61..=200 {
        rig.publish(vec![alert(offset)]);
    }
    rig.now = second(2);
    rig.fanout.tick(rig.now, TimeUs(0));
    let ended = rig.fanout.take_ended();
    assert_eq!(ended[0].end, End::Closed(CloseCode::TooSlow));
    rig.fanout.close(id);
    assert_eq!(connections(&rig), 0);
}

#[test]
fn a_write_that_does_not_move_ends_the_connection_after_its_time() {
    let mut rig = Rig::new();
    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Alerts, None, 0);
    pipe.has_room_for(Some(5));
    rig.publish(vec![alert(1)]);
    assert_eq!(rig.fanout.take_blocked(), [id]);
    rig.fanout.tick(second(9), TimeUs(0));
    assert!(rig.fanout.take_ended().is_empty());
    rig.fanout.tick(second(10), TimeUs(0));
    let ended = rig.fanout.take_ended();
    assert_eq!(
        (ended[0].conn, ended[0].end),
        (id, End::Closed(CloseCode::TooSlow))
    );
    assert_eq!(rig.fanout.take_stats().slow_closes, 1);
    // Another one takes its place, under another name.
    rig.fanout.close(id);
    let (other, _) = rig.open();
    assert_ne!(id, other);
    rig.fanout.heard(id, rig.now);
    rig.fanout.close(id);
    assert_eq!(connections(&rig), 1);
}

#[test]
fn heartbeats_name_what_was_given_and_the_silent_are_left() {
    let mut rig = Rig::new();
    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Alerts, None, 0);
    rig.publish(vec![alert(1), equity(&[1], false)]);
    pipe.frames();
    let due = rig.fanout.next_due().unwrap();
    assert!((second(20)..=second(30)).contains(&due), "{due:?}");
    rig.fanout.tick(due, TimeUs(5));
    let frames = pipe.frames();
    let ServerFrame::Heartbeat(heartbeat) = &frames[0] else {
        panic!("{frames:?}")
    };
    assert_eq!(heartbeat.heads.len(), 1);
    assert_eq!(
        (heartbeat.heads[0].offset, heartbeat.server_time),
        (1, TimeUs(5))
    );
    let next = rig.fanout.next_due().unwrap();
    rig.fanout.tick(next, TimeUs(6));
    rig.fanout.tick(next + second(31), TimeUs(7));
    let ended = rig.fanout.take_ended();
    assert_eq!(ended[0].end, End::Closed(CloseCode::NoPong));
}

#[test]
fn an_answer_does_not_overtake_the_rest_of_a_write() {
    let mut rig = Rig::new();
    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Alerts, None, 0);
    pipe.frames();
    pipe.has_room_for(Some(20));
    rig.publish(vec![alert(1)]);
    rig.fanout.reply(id, &ServerFrame::Ok(Default::default()));
    rig.fanout.flush(id, rig.now);
    pipe.has_room_for(None);
    rig.fanout.writable(id, rig.now);
    rig.fanout.round(rig.now);
    let frames = pipe.frames();
    assert!(matches!(frames[0], ServerFrame::Push(_)), "{frames:?}");
    assert!(matches!(frames[1], ServerFrame::Ok(_)));
}

#[test]
fn nobody_listens_to_what_nobody_follows() {
    let mut rig = Rig::new();
    let topic = Topic::Equity(BotId::paper());
    let (id, pipe) = rig.open();
    rig.follow(id, &topic, None, 0);
    rig.follow_at(id, &topic, None, 0, Tier::Hz1);
    assert_eq!(rig.fanout.follows(id), 1, "the later wish counts");
    assert_eq!(rig.fanout.channels.len(), 1);
    rig.fanout
        .unsubscribe(id, std::slice::from_ref(&topic), false);
    assert!(rig.fanout.channels.is_empty());
    rig.publish(vec![equity(&[1], false)]);
    assert!(pushes(&pipe.frames()).is_empty());
}

#[test]
fn an_inbox_that_overflowed_is_made_up_for() {
    let mut rig = Rig::new();
    let (id, pipe) = rig.open();
    rig.follow(id, &Topic::Quality, None, 0);
    pipe.frames();
    let items = (1..=40).map(|offset| quality(offset, 1_000_000)).collect();
    rig.publisher
        .publish(items, crate::domain::Seq(1), TimeUs(0));
    rig.fanout.round(rig.now);
    let frames = pipe.frames();
    assert!(
        matches!(&frames[0], ServerFrame::Lag(lag) if lag.skipped == 40),
        "it could not be given at once"
    );
}

#[test]
fn a_large_snapshot_is_packed_once_for_those_who_can_unpack_it() {
    use std::io::Read as _;
    let mut rig = Rig::new();
    let topic = Topic::Equity(BotId::paper());
    let times: Vec<i64> = (1..=600).collect();
    rig.publish(vec![equity(&times, false)]);
    let (plain, pipe) = rig.open();
    rig.follow(plain, &topic, None, 0);
    let texts = pipe.messages().0;
    let expected = texts.iter().flat_map(|text| text.lines()).nth(1).unwrap();
    assert!(expected.len() > 4_096);
    for _ in 0..2 {
        let (id, pipe) = rig.open();
        rig.fanout.greet(id, true, rig.now);
        rig.follow(id, &topic, None, 0);
        let packed = pipe.binary().pop().unwrap();
        assert!(packed.len() * 5 < expected.len(), "{}", packed.len());
        let mut text = String::new();
        let mut unpacker = flate2::read::DeflateDecoder::new(&packed[..]);
        unpacker.read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
        assert!(rig.fanout.is_in_step(id));
    }
    let pipe = crate::hub::tests::Pipe::default();
    let id = rig.fanout.open(pipe.clone(), Encoding::Postcard, rig.now);
    rig.fanout.greet(id, true, rig.now);
    rig.follow(id, &topic, None, 0);
    let packed = pipe.binary().pop().unwrap();
    assert_eq!(packed[0], 0, "no frame is of length zero");
    let mut bytes = Vec::new();
    let mut unpacker = flate2::read::DeflateDecoder::new(&packed[1..]);
    unpacker.read_to_end(&mut bytes).unwrap();
    let frame = crate::wire::postcard::frames(&bytes)
        .next()
        .unwrap()
        .unwrap();
    let frame = crate::wire::postcard::decode_server(frame).unwrap();
    let text = crate::wire::json::encode_server(&frame).unwrap();
    assert_eq!(text, expected);
}
