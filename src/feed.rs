//! Market data sources. A feed gives items in the market's own order, knows nothing of wall time,
//! and can be taken up again at a [`Cursor`], giving the very same items from there. Market time
//! never goes back from one item to the next. [`pace`] decides when an item is due.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::{FeedNotice, MarketEvent, Symbol};

pub mod pace;
pub mod replay;
pub mod simulated;

pub use pace::{Pacer, Speed};
pub use replay::{ReplayFeed, ReplayOptions};
pub use simulated::{SimulatedFeed, SimulatedOptions};

/// One item of a feed: data, or a word about the data.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedItem {
    Market(MarketEvent),
    Notice(FeedNotice),
}

/// Where a feed stands: what must be known to give the next item and all after it again. Opaque to
/// everybody but the feed that wrote it; kept in the engine's snapshots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub serde_json::Value);

/// A source of market data. Calls may block; a feed lives on a thread of its own.
pub trait Feed: Send {
    /// The next item, or `None` at the end.
    fn next(&mut self) -> Option<FeedItem>;

    /// Where the feed stands after the item that was given last.
    fn cursor(&self) -> Cursor;

    fn symbols(&self) -> &[Symbol];

    /// What this feed is, in one line: the same text means the same items. The data directory
    /// remembers it.
    fn identity(&self) -> String;
}

/// Why a feed cannot start. What goes wrong later is a notice among its items.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error("{}: {source}", .path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: not a format that can be replayed: {why}", .path.display())]
    UnknownFormat { path: PathBuf, why: String },
    #[error("{}: no .csv, .csv.gz or .zip file in this directory", .path.display())]
    EmptyDirectory { path: PathBuf },
    #[error("{}: {why}", .path.display())]
    Symbols { path: PathBuf, why: String },
    #[error("a simulated market needs symbols, each once: {why}")]
    SimulatedSymbols { why: String },
    #[error("cannot go on where the feed stood: {why}")]
    Cursor { why: String },
}
