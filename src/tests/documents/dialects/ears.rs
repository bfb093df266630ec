//! Clients of the older dashboards' sockets that pass on everything they hear.

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio_tungstenite::tungstenite::Message;

use crate::dialects::Plain;
use crate::dialects::namespace::Namespace;
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

/// The same on the Socket.IO namespace.
pub async fn listen_socket_io(
    server: &TestServer,
    document: &Document,
    token: &str,
    said: &[(&str, Value)],
    heard: UnboundedSender<Heard>,
) {
    let channel = "transparency";
    let connect = json!({ "token": token });
    document.check_message(channel, "client", "connect", &connect);
    let mut client = Namespace::knock(server, &connect).await;
    let mut events = Vec::new();
    for (name, message) in said {
        if !name.is_empty() {
            document.check_message(channel, "client", name, message);
        }
        events.push(((*name).to_owned(), message.clone()));
    }
    tokio::spawn(async move {
        while let Some((name, told)) = client.event().await {
            // Whoever is connected may speak.
            if name == "connected" {
                for (name, message) in events.drain(..) {
                    client.emit(&name, &message).await;
                }
            }
            let _ = heard.send((channel, name, told));
        }
    });
}
