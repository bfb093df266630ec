//! Decisions that wait for their horizon, and what became of them. The outcome is mechanical: the
//! sign of the return from the price at the decision to the last price at or before the horizon; where
//! the feed has none that may stand for that moment, there is no outcome, and none is guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Decision, Direction, Outcome, TimeUs, Verdict, money};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Decisions {
    /// By when they are due, then by the order in which they were made.
    #[serde(with = "as_list")]
    pending: BTreeMap<(TimeUs, u64), Decision>,
    made: u64,
    pub resolved: u64,
    pub correct: u64,
}

/// A map with a pair as key, as JSON: a list of its entries.
mod as_list {
    use super::*;

    type Map = BTreeMap<(TimeUs, u64), Decision>;

    pub fn serialize<S: serde::Serializer>(map: &Map, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
        Ok(Vec::<((TimeUs, u64), Decision)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

impl Decisions {
    pub fn add(&mut self, decision: Decision) {
        self.made += 1;
        self.pending
            .insert((decision.resolves_at, self.made), decision);
    }

    pub fn next_due(&self) -> Option<TimeUs> {
        self.pending.first_key_value().map(|((due, _), _)| *due)
    }

    /// Judges the decision that is due first. `verdict` is the market's price at that moment.
    pub fn resolve_next(
        &mut self,
        now: TimeUs,
        verdict: impl Fn(&Decision) -> Option<Verdict>,
    ) -> Option<Decision> {
        let (_, mut decision) = self.pending.pop_first()?;
        let priced = decision.price_at.filter(|price| !price.is_zero());
        decision.verdict = priced.and_then(|_| verdict(&decision));
        let realised = match (priced, &decision.verdict) {
            (Some(at), Some(then)) => Some(money::to_f64(then.price) / money::to_f64(at) - 1.0),
            _ => None,
        };
        decision.realised_return = realised;
        decision.outcome = match realised {
            None => Outcome::Unresolvable,
            Some(realised) if is_correct(&decision, realised) => Outcome::Correct,
            Some(_) => Outcome::Incorrect,
        };
        decision.resolved_at = Some(now);
        if decision.outcome != Outcome::Unresolvable {
            self.resolved += 1;
            self.correct += u64::from(decision.outcome == Outcome::Correct);
        }
        Some(decision)
    }
}

fn is_correct(decision: &Decision, realised: f64) -> bool {
    match decision.direction {
        Direction::Up => realised > 0.0,
        Direction::Down => realised < 0.0,
        Direction::Flat => realised.abs() < decision.flat_band,
    }
}
