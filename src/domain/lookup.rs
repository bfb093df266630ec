//! How decisions are looked up: by which of their traits, and what is found of one.

use serde::{Deserialize, Serialize};

use super::{AgentStep, Decision, Fill, Horizon, ModelId, Order, Outcome, Symbol};

/// Which decisions are wanted; what is `None` is any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionFilter {
    pub model: Option<ModelId>,
    pub symbol: Option<Symbol>,
    pub horizon: Option<Horizon>,
    pub outcome: Option<Outcome>,
    /// Of the confidence, both included.
    pub min_confidence: Option<f64>,
    pub max_confidence: Option<f64>,
}

impl DecisionFilter {
    pub fn fits(&self, decision: &Decision) -> bool {
        fn any_or<T: PartialEq>(wanted: Option<&T>, own: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == own)
        }
        any_or(self.model.as_ref(), &decision.model)
            && any_or(self.symbol.as_ref(), &decision.symbol)
            && any_or(self.horizon.as_ref(), &decision.horizon)
            && any_or(self.outcome.as_ref(), &decision.outcome)
            && self
                .min_confidence
                .is_none_or(|least| decision.confidence >= least)
            && self
                .max_confidence
                .is_none_or(|most| decision.confidence <= most)
    }
}

/// One decision with all that is known of how it came to be and what it led to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DecisionDetail {
    pub decision: Decision,
    /// What the agent did at the very input that it was made at, in order. Empty for an outside bot's.
    pub steps: Vec<AgentStep>,
    /// The orders that it led to in their newest states, in the order in which they were placed.
    pub orders: Vec<Order>,
    /// Their fills, oldest first.
    pub fills: Vec<Fill>,
}
