//! How well a bot did. Undefined is `null`: a ratio without a denominator, or too few samples.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::time::{DAY, HOUR};
use super::{BotId, Decimal, Metric, MetricId, Side, Symbol, TimeUs};

/// A span that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EquityPoint {
    pub time: TimeUs,
    pub equity: Decimal,
    pub deposits: Decimal,
    /// equity / highest equity so far − 1, zero or negative; undefined before any equity.
    pub drawdown: Option<f64>,
    /// What the same money would be worth, had it bought equal amounts of every symbol at the first
    /// sample and held them; later deposits buy more of the same, withdrawals sell of it. Undefined
    /// before there is a price, and while more was withdrawn than it was worth.
    #[serde(default)]
    pub benchmark: Option<Decimal>,
    /// Sharpe ratio of the 60 s returns of the last 24 h (P = 525,600), from 60 returns on.
    #[serde(default)]
    pub rolling_sharpe: Option<f64>,
}

/// What a bot holds and has done so far, at a sample of its equity.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Σ |position value|.
    pub invested: Decimal,
    pub fees: Decimal,
    /// Σ |fill value|.
    pub traded: Decimal,
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Equity each 60 s; 525,600 periods a year.
    Intraday,
    /// Equity at the end of each UTC day; 365 periods a year.
    Daily,
}

impl Basis {
    /// P: 365 days, or as many minutes as these have. Markets never close here.
    pub fn periods_per_year(self) -> u32 {
        match self {
            Self::Daily => 365,
            Self::Intraday => 525_600,
        }
    }
}

/// The figures of one window. Fractions, not percent: 0.05 is 5 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WindowMetrics {
    pub basis: Basis,
    pub periods_per_year: u32,
    /// Returns that went in.
    pub n: u64,
    pub fees_paid: Decimal,
    /// Every metric there is.
    pub metrics: BTreeMap<MetricId, Metric>,
    pub pnl_distribution: Distribution,
}

impl WindowMetrics {
    /// `None` too where the metric is not there at all.
    pub fn value(&self, id: MetricId) -> Option<f64> {
        self.metrics.get(&id)?.value
    }
}

/// How many round trips earned how much, net of fees: bins of one width, the first from `from` on,
/// each without its upper end. Zero is an edge or outside. No trips, no bins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Distribution {
    pub from: Decimal,
    pub width: Decimal,
    pub counts: Vec<u64>,
}

/// The return of a UTC month, compounded from the ends of its days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MonthReturn {
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    pub value: Option<f64>,
    /// Days that went in.
    pub n: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Performance {
    pub bot: BotId,
    pub windows: BTreeMap<Window, WindowMetrics>,
    pub fees_paid: Decimal,
    /// Σ |fill value| / equity now, all time.
    pub turnover: Option<f64>,
    /// Share of resolved decisions that were right, and how many there were.
    pub accuracy: Option<f64>,
    pub resolved_decisions: u64,
    /// Oldest first, the running one last; the newest 120.
    pub months: Vec<MonthReturn>,
    /// Market time.
    pub time: TimeUs,
}
