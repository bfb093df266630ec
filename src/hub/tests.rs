//! What the hub gives to whom, asked through a fan-out whose connections are lists of bytes.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::domain::{Alert, EquityPoint, Severity};
use crate::hub::fanout::Fanout;
use crate::wire::frame::Reply;
use crate::wire::{Content, Delta, Encoding, Epoch, Push, ResyncReason, ServerFrame, json};

pub fn alert(offset: u64) -> Item {
    Item {
        topic: Topic::Alerts,
        offset: Some(offset),
        seq: Seq(offset * 10),
        t_source: None,
        t_received: TimeUs(1),
        data: Content::Event(Payload::Alert(Box::new(Alert {
            id: format!("alert-{offset}").parse().unwrap(),
            severity: Severity::Info,
            code: "test".into(),
            message: String::new(),
            bot: None,
            time: TimeUs(0),
        }))),
    }
}

/// A publication of another log, `bytes` long at least.
pub fn quality(offset: u64, bytes: usize) -> Item {
    Item {
        topic: Topic::Quality,
        data: Content::Event(Payload::Quality(Box::new(crate::domain::Quality {
            kind: crate::domain::QualityKind::Gap,
            symbol: None,
            source: "test".into(),
            line: None,
            message: "x".repeat(bytes),
            extent: Default::default(),
            count: offset,
            time: TimeUs(0),
        }))),
        ..alert(offset)
    }
}

pub fn equity(times: &[i64], delta: bool) -> Item {
    let points = times.iter().map(|time| EquityPoint {
        time: TimeUs(*time),
        equity: 1.into(),
        deposits: 0.into(),
        drawdown: None,
        benchmark: None,
        rolling_sharpe: None,
    });
    let points = Payload::Equity(points.collect());
    Item {
        topic: Topic::Equity(BotId::paper()),
        offset: None,
        seq: Seq(1),
        t_source: None,
        t_received: TimeUs(1),
        data: if delta {
            Content::since(Some(&Payload::Equity(Vec::new())), &points)
        } else {
            Content::Snapshot(points)
        },
    }
}

/// The other end of a connection.
#[derive(Debug, Clone, Default)]
pub struct Pipe(Rc<RefCell<Buffer>>);

#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// What it still takes; `None`: anything.
    room: Option<usize>,
}

impl Wire for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Written {
        let mut content = self.0.borrow_mut();
        let taken = content
            .room
            .map_or(bytes.len(), |room| room.min(bytes.len()));
        if taken == 0 {
            return Written::Blocked;
        }
        content.room = content.room.map(|room| room - taken);
        content.bytes.extend_from_slice(&bytes[..taken]);
        Written::Bytes(taken)
    }
}

impl Pipe {
    pub fn has_room_for(&self, room: Option<usize>) {
        self.0.borrow_mut().room = room;
    }

    /// Takes the whole messages that came, and the code of a close frame.
    pub fn messages(&self) -> (Vec<String>, Option<u16>) {
        let (texts, _, closed) = self.read();
        (texts, closed)
    }

    /// The binary messages among them.
    pub fn binary(&self) -> Vec<Vec<u8>> {
        self.read().1
    }

    fn read(&self) -> (Vec<String>, Vec<Vec<u8>>, Option<u16>) {
        let mut content = self.0.borrow_mut();
        let (mut texts, mut binary) = (Vec::new(), Vec::new());
        let mut closed = None;
        loop {
            let bytes = &content.bytes;
            let Some(second) = bytes.get(1) else { break };
            let (start, length) = match second {
                126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
                127 => (
                    10,
                    u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize,
                ),
                short => (2, usize::from(*short)),
            };
            if bytes.len() < start + length {
                break;
            }
            let body = bytes[start..start + length].to_vec();
            match bytes[0] {
                0x81 => texts.push(String::from_utf8(body).unwrap()),
                0x82 => binary.push(body),
                0x88 => closed = Some(u16::from_be_bytes([body[0], body[1]])),
                0x89 => {}
                other => panic!("opcode {other:#x}"),
            }
            content.bytes.drain(..start + length);
        }
        (texts, binary, closed)
    }

    pub fn frames(&self) -> Vec<ServerFrame> {
        let (texts, _) = self.messages();
        let lines = texts.iter().flat_map(|text| text.lines());
        lines
            .map(|line| json::decode_server(line).unwrap())
            .collect()
    }

    /// First and last offsets of the pushes that came.
    pub fn ranges(&self) -> Vec<(u64, u64)> {
        pushes(&self.frames())
            .iter()
            .map(|push| (push.first, push.last))
            .collect()
    }
}

pub fn pushes(frames: &[ServerFrame]) -> Vec<Push> {
    let pushes = frames.iter().filter_map(|frame| match frame {
        ServerFrame::Push(push) => Some(push.as_ref().clone()),
        _ => None,
    });
    pushes.collect()
}

pub struct Rig {
    pub hub: Arc<Hub>,
    pub publisher: Publisher,
    pub fanout: Fanout<Pipe>,
    pub now: Duration,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(FanoutConfig::default())
    }

    pub fn with(config: FanoutConfig) -> Self {
        let hub = Arc::new(Hub::default());
        let mut publisher = Publisher::new(Arc::clone(&hub));
        publisher.create(&Topic::Alerts, Epoch(7), 0);
        publisher.create(&Topic::Quality, Epoch(6), 0);
        publisher.create(&Topic::Equity(BotId::paper()), Epoch(8), 0);
        let fanout = Fanout::new(Arc::clone(&hub), config);
        Self {
            hub,
            publisher,
            fanout,
            now: Duration::ZERO,
        }
    }

    pub fn publish(&mut self, items: Vec<Item>) {
        let now = TimeUs(self.now.as_micros() as i64);
        self.publisher.publish(items, Seq(1), now);
        self.fanout.round(self.now);
    }

    pub fn open(&mut self) -> (ConnId, Pipe) {
        let pipe = Pipe::default();
        let id = self.fanout.open(pipe.clone(), Encoding::Json, self.now);
        self.fanout.greet(id, false, self.now);
        (id, pipe)
    }

    pub fn follow(&mut self, id: ConnId, topic: &Topic, since: Option<Since>, history: u64) {
        self.follow_at(id, topic, since, history, Tier::Full);
    }

    pub fn follow_at(
        &mut self,
        id: ConnId,
        topic: &Topic,
        since: Option<Since>,
        history: u64,
        tier: Tier,
    ) {
        let wish = Wish::Topic(Follow {
            topic: topic.clone(),
            since,
            history,
            tier,
            lag: LagRule::Skip,
        });
        self.fanout.subscribe(id, Some(1), vec![Ok(wish)]);
        self.fanout.round(self.now);
    }
}

pub fn since(epoch: u64, offset: u64) -> Option<Since> {
    Some(Since {
        epoch: Epoch(epoch),
        offset,
    })
}

fn begun_at(frames: &[ServerFrame]) -> u64 {
    match &frames[0] {
        ServerFrame::Ok(Reply { topics, .. }) => topics[0].offset,
        other => panic!("no ok but {other:?}"),
    }
}

#[test]
fn a_log_is_joined_fresh_with_history_or_resumed_without_gap_or_duplicate() {
    let mut rig = Rig::new();
    rig.publish((1..=5).map(alert).collect());
    let (fresh, pipe) = rig.open();
    rig.follow(fresh, &Topic::Alerts, None, 2);
    let frames = pipe.frames();
    assert_eq!(begun_at(&frames), 3);
    let offsets: Vec<_> = pushes(&frames).iter().map(|push| push.last).collect();
    assert_eq!(offsets, [4, 5]);
    rig.publish(vec![alert(6)]);
    assert_eq!(pipe.ranges(), [(6, 6)]);

    let (resumed, pipe) = rig.open();
    rig.follow(resumed, &Topic::Alerts, since(7, 4), 0);
    let frames = pipe.frames();
    let ServerFrame::Resumed(told) = &frames[1] else {
        panic!("{frames:?}")
    };
    assert_eq!((told.from, told.to), (4, 6));
    rig.publish(vec![alert(7)]);
    let mut offsets: Vec<_> = pushes(&frames).iter().map(|push| push.last).collect();
    offsets.extend(pipe.ranges().iter().map(|(_, last)| last));
    assert_eq!(offsets, [5, 6, 7]);

    for (place, reason) in [
        (since(9, 4), ResyncReason::EpochChanged),
        (since(7, 99), ResyncReason::WindowExceeded),
    ] {
        let (id, pipe) = rig.open();
        rig.follow(id, &Topic::Alerts, place, 1);
        let frames = pipe.frames();
        let ServerFrame::Resync(told) = &frames[1] else {
            panic!("{frames:?}")
        };
        assert_eq!((told.offset, told.reason), (6, reason));
        assert_eq!(pushes(&frames)[0].last, 7);
    }
}

#[test]
fn a_conflated_topic_gives_its_whole_then_changes_and_to_the_slow_what_they_miss_as_one() {
    let mut rig = Rig::new();
    let topic = Topic::Equity(BotId::paper());
    rig.publish(vec![equity(&[1, 2], false)]);
    let (id, pipe) = rig.open();
    rig.follow(id, &topic, None, 0);
    assert_eq!(pipe.ranges(), [(1, 1)]);
    rig.publish(vec![equity(&[3], true)]);
    assert_eq!(pipe.ranges(), [(2, 2)]);

    pipe.has_room_for(Some(0));
    for time in [4, 5, 5] {
        rig.publish(vec![equity(&[time], true)]);
    }
    pipe.has_room_for(None);
    rig.fanout.writable(id, rig.now);
    rig.fanout.round(rig.now);
    let pushed = pushes(&pipe.frames());
    let ranges: Vec<_> = pushed.iter().map(|push| (push.first, push.last)).collect();
    assert_eq!(
        ranges,
        [(3, 3), (4, 5)],
        "one was on its way, two became one"
    );
    let Content::Delta(Delta::Equity(rows)) = &pushed[1].data else {
        panic!()
    };
    assert_eq!(rows.len(), 1, "the newest of each row");
    assert!(rig.fanout.is_in_step(id));

    let (same, pipe) = rig.open();
    rig.follow(same, &topic, since(8, 5), 0);
    assert!(pushes(&pipe.frames()).is_empty(), "it has it already");
    let (behind, pipe) = rig.open();
    rig.follow(behind, &topic, since(8, 2), 0);
    assert_eq!(pipe.ranges(), [(3, 5)]);
}

#[test]
fn a_slower_rate_gets_ranges_and_shares_them() {
    let mut rig = Rig::new();
    let topic = Topic::Equity(BotId::paper());
    rig.publish(vec![equity(&[1], false)]);
    let slow: Vec<_> = (0..2)
        .map(|_| {
            let (id, pipe) = rig.open();
            rig.follow_at(id, &topic, None, 0, Tier::Hz4);
            assert_eq!(pipe.ranges(), [(1, 1)]);
            pipe
        })
        .collect();
    for step in 1..=10 {
        rig.now = Duration::from_millis(100 * step);
        rig.publish(vec![equity(&[1 + step as i64], true)]);
    }
    for pipe in &slow {
        assert_eq!(pipe.ranges(), [(2, 4), (5, 7), (8, 10)], "every 300 ms");
    }
    rig.now += Duration::from_millis(300);
    rig.hub.release(TimeUs(rig.now.as_micros() as i64));
    rig.fanout.round(rig.now);
    assert_eq!(slow[0].ranges(), [(11, 11)], "the last one comes as well");
    assert_eq!(
        [None, Some(Tier::Hz1), Some(Tier::Hz4), Some(Tier::Full)],
        [Tier::of(0.0), Tier::of(3.9), Tier::of(9.0), Tier::of(11.0)]
    );
}

#[test]
fn whoever_wants_every_market_gets_those_to_come() {
    let mut rig = Rig::new();
    let (id, pipe) = rig.open();
    let tier = Tier::Full;
    rig.fanout
        .subscribe(id, Some(1), vec![Ok(Wish::EveryMarket { tier })]);
    rig.fanout.round(rig.now);
    assert_eq!(rig.fanout.follows(id), 0);
    rig.publisher
        .create(&"market:BTCUSDT".parse().unwrap(), Epoch(1), 0);
    rig.fanout.round(rig.now);
    assert_eq!(rig.fanout.follows(id), 1);
    rig.fanout.unsubscribe(id, &[], true);
    rig.publisher
        .create(&"market:ETHUSDT".parse().unwrap(), Epoch(1), 0);
    rig.fanout.round(rig.now);
    assert_eq!(rig.fanout.follows(id), 0);
    drop(pipe);
}

/// An alert's push as the journal's reader makes it.
pub fn sample_push(offset: u64) -> Push {
    let item = alert(offset);
    Push {
        topic: item.topic,
        epoch: Epoch(7),
        first: offset,
        last: offset,
        seq: item.seq,
        t_source: None,
        t_received: TimeUs(1),
        t_published: TimeUs(1),
        data: item.data,
    }
}

#[test]
fn a_reader_that_looks_again_gets_what_is_new_and_what_it_has_missed() {
    let hub = Arc::new(Hub::default());
    let mut publisher = Publisher::new(Arc::clone(&hub));
    publisher.create(&Topic::Alerts, Epoch(1), 0);
    let mut publish = |offsets: std::ops::RangeInclusive<u64>| {
        publisher.publish(offsets.map(alert).collect(), Seq(1), TimeUs(1));
    };
    let offsets = |news: &News| -> Vec<u64> {
        let all = news.publications.iter();
        all.map(|publication| publication.push.last).collect()
    };
    let nothing = hub.news(&Topic::Quality, 0);
    assert_eq!(
        (nothing.head, nothing.trimmed),
        (0, None),
        "there is no such topic"
    );
    publish(1..=5);
    let news = hub.news(&Topic::Alerts, 2);
    assert_eq!(
        (offsets(&news), news.trimmed, news.head),
        (vec![3, 4, 5], None, 5)
    );
    let at_head = hub.news(&Topic::Alerts, u64::MAX);
    assert_eq!(
        (offsets(&at_head), at_head.trimmed, at_head.head),
        (vec![], None, 5)
    );
    let many = RING as u64 + 10;
    publish(6..=many);
    let news = hub.news(&Topic::Alerts, 2);
    assert_eq!(
        (news.trimmed, news.publications.len()),
        (Some((3, 10)), RING)
    );
}
