//! Every frame that a socket really gets is as the document says.

use std::collections::BTreeSet;

use plainsight::server::docs::asyncapi;
use plainsight::wire::frame::Since;
use plainsight::wire::{ClientFrame, Epoch, ServerFrame, Topic};
use serde_json::{Value, json};

use super::schemas::{Document, named};
use crate::client::{Socket, after, wish, with_history};
use crate::harness::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_received_is_as_described() {
    let server = TestServer::simulated().await;
    let document = Document::of(asyncapi::document());
    let mut socket = Socket::open(&server).await;
    socket.texts = Some(Vec::new());
    socket.greet(Vec::new()).await;
    server.notes("mine", 1..=3).await;

    let paper = plainsight::domain::BotId::paper();
    let of_bot = Topic::of_bot(&paper).map(|topic| topic.to_string());
    let mut wishes: Vec<_> = of_bot.iter().map(|name| with_history(name, 5)).collect();
    for name in [
        "market:*",
        "candles:BTCUSDT:1m",
        "health",
        "alerts",
        "quality",
        "agent:mine",
        "no:topic",
    ] {
        wishes.push(wish(name));
    }
    let reply = socket.subscribe(wishes).await;
    assert_eq!(reply.errors.len(), 1);

    // ok, error, pong, resync; what cannot be read.
    let limit = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01", "price": "1000"});
    for (order, is_taken) in [(&limit, true), (&json!({}), false)] {
        let id = socket.next_id();
        socket
            .text(&json!({"type": "order", "id": id, "order": order}).to_string())
            .await;
        assert_eq!(
            matches!(socket.control().await, ServerFrame::Ok(_)),
            is_taken
        );
    }
    let id = socket.next_id();
    let trailing = json!({"symbol": "BTCUSDT", "side": "sell", "type": "trailing_stop", "quantity": "0.01", "trail_percent": "20"});
    socket
        .text(&json!({"type": "order", "id": id, "order": trailing}).to_string())
        .await;
    socket.ok(id).await;
    socket.unsubscribe("agent:mine").await;
    let other = Since {
        epoch: Epoch(1),
        offset: 1,
    };
    let id = socket.next_id();
    let topics = vec![after("agent:mine", other)];
    socket.send(&ClientFrame::Subscribe { id, topics }).await;
    // Everything that is conflated changes, and is pushed as a delta.
    for topic in [
        "market:BTCUSDT",
        "candles:BTCUSDT:1m",
        "portfolio:paper",
        "performance:paper",
        "health",
        "working:paper",
        "models:paper",
    ] {
        for _ in 0..3 {
            socket.push(topic).await;
        }
    }
    socket.drain().await;

    let mut seen = BTreeSet::new();
    for text in socket.texts.take().unwrap() {
        let frame: Value = serde_json::from_str(&text).unwrap();
        seen.insert(document.check_frame("native", "server", &frame));
    }
    for name in [
        "welcome",
        "ok",
        "error",
        "pong",
        "resync",
        "market_snapshot",
        "market_delta",
        "candles_delta",
        "portfolio_delta",
        "performance_delta",
        "health_delta",
        "orders_event",
        "working_snapshot",
        "agent_event",
        "equity_snapshot",
        "positions_snapshot",
        "models_delta",
    ] {
        assert!(
            seen.contains(&format!("native.server.{name}")),
            "no {name}: {seen:?}"
        );
    }
}

/// A schema that everything fits describes nothing.
#[test]
fn what_is_no_frame_does_not_fit() {
    let document = Document::of(asyncapi::document());
    for frame in [
        json!({}),
        json!({"type": "pong", "id": 1}),
        json!({"type": "pong", "id": "1", "t": null, "server_time": 1}),
        json!({"type": "lag", "topic": "alerts", "skipped": 1.5}),
        json!({"type": "closing", "code": 4001, "retry_ms": null}),
    ] {
        let fits = std::panic::catch_unwind(|| document.check("it", &named("ServerFrame"), &frame));
        assert!(fits.is_err(), "{frame}");
    }
}
