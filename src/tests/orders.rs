//! Order commands: REST and the socket give the same answers and the same codes, a repeated command
//! is carried out once, and every order tells its story.

use plainsight::domain::{
    Explanation, LedgerEntry, Movement, Order, OrderCheck, OrderHistory, OrderStatus,
};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::Socket;
use crate::harness::TestServer;

/// A server that holds still and whose agent does nothing.
pub async fn quiet() -> TestServer {
    TestServer::still(|config| config.agent.enabled = false).await
}

/// A limit order far below the market, changed by `change`.
pub fn resting(change: &Value) -> Value {
    let mut order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01", "price": "20000"});
    let fields = change.as_object().unwrap().clone();
    order.as_object_mut().unwrap().extend(fields);
    order
}

impl TestServer {
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("PATCH", path).json(body)).await
    }

    pub async fn place(&self, order: &Value) -> Order {
        let answer = self.post("/v1/orders", order).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.read()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_tells_its_story_by_both_its_ids() {
    let server = quiet().await;
    let order = server
        .place(&resting(&json!({"client_order_id": "mine-1"})))
        .await;
    let open: Vec<Order> = server.read("/v1/orders/open").await;
    assert_eq!(open, std::slice::from_ref(&order));
    let waits: Explanation = server.read("/v1/orders/mine-1/explain").await;
    assert_eq!(waits.order, order);
    assert!(
        waits.waiting.is_some() && !waits.text.is_empty(),
        "{waits:?}"
    );

    let cancelled: Order = server
        .delete(&format!("/v1/orders/{}", order.id))
        .await
        .read();
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
    let open: Vec<Order> = server.read("/v1/orders/open").await;
    assert_eq!(open, []);
    for id in [order.id.as_str(), "mine-1"] {
        let answer = server.get(&format!("/v1/orders/{id}")).await;
        let found: OrderHistory = answer.read();
        assert_eq!(found.order, cancelled);
        let states: Vec<_> = found
            .history
            .iter()
            .map(|c| c.order.status.as_str())
            .collect();
        assert_eq!(states, ["accepted", "cancelled"]);
        assert!(found.history.is_sorted_by_key(|change| change.seq));
        assert!(found.history[1].seq.0 <= answer.seq() && found.fills.is_empty());
    }
    let ended: Explanation = server.read("/v1/orders/mine-1/explain").await;
    assert_eq!(ended.waiting, None);
    assert!(ended.text.starts_with("It was cancelled"), "{}", ended.text);

    for (method, path) in [
        ("GET", "/v1/orders/ord-1-77"),
        ("GET", "/v1/orders/ord-1-77/explain"),
        ("DELETE", "/v1/orders/ord-1-77"),
        // Another bot's order is none of ours.
        ("GET", "/v1/orders/mine-1?bot=other"),
    ] {
        let answer = server.send(server.request(method, path)).await;
        assert_eq!(
            answer.problem(404, "unknown_order")["field"],
            "order",
            "{path}"
        );
    }
    let again = server.delete("/v1/orders/mine-1").await;
    assert_eq!(again.problem(409, "order_not_open")["field"], "order");
    let path = format!("/v1/orders/{}", "x".repeat(65));
    server.get(&path).await.problem(400, "invalid_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_order_is_one_order() {
    let server = quiet().await;
    let keyed = |key: &'static str, body: &Value| {
        let request = server.request("POST", "/v1/orders").json(body);
        server.send(request.header("Idempotency-Key", key))
    };
    let first: Order = keyed("key-1", &resting(&json!({}))).await.read();
    assert_eq!(first.client_order_id.as_deref(), Some("key-1"));
    // The key and the field are one and the same thing.
    let same = resting(&json!({"client_order_id": "key-1"}));
    for again in [
        keyed("key-1", &resting(&json!({}))).await,
        keyed("key-1", &same).await,
        server.post("/v1/orders", &same).await,
    ] {
        assert_eq!(
            (again.status, again.header("plainsight-duplicate")),
            (200, Some("true"))
        );
        assert_eq!(again.read::<Order>(), first);
    }
    let conflict = keyed("key-2", &same).await;
    let problem = conflict.problem(422, "conflicting_idempotency_key");
    assert_eq!(problem["field"], "client_order_id");
    keyed("not a key", &resting(&json!({})))
        .await
        .problem(422, "invalid_client_order_id");

    // On the socket as well, and after the order has ended.
    let mut socket = Socket::hello(&server).await;
    let frame = json!({"type": "order", "id": 1, "order": same});
    socket.text(&frame.to_string()).await;
    let reply = socket.ok(1).await;
    assert!(reply.duplicate);
    assert_eq!(reply.order, Some(first.id.clone()));
    let cancelled: Order = server.delete("/v1/orders/key-1").await.read();
    let again = server.post("/v1/orders", &same).await;
    assert_eq!(again.header("plainsight-duplicate"), Some("true"));
    assert_eq!(again.read::<Order>(), cancelled, "as it is now");
    let all: Vec<Order> = server.read("/v1/orders").await;
    assert_eq!(all.len(), 2, "placed and cancelled, once: {all:?}");

    let server = server.restart().await;
    let again = server.post("/v1/orders", &same).await;
    assert_eq!(
        again.read::<Order>(),
        cancelled,
        "a restart forgets nothing"
    );
}

/// The bodies of bad orders with the code and the field that they are refused by, on every door.
fn bad_orders() -> Vec<(Value, &'static str, &'static str)> {
    let trailing = |change: Value| {
        let mut order = json!({"symbol": "BTCUSDT", "side": "sell", "type": "trailing_stop", "quantity": "0.01"});
        let fields = change.as_object().unwrap().clone();
        order.as_object_mut().unwrap().extend(fields);
        order
    };
    vec![
        (
            resting(&json!({"quantity": "0"})),
            "invalid_quantity",
            "quantity",
        ),
        (resting(&json!({"price": "-5"})), "invalid_price", "price"),
        (
            resting(&json!({"stop_price": "5"})),
            "unexpected_stop_price",
            "stop_price",
        ),
        (
            resting(&json!({"type": "stop"})),
            "unexpected_price",
            "price",
        ),
        (
            resting(&json!({"type": "stop_limit"})),
            "missing_stop_price",
            "stop_price",
        ),
        (trailing(json!({})), "missing_trail", "trail_amount"),
        (
            trailing(json!({"trail_amount": "1", "trail_percent": "1"})),
            "conflicting_trail",
            "trail_percent",
        ),
        (
            trailing(json!({"trail_percent": "100"})),
            "invalid_trail_percent",
            "trail_percent",
        ),
        (
            trailing(json!({"trail_amount": "1", "time_in_force": "fok"})),
            "invalid_time_in_force",
            "time_in_force",
        ),
        (
            resting(&json!({"time_in_force": "gtd"})),
            "missing_expires_at",
            "expires_at",
        ),
        (
            resting(&json!({"expires_at": 1_800_000_000_000_000_i64})),
            "unexpected_expires_at",
            "expires_at",
        ),
        (
            resting(&json!({"take_profit": "19000"})),
            "invalid_take_profit",
            "take_profit",
        ),
        (
            resting(&json!({"stop_loss": "21000"})),
            "invalid_stop_loss",
            "stop_loss",
        ),
        (
            resting(&json!({"stop_loss": "19000", "reduce_only": true})),
            "conflicting_reduce_only",
            "reduce_only",
        ),
        (
            resting(&json!({"symbol": "DOGEUSDT"})),
            "unknown_symbol",
            "symbol",
        ),
        (
            resting(&json!({"quantity": "1000"})),
            "insufficient_funds",
            "quantity",
        ),
        (
            resting(&json!({"client_order_id": "a b"})),
            "invalid_client_order_id",
            "client_order_id",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_refuses_the_same_in_the_same_words() {
    let server = quiet().await;
    let mut socket = Socket::hello(&server).await;
    for (body, code, field) in bad_orders() {
        let problem = server.post("/v1/orders", &body).await.problem(422, code);
        assert_eq!(problem["field"], field, "{body}: {problem}");
        let frame = json!({"type": "order", "id": 9, "order": body});
        socket.text(&frame.to_string()).await;
        let error = socket.error().await;
        assert_eq!(
            (error.id, error.code.as_str(), error.field.as_deref()),
            (Some(9), code, Some(field)),
            "{body}"
        );
        assert_eq!(problem["detail"], error.message, "{body}");
    }
    let open: Vec<Order> = server.read("/v1/orders/open").await;
    assert_eq!(open, [], "none of them rests");
    let legs = |second: Value| json!({"legs": [resting(&json!({"side": "sell", "price": "90000"})), second]});
    for (body, code, field) in [
        (legs(resting(&json!({}))), "invalid_legs", "legs"),
        (
            legs(json!({"symbol": "BTCUSDT", "side": "sell", "type": "stop", "quantity": "0.01"})),
            "missing_stop_price",
            "legs[1].stop_price",
        ),
    ] {
        let problem = server
            .post("/v1/orders/oco", &body)
            .await
            .problem(422, code);
        assert_eq!(problem["field"], field, "{body}: {problem}");
        let frame = json!({"type": "oco", "id": 9, "oco": body});
        socket.text(&frame.to_string()).await;
        let error = socket.error().await;
        assert_eq!(
            (error.code.as_str(), error.field.as_deref()),
            (code, Some(field))
        );
    }
    for (path, body, status, code, field) in [
        (
            "/v1/orders/oco",
            json!({"legs": []}),
            400,
            "invalid_body",
            json!("legs"),
        ),
        (
            "/v1/orders/check",
            json!({"symbol": "x"}),
            400,
            "invalid_body",
            json!("symbol"),
        ),
        (
            "/v1/positions/btc/close",
            json!({}),
            400,
            "invalid_symbol",
            json!("symbol"),
        ),
        (
            "/v1/positions/BTCUSDT/close",
            json!({"quantity": "0"}),
            422,
            "invalid_quantity",
            json!("quantity"),
        ),
        (
            "/v1/positions/BTCUSDT/close",
            json!({"all": true}),
            400,
            "invalid_body",
            json!("all"),
        ),
    ] {
        let problem = server.post(path, &body).await.problem(status, code);
        assert_eq!(problem["field"], field, "{path} {body}: {problem}");
    }
    let order = server.place(&resting(&json!({}))).await;
    let path = format!("/v1/orders/{}", order.id);
    server
        .patch(&path, &json!({}))
        .await
        .problem(422, "nothing_to_amend");
    let problem = server.patch(&path, &json!({"price": "0"})).await;
    assert_eq!(problem.problem(422, "invalid_price")["field"], "price");
    let problem = server.patch(&path, &json!({"side": "sell"})).await;
    assert_eq!(problem.problem(400, "invalid_body")["field"], "side");
    let unchanged: OrderHistory = server.read(&path).await;
    assert_eq!((unchanged.order, unchanged.history.len()), (order, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_sends_nothing() {
    let server = quiet().await;
    let check = server.post("/v1/orders/check", &resting(&json!({}))).await;
    assert_eq!(check.read::<OrderCheck>().rejection, None);
    let check: OrderCheck = server
        .post("/v1/orders/check", &resting(&json!({"quantity": "-1"})))
        .await
        .read();
    assert_eq!(check.rejection.unwrap().code, "invalid_quantity");
    let open: Vec<Order> = server.read("/v1/orders/open").await;
    assert_eq!(open, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_accounts_for_every_cent() {
    let server = TestServer::still(|_| ()).await;
    let mut entries: Vec<LedgerEntry> = Vec::new();
    let mut next = String::new();
    loop {
        let answer = server.get(&format!("/v1/ledger?limit=7{next}")).await;
        entries.extend(answer.read::<Vec<LedgerEntry>>());
        match answer.header("plainsight-next-before") {
            Some(before) => next = format!("&before={before}"),
            None => break,
        }
    }
    entries.reverse();
    assert_eq!(entries[0].movement, Movement::Deposit);
    let mut cash = plainsight::domain::Decimal::ZERO;
    for entry in &entries {
        cash += entry.amount;
        assert_eq!(entry.cash, cash, "{entry:?}");
    }
    let portfolio = server.portfolio("paper").await;
    assert_eq!(
        (cash, entries.len() as u64),
        (portfolio.cash, portfolio.fills + 1)
    );
    server
        .get("/v1/ledger?before=x")
        .await
        .problem(400, "invalid_before");
    server
        .get("/v1/ledger?limit=0")
        .await
        .problem(400, "invalid_limit");
}

/// Another site's page in a browser on this machine can send requests here, but not as its user.
#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_trade() {
    let server = quiet().await;
    let order = resting(&json!({}));
    let own = server.url("");
    let cookies = server.cookies().await;
    let ask = |headers: Vec<(&'static str, String)>| {
        let request = server.unknown("POST", "/v1/orders").json(&order);
        let request = request.header("cookie", &cookies);
        let all = headers.into_iter();
        server.send(all.fold(request, |request, (name, value)| {
            request.header(name, value)
        }))
    };
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let refused = ask(vec![("origin", origin.to_owned())]).await;
        refused.problem(403, "other_origin");
    }
    // A browser that does not say whose page it is may be anybody's.
    ask(Vec::new()).await.problem(403, "other_origin");
    let site = vec![("sec-fetch-site", "cross-site".to_owned())];
    ask(site).await.problem(403, "other_origin");
    assert_eq!(ask(vec![("origin", own)]).await.status, 200);
    let open: Vec<Order> = server.read("/v1/orders/open").await;
    assert_eq!(open.len(), 1);
    // A name of the world that leads here is no address of this machine.
    let rebound = server.unknown("GET", "/v1/portfolio");
    let rebound = server.send(rebound.header("host", "evil.example")).await;
    rebound.problem(401, "sign_in_first");
}
