//! The only persistence. [`Journal`] is the one writer: events, commands and snapshots go in by
//! group commits. [`Reader`] answers from what was committed, over connections of its own.

pub mod accounts;
mod decisions;
mod filing;
mod inputs;
mod journal;
mod reader;
pub mod sealed;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::{Input, Record, Seq, TimeUs};
use crate::feed::Cursor;
use crate::wire::{Epoch, Payload, Topic};

pub use decisions::Made;
pub use journal::{Durability, Journal};
pub use reader::{Logged, Range, Reader};
pub use sealed::{LogKey, SealError};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: {error}", .path.display())]
    Directory {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{}: another plainsight is running on this data directory", .path.display())]
    Locked { path: PathBuf },
    #[error(
        "{} was written in format {recorded}, this version has format {}: move it away, or name another directory with --data",
        .path.display(), journal::FORMAT
    )]
    OtherFormat { path: PathBuf, recorded: u32 },
    #[error("{}: made for {recorded}, not for {asked}; give another --data directory", .path.display())]
    OtherRun {
        path: PathBuf,
        recorded: String,
        asked: String,
    },
    #[error("journal: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("journal: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the sealed log: {0}")]
    Seal(#[from] SealError),
    #[error("journal: {what} cannot be read: {error}")]
    Content {
        what: &'static str,
        error: serde_json::Error,
    },
}

/// Makes a data directory where there is none, for its owner alone; one that is there is left as it is.
fn make_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path)
}

/// What a data directory is for. A start with another one is refused: its journal could not be
/// continued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub feed: String,
    pub seed: u64,
    pub symbols: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "feed {}, seed {}, symbols {}",
            self.feed, self.seed, self.symbols
        )
    }
}

/// An event on its way into the journal.
#[derive(Debug, Clone)]
pub struct Entry {
    pub record: Record,
    /// Wall time at which the input arrived.
    pub received: TimeUs,
    /// Where it is published, if it is.
    pub published: Option<(Topic, Payload)>,
}

impl Entry {
    pub fn publishes_on(&self, topic: &Topic) -> bool {
        self.published.as_ref().is_some_and(|(own, _)| own == topic)
    }
}

/// The place that an entry got in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub epoch: Epoch,
    pub offset: u64,
}

/// One group commit.
#[derive(Debug, Default)]
pub struct Batch {
    /// Log topics that must be there, also before their first event.
    pub topics: Vec<Topic>,
    pub entries: Vec<Entry>,
    /// Inputs that came from outside.
    pub commands: Vec<(Seq, TimeUs, Input)>,
    /// Inputs of a feed that cannot give them again. They are kept until the snapshots cover them.
    pub inputs: Vec<(Seq, Input)>,
    /// Reports that were recorded: bot, kind, id.
    pub reports: Vec<(String, &'static str, String)>,
    /// The last input of the batch, also where it had no event.
    pub head: Seq,
    pub snapshot: Option<Snapshot>,
}

/// The engine's state after the input `seq`.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub seq: Seq,
    pub created: TimeUs,
    pub body: Vec<u8>,
}

/// What a snapshot's body holds beside the engine.
#[derive(Debug, Serialize, Deserialize)]
pub struct SnapshotBody<Engine> {
    pub engine: Engine,
    /// Where the feed stood; absent before its first item.
    pub cursor: Option<Cursor>,
    /// Market data rows that were given and refused so far.
    pub rows: u64,
    pub rejected_rows: u64,
}

#[cfg(test)]
mod tests;
