//! What the engine must know beforehand. It is part of the engine's state: a snapshot carries the
//! configuration that its events were made with.

use std::collections::BTreeMap;

use rust_decimal::dec;
use serde::{Deserialize, Serialize};

mod models;

use crate::domain::time::{MILLI, MINUTE, SECOND};
use crate::domain::{Decimal, Horizon, Instrument, Symbol};
pub use models::{BuiltIn, LearningConfig, ModelsConfig};

/// `[exchange]` of Leptos.toml: the paper exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeConfig {
    /// The built-in bot's first deposit, in the quote currency.
    pub initial_cash: Decimal,
    pub currency: String,
    /// Fractions of a fill's value.
    pub maker_fee: Decimal,
    pub taker_fee: Decimal,
    /// Added against a taker where the feed has no book to walk, in basis points.
    pub slippage_bps: Decimal,
    pub allow_short: bool,
    /// Market time from a command to its effect at the exchange, ms.
    pub latency_ms: u32,
    /// So much more at most, ms, drawn for each command; commands do not overtake one another.
    pub latency_jitter_ms: u32,
    /// When a resting limit order is filled by a print at its own price.
    pub queue: QueueModel,
}

impl ExchangeConfig {
    /// µs of market time from a command to its effect. `lot` decides how much of the jitter.
    pub fn latency(&self, lot: u64) -> i64 {
        let jitter = u64::from(self.latency_jitter_ms) * MILLI.unsigned_abs();
        let drawn = if jitter == 0 { 0 } else { lot % (jitter + 1) };
        i64::from(self.latency_ms) * MILLI + drawn.cast_signed()
    }
}

/// Where a resting limit order stands among the others at its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueModel {
    /// Last: it is filled only when the market trades through its price. Never flatters.
    #[default]
    Through,
    /// Behind the quantity that the book showed at its price when it came: prints at the price eat
    /// that first. Without a book, as `through`.
    Position,
    /// Behind a drawn share of that quantity: of those that were before us, some take their orders
    /// back. Without a book, as `through`.
    Drawn,
    /// First: the first print at its price is its own. Flatters; for comparison.
    Touch,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            initial_cash: dec!(100000),
            currency: "USDT".to_owned(),
            maker_fee: dec!(0.001),
            taker_fee: dec!(0.001),
            slippage_bps: dec!(1),
            allow_short: true,
            latency_ms: 0,
            latency_jitter_ms: 0,
            queue: QueueModel::Through,
        }
    }
}

/// `[agent]` of Leptos.toml: the built-in bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    pub enabled: bool,
    /// The symbols that it decides on; empty: all of the feed's.
    pub symbols: Vec<Symbol>,
    /// Seconds of market time between two decisions on one symbol.
    pub decide_every_s: u32,
    /// Taken in turn.
    pub horizons: Vec<Horizon>,
    /// Below it nothing is traded.
    pub min_confidence: f64,
    /// At or above it the order is a market order, below it a limit order.
    pub market_order_confidence: f64,
    /// Equity so far below its peak, as a fraction of it: positions may only get smaller.
    pub max_drawdown: f64,
    /// Orders within a minute of market time, all symbols together.
    pub max_orders_per_minute: u32,
    /// Seconds of market time between two orders on one symbol.
    pub cooldown_s: u32,
    /// A limit order that has rested longer, s, is taken back.
    pub order_lifetime_s: u32,
    /// Fractions of equity: the value of one order, and the most that one symbol may hold.
    pub order_fraction: Decimal,
    pub max_position_fraction: Decimal,
    pub models: ModelsConfig,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            symbols: Vec::new(),
            decide_every_s: 10,
            horizons: ["5m", "1h", "4h"]
                .into_iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
            min_confidence: 0.52,
            market_order_confidence: 0.55,
            max_drawdown: 0.2,
            max_orders_per_minute: 30,
            cooldown_s: 60,
            order_lifetime_s: 60,
            order_fraction: dec!(0.02),
            max_position_fraction: dec!(0.2),
            models: ModelsConfig::default(),
        }
    }
}

impl AgentConfig {
    pub fn decide_every(&self) -> i64 {
        i64::from(self.decide_every_s.max(1)) * SECOND
    }

    pub fn cooldown(&self) -> i64 {
        i64::from(self.cooldown_s) * SECOND
    }

    pub fn order_lifetime(&self) -> i64 {
        i64::from(self.order_lifetime_s) * SECOND
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    pub symbols: Vec<Symbol>,
    /// The exchange's filters, as far as the feed knows them.
    pub instruments: BTreeMap<Symbol, Instrument>,
    pub exchange: ExchangeConfig,
    pub agent: AgentConfig,
    /// What lots are drawn from: the order of learning, latencies, places in a queue.
    pub seed: u64,
}

/// Equity is sampled on these boundaries of market time, µs.
pub const EQUITY_SAMPLE: i64 = MINUTE;
