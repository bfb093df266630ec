//! What goes to a model that runs outside the engine, and what comes back. The answer is an input of
//! the engine like any other, so that a replay does not run the model again.

use serde::{Deserialize, Serialize};

use super::{Horizon, ModelId, Seq, Symbol};

/// The figures that a model outside is asked with.
pub const FEATURE_COUNT: usize = 8;

/// The engine asks; whoever drives it lets the model answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InferenceRequest {
    /// The input that it was asked at: with the symbol its name.
    pub seq: Seq,
    pub model: ModelId,
    pub symbol: Symbol,
    pub horizon: Horizon,
    /// In the documented order of the features.
    pub features: Vec<f32>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inference {
    pub request: Seq,
    pub model: ModelId,
    pub symbol: Symbol,
    pub result: InferenceResult,
    /// Wall time from the question to the answer, µs.
    pub took_us: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InferenceResult {
    /// Of "up". Finite; whether it is a probability is for the engine to see.
    Probability(f64),
    /// It answered with NaN or an infinity.
    NotANumber,
    TimedOut {
        after_ms: u32,
    },
    Panicked {
        message: String,
    },
    Failed {
        message: String,
    },
}
