//! Parts of a page that the server alone draws, and rows that no topic has any more: what a page is
//! handed beside its topics' values.

use serde::{Deserialize, Serialize};

use super::form::encoded;
use super::packed::Packed;
use super::{Payload, Stream};
use crate::domain::{AuditId, BotId, Decision, DecisionId, ModelId};

/// Decisions in the hands of a page, in the encoding of their stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decisions(Packed);

impl Decisions {
    pub fn new(decisions: Vec<Decision>) -> Self {
        let payloads = decisions
            .into_iter()
            .map(|d| Payload::Decision(Box::new(d)));
        Self(Packed::Plain(payloads.collect()))
    }

    /// `None` where the server that packed them was another version.
    pub fn open(self) -> Option<Vec<Decision>> {
        let payloads = self.0.open(Stream::Decisions)?;
        let decisions = payloads.into_iter().filter_map(|payload| match payload {
            Payload::Decision(decision) => Some(*decision),
            _ => None,
        });
        Some(decisions.collect())
    }
}

/// A part that the server draws. Asked for by its address it comes as this; in a page the markup stands
/// where it belongs, and here is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Where it is had anew.
    pub address: String,
    pub html: String,
    /// The decision that it is about.
    pub decision: Option<Decisions>,
}

/// A page of the list of decisions, from the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The query that it answers, as [`filter_text`](super::form::filter_text) says it.
    pub query: String,
    pub rows: Decisions,
    /// Whether older ones follow.
    pub more: bool,
}

impl Part {
    /// Where the table of the server's limits is had.
    pub const LIMITS: &str = "/parts/limits";

    /// Where what is drawn of a decision is had.
    pub fn of_decision(bot: &BotId, id: &DecisionId) -> String {
        format!("/parts/decisions/{}?bot={bot}", encoded(id.as_str()))
    }

    /// Where the form is had that chooses among a bot's decisions, filled in with `filter`.
    pub fn of_filter(bot: &BotId, filter: &str) -> String {
        format!("/parts/decisions?bot={bot}{filter}")
    }

    /// Where what is drawn of a page about people is had, from the audit what came before an entry.
    pub fn of_people(path: &str, before: Option<AuditId>) -> String {
        let before = before.map(|before| format!("?before={before}"));
        format!("/parts{path}{}", before.unwrap_or_default())
    }

    /// Where what is drawn of a bot's models is had, one of them chosen.
    pub fn of_models(bot: &BotId, chosen: Option<&ModelId>) -> String {
        let chosen = chosen.map(|model| format!("&model={}", encoded(model.as_str())));
        format!("/parts/models?bot={bot}{}", chosen.unwrap_or_default())
    }
}
