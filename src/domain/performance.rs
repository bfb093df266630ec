//! How well a bot did. Undefined is `null`: a ratio without a denominator, or too few samples.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::time::{DAY, HOUR};
use super::{BotId, Decimal, Side, Symbol, TimeUs};

/// A span that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Window {
    #[serde(rename = "1h")]
    H1,
    #[serde(rename = "24h")]
    H24,
    #[serde(rename = "7d")]
    D7,
    #[serde(rename = "30d")]
    D30,
    #[serde(rename = "all")]
    All,
}

impl Window {
    pub const ALL: [Self; 5] = [Self::H1, Self::H24, Self::D7, Self::D30, Self::All];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::H1 => "1h",
            Self::H24 => "24h",
            Self::D7 => "7d",
            Self::D30 => "30d",
            Self::All => "all",
        }
    }

    /// µs; `None` reaches back to the start.
    pub fn micros(self) -> Option<i64> {
        match self {
            Self::H1 => Some(HOUR),
            Self::H24 => Some(DAY),
            Self::D7 => Some(7 * DAY),
            Self::D30 => Some(30 * DAY),
            Self::All => None,
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("window must be one of 1h, 24h, 7d, 30d, all")]
pub struct InvalidWindow;

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        Self::ALL
            .into_iter()
            .find(|window| window.as_str() == text)
            .ok_or(InvalidWindow)
    }
}

/// Equity at one moment of market time, sampled each 60 s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EquityPoint {
    pub time: TimeUs,
    pub equity: Decimal,
    pub deposits: Decimal,
    /// equity / highest equity so far − 1, zero or negative; undefined before any equity.
    pub drawdown: Option<f64>,
}

/// A position from flat to flat; a flip closes one and opens the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundTrip {
    pub bot: BotId,
    pub symbol: Symbol,
    /// `buy` was long.
    pub side: Side,
    /// The largest quantity that was held.
    pub quantity: Decimal,
    pub opened_at: TimeUs,
    pub closed_at: TimeUs,
    /// Gross.
    pub realised_pnl: Decimal,
    pub fees: Decimal,
    /// Maximum adverse and favourable excursion: the lowest and the highest gross P&L on the way.
    pub mae: Decimal,
    pub mfe: Decimal,
}

impl RoundTrip {
    pub fn net_pnl(&self) -> Decimal {
        self.realised_pnl - self.fees
    }
}

/// Which returns the ratios of a window are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Equity each 60 s; 525,600 periods a year.
    Intraday,
    /// Equity at the end of each UTC day; 365 periods a year.
    Daily,
}

/// The figures of one window. Fractions, not percent: 0.05 is 5 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub basis: Basis,
    /// Returns that went in.
    pub n: u64,
    pub total_return: Option<f64>,
    pub cagr: Option<f64>,
    pub volatility: Option<f64>,
    pub sharpe: Option<f64>,
    pub sortino: Option<f64>,
    pub max_drawdown: Option<f64>,
    /// Longest time under water, s.
    pub max_drawdown_duration_s: Option<f64>,
    pub current_drawdown: Option<f64>,
    pub calmar: Option<f64>,
    pub omega: Option<f64>,
    pub gain_to_pain: Option<f64>,
    pub ulcer: Option<f64>,
    pub var_historical: Option<f64>,
    pub cvar_historical: Option<f64>,
    pub var_parametric: Option<f64>,
    pub cvar_parametric: Option<f64>,
    pub tail_ratio: Option<f64>,
    pub skew: Option<f64>,
    pub excess_kurtosis: Option<f64>,
    pub psr: Option<f64>,
    pub stability: Option<f64>,
    pub period_win_rate: Option<f64>,
    pub trades: TradeStatistics,
}

/// The figures of the round trips that closed in a window, net of fees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradeStatistics {
    pub n: u64,
    pub win_rate: Option<f64>,
    pub profit_factor: Option<f64>,
    pub payoff: Option<f64>,
    /// In the quote currency, for one trade.
    pub expectancy: Option<f64>,
    pub expectancy_ratio: Option<f64>,
    pub kelly: Option<f64>,
    pub sqn: Option<f64>,
    /// Two-sided one-sample t-test of the mean against zero.
    pub p_value: Option<f64>,
    pub average_holding_s: Option<f64>,
    pub average_mae: Option<f64>,
    pub average_mfe: Option<f64>,
    pub longest_winning_streak: u64,
    pub longest_losing_streak: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    pub bot: BotId,
    pub windows: BTreeMap<Window, Metrics>,
    pub fees_paid: Decimal,
    /// Σ |fill value| / equity now, all time.
    pub turnover: Option<f64>,
    /// Share of resolved decisions that were right, and how many there were.
    pub accuracy: Option<f64>,
    pub resolved_decisions: u64,
    /// Market time.
    pub time: TimeUs,
}
