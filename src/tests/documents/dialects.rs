//! The older dashboards' protocols are as the documents say: what their REST faces answer, and every message
//! that their sockets really get.

mod ears;
mod sockets;

use plainsight::server::docs::openapi;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use super::rest::check;
use super::schemas::Document;
use crate::harness::{TestServer, until};

/// Every address that is read, but for sockets.
const READ: [&str; 14] = [
    "/api/portfolio",
    "/api/portfolio/positions",
    "/api/trades",
    "/api/ai/decisions",
    "/api/ai/models",
    "/api/performance",
    "/api/performance/equity-curve",
    "/api/stats",
    "/api/v1/status",
    "/api/v1/bot/status",
    "/api/v1/bot/positions",
    "/api/v1/decisions",
    "/api/v1/health",
    "/stream/health",
];
const SOCKETS: [&str; 7] = [
    "/api/v1/bot/ws",
    "/api/v1/bot/ws/portfolio",
    "/api/v1/bot/ws/positions",
    "/api/v1/bot/ws/decisions",
    "/ws",
    "/api/ws/realtime",
    "/stream/live",
];

/// Nothing that is sent is left out of the description.
fn document() -> Document {
    Document::closed(openapi::document())
}

async fn answers(server: &TestServer, document: &Document, path: &str, status: u16) -> Value {
    let answer = server.get(path).await;
    assert_eq!(answer.status, status, "{path}: {answer:?}");
    check(document, "GET", path, &answer);
    if status == 200 {
        answer.seq();
    }
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_as_described() {
    let server = TestServer::simulated().await;
    let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.05"});
    let document = document();
    until("the order is taken", async || {
        (server.post("/v1/orders", &order).await.status == 200).then_some(())
    })
    .await;
    // Every list has a row by then.
    for (path, rows) in [
        ("/api/portfolio/positions", "positions"),
        ("/api/trades", "trades"),
        ("/api/ai/decisions", "decisions"),
        ("/api/ai/models", "models"),
        ("/api/performance/equity-curve", "equity_curve"),
        ("/api/v1/bot/positions", "positions"),
        ("/api/v1/decisions", "decisions"),
    ] {
        until(path, async || {
            let answer: Value = server.read(path).await;
            (!answer[rows].as_array().unwrap().is_empty()).then_some(())
        })
        .await;
    }
    for path in READ {
        answers(&server, &document, path, 200).await;
    }
    for (path, status) in [
        ("/api/trades?limit=500&offset=1", 200),
        ("/api/trades?limit=501", 422),
        ("/api/trades?limit=x", 400),
        ("/api/ai/decisions?limit=2&offset=1", 200),
        ("/api/ai/decisions?limit=0", 422),
        ("/api/ai/decisions?offset=-1", 422),
        ("/api/performance?period=all", 200),
        ("/api/performance?period=2y", 422),
        ("/api/performance?period=1h&period=7d", 400),
        ("/api/v1/decisions?limit=3", 200),
        ("/api/v1/decisions?limit=0", 422),
        ("/api/v1/decisions?limit=x", 400),
    ] {
        answers(&server, &document, path, status).await;
    }
}

/// Of a bot that nobody knows there is nothing, or null.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_as_described() {
    let server = TestServer::still(|config| config.dialects.bot = "nobody".parse().unwrap()).await;
    let document = document();
    for path in READ {
        let is_missing = ["/api/portfolio", "/api/ai/models", "/api/performance"].contains(&path);
        let status = if is_missing { 404 } else { 200 };
        answers(&server, &document, path, status).await;
    }
    let status = answers(&server, &document, "/api/v1/status", 200).await;
    assert_eq!(
        (&status["state"], &status["portfolio"]),
        (&Value::Null, &Value::Null)
    );
    for path in SOCKETS {
        // Asked for as if it were no socket.
        let answer = server.get(path).await;
        answer.problem(400, "not_a_websocket");
        check(&document, "GET", path, &answer);
        assert_eq!(document.response("GET", path, 101), None);
    }
    for path in READ.into_iter().chain(SOCKETS) {
        let request = server.unknown("GET", path).bearer_auth("nobody's");
        let answer = server.send(request).await;
        match path {
            "/api/v1/health" | "/stream/health" => assert_eq!(answer.status, 200, "{path}"),
            _ => {
                assert_eq!(answer.status, 401, "{path}: {answer:?}");
                check(&document, "GET", path, &answer);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_read_is_told_as_described() {
    let server = TestServer::still(|_| ()).await;
    let document = document();
    let options = SqliteConnectOptions::new().filename(server.data().join("plainsight.db"));
    let mut journal = SqliteConnection::connect_with(&options).await.unwrap();
    for table in ["events", "decisions"] {
        let spoil = AssertSqlSafe(format!("ALTER TABLE {table} RENAME TO {table}_that_was"));
        sqlx::query(spoil).execute(&mut journal).await.unwrap();
    }
    for path in ["/api/trades", "/api/ai/decisions", "/api/v1/decisions"] {
        answers(&server, &document, path, 503).await;
    }
}

/// A schema that everything fits describes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_a_wrong_or_a_missing_field_does_not_fit() {
    let server = TestServer::still(|_| ()).await;
    let document = document();
    for path in READ {
        let schema = document.response("GET", path, 200).unwrap();
        let answer: Value = server.read(path).await;
        for name in answer.as_object().unwrap().keys() {
            let mut wrong = answer.clone();
            wrong[name] = json!({ "wrong": "type" });
            assert!(!document.fits(schema, &wrong), "{path}: {name}");
            let mut without = answer.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(!document.fits(schema, &without), "{path}: without {name}");
        }
    }
}
