//! A plain socket of a dialect, as a program opens it that knows the address alone.

use futures::{SinkExt as _, StreamExt as _};
use plainsight::server::dialects::DIALECTS;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use crate::client::LOST;
use crate::harness::{PATIENCE, TestServer};

/// Every address of a plain WebSocket.
pub fn plain_paths() -> impl Iterator<Item = &'static str> {
    let all = DIALECTS.iter().flat_map(|dialect| dialect.sockets);
    all.copied().filter(|path| *path != "/socket.io")
}

pub struct Plain(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Plain {
    pub async fn open(server: &TestServer, path: &str) -> Self {
        let opened = Self::try_open(server, path, &server.token).await;
        opened.expect(path)
    }

    /// Shows this token.
    pub async fn try_open(server: &TestServer, path: &str, token: &str) -> Result<Self, Error> {
        let address = format!("ws://{}{path}?token={token}", server.addr);
        connect_async(address).await.map(|(stream, _)| Self(stream))
    }

    /// One that takes little in without being read.
    pub async fn open_narrow(server: &TestServer, path: &str) -> Self {
        let address = format!("ws://{}{path}?token={}", server.addr, server.token);
        Self::narrow(server, &address).await
    }

    /// The same by its whole address.
    pub async fn narrow(server: &TestServer, address: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(server.addr).await.unwrap());
        Self(client_async(address, stream).await.expect(address).0)
    }

    /// One of Real-time Data Updates that is told these channels.
    pub async fn updates(server: &TestServer, channels: &[&str]) -> Self {
        let mut socket = Self::open(server, "/ws").await;
        let wish = json!({"type": "subscribe", "data": {"channels": channels}});
        socket.say(&wish).await;
        socket
            .find("its channels", |frame| frame["type"] == "subscribed")
            .await;
        socket
    }

    pub async fn say(&mut self, frame: &Value) {
        self.text(frame.to_string()).await;
    }

    pub async fn text(&mut self, text: impl Into<String>) {
        // A connection that the server has closed already tells so when it is read.
        let _ = self.0.send(Message::text(text.into())).await;
    }

    /// The next frame, or the code that the connection was closed with.
    pub async fn heard(&mut self) -> Result<Value, u16> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(LOST),
            }
        }
    }

    /// The next frame that is wanted.
    pub async fn find(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let finding = async {
            loop {
                match self.heard().await {
                    Ok(frame) if wanted(&frame) => return frame,
                    Ok(_) => {}
                    Err(code) => panic!("closed with {code} before {what}"),
                }
            }
        };
        let found = timeout(PATIENCE, finding).await;
        found.unwrap_or_else(|_| panic!("no {what}"))
    }

    /// Reads to the end: the code of the close.
    pub async fn closed(&mut self) -> u16 {
        let closing = async {
            loop {
                if let Err(code) = self.heard().await {
                    return code;
                }
            }
        };
        timeout(PATIENCE, closing).await.expect("it stays open")
    }
}
