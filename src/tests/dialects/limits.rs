//! The limits of the native socket, on the sockets of the dialects: whoever goes beyond one is told so in its
//! dialect's words, is closed with the same codes, and nobody else notices.

use std::time::{Duration, Instant};

use plainsight::auth::Actor;
use plainsight::domain::{Role, Scope};
use plainsight::server::clock::wall_time;
use plainsight::server::config::Config;
use plainsight::wire::frame::MAX_CLIENT_MESSAGE;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::namespace::Namespace;
use super::{Plain, plain_paths};
use crate::client::{LOST, Socket};
use crate::doors::people::{add, token};
use crate::harness::{PATIENCE, TestServer, until};
use crate::limits::{assert_too_many, count, limited};

/// How long it may take until an open socket knows what became of its token.
const SOON: Duration = Duration::from_secs(10);

/// An address where clients give commands, and the codes of what is wrong with them.
struct Complaints {
    path: &'static str,
    bad: &'static str,
    unknown: &'static str,
    too_much: &'static str,
}

const fn complaints(path: &'static str, [bad, unknown, too_much]: [&'static str; 3]) -> Complaints {
    Complaints {
        path,
        bad,
        unknown,
        too_much,
    }
}

const SPOKEN_TO: [Complaints; 4] = [
    complaints("/ws", ["bad_message", "unknown_type", "rate_limited"]),
    complaints(
        "/api/ws/realtime",
        ["BAD_MESSAGE", "UNKNOWN_ACTION", "RATE_LIMITED"],
    ),
    complaints(
        "/api/v1/bot/ws",
        ["bad_message", "unknown_event", "rate_limited"],
    ),
    complaints(
        "/api/v1/bot/ws/decisions",
        ["bad_message", "unknown_event", "rate_limited"],
    ),
];

/// The code of a frame that is an error in the words of its dialect.
fn code<'a>(path: &str, frame: &'a Value) -> Option<&'a str> {
    let (is_error, code) = match path {
        "/ws" => (frame["type"] == "error", &frame["data"]["code"]),
        "/api/ws/realtime" => (frame["type"] == "ERROR", &frame["code"]),
        "/stream/live" => (true, &frame["error"]),
        _ => (frame["event"] == "error", &frame["data"]["code"]),
    };
    code.as_str().filter(|_| is_error)
}

/// A command that there is in no dialect, in the words of all of them.
fn dance() -> Value {
    json!({"type": "dance", "action": "dance", "event": "dance"})
}

async fn complains(socket: &mut Plain, path: &str, wanted: &str) {
    let what = format!("{wanted} on {path}");
    socket
        .find(&what, |frame| code(path, frame) == Some(wanted))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_in_the_dialects_words_and_then_closed() {
    let server = TestServer::still(|config| {
        config.limits.commands_per_s = count(1);
        config.limits.command_burst = count(5);
    })
    .await;
    let mut calm = Plain::open(&server, "/ws").await;
    let silent = complaints("/stream/live", ["", "", "rate_limited"]);
    for Complaints {
        path,
        unknown,
        too_much,
        ..
    } in SPOKEN_TO.into_iter().chain([silent])
    {
        let mut flood = Plain::open(&server, path).await;
        for _ in 0..20 {
            flood.say(&dance()).await;
        }
        let (mut answered, mut refused) = (0, 0);
        let end = loop {
            match timeout(PATIENCE, flood.heard()).await.expect(path) {
                Ok(frame) => match code(path, &frame) {
                    Some(code) if code == unknown => answered += 1,
                    Some(code) if code == too_much => refused += 1,
                    Some(code) => panic!("{path}: {code}"),
                    None => {}
                },
                Err(code) => break code,
            }
        };
        assert_eq!((end, refused), (4013, 5), "{path}");
        // What is silent takes commands in without a word.
        let expected = if unknown.is_empty() { 0..=0 } else { 5..=8 };
        assert!(expected.contains(&answered), "{path}: {answered}");
    }
    let mut flood = Namespace::open(&server).await;
    for _ in 0..20 {
        flood.emit("dance", &json!({})).await;
    }
    let (mut answered, mut refused) = (0, 0);
    let hearing = async {
        while let Some((event, data)) = flood.event().await {
            assert_eq!(event, "error", "{data}");
            match data["code"].as_str().unwrap() {
                "unknown_event" => answered += 1,
                "rate_limited" => refused += 1,
                other => panic!("{other}"),
            }
        }
    };
    timeout(PATIENCE, hearing).await.expect("it stays");
    assert!(
        refused == 5 && (5..=8).contains(&answered),
        "{refused} {answered}"
    );
    let sockets = SPOKEN_TO.len() as u64 + 2;
    assert_eq!(limited(&server, "commands").await, 5 * sockets);
    assert_eq!(limited(&server, "command_flood").await, sockets);
    calm.say(&json!({"type": "ping"})).await;
    calm.find("a pong", |frame| frame["type"] == "pong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_message_that_cannot_be_read_closes_and_what_is_only_unknown_does_not() {
    let server = TestServer::still(|_| ()).await;
    for Complaints {
        path, bad, unknown, ..
    } in SPOKEN_TO
    {
        let mut socket = Plain::open(&server, path).await;
        for _ in 0..50 {
            socket.say(&dance()).await;
        }
        for _ in 0..50 {
            complains(&mut socket, path, unknown).await;
        }
        for text in ["well", "[]", "7"] {
            socket.text(text).await;
            complains(&mut socket, path, bad).await;
        }
        assert_eq!(socket.closed().await, 4501, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_may_be_so_long_and_no_longer() {
    let server = TestServer::still(|_| ()).await;
    for Complaints { path, unknown, .. } in SPOKEN_TO {
        let mut longest = dance();
        longest["x"] = "".into();
        let room = MAX_CLIENT_MESSAGE - longest.to_string().len();
        longest["x"] = "x".repeat(room).into();
        let mut socket = Plain::open(&server, path).await;
        socket.say(&longest).await;
        complains(&mut socket, path, unknown).await;
    }
    let mut namespace = Namespace::open(&server).await;
    let huge = "x".repeat(MAX_CLIENT_MESSAGE + 1);
    namespace.emit("dance", &json!(huge)).await;
    namespace.ended().await;
    let mut ends = Vec::new();
    for path in plain_paths() {
        let mut socket = Plain::open(&server, path).await;
        socket.text(huge.as_str()).await;
        ends.push((path, socket.closed().await));
    }
    let expected: Vec<_> = plain_paths().map(|path| (path, 1009)).collect();
    assert_eq!(ends, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sockets_of_an_address_and_of_a_user_are_counted_together() {
    type Change = fn(&mut Config);
    let of_address: Change = |config| config.limits.sockets_per_address = count(2);
    let of_user: Change = |config| config.limits.sockets_per_user = count(2);
    for (change, why) in [(of_address, "sockets"), (of_user, "user_sockets")] {
        let server = TestServer::still(change).await;
        let first = Plain::open(&server, "/stream/live").await;
        let _second = Namespace::open(&server).await;
        let mut refusals = 0;
        for path in plain_paths() {
            let opened = Plain::try_open(&server, path, &server.token).await;
            assert_too_many(&opened.err().expect(path), "too_many_sockets");
            refusals += 1;
        }
        let native = Socket::try_open(&server).await.err().unwrap();
        assert_too_many(&native, "too_many_sockets");
        let mut namespace = Namespace::knock(&server, &json!({ "token": server.token })).await;
        let refusal = namespace.find("connect_error", |_| true).await;
        let message = refusal["message"].as_str().unwrap();
        assert!(message.contains("as many sockets"), "{message}");
        assert_eq!(limited(&server, why).await, refusals + 2);
        drop(first);
        until("there is room again", async || {
            let opened = Plain::try_open(&server, "/ws", &server.token).await;
            opened.ok()
        })
        .await;
    }
}

/// A socket at each plain address, which are told something all the time.
async fn everywhere(server: &TestServer, token: &str) -> Vec<(&'static str, Plain)> {
    let mut sockets = Vec::new();
    for path in plain_paths() {
        let mut socket = Plain::try_open(server, path, token).await.expect(path);
        if path == "/ws" {
            let channels = ["dashboard", "trades", "positions", "performance", "alerts"];
            let subscribe = json!({"type": "subscribe", "data": {"channels": channels}});
            socket.say(&subscribe).await;
        }
        sockets.push((path, socket));
    }
    sockets
}

/// Much happens, and all that is told is told often.
fn lively(config: &mut Config) {
    "100".clone_into(&mut config.feed.speed);
    let dialects = &mut config.dialects;
    dialects.transparency.portfolio_ms = 100;
    dialects.finance.changes_ms = 100;
    dialects.updates.changes_ms = 100;
    dialects.trading.positions_ms = 100;
    dialects.quantum.every_ms = 100;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_its_sockets_and_no_others() {
    let started = TestServer::start_after(lively, async |accounts, _| {
        add(accounts, "vera", Role::Viewer).await;
        token(accounts, "vera", &[Scope::Read]).await
    });
    let (server, made) = started.await;
    let sockets = everywhere(&server, made.text.expose()).await;
    let shown = json!({ "token": made.text.expose() });
    let mut namespace = Namespace::knock(&server, &shown).await;
    namespace.find("connected", |_| true).await;
    namespace
        .subscribe(&["trade_feed", "portfolio_update"])
        .await;
    let mut stays = Plain::open(&server, "/stream/live").await;
    let accounts = server.accounts().await;
    let cli = Actor::cli();
    let revoked = accounts.revoke_token(&made.id, &cli, wall_time());
    revoked.await.unwrap();
    let began = Instant::now();
    for (path, mut socket) in sockets {
        assert_eq!(socket.closed().await, 4005, "{path}");
        assert_eq!(socket.heard().await, Err(LOST), "{path}: nothing more");
    }
    namespace.ended().await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let more = timeout(Duration::from_secs(1), namespace.event()).await;
    assert!(!matches!(more, Ok(Some(_))), "{more:?}");
    for _ in 0..5 {
        stays.heard().await.unwrap();
    }
    // And it opens no others.
    for path in plain_paths() {
        let opened = Plain::try_open(&server, path, made.text.expose()).await;
        assert!(opened.is_err(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_closes_them() {
    let server = TestServer::start(lively).await;
    let sockets = everywhere(&server, &server.token).await;
    let mut namespace = Namespace::open(&server).await;
    namespace
        .subscribe(&["trade_feed", "portfolio_update"])
        .await;
    let _stopped = server.stop().await;
    for (path, mut socket) in sockets {
        assert_eq!(socket.closed().await, 4001, "{path}");
    }
    namespace.ended().await;
}
