//! A trailing stop on AI-Trading: where its stop is and what it follows is told as it moves, and when it fires.

use plainsight::domain::{Order, OrderStatus};
use serde_json::{Value, json};

use super::Plain;
use crate::harness::{TestServer, until};

/// Of a trailing stop, in whichever state.
async fn update(socket: &mut Plain, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let is_its = |frame: &Value| frame["type"] == "ORDER_UPDATE" && frame["order"]["id"] == id;
    let found = socket
        .find("its update", |frame| {
            is_its(frame) && wanted(&frame["order"])
        })
        .await;
    assert_eq!(found["orderType"], "TRAILING_STOP");
    found["order"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trailing_stop_is_told_as_it_moves_and_when_it_fires() {
    let server = TestServer::start(|config| {
        "60".clone_into(&mut config.feed.speed);
        config.agent.enabled = false;
        config.dialects.trading.positions_ms = 100;
    })
    .await;
    server.priced().await;
    let mut socket = Plain::open(&server, "/api/ws/realtime").await;
    let buy = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.1"});
    assert_eq!(server.post("/v1/orders", &buy).await.status, 200);
    // So near that it fires in seconds.
    let trailing = json!({"symbol": "BTCUSDT", "side": "sell", "type": "trailing_stop", "quantity": "0.05",
                          "trail_percent": "0.2"});
    let order: Order = server.post("/v1/orders", &trailing).await.read();
    let id = order.id.as_str();

    let mut moves: Vec<(f64, f64)> = Vec::new();
    let fired = loop {
        let told = update(&mut socket, id, |_| true).await;
        let (stop, peak) = (&told["current_stop_price"], &told["peak_price"]);
        if told["status"] == "TRIGGERED" || told["status"] == "FILLED" {
            break told;
        }
        if let (Some(stop), Some(peak)) = (stop.as_f64(), peak.as_f64()) {
            let off = (peak - stop) / peak;
            assert!((off - 0.002).abs() < 1e-4, "{off}: {told}");
            moves.extend(Some((stop, peak)).filter(|now| moves.last() != Some(now)));
        }
    };
    assert!(!moves.is_empty(), "it has never moved");
    assert!(moves.is_sorted(), "a sell stop never falls: {moves:?}");
    let order = until("it is filled", async || {
        let story: Value = server.read(&format!("/v1/orders/{id}")).await;
        let order: Order = serde_json::from_value(story["order"].clone()).unwrap();
        (order.status == OrderStatus::Filled).then_some(order)
    })
    .await;
    let stop = order.trigger.unwrap().stop_price.to_string().parse().ok();
    assert_eq!(fired["current_stop_price"].as_f64(), stop, "{fired}");
    if let (Some(stop), Some(peak)) = (stop, fired["peak_price"].as_f64()) {
        assert!(((peak - stop) / peak - 0.002).abs() < 1e-4, "{fired}");
    }
}
