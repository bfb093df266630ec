//! What the dialects say is what the native API says at the same moment, figure by figure, in the unit that
//! the dialect's clients expect. The market is more than a day long, so that nothing of the last 24 hours is
//! missing, and has ended, so that nothing moves between two looks.

mod quantum;
mod transparency;

use std::fmt::Write as _;

use plainsight::domain::TimeUs;
use plainsight::server::dialects::DialectsConfig;
use plainsight::wire::Payload;
use serde_json::{Value, json};

use super::{Plain, number};
use crate::client::{Socket, wish};
use crate::harness::TestServer;
use crate::market::START_MS;

/// Whose figures are shown: the built-in bot, with decisions and trades behind it, and one that reports that
/// it is short.
const BOTS: [&str; 2] = ["paper", "mine"];

/// A print a minute: waves that are steep enough for some trades to win, on a slow rise, the same each time.
fn prints(minutes: i64) -> String {
    let mut text = String::new();
    for minute in 0..minutes {
        let wave = (minute as f64 / 25.0).sin() * 300_000.0;
        let cents = 4_200_000 + wave as i64 + minute * 7_919 % 101 * 30 + minute * 50;
        let (whole, part) = (cents / 100, cents % 100);
        let (id, time) = (minute + 1, START_MS + minute * 60_000);
        let thousandths = minute * 31 % 1_000;
        writeln!(
            text,
            "{id},{whole}.{part:02}000000,2.{thousandths:03}00000,{id},{id},{time},True,True"
        )
        .unwrap();
    }
    text
}

/// A market of 26 hours that has ended, and a bot that the dialects show.
async fn ended(bot: &str, undefined: &str) -> TestServer {
    let server = TestServer::still(|config| {
        let path = config.store.data.with_file_name("BTCUSDT-aggTrades.csv");
        std::fs::write(path, prints(26 * 60)).unwrap();
        let dialects = &mut config.dialects;
        dialects.bot = bot.parse().unwrap();
        dialects.quantum.undefined = serde_json::from_value(json!(undefined)).unwrap();
        dialects.quantum.container_sockets.clear();
    })
    .await;
    if bot != "paper" {
        let fill = |id: &str, side: &str, quantity: &str, price: &str| {
            json!({"type": "fill", "id": id, "symbol": "BTCUSDT", "side": side, "quantity": quantity,
                   "price": price, "fee": "1.5"})
        };
        let events = [
            json!({"type": "deposit", "id": "d1", "amount": "10000"}),
            fill("f1", "sell", "0.1", "43000.5"),
            fill("f2", "buy", "0.04", "42000.25"),
        ];
        let recorded = server.report(bot, &events).await;
        server.portfolio_after(bot, recorded.seq()).await;
    }
    server
}

/// What the native API says of a bot.
async fn native(server: &TestServer, what: &str, bot: &str) -> Value {
    server.read(&format!("/v1/{what}?bot={bot}")).await
}

/// What it holds, with what the dialects say in other words beside it.
async fn held(server: &TestServer, bot: &str) -> Vec<Value> {
    let all = native(server, "positions", bot).await;
    let mut held = Vec::new();
    for mut position in all.as_array().unwrap().clone() {
        let of = |name: &str| figure(&position[name]).unwrap();
        let (quantity, cost, pnl) = (of("quantity"), of("cost"), of("unrealised_pnl"));
        if quantity != 0.0 {
            position["size"] = json!(quantity.abs());
            position["side"] = json!(if quantity < 0.0 { "SHORT" } else { "LONG" });
            position["pnl_of_cost"] = json!(pnl / cost.abs());
            held.push(position);
        }
    }
    held
}

/// As the native API writes one: a string where it is a decimal.
fn figure(native: &Value) -> Option<f64> {
    match native {
        Value::String(decimal) => Some(number(decimal)),
        other => other.as_f64(),
    }
}

fn moment(native: &Value) -> TimeUs {
    TimeUs(native.as_i64().unwrap())
}

/// Where theirs is, where the native one is, and how many of theirs make one of it.
type Field<'a> = (&'a str, &'a str, f64);
const PERCENT: f64 = 100.0;

fn at<'a>(what: &str, value: &'a Value, place: &str) -> &'a Value {
    let found = value.pointer(place);
    found.unwrap_or_else(|| panic!("{what} has no {place}: {value}"))
}

/// Each is the native figure; what is undefined is null.
#[track_caller]
fn same(what: &str, theirs: &Value, native: &Value, fields: &[Field<'_>]) {
    for (place, source, scale) in fields {
        let (shown, meant) = (at(what, theirs, place), at(what, native, source));
        let is_same = match (shown.as_f64(), figure(meant)) {
            // Percentages are rounded at the sixth place.
            (Some(shown), Some(meant)) => (shown - meant * scale).abs() <= 1e-6,
            (None, None) => shown.is_null() && meant.is_null(),
            _ => false,
        };
        assert!(is_same, "{what}: {place} is {shown}, but {source} {meant}");
    }
}

/// The metrics of the last 24 hours, under the names that two dialects share.
const METRICS: [Field<'_>; 6] = [
    ("/total_return", "/metrics/total_return/value", PERCENT),
    ("/sharpe_ratio", "/metrics/sharpe/value", 1.0),
    ("/max_drawdown", "/metrics/max_drawdown/value", PERCENT),
    ("/win_rate", "/metrics/win_rate/value", PERCENT),
    ("/profit_factor", "/metrics/profit_factor/value", 1.0),
    ("/total_trades", "/metrics/trades/value", 1.0),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_market_of_ai_trading_is_the_native_one() {
    let server = ended("paper", "zero").await;
    let mut own = Socket::hello(&server).await;
    own.subscribe(vec![wish("market:BTCUSDT")]).await;
    let Payload::Market(ticker) = own.told("market:BTCUSDT").await.1 else {
        panic!("no market");
    };
    let mut socket = Plain::open(&server, "/api/ws/realtime").await;
    socket
        .say(&json!({"action": "subscribe_ticker", "symbol": "BTCUSDT"}))
        .await;
    let market = socket
        .find("the market", |frame| frame["type"] == "MARKET_UPDATE")
        .await;
    let fields = [
        ("/price", "/price", 1.0),
        ("/priceChange", "/change_24h", 1.0),
        ("/priceChangePercent", "/change_percent_24h", 1.0),
        ("/high", "/high_24h", 1.0),
        ("/low", "/low_24h", 1.0),
        ("/volume", "/volume_24h", 1.0),
    ];
    same("the market", &market, &json!(ticker), &fields);
    // None could stand in another's place.
    let figures = fields.map(|(place, ..)| at("the market", &market, place).as_f64().unwrap());
    for figure in figures {
        let alike = figures.iter().filter(|other| **other == figure);
        assert_eq!(alike.count(), 1, "{figures:?}");
    }
    assert_eq!(market["symbol"], "BTCUSDT");
    assert_eq!(market["timestamp"], ticker.time.millis());
}

#[tokio::test(flavor = "multi_thread")]
async fn ai_trading_has_the_native_positions_and_portfolio() {
    for bot in BOTS {
        let server = ended(bot, "zero").await;
        let (own, held) = (
            native(&server, "portfolio", bot).await,
            held(&server, bot).await,
        );
        let mut socket = Plain::open(&server, "/api/ws/realtime").await;
        let positions = socket
            .find("positions", |frame| frame["type"] == "POSITION_UPDATE")
            .await;
        let portfolio = socket
            .find("the portfolio", |frame| frame["type"] == "PORTFOLIO_UPDATE")
            .await;
        let fields = [
            ("/balance", "/equity", 1.0),
            ("/total_pnl", "/net_pnl", 1.0),
            ("/realized_pnl", "/realised_pnl", 1.0),
            ("/unrealized_pnl", "/unrealised_pnl", 1.0),
            ("/positions_count", "/open_positions", 1.0),
        ];
        same(bot, &portfolio["portfolio"], &own, &fields);
        let now = moment(&own["time"]).millis();
        assert_eq!(
            (&portfolio["timestamp"], &positions["timestamp"]),
            (&json!(now), &json!(now))
        );
        let rows = positions["positions"].as_array().unwrap();
        assert_eq!(rows.len(), held.len(), "{bot}: {rows:?}");
        assert!(bot == "paper" || !held.is_empty(), "it holds something");
        for (row, own) in rows.iter().zip(&held) {
            let fields = [
                ("/quantity", "/size", 1.0),
                ("/entry_price", "/average_price", 1.0),
                ("/current_price", "/mark_price", 1.0),
                ("/current_pnl", "/unrealised_pnl", 1.0),
            ];
            same(bot, row, own, &fields);
            let words = ["id", "symbol", "type", "status"].map(|name| &row[name]);
            let symbol = &own["symbol"];
            assert_eq!(words, [symbol, symbol, &own["side"], &json!("OPEN")]);
            assert_eq!(row["timestamp"], moment(&own["updated_at"]).millis());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_finance_engine_has_the_native_positions_and_portfolio() {
    for bot in BOTS {
        let server = ended(bot, "zero").await;
        let (own, held) = (
            native(&server, "portfolio", bot).await,
            held(&server, bot).await,
        );
        let first = async |path: &str, event: &str| {
            let mut socket = Plain::open(&server, path).await;
            socket.find(event, |frame| frame["event"] == event).await["data"].clone()
        };
        let fields = [
            ("/balance/total", "/equity", 1.0),
            ("/balance/available", "/cash", 1.0),
            ("/active_positions", "/open_positions", 1.0),
            ("/unrealized_pnl", "/unrealised_pnl", 1.0),
            ("/realized_pnl", "/realised_pnl", 1.0),
            ("/total_pnl", "/net_pnl", 1.0),
        ];
        for path in ["/api/v1/bot/ws", "/api/v1/bot/ws/portfolio"] {
            let portfolio = first(path, "portfolio_update").await;
            same(path, &portfolio, &own, &fields);
            assert_eq!(portfolio["balance"]["currency"], own["currency"]);
        }
        let told = first("/api/v1/bot/ws/positions", "positions_update").await;
        let answered: Value = server.read("/api/v1/bot/positions").await;
        for rows in [&told["positions"], &told["open"], &answered["positions"]] {
            let rows = rows.as_array().unwrap();
            assert_eq!(rows.len(), held.len(), "{bot}: {rows:?}");
            for (row, own) in rows.iter().zip(&held) {
                let fields = [
                    ("/size", "/size", 1.0),
                    ("/entry_price", "/average_price", 1.0),
                    ("/current_price", "/mark_price", 1.0),
                    ("/unrealized_pnl", "/unrealised_pnl", 1.0),
                    ("/unrealized_pnl_pct", "/pnl_of_cost", PERCENT),
                ];
                same(bot, row, own, &fields);
                let words = ["id", "asset_pair", "side"].map(|name| &row[name]);
                assert_eq!(words, [&own["symbol"], &own["symbol"], &own["side"]]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_time_updates_are_the_native_figures() {
    for bot in BOTS {
        let server = ended(bot, "zero").await;
        let (own, held) = (
            native(&server, "portfolio", bot).await,
            held(&server, bot).await,
        );
        let performance = native(&server, "performance", bot).await;
        let day = &performance["windows"]["24h"];
        let mut socket = Plain::open(&server, "/ws").await;
        let first = async |socket: &mut Plain, channel: &str, event: &str| {
            let subscribe = json!({"type": "subscribe", "data": {"channels": [channel]}});
            socket.say(&subscribe).await;
            socket.find(event, |frame| frame["type"] == event).await["data"].clone()
        };
        let dashboard = first(&mut socket, "dashboard", "dashboard_update").await;
        for (name, source) in [("total_value", "equity"), ("daily_pnl", "day_pnl")] {
            let text = dashboard[name].as_str().unwrap();
            let (shown, meant) = (
                number(&text.replace(['$', ','], "")),
                figure(&own[source]).unwrap(),
            );
            assert!(
                (shown - meant).abs() <= 0.005_001,
                "{name}: {text}, {meant}"
            );
        }
        assert_eq!(dashboard["open_positions"], own["open_positions"]);
        let win_rate = dashboard["win_rate"].as_str().unwrap();
        match figure(&day["metrics"]["win_rate"]["value"]) {
            None => assert_eq!(win_rate, "n/a"),
            Some(meant) => {
                let shown = number(win_rate.strip_suffix('%').unwrap());
                let off = (shown - meant * PERCENT).abs();
                assert!(off <= 0.050_001, "{win_rate}, {meant}");
            }
        }
        let told = first(&mut socket, "performance", "performance_update").await;
        same(bot, &told, day, &METRICS);
        assert_eq!(told["period"], "24h");
        // Else the scale of nothing was looked at.
        let known = ["total_return", "max_drawdown", "win_rate", "sharpe_ratio"];
        let is_known = known.map(|name| told[name].as_f64().is_some_and(|figure| figure != 0.0));
        assert!(bot != "paper" || is_known == [true; 4], "{told}");
        if let [own] = &held[..] {
            let row = first(&mut socket, "positions", "position_update").await;
            let fields = [
                ("/quantity", "/size", 1.0),
                ("/entry_price", "/average_price", 1.0),
                ("/current_price", "/mark_price", 1.0),
                ("/pnl", "/unrealised_pnl", 1.0),
            ];
            same(bot, &row, own, &fields);
            let side = own["side"].as_str().unwrap().to_lowercase();
            assert_eq!(
                (&row["id"], &row["symbol"], &row["side"]),
                (&own["symbol"], &own["symbol"], &json!(side))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_the_native_one() {
    let server = ended("paper", "zero").await;
    let mut own = Socket::hello(&server).await;
    own.subscribe(vec![wish("alerts")]).await;
    let mut updates = Plain::open(&server, "/ws").await;
    updates
        .say(&json!({"type": "subscribe", "data": {"channels": ["alerts"]}}))
        .await;
    updates
        .find("the channel", |frame| frame["type"] == "subscribed")
        .await;
    let mut agent = Plain::open(&server, "/api/v1/bot/ws").await;
    agent
        .find("its first word", |frame| {
            frame["event"] == "portfolio_update"
        })
        .await;
    let killed = server.post("/v1/kill", &Value::Null).await;
    assert_eq!(killed.status, 200, "{killed:?}");
    let Payload::Alert(alert) = own.told("alerts").await.1 else {
        panic!("no alert");
    };
    assert_eq!(alert.code, "kill_switch");
    let told = updates
        .find("the alert", |frame| frame["type"] == "alert")
        .await;
    let expected =
        json!({"message": alert.message, "type": alert.severity, "time": alert.time.rfc3339()});
    assert_eq!(told["data"], expected);
    let told = agent
        .find("the alert", |frame| frame["event"] == "error")
        .await;
    let expected =
        json!({"code": alert.code, "message": alert.message, "severity": alert.severity});
    assert_eq!(told["data"], expected);
}

/// The contract's, in the order in which it names them.
#[test]
fn what_changes_all_the_time_is_said_as_often_as_the_originals_said_it() {
    let DialectsConfig {
        transparency,
        finance,
        updates,
        trading,
        quantum,
        ..
    } = DialectsConfig::default();
    for (what, millis, contract) in [
        ("portfolio_update", transparency.portfolio_ms, 800),
        ("performance_metrics", transparency.performance_ms, 5_000),
        ("portfolio and positions", finance.changes_ms, 2_000),
        ("heartbeat", finance.heartbeat_ms, 30_000),
        ("dashboard_update", updates.changes_ms, 1_000),
        ("POSITION_UPDATE", trading.positions_ms, 1_000),
        ("PORTFOLIO_UPDATE", trading.portfolio_ms, 2_000),
        ("/stream/live", quantum.every_ms, 3_000),
    ] {
        assert_eq!(millis, contract, "{what}");
    }
    assert!(trading.market_ms < 1_000, "a price comes under a second");
}
