//! What entries say, held against each other: market time goes forward, events stand in their order, a
//! decision is sealed when it is made, and its outcome is of the prediction that was sealed.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{FaultKind, Place, Report};
use crate::domain::TimeUs;
use crate::seal::{Hash, leaf_hash};

/// What becomes known of a decision only when it is judged; all else is the prediction.
const JUDGEMENT: [&str; 4] = ["outcome", "realised_return", "resolved_at", "verdict"];

/// What an entry says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    pub seq: u64,
    pub index: u64,
    pub time: TimeUs,
    /// `decision`, `order` or `fill`.
    pub kind: String,
}

/// What the entries so far have told.
#[derive(Default)]
pub struct Story {
    last: Option<Stated>,
    first_time: Option<TimeUs>,
    /// The predictions that were sealed, by bot and id; hashes, so that a long log can be walked.
    made: HashMap<Hash, Hash>,
    /// The decisions that were judged.
    judged: HashSet<Hash>,
}

impl Story {
    /// Takes an entry in. `begins` says that the log's first entry was seen: then every decision was.
    pub fn entry(
        &mut self,
        index: u64,
        canonical: &str,
        begins: bool,
        report: &mut Report,
    ) -> Option<Stated> {
        let place = Place::Entry(index);
        let value: Value = match serde_json::from_str(canonical) {
            Ok(value) => value,
            Err(error) => {
                report.fault(FaultKind::Unreadable, place, format!("no JSON: {error}"));
                return None;
            }
        };
        if serde_json_canonicalizer::to_vec(&value).ok().as_deref() != Some(canonical.as_bytes()) {
            let what = "its text is not the canonical JSON of what it says";
            report.fault(FaultKind::NotCanonical, place.clone(), what);
        }
        let Some((stated, content)) = read(&value) else {
            let what = "no record of a decision, an order or a fill";
            report.fault(FaultKind::Unreadable, place, what);
            return None;
        };
        if let Some(last) = &self.last {
            if (stated.seq, stated.index) <= (last.seq, last.index) {
                let what = format!(
                    "event {} of input {} stands behind event {} of input {}",
                    stated.index, stated.seq, last.index, last.seq
                );
                report.fault(FaultKind::Reordered, place.clone(), what);
            }
            if stated.time < last.time {
                let what = format!(
                    "market time goes back from {} to {}",
                    last.time, stated.time
                );
                report.fault(FaultKind::BackDated, place.clone(), what);
            }
        }
        self.first_time.get_or_insert(stated.time);
        if stated.kind == "decision" {
            self.decision(&stated, content, begins, &place, report);
        }
        self.last = Some(stated.clone());
        Some(stated)
    }

    fn decision(
        &mut self,
        stated: &Stated,
        content: &Map<String, Value>,
        begins: bool,
        place: &Place,
        report: &mut Report,
    ) {
        let text = |name: &str| {
            content
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let time = |name: &str| content.get(name).and_then(Value::as_i64).map(TimeUs);
        let key = leaf_hash(format!("{}\n{}", text("bot"), text("id")).as_bytes());
        let prediction = prediction(content);
        let made_at = time("made_at").unwrap_or_default();
        let mut back_dated = |what: String| {
            report.fault(FaultKind::BackDated, place.clone(), what);
        };
        if text("outcome") == "pending" {
            if made_at != stated.time {
                let sealed = stated.time;
                back_dated(format!(
                    "made at {made_at} by its own word, but sealed at {sealed}"
                ));
            }
            if self.made.insert(key, prediction).is_some() {
                back_dated(format!("the decision {} was made before", text("id")));
            }
            report.decisions += 1;
            return;
        }
        if time("resolves_at").is_some_and(|due| stated.time < due) {
            back_dated("judged before its time had come".to_owned());
        }
        if !self.judged.insert(key) {
            back_dated(format!("the decision {} was judged before", text("id")));
        }
        match self.made.get(&key) {
            Some(sealed) if *sealed != prediction => back_dated(format!(
                "the decision {} was sealed with another prediction when it was made",
                text("id")
            )),
            Some(_) => {}
            // It may have been made before the first entry that is here.
            None if !begins && self.first_time.is_some_and(|first| made_at <= first) => {
                report.of_earlier += 1;
            }
            None => back_dated(format!(
                "an outcome of the decision {}, which was not sealed before it",
                text("id")
            )),
        }
        report.outcomes += 1;
    }
}

fn read(value: &Value) -> Option<(Stated, &Map<String, Value>)> {
    let event = value.get("event")?.as_object()?;
    let (kind, content) = event.iter().next()?;
    let is_entry = event.len() == 1 && ["decision", "order", "fill"].contains(&kind.as_str());
    let stated = Stated {
        seq: value.get("seq")?.as_u64()?,
        index: value.get("index")?.as_u64()?,
        time: TimeUs(value.get("time")?.as_i64()?),
        kind: kind.clone(),
    };
    is_entry.then_some((stated, content.as_object()?))
}

fn prediction(content: &Map<String, Value>) -> Hash {
    let mut prediction = content.clone();
    prediction.retain(|name, _| !JUDGEMENT.contains(&name.as_str()));
    // What was read from JSON can be written as JSON.
    leaf_hash(&serde_json_canonicalizer::to_vec(&prediction).unwrap_or_default())
}
