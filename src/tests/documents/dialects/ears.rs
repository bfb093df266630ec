//! Clients of the older dashboards' sockets that pass on everything they hear.

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::dialects::Plain;
use crate::documents::schemas::Document;
use crate::harness::TestServer;

/// A message: the channel, its name, what it brings.
pub type Heard = (&'static str, String, Value);

/// What of a frame tells which message it is.
fn name_of(channel: &str, frame: &Value) -> String {
    let name = match channel {
        "updates" | "trading" => &frame["type"],
        "quantum" => return "live".to_owned(),
        _ => &frame["event"],
    };
    name.as_str().unwrap_or("none").to_owned()
}

/// Says these things on a socket; those that have a name are as the document says.
pub async fn listen(
    server: &TestServer,
    document: &Document,
    (channel, path): (&'static str, &str),
    said: &[(&str, Value)],
    heard: UnboundedSender<Heard>,
) {
    let mut socket = Plain::open(server, path).await;
    for (name, message) in said {
        if !name.is_empty() {
            document.check_message(channel, "client", name, message);
        }
        socket.say(message).await;
    }
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.0.next().await {
            if let Message::Text(text) = message {
                let frame: Value = serde_json::from_str(&text).unwrap();
                let _ = heard.send((channel, name_of(channel, &frame), frame));
            }
        }
    });
}

/// The same on the Socket.IO namespace, in its packets: `40` connects, `42` is an event, `44` a refusal; `2` asks
/// whether somebody is there, and `3` answers.
pub async fn listen_socket_io(
    server: &TestServer,
    document: &Document,
    token: &str,
    said: &[(&str, Value)],
    heard: UnboundedSender<Heard>,
) {
    let channel = "transparency";
    let address = format!("ws://{}/socket.io/?EIO=4&transport=websocket", server.addr);
    let (mut socket, _) = connect_async(address).await.unwrap();
    let connect = json!({ "token": token });
    document.check_message(channel, "client", "connect", &connect);
    let connect = Message::text(format!("40{connect}"));
    socket.send(connect).await.unwrap();
    let mut events = Vec::new();
    for (name, message) in said {
        if !name.is_empty() {
            document.check_message(channel, "client", name, message);
        }
        events.push(Message::text(format!("42{}", json!([name, message]))));
    }
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else {
                continue;
            };
            if text == "2" {
                socket.send(Message::text("3")).await.unwrap();
            } else if let Some(event) = text.strip_prefix("42") {
                let (name, told): (String, Value) = serde_json::from_str(event).unwrap();
                // Whoever is connected may speak.
                if name == "connected" {
                    for event in events.drain(..) {
                        socket.send(event).await.unwrap();
                    }
                }
                let _ = heard.send((channel, name, told));
            } else if let Some(refusal) = text.strip_prefix("44") {
                let refusal = serde_json::from_str(refusal).unwrap();
                let _ = heard.send((channel, "connect_error".to_owned(), refusal));
            }
        }
    });
}
