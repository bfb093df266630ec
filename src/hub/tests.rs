use super::*;
use crate::domain::{Alert, EquityPoint, Severity};
use crate::wire::Content;

fn alert(offset: u64) -> Item {
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

fn equity(times: &[i64], delta: bool) -> Item {
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

fn setup() -> (Arc<Hub>, Publisher, Arc<Mailbox>) {
    let hub = Arc::new(Hub::default());
    let mut publisher = Publisher::new(Arc::clone(&hub));
    publisher.create(&Topic::Alerts, Epoch(7), 0);
    publisher.create(&Topic::Equity(BotId::paper()), Epoch(8), 0);
    (hub, publisher, Mailbox::new(1_000_000))
}

fn publish(publisher: &mut Publisher, items: Vec<Item>) {
    publisher.publish(items, Seq(1), TimeUs(2));
}

fn offsets(mailbox: &Mailbox) -> Vec<u64> {
    mailbox
        .drain()
        .log
        .iter()
        .map(|publication| publication.push.last)
        .collect()
}

fn since(epoch: u64, offset: u64) -> Option<Since> {
    Some(Since {
        epoch: Epoch(epoch),
        offset,
    })
}

#[test]
fn a_log_is_joined_fresh_with_history_or_resumed_without_gap_or_duplicate() {
    let (hub, mut publisher, mailbox) = setup();
    publish(&mut publisher, (1..=5).map(alert).collect());
    let fresh = hub.join(&mailbox, &Topic::Alerts, None, 2).unwrap();
    assert_eq!(
        fresh,
        Joined::Fresh {
            epoch: Epoch(7),
            offset: 3
        }
    );
    publish(&mut publisher, vec![alert(6)]);
    assert_eq!(offsets(&mailbox), [4, 5, 6]);

    let other = Mailbox::new(1_000_000);
    let resumed = hub.join(&other, &Topic::Alerts, since(7, 4), 0).unwrap();
    assert_eq!(
        resumed,
        Joined::Resumed {
            epoch: Epoch(7),
            from: 4,
            to: 6
        }
    );
    publish(&mut publisher, vec![alert(7)]);
    assert_eq!(offsets(&other), [5, 6, 7]);

    let third = Mailbox::new(1_000_000);
    for (place, reason) in [
        (since(9, 4), ResyncReason::EpochChanged),
        (since(7, 99), ResyncReason::WindowExceeded),
    ] {
        let joined = hub.join(&third, &Topic::Alerts, place, 1).unwrap();
        assert_eq!(
            joined,
            Joined::Resync {
                epoch: Epoch(7),
                offset: 6,
                reason
            }
        );
        assert_eq!(offsets(&third), [7]);
    }
}

#[test]
fn what_left_the_ring_comes_from_the_journal_while_the_gate_holds_the_rest() {
    let (hub, mut publisher, mailbox) = setup();
    let many = RING as u64 + 50;
    publish(&mut publisher, (1..=many).map(alert).collect());
    let joined = hub.join(&mailbox, &Topic::Alerts, since(7, 10), 0).unwrap();
    assert_eq!(
        joined,
        Joined::Backfill {
            epoch: Epoch(7),
            from: 10,
            to: many
        }
    );
    publish(&mut publisher, vec![alert(many + 1)]);
    assert!(offsets(&mailbox).is_empty(), "the gate is closed");
    mailbox.open_gate(&Topic::Alerts);
    assert_eq!(offsets(&mailbox), [many + 1]);
}

#[test]
fn a_conflated_topic_gives_its_whole_then_changes_then_the_whole_to_the_slow() {
    let (hub, mut publisher, mailbox) = setup();
    let topic = Topic::Equity(BotId::paper());
    publish(&mut publisher, vec![equity(&[1, 2], false)]);
    hub.join(&mailbox, &topic, None, 0).unwrap();
    assert_eq!(mailbox.drain().whole, std::slice::from_ref(&topic));

    publish(&mut publisher, vec![equity(&[3], true)]);
    let drained = mailbox.drain();
    assert_eq!(
        (
            drained.conflated[0].push.first,
            drained.conflated[0].push.last
        ),
        (2, 2)
    );

    publish(&mut publisher, vec![equity(&[4], true)]);
    publish(&mut publisher, vec![equity(&[5], true)]);
    assert_eq!(mailbox.drain().whole, std::slice::from_ref(&topic));
    let snapshot = hub.snapshot(&topic).unwrap();
    assert_eq!((snapshot.push.first, snapshot.push.last), (1, 4));
    let Some(Payload::Equity(rows)) = snapshot.push.data.payload() else {
        panic!()
    };
    assert_eq!(
        rows.iter().map(|row| row.time.0).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );

    let same = hub.join(&mailbox, &topic, since(8, 4), 0).unwrap();
    assert_eq!(
        same,
        Joined::Resumed {
            epoch: Epoch(8),
            from: 4,
            to: 4
        }
    );
    assert!(mailbox.drain().whole.is_empty(), "it has it already");
}

#[test]
fn a_reader_that_is_too_slow_is_told_apart_and_holds_no_memory() {
    let (hub, mut publisher, _) = setup();
    let slow = Mailbox::new(2_000);
    hub.join(&slow, &Topic::Alerts, None, 0).unwrap();
    publish(&mut publisher, (1..=50).map(alert).collect());
    let drained = slow.drain();
    assert!(drained.overflowed);
    assert!(drained.log.len() < 10);
}

#[test]
fn whoever_wants_every_market_gets_those_to_come() {
    let (hub, mut publisher, mailbox) = setup();
    assert!(hub.watch_markets(&mailbox).is_empty());
    let topic: Topic = "market:BTCUSDT".parse().unwrap();
    publisher.create(&topic, Epoch(1), 0);
    assert!(mailbox.drain().appeared.contains(&topic));
    hub.unwatch_markets(&mailbox);
    publisher.create(&"market:ETHUSDT".parse().unwrap(), Epoch(1), 0);
    assert!(mailbox.drain().appeared.is_empty());
}
