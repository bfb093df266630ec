//! The WebSocket side of the stand-in: requests, pings, what the player sends.

use std::collections::BTreeSet;
use std::time::Instant;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Listener, Order, Shared};

pub async fn combined(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| serve(socket, shared, true))
}

pub async fn raw(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| serve(socket, shared, false))
}

async fn serve(mut socket: WebSocket, shared: Shared, combined: bool) {
    let (orders, mut ordered) = mpsc::channel(256);
    let (number, every) = {
        let mut state = shared.0.lock();
        state.noticed.connections += 1;
        let number = state.noticed.connections;
        let listener = Listener {
            streams: BTreeSet::new(),
            combined,
            orders,
            muted: false,
        };
        state.listeners.insert(number, listener);
        (number, state.script.ping_every)
    };
    let mut ping = tokio::time::interval(every);
    let mut pinged = 0_u64;
    loop {
        tokio::select! {
            order = ordered.recv() => match order {
                Some(Order::Text(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        break;
                    }
                }
                Some(Order::Close) => {
                    let frame = CloseFrame { code: 1001, reason: "24 hours".into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    break;
                }
                // The socket is dropped without a word.
                Some(Order::Cut) | None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let reply = request(&shared, number, &text);
                    if socket.send(Message::text(reply.to_string())).await.is_err() {
                        break;
                    }
                    shared.1.notify_waiters();
                }
                Some(Ok(Message::Pong(payload))) => {
                    if payload.as_ref() == pinged.to_be_bytes() {
                        shared.0.lock().noticed.pongs += 1;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            _ = ping.tick() => {
                pinged += 1;
                shared.0.lock().noticed.pings += 1;
                let payload = pinged.to_be_bytes().to_vec();
                if socket.send(Message::Ping(payload.into())).await.is_err() {
                    break;
                }
            }
        }
    }
    shared.0.lock().listeners.remove(&number);
}

/// Carries a request out and gives the reply.
fn request(shared: &Shared, number: u32, text: &str) -> Value {
    let mut state = shared.0.lock();
    state.noticed.requests.push((number, Instant::now()));
    let Ok(request) = serde_json::from_str::<Value>(text) else {
        return json!({"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"});
    };
    let id = &request["id"];
    if state.script.refusals > 0 {
        state.script.refusals -= 1;
        return json!({"code": 2, "msg": "Invalid request: request ID must be an unsigned integer", "id": id});
    }
    let names = || {
        let params = request["params"].as_array().cloned().unwrap_or_default();
        params
            .into_iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let Some(listener) = state.listeners.get_mut(&number) else {
        return json!({"result": null, "id": id});
    };
    match request["method"].as_str() {
        Some("SUBSCRIBE") => listener.streams.extend(names()),
        Some("UNSUBSCRIBE") => {
            for name in names() {
                listener.streams.remove(&name);
            }
        }
        _ => return json!({"code": 2, "msg": "Invalid request: unknown variant", "id": id}),
    }
    json!({"result": null, "id": id})
}
