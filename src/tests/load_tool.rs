//! The load tool's clients of the dialects against the real server: its figures are what benchmarks rest on.

use plainsight::server::dialects::DIALECTS;
use serde_json::{Value, json};

use crate::harness::{TestServer, until};
use crate::program::{load_tool, run};

/// Of each dialect.
const CLIENTS: u64 = 3;

/// Runs the tool beside the test until its end; gives what it says of each dialect.
async fn measured(url: String, token: String, seconds: &'static str) -> Vec<Value> {
    let mut command = load_tool(["dialects", "--json", "--url", &url, "--seconds", seconds]);
    command.args(["--clients", &CLIENTS.to_string()]);
    command.env("PLAINSIGHT_TOKEN", token);
    let running = tokio::task::spawn_blocking(move || run(command));
    let ran = running.await.unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let figures: Value = serde_json::from_str(&ran.stdout).unwrap();
    let told = figures["dialects"].as_array().unwrap().clone();
    let names: Vec<_> = told
        .iter()
        .map(|told| told["dialect"].as_str().unwrap())
        .collect();
    assert_eq!(names, DIALECTS.map(|dialect| dialect.name));
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_every_dialect_are_told_what_there_is() {
    let server = TestServer::start(|config| {
        "20".clone_into(&mut config.feed.speed);
        config.agent.enabled = false;
        // Several times within the run.
        config.dialects.finance.heartbeat_ms = 1_000;
        config.dialects.transparency.performance_ms = 1_000;
        config.dialects.quantum.every_ms = 1_000;
    })
    .await;
    server.priced().await;
    // What is held changes with every price, and with it what is said only then.
    let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.05"});
    let answer = server.post("/v1/orders", &order).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let all = measured(server.url(""), server.token.clone(), "5").await;
    for told in &all {
        let name = &told["dialect"];
        assert_eq!(told["errors"], json!({}), "{told}");
        assert_eq!(
            (&told["connected"], &told["connected_at_the_end"]),
            (&json!(CLIENTS), &json!(CLIENTS)),
            "{name}"
        );
        let least = told["messages_of_a_client"]["least"].as_u64().unwrap();
        assert!(least > 0, "{told}");
        let messages = told["messages"].as_u64().unwrap();
        assert!(messages >= least * CLIENTS, "{told}");
        assert!(told["bytes"].as_u64().unwrap() > messages, "{told}");
        for gaps in told["gaps"].as_array().unwrap() {
            let longest = gaps["longest_ms"].as_f64().unwrap();
            assert!(gaps["count"].as_u64().unwrap() >= CLIENTS, "{name}: {gaps}");
            assert!(
                gaps["mean_ms"].as_f64().unwrap() <= longest,
                "{name}: {gaps}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_an_error() {
    let server = TestServer::still(|_| ()).await;
    let stranger = "nobody".to_owned();
    for told in measured(server.url(""), stranger, "0.1").await {
        let errors = told["errors"].as_object().unwrap();
        let counts: Vec<_> = errors.values().collect();
        assert_eq!(counts, [&json!(CLIENTS)], "{told}");
        assert_eq!(
            (&told["connected"], &told["messages"]),
            (&json!(0), &json!(0))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_is_an_error() {
    let server = TestServer::simulated().await;
    let measuring = tokio::spawn(measured(server.url(""), server.token.clone(), "5"));
    until("all clients are there", async || {
        let all = CLIENTS * DIALECTS.len() as u64;
        (server.health().await.clients == all).then_some(())
    })
    .await;
    server.stop().await;
    for told in measuring.await.unwrap() {
        let errors = told["errors"].as_object().unwrap();
        let count: u64 = errors.values().filter_map(Value::as_u64).sum();
        assert!(count >= CLIENTS, "{told}");
        assert_eq!(told["connected_at_the_end"], 0, "{told}");
    }
}
