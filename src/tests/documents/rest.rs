//! What REST answers is as the document says.

use plainsight::server::docs::openapi;
use serde_json::{Value, json};

use super::schemas::Document;
use crate::answer::Answer;
use crate::harness::TestServer;

#[track_caller]
pub fn check(document: &Document, method: &str, path: &str, answer: &Answer) {
    let place = path.split('?').next().unwrap();
    let schema = document.response(method, place, answer.status);
    match schema {
        Some(schema) => document.check(&format!("{method} {path}"), schema, &answer.json()),
        None => assert!(
            answer.header("content-type") != Some("application/json"),
            "{answer:?}"
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_as_described() {
    let server = TestServer::still(|_| ()).await;
    let document = Document::of(openapi::document());
    let mut read = 0;
    let mut last_order = Value::Null;
    for path in [
        "/health",
        "/ready",
        "/metrics",
        "/v1/portfolio",
        "/v1/positions",
        "/v1/performance",
        "/v1/candles?symbol=BTCUSDT",
        "/v1/trades",
        "/v1/decisions",
        "/v1/decisions?states=newest",
        "/v1/models",
        "/v1/orders",
        "/v1/orders/open",
        "/v1/working",
        "/v1/instruments",
        "/v1/ledger",
        "/v1/log/sth",
        "/v1/log/sth?list=2",
        "/v1/log/entries?start=0&end=2",
        "/v1/log/proof?index=0&size=5",
        "/v1/log/consistency?first=1&second=2",
        "/v1/auth/me",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        check(&document, "GET", path, &answer);
        if path == "/v1/orders" {
            last_order = answer.json()[0].clone();
        }
        read += 1;
    }
    assert_eq!(read, 22);
    let (order, decision) = (&last_order["id"], &last_order["decision"]);
    for (place, id, rest) in [
        ("/v1/orders/{id}", order, ""),
        ("/v1/orders/{id}/explain", order, "/explain"),
        ("/v1/decisions/{id}", decision, ""),
    ] {
        let root = place.split("{id}").next().unwrap();
        let answer = server
            .get(&format!("{root}{}{rest}", id.as_str().unwrap()))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        check(&document, "GET", place, &answer);
        let answer = server.get(&format!("{root}none-such{rest}")).await;
        assert_eq!(answer.status, 404, "{answer:?}");
        check(&document, "GET", place, &answer);
    }
}

/// What is asked for in vain is a problem, and one that is described.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_and_what_is_refused_is_as_described() {
    let server = TestServer::still(|config| config.agent.enabled = false).await;
    let document = Document::of(openapi::document());
    let market = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.01"});
    let limit = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01", "price": "1000"});
    let bracket = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01",
                         "price": "1000", "stop_loss": "900"});
    let note = json!({"type": "note", "id": "n-1", "text": "hello"});
    for (path, body, status) in [
        ("/v1/orders", &market, 200),
        ("/v1/orders", &limit, 200),
        ("/v1/orders", &bracket, 200),
        ("/v1/orders", &json!({}), 400),
        ("/v1/orders", &json!([]), 400),
        ("/v1/orders/check", &market, 200),
        ("/v1/orders/oco", &json!({"legs": [limit, limit]}), 422),
        ("/v1/pause", &json!(null), 200),
        ("/v1/kill", &json!(null), 200),
        ("/v1/orders", &market, 409),
        ("/v1/resume", &json!(null), 200),
        (
            "/v1/auth/login",
            &json!({"username": "x", "password": "y"}),
            401,
        ),
        (
            "/v1/auth/password",
            &json!({"current": "x", "password": "y"}),
            403,
        ),
    ] {
        let answer = server.post(path, body).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        check(&document, "POST", path, &answer);
    }
    let answer = server
        .post("/v1/bots/mine/events", &json!([note, {"type": "x"}]))
        .await;
    assert_eq!(answer.json()["recorded"], 1, "{answer:?}");
    check(&document, "POST", "/v1/bots/{bot}/events", &answer);
    // What cannot be decoded is a problem, too.
    for (method, path, place) in [
        ("GET", "/v1/orders/%FF", "/v1/orders/{id}"),
        ("DELETE", "/v1/orders/%FF", "/v1/orders/{id}"),
        ("GET", "/v1/decisions/%FF", "/v1/decisions/{id}"),
        ("POST", "/v1/bots/%FF/events", "/v1/bots/{bot}/events"),
        (
            "POST",
            "/v1/positions/%FF/close",
            "/v1/positions/{symbol}/close",
        ),
    ] {
        let answer = server.send(server.request(method, path)).await;
        answer.problem(400, "invalid_path");
        check(&document, method, place, &answer);
    }
}
