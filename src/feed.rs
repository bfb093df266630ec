//! Market data sources. A feed gives items in the market's own order, knows nothing of wall time,
//! and can be taken up again at a [`Cursor`], giving the very same items from there.

use serde::{Deserialize, Serialize};

use crate::domain::{FeedNotice, MarketEvent, Symbol};

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
}
