//! The dialects by their real clients, from their own packages, unchanged but for the address; and that the
//! same fill arrives everywhere with the same figures. The clients are scripts in `dialects/clients`.

mod bursts;
mod limits;
pub mod namespace;
mod plain;
mod redis;
mod same;
mod slow;
mod snippets;
mod trails;
mod values;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use plainsight::domain::{Portfolio, Position};
use plainsight::server::access::ROUTES;
use plainsight::server::dialects::DIALECTS;
use serde_json::{Value, json};

pub use plain::{Plain, plain_paths};

use crate::harness::{TestServer, until};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The interpreter that the set-up has put the clients' packages beside.
fn python() -> Option<PathBuf> {
    let python = root().join(".tools/venv/bin/python3");
    let is_there = python.exists();
    assert!(
        is_there || std::env::var_os("CI").is_none(),
        "{} is not there: run `make setup-test`",
        python.display()
    );
    if !is_there {
        eprintln!(
            "skipped: {} is not there, run `make setup-test`",
            python.display()
        );
    }
    is_there.then_some(python)
}

async fn server() -> TestServer {
    TestServer::start(|config| {
        "100".clone_into(&mut config.feed.speed);
        // Sooner than their clients need it, so that a test sees some.
        config.dialects.finance.heartbeat_ms = 3_000;
    })
    .await
}

async fn ran(server: &TestServer, program: &Path, script: &str, more: &[&str]) {
    let script = root().join("src/tests/dialects/clients").join(script);
    let mut command = Command::new(program);
    command.arg(&script).arg(server.url("")).args(more);
    command
        .env("PLAINSIGHT_TOKEN", &server.token)
        .stdin(Stdio::null());
    let running = tokio::task::spawn_blocking(move || command.output());
    let output: Output = running.await.unwrap().expect("it does not start");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("ok"),
        "{}: {told}{complaint}",
        script.display()
    );
}

/// A test for each script.
macro_rules! clients {
    ($($name:ident $script:literal)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(python) = python() {
                    ran(&server().await, &python, $script, &[]).await;
                }
            }
        )*
    };
}

clients! {
    heavy_transparency_with_python_socketio "transparency.py"
    heavy_finance_with_websockets_and_websocket_client "finance.py"
    heavy_updates_with_websockets_and_websocket_client "updates.py"
    heavy_trading_with_websockets_and_websocket_client "trading.py"
    heavy_quantum_with_websockets_and_websocket_client "quantum.py"
}

#[tokio::test(flavor = "multi_thread")]
async fn transparency_with_socket_io_client() {
    let server = server().await;
    for transport in ["websocket", "polling"] {
        ran(&server, Path::new("node"), "socketio.mjs", &[transport]).await;
    }
}

fn number(value: &str) -> f64 {
    value.parse().unwrap()
}

/// One order, one fill, and the same figures wherever somebody may look.
#[tokio::test(flavor = "multi_thread")]
async fn a_fill_is_the_same_on_every_surface() {
    let server = TestServer::start(|config| {
        "20".clone_into(&mut config.feed.speed);
        config.agent.enabled = false;
        config.dialects.finance.changes_ms = 200;
        config.dialects.updates.changes_ms = 200;
        config.dialects.trading.positions_ms = 200;
        config.dialects.quantum.every_ms = 200;
    })
    .await;
    server.priced().await;
    let mut agent = Plain::open(&server, "/api/v1/bot/ws").await;
    let mut updates = Plain::open(&server, "/ws").await;
    updates.say(&json!({"type": "subscribe", "data": {"channels": ["trades", "positions", "dashboard"]}})).await;
    let mut trading = Plain::open(&server, "/api/ws/realtime").await;
    let mut quantum = Plain::open(&server, "/stream/live").await;

    let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.05"});
    let answer = server.post("/v1/orders", &order).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let trade = agent
        .find("the trade", |frame| frame["event"] == "trade_executed")
        .await;
    let fill = &trade["data"];
    let seen = updates
        .find("the trade", |frame| frame["type"] == "trade_update")
        .await;
    let (price, quantity) = (fill["price"].clone(), fill["size"].clone());
    assert_eq!(
        (&seen["data"]["price"], &seen["data"]["quantity"]),
        (&price, &quantity)
    );
    assert_eq!(seen["data"]["id"], fill["trade_id"]);
    let changed = trading
        .find("the filled order", |frame| {
            frame["type"] == "ORDER_UPDATE" && frame["order"]["status"] == "FILLED"
        })
        .await;
    assert_eq!(
        (&changed["order"]["average_price"], &changed["orderType"]),
        (&price, &json!("MARKET"))
    );
    // REST of our own and of the first dialect.
    let own: Vec<Value> = server.read("/v1/trades").await;
    assert_eq!(own[0]["id"], fill["trade_id"]);
    assert_eq!(
        number(own[0]["price"].as_str().unwrap()),
        price.as_f64().unwrap()
    );
    let theirs: Value = server.read("/api/trades?limit=1").await;
    let first = &theirs["trades"][0];
    assert_eq!((&first["price"], &first["quantity"]), (&price, &quantity));
    assert_eq!(
        (&theirs["total_count"], &first["type"], &first["symbol"]),
        (&json!(1), &json!("market"), &json!("BTC-USDT"))
    );

    // Positions, whose entry does not move any more.
    let entry = until("the position is shown", async || {
        let positions: Vec<Position> = server.read("/v1/positions").await;
        let average = positions.first()?.average_price?;
        Some(number(&average.to_string()))
    })
    .await;
    let held = updates
        .find("the position", |frame| frame["type"] == "position_update")
        .await;
    assert_eq!(held["data"]["entry_price"].as_f64(), Some(entry));
    let held = trading
        .find("the position", |frame| {
            frame["type"] == "POSITION_UPDATE" && frame["positions"][0]["symbol"] == "BTCUSDT"
        })
        .await;
    assert_eq!(held["positions"][0]["entry_price"].as_f64(), Some(entry));
    let theirs: Value = server.read("/api/v1/bot/positions").await;
    assert_eq!(theirs["positions"][0]["entry_price"].as_f64(), Some(entry));

    // Cash, which nothing but a fill moves.
    let portfolio = until("the portfolio has it", async || {
        let portfolio: Portfolio = server.portfolio("paper").await;
        (portfolio.open_positions == 1).then_some(portfolio)
    })
    .await;
    let cash = number(&portfolio.cash.to_string());
    let theirs: Value = server.read("/api/portfolio").await;
    assert_eq!(theirs["cash_balance"].as_f64(), Some(cash));
    let told = agent
        .find("the portfolio", |frame| {
            frame["event"] == "portfolio_update" && frame["data"]["active_positions"] == 1
        })
        .await;
    assert_eq!(told["data"]["balance"]["available"].as_f64(), Some(cash));
    let frame = quantum
        .find("the position", |frame| frame["positions"] == 1)
        .await;
    assert!(
        frame["undefined"]
            .as_array()
            .unwrap()
            .contains(&json!("containers"))
    );
    // The page, of which a reader without scripts sees the same.
    let page = server.get("/trades").await.text;
    assert!(
        page.contains(own[0]["id"].as_str().unwrap()) || page.contains("0.05"),
        "the page has the fill"
    );
}

/// Also to whoever is the first to listen, to whom everything is news to be said.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_silent_when_nothing_changes_is_silent() {
    let server = TestServer::still(|config| {
        config.dialects.finance.changes_ms = 100;
        config.dialects.updates.changes_ms = 100;
    })
    .await;
    let subscribe = json!({"type": "subscribe", "data": {"channels": ["dashboard", "positions", "performance"]}});
    for (path, command, last) in [
        ("/api/v1/bot/ws/portfolio", None, "portfolio_update"),
        ("/api/v1/bot/ws/positions", None, "positions_update"),
        ("/ws", Some(&subscribe), "performance_update"),
    ] {
        let mut socket = Plain::open(&server, path).await;
        if let Some(command) = command {
            socket.say(command).await;
        }
        let is = |frame: &Value, name: &str| frame["event"] == name || frame["type"] == name;
        socket.find(last, |frame| is(frame, last)).await;
        let more = socket.find("more", |frame| !is(frame, "heartbeat"));
        let more = tokio::time::timeout(Duration::from_secs(1), more).await;
        assert!(more.is_err(), "{path}: nothing has changed, but {more:?}");
    }
}

/// Whenever it came, between which beats ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_closing_is_told_to_whoever_saw_the_position_and_to_nobody_else() {
    let server = TestServer::still(|config| {
        config.dialects.bot = "mine".parse().unwrap();
        config.dialects.updates.changes_ms = 2_000;
    })
    .await;
    let fill = |id: &str, side: &str| {
        json!({"type": "fill", "id": id, "symbol": "BTCUSDT", "side": side, "quantity": "0.1",
               "price": "42000", "fee": "0"})
    };
    let is_row = |frame: &Value| frame["type"] == "position_update";
    for round in ["a", "b"] {
        // Neither beat of the dialect need see the position.
        let opened = server
            .report("mine", &[fill(&format!("{round}1"), "sell")])
            .await;
        server.portfolio_after("mine", opened.seq()).await;
        let mut saw = Plain::updates(&server, &["positions"]).await;
        let row = saw.find("the position", is_row).await;
        assert_eq!(
            (&row["data"]["side"], &row["data"]["quantity"]),
            (&json!("short"), &json!(0.1))
        );
        let closed = server
            .report("mine", &[fill(&format!("{round}2"), "buy")])
            .await;
        server.portfolio_after("mine", closed.seq()).await;
        let mut came_late = Plain::updates(&server, &["positions"]).await;
        let row = saw.find("the closing", is_row).await;
        assert_eq!(
            (&row["data"]["side"], &row["data"]["quantity"]),
            (&json!("short"), &json!(0.0))
        );
        let more = tokio::time::timeout(Duration::from_secs(3), came_late.find("a row", is_row));
        assert!(more.await.is_err(), "it never saw the position");
    }
}

/// Who comes is told what is held, and not that it was opened just now.
#[tokio::test(flavor = "multi_thread")]
async fn what_happened_before_somebody_came_is_no_news() {
    let server = TestServer::start(|config| {
        "20".clone_into(&mut config.feed.speed);
        config.agent.enabled = false;
        config.dialects.finance.changes_ms = 100;
    })
    .await;
    let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.05"});
    until("the order is taken", async || {
        let answer = server.post("/v1/orders", &order).await;
        (answer.status == 200).then_some(())
    })
    .await;
    until("the position is held", async || {
        let portfolio: Portfolio = server.portfolio("paper").await;
        (portfolio.open_positions == 1).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut agent = Plain::open(&server, "/api/v1/bot/ws").await;
    let mut updates = 0;
    let is_of_position = |frame: &Value| {
        frame["event"]
            .as_str()
            .is_some_and(|event| event.starts_with("position_"))
    };
    while updates < 5 {
        let frame = agent.find("the position", is_of_position).await;
        assert_eq!(frame["event"], "position_updated", "{frame}");
        updates += 1;
    }
    let order = json!({"symbol": "ETHUSDT", "side": "buy", "type": "market", "quantity": "0.5"});
    assert_eq!(server.post("/v1/orders", &order).await.status, 200);
    let opened = agent
        .find("what was opened now", |frame| {
            frame["event"] == "position_opened"
        })
        .await;
    assert_eq!(opened["data"]["asset_pair"], "ETHUSDT");
}

#[test]
fn the_registry_names_what_is_mounted() {
    let mounted: Vec<&str> = ROUTES
        .iter()
        .map(|route| route.path.trim_end_matches('/'))
        .collect();
    for dialect in DIALECTS {
        for path in dialect.sockets.iter().chain(dialect.rest) {
            assert!(mounted.contains(path), "{}: {path}", dialect.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_are_answered_and_the_limits_are_theirs() {
    let server = TestServer::still(|_| ()).await;
    for (path, status) in [
        ("/api/trades?limit=0", 422),
        ("/api/trades?limit=501", 422),
        ("/api/performance?period=2y", 422),
        ("/api/trades?limit=-1", 422),
        ("/api/trades?limit=99999999999", 422),
        ("/api/trades?limit=many", 400),
        ("/api/trades?offset=-1", 422),
        ("/api/v1/decisions?limit=-1", 422),
        ("/api/trades?limit=500&offset=99999999999", 200),
        ("/api/ai/decisions?offset=10000", 200),
        ("/api/ai/decisions?offset=10001", 422),
        ("/api/ai/models", 200),
        ("/api/performance?period=7d", 200),
        ("/api/performance/equity-curve", 200),
        ("/api/portfolio/positions", 200),
        ("/api/stats", 200),
        ("/api/v1/status", 200),
        ("/api/v1/bot/status", 200),
        ("/api/v1/health", 200),
        ("/stream/health", 200),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}
