//! One publication with its encodings, each made once and shared by everybody who gets it.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::wire::{Encoding, Push, Topic};

#[derive(Debug)]
pub struct Publication {
    pub push: Push,
    json: Bytes,
    /// Made when somebody wants it.
    postcard: OnceLock<Bytes>,
    /// Bytes of JSON that the topic had published before this one: what lies between two places of
    /// a log is the difference.
    pub(in crate::hub) bytes_before: u64,
}

impl Publication {
    /// Encodes a push. `None`, and an error in the log, where it cannot be written.
    pub(in crate::hub) fn new(push: Push, bytes_before: u64) -> Option<Self> {
        match Encoding::Json.push(&push) {
            Ok(json) => Some(Self {
                push,
                json,
                postcard: OnceLock::new(),
                bytes_before,
            }),
            Err(error) => {
                tracing::error!(topic = %push.topic, %error, "a publication could not be written");
                None
            }
        }
    }

    /// The frame, without the transport's header.
    pub fn frame(&self, encoding: Encoding) -> &Bytes {
        match encoding {
            Encoding::Json => &self.json,
            Encoding::Postcard => self.postcard.get_or_init(|| {
                let written = Encoding::Postcard.push(&self.push);
                written.unwrap_or_else(|error| {
                    // Its reader sees a gap and asks for it; see `Encoding::push` for why there is none.
                    tracing::error!(topic = %self.push.topic, %error, "a publication could not be written");
                    Bytes::new()
                })
            }),
        }
    }

    /// Bytes as JSON: the measure of what waits for a reader, whatever its encoding.
    pub fn size(&self) -> usize {
        self.json.len()
    }

    pub fn is_alert(&self) -> bool {
        self.push.topic == Topic::Alerts
    }
}
