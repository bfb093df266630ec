//! `[streams]`: how often what is conflated is told, and how old it may get.

use serde::{Deserialize, Serialize};

use crate::wire::Stream;

/// Cadence and age budget of one stream, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub cadence_ms: u32,
    pub budget_ms: u32,
}

/// `[streams]`: the conflated streams. The others come when they happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamsConfig {
    pub market: Rate,
    pub candles: Rate,
    pub positions: Rate,
    pub working: Rate,
    pub portfolio: Rate,
    pub performance: Rate,
    pub models: Rate,
    pub equity: Rate,
    pub health: Rate,
}

impl Default for StreamsConfig {
    fn default() -> Self {
        let rate = |cadence_ms, budget_ms| Rate {
            cadence_ms,
            budget_ms,
        };
        Self {
            market: rate(100, 2_000),
            candles: rate(250, 5_000),
            positions: rate(250, 2_000),
            working: rate(250, 2_000),
            portfolio: rate(250, 2_000),
            performance: rate(1_000, 5_000),
            models: rate(1_000, 5_000),
            // A sample a minute of market time: it has no age of its own.
            equity: rate(1_000, 0),
            health: rate(1_000, 5_000),
        }
    }
}

impl StreamsConfig {
    /// `None` for log streams.
    pub fn rate(&self, stream: Stream) -> Option<Rate> {
        match stream {
            Stream::Market => Some(self.market),
            Stream::Candles => Some(self.candles),
            Stream::Positions => Some(self.positions),
            Stream::Working => Some(self.working),
            Stream::Portfolio => Some(self.portfolio),
            Stream::Performance => Some(self.performance),
            Stream::Models => Some(self.models),
            Stream::Equity => Some(self.equity),
            Stream::Health => Some(self.health),
            Stream::Trades
            | Stream::Orders
            | Stream::Decisions
            | Stream::Agent
            | Stream::Alerts
            | Stream::Quality
            | Stream::Bench => None,
        }
    }
}
