//! What a client subscribes to, by name.

use serde_json::Value;

/// Names that are told back as unknown.
const MAX_REJECTED: usize = 20;

/// Those of `all` that are given, each once, and those that there are not.
pub fn named(given: &[Value], all: &[&'static str]) -> (Vec<&'static str>, Vec<String>) {
    let (mut known, mut rejected) = (Vec::new(), Vec::new());
    for name in given {
        match all.iter().find(|one| name == *one) {
            Some(one) if known.contains(one) => {}
            Some(one) => known.push(*one),
            None if rejected.len() < MAX_REJECTED => rejected.push(match name.as_str() {
                Some(text) => text.to_owned(),
                None => name.to_string(),
            }),
            None => {}
        }
    }
    (known, rejected)
}
