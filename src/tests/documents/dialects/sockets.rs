//! Every message that a socket of an older dashboard really gets is as the document says, and every kind of
//! message that the document has really comes, but for those that nothing here provokes.

use plainsight::server::docs::asyncapi;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout_at};

use super::ears::{Heard, listen, listen_socket_io};
use crate::documents::schemas::Document;
use crate::harness::{PATIENCE, TestServer, until};

/// A server on which everything happens soon.
async fn busy() -> TestServer {
    TestServer::start(|config| {
        "100".clone_into(&mut config.feed.speed);
        // One horizon whose outcomes come soon.
        config.agent.horizons = vec!["1m".parse().unwrap()];
        let dialects = &mut config.dialects;
        dialects.transparency.portfolio_ms = 200;
        dialects.transparency.performance_ms = 200;
        dialects.finance.changes_ms = 100;
        dialects.finance.heartbeat_ms = 500;
        dialects.updates.changes_ms = 100;
        dialects.trading.positions_ms = 200;
        dialects.trading.portfolio_ms = 200;
        dialects.quantum.every_ms = 200;
    })
    .await
}

/// Opens all sockets, subscribes to everything, says what cannot be understood, too.
async fn listen_everywhere(server: &TestServer, document: &Document) -> UnboundedReceiver<Heard> {
    let (heard, all) = unbounded_channel();
    let ping = ("ping", json!({ "event": "ping", "data": {} }));
    let unknown = ("", json!({ "event": "no such event" }));
    for place in [
        ("finance_agent", "/api/v1/bot/ws"),
        ("finance_portfolio", "/api/v1/bot/ws/portfolio"),
        ("finance_positions", "/api/v1/bot/ws/positions"),
        ("finance_decisions", "/api/v1/bot/ws/decisions"),
    ] {
        let said = [ping.clone(), unknown.clone()];
        listen(server, document, place, &said, heard.clone()).await;
    }
    let channels = json!(["dashboard", "trades", "positions", "performance", "alerts"]);
    let whole = [
        (
            "ping",
            json!({ "type": "ping", "data": { "n": 1 }, "timestamp": "now" }),
        ),
        (
            "unsubscribe",
            json!({ "type": "unsubscribe", "channels": ["trades"] }),
        ),
        (
            "subscribe",
            json!({ "type": "subscribe", "data": { "channels": channels } }),
        ),
        (
            "",
            json!({ "type": "subscribe", "data": { "channels": ["no such channel", 7] } }),
        ),
        ("", json!({ "type": "no such type" })),
    ];
    let changes = json!({ "type": "subscribe", "channels": channels, "partial": true });
    for said in [&whole[..], &[("subscribe", changes)]] {
        listen(server, document, ("updates", "/ws"), said, heard.clone()).await;
    }
    let said = [
        (
            "subscribe_ticker",
            json!({ "action": "subscribe_ticker", "symbol": "BTCUSDT" }),
        ),
        ("get_positions", json!({ "action": "get_positions" })),
        ("get_portfolio", json!({ "action": "get_portfolio" })),
        ("", json!({ "action": "no such action" })),
        ("", json!({ "action": "subscribe_ticker" })),
        (
            "",
            json!({ "action": "unsubscribe_ticker", "symbol": "NONE" }),
        ),
        ("", json!({ "symbol": "BTCUSDT" })),
    ];
    let place = ("trading", "/api/ws/realtime");
    listen(server, document, place, &said, heard.clone()).await;
    listen(
        server,
        document,
        ("quantum", "/stream/live"),
        &[],
        heard.clone(),
    )
    .await;

    let streams = json!([
        "trade_feed",
        "portfolio_update",
        "ai_decision",
        "performance_metrics"
    ]);
    let said = [
        ("ping", json!({ "timestamp": 17 })),
        ("ping", json!({})),
        ("unsubscribe", json!({ "streams": ["trade_feed"] })),
        (
            "subscribe",
            json!({ "streams": streams, "history": 5, "since": { "trade_feed": "x" } }),
        ),
        ("", json!({})),
    ];
    listen_socket_io(server, document, &server.token, &said, heard.clone()).await;
    listen_socket_io(server, document, "nobody's", &[], heard).await;
    all
}

/// A position, and orders of every kind.
async fn trade(server: &TestServer) {
    let order = |kind: &str, more: Value| {
        let mut order =
            json!({"symbol": "BTCUSDT", "side": "sell", "type": kind, "quantity": "0.01"});
        let fields = more.as_object().unwrap().clone();
        order.as_object_mut().unwrap().extend(fields);
        order
    };
    let market = order("market", json!({"side": "buy", "quantity": "0.05"}));
    until("there is a price", async || {
        (server.post("/v1/orders", &market).await.status == 200).then_some(())
    })
    .await;
    let rests = order("limit", json!({"price": "900000"}));
    let legs = [rests.clone(), order("stop", json!({"stop_price": "1000"}))];
    let bracket = order(
        "limit",
        json!({"side": "buy", "price": "1000", "stop_loss": "900"}),
    );
    for (path, body) in [
        ("/v1/orders", rests),
        (
            "/v1/orders",
            order("trailing_stop", json!({"trail_percent": "20"})),
        ),
        ("/v1/orders", bracket),
        ("/v1/orders/oco", json!({ "legs": legs })),
        // Nobody opens it again at once.
        ("/v1/pause", Value::Null),
    ] {
        let answer = server.post(path, &body).await;
        assert_eq!(answer.status, 200, "{path} {body}: {answer:?}");
    }
}

/// A message that must come: its name, and what it must be like.
type Sign<'a> = (&'a str, fn(&Value) -> bool);

/// Before these nothing is traded: whoever is not there yet would miss it.
const SUBSCRIBED: [Sign<'_>; 5] = [
    ("transparency.server.subscription_confirmed", |told| {
        told["status"] == "subscribed"
    }),
    ("updates.server.dashboard_update", |told| {
        told["partial"].is_null()
    }),
    ("updates.server.dashboard_update", |told| {
        told["partial"] == true
    }),
    ("trading.server.PORTFOLIO_UPDATE", |_| true),
    ("finance_agent.server.portfolio_update", |_| true),
];

/// Before these nothing is closed: what is closed does not move any more.
const MOVES: [Sign<'_>; 4] = [
    ("finance_agent.server.position_opened", |_| true),
    ("finance_agent.server.position_updated", |_| true),
    ("updates.server.dashboard_update", has_changes_alone),
    ("updates.server.performance_update", has_changes_alone),
];

/// The first message that is marked so is whole.
fn has_changes_alone(told: &Value) -> bool {
    let whole = match told["type"].as_str() {
        Some("dashboard_update") => 4,
        _ => 7,
    };
    told["partial"] == true && told["data"].as_object().unwrap().len() < whole
}

/// Beside one of each name.
const SIGNS: [Sign<'_>; 12] = [
    ("transparency.server.history", |told| {
        told["items"][0]["outcome"] == "pending"
    }),
    ("transparency.server.pong", |told| {
        told["client_timestamp"] == 17
    }),
    ("transparency.server.pong", |told| {
        told["client_timestamp"].is_null()
    }),
    ("finance_agent.server.error", |told| {
        told["data"]["severity"] == "warning"
    }),
    ("finance_agent.server.error", |told| {
        told["data"]["code"] == "unknown_event"
    }),
    ("finance_positions.server.positions_update", |told| {
        told["data"]["closed"][0].is_object()
    }),
    ("updates.server.position_update", |told| {
        told["partial"] == true
    }),
    ("updates.server.position_update", |told| {
        told["data"]["quantity"] == 0.0
    }),
    ("updates.server.subscribed", |told| {
        told["data"]["rejected"][1] == "7"
    }),
    ("trading.server.ORDER_UPDATE", |told| {
        told["order"].get("peak_price").is_some()
    }),
    ("trading.server.ORDER_UPDATE", |told| {
        told["orderType"] == "OCO"
    }),
    ("trading.server.ORDER_UPDATE", |told| {
        told["orderType"] == "BRACKET"
    }),
];

/// Said to a client that sends more than it may, which no other test's limits allow for.
const NOT_PROVOKED: [&str; 1] = ["quantum.server.error"];

/// Holds everything that is heard against the document.
struct Watch<'a> {
    document: &'a Document,
    heard: UnboundedReceiver<Heard>,
    seen: Vec<(String, Value)>,
}

impl Watch<'_> {
    /// Until all of these have been heard at some time.
    async fn hear(&mut self, signs: &[Sign<'_>]) {
        let deadline = Instant::now() + PATIENCE;
        let is_seen =
            |sign: &Sign<'_>, (name, told): &(String, Value)| sign.0 == name && sign.1(told);
        let mut missing = signs.to_vec();
        missing.retain(|sign| !self.seen.iter().any(|message| is_seen(sign, message)));
        while !missing.is_empty() {
            let heard = timeout_at(deadline, self.heard.recv()).await;
            let names = || missing.iter().map(|sign| sign.0).collect::<Vec<_>>();
            let Ok(Some((channel, kind, told))) = heard else {
                panic!("these did not come: {:?}", names());
            };
            let name = self.document.check_message(channel, "server", &kind, &told);
            let message = (name, told);
            missing.retain(|sign| !is_seen(sign, &message));
            self.seen.push(message);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_received_is_as_described() {
    let server = busy().await;
    let document = Document::closed(asyncapi::document());
    // The commands' own schemas leave room for more, as the server does.
    let commands = Document::of(asyncapi::document());
    until("something was decided", async || {
        let decided: Value = server.read("/api/v1/decisions").await;
        (decided["count"] != 0).then_some(())
    })
    .await;
    let heard = listen_everywhere(&server, &commands).await;
    let mut watch = Watch {
        document: &document,
        heard,
        seen: Vec::new(),
    };
    watch.hear(&SUBSCRIBED).await;
    trade(&server).await;
    watch.hear(&MOVES).await;
    let killed = server.post("/v1/kill", &Value::Null).await;
    assert_eq!(killed.status, 200, "{killed:?}");
    watch.hear(&SIGNS).await;
    let all = document.at("/components/messages").as_object().unwrap();
    let theirs = all
        .keys()
        .filter(|name| name.contains(".server.") && !name.starts_with("native."));
    let provoked = theirs.filter(|name| !NOT_PROVOKED.contains(&name.as_str()));
    let mut each: Vec<Sign<'_>> = Vec::new();
    for name in provoked {
        each.push((name, |_| true));
    }
    assert!(each.len() > 30, "{}", each.len());
    watch.hear(&each).await;
}

/// A schema that everything fits describes nothing.
#[test]
fn what_is_no_message_does_not_fit() {
    let document = Document::of(asyncapi::document());
    let now = "2026-01-01T00:00:00Z";
    for (name, message) in [
        ("transparency.server.pong", json!({ "timestamp": now })),
        (
            "transparency.server.trade_feed",
            json!({ "id": "trade-1", "price": "1.5" }),
        ),
        (
            "transparency.server.subscription_confirmed",
            json!({ "streams": ["x"], "status": "subscribed" }),
        ),
        (
            "transparency.client.subscribe",
            json!({ "streams": "trade_feed" }),
        ),
        (
            "finance_agent.server.heartbeat",
            json!({ "event": "heartbeat", "data": {} }),
        ),
        (
            "finance_agent.server.error",
            json!({ "event": "error", "data": {}, "timestamp": now }),
        ),
        ("finance_decisions.client.ping", json!({ "event": "pong" })),
        (
            "updates.server.dashboard_update",
            json!({ "type": "dashboard_update", "data": { "open_positions": 1 }, "timestamp": now, "partial": false }),
        ),
        (
            "updates.server.position_update",
            json!({ "type": "position_update", "data": { "pnl": 1.5 }, "timestamp": now, "partial": true }),
        ),
        (
            "updates.client.subscribe",
            json!({ "type": "subscribe", "channels": ["everything"] }),
        ),
        (
            "trading.server.POSITION_UPDATE",
            json!({ "type": "POSITION_UPDATE", "positions": [], "timestamp": 1.5 }),
        ),
        (
            "trading.server.ERROR",
            json!({ "type": "ERROR", "code": "NO_SUCH_CODE", "message": "" }),
        ),
        (
            "trading.client.subscribe_ticker",
            json!({ "action": "subscribe_ticker" }),
        ),
        ("quantum.server.live", json!({ "cpu": 1.5 })),
    ] {
        let payload = &document.at(&format!("/components/messages/{name}"))["payload"];
        assert!(!document.fits(payload, &message), "{name}: {message}");
    }
}
