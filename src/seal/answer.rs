//! What REST answers of the log, bundles hold and browsers check: heads and entries.

use serde::{Deserialize, Serialize};

use super::{Hash, PublicKey, Signature};
use crate::domain::TimeUs;

/// Stands in what is signed, so that a signature of a head is never one of something else.
pub const DOMAIN: &str = "plainsight/log/v1";

/// How large the log was and which root it had at a time, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    pub size: u64,
    pub root: Hash,
    /// Wall time, never before the head before it.
    pub time: TimeUs,
    pub key: PublicKey,
    pub signature: Signature,
}

impl SignedHead {
    /// The bytes that its signature is of.
    pub fn signed_bytes(&self) -> Vec<u8> {
        head_bytes(self.size, &self.root, self.time)
    }
}

/// The bytes that a head's signature is of: the RFC 8785 JSON of `{log, root, size, time}`. Its keys
/// stand in order and its values need no escapes, so the canonical form is this one.
pub fn head_bytes(size: u64, root: &Hash, time: TimeUs) -> Vec<u8> {
    format!(
        r#"{{"log":"{DOMAIN}","root":"{root}","size":{size},"time":{}}}"#,
        time.micros()
    )
    .into_bytes()
}

/// One entry: an event of the journal, by its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    pub index: u64,
    pub leaf_hash: Hash,
    /// The event's RFC 8785 JSON: the very bytes that the leaf hash is of.
    pub canonical: String,
}
