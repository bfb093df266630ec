//! The native socket: who is let in by a hello, and then every kind of frame and every topic.

use std::collections::BTreeSet;

use plainsight::auth::Anonymous;
use plainsight::wire::{ClientFrame, ServerFrame, Stream, json};

use super::callers::{Callers, Who};
use super::expected::{Group, Outcome, outcome};
use super::matrix::server;
use crate::client::{Socket, wish};
use crate::harness::TestServer;

const ORDER: &str =
    r#"{"symbol":"BTCUSDT","side":"buy","type":"limit","quantity":"0.01","price":"1"}"#;

/// One frame of each kind.
fn frames() -> Vec<ClientFrame> {
    let order = format!(r#"{{"type":"order","id":1,"order":{ORDER}}}"#);
    let oco = format!(r#"{{"type":"oco","id":2,"oco":{{"legs":[{ORDER},{ORDER}]}}}}"#);
    let texts = [
        r#"{"type":"hello"}"#,
        r#"{"type":"auth","id":3,"token":"nonsense"}"#,
        r#"{"type":"subscribe","id":4,"topics":[]}"#,
        r#"{"type":"unsubscribe","id":5,"topics":[]}"#,
        r#"{"type":"ping","id":6}"#,
        &order,
        &oco,
        r#"{"type":"amend","id":7,"order":"none-such","change":{"price":"2"}}"#,
        r#"{"type":"cancel","id":8,"order":"none-such"}"#,
        r#"{"type":"cancel_all","id":9}"#,
        r#"{"type":"close","id":10,"symbol":"BTCUSDT"}"#,
        r#"{"type":"pause","id":11}"#,
        r#"{"type":"resume","id":12}"#,
        r#"{"type":"kill","id":13}"#,
    ];
    let frames: Vec<_> = texts
        .iter()
        .map(|text| json::decode_client(text).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect();
    let kinds: BTreeSet<usize> = frames.iter().map(|frame| kind(frame).0).collect();
    assert_eq!(kinds, (0..14).collect(), "one of each kind");
    frames
}

/// A number of its own and the group of each kind. A new kind does not compile until it has both.
fn kind(frame: &ClientFrame) -> (usize, Group) {
    match frame {
        ClientFrame::Hello { .. } => (0, Group::Open),
        ClientFrame::Auth { .. } => (1, Group::Open),
        ClientFrame::Subscribe { .. } => (2, Group::Looking),
        ClientFrame::Unsubscribe { .. } => (3, Group::Looking),
        ClientFrame::Ping { .. } => (4, Group::Looking),
        ClientFrame::Order { .. } => (5, Group::Trading),
        ClientFrame::Oco { .. } => (6, Group::Trading),
        ClientFrame::Amend { .. } => (7, Group::Trading),
        ClientFrame::Cancel { .. } => (8, Group::Trading),
        ClientFrame::CancelAll { .. } => (9, Group::Trading),
        ClientFrame::Close { .. } => (10, Group::Trading),
        ClientFrame::Kill { .. } => (11, Group::Trading),
        ClientFrame::Pause { .. } => (12, Group::Trading),
        ClientFrame::Resume { .. } => (13, Group::Trading),
    }
}

/// A topic of each stream. A new stream does not compile until it has one.
fn topic_of(stream: Stream) -> &'static str {
    match stream {
        Stream::Market => "market:BTCUSDT",
        Stream::Candles => "candles:BTCUSDT:1m",
        Stream::Trades => "trades:paper",
        Stream::Orders => "orders:paper",
        Stream::Positions => "positions:paper",
        Stream::Working => "working:paper",
        Stream::Portfolio => "portfolio:paper",
        Stream::Decisions => "decisions:paper",
        Stream::Agent => "agent:paper",
        Stream::Performance => "performance:paper",
        Stream::Models => "models:paper",
        Stream::Equity => "equity:paper",
        Stream::Health => "health",
        Stream::Alerts => "alerts",
        Stream::Quality => "quality",
        Stream::Bench => "bench",
    }
}

/// How a client says who it is.
#[derive(Debug, Clone, Copy)]
enum Way {
    Hello,
    Header,
}

async fn greeted(
    server: &TestServer,
    callers: &Callers,
    who: Who,
    way: Way,
) -> Result<Socket, u16> {
    let bearer = callers.bearer(who);
    let header = bearer.map(|bearer| format!("Bearer {bearer}"));
    let headers: Vec<_> = match (&header, way) {
        (Some(header), Way::Header) => vec![("authorization", header.as_str())],
        _ => Vec::new(),
    };
    let mut socket = Socket::open_with(server, &headers).await;
    let token = bearer.filter(|_| matches!(way, Way::Hello));
    socket.say_hello(token, Vec::new()).await;
    match socket.heard().await? {
        ServerFrame::Welcome(_) => Ok(socket),
        other => panic!("{who:?}: {other:?}"),
    }
}

/// The code that the next frame is refused with, if it is.
async fn refusal(socket: &mut Socket, frame: &ClientFrame) -> Option<String> {
    socket.send(frame).await;
    match socket.control().await {
        ServerFrame::Error(error) => {
            assert_eq!(error.id, frame.id(), "{error:?}");
            Some(error.code)
        }
        ServerFrame::Ok(reply) => {
            assert_eq!(Some(reply.id), frame.id(), "{reply:?}");
            None
        }
        ServerFrame::Pong(_) => None,
        other => panic!("{frame:?}: {other:?}"),
    }
}

async fn converse(server: &TestServer, callers: &Callers, who: Who, way: Way) {
    let may_look = outcome(Group::Looking, who) == Outcome::Passes;
    let mut socket = match greeted(server, callers, who, way).await {
        Ok(socket) => socket,
        Err(code) => {
            assert_eq!((code, may_look), (4500, false), "{who:?} {way:?}");
            return;
        }
    };
    assert!(may_look, "{who:?} {way:?} is let in");
    let wishes = Stream::ALL.map(|stream| wish(topic_of(stream)));
    let begun = socket.subscribe(wishes.to_vec()).await;
    let topics: Vec<String> = begun
        .topics
        .iter()
        .map(|begun| begun.topic.to_string())
        .collect();
    // That one is there for the load tool alone.
    let served = Stream::ALL
        .into_iter()
        .filter(|stream| *stream != Stream::Bench);
    assert_eq!(topics, served.map(topic_of).collect::<Vec<_>>(), "{who:?}");
    let errors: Vec<_> = begun.errors.iter().map(|error| &*error.code).collect();
    assert_eq!(errors, ["unknown_topic"], "{who:?}: {:?}", begun.errors);

    for frame in frames() {
        let refused = refusal(&mut socket, &frame).await;
        let refused = refused.as_deref();
        match (&frame, outcome(kind(&frame).1, who)) {
            (ClientFrame::Hello { .. }, _) => assert_eq!(refused, Some("second_hello")),
            // What was shown before still holds.
            (ClientFrame::Auth { .. }, _) => assert_eq!(refused, Some("bad_token")),
            (_, Outcome::Passes) => assert!(
                !matches!(
                    refused,
                    Some("forbidden" | "sign_in_first" | "bad_token" | "bad_frame")
                ),
                "{who:?} {frame:?}: {refused:?}"
            ),
            (_, Outcome::SignInFirst) => {
                assert_eq!(refused, Some("sign_in_first"), "{who:?} {frame:?}");
            }
            (_, Outcome::Forbidden | Outcome::BadToken) => {
                assert_eq!(refused, Some("forbidden"), "{who:?} {frame:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_says_what_is_theirs_to_say() {
    let (server, callers) = server(Some(Anonymous::None)).await;
    for who in Who::ALL.into_iter().filter(|who| *who != Who::Local) {
        for way in [Way::Hello, Way::Header] {
            converse(&server, &callers, who, way).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_from_this_machine_listens_by_default() {
    let (server, callers) = server(None).await;
    for who in [Who::Local, Who::RevokedToken, Who::NoAlgorithm] {
        for way in [Way::Hello, Way::Header] {
            converse(&server, &callers, who, way).await;
        }
    }
}

/// Before its hello nobody is told anything or does anything, whatever their token.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_before_hello() {
    let (server, callers) = server(Some(Anonymous::None)).await;
    let admin = format!("Bearer {}", callers.bearer(Who::Admin).unwrap());
    for headers in [vec![], vec![("authorization", admin.as_str())]] {
        let says_something = |frame: &ClientFrame| !matches!(frame, ClientFrame::Hello { .. });
        for frame in frames().iter().filter(|frame| says_something(frame)) {
            let mut socket = Socket::open_with(&server, &headers).await;
            let refused = refusal(&mut socket, frame).await;
            assert_eq!(refused.as_deref(), Some("hello_first"), "{frame:?}");
        }
    }
}
