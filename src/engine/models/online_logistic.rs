//! The model that learns: a logistic regression over the eight features, by stochastic gradient
//! descent on every decision of its own that was resolved. One weight vector and bias for each symbol
//! and horizon.
//!
//! Each update is w ← w·(1 − η·l2) − η·(σ(bias + w·x) − y)·x and bias ← bias − η·(σ − y), with
//! y = 1 where the price went up and η = rate / (1 + decay·updates). With a fresh sample a few
//! earlier ones are learnt again, in an order drawn from the lesson's seed: the same seed gives the
//! same weights, byte for byte, another seed others.
//!
//! Weights and bias stay so small that no features can give log-odds beyond [`MAX_LOG_ODDS`]:
//! the probability is never clamped, so that contributions and bias always add up to it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::features::{COUNT, NAMES, features};
use super::logit::{self, MAX_LOG_ODDS, sigmoid};
use super::series::CLAMP;
use super::{Lesson, Model, Problem, Thought, View};
use crate::domain::{Decision, Horizon, Symbol};
use crate::engine::config::LearningConfig;
use crate::engine::draw::SplitMix64;

/// Samples that a weight vector remembers, and how many of them are learnt again with a fresh one.
const REMEMBERED: usize = 32;
const REPLAYED: usize = 3;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnlineLogistic {
    config: LearningConfig,
    vectors: BTreeMap<Symbol, BTreeMap<Horizon, Vector>>,
}

/// What was learnt of one symbol and horizon.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Vector {
    weights: [f64; COUNT],
    bias: f64,
    /// Learning slows down with them.
    updates: u64,
    /// Oldest first.
    recent: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Sample {
    features: [f64; COUNT],
    up: bool,
}

impl OnlineLogistic {
    pub fn new(config: &LearningConfig) -> Self {
        Self {
            config: config.clone(),
            vectors: BTreeMap::new(),
        }
    }

    pub fn config(&self) -> &LearningConfig {
        &self.config
    }

    /// Learns by other parameters from now on; what it knows, it keeps.
    pub fn configure(&mut self, config: &LearningConfig) {
        self.config = config.clone();
    }
}

impl Model for OnlineLogistic {
    fn about(&self) -> String {
        "Online logistic regression over eight features; learns from each of its decisions that is resolved".to_owned()
    }

    fn think(&self, view: &View<'_>) -> Result<Thought, Problem> {
        let (values, series) = features(view)?;
        let vector = self
            .vectors
            .get(view.symbol)
            .and_then(|horizons| horizons.get(&view.horizon));
        let (weights, bias) =
            vector.map_or(([0.0; COUNT], 0.0), |vector| (vector.weights, vector.bias));
        let terms = NAMES
            .iter()
            .zip(values)
            .zip(weights)
            .map(|((name, value), weight)| logit::term(name, value, weight))
            .collect();
        let typical = series.typical_return(view.horizon);
        Ok(Thought::Forecast(logit::forecast(terms, bias, typical)))
    }

    fn learn(&mut self, lesson: &Lesson<'_>) -> Result<(), Problem> {
        let decision = lesson.decision;
        // A price that came back to where it was teaches nothing, and neither does a decision of an
        // earlier version with other features.
        let (false, Some(features)) = (decision.realised_return == Some(0.0), read_back(decision))
        else {
            return Ok(());
        };
        let sample = Sample {
            features,
            up: lesson.went_up,
        };
        let horizons = self.vectors.entry(decision.symbol.clone()).or_default();
        let vector = horizons.entry(decision.horizon).or_default();
        // On a copy: what is not finite must never reach a snapshot, which could not be read again.
        let mut learnt = vector.clone();
        learnt.learn(sample, lesson.seed, &self.config);
        if !learnt.is_finite() {
            return Err(Problem::Fault(format!(
                "its weights for {} {} are no longer finite",
                decision.symbol, decision.horizon
            )));
        }
        *vector = learnt;
        Ok(())
    }
}

/// The features that a decision was taken by, if they are those of today.
fn read_back(decision: &Decision) -> Option<[f64; COUNT]> {
    let mut values = [0.0; COUNT];
    if decision.features.len() != COUNT {
        return None;
    }
    for ((value, name), feature) in values.iter_mut().zip(NAMES).zip(&decision.features) {
        if feature.name != name {
            return None;
        }
        *value = feature.value;
    }
    Some(values)
}

impl Vector {
    /// Learns the fresh sample and a few earlier ones, in an order drawn from the seed.
    fn learn(&mut self, fresh: Sample, seed: u64, config: &LearningConfig) {
        let mut draw = SplitMix64::new(seed);
        let mut batch = vec![fresh];
        let mut left: Vec<Sample> = self.recent.iter().copied().collect();
        while batch.len() <= REPLAYED && !left.is_empty() {
            batch.push(left.swap_remove(draw.below(left.len())));
        }
        draw.shuffle(&mut batch);
        for sample in &batch {
            self.update(sample, config);
        }
        self.recent.push_back(fresh);
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
    }

    fn update(&mut self, sample: &Sample, config: &LearningConfig) {
        let rate = config.rate / (1.0 + config.decay * self.updates as f64);
        let error = sigmoid(self.log_odds(&sample.features)) - f64::from(u8::from(sample.up));
        for (weight, value) in self.weights.iter_mut().zip(sample.features) {
            *weight = *weight * (1.0 - rate * config.l2) - rate * error * value;
        }
        self.bias -= rate * error;
        self.bound();
        self.updates += 1;
    }

    /// The largest log-odds there can be, at features of ±3 all to one side.
    fn largest(&self) -> f64 {
        let weights: f64 = self.weights.iter().map(|weight| weight.abs()).sum();
        self.bias.abs() + CLAMP * weights
    }

    /// Makes all smaller in proportion where they could give log-odds beyond the bound.
    fn bound(&mut self) {
        let largest = self.largest();
        if largest > MAX_LOG_ODDS {
            let factor = MAX_LOG_ODDS / largest;
            self.weights.iter_mut().for_each(|weight| *weight *= factor);
            self.bias *= factor;
        }
    }

    fn log_odds(&self, features: &[f64; COUNT]) -> f64 {
        let pairs = self.weights.iter().zip(features);
        self.bias + pairs.map(|(weight, value)| weight * value).sum::<f64>()
    }

    fn is_finite(&self) -> bool {
        // A sum with one that is not finite is not finite.
        self.largest().is_finite()
    }
}
