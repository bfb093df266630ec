//! Candles: open, high, low, close and volumes of one period.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::time::{DAY, HOUR, MINUTE, SECOND};
use super::{Decimal, Symbol, TimeUs};

/// The periods that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Interval {
    #[serde(rename = "1s")]
    S1,
    #[serde(rename = "1m")]
    M1,
    #[serde(rename = "5m")]
    M5,
    #[serde(rename = "1h")]
    H1,
    #[serde(rename = "4h")]
    H4,
    #[serde(rename = "1d")]
    D1,
}

impl Interval {
    /// Shortest first.
    pub const ALL: [Self; 6] = [Self::S1, Self::M1, Self::M5, Self::H1, Self::H4, Self::D1];

    pub fn micros(self) -> i64 {
        match self {
            Self::S1 => SECOND,
            Self::M1 => MINUTE,
            Self::M5 => 5 * MINUTE,
            Self::H1 => HOUR,
            Self::H4 => 4 * HOUR,
            Self::D1 => DAY,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::S1 => "1s",
            Self::M1 => "1m",
            Self::M5 => "5m",
            Self::H1 => "1h",
            Self::H4 => "4h",
            Self::D1 => "1d",
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("interval must be one of 1s, 1m, 5m, 1h, 4h, 1d")]
pub struct InvalidInterval;

impl FromStr for Interval {
    type Err = InvalidInterval;

    fn from_str(text: &str) -> Result<Self, InvalidInterval> {
        Self::ALL
            .into_iter()
            .find(|interval| interval.as_str() == text)
            .ok_or(InvalidInterval)
    }
}

/// One period of one symbol, with the figures of Binance's kline rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Candle {
    pub symbol: Symbol,
    pub interval: Interval,
    pub open_time: TimeUs,
    /// The last instant of the period (µs).
    pub close_time: TimeUs,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    /// In the base currency.
    pub volume: Decimal,
    /// In the quote currency: Σ price × quantity.
    pub quote_volume: Decimal,
    /// Raw trades.
    pub trades: u64,
    /// Volume that was bought by takers, in base and in quote.
    pub taker_buy_volume: Decimal,
    pub taker_buy_quote_volume: Decimal,
    /// No further print can change it.
    pub closed: bool,
}
