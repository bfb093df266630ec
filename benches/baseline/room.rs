//! What both servers share: the channel, and what is answered to a client's frames.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::broadcast;

/// Messages that a slow client may be behind before some are left out for it.
const CAPACITY: usize = 1_024;
const EPOCH: &str = "00000000000000b5";

pub struct Room {
    messages: broadcast::Sender<String>,
    /// Offset of the newest message. Held while one is sent, so that nobody joins in between.
    head: Mutex<u64>,
}

/// What follows from a client's frame.
pub struct Answer {
    pub text: String,
    /// The client is subscribed from now on.
    pub messages: Option<broadcast::Receiver<String>>,
}

impl Room {
    pub fn new() -> Self {
        Self {
            messages: broadcast::Sender::new(CAPACITY),
            head: Mutex::new(0),
        }
    }

    fn head(&self) -> MutexGuard<'_, u64> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message to everybody, in the shape of a push.
    pub fn publish(&self, data: &str) {
        let mut head = self.head();
        *head += 1;
        let (offset, now) = (*head, wall_us());
        let push = format!(
            r#"{{"type":"push","topic":"bench","epoch":"{EPOCH}","first":{offset},"last":{offset},"seq":{offset},"kind":"event","t_source":{now},"t_received":{now},"t_published":{now},"data":"{data}"}}"#
        );
        // Nobody listens: nothing is lost.
        let _ = self.messages.send(push);
    }

    /// Answers the frames of one message.
    pub fn answer(&self, message: &str) -> Vec<Answer> {
        let frames = message
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        frames
            .flat_map(|frame: Value| self.answer_one(&frame))
            .collect()
    }

    fn answer_one(&self, frame: &Value) -> Vec<Answer> {
        let said = |frame: Value| Answer {
            text: frame.to_string(),
            messages: None,
        };
        match frame["type"].as_str() {
            Some("hello") => {
                let welcome = said(json!({
                    "type": "welcome", "session": "baseline", "server_time": wall_us(),
                    "api_version": "1.0", "features": [], "ping_ms": 25_000,
                    "limits": { "max_message_bytes": 65_536, "max_subscriptions": 1, "max_history": 0 },
                }));
                let resumes = frame["resume"]
                    .as_array()
                    .is_some_and(|places| !places.is_empty());
                let resync = resumes.then(|| {
                    self.join(|offset| {
                        json!({
                            "type": "resync", "topic": "bench", "reason": "trimmed",
                            "epoch": EPOCH, "offset": offset,
                        })
                    })
                });
                [welcome].into_iter().chain(resync).collect()
            }
            Some("subscribe") => vec![self.join(|offset| {
                json!({
                    "type": "ok", "id": frame["id"],
                    "topics": [{ "topic": "bench", "epoch": EPOCH, "offset": offset }],
                })
            })],
            _ => Vec::new(),
        }
    }

    fn join(&self, answer: impl FnOnce(u64) -> Value) -> Answer {
        let head = self.head();
        Answer {
            text: answer(*head).to_string(),
            messages: Some(self.messages.subscribe()),
        }
    }
}

fn wall_us() -> u128 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_micros()
}
