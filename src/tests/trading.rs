//! What comes of orders in a market that moves: brackets, pairs, trailing stops, and the kill switch,
//! on REST and on the socket.

use plainsight::domain::{
    Decimal, LinkRole, Order, OrderHistory, OrderStatus, Portfolio, Position, Ticker, TradingState,
    Working,
};
use plainsight::wire::Payload;
use serde_json::{Value, json};

use crate::client::{Socket, wish};
use crate::harness::{TestServer, until};
use crate::orders::{quiet, resting};

/// A simulated market, fast, without the agent.
async fn moving() -> TestServer {
    let server = TestServer::start(|config| {
        "100".clone_into(&mut config.feed.speed);
        config.agent.enabled = false;
    })
    .await;
    until("there are prices", async || {
        let check =
            json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.1"});
        let answer = server.post("/v1/orders/check", &check).await;
        answer.json()["rejection"].is_null().then_some(())
    })
    .await;
    server
}

impl TestServer {
    async fn price(&self) -> Decimal {
        let mut socket = Socket::hello(self).await;
        socket.subscribe(vec![wish("market:BTCUSDT")]).await;
        match socket.told("market:BTCUSDT").await.1 {
            Payload::Market(ticker) => Ticker::clone(&ticker).price,
            other => panic!("{other:?}"),
        }
    }

    async fn story(&self, id: &str) -> OrderHistory {
        self.read(&format!("/v1/orders/{id}")).await
    }

    async fn open(&self) -> Vec<Order> {
        self.read("/v1/orders/open").await
    }
}

/// A price `percent` away, on the grid of two digits.
fn away(price: Decimal, percent: i64) -> String {
    let moved = price * Decimal::new(1_000 + percent, 3);
    moved.round_dp(2).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bracket_opens_protects_and_closes() {
    let server = moving().await;
    let price = server.price().await;
    let wanted = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.1", "client_order_id": "b-1",
                        "take_profit": away(price, 3), "stop_loss": away(price, -3)});
    let orders: Vec<Order> = server.post("/v1/orders", &wanted).await.read();
    let role = |role: LinkRole| {
        let found = orders
            .iter()
            .find(|o| o.link.as_ref().is_some_and(|link| link.role == role));
        found
            .unwrap_or_else(|| panic!("{role:?} in {orders:?}"))
            .id
            .to_string()
    };
    let legs = [role(LinkRole::TakeProfit), role(LinkRole::StopLoss)];
    let ended = until(
        "one leg has filled and the other is cancelled",
        async || {
            let states = [server.story(&legs[0]).await, server.story(&legs[1]).await];
            states
                .iter()
                .all(|story| story.order.status.is_final())
                .then_some(states)
        },
    )
    .await;
    let mut ends = ended.each_ref().map(|story| story.order.status);
    ends.sort_by_key(|status| status.as_str());
    assert_eq!(ends, [OrderStatus::Cancelled, OrderStatus::Filled]);
    let entry = server.story("b-1").await;
    assert_eq!(entry.order.status, OrderStatus::Filled);
    assert!(!entry.fills.is_empty());
    let filled = ended.iter().find(|story| !story.fills.is_empty()).unwrap();
    assert!(
        filled.history[0].seq >= entry.history[0].seq,
        "legs follow their entry"
    );
    let again = server.post("/v1/orders", &wanted).await;
    assert_eq!(again.header("plainsight-duplicate"), Some("true"));
    assert_eq!(
        again.read::<Vec<Order>>().len(),
        3,
        "the whole bracket, as it is now"
    );
    until("nothing is held any more", async || {
        let positions: Vec<Position> = server.read("/v1/positions").await;
        positions
            .iter()
            .all(|position| position.quantity.is_zero())
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trailing_stop_follows_the_market_on_every_surface() {
    let server = moving().await;
    let buy = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.1"});
    server.place(&buy).await;
    until("the entry has filled", async || {
        let positions: Vec<Position> = server.read("/v1/positions").await;
        let held = positions
            .iter()
            .any(|position| !position.quantity.is_zero());
        held.then_some(())
    })
    .await;
    let trailing = json!({"symbol": "BTCUSDT", "side": "sell", "type": "trailing_stop", "quantity": "0.05",
                          "trail_percent": "5", "reduce_only": true});
    let order = server.place(&trailing).await;
    let mut socket = Socket::hello(&server).await;
    socket.subscribe(vec![wish("working:paper")]).await;
    let mut triggers: Vec<Decimal> = Vec::new();
    while triggers.len() < 3 {
        if let Payload::Working(rows) = socket.told("working:paper").await.1 {
            let own = rows.iter().find(|row| row.order == order.id);
            triggers.extend(
                own.and_then(|row| row.trigger_price)
                    .filter(|t| triggers.last() != Some(t)),
            );
        }
    }
    assert!(
        triggers.is_sorted(),
        "a trailing sell stop never falls: {triggers:?}"
    );
    let rows: Vec<Working> = server.read("/v1/working").await;
    let row = rows.iter().find(|row| row.order == order.id).unwrap();
    assert!(row.trigger_price >= triggers.last().copied(), "{row:?}");
    let change = json!({"trail_percent": "4"});
    let amended: Order = server
        .patch(&format!("/v1/orders/{}", order.id), &change)
        .await
        .read();
    assert_eq!(amended.trail_percent, Some(Decimal::from(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_placed_once_and_taken_back_together() {
    let server = quiet().await;
    let leg = |change: Value| resting(&change);
    let pair = json!({"client_order_id": "pair-1", "legs": [
        leg(json!({})),
        {"symbol": "BTCUSDT", "side": "buy", "type": "stop", "quantity": "0.01", "stop_price": "90000"},
    ]});
    let first: Vec<Order> = server.post("/v1/orders/oco", &pair).await.read();
    assert_eq!(first.len(), 2, "{first:?}");
    let again = server.post("/v1/orders/oco", &pair).await;
    assert_eq!(again.header("plainsight-duplicate"), Some("true"));
    assert_eq!(again.read::<Vec<Order>>(), first);
    let other = server.delete("/v1/orders?symbol=ETHUSDT").await;
    assert_eq!(other.read::<Vec<Order>>(), []);
    let taken: Vec<Order> = server.delete("/v1/orders?symbol=BTCUSDT").await.read();
    assert_eq!(taken.len(), 2);
    assert_eq!(server.open().await, []);
    let reused = server
        .post("/v1/orders", &leg(json!({"client_order_id": "pair-1"})))
        .await;
    assert_eq!(
        reused.problem(422, "client_order_id_reused")["field"],
        "client_order_id"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_ends_everything_until_it_is_resumed() {
    let server = moving().await;
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        let buy = json!({"symbol": symbol, "side": "buy", "type": "market", "quantity": "0.1"});
        server.place(&buy).await;
    }
    server.place(&resting(&json!({}))).await;
    until("both are held", async || {
        (server.portfolio("paper").await.open_positions == 2).then_some(())
    })
    .await;
    let killed = server.post("/v1/kill", &json!({})).await;
    let body = killed.json();
    assert_eq!(body["state"], "halted");
    let count = |name: &str| body[name].as_array().unwrap().len();
    assert_eq!((count("cancelled"), count("closing")), (1, 2), "{body}");
    let after: Portfolio = until("nothing is held", async || {
        let portfolio = server.portfolio("paper").await;
        (portfolio.open_positions == 0 && portfolio.trading == TradingState::Halted)
            .then_some(portfolio)
    })
    .await;
    assert_eq!(after.open_orders, 0);
    let refused = server.post("/v1/orders", &resting(&json!({}))).await;
    refused.problem(409, "trading_halted");
    let again = server.post("/v1/kill", &json!({})).await.json();
    assert_eq!(
        (&again["state"], &again["cancelled"]),
        (&json!("halted"), &json!([]))
    );
    let resumed = server.post("/v1/resume", &json!({})).await.json();
    assert_eq!(resumed["state"], "running");
    server.place(&resting(&json!({}))).await;
    let closed = server.post("/v1/positions/BTCUSDT/close", &json!({})).await;
    closed.problem(409, "no_position");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_has_every_command() {
    let server = moving().await;
    let mut socket = Socket::open(&server).await;
    let welcome = socket.greet(Vec::new()).await;
    for feature in ["orders", "oco", "amend", "trading"] {
        assert!(
            welcome.features.iter().any(|one| one == feature),
            "{feature}"
        );
    }
    socket.text(&json!({"type": "order", "id": 1, "order": resting(&json!({"client_order_id": "s-1"}))}).to_string()).await;
    let placed = socket.ok(1).await.order.unwrap();
    socket
        .text(
            &json!({"type": "amend", "id": 2, "order": "s-1", "change": {"price": "21000"}})
                .to_string(),
        )
        .await;
    assert_eq!(socket.ok(2).await.order, Some(placed.clone()));
    assert_eq!(server.open().await[0].price, Some(Decimal::from(21_000)));
    let pair = json!({"legs": [resting(&json!({})),
        {"symbol": "BTCUSDT", "side": "buy", "type": "stop", "quantity": "0.01", "stop_price": "90000"}]});
    socket
        .text(&json!({"type": "oco", "id": 3, "oco": pair}).to_string())
        .await;
    assert_eq!(socket.ok(3).await.orders.len(), 2);
    socket
        .text(&json!({"type": "cancel", "id": 4, "order": "s-1"}).to_string())
        .await;
    assert_eq!(socket.ok(4).await.order, Some(placed));
    socket
        .text(&json!({"type": "cancel_all", "id": 5}).to_string())
        .await;
    assert_eq!(socket.ok(5).await.orders.len(), 2);
    let buy = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.1"});
    socket
        .text(&json!({"type": "order", "id": 6, "order": buy}).to_string())
        .await;
    socket.ok(6).await;
    until("it is held", async || {
        (server.portfolio("paper").await.open_positions == 1).then_some(())
    })
    .await;
    socket
        .text(
            &json!({"type": "close", "id": 7, "symbol": "BTCUSDT", "close": {"quantity": "0.04"}})
                .to_string(),
        )
        .await;
    assert!(socket.ok(7).await.order.is_some());
    socket
        .text(&json!({"type": "close", "id": 8, "symbol": "SOLUSDT"}).to_string())
        .await;
    let refused = socket.error().await;
    assert_eq!(
        (refused.id, refused.code.as_str()),
        (Some(8), "no_position")
    );
    for (id, command, state) in [
        (9, "pause", TradingState::Paused),
        (10, "kill", TradingState::Halted),
        (11, "resume", TradingState::Running),
    ] {
        socket
            .text(&json!({"type": command, "id": id}).to_string())
            .await;
        assert_eq!(socket.ok(id).await.trading, Some(state), "{command}");
    }
    for frame in [
        "{\"type\":\"amend\",\"id\":12,\"order\":\"x\"}",
        "{\"type\":\"close\",\"id\":12}",
    ] {
        socket.text(frame).await;
        let error = socket.error().await;
        assert_eq!(
            (error.id, error.code.as_str()),
            (Some(12), "bad_frame"),
            "{frame}"
        );
    }
}
