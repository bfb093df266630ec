//! Market data sources. A feed gives items in the market's own order, knows nothing of wall time,
//! and can be taken up again at a [`Cursor`], giving the very same items from there. Market time
//! never goes back from one item to the next. [`pace`] decides when an item is due.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{FeedNotice, Instrument, MarketEvent, Symbol};

pub mod binance;
mod number;
pub mod pace;
pub mod replay;
pub mod simulated;

pub use binance::{BinanceConfig, BinanceFeed, BinanceOptions};
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

/// What a feed has at the moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Polled {
    Item(FeedItem),
    /// Nothing yet. Only a live feed says so.
    Idle,
    Ended,
}

/// A source of market data. Calls may block; a feed lives on a thread of its own.
pub trait Feed: Send {
    /// The next item, or `None` at the end.
    fn next(&mut self) -> Option<FeedItem>;

    /// Like [`Feed::next`], but a live feed comes back after `wait` at the latest.
    fn poll(&mut self, _wait: Duration) -> Polled {
        self.next().map_or(Polled::Ended, Polled::Item)
    }

    /// How it is connected, where it is live: then it cannot be rewound, and what it gave must be
    /// kept by whoever needs it again.
    fn link(&self) -> Option<binance::Link> {
        None
    }

    /// Takes note of an item that it gave before a restart, after the one that the cursor names.
    fn recall(&mut self, _item: &FeedItem) {}

    /// The filters on orders of its symbols, as far as it knows them.
    fn instruments(&self) -> Vec<Instrument> {
        Vec::new()
    }

    /// Where the feed stands after the item that was given last.
    fn cursor(&self) -> Cursor;

    fn symbols(&self) -> &[Symbol];

    /// What this feed is, in one line: the same text means the same items. The data directory
    /// remembers it.
    fn identity(&self) -> String;
}

/// How long a live feed is waited for before somebody looks whether it is to stop.
pub const POLL: Duration = Duration::from_millis(50);

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
    #[error("Binance lists no {symbols}: {why}")]
    NotListed { symbols: String, why: String },
    #[error("{url} cannot be used: {why}")]
    Unreachable { url: String, why: String },
    #[error("cannot go on where the feed stood: {why}")]
    Cursor { why: String },
}
