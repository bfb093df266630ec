//! How well models judge: scores of resolved decisions by model, symbol and horizon, and of each
//! model over all. Kept as sums that each decision is laid into once; read as [`Score`].
//!
//! Owned by the engine's bot and part of its snapshot: nothing of it is refilled from the journal.
//! Invariant: it never holds more than [`MAX_MODELS`] models and [`MAX_GROUPS`] groups, and a decision
//! that found no room when it was made finds none when it is resolved, as nothing is ever removed.

mod bin;
mod history;
pub mod market;
mod tally;
pub mod value_at_risk;
mod wilson;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Decision, Direction, Horizon, ModelId, Outcome, Score, ScoreId, Symbol};
use history::History;
use tally::Tally;

/// The most models of one bot, and the most combinations of model, symbol and horizon: an outside bot
/// may invent names.
pub const MAX_MODELS: usize = 64;
pub const MAX_GROUPS: usize = 200;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scores {
    models: BTreeMap<ModelId, Model>,
    /// Decisions that no score counts.
    unscored: u64,
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Model {
    total: Tally,
    history: History,
    groups: BTreeMap<Symbol, BTreeMap<Horizon, Tally>>,
}

/// What a resolved decision tells of its model.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Judged {
    /// p, within 0..=1.
    confidence: f64,
    /// o.
    hit: bool,
    /// Return in the decision's own direction.
    gain: f64,
}

impl Judged {
    /// `None` where a figure is missing or is none: it must not spoil the sums.
    fn of(decision: &Decision) -> Option<Self> {
        let hit = match decision.outcome {
            Outcome::Correct => true,
            Outcome::Incorrect => false,
            Outcome::Pending | Outcome::Unresolvable => return None,
        };
        let realised = decision.realised_return.filter(|r| r.is_finite())?;
        let gain = match decision.direction {
            Direction::Up => realised,
            Direction::Down => -realised,
            Direction::Flat => -realised.abs(),
        };
        Some(Self {
            confidence: decision.confidence,
            hit,
            gain,
        })
    }
}

fn is_probability(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

impl Scores {
    /// A decision was made.
    pub fn made(&mut self, decision: &Decision) {
        self.version += 1;
        match self.of(decision) {
            Some((model, group)) => {
                model.total.made();
                group.made();
            }
            None => self.unscored += 1,
        }
    }

    /// It was resolved. One that found no room when it was made was counted as unscored then.
    pub fn resolved(&mut self, decision: &Decision) {
        if decision.outcome == Outcome::Pending {
            return;
        }
        let judged = Judged::of(decision);
        let when = decision.resolved_at.unwrap_or(decision.resolves_at);
        let Some((model, group)) = self.of(decision) else {
            return;
        };
        match judged {
            Some(judged) => {
                model.total.judged(judged);
                model.history.judged(judged, when);
                group.judged(judged);
            }
            None => {
                model.total.unresolvable();
                group.unresolvable();
            }
        }
        self.version += 1;
    }

    /// Changes whenever a view would.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All scores, and how many decisions none of them counts.
    pub fn view(&self) -> (BTreeMap<ScoreId, Score>, u64) {
        let mut scores = BTreeMap::new();
        for (id, model) in &self.models {
            for (symbol, horizons) in &model.groups {
                for (horizon, tally) in horizons {
                    let score = Score {
                        symbol: Some(symbol.clone()),
                        horizon: Some(*horizon),
                        ..tally.view(id.clone())
                    };
                    scores.insert(ScoreId::of(id, symbol, *horizon), score);
                }
            }
            let total = Score {
                history: model.history.points(),
                ..model.total.view(id.clone())
            };
            scores.insert(ScoreId::total(id), total);
        }
        (scores, self.unscored)
    }

    /// Where the decision counts; `None` where there is no room, or where its confidence is none.
    fn of(&mut self, decision: &Decision) -> Option<(ModelMut<'_>, &mut Tally)> {
        if !is_probability(decision.confidence) || !self.has_room(decision) {
            return None;
        }
        let model = self.models.entry(decision.model.clone()).or_default();
        let symbol = model.groups.entry(decision.symbol.clone()).or_default();
        let group = symbol.entry(decision.horizon).or_default();
        let model = ModelMut {
            total: &mut model.total,
            history: &mut model.history,
        };
        Some((model, group))
    }

    fn has_room(&self, decision: &Decision) -> bool {
        let model = self.models.get(&decision.model);
        let known = model
            .and_then(|model| model.groups.get(&decision.symbol))
            .is_some_and(|horizons| horizons.contains_key(&decision.horizon));
        if known {
            return true;
        }
        let horizons = self.models.values().flat_map(|model| model.groups.values());
        let groups: usize = horizons.map(BTreeMap::len).sum();
        groups < MAX_GROUPS && (model.is_some() || self.models.len() < MAX_MODELS)
    }
}

/// A model without its groups, of which one is lent out beside it.
struct ModelMut<'a> {
    total: &'a mut Tally,
    history: &'a mut History,
}
