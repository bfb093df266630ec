//! The models: what looks at a market and says where its price goes, how sure it is, and why.
//!
//! A model is pure and cheap: it computes from the market's bounded history afresh each time, and
//! what it has learnt is part of the engine's snapshot. One that runs outside (an ONNX file) is only
//! asked from here; its answer comes as an input. [`ModelSet`] is what the agent uses: it catches
//! what a model does wrong, so that a broken one is switched off and the others go on.
//!
//! How probability, contributions and features hang together stands in docs/MODELS.md.

mod features;
mod guard;
mod logit;
mod mean_reversion;
mod momentum;
mod online_logistic;
mod onnx;
mod series;
mod set;
#[cfg(test)]
mod tests;

use super::market::Market;
use crate::domain::{Decision, Direction, Feature, Horizon, Symbol};
pub use features::{NAMES as FEATURE_NAMES, features};
pub use set::ModelSet;
#[cfg(test)]
pub use tests::Broken;

/// One market as a model is shown it.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub market: &'a Market,
    pub symbol: &'a Symbol,
    /// How far ahead it is asked to look.
    pub horizon: Horizon,
}

/// What a model expects.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub direction: Direction,
    /// The model's probability that the direction is right; at least 0.5 where it chooses between up
    /// and down.
    pub confidence: f64,
    pub features: Vec<Feature>,
    /// With the contributions it sums up to the log-odds of "up"; `None` where the model has no such
    /// sum to tell, and then the contributions are 0 and say nothing.
    pub bias: Option<f64>,
    /// The size of a log return that recent volatility makes typical over the horizon.
    pub typical_return: f64,
    /// What was computed, in words.
    pub reasoning: String,
}

/// What came of asking a model.
#[derive(Debug, Clone, PartialEq)]
pub enum Thought {
    Forecast(Forecast),
    /// It runs outside the core: ask it with these features.
    Ask(Vec<f32>),
}

/// Why there is no forecast.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Nothing is wrong; there is nothing to go by yet.
    #[error("{0}")]
    Unready(&'static str),
    /// The model is broken and must be switched off.
    #[error("{0}")]
    Fault(String),
}

/// What a resolved decision teaches the model that took it.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    pub decision: &'a Decision,
    /// Whether the price was higher at the horizon than at the decision.
    pub went_up: bool,
    /// The order of learning is drawn from it.
    pub seed: u64,
}

/// What every model can do.
pub trait Model {
    /// What it is, in one line.
    fn about(&self) -> String;

    fn think(&self, view: &View<'_>) -> Result<Thought, Problem>;

    /// Makes a forecast of the probability of "up" that came back for [`Thought::Ask`], with the
    /// features that it was asked with.
    fn conclude(
        &self,
        _view: &View<'_>,
        _features: &[f32],
        _probability: f64,
    ) -> Result<Forecast, Problem> {
        Err(Problem::Fault(
            "it was given an answer but asks nothing".to_owned(),
        ))
    }

    fn learn(&mut self, _lesson: &Lesson<'_>) -> Result<(), Problem> {
        Ok(())
    }
}
