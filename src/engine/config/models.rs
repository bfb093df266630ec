//! `[agent.models]` of Leptos.toml: which models the built-in bot has.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::domain::ModelId;

/// Which models there are and how they learn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelsConfig {
    /// In the order of their turns.
    #[serde(deserialize_with = "each_once")]
    pub built_in: Vec<BuiltIn>,
    /// Files of further models, by the name that the model shall have.
    #[serde(deserialize_with = "names_of_their_own")]
    pub onnx: BTreeMap<ModelId, PathBuf>,
    /// Wall time within which an ONNX model must answer, ms. One that does not is switched off.
    pub timeout_ms: u32,
    pub learning: LearningConfig,
}

/// `[agent.models.learning]`: how the online models learn. The formulas stand in docs/MODELS.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearningConfig {
    /// Size of the first step.
    #[serde(deserialize_with = "not_negative")]
    pub rate: f64,
    /// The n-th step is rate / (1 + decay·n).
    #[serde(deserialize_with = "not_negative")]
    pub decay: f64,
    /// Weights shrink by step × l2 with each step.
    #[serde(deserialize_with = "not_negative")]
    pub l2: f64,
}

/// The models that are part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuiltIn {
    Momentum,
    MeanReversion,
    OnlineLogistic,
}

impl BuiltIn {
    pub const ALL: [Self; 3] = [Self::Momentum, Self::MeanReversion, Self::OnlineLogistic];

    /// Its [`ModelId`], and as it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Self::Momentum => "momentum",
            Self::MeanReversion => "mean-reversion",
            Self::OnlineLogistic => "online-logistic",
        }
    }
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            built_in: BuiltIn::ALL.to_vec(),
            onnx: BTreeMap::new(),
            timeout_ms: 250,
            learning: LearningConfig::default(),
        }
    }
}

/// Small steps and a strong pull to zero: decisions of one model overlap (each lasts many times as long as the
/// next one is away), so that a day holds far less news than decisions, and a model that learns each of them
/// fully is soon much surer than right.
impl Default for LearningConfig {
    fn default() -> Self {
        Self {
            rate: 0.003,
            decay: 0.001,
            l2: 0.3,
        }
    }
}

impl ModelsConfig {
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }
}

/// A model has one turn.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BuiltIn>, D::Error> {
    let models = Vec::<BuiltIn>::deserialize(deserializer)?;
    match (1..models.len()).find(|place| models[..*place].contains(&models[*place])) {
        Some(place) => Err(D::Error::custom(format!(
            "the model {} is named twice",
            models[place].name()
        ))),
        None => Ok(models),
    }
}

/// A name says which model it is.
fn names_of_their_own<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<ModelId, PathBuf>, D::Error> {
    let models = BTreeMap::<ModelId, PathBuf>::deserialize(deserializer)?;
    let taken = BuiltIn::ALL.map(BuiltIn::name);
    match models.keys().find(|name| taken.contains(&name.as_str())) {
        Some(name) => Err(D::Error::custom(format!(
            "an ONNX model cannot be called {name}: that one is built in"
        ))),
        None => Ok(models),
    }
}

/// Anything else would unlearn, or be no number.
fn not_negative<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(deserializer)?;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(D::Error::custom(format!(
            "{value} is not zero or more, and finite"
        )))
    }
}
