//! Much at once, and the server's end: who listens to a dialect misses nothing, and comes back by itself.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use futures::future::join_all;
use plainsight::auth::Anonymous;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::namespace::Namespace;
use super::{Plain, python, root};
use crate::harness::{PATIENCE, TestServer};
use crate::program::Running;

/// Reports at once, and fills in each: together more than memory has of a log, and than the casters' queues hold.
const REPORTS: usize = 4;
const FILLS: usize = 1_000;

async fn trades_of_a_plain_socket(mut socket: Plain, event: &str, id: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    while seen.len() < REPORTS * FILLS {
        let is_trade = |frame: &Value| frame["event"] == event || frame["type"] == event;
        let frame = socket.find("a trade", is_trade).await;
        seen.push(frame["data"][id].clone());
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_all_of_a_burst_in_order() {
    let server = TestServer::still(|config| {
        config.dialects.bot = "mine".parse().unwrap();
        config.auth.anonymous = Some(Anonymous::Viewer);
    })
    .await;
    server.notes("mine", 1..=1).await;
    let mut transparency = Namespace::open(&server).await;
    transparency.subscribe(&["trade_feed"]).await;
    let agent = Plain::open(&server, "/api/v1/bot/ws").await;
    let updates = Plain::updates(&server, &["trades"]).await;

    let reporting = join_all((0..REPORTS).map(|report| {
        let fills: Vec<Value> = (0..FILLS)
            .map(|fill| {
                json!({"type": "fill", "id": format!("f{report}-{fill}"), "symbol": "BTCUSDT",
                       "side": if fill % 2 == 0 { "buy" } else { "sell" },
                       "quantity": "0.1", "price": "42000", "fee": "0"})
            })
            .collect();
        let server = &server;
        async move { server.report("mine", &fills).await }
    }));
    let of_transparency = async {
        let mut seen = Vec::new();
        while seen.len() < REPORTS * FILLS {
            let trade = transparency.find("trade_feed", |_| true).await;
            assert_eq!(trade["type"], Value::Null, "its bot named no order");
            let id = trade["id"].as_str().unwrap().to_owned();
            seen.push(json!(id.strip_prefix("trade-").unwrap()));
        }
        seen
    };
    let (_, first, second, third) = tokio::join!(
        reporting,
        of_transparency,
        trades_of_a_plain_socket(agent, "trade_executed", "trade_id"),
        trades_of_a_plain_socket(updates, "trade_update", "id"),
    );
    let mut journalled: Vec<Value> = Vec::new();
    while journalled.len() < REPORTS * FILLS {
        let path = format!("/api/trades?limit=500&offset={}", journalled.len());
        let page: Value = server.read(&path).await;
        let trades = page["trades"].as_array().unwrap().iter();
        let id = |trade: &Value| trade["id"].as_str().unwrap().replacen("trade-", "", 1);
        journalled.extend(trades.map(|trade| json!(id(trade))));
    }
    journalled.reverse();
    assert!(first == journalled, "the Transparency Dashboard");
    assert!(second == journalled, "the Finance Feedback Engine");
    assert!(third == journalled, "Real-time Data Updates");
}

/// A real client as a program of its own, which says when it is connected.
struct Comeback {
    _program: Running,
    lines: UnboundedReceiver<String>,
}

impl Comeback {
    fn start(server: &TestServer, program: &Path, script: &str, transport: &str) -> Self {
        let mut command = Command::new(program);
        command
            .arg(root().join("src/tests/dialects/clients").join(script))
            .args([&server.url(""), transport])
            .env("PLAINSIGHT_TOKEN", &server.token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let output = BufReader::new(program.stdout.take().unwrap());
        let (told, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        Self {
            _program: Running(program),
            lines,
        }
    }

    async fn is_connected(&mut self) -> bool {
        let line = timeout(PATIENCE, self.lines.recv()).await;
        matches!(line, Ok(Some(line)) if line == "connected")
    }
}

/// Nobody has to reload an older dashboard's page because its server was updated.
#[tokio::test(flavor = "multi_thread")]
async fn socket_io_clients_come_back_after_a_restart() {
    let server = TestServer::still(|_| ()).await;
    let mut programs = vec![(PathBuf::from("node"), "comeback.mjs")];
    programs.extend(python().map(|python| (python, "comeback.py")));
    let mut clients = Vec::new();
    for (program, script) in &programs {
        for transport in ["websocket", "polling"] {
            let client = Comeback::start(&server, program, script, transport);
            clients.push((script, transport, client));
        }
    }
    for (script, transport, client) in &mut clients {
        assert!(client.is_connected().await, "{script} {transport}");
    }
    let stopped = timeout(Duration::from_secs(4), server.stop()).await;
    let server = stopped.expect("polls hold it up").start().await;
    for (script, transport, client) in &mut clients {
        assert!(
            client.is_connected().await,
            "{script} {transport}: it stays away"
        );
    }
    server.stop().await;
}
