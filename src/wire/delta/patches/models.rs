//! The patches of the models' scores: by score, then by figure.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeTuple as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{
    BotId, CalibrationPoint, ConfidenceBin, Horizon, MarketState, ModelId, ModelState, Models,
    Regime, Score, ScoreId, Symbol, TimeUs,
};
use crate::wire::delta::diff::{Diff, Misfit, figures};
use crate::wire::delta::patch::{next, patch, take};

figures!(ModelId, |old, new| old == new);
figures!(Horizon, |old, new| old == new);
figures!(Regime, |old, new| old == new);
figures!(ConfidenceBin, |old, new| old == new);
figures!(CalibrationPoint, |old, new| old == new);
figures!(ModelState, |old, new| old == new);

patch! {
    /// What changed of the models.
    ModelsPatch of Models {
        bot: BotId,
        models: Vec<ModelState>,
        scores: BTreeMap<ScoreId, Score>,
        unscored: u64,
        markets: BTreeMap<Symbol, MarketState>,
        risk: Option<f64>,
        time: TimeUs,
    }
}

patch! {
    /// What changed of one score.
    ScorePatch of Score {
        model: ModelId,
        symbol: Option<Symbol>,
        horizon: Option<Horizon>,
        pending: u64,
        unresolvable: u64,
        n: u64,
        hits: u64,
        hit_rate: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        brier: Option<f64>,
        reliability: Option<f64>,
        resolution: Option<f64>,
        uncertainty: Option<f64>,
        within: Option<f64>,
        log_loss: Option<f64>,
        ece: Option<f64>,
        mean_return: Option<f64>,
        bins: Vec<ConfidenceBin>,
        history: Vec<CalibrationPoint>,
    }
}

patch! {
    /// What changed of one market.
    MarketStatePatch of MarketState {
        regime: Option<Regime>,
        trend: Option<f64>,
        hour_volatility: Option<f64>,
        volatility: Option<f64>,
    }
}
