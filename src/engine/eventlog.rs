//! The event log in its canonical form: one line of RFC 8785 JSON for each event, in seq order.
//! The journal stores these very bytes, and `event_log_hash` is the SHA-256 of all lines, each with
//! its line feed: `sha256sum` of an exported log gives the same.

mod canonical;

use sha2::{Digest as _, Sha256};

use crate::domain::Record;

/// The record's canonical JSON, without the line feed.
///
/// # Errors
/// A number that JSON does not have (NaN, infinity); the engine makes none.
pub fn canonical(record: &Record) -> serde_json::Result<Vec<u8>> {
    canonical::to_vec(record)
}

/// The running hash of a log.
#[derive(Clone, Default)]
pub struct EventLogHash(Sha256);

impl EventLogHash {
    pub fn add(&mut self, canonical: &[u8]) {
        self.0.update(canonical);
        self.0.update(b"\n");
    }

    /// In lower-case hex.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}
