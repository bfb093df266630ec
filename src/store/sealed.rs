//! The sealed log beside the journal: entries, tree nodes and signed heads, in the same database and in
//! the same commit as the events that they are of.
//!
//! Invariant: the [`Frontier`] in memory is that of what was committed. A batch grows a copy of it
//! ([`Growth`]), which takes its place after the commit and is dropped with a batch that fails.

mod heads;
pub mod inspect;
mod key;
mod load;
mod reading;

use std::path::PathBuf;

use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;

use super::StoreError;
use super::journal::sql_int;
use crate::domain::{Record, Seq};
use crate::seal::{Frontier, Node, PublicKey, is_sealed, leaf_hash};

pub use key::LogKey;
pub(super) use load::load;

/// Rows that one statement inserts.
const ROWS: usize = 500;

/// Why the sealed log cannot be continued or read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(
        "{entries} entries for {events} decisions, orders and fills; `plainsight verify` says more"
    )]
    OtherCount { entries: u64, events: u64 },
    #[error("the node of level {level} at {index} is missing; `plainsight verify` says more")]
    NoNode { level: u32, index: u64 },
    #[error(
        "the head that was signed at {size} entries is not of what is here; `plainsight verify` says more"
    )]
    OtherRoot { size: u64 },
    #[error("{what} is not as it was written; `plainsight verify` says more")]
    Torn { what: &'static str },
    #[error("{}: {error}", .path.display())]
    KeyFile {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{} can be read by others (mode {mode:o}): make it your own with chmod 600", .path.display())]
    KeyOpen { path: PathBuf, mode: u32 },
    #[error("{} holds no key", .path.display())]
    NoKey { path: PathBuf },
    #[error(
        "{}: the log's heads are signed with {signed}, whose key is not there; bring it back, or name another directory with --data",
        .path.display()
    )]
    OtherKey { path: PathBuf, signed: PublicKey },
}

impl SealError {
    /// Whether the user can put it right.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::KeyOpen { .. } | Self::NoKey { .. } | Self::OtherKey { .. }
        )
    }
}

/// What a batch adds to the log.
pub(super) struct Growth {
    frontier: Frontier,
    /// Index, and the event by its seq and place.
    entries: Vec<(u64, Seq, u32)>,
    nodes: Vec<Node>,
}

impl Growth {
    pub fn of(frontier: &Frontier) -> Self {
        Self {
            frontier: frontier.clone(),
            entries: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// Takes an event in, if it is an entry.
    pub fn add(&mut self, record: &Record, canonical: &[u8]) {
        if is_sealed(&record.event) {
            self.add_entry(record.seq, record.index, canonical);
        }
    }

    fn add_entry(&mut self, seq: Seq, event: u32, canonical: &[u8]) {
        self.entries.push((self.frontier.size(), seq, event));
        self.nodes
            .extend(self.frontier.append(leaf_hash(canonical)));
    }

    /// Writes entries and nodes in the transaction that is under way. What is given is the frontier as it
    /// is after its commit.
    pub async fn write(self, connection: &mut SqliteConnection) -> Result<Frontier, StoreError> {
        for rows in self.entries.chunks(ROWS) {
            let mut query = QueryBuilder::new("INSERT INTO log_entries (idx, seq, event) ");
            query.push_values(rows, |mut row, (index, seq, event)| {
                row.push_bind(sql_int(*index))
                    .push_bind(sql_int(seq.0))
                    .push_bind(i64::from(*event));
            });
            query.build().execute(&mut *connection).await?;
        }
        for rows in self.nodes.chunks(ROWS) {
            let mut query = QueryBuilder::new("INSERT INTO log_nodes (level, idx, hash) ");
            query.push_values(rows, |mut row, node| {
                row.push_bind(i64::from(node.level))
                    .push_bind(sql_int(node.index))
                    .push_bind(node.hash.0.to_vec());
            });
            query.build().execute(&mut *connection).await?;
        }
        Ok(self.frontier)
    }
}

#[cfg(test)]
mod tests;
