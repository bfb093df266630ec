//! What `subscribe` gives of the past: entries of a log that memory has.

use serde_json::{Value, json};

use super::{entry_id, event, log};
use crate::domain::Outcome;
use crate::server::dialects::View;
use crate::wire::Payload;

/// Entries of one answer.
const MAX_HISTORY: usize = 500;

/// What a log had after an id, or its newest entries; oldest first. Who follows pages after an id gets all of
/// them; of an id that memory has no more, the newest are told, and that they are not all.
pub fn history(view: &View, stream: &str, since: Option<&str>, newest: Option<usize>) -> Value {
    let mut entries = first_told(view, stream);
    let most = newest.unwrap_or(MAX_HISTORY).min(MAX_HISTORY);
    let seen = since.map(|since| {
        let is_seen = |entry: &Payload| entry_id(entry).is_some_and(|id| id == since);
        entries.iter().rposition(is_seen)
    });
    let is_complete = match seen {
        Some(Some(seen)) => {
            entries.drain(..=seen);
            let is_all = entries.len() <= most;
            entries.truncate(most);
            is_all
        }
        // Those before the newest were not asked for, unless it is for all after an id.
        Some(None) | None => {
            entries.drain(..entries.len().saturating_sub(most));
            seen.is_none()
        }
    };
    let types = view.order_types();
    let said = entries.iter().filter_map(|entry| event(entry, &types));
    let items: Vec<Value> = said.map(|said| said.data).collect();
    json!({ "stream": stream, "items": items, "complete": is_complete })
}

/// What memory has of a log, oldest first; a decision once, as it was made.
fn first_told(view: &View, stream: &str) -> Vec<Payload> {
    let Some(topic) = log(stream, &view.bot) else {
        return Vec::new();
    };
    let mut entries = view.last(&topic, usize::MAX);
    entries.retain(|entry| match entry {
        Payload::Decision(decision) => decision.outcome == Outcome::Pending,
        _ => true,
    });
    entries
}
