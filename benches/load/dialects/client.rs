//! One client of a dialect, from connecting until it is closed or told to stop.

use std::rc::Rc;
use std::time::Instant;

use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::dialect::{Dialect, Heard, Wish};
use super::tally::Ear;
use crate::connection::named;

pub struct Client {
    dialect: Dialect,
    wish: Rc<Wish>,
    tally: Shared,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    ear: Ear,
}

/// Why a client ended or never began, in a word.
type End = String;

impl Client {
    /// Connects, says what it wants, and waits for the first event.
    pub async fn open(dialect: Dialect, wish: Rc<Wish>, tally: Shared) -> Result<Self, End> {
        let address = format!("ws://{}{}", wish.server, dialect.path());
        let mut request = address.into_client_request().map_err(refusal)?;
        if let Some(bearer) = dialect.bearer(&wish) {
            let value = bearer.parse().map_err(|_| "the token is no header")?;
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let (socket, _) = connect_async_with_config(request, None, true)
            .await
            .map_err(refusal)?;
        let ear = tally.borrow().ear(Instant::now());
        let mut client = Self {
            dialect,
            wish,
            tally,
            socket,
            ear,
        };
        for said in dialect.opening(&client.wish) {
            client.say(said).await?;
        }
        loop {
            match client.hear().await? {
                Heard::Event(_) => break,
                Heard::Fault(why) => return Err(why),
                Heard::Transport(_) => {}
            }
        }
        client.tally.borrow_mut().joined();
        Ok(client)
    }

    /// Listens until it is told to stop.
    pub async fn listen(mut self, stop: CancellationToken) {
        let end = stop.run_until_cancelled(self.listen_on()).await;
        let mut tally = self.tally.borrow_mut();
        tally.left(&self.ear, Instant::now(), end.is_none());
        if let Some(end) = end {
            tally.error(&end);
        }
    }

    async fn listen_on(&mut self) -> End {
        loop {
            match self.hear().await {
                Ok(Heard::Fault(why)) => self.tally.borrow_mut().error(&why),
                Ok(Heard::Event(_) | Heard::Transport(_)) => {}
                Err(end) => return end,
            }
        }
    }

    /// The next message, counted, and answered where the transport wants it.
    async fn hear(&mut self) -> Result<Heard, End> {
        let message = self.socket.next().await.ok_or("end of stream")?;
        let heard = match message.map_err(refusal)? {
            Message::Text(text) => {
                let heard = self.dialect.read(&text, &self.wish);
                if let Heard::Event(event) = &heard {
                    let mut tally = self.tally.borrow_mut();
                    tally.event(&mut self.ear, event, text.len(), Instant::now());
                }
                heard
            }
            Message::Ping(_) | Message::Pong(_) => Heard::Transport(None),
            Message::Close(Some(frame)) => return Err(format!("close {}", u16::from(frame.code))),
            Message::Close(None) => return Err("close".to_owned()),
            Message::Binary(_) | Message::Frame(_) => Heard::Fault("unexpected frame".to_owned()),
        };
        if let Heard::Transport(Some(answer)) = &heard {
            self.say(answer.clone()).await?;
        }
        Ok(heard)
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        let saying = self.socket.send(Message::text(text));
        saying.await.map_err(refusal)
    }
}

/// What an error of a socket is called in the figures.
fn refusal(error: Error) -> End {
    match error {
        Error::Http(response) => format!("refused {}", response.status().as_u16()),
        Error::Io(error) => named(&error),
        other => other.to_string(),
    }
}
