//! The native protocol, v1: a session from hello to close, topics and their pushes.

use plainsight::domain::{Outcome, Seq};
use plainsight::wire::frame::{API_VERSION, ErrorReply, MAX_CLIENT_MESSAGE};
use plainsight::wire::{ClientFrame, Payload, PushKind, ServerFrame, schema_hash};
use serde_json::json;

use crate::client::{Socket, topic, wish, with_history};
use crate::harness::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn hello_is_answered_by_welcome() {
    let server = TestServer::still(|config| config.server.ping_ms = 12_345).await;
    let mut socket = Socket::open(&server).await;
    let welcome = socket.greet(Vec::new()).await;
    assert_eq!(welcome.api_version, API_VERSION);
    assert_eq!(welcome.schema, schema_hash());
    assert_eq!(welcome.ping_ms, 12_345);
    assert_eq!(welcome.limits.max_message_bytes, MAX_CLIENT_MESSAGE);
    assert!(
        welcome.features.contains(&"resume".to_owned()),
        "{welcome:?}"
    );
    let other = Socket::open(&server).await.greet(Vec::new()).await;
    assert_ne!(
        welcome.session, other.session,
        "each session has a name of its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_hello_in_time_is_closed() {
    let server = TestServer::still(|config| config.server.hello_timeout_ms = 200).await;
    assert_eq!(Socket::open(&server).await.closed().await, 4502);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_before_hello_and_hello_comes_once() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::open(&server).await;
    socket.send(&ClientFrame::Ping { id: 7, t: None }).await;
    let early = socket.error().await;
    assert_eq!((early.id, early.code.as_str()), (Some(7), "hello_first"));
    socket.greet(Vec::new()).await;
    socket.text(r#"{"type":"hello"}"#).await;
    assert_eq!(socket.error().await.code, "second_hello");
    socket.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_topic_begins_with_as_much_history_as_is_asked_for() {
    let server = TestServer::still(|config| config.server.max_history = 4).await;
    server.notes("mine", 1..=6).await;
    let mut socket = Socket::hello(&server).await;
    let reply = socket.subscribe(vec![with_history("agent:mine", 3)]).await;
    assert_eq!((reply.topics[0].offset, reply.errors.len()), (3, 0));
    assert_eq!(socket.offsets("agent:mine", 3).await, [4, 5, 6]);
    server.notes("mine", 7..=8).await;
    assert_eq!(socket.offsets("agent:mine", 2).await, [7, 8]);

    let mut late = Socket::hello(&server).await;
    let without = late.subscribe(vec![wish("agent:mine")]).await;
    assert_eq!(
        without.topics[0].offset, 8,
        "no history unless it is asked for"
    );
    let mut greedy = Socket::hello(&server).await;
    let capped = greedy
        .subscribe(vec![with_history("agent:mine", 500)])
        .await;
    assert_eq!(capped.topics[0].offset, 4, "max_history is the most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflated_topic_begins_with_a_snapshot() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    socket.subscribe(vec![wish("portfolio:paper")]).await;
    let (push, value) = socket.told("portfolio:paper").await;
    assert_eq!((push.kind(), push.first), (PushKind::Snapshot, 1));
    let Payload::Portfolio(portfolio) = value else {
        panic!("a portfolio is a portfolio");
    };
    assert_eq!(*portfolio, server.portfolio("paper").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_topic_is_an_error_for_that_topic_alone() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    let names = [
        "health",
        "weather",
        "trades:nobody",
        "market:DOGEUSDT",
        "alerts",
    ];
    let reply = socket.subscribe(names.map(wish).to_vec()).await;
    let begun: Vec<_> = reply
        .topics
        .iter()
        .map(|begun| begun.topic.to_string())
        .collect();
    assert_eq!(begun, ["health", "alerts"]);
    let refused: Vec<_> = reply
        .errors
        .iter()
        .map(|error| error.topic.as_str())
        .collect();
    assert_eq!(refused, ["weather", "trades:nobody", "market:DOGEUSDT"]);
    assert!(
        reply
            .errors
            .iter()
            .all(|error| error.code == "unknown_topic")
    );
    socket.push("health").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unsubscribed_is_silent() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=1).await;
    let mut socket = Socket::hello(&server).await;
    socket
        .subscribe(vec![wish("agent:mine"), wish("alerts")])
        .await;
    server.notes("mine", 2..=2).await;
    assert_eq!(socket.push("agent:mine").await.last, 2);
    let reply = socket.unsubscribe("agent:mine").await;
    assert!(reply.errors.is_empty());
    server.notes("mine", 3..=5).await;
    assert_eq!(socket.drain().await, []);
    let wrong = socket.unsubscribe("weather").await;
    assert_eq!(wrong.errors[0].code, "unknown_topic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_brings_the_clients_clock_back() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    socket.text(r#"{"type":"ping","id":3,"t":1234.5}"#).await;
    match socket.control().await {
        ServerFrame::Pong(pong) => {
            assert_eq!((pong.id, json!(pong.t)), (3, json!(1234.5)));
            assert!(pong.server_time.micros() > 0);
        }
        other => panic!("no pong but {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_frames_may_come_in_one_message() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::open(&server).await;
    socket
        .text("{\"type\":\"hello\"}\n{\"type\":\"ping\",\"id\":1}\r\n\n{\"type\":\"subscribe\",\"id\":2,\"topics\":[{\"topic\":\"alerts\"}]}\n")
        .await;
    assert!(matches!(socket.control().await, ServerFrame::Welcome(_)));
    assert!(matches!(socket.control().await, ServerFrame::Pong(_)));
    assert_eq!(socket.ok(2).await.topics[0].topic, topic("alerts"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_market_comes_by_one_name() {
    let server = TestServer::simulated().await;
    let mut socket = Socket::hello(&server).await;
    let reply = socket.subscribe(vec![wish("market:*")]).await;
    let begun: Vec<_> = reply
        .topics
        .iter()
        .map(|begun| begun.topic.to_string())
        .collect();
    assert_eq!(
        begun,
        ["market:BTCUSDT", "market:ETHUSDT", "market:SOLUSDT"]
    );
    for name in &begun {
        let before = socket.push(name).await;
        let after = socket.push(name).await;
        assert!(before.last < after.last && before.seq <= after.seq);
    }
    socket.unsubscribe("market:*").await;
    socket.drain().await;
    assert_eq!(socket.drain().await, [], "all of them are silent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_tells_the_heads_of_what_is_subscribed() {
    let server = TestServer::still(|config| config.server.ping_ms = 100).await;
    server.notes("mine", 1..=3).await;
    let mut socket = Socket::hello(&server).await;
    socket
        .subscribe(vec![wish("agent:mine"), wish("portfolio:mine")])
        .await;
    socket.push("portfolio:mine").await;
    let heartbeat = loop {
        if let ServerFrame::Heartbeat(heartbeat) = socket.frame().await {
            break heartbeat;
        }
    };
    assert_eq!(heartbeat.heads.len(), 2);
    for head in heartbeat.heads {
        let copy = &socket.replicas[&head.topic];
        assert!(
            !copy.is_behind(head.epoch, head.offset),
            "{head:?} {copy:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_go_in_and_come_back() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    socket.subscribe(vec![wish("orders:paper")]).await;
    let order = |id: u64, price: &str| {
        json!({"type": "order", "id": id, "order": {"symbol": "BTCUSDT", "side": "buy", "type": "limit",
               "quantity": "0.001", "price": price, "client_order_id": "mine"}})
    };
    socket.text(&order(1, "10000").to_string()).await;
    let placed = socket.ok(1).await;
    let id = placed.order.unwrap();
    let push = socket.push("orders:paper").await;
    assert_eq!((push.seq, &push.data), (placed.seq.unwrap(), &push.data));
    socket.text(&order(2, "10000").to_string()).await;
    assert_eq!(
        socket.ok(2).await.order,
        Some(id.clone()),
        "the same client_order_id is the same order"
    );
    let cancel = json!({"type": "cancel", "id": 3, "order": id});
    socket.text(&cancel.to_string()).await;
    assert!(socket.ok(3).await.seq > placed.seq);
    socket.text(&cancel.to_string()).await;
    let refused = socket.error().await;
    assert_eq!(
        (refused.id, refused.code.as_str()),
        (Some(3), "order_not_open")
    );
    socket
        .text(&order(4, "-1").to_string().replace("mine", "other"))
        .await;
    let ErrorReply {
        id, code, field, ..
    } = socket.error().await;
    assert_eq!(
        (id, code.as_str(), field.as_deref()),
        (Some(4), "invalid_price", Some("price"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_push_of_a_busy_market_continues_its_topic() {
    let server = TestServer::simulated().await;
    let mut socket = Socket::hello(&server).await;
    let names = [
        "trades:paper",
        "orders:paper",
        "decisions:paper",
        "positions:paper",
        "portfolio:paper",
        "performance:paper",
        "equity:paper",
        "candles:BTCUSDT:1m",
        "market:BTCUSDT",
    ];
    let reply = socket.subscribe(names.map(wish).to_vec()).await;
    assert_eq!(reply.topics.len(), names.len());
    let mut seq = Seq(0);
    let mut judged = 0;
    while judged < 5 {
        // The socket itself checks that nothing is missing and nothing comes twice.
        let (push, value) = socket.told("decisions:paper").await;
        assert!(push.seq >= seq, "a log is in the order of its causes");
        seq = push.seq;
        if let Payload::Decision(decision) = value {
            judged += u32::from(decision.outcome != Outcome::Pending);
        }
    }
    assert!(!socket.copy("trades:paper").entries().is_empty());
    for name in &names[3..] {
        assert!(socket.copy(name).value().is_some(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_subscriptions_are_closed() {
    let server = TestServer::still(|config| config.server.max_subscriptions = 2).await;
    let mut first = Socket::hello(&server).await;
    let mut second = Socket::hello(&server).await;
    let topics = ["health", "alerts", "quality"].map(wish).to_vec();
    first.send(&ClientFrame::Subscribe { id: 1, topics }).await;
    assert_eq!(first.closed().await, 4505);
    second.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_says_goodbye() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    let (_, ()) = tokio::join!(server.stop(), async {
        match socket.control().await {
            ServerFrame::Closing(closing) => assert_eq!(closing.code, 4001),
            other => panic!("no closing but {other:?}"),
        }
        assert_eq!(socket.closed().await, 4001);
    });
}
