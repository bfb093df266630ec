//! A part of the log as a file that anybody can check: a zip of `manifest.json`, `entries.jsonl` and
//! `heads.jsonl`. The manifest has the tree's nodes before and after the entries, so that every root that
//! was signed on the way can be computed from the entries that are there.

mod read;
mod write;

use serde::{Deserialize, Serialize};

use crate::domain::TimeUs;
use crate::seal::{Hash, PublicKey, leaf_hash};

pub use read::verify;
pub use write::{BundleWriter, WriteError};

const MANIFEST: &str = "manifest.json";
const ENTRIES: &str = "entries.jsonl";
const HEADS: &str = "heads.jsonl";

/// The format that is written and read.
pub const FORMAT: u32 = 1;

/// What a bundle is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// What was asked for, as market time; both included.
    pub from: Option<TimeUs>,
    pub to: Option<TimeUs>,
    /// The entries that are here: from the first to before the end.
    pub first: u64,
    pub end: u64,
    /// The public key of the heads, by the word of who made the bundle.
    pub key: PublicKey,
    /// The complete subtrees of the entries before the first, left to right.
    pub before: Vec<Hash>,
    /// How many signed heads are here.
    pub heads: u64,
    /// Size of the first head that covers all entries that are here.
    pub covered: u64,
    /// The complete subtrees of the entries from the end to there.
    pub after: Vec<Hash>,
    /// Leaf hash of the canonical JSON of all of the above. It seals nothing: it finds accidents.
    pub checksum: Hash,
}

impl Manifest {
    fn computed_checksum(&self) -> Hash {
        let blank = Self {
            checksum: Hash([0; 32]),
            ..self.clone()
        };
        // Numbers and texts can always be written.
        leaf_hash(&serde_json_canonicalizer::to_vec(&blank).unwrap_or_default())
    }
}
