//! `POST /v1/bots/{bot}/events`: what an outside bot reports is checked item by item, counted once,
//! and is there for everybody.

use plainsight::domain::{Decimal, Order, Position};
use plainsight::wire::Topic;
use serde_json::{Value, json};

use crate::client::{Socket, wish, with_history};
use crate::harness::TestServer;
use crate::journal::JournalFile;
use crate::pages::check_account;

const EVENTS: &str = "/v1/bots/mine/events";

fn fill(id: &str, side: &str, quantity: &str, price: &str) -> Value {
    json!({"type": "fill", "id": id, "symbol": "BTCUSDT", "side": side, "quantity": quantity,
           "price": price, "fee": "0.5"})
}

fn decision(id: &str) -> Value {
    json!({"type": "decision", "id": id, "model": "mine-1", "symbol": "BTCUSDT", "direction": "up",
           "confidence": 0.6, "horizon": "5m", "features": [{"name": "rsi", "value": 31.5, "contribution": 0.4}],
           "reasoning": "rsi is low"})
}

fn deposit(id: &str, amount: &str) -> Value {
    json!({"type": "deposit", "id": id, "amount": amount})
}

/// One of each kind.
fn one_of_each() -> Vec<Value> {
    vec![
        deposit("d1", "10000"),
        decision("dec1"),
        json!({"type": "order", "id": "o1", "symbol": "BTCUSDT", "side": "buy", "order_type": "limit",
               "quantity": "0.1", "price": "42000", "status": "accepted", "decision": "dec1"}),
        fill("f1", "buy", "0.1", "42000"),
        json!({"type": "position", "id": "p1", "symbol": "ETHUSDT", "quantity": "2", "average_price": "2300"}),
        json!({"type": "note", "id": "n1", "text": "all is well", "symbol": "BTCUSDT"}),
    ]
}

/// Recorded, duplicates, rejected.
fn counts(body: &Value) -> [u64; 3] {
    ["recorded", "duplicates", "rejected"].map(|name| body[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bot_reports_is_there_for_everybody() {
    let server = TestServer::still(|_| ()).await;
    let answer = server.report("mine", &one_of_each()).await;
    assert_eq!(answer.seq(), server.health().await.seq.0);
    let mut socket = Socket::hello(&server).await;
    let bot = "mine".parse().unwrap();
    let names = Topic::of_bot(&bot).map(|topic| topic.to_string());
    let reply = socket
        .subscribe(names.iter().map(|name| with_history(name, 10)).collect())
        .await;
    assert_eq!((reply.topics.len(), reply.errors.len()), (names.len(), 0));
    for name in ["trades:mine", "orders:mine", "decisions:mine", "agent:mine"] {
        assert_eq!(socket.push(name).await.last, 1, "{name}");
        socket = Socket::hello(&server).await;
        socket
            .subscribe(names.iter().map(|name| with_history(name, 10)).collect())
            .await;
    }

    let portfolio = server.portfolio("mine").await;
    let price: Decimal = server
        .read::<Vec<plainsight::domain::Candle>>("/v1/candles?symbol=BTCUSDT&limit=1")
        .await[0]
        .close;
    // 10,000 paid in, and 2 ETH at 2,300 brought along; 0.1 BTC bought for 4,200 and a fee of 0.5.
    assert_eq!(portfolio.deposits, Decimal::from(14_600));
    assert_eq!(portfolio.cash, "5799.5".parse().unwrap());
    assert_eq!(
        portfolio.equity,
        portfolio.cash + price * Decimal::new(1, 1) + Decimal::from(4_600)
    );
    assert_eq!(
        (
            portfolio.fills,
            portfolio.open_positions,
            portfolio.open_orders
        ),
        (1, 2, 1)
    );
    let positions: Vec<Position> = server.read("/v1/positions?bot=mine").await;
    assert_eq!(
        positions
            .iter()
            .map(|p| p.symbol.as_str())
            .collect::<Vec<_>>(),
        ["BTCUSDT", "ETHUSDT"]
    );

    for (path, kind) in [
        ("/v1/trades", "f1"),
        ("/v1/decisions", "dec1"),
        ("/v1/orders", "o1"),
    ] {
        let rows: Value = server.read(&format!("{path}?bot=mine")).await;
        assert_eq!(
            (rows[0]["id"].as_str(), rows[1].is_null()),
            (Some(kind), true),
            "{path}"
        );
    }
    let page = server.get("/trades?bot=mine").await;
    assert!(page.text.contains("f1"), "and its page shows it");
    let paper: Vec<Value> = server.read("/v1/trades?limit=500").await;
    assert!(
        paper.iter().all(|fill| fill["bot"] == "paper"),
        "nobody else's account is touched"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_bot_appears_on_sockets_that_are_open() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    let early = socket
        .subscribe(vec![wish("trades:mine"), wish("health")])
        .await;
    assert_eq!(early.errors[0].topic, "trades:mine");
    server.report("mine", &[deposit("d1", "1000")]).await;
    socket
        .subscribe(vec![wish("trades:mine"), wish("portfolio:mine")])
        .await;
    server
        .report("mine", &[fill("f1", "buy", "0.01", "42000")])
        .await;
    assert_eq!(socket.push("trades:mine").await.last, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_item_names_its_field_and_the_good_ones_count() {
    let server = TestServer::still(|_| ()).await;
    let without = |mut item: Value, field: &str| {
        item.as_object_mut().unwrap().remove(field);
        item
    };
    let with = |mut item: Value, field: &str, value: Value| {
        item[field] = value;
        item
    };
    let bad = [
        (without(fill("b1", "buy", "1", "1"), "symbol"), "symbol"),
        (
            with(fill("b2", "buy", "1", "1"), "symbol", json!("btc")),
            "symbol",
        ),
        (
            with(fill("b3", "buy", "1", "1"), "side", json!("hold")),
            "side",
        ),
        (
            with(fill("b4", "buy", "1", "1"), "price", json!(42000.5)),
            "price",
        ),
        (
            with(fill("b5", "buy", "1", "1"), "extra", json!(1)),
            "extra",
        ),
        // The account is in USDT, and nothing is converted.
        (
            with(fill("b3b", "buy", "1", "1"), "symbol", json!("ETHBTC")),
            "symbol",
        ),
        (fill("b6", "buy", "0", "1"), "quantity"),
        (fill("b7", "buy", "1", "-1"), "price"),
        (fill("b8", "buy", "1e40", "1"), "quantity"),
        (with(decision("b9"), "confidence", json!(1.5)), "confidence"),
        (with(decision("b10"), "horizon", json!("soon")), "horizon"),
        (
            with(
                decision("b11"),
                "features",
                json!([{"name": "a", "value": null, "contribution": 1}]),
            ),
            "features[0].value",
        ),
        (without(decision("b12"), "id"), "id"),
        (
            with(json!({"type": "note", "text": "x"}), "id", json!("a b")),
            "id",
        ),
        (
            json!({"type": "note", "id": "b13", "text": "x".repeat(5_000)}),
            "text",
        ),
        (deposit("b14", "0"), "amount"),
        (json!({"type": "dance", "id": "b15"}), "type"),
        (json!({"id": "b16"}), "type"),
    ];
    let mut batch = vec![deposit("d1", "5000")];
    batch.extend(bad.iter().map(|(item, _)| item.clone()));
    batch.push(json!("not an object"));
    batch.push(fill("f1", "buy", "0.01", "42000"));
    let answer = server.post(EVENTS, &json!(batch)).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(counts(&body), [2, 0, bad.len() as u64 + 1]);
    let results = body["results"].as_array().unwrap();
    for (index, ((item, field), result)) in bad.iter().zip(&results[1..]).enumerate() {
        assert_eq!(result["index"], index + 1);
        assert_eq!(
            (result["status"].as_str(), result["error"]["field"].as_str()),
            (Some("rejected"), Some(*field)),
            "{item}: {result}"
        );
        assert!(result["error"]["code"].is_string() && result["error"]["message"].is_string());
    }
    assert_eq!(results[results.len() - 2]["error"]["code"], "invalid_event");
    assert_eq!(server.portfolio("mine").await.fills, 1);
    check_account(&server, "mine").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_twice_counts_once() {
    let server = TestServer::still(|_| ()).await;
    server.report("mine", &one_of_each()).await;
    let before = server.portfolio("mine").await;
    let again = server.post(EVENTS, &json!({"events": one_of_each()})).await;
    assert_eq!(counts(&again.json()), [0, 6, 0]);
    // Another content under a known id is a repetition all the same.
    let twice = json!([
        fill("f2", "sell", "0.05", "43000"),
        fill("f2", "sell", "0.05", "43000"),
        fill("f1", "buy", "9", "9")
    ]);
    assert_eq!(counts(&server.post(EVENTS, &twice).await.json()), [1, 2, 0]);
    let server = server.restart().await;
    let after_restart = server.post(EVENTS, &json!(one_of_each())).await;
    assert_eq!(
        counts(&after_restart.json()),
        [0, 6, 0],
        "also after a restart"
    );
    assert_eq!(counts(&server.post(EVENTS, &twice).await.json()), [0, 3, 0]);
    let other = server
        .post(
            "/v1/bots/other/events",
            &json!([fill("f1", "buy", "1", "1")]),
        )
        .await;
    assert_eq!(counts(&other.json()), [1, 0, 0], "ids are each bot's own");
    let portfolio = server.portfolio("mine").await;
    assert_eq!((before.fills, portfolio.fills), (1, 2));
    assert_eq!(portfolio.cash - before.cash, "2149.5".parse().unwrap());
    let mut journal = JournalFile::open(server.data()).await;
    assert_eq!(journal.topic("trades:mine").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_told_as_often_as_it_changes() {
    let server = TestServer::still(|_| ()).await;
    let order = |status: &str, filled: &str| {
        json!([{"type": "order", "id": "o1", "symbol": "BTCUSDT", "side": "buy", "order_type": "market",
                "quantity": "1", "status": status, "filled_quantity": filled}])
    };
    let mut seq = 0;
    for (status, filled, counted) in [
        ("accepted", "0", [1, 0, 0]),
        ("accepted", "0", [0, 1, 0]),
        ("partially_filled", "0.4", [1, 0, 0]),
        ("filled", "1", [1, 0, 0]),
        ("filled", "1", [0, 1, 0]),
        ("filled", "2", [0, 0, 1]),
    ] {
        let answer = server.post(EVENTS, &order(status, filled)).await;
        assert_eq!(counts(&answer.json()), counted, "{status} {filled}");
        seq = seq.max(if counted[0] == 1 { answer.seq() } else { 0 });
    }
    let told: Vec<Order> = server.read("/v1/orders?bot=mine").await;
    let states: Vec<_> = told.iter().map(|order| order.status.as_str()).collect();
    assert_eq!(states, ["filled", "partially_filled", "accepted"]);
    assert_eq!(server.portfolio_after("mine", seq).await.open_orders, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_wrong_as_a_whole_is_a_problem() {
    let server = TestServer::still(|config| config.server.max_body_bytes = 100_000).await;
    let note = json!({"type": "note", "id": "n", "text": "x"});
    let many: Vec<Value> = vec![note.clone(); 1_001];
    let post = async |path: &str, body: &str| {
        server
            .send(server.request("POST", path).body(body.to_owned()))
            .await
    };
    post("/v1/bots/paper/events", "[]")
        .await
        .problem(400, "reserved_bot");
    post("/v1/bots/No-Bot/events", "[]")
        .await
        .problem(400, "invalid_bot");
    post(EVENTS, "[{").await.problem(400, "invalid_json");
    post(EVENTS, "").await.problem(400, "invalid_json");
    post(EVENTS, "7").await.problem(400, "invalid_body");
    post(EVENTS, "{\"event\":[]}")
        .await
        .problem(400, "invalid_body");
    post(EVENTS, &json!(many).to_string())
        .await
        .problem(400, "too_many_events");
    let deep = "[".repeat(50_000);
    post(EVENTS, &deep).await.problem(400, "invalid_json");
    let large = json!([{"type": "note", "id": "n", "text": "x".repeat(100_000)}]);
    let whole = post(EVENTS, &large.to_string()).await;
    whole.problem(413, "too_large");
    let nothing = post(EVENTS, "[]").await;
    assert_eq!((nothing.status, counts(&nothing.json())), (200, [0, 0, 0]));
    server
        .get("/v1/portfolio?bot=mine")
        .await
        .problem(404, "not_found");
}

/// After a restart the feed has nothing more to say: the journal must not forget how far it was.
#[tokio::test(flavor = "multi_thread")]
async fn the_journals_head_never_goes_back() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=3).await;
    let head = server.health().await.seq.0;
    let server = server.restart().await;
    server.settle().await;
    assert_eq!(JournalFile::open(server.data()).await.head().await, head);
    let server = server.restart().await;
    assert_eq!(server.health().await.seq.0, head);
    server.notes("mine", 4..=4).await;
    assert_eq!(
        JournalFile::open(server.data()).await.head().await,
        head + 1
    );
}
