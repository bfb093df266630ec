//! One WebSocket to Binance, from connecting to its end: subscribes within the limits, answers
//! pings, reads, and ends itself when it has been silent for too long. It knows no symbol: what is
//! heard goes to the session through a bounded channel, and a session that does not read holds the
//! socket back.
//!
//! Limits: at most 5 messages a second to the server (pings, pongs and requests together) and 1,024
//! streams a connection.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use super::message::{BadMessage, Message, parse};

/// Streams of one connection at most, and of one request: its text stays small.
pub const STREAMS: usize = 1_024;
const STREAMS_A_REQUEST: usize = 100;
/// Between two requests: leaves room for the pongs.
const REQUEST_EVERY: Duration = Duration::from_millis(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may take to say that it took a subscription.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest message that is read, bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    #[error("cannot connect: {0}")]
    NotConnected(String),
    #[error("lost: {0}")]
    Lost(String),
    #[error("no data for {} ms", .0.as_millis())]
    Silent(Duration),
    #[error("a subscription was refused: {0}")]
    Refused(String),
    #[error("closed by us")]
    Stopped,
}

#[derive(Debug)]
pub enum Heard {
    /// Every subscription was taken.
    Subscribed,
    Message(Box<Message>),
    Bad(BadMessage),
    Ended(Ended),
}

/// What a connection is for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The number by which the session knows it.
    pub number: u64,
    pub url: String,
    pub streams: Vec<String>,
    pub silence: Duration,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Runs until it ends by itself or is told to stop. What it heard last is why.
pub async fn run(plan: Plan, heard: mpsc::Sender<(u64, Heard)>, stop: CancellationToken) {
    let number = plan.number;
    let ended = tokio::select! {
        biased;
        () = stop.cancelled() => Ended::Stopped,
        ended = connected(plan, &heard, &stop) => ended,
    };
    // Fails where the session is gone as well.
    let _ = heard.send((number, Heard::Ended(ended))).await;
}

async fn connected(
    plan: Plan,
    heard: &mpsc::Sender<(u64, Heard)>,
    stop: &CancellationToken,
) -> Ended {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    let connecting =
        tokio_tungstenite::connect_async_with_config(plan.url.as_str(), Some(config), true);
    let socket = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok((socket, _))) => socket,
        Ok(Err(error)) => return Ended::NotConnected(error.to_string()),
        Err(_) => return Ended::NotConnected(format!("no answer in {CONNECT_TIMEOUT:?}")),
    };
    let mut connection = Connection {
        socket,
        heard,
        requests: requests(&plan.streams),
        next_request: Instant::now(),
        unanswered: BTreeSet::new(),
        asked: Instant::now(),
        last_data: Instant::now(),
        plan,
    };
    let ended = connection.read(stop).await;
    if ended == Ended::Stopped {
        // The server may be gone by now.
        let _ = connection.socket.close(None).await;
    }
    ended
}

/// SUBSCRIBE requests for all streams with their ids, last one first.
fn requests(streams: &[String]) -> Vec<(u64, String)> {
    let mut requests: Vec<_> = (1..)
        .zip(streams.chunks(STREAMS_A_REQUEST))
        .map(|(id, params)| {
            let request = serde_json::json!({ "method": "SUBSCRIBE", "params": params, "id": id });
            (id, request.to_string())
        })
        .collect();
    requests.reverse();
    requests
}

struct Connection<'a> {
    socket: Socket,
    heard: &'a mpsc::Sender<(u64, Heard)>,
    plan: Plan,
    requests: Vec<(u64, String)>,
    next_request: Instant,
    unanswered: BTreeSet<u64>,
    asked: Instant,
    last_data: Instant,
}

impl Connection<'_> {
    async fn read(&mut self, stop: &CancellationToken) -> Ended {
        loop {
            let deadline = self.deadline();
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ended::Stopped,
                frame = self.socket.next() => match frame {
                    Some(Ok(frame)) => {
                        if let Err(ended) = self.take(frame).await {
                            return ended;
                        }
                    }
                    Some(Err(error)) => return Ended::Lost(error.to_string()),
                    None => return Ended::Lost("the stream has ended".to_owned()),
                },
                () = tokio::time::sleep_until(deadline) => {
                    if let Err(ended) = self.due().await {
                        return ended;
                    }
                }
            }
        }
    }

    /// When something is to be done without a word from the server.
    fn deadline(&self) -> Instant {
        let mut deadline = self.last_data + self.plan.silence;
        if !self.requests.is_empty() {
            deadline = deadline.min(self.next_request);
        }
        if !self.unanswered.is_empty() {
            deadline = deadline.min(self.asked + REPLY_TIMEOUT);
        }
        deadline
    }

    async fn due(&mut self) -> Result<(), Ended> {
        let now = Instant::now();
        if now >= self.last_data + self.plan.silence {
            return Err(Ended::Silent(self.plan.silence));
        }
        if !self.unanswered.is_empty() && now >= self.asked + REPLY_TIMEOUT {
            return Err(Ended::Lost("no reply to a subscription".to_owned()));
        }
        if now >= self.next_request
            && let Some((id, request)) = self.requests.pop()
        {
            self.unanswered.insert(id);
            self.asked = now;
            self.next_request = now + REQUEST_EVERY;
            let sent = self.socket.send(Frame::text(request)).await;
            sent.map_err(|error| Ended::Lost(error.to_string()))?;
        }
        Ok(())
    }

    async fn take(&mut self, frame: Frame) -> Result<(), Ended> {
        let heard = match frame {
            Frame::Text(text) => match parse(text.as_str()) {
                Ok(Message::Reply { id, problem }) => return self.reply(id, problem).await,
                Ok(message) => {
                    self.last_data = Instant::now();
                    Heard::Message(Box::new(message))
                }
                Err(bad) => Heard::Bad(bad),
            },
            Frame::Binary(bytes) => Heard::Bad(BadMessage::new(
                "a binary message",
                &String::from_utf8_lossy(&bytes[..bytes.len().min(40)]),
            )),
            Frame::Close(frame) => {
                let why = frame.map_or_else(
                    || "closed by the server".to_owned(),
                    |frame| format!("closed by the server: {} {}", frame.code, frame.reason),
                );
                return Err(Ended::Lost(why));
            }
            // The library answers a ping with its payload.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => return Ok(()),
        };
        self.tell(heard).await
    }

    async fn reply(&mut self, id: Option<u64>, problem: Option<String>) -> Result<(), Ended> {
        if let Some(problem) = problem {
            return Err(Ended::Refused(problem));
        }
        let known = id.is_some_and(|id| self.unanswered.remove(&id));
        if known && self.unanswered.is_empty() && self.requests.is_empty() {
            self.tell(Heard::Subscribed).await?;
        }
        Ok(())
    }

    async fn tell(&self, heard: Heard) -> Result<(), Ended> {
        let told = self.heard.send((self.plan.number, heard)).await;
        told.map_err(|_| Ended::Stopped)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn many_streams_are_subscribed_in_few_requests() {
        let streams: Vec<_> = (0..STREAMS).map(|n| format!("s{n}@trade")).collect();
        let requests = requests(&streams);
        assert_eq!(requests.len(), 11);
        let (id, last) = &requests[0];
        assert_eq!(*id, 11);
        let request: serde_json::Value = serde_json::from_str(last).unwrap();
        assert_eq!(request["method"], "SUBSCRIBE");
        assert_eq!(request["params"].as_array().unwrap().len(), 24);
        assert_eq!(requests.last().unwrap().0, 1);
    }
}
