//! `[feed.binance]` of Leptos.toml.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which stream the prints come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TradeStream {
    /// Every single trade.
    #[default]
    #[serde(rename = "trade")]
    Trade,
    /// The trades of one taker's order at one price as one print.
    #[serde(rename = "aggTrade")]
    AggTrade,
}

impl TradeStream {
    /// As the stream is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::AggTrade => "aggTrade",
        }
    }
}

/// Where Binance is and how patient we are. The defaults are the hosts that serve public market data
/// and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BinanceConfig {
    pub ws_url: String,
    pub rest_url: String,
    pub trades: TradeStream,
    /// Levels of each side of the book that are taken on.
    pub depth_levels: usize,
    /// An item waits so long for older ones of other streams, ms.
    pub hold_ms: u32,
    /// A connection that says nothing for so long is given up, ms.
    pub silence_ms: u32,
    /// A connection is replaced at this age, s: Binance drops it after 24 hours.
    pub reconnect_after_s: u32,
    /// How long the old connection and its replacement are both read, ms.
    pub overlap_ms: u32,
    /// Bounds of the wait before another try; each one doubles it. The wait itself is drawn.
    pub backoff_ms: u32,
    pub backoff_cap_ms: u32,
    /// The least time between two tries, ms: Binance allows 300 in five minutes.
    pub connect_every_ms: u32,
    /// Missed trades are fetched if they are not more than this, and for so long at most, ms.
    pub backfill_max: u64,
    pub backfill_timeout_ms: u32,
}

impl Default for BinanceConfig {
    fn default() -> Self {
        Self {
            ws_url: "wss://data-stream.binance.vision".to_owned(),
            rest_url: "https://data-api.binance.vision".to_owned(),
            trades: TradeStream::Trade,
            depth_levels: 20,
            hold_ms: 20,
            silence_ms: 15_000,
            reconnect_after_s: 23 * 3_600,
            overlap_ms: 5_000,
            backoff_ms: 500,
            backoff_cap_ms: 30_000,
            connect_every_ms: 1_000,
            backfill_max: 20_000,
            backfill_timeout_ms: 10_000,
        }
    }
}

pub(super) fn ms(value: u32) -> Duration {
    Duration::from_millis(value.into())
}
