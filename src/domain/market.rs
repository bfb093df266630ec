//! What a market data source says: trades, books and bars; and the ticker that pages show.

use serde::{Deserialize, Serialize};

use super::{Decimal, Side, Symbol, TimeUs};

/// One print of the tape. Binance's aggregate trades are one print that stands for
/// `last_id - first_id + 1` raw trades.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarketTrade {
    pub symbol: Symbol,
    pub id: u64,
    pub price: Decimal,
    pub quantity: Decimal,
    /// Raw trades in this print.
    pub count: u64,
    /// Who took liquidity: `buy` where the buyer did.
    pub taker: Side,
    pub time: TimeUs,
}

/// A price with the quantity that rests there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Level {
    pub price: Decimal,
    pub quantity: Decimal,
}

/// The best levels of a book, each side best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    pub symbol: Symbol,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub time: TimeUs,
}

/// A finished period as a source gives it, of any length: a kline row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    pub symbol: Symbol,
    pub open_time: TimeUs,
    /// The last instant of the period (µs).
    pub close_time: TimeUs,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    /// In the base currency.
    pub volume: Decimal,
    /// In the quote currency; `None` where the source does not say.
    pub quote_volume: Option<Decimal>,
    /// Raw trades; `None` where the source does not say.
    pub trades: Option<u64>,
    pub taker_buy_volume: Option<Decimal>,
    pub taker_buy_quote_volume: Option<Decimal>,
}

/// The exchange's own figures of the last 24 hours, rolling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayStatistics {
    pub symbol: Symbol,
    /// The price 24 hours ago.
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    /// In the base currency.
    pub volume: Decimal,
    pub time: TimeUs,
}

/// One item of market data: what a feed gives the engine, in the market's own order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketEvent {
    Trade(MarketTrade),
    Book(Book),
    /// A finished bar, where a source has nothing finer.
    Bar(Bar),
    /// What the exchange says of the last 24 hours.
    Day(DayStatistics),
    /// A finished bar of the exchange to hold our own candle against; known at `known`.
    Reference {
        bar: Bar,
        known: TimeUs,
    },
}

impl MarketEvent {
    pub fn symbol(&self) -> &Symbol {
        match self {
            Self::Trade(trade) => &trade.symbol,
            Self::Book(book) => &book.symbol,
            Self::Bar(bar) | Self::Reference { bar, .. } => &bar.symbol,
            Self::Day(day) => &day.symbol,
        }
    }

    /// Market time at which this was known: a bar is known when it closes.
    pub fn time(&self) -> TimeUs {
        match self {
            Self::Trade(trade) => trade.time,
            Self::Book(book) => book.time,
            Self::Bar(bar) => bar.close_time,
            Self::Day(day) => day.time,
            Self::Reference { known, .. } => *known,
        }
    }
}

/// The state of one symbol's market, as `market:<symbol>` shows it. The 24-hour figures are the
/// exchange's where the feed gives them; else they roll over the feed's own last 24 hours and are
/// undefined until it has run so long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Ticker {
    pub symbol: Symbol,
    pub price: Decimal,
    pub quantity: Decimal,
    pub taker: Side,
    /// Best levels, best first; empty where the feed has no book.
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub change_24h: Option<Decimal>,
    pub change_percent_24h: Option<Decimal>,
    pub high_24h: Option<Decimal>,
    pub low_24h: Option<Decimal>,
    pub volume_24h: Option<Decimal>,
    /// Prints seen since the start of the data.
    pub prints: u64,
    /// Market time of the last print.
    pub time: TimeUs,
}
