//! The ids that a bot used lately, so that a repeated report changes nothing. Bounded; older ids are
//! known to the journal, which the edge asks first.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

/// Ids that are remembered for each bot.
const KEPT: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "VecDeque<String>", into = "VecDeque<String>")]
pub struct Seen {
    in_order: VecDeque<String>,
    known: BTreeSet<String>,
}

impl Seen {
    /// Remembers `kind` with `id`; false where it was known.
    pub fn insert(&mut self, kind: &str, id: &str) -> bool {
        let key = format!("{kind}:{id}");
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.in_order.push_back(key);
        if self.in_order.len() > KEPT
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl From<VecDeque<String>> for Seen {
    fn from(in_order: VecDeque<String>) -> Self {
        Self {
            known: in_order.iter().cloned().collect(),
            in_order,
        }
    }
}

impl From<Seen> for VecDeque<String> {
    fn from(seen: Seen) -> Self {
        seen.in_order
    }
}
