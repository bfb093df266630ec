//! Coming back: what was missed arrives, all of it and once, or the client is told to start again.

use plainsight::wire::frame::Since;
use plainsight::wire::{Epoch, Position, ResyncReason, ServerFrame};
use serde_json::json;

use crate::client::{Socket, after, topic, wish, with_history};
use crate::harness::TestServer;

fn position(name: &str, since: Since) -> Position {
    Position {
        topic: topic(name),
        epoch: since.epoch,
        offset: since.offset,
    }
}

/// Where a client stands that saw everything of a topic.
async fn head(server: &TestServer, name: &str) -> Since {
    let mut socket = Socket::hello(server).await;
    socket.subscribe(vec![wish(name)]).await;
    if topic(name).class() != plainsight::wire::Class::Log {
        socket.push(name).await;
    }
    let since = socket.since(name);
    socket.close().await;
    since
}

#[track_caller]
fn resumed(frame: ServerFrame, from: u64, to: u64) {
    match frame {
        ServerFrame::Resumed(resumed) => assert_eq!((resumed.from, resumed.to), (from, to)),
        other => panic!("not resumed but {other:?}"),
    }
}

#[track_caller]
fn resynced(frame: ServerFrame, why: ResyncReason) -> Since {
    match frame {
        ServerFrame::Resync(resync) => {
            assert_eq!(resync.reason, why);
            Since {
                epoch: resync.epoch,
                offset: resync.offset,
            }
        }
        other => panic!("no resync but {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_comes_with_the_subscription() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=5).await;
    let seen = head(&server, "agent:mine").await;
    server.notes("mine", 6..=12).await;
    let mut back = Socket::hello(&server).await;
    let reply = back.subscribe(vec![after("agent:mine", seen)]).await;
    assert_eq!(
        (reply.topics[0].epoch, reply.topics[0].offset),
        (seen.epoch, 5)
    );
    resumed(back.control().await, 5, 12);
    server.notes("mine", 13..=14).await;
    assert_eq!(
        back.offsets("agent:mine", 9).await,
        (6..=14).collect::<Vec<_>>()
    );
    assert_eq!(back.drain().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_comes_with_hello() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=2).await;
    let seen = head(&server, "agent:mine").await;
    let portfolio = head(&server, "portfolio:mine").await;
    server.notes("mine", 3..=4).await;
    let mut back = Socket::open(&server).await;
    let places = vec![
        position("agent:mine", seen),
        position("portfolio:paper", portfolio),
    ];
    // A copy is needed for what continues it.
    back.replicas.insert(topic("agent:mine"), {
        let mut copy = plainsight::wire::Replica::new(topic("agent:mine"));
        copy.start(seen.epoch, seen.offset);
        copy
    });
    back.greet(places).await;
    resumed(back.control().await, 2, 4);
    resynced(back.control().await, ResyncReason::EpochChanged);
    assert_eq!(back.offsets("agent:mine", 2).await, [3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_missed_nothing_gets_nothing() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=2).await;
    for name in ["agent:mine", "portfolio:mine"] {
        let seen = head(&server, name).await;
        let mut back = Socket::hello(&server).await;
        back.subscribe(vec![after(name, seen)]).await;
        resumed(back.control().await, seen.offset, seen.offset);
        assert_eq!(back.drain().await, [], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_resumes_what_there_is_and_says_what_there_is_not() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=3).await;
    let head = head(&server, "agent:mine").await;
    let first = Since { offset: 1, ..head };
    let places = ["market:NOTHING", "agent:mine"].map(|name| position(name, first));
    let mut back = Socket::open(&server).await;
    back.greet(places.to_vec()).await;
    match back.control().await {
        ServerFrame::Error(error) => {
            assert_eq!((error.id, &*error.code), (None, "unknown_topic"));
            assert!(error.message.starts_with("market:NOTHING"), "{error:?}");
        }
        other => panic!("no error but {other:?}"),
    }
    resumed(back.control().await, 1, 3);

    // Nor does a name that is none (any more) keep the others from being resumed.
    let mut back = Socket::open(&server).await;
    let place = |name: &str| json!({"topic": name, "epoch": first.epoch, "offset": first.offset});
    let places = ["what was once", "agent:mine"].map(place);
    let hello = json!({"type": "hello", "resume": places});
    back.text(&hello.to_string()).await;
    assert!(matches!(back.frame().await, ServerFrame::Welcome(_)));
    match back.control().await {
        ServerFrame::Error(error) => {
            assert_eq!((error.id, &*error.code), (None, "unknown_topic"));
            assert!(error.message.starts_with("what was once"), "{error:?}");
        }
        other => panic!("no error but {other:?}"),
    }
    resumed(back.control().await, 1, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_resumed_starts_again() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=3).await;
    let head = head(&server, "agent:mine").await;
    let strange = Since {
        epoch: Epoch(head.epoch.0 ^ 1),
        ..head
    };
    let ahead = Since { offset: 99, ..head };
    for (since, why) in [
        (strange, ResyncReason::EpochChanged),
        (ahead, ResyncReason::WindowExceeded),
    ] {
        let mut back = Socket::hello(&server).await;
        let mut wanted = with_history("agent:mine", 2);
        wanted.since = Some(since);
        back.subscribe(vec![wanted]).await;
        assert_eq!(
            resynced(back.control().await, why),
            Since { offset: 1, ..head }
        );
        assert_eq!(
            back.offsets("agent:mine", 2).await,
            [2, 3],
            "and its history"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memory_has_no_more_comes_from_the_journal() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=1).await;
    let seen = head(&server, "agent:mine").await;
    for start in [2, 802, 1_602] {
        server.notes("mine", start..=start + 799).await;
    }
    let mut back = Socket::hello(&server).await;
    // Meanwhile it goes on: what is published while the past is read must wait its turn.
    let ((), ()) = tokio::join!(server.notes("mine", 2_402..=2_500), async {
        back.subscribe(vec![after("agent:mine", seen)]).await;
    });
    match back.control().await {
        ServerFrame::Resumed(resumed) => {
            assert!(resumed.from == 1 && resumed.to >= 2_401, "{resumed:?}");
        }
        other => panic!("not resumed but {other:?}"),
    }
    assert_eq!(
        back.offsets("agent:mine", 2_499).await,
        (2..=2_500).collect::<Vec<_>>()
    );
    assert_eq!(back.drain().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_survives_a_restart_and_a_figure_starts_again() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=4).await;
    let log = head(&server, "agent:mine").await;
    let fills = head(&server, "trades:paper").await;
    let figure = head(&server, "portfolio:mine").await;
    server.notes("mine", 5..=6).await;
    let server = server.restart().await;
    server.notes("mine", 7..=7).await;

    let mut back = Socket::hello(&server).await;
    let names = [
        ("agent:mine", log),
        ("trades:paper", fills),
        ("portfolio:mine", figure),
    ];
    back.subscribe(names.map(|(name, since)| after(name, since)).to_vec())
        .await;
    resumed(back.control().await, 4, 7);
    resumed(back.control().await, fills.offset, fills.offset);
    resynced(back.control().await, ResyncReason::EpochChanged);
    assert_eq!(back.offsets("agent:mine", 3).await, [5, 6, 7]);
    assert!(fills.offset > 0, "the built-in bot has traded");
    let mut curious = Socket::hello(&server).await;
    curious
        .subscribe(vec![with_history("agent:mine", 100)])
        .await;
    assert_eq!(
        curious.offsets("agent:mine", 7).await,
        [1, 2, 3, 4, 5, 6, 7]
    );
}
