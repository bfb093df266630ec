//! The Socket.IO namespace in its packets, for what no library shows: `40` connects, `41` sends away, `42` is an
//! event, `44` a refusal; `2` is answered by `3`.

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;

use super::Plain;
use crate::harness::{PATIENCE, TestServer};

pub struct Namespace(Plain);

fn address(server: &TestServer) -> String {
    format!("ws://{}/socket.io/?EIO=4&transport=websocket", server.addr)
}

impl Namespace {
    /// Connects, and has been told so.
    pub async fn open(server: &TestServer) -> Self {
        let mut namespace = Self::knock(server, &json!({ "token": server.token })).await;
        namespace.find("connected", |_| true).await;
        namespace
    }

    /// Asks to be let in, with what it shows.
    pub async fn knock(server: &TestServer, shown: &Value) -> Self {
        let (stream, _) = connect_async(address(server)).await.unwrap();
        Self::enter(Plain(stream), shown).await
    }

    /// Connects by a socket that takes little in without being read.
    pub async fn open_narrow(server: &TestServer) -> Self {
        let narrow = Plain::narrow(server, &address(server)).await;
        let mut namespace = Self::enter(narrow, &json!({ "token": server.token })).await;
        namespace.find("connected", |_| true).await;
        namespace
    }

    async fn enter(socket: Plain, shown: &Value) -> Self {
        let mut namespace = Self(socket);
        namespace.send(format!("40{shown}")).await;
        namespace
    }

    async fn send(&mut self, packet: String) {
        self.0.text(packet).await;
    }

    pub async fn emit(&mut self, event: &str, data: &Value) {
        self.send(format!("42{}", json!([event, data]))).await;
    }

    /// Is told so.
    pub async fn subscribe(&mut self, streams: &[&str]) {
        self.emit("subscribe", &json!({ "streams": streams })).await;
        self.find("subscription_confirmed", |_| true).await;
    }

    /// `None` where the connection has ended.
    async fn packet(&mut self) -> Option<String> {
        let message = self.0.0.next().await?.ok()?;
        Some(message.into_text().unwrap().to_string())
    }

    /// The next event and what it says, a refusal as `connect_error`; `None` at the end, or where it is sent
    /// away.
    pub async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            let packet = self.packet().await?;
            if packet == "2" {
                self.send("3".to_owned()).await;
            } else if packet == "41" {
                return None;
            } else if let Some(event) = packet.strip_prefix("42") {
                return Some(serde_json::from_str(event).unwrap());
            } else if let Some(refusal) = packet.strip_prefix("44") {
                let refusal = serde_json::from_str(refusal).unwrap();
                return Some(("connect_error".to_owned(), refusal));
            }
        }
    }

    pub async fn find(&mut self, event: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let finding = async {
            while let Some((name, data)) = self.event().await {
                if name == event && wanted(&data) {
                    return data;
                }
            }
            panic!("closed before {event}")
        };
        let found = timeout(PATIENCE, finding).await;
        found.unwrap_or_else(|_| panic!("no {event}"))
    }

    /// Reads to the end, or until it is sent away.
    pub async fn ended(&mut self) {
        let ending = async { while self.event().await.is_some() {} };
        timeout(PATIENCE, ending).await.expect("it stays");
    }
}

/// Some clients speak at the very moment at which they are let in. All of it is heard, in order.
#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_at_once_is_heard() {
    let server = TestServer::still(|_| ()).await;
    let hasty = async || {
        let mut client = Namespace::knock(&server, &json!({ "token": server.token })).await;
        while !client.packet().await.unwrap().starts_with("40") {}
        let wish = json!({ "streams": ["trade_feed"] });
        client.emit("subscribe", &wish).await;
        client.emit("ping", &json!({ "timestamp": 1 })).await;
        client.emit("unsubscribe", &wish).await;
        let mut heard = Vec::new();
        while heard.len() < 4 {
            let (event, data) = client.event().await.unwrap();
            heard.push(match data["status"].as_str() {
                Some(status) => status.to_owned(),
                None => event,
            });
        }
        assert_eq!(heard, ["connected", "subscribed", "pong", "unsubscribed"]);
    };
    for _ in 0..10 {
        let all = futures::future::join_all((0..20).map(|_| hasty()));
        timeout(PATIENCE, all).await.expect("some were not heard");
    }
}
