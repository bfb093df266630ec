//! What a client says and what it makes of the answers: hello, the subscription, and the stream of
//! pushes without gap or duplicate.

use serde_json::{Value, json};

use super::{Connection, Phase};
use crate::scan::Line;
use crate::shared::Shared;
use crate::websocket;

impl Connection {
    /// One message: frames, one per line.
    #[inline]
    pub(super) fn message(&mut self, text: &[u8], shared: &mut Shared) {
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            match shared.scanner.read(line) {
                Line::Push(push) => {
                    let now = shared.now;
                    self.seen = shared.tally(self.slow).push(push, self.seen, now);
                }
                Line::Frame(frame) => self.frame(&frame, shared),
                Line::Other => {}
                Line::Unreadable if line.is_empty() => {}
                Line::Unreadable => shared.tally(self.slow).error("unreadable frame"),
            }
        }
    }

    pub(super) fn say_hello(&mut self, topic: &str) {
        let place = json!({ "topic": topic, "epoch": self.epoch, "offset": self.seen });
        let resume = if self.returns {
            vec![place]
        } else {
            Vec::new()
        };
        let hello = json!({ "type": "hello", "client": "plainsight-load", "resume": resume });
        websocket::write(&mut self.out, websocket::TEXT, hello.to_string().as_bytes());
        if !self.returns {
            let subscribe = json!({ "type": "subscribe", "id": 1, "topics": [{ "topic": topic }] });
            websocket::write(
                &mut self.out,
                websocket::TEXT,
                subscribe.to_string().as_bytes(),
            );
        }
    }

    /// Every frame but a push.
    fn frame(&mut self, frame: &Value, shared: &mut Shared) {
        match frame["type"].as_str().unwrap_or_default() {
            "ok" => match frame["topics"].get(0) {
                Some(place) => {
                    self.stand_at(place);
                    self.joined(shared);
                }
                None => shared.tally(self.slow).error("topic refused"),
            },
            "resumed" => {
                let tally = shared.tally(self.slow);
                tally.resumed += 1;
                if frame["from"].as_u64() != Some(self.seen) {
                    tally.error("resumed from another place");
                }
                self.joined(shared);
            }
            "resync" => {
                shared.tally(self.slow).resyncs += 1;
                self.stand_at(frame);
                self.joined(shared);
            }
            "heartbeat" => shared.tally(self.slow).heartbeats += 1,
            "lag" => shared.tally(self.slow).lags += 1,
            "error" => {
                let code = frame["code"].as_str().unwrap_or("unknown");
                shared.tally(self.slow).error(code);
            }
            _ => {}
        }
    }

    fn stand_at(&mut self, place: &Value) {
        place["epoch"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut self.epoch);
        self.seen = place["offset"].as_u64().unwrap_or_default();
    }

    fn joined(&mut self, shared: &mut Shared) {
        if self.phase == Phase::Joining {
            self.phase = if self.slow {
                Phase::Parked
            } else {
                Phase::Live
            };
            shared.joined();
        }
    }
}
