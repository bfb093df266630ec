//! All models in the order of their turns: the only door through which the agent uses them. A fault
//! of one touches no other, and nothing of a model that was switched off is heard again.

use serde::{Deserialize, Serialize};

use super::guard::{caught, sound, sound_forecast};
use super::mean_reversion::MeanReversion;
use super::momentum::Momentum;
use super::online_logistic::OnlineLogistic;
use super::onnx::Onnx;
use super::{Forecast, Lesson, Model, Problem, Thought, View};
use crate::domain::{InferenceResult, ModelId, ModelState};
use crate::engine::config::{BuiltIn, ModelsConfig};

/// The models with all that they have learnt: a part of the engine's snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSet {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    id: ModelId,
    /// Why it was switched off, if it was.
    fault: Option<String>,
    kind: Kind,
}

/// An enum, not a `Box<dyn Model>`: what was learnt goes into a snapshot and comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Momentum(Momentum),
    MeanReversion(MeanReversion),
    OnlineLogistic(OnlineLogistic),
    Onnx(Onnx),
    #[cfg(test)]
    Broken(super::tests::Broken),
}

impl Kind {
    fn model(&self) -> &dyn Model {
        match self {
            Self::Momentum(model) => model,
            Self::MeanReversion(model) => model,
            Self::OnlineLogistic(model) => model,
            Self::Onnx(model) => model,
            #[cfg(test)]
            Self::Broken(model) => model,
        }
    }

    fn model_mut(&mut self) -> &mut dyn Model {
        match self {
            Self::Momentum(model) => model,
            Self::MeanReversion(model) => model,
            Self::OnlineLogistic(model) => model,
            Self::Onnx(model) => model,
            #[cfg(test)]
            Self::Broken(model) => model,
        }
    }

    /// Takes over the other's parameters and keeps what was learnt; `false`: they are not of one
    /// kind, or not the same file.
    fn reconfigure(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::OnlineLogistic(old), Self::OnlineLogistic(new)) => {
                old.configure(new.config());
                true
            }
            (old, new) => old == new,
        }
    }
}

impl Entry {
    fn built_in(kind: BuiltIn, config: &ModelsConfig) -> Self {
        Self {
            id: ModelId::built_in(kind.name()),
            fault: None,
            kind: match kind {
                BuiltIn::Momentum => Kind::Momentum(Momentum {}),
                BuiltIn::MeanReversion => Kind::MeanReversion(MeanReversion {}),
                BuiltIn::OnlineLogistic => {
                    Kind::OnlineLogistic(OnlineLogistic::new(&config.learning))
                }
            },
        }
    }
}

impl ModelSet {
    /// The built-in models in the configured order, then the ONNX models by name.
    pub fn new(config: &ModelsConfig) -> Self {
        let built_in = config
            .built_in
            .iter()
            .map(|kind| Entry::built_in(*kind, config));
        let onnx = config.onnx.iter().map(|(id, path)| Entry {
            id: id.clone(),
            fault: None,
            kind: Kind::Onnx(Onnx { path: path.clone() }),
        });
        Self {
            entries: built_in.chain(onnx).collect(),
        }
    }

    /// Takes a new configuration between a snapshot and the next input: models that stay keep what
    /// they have learnt (and stay switched off), new ones are added, the others go. An ONNX model
    /// with another file is a new one.
    pub fn configure(&mut self, config: &ModelsConfig) {
        let mut old = std::mem::take(&mut self.entries);
        self.entries = Self::new(config).entries;
        for entry in &mut self.entries {
            let Some(place) = old.iter().position(|known| known.id == entry.id) else {
                continue;
            };
            let mut known = old.swap_remove(place);
            if known.kind.reconfigure(&entry.kind) {
                *entry = known;
            }
        }
    }

    /// Those that are not switched off, in the order of their turns.
    pub fn running(&self) -> Vec<ModelId> {
        let running = self.entries.iter().filter(|entry| entry.fault.is_none());
        running.map(|entry| entry.id.clone()).collect()
    }

    /// What the model makes of the market. A panic and figures that are none are its fault.
    pub fn think(&self, model: &ModelId, view: &View<'_>) -> Result<Thought, Problem> {
        let entry = self.entry(model)?;
        caught(|| entry.kind.model().think(view)).and_then(sound)
    }

    /// Makes a forecast of what came of asking a model that runs outside, with the features that it
    /// was asked with.
    pub fn conclude(
        &self,
        model: &ModelId,
        view: &View<'_>,
        features: &[f32],
        result: &InferenceResult,
    ) -> Result<Forecast, Problem> {
        let entry = self.entry(model)?;
        let probability = probability(result)?;
        caught(|| entry.kind.model().conclude(view, features, probability)).and_then(sound_forecast)
    }

    /// Lets the model that took a decision learn from what came of it. A model that is not here, or
    /// is switched off, learns nothing.
    pub fn learn(&mut self, model: &ModelId, lesson: &Lesson<'_>) -> Result<(), Problem> {
        let running = |entry: &&mut Entry| entry.id == *model && entry.fault.is_none();
        match self.entries.iter_mut().find(running) {
            Some(entry) => caught(|| entry.kind.model_mut().learn(lesson)),
            None => Ok(()),
        }
    }

    /// Nothing is heard of it again until it is taken out of the configuration and put back.
    pub fn switch_off(&mut self, model: &ModelId, why: String) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == *model) {
            entry.fault.get_or_insert(why);
        }
    }

    pub fn states(&self) -> Vec<ModelState> {
        let state = |entry: &Entry| ModelState {
            model: entry.id.clone(),
            about: entry.kind.model().about(),
            fault: entry.fault.clone(),
        };
        self.entries.iter().map(state).collect()
    }

    fn entry(&self, model: &ModelId) -> Result<&Entry, Problem> {
        let entry = self.entries.iter().find(|entry| entry.id == *model);
        let entry = entry.ok_or(Problem::Unready("there is no such model"))?;
        match entry.fault {
            None => Ok(entry),
            Some(_) => Err(Problem::Unready("it is switched off")),
        }
    }

    /// Adds a model that does what no model may.
    #[cfg(test)]
    pub fn add_broken(&mut self, id: ModelId, broken: super::tests::Broken) {
        self.entries.push(Entry {
            id,
            fault: None,
            kind: Kind::Broken(broken),
        });
    }
}

/// The probability of "up" that came back, or what went wrong in words.
fn probability(result: &InferenceResult) -> Result<f64, Problem> {
    let fault = |words: String| Err(Problem::Fault(words));
    match result {
        InferenceResult::Probability(p) if (0.0..=1.0).contains(p) => Ok(*p),
        InferenceResult::Probability(p) => fault(format!("its answer {p} is no probability")),
        InferenceResult::NotANumber => fault("its answer is not a number".to_owned()),
        InferenceResult::TimedOut { after_ms } => {
            fault(format!("it gave no answer within {after_ms} ms"))
        }
        InferenceResult::Panicked { message } => fault(format!("it panicked: {message}")),
        InferenceResult::Failed { message } => fault(format!("it failed: {message}")),
    }
}
