//! How well models judge: scores of resolved decisions, by model, symbol and horizon, and of each
//! model over all. Here p is the confidence that a decision stated and o is 1 where it was right.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BotId, Horizon, ModelId, Symbol, TimeUs};

/// Below so many resolved decisions a score says nothing yet: "n too small".
pub const ENOUGH: u64 = 30;
/// Equal-width bins of confidence, (0, 0.1], (0.1, 0.2], …; 0 is in the first.
pub const BINS: usize = 10;
/// Points of a model's calibration over time that are kept, and how many resolved decisions make one.
pub const POINTS: usize = 60;
pub const POINT_SIZE: u64 = 50;

/// What a score is of: `model symbol horizon`, or `model` alone for all of a model's decisions. None of
/// the three may hold a space, so that no two are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct ScoreId(String);

impl ScoreId {
    pub fn of(model: &ModelId, symbol: &Symbol, horizon: Horizon) -> Self {
        Self(format!("{model} {symbol} {horizon}"))
    }

    pub fn total(model: &ModelId) -> Self {
        Self(model.to_string())
    }
}

impl fmt::Display for ScoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The resolved decisions whose confidence fell into one bin.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConfidenceBin {
    pub n: u64,
    pub hits: u64,
    /// Mean confidence; `None` where the bin is empty.
    pub confidence: Option<f64>,
    /// Wilson 95 % band of the share that was right.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Mean return in the decisions' own direction (up: r, down: −r, flat: −|r|).
    pub mean_return: Option<f64>,
}

/// Of so many resolved decisions in a row ([`POINT_SIZE`]) how they were, the oldest points first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CalibrationPoint {
    /// Market time at which the last of them was resolved.
    pub time: TimeUs,
    pub hit_rate: f64,
    pub confidence: f64,
    pub brier: f64,
}

/// The score of one model on one symbol over one horizon, or of all of a model's decisions (`symbol`
/// and `horizon` are `None`). Figures without a resolved decision are `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Score {
    pub model: ModelId,
    pub symbol: Option<Symbol>,
    pub horizon: Option<Horizon>,
    /// Not yet resolved; never to be resolved, because the feed has no price for the moment.
    pub pending: u64,
    pub unresolvable: u64,
    /// Of how many resolved decisions everything below is.
    pub n: u64,
    pub hits: u64,
    pub hit_rate: Option<f64>,
    /// Wilson score interval of the hit rate, 95 %.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// mean (p − o)² = reliability − resolution + uncertainty + within (Murphy 1973; `within` is what
    /// grouping by bin leaves over, zero where all p of a bin are the same).
    pub brier: Option<f64>,
    pub reliability: Option<f64>,
    pub resolution: Option<f64>,
    pub uncertainty: Option<f64>,
    pub within: Option<f64>,
    /// mean −ln of the probability that was given to what happened; p is kept within [ε, 1 − ε] for
    /// ε = 2⁻⁵² (as scikit-learn does for 64-bit floats).
    pub log_loss: Option<f64>,
    /// Expected calibration error over the bins: Σ n_k/n · |hit rate_k − mean confidence_k|.
    pub ece: Option<f64>,
    /// Mean return in the decisions' own direction.
    pub mean_return: Option<f64>,
    /// [`BINS`] of them.
    pub bins: Vec<ConfidenceBin>,
    /// Calibration over time; only of totals.
    pub history: Vec<CalibrationPoint>,
}

/// How a model is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ModelState {
    pub model: ModelId,
    /// What it is, in one line.
    pub about: String,
    /// Why it was switched off, if it was.
    pub fault: Option<String>,
}

/// What kind of market it is. The rule: with σ the annualised volatility of the last 60 finished
/// minutes and m the move over them in units of its own standard deviation,
/// `volatile` where σ is more than twice that of the last 24 hours, else `trend_up` where m > 1,
/// `trend_down` where m < −1, else `range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    TrendUp,
    TrendDown,
    Range,
    Volatile,
}

impl Regime {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrendUp => "trend up",
            Self::TrendDown => "trend down",
            Self::Range => "range",
            Self::Volatile => "volatile",
        }
    }
}

/// A market as the models see it. `None`: too few minutes yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MarketState {
    pub regime: Option<Regime>,
    /// The rule's inputs: the move of the last hour in its own standard deviations, and its annualised
    /// volatility.
    pub trend: Option<f64>,
    pub hour_volatility: Option<f64>,
    /// Annualised, of the 1m returns of the last 24 hours.
    pub volatility: Option<f64>,
}

/// What `models:<bot>` carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Models {
    pub bot: BotId,
    pub models: Vec<ModelState>,
    pub scores: BTreeMap<ScoreId, Score>,
    /// Decisions whose combination of model, symbol and horizon was one too many to be scored.
    pub unscored: u64,
    pub markets: BTreeMap<Symbol, MarketState>,
    /// 1-day 95 % historical value at risk of the portfolio as a fraction of its equity (negative).
    pub risk: Option<f64>,
    pub time: TimeUs,
}
