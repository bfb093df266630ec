//! Quantum Trader's figures out of a real Redis: what is there, what is not, and that it may go and come.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Plain;
use crate::harness::{TestServer, until};
use crate::program::{Running, free_address, signal};

const KEYS: [(&str, &str); 8] = [
    ("system:cpu", "56.21"),
    ("system:ram", "83.44"),
    ("ai:accuracy", "0.783"),
    ("ai:latency", "158"),
    ("portfolio:sharpe", "1.21"),
    ("portfolio:pnl", "126692.14"),
    ("portfolio:positions", "14"),
    ("portfolio:exposure", "0.62"),
];

/// It keeps nothing, so that the next one on its port begins without a key.
struct Redis {
    running: Running,
    _home: TempDir,
}

impl Redis {
    async fn start(port: u16) -> (Self, MultiplexedConnection) {
        let home = tempfile::tempdir().unwrap();
        let port_text = port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port_text, "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(home.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is not there: run `make setup-test`");
        let redis = Self {
            running: Running(child),
            _home: home,
        };
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
        let connection = until("Redis answers", async || {
            client.get_multiplexed_async_connection().await.ok()
        });
        (redis, connection.await)
    }

    fn signal(&self, name: &str) {
        signal(self.running.0.id(), name);
    }
}

async fn run(connection: &mut MultiplexedConnection, command: &[&str]) -> redis::Value {
    let mut asked = redis::cmd(command[0]);
    asked.arg(&command[1..]);
    asked.query_async(connection).await.unwrap()
}

async fn fill(connection: &mut MultiplexedConnection) {
    for (key, value) in KEYS {
        run(connection, &["SET", key, value]).await;
    }
}

fn is_of(source: &str) -> impl Fn(&Value) -> bool {
    move |frame| frame["source"] == source
}

async fn asked(connection: &mut MultiplexedConnection) -> u64 {
    let told: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(connection)
        .await
        .unwrap();
    let mget = told.lines().find_map(|line| {
        let calls = line.strip_prefix("cmdstat_mget:calls=")?;
        calls.split(',').next()?.parse().ok()
    });
    mget.unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_redis_come_while_it_is_there_and_are_named_where_they_are_bad() {
    let port = free_address().port();
    let (redis, mut connection) = Redis::start(port).await;
    fill(&mut connection).await;
    let server = TestServer::start(|config| {
        let url = format!("redis://127.0.0.1:{port}/0");
        config.redis.url = Some(url.try_into().unwrap());
        config.dialects.quantum.every_ms = 200;
        config.agent.enabled = false;
    })
    .await;
    let mut socket = Plain::open(&server, "/stream/live").await;
    let frame = socket.find("Redis's figures", is_of("redis")).await;
    for (name, value) in [
        ("cpu", json!(56.21)),
        ("ram", json!(83.44)),
        ("accuracy", json!(0.783)),
        ("latency", json!(158.0)),
        ("sharpe", json!(1.21)),
        ("pnl", json!(126_692.14)),
        ("positions", json!(14)),
        ("exposure", json!(0.62)),
        ("quality", json!({})),
    ] {
        assert_eq!(frame[name], value, "{name}: {frame}");
    }

    // One question a second, however often frames are sent.
    let before = asked(&mut connection).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let questions = asked(&mut connection).await - before;
    assert!((1..=6).contains(&questions), "{questions} in 4 s");

    for command in [
        &["SET", "ai:accuracy", "n/a"][..],
        &["DEL", "ai:latency"],
        &["DEL", "system:ram"],
        &["RPUSH", "system:ram", "83.44"],
        &["SET", "portfolio:exposure", "-0.1"],
    ] {
        run(&mut connection, command).await;
    }
    let bad = json!({
        "accuracy": "not_a_number",
        "latency": "absent",
        "ram": "wrong_type",
        "exposure": "out_of_range",
    });
    let frame = socket
        .find("what is at fault", |frame| frame["quality"] == bad)
        .await;
    let undefined = frame["undefined"].as_array().unwrap();
    for name in ["accuracy", "latency", "ram", "exposure"] {
        assert!(
            undefined.contains(&json!(name)) && frame[name] == 0,
            "{name}: {frame}"
        );
    }
    assert_eq!(frame["pnl"], json!(126_692.14), "{frame}");

    // It hangs: our own figures, at the usual pace. It goes on: its own again.
    redis.signal("STOP");
    let frame = socket.find("our own figures", is_of("engine")).await;
    assert_eq!(
        (&frame["pnl"], &frame["positions"]),
        (&json!(0.0), &json!(0))
    );
    assert_eq!(frame["quality"], json!({}));
    redis.signal("CONT");
    socket.find("Redis's figures again", is_of("redis")).await;

    // It dies, and another one takes its place.
    drop(redis);
    socket.find("our own figures", is_of("engine")).await;
    let (_redis, mut connection) = Redis::start(port).await;
    fill(&mut connection).await;
    let frame = socket
        .find("the new Redis's figures", |frame| {
            frame["pnl"] == json!(126_692.14)
        })
        .await;
    assert_eq!(frame["source"], "redis");
    assert!(server.health().await.ready);
}

/// The answer is a part of Docker's: for each container that runs an object.
#[tokio::test(flavor = "multi_thread")]
async fn containers_are_counted_where_a_socket_tells_them() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("docker.sock");
    let server = TestServer::still(|config| {
        config.dialects.quantum.every_ms = 200;
        config.dialects.quantum.container_sockets =
            vec![home.path().join("none.sock"), socket.clone()];
    })
    .await;
    let mut stream = Plain::open(&server, "/stream/live").await;
    let is_undefined = |frame: &Value| {
        let undefined = frame["undefined"].as_array().unwrap();
        undefined.contains(&json!("containers"))
    };
    stream.find("nobody to ask", is_undefined).await;
    let daemon = tokio::spawn(daemon(socket.clone()));
    let frame = stream
        .find("a count", |frame| frame["containers"] == 2)
        .await;
    assert!(!is_undefined(&frame), "{frame}");
    daemon.abort();
    let _ = daemon.await;
    stream.find("nobody to ask any more", is_undefined).await;
}

async fn daemon(socket: impl AsRef<Path>) {
    let running = || async {
        let container = |id: &str| json!({ "Id": id, "State": "running", "Status": "Up 2 hours" });
        axum::Json([container("4f0c"), container("9a1e")])
    };
    let router = axum::Router::new().route("/containers/json", axum::routing::get(running));
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    axum::serve(listener, router).await.unwrap();
}
