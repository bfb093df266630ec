use super::*;
use crate::domain::{Alert, Seq, TimeUs};
use crate::domain::{AlertId, Severity};
use crate::wire::frame::{ErrorReply, Heartbeat, Lag, Position, Reply, Subscribed, TopicError};
use crate::wire::{Content, Epoch, Payload, Push, ServerFrame};

type Map = BTreeMap<Topic, Replica>;

fn push(offset: u64) -> ServerFrame {
    let id: AlertId = "alert-1-1".parse().unwrap();
    ServerFrame::Push(Box::new(Push {
        topic: Topic::Alerts,
        epoch: Epoch(1),
        first: offset,
        last: offset,
        seq: Seq(offset),
        t_source: None,
        t_received: TimeUs(0),
        t_published: TimeUs(0),
        data: Content::Event(Payload::Alert(Box::new(Alert {
            id,
            severity: Severity::Info,
            code: "test".into(),
            message: String::new(),
            bot: None,
            time: TimeUs(0),
        }))),
    }))
}

fn ok(id: u64, offset: u64) -> ServerFrame {
    ServerFrame::Ok(Reply {
        id,
        topics: vec![Subscribed {
            topic: Topic::Alerts,
            epoch: Epoch(1),
            offset,
        }],
        ..Reply::default()
    })
}

fn head(offset: u64) -> ServerFrame {
    ServerFrame::Heartbeat(Heartbeat {
        heads: vec![Position {
            topic: Topic::Alerts,
            epoch: Epoch(1),
            offset,
        }],
        server_time: TimeUs(0),
    })
}

/// Lays over what waits; what is asked for then.
fn lay(follower: &mut Follower, replicas: &mut Map, now_ms: f64) -> Vec<ClientFrame> {
    let mut sent = Vec::new();
    for (topic, changes) in follower.take(now_ms) {
        let replica = replicas.get_mut(&topic).unwrap();
        let outcome = inbox::apply(replica, changes, |_| None);
        sent.extend(follower.laid(&topic, &outcome, now_ms, replicas).send);
    }
    sent
}

/// A welcomed session with its first subscription on the way, and its id.
fn begun() -> (Follower, Map, u64) {
    let replicas = Map::from([(Topic::Alerts, Replica::new(Topic::Alerts))]);
    let mut follower = Follower::default();
    follower.begin();
    assert!(want(&mut follower, &replicas).is_none(), "not welcomed yet");
    follower.welcomed(100);
    let (id, since) = want(&mut follower, &replicas).unwrap();
    assert_eq!(since, None);
    assert!(want(&mut follower, &replicas).is_none(), "asked once");
    (follower, replicas, id)
}

fn want(follower: &mut Follower, replicas: &Map) -> Option<(u64, Option<u64>)> {
    let sent = follower.want(vec![Topic::Alerts], 0.0, replicas).send;
    asked(&sent)
}

/// The id of a subscription of one topic, and since when.
fn asked(sent: &[ClientFrame]) -> Option<(u64, Option<u64>)> {
    match sent {
        [] => None,
        [ClientFrame::Subscribe { id, topics }] => {
            Some((*id, topics[0].since.map(|since| since.offset)))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_is_asked_once_and_the_next_resumes_where_the_replica_stands() {
    let (mut follower, mut replicas, id) = begun();
    assert!(follower.is_unanswered(20.0, 10.0));
    for frame in [ok(id, 4), push(5), push(6)] {
        assert!(follower.handle(frame, 0.0, &replicas).waiting);
    }
    assert!(!follower.is_unanswered(20.0, 10.0));
    assert_eq!(lay(&mut follower, &mut replicas, 0.0), []);
    follower.end();
    follower.begin();
    follower.welcomed(100);
    assert_eq!(want(&mut follower, &replicas).unwrap().1, Some(6));
}

#[test]
fn what_the_server_skipped_is_resumed_from_where_the_replica_stands() {
    let (mut follower, mut replicas, id) = begun();
    let lag = || {
        ServerFrame::Lag(Lag {
            topic: Topic::Alerts,
            skipped: 3,
        })
    };
    for frame in [ok(id, 0), push(1), lag(), push(5)] {
        follower.handle(frame, 0.0, &replicas);
    }
    let (id, since) = asked(&lay(&mut follower, &mut replicas, 0.0)).unwrap();
    assert_eq!(since, Some(1));
    // It skips again before anything came: still no reason to forget what is known.
    for frame in [ok(id, 1), lag()] {
        follower.handle(frame, 1.0, &replicas);
    }
    let (_, since) = asked(&lay(&mut follower, &mut replicas, 500.0)).unwrap();
    assert_eq!(since, Some(1));
}

#[test]
fn a_head_that_is_ahead_is_a_gap_only_if_nothing_moves() {
    let (mut follower, mut replicas, id) = begun();
    follower.handle(ok(id, 0), 0.0, &replicas);
    follower.handle(push(1), 0.0, &replicas);
    lay(&mut follower, &mut replicas, 0.0);
    assert_eq!(
        follower.handle(head(1), 0.0, &replicas).check_after_ms,
        None
    );
    let after_ms = follower.handle(head(2), 0.0, &replicas).check_after_ms;
    assert!(after_ms.is_some());
    let effects = follower.handle(head(2), 1_000.0, &replicas);
    assert_eq!(effects.check_after_ms, None, "one check is enough");
    let effects = follower.check(1_220.0, &replicas);
    assert!(effects.gap);
    assert_eq!(asked(&effects.send).unwrap().1, Some(1));
}

#[test]
fn what_is_not_there_or_not_now_is_asked_for_again() {
    let (mut follower, replicas, id) = begun();
    let unknown = ServerFrame::Ok(Reply {
        id,
        errors: vec![TopicError {
            topic: "alerts".into(),
            code: "unknown_topic".into(),
            message: "there is no alerts".into(),
        }],
        ..Reply::default()
    });
    let effects = follower.handle(unknown, 0.0, &replicas);
    assert_eq!(effects.want_after_ms, Some(500));
    assert_eq!(effects.complaints.len(), 1);
    assert!(follower.error(&Topic::Alerts).is_some());
    let (id, _) = want(&mut follower, &replicas).unwrap();
    let refused = ServerFrame::Error(ErrorReply {
        id: Some(id),
        code: "busy".into(),
        field: None,
        message: "later".into(),
        temporary: true,
        retry_ms: Some(70),
    });
    let effects = follower.handle(refused, 0.0, &replicas);
    assert_eq!(effects.want_after_ms, Some(70));
    assert!(want(&mut follower, &replicas).is_some());
}
