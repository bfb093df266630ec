//! The Transparency Dashboard: its REST face figure by figure, and how soon a fill comes.

use std::time::{Duration, Instant};

use plainsight::domain::performance::Window;
use plainsight::wire::Payload;
use serde_json::{Value, json};

use super::{BOTS, METRICS, ended, held, moment, native, same};
use crate::client::{Socket, wish};
use crate::dialects::Plain;
use crate::dialects::namespace::Namespace;
use crate::harness::{TestServer, until};

/// `trade-f1` of a fill that its bot calls f1, as well as of one that is called so already.
fn trade_id(fill: &str) -> String {
    format!("trade-{}", fill.trim_start_matches("trade-"))
}

#[tokio::test(flavor = "multi_thread")]
async fn its_rest_has_the_native_portfolio_and_positions() {
    for bot in BOTS {
        let server = ended(bot, "zero").await;
        let own = native(&server, "portfolio", bot).await;
        let portfolio: Value = server.read("/api/portfolio").await;
        let fields = [
            ("/total_equity", "/equity", 1.0),
            ("/cash_balance", "/cash", 1.0),
            ("/invested", "/invested", 1.0),
            ("/total_pnl", "/net_pnl", 1.0),
            ("/total_pnl_percent", "/net_pnl_percent", 1.0),
            ("/day_pnl", "/day_pnl", 1.0),
            ("/day_pnl_percent", "/day_pnl_percent", 1.0),
            ("/positions_count", "/open_positions", 1.0),
            ("/open_orders", "/open_orders", 1.0),
        ];
        same(bot, &portfolio, &own, &fields);
        assert_eq!(portfolio["timestamp"], moment(&own["time"]).rfc3339());

        let held = held(&server, bot).await;
        let positions: Value = server.read("/api/portfolio/positions").await;
        let rows = positions["positions"].as_array().unwrap();
        assert_eq!(
            (rows.len(), &positions["total_count"]),
            (held.len(), &json!(held.len()))
        );
        for (row, own) in rows.iter().zip(&held) {
            let fields = [
                ("/quantity", "/size", 1.0),
                ("/entry_price", "/average_price", 1.0),
                ("/current_price", "/mark_price", 1.0),
                ("/value", "/value", 1.0),
                ("/unrealized_pnl", "/unrealised_pnl", 1.0),
                ("/realized_pnl", "/realised_pnl", 1.0),
            ];
            same(bot, row, own, &fields);
            let side = own["side"].as_str().unwrap().to_lowercase();
            let [opened, updated] =
                ["opened_at", "updated_at"].map(|name| moment(&own[name]).rfc3339());
            let words = ["symbol", "side", "opened_at", "timestamp"].map(|name| row[name].clone());
            assert_eq!(
                words,
                [
                    json!("BTC-USDT"),
                    json!(side),
                    json!(opened),
                    json!(updated)
                ]
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_rest_has_the_native_trades() {
    for bot in BOTS {
        let server = ended(bot, "zero").await;
        let own = native(&server, "trades", bot).await;
        let own = own.as_array().unwrap();
        assert!(own.len() >= 2, "{bot}: {own:?}");
        let fills = native(&server, "portfolio", bot).await["fills"].clone();
        for (limit, offset) in [(20, 0), (1, 1)] {
            let path = format!("/api/trades?limit={limit}&offset={offset}");
            let page: Value = server.read(&path).await;
            let about = ["total_count", "limit", "offset"].map(|name| page[name].clone());
            assert_eq!(about, [fills.clone(), json!(limit), json!(offset)]);
            let rows = page["trades"].as_array().unwrap();
            let own: Vec<_> = own.iter().skip(offset).take(limit).collect();
            assert_eq!(rows.len(), own.len(), "{path}");
            for (row, own) in rows.iter().zip(own) {
                let fields = [
                    ("/quantity", "/quantity", 1.0),
                    ("/price", "/price", 1.0),
                    ("/total_value", "/value", 1.0),
                    ("/fee", "/fee", 1.0),
                ];
                same(bot, row, own, &fields);
                // An outside bot's fills name no order here.
                let kind = match own["order"].as_str() {
                    Some(id) => {
                        let order = native(&server, &format!("orders/{id}"), bot).await;
                        order["order"]["type"].clone()
                    }
                    None => Value::Null,
                };
                let id = trade_id(own["id"].as_str().unwrap());
                let words = ["id", "symbol", "side", "status", "type", "timestamp"];
                assert_eq!(
                    words.map(|name| row[name].clone()),
                    [
                        json!(id),
                        json!("BTC-USDT"),
                        own["side"].clone(),
                        json!("filled"),
                        kind,
                        json!(moment(&own["time"]).rfc3339())
                    ]
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_rest_has_the_native_performance_of_every_window() {
    for bot in BOTS {
        let server = ended(bot, "zero").await;
        let own = native(&server, "performance", bot).await;
        for window in Window::ALL {
            let told = until("one moment for both", async || {
                let before = server.health().await;
                let told: Value = server
                    .read(&format!("/api/performance?period={window}"))
                    .await;
                let after = server.health().await;
                let is_same = before.received_to_published == after.received_to_published;
                (is_same && before.clients == after.clients).then_some((told, json!(after)))
            });
            let (told, health) = told.await;
            let what = format!("{bot} {window}");
            same(&what, &told, &own["windows"][window.as_str()], &METRICS);
            let fields = [
                ("/api_latency_ms", "/received_to_published/p50_us", 0.001),
                ("/websocket_connections", "/clients", 1.0),
            ];
            same(&what, &told, &health, &fields);
            assert_eq!(
                (&told["period"], &told["timestamp"]),
                (&json!(window), &json!(moment(&own["time"]).rfc3339()))
            );
        }
        let day: Value = server.read("/api/performance").await;
        assert_eq!(day["period"], "24h");
        same(bot, &day, &own["windows"]["24h"], &METRICS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_stats_are_of_the_machine_and_of_the_bot() {
    let server = ended("mine", "zero").await;
    let _open = [
        Plain::open(&server, "/stream/live").await,
        Plain::open(&server, "/stream/live").await,
        Plain::open(&server, "/ws").await,
    ];
    let _native = Socket::hello(&server).await;
    let own = native(&server, "portfolio", "mine").await;
    let (stats, before, after) = until("everybody is there", async || {
        let before = server.health().await;
        let stats: Value = server.read("/api/stats").await;
        let after = server.health().await;
        (stats["websocket_connections"] == 4).then_some((stats, before, after))
    })
    .await;
    let fields = [
        ("/total_trades", "/fills", 1.0),
        ("/total_equity", "/equity", 1.0),
    ];
    same("stats", &stats, &own, &fields);
    assert_eq!(after.clients, 4);
    assert_eq!(
        stats["dialect_connections"],
        json!({"transparency": 0, "finance": 0, "updates": 1, "trading": 0, "quantum": 2})
    );
    let uptime = stats["uptime_seconds"].as_u64().unwrap();
    assert!((before.process.uptime_s..=after.process.uptime_s).contains(&uptime));
    assert_eq!(
        (&stats["mode"], &stats["version"]),
        (&json!("replay"), &json!(after.process.version))
    );
}

/// Measured from what a native client hears on the same machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_fill_comes_within_half_a_second_of_the_native_push() {
    const ORDERS: usize = 11;
    let server = TestServer::start(|config| {
        "20".clone_into(&mut config.feed.speed);
        config.agent.enabled = false;
    })
    .await;
    server.priced().await;
    let mut own = Socket::hello(&server).await;
    own.subscribe(vec![wish("trades:paper")]).await;
    let mut theirs = Namespace::open(&server).await;
    theirs.subscribe(&["trade_feed"]).await;
    let mut lags = Vec::new();
    for _ in 0..ORDERS {
        let order =
            json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.01"});
        let answer = server.post("/v1/orders", &order).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let pushed = async { (own.told("trades:paper").await.1, Instant::now()) };
        let fed = async { (theirs.find("trade_feed", |_| true).await, Instant::now()) };
        let ((payload, pushed), (trade, fed)) = tokio::join!(pushed, fed);
        let Payload::Trade(fill) = payload else {
            panic!("no trade: {payload:?}");
        };
        assert_eq!(trade["id"], trade_id(fill.id.as_str()));
        lags.push(fed.saturating_duration_since(pushed));
    }
    lags.sort();
    assert!(lags[ORDERS / 2] <= Duration::from_millis(500), "{lags:?}");
    // Any one may meet a busy machine.
    assert!(lags[ORDERS - 1] <= Duration::from_secs(10), "{lags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_there_are_not_are_rejected_by_name() {
    let server = TestServer::still(|_| ()).await;
    let mut client = Namespace::open(&server).await;
    let streams = json!({"streams": ["trade_feed", "ai_decision"]});
    client.emit("subscribe", &streams).await;
    client.find("subscription_confirmed", |_| true).await;
    for (streams, confirmed) in [
        (
            json!(["trade_feed", "weather", 7]),
            json!({"streams": ["trade_feed"], "status": "unsubscribed", "rejected": ["weather", "7"]}),
        ),
        (
            json!(["weather"]),
            json!({"streams": [], "status": "unsubscribed", "rejected": ["weather"]}),
        ),
        (
            json!(["ai_decision"]),
            json!({"streams": ["ai_decision"], "status": "unsubscribed"}),
        ),
    ] {
        client
            .emit("unsubscribe", &json!({ "streams": streams }))
            .await;
        let told = client.find("subscription_confirmed", |_| true).await;
        assert_eq!(told, confirmed);
    }
}
