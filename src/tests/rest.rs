//! REST: every route, every error a problem with a code, and figures that are true at their seq.

use std::collections::{BTreeMap, BTreeSet};

use plainsight::app::routes::Page;
use plainsight::domain::{Candle, Decision, Fill, Order, Performance};
use plainsight::server::access::ROUTES;
use plainsight::wire::Payload;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::{Socket, wish};
use crate::harness::{GLANCE, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn every_reading_route_answers_with_the_seq_it_is_true_at() {
    let server = TestServer::still(|_| ()).await;
    let seq = server.health().await.seq.0;
    assert!(seq >= 5_400, "every row was an input");
    for path in [
        "/v1/portfolio",
        "/v1/positions",
        "/v1/performance",
        "/v1/candles?symbol=BTCUSDT",
        "/v1/candles?symbol=BTCUSDT&interval=5m&limit=3",
        "/v1/trades",
        "/v1/decisions?bot=paper&limit=7",
        "/v1/decisions?symbol=BTCUSDT&horizon=5m&min_confidence=0.5&max_confidence=1",
        "/v1/models",
        "/v1/orders",
        "/v1/ledger?limit=3",
        "/health",
        "/ready",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{path}"
        );
        assert_eq!(answer.seq(), seq, "{path}");
        let body = answer.json();
        assert!(
            body.as_array().is_none_or(|rows| !rows.is_empty()),
            "{path}"
        );
    }
    let three: Vec<Candle> = server
        .read("/v1/candles?symbol=BTCUSDT&interval=5m&limit=3")
        .await;
    assert_eq!(three.len(), 3);
    assert!(
        three.is_sorted_by_key(|candle| candle.open_time) && !three[2].closed && three[1].closed
    );
    let performance: Performance = server.read("/v1/performance").await;
    assert_eq!(
        json!(performance.time),
        json!(server.portfolio("paper").await.time)
    );
    let decisions: Vec<Decision> = server.read("/v1/decisions?limit=7").await;
    assert_eq!(decisions.len(), 7);
}

/// A figure of a moving market is true at its seq exactly: it is what the socket pushed with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_seq_is_the_same_figure_on_rest_and_socket() {
    let server = TestServer::simulated().await;
    let mut socket = Socket::hello(&server).await;
    socket.subscribe(vec![wish("portfolio:paper")]).await;
    let mut pushed = BTreeMap::new();
    let mut compared = 0;
    for _ in 0..200 {
        let answer = server.get("/v1/portfolio").await;
        while pushed
            .keys()
            .next_back()
            .is_none_or(|seq| *seq < answer.seq())
        {
            let (push, value) = socket.told("portfolio:paper").await;
            pushed.insert(push.seq.0, value);
        }
        // A value that the socket skipped for a newer one cannot be compared.
        if let Some(push) = pushed.get(&answer.seq()) {
            assert_eq!(*push, Payload::Portfolio(answer.read()));
            compared += 1;
        }
        if compared >= 20 && pushed.len() > 5 {
            return;
        }
        tokio::time::sleep(GLANCE).await;
    }
    panic!("only {compared} of 200 answers were at the seq of a push");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_problems_with_a_code_and_the_field() {
    let server = TestServer::still(|_| ()).await;
    let field = |problem: &Value| problem["field"].as_str().map(str::to_owned);
    for (path, status, code) in [
        ("/v1/portfolio?bot=nobody", 404, "not_found"),
        ("/v1/portfolio?bot=No%20Bot", 400, "invalid_query"),
        ("/v1/portfolio?robot=paper", 400, "invalid_query"),
        ("/v1/positions?bot=nobody", 404, "not_found"),
        ("/v1/performance?bot=nobody", 404, "not_found"),
        ("/v1/candles", 400, "invalid_query"),
        (
            "/v1/candles?symbol=BTCUSDT&interval=3m",
            400,
            "invalid_query",
        ),
        ("/v1/candles?symbol=DOGEUSDT", 404, "not_found"),
        ("/v1/candles?symbol=BTCUSDT&limit=-1", 400, "invalid_query"),
        ("/v1/trades?limit=0", 400, "invalid_limit"),
        ("/v1/trades?limit=501", 400, "invalid_limit"),
        ("/v1/trades?before=x", 400, "invalid_query"),
        ("/v1/orders?bot=nobody", 404, "not_found"),
        ("/v1/decisions?bot=nobody", 404, "not_found"),
        ("/v1/models?bot=nobody", 404, "not_found"),
    ] {
        let problem = server.get(path).await.problem(status, code);
        assert!(
            problem["title"].is_string() && problem["detail"].is_string(),
            "{path}: {problem}"
        );
        assert_eq!(
            field(&problem),
            (code == "invalid_limit").then(|| "limit".to_owned()),
            "{path}"
        );
    }
    let order = |change: Value| {
        let mut order =
            json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.001"});
        order
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        order
    };
    for (body, status, code, at) in [
        (json!([]), 400, "invalid_body", None),
        (
            order(json!({"typ": "market"})),
            400,
            "invalid_body",
            Some("typ"),
        ),
        (
            order(json!({"quantity": "lots"})),
            400,
            "invalid_body",
            Some("quantity"),
        ),
        (
            order(json!({"quantity": "0"})),
            422,
            "invalid_quantity",
            Some("quantity"),
        ),
        (
            order(json!({"quantity": "-1"})),
            422,
            "invalid_quantity",
            Some("quantity"),
        ),
        (
            order(json!({"type": "limit"})),
            422,
            "missing_price",
            Some("price"),
        ),
        (
            order(json!({"price": "1"})),
            422,
            "unexpected_price",
            Some("price"),
        ),
        (
            order(json!({"symbol": "DOGEUSDT"})),
            422,
            "unknown_symbol",
            Some("symbol"),
        ),
        (
            order(json!({"quantity": "1000"})),
            422,
            "insufficient_funds",
            Some("quantity"),
        ),
        (
            order(json!({"quantity": "0.123456789"})),
            422,
            "out_of_range",
            Some("quantity"),
        ),
        (
            order(json!({"client_order_id": "a b"})),
            422,
            "invalid_client_order_id",
            Some("client_order_id"),
        ),
    ] {
        let problem = server.post("/v1/orders", &body).await.problem(status, code);
        assert_eq!(field(&problem).as_deref(), at, "{body}: {problem}");
    }
    let text = server
        .request("POST", "/v1/orders")
        .body("{")
        .header("content-type", "application/json");
    server.send(text).await.problem(400, "invalid_body");
    let unknown = server
        .send(server.request("DELETE", "/v1/orders/ord-1-1"))
        .await;
    unknown.problem(404, "unknown_order");
    assert!(
        server.health().await.ready,
        "none of it has harmed anything"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_placed_found_and_taken_back() {
    let server = TestServer::still(|_| ()).await;
    let wanted = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01",
                        "price": "20000", "client_order_id": "mine-1"});
    let placed = server.post("/v1/orders", &wanted).await;
    let order: Order = placed.read();
    assert_eq!(
        (order.status.as_str(), order.client_order_id.as_deref()),
        ("accepted", Some("mine-1"))
    );
    let again = server.post("/v1/orders", &wanted).await;
    assert_eq!(again.header("plainsight-duplicate"), Some("true"));
    assert_eq!(again.read::<Order>(), order, "the same order, as it is now");
    let newest: Vec<Order> = server.read("/v1/orders?limit=1").await;
    assert_eq!(newest, std::slice::from_ref(&order));
    let taken = server
        .send(server.request("DELETE", &format!("/v1/orders/{}", order.id)))
        .await;
    let cancelled: Order = taken.read();
    assert_eq!(
        (&cancelled.id, cancelled.status.as_str()),
        (&order.id, "cancelled")
    );
    assert!(taken.seq() > placed.seq());
}

/// Follows `Plainsight-Next-Before` to the end.
async fn all_pages(server: &TestServer, path: &str, limit: u32) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut before = String::new();
    loop {
        let answer: Answer = server.get(&format!("{path}?limit={limit}{before}")).await;
        let page: Vec<Value> = answer.read();
        assert!(page.len() <= limit as usize);
        rows.extend(page);
        match answer.header("plainsight-next-before") {
            Some(next) => {
                let link = answer.header("link").unwrap();
                assert!(
                    link.contains(&format!("before={next}")) && link.contains("rel=\"next\""),
                    "{link}"
                );
                before = format!("&before={next}");
            }
            None => return rows,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cover_everything_once() {
    let server = TestServer::still(|_| ()).await;
    for path in ["/v1/trades", "/v1/decisions", "/v1/orders"] {
        let whole = all_pages(&server, path, 500).await;
        assert!(whole.len() > 20, "{path}: {}", whole.len());
        for limit in [1, 7, u32::try_from(whole.len()).unwrap()] {
            if limit <= 500 {
                assert_eq!(
                    all_pages(&server, path, limit).await,
                    whole,
                    "{path} by {limit}"
                );
            }
        }
    }
    let fills: Vec<Fill> =
        serde_json::from_value(json!(all_pages(&server, "/v1/trades", 9).await)).unwrap();
    let ids: BTreeSet<_> = fills.iter().map(|fill| &fill.id).collect();
    assert_eq!(ids.len(), fills.len(), "none twice");
    assert_eq!(fills.len() as u64, server.portfolio("paper").await.fills);
    assert!(
        fills.is_sorted_by(|newer, older| newer.time >= older.time),
        "the newest first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_can_be_scraped() {
    let server = TestServer::still(|_| ()).await;
    let answer = server.get("/metrics").await;
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    assert!(answer.text.ends_with("# EOF\n"));
    let samples: Vec<(&str, f64)> = answer
        .text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.split_once(' ').unwrap();
            (name, value.parse().unwrap())
        })
        .collect();
    let value = |wanted: &str| {
        let found = samples.iter().find(|(name, _)| *name == wanted);
        found
            .unwrap_or_else(|| panic!("no {wanted} in {samples:?}"))
            .1
    };
    assert_eq!(value("plainsight_ready"), 1.0);
    assert_eq!(value("plainsight_feed_rows"), 5_400.0);
    assert_eq!(value("plainsight_inputs_total"), 5_400.0);
    assert_eq!(value("plainsight_seq"), server.health().await.seq.0 as f64);
    assert!(value("plainsight_commits_total") >= 1.0);
    assert!(value("plainsight_journal_size_bytes") > 0.0);
    assert!(
        samples
            .iter()
            .all(|(name, _)| name.starts_with("plainsight_"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_says_that_it_is_ready() {
    let server = TestServer::still(|_| ()).await;
    let ready = server.get("/ready").await;
    assert_eq!(
        (ready.status, ready.json()),
        (200, json!({"ready": true, "problems": []}))
    );
    let health = server.health().await;
    assert_eq!((health.feed.rows, health.feed.rejected_rows), (5_400, 0));
    assert!(health.journal.writable && health.process.uptime_s < 600);
    assert_eq!(health.mode.label(), "REPLAY");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_declared_address_answers_and_no_other() {
    let server = TestServer::still(|_| ()).await;
    for route in &ROUTES {
        let path = route
            .path
            .replace("{id}", "ord-1-1")
            .replace("{symbol}", "BTCUSDT")
            .replace("{bot}", "mine")
            .replace("{file}", "swagger-ui.css");
        let answer = server.send(server.request(route.method, &path)).await;
        // An order or a decision that is not there is an answer of the route itself.
        let answered = answer.status != 404
            || ["unknown_order", "unknown_decision"]
                .contains(&answer.json()["code"].as_str().unwrap());
        assert!(
            answered && answer.status < 500,
            "{} {path}: {answer:?}",
            route.method
        );
        let declared = |method: &str| {
            ROUTES
                .iter()
                .any(|other| other.path == route.path && other.method == method)
        };
        let is_page = Page::of_path(route.path).is_some();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let shows = is_page && method == "GET";
            if !declared(method) && !shows {
                let answer = server.send(server.request(method, &path)).await;
                answer.problem(405, "method_not_allowed");
            }
        }
    }
    for path in [
        "/v1",
        "/v1/",
        "/v1/portfolio/x",
        "/v1/bots/mine",
        "/v1/nowhere",
    ] {
        server.get(path).await.problem(404, "not_found");
        server
            .post(path, &json!({}))
            .await
            .problem(404, "not_found");
    }
    for path in ["/v2/portfolio", "/admin", "/nowhere"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    for path in [
        "/../Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/pkg/../../Cargo.toml",
        "/%00",
    ] {
        let answer = server.get(path).await;
        assert!(
            answer.status >= 400 && !answer.text.contains("[package]"),
            "{path}: {answer:?}"
        );
    }
}
