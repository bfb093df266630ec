//! What a delta looks like: the value that it changes, of which every field may be absent. Fields that are
//! themselves changed by field have deltas in their turn; lists and all else are said whole.

use serde_json::{Value, json};

use super::schemas::{Schemas, reference, referred};

/// What is changed by field, as [`crate::wire::delta::patches`] declares it, and the key of what is a row.
/// The last three are an older dashboard's, whose clients may ask for changes as well.
const CHANGED: [(&str, Option<&str>); 22] = [
    ("Ticker", None),
    ("Portfolio", None),
    ("Performance", None),
    ("WindowMetrics", None),
    ("Metric", None),
    ("Distribution", None),
    ("Models", None),
    ("Score", None),
    ("MarketState", None),
    ("Health", None),
    ("FeedHealth", None),
    ("LinkHealth", None),
    ("JournalHealth", None),
    ("Latency", None),
    ("ProcessHealth", None),
    ("Candle", Some("open_time")),
    ("Position", Some("symbol")),
    ("Working", Some("order")),
    ("EquityPoint", Some("time")),
    ("UpdatesDashboard", None),
    ("UpdatesPosition", Some("id")),
    ("UpdatesPerformance", None),
];

fn name_of(whole: &str) -> String {
    format!("{whole}Patch")
}

/// Takes the deltas of all values in that are known.
pub fn insert(schemas: &mut Schemas) {
    for (whole, key) in CHANGED {
        if let Some(schema) = schemas.get(whole) {
            let patch = patch(schema, whole, key);
            schemas.insert(&name_of(whole), patch);
        }
    }
}

/// A reference to the delta of a value or of one row.
pub fn of_one(whole: &str) -> Value {
    reference(&name_of(whole))
}

/// A reference to the delta of a value, or of rows.
pub fn of(whole: &str) -> Value {
    let patch = of_one(whole);
    match CHANGED.iter().find(|(name, _)| *name == whole) {
        Some((_, Some(_))) => json!({ "type": "array", "items": patch }),
        _ => patch,
    }
}

fn patch(schema: &Value, whole: &str, key: Option<&str>) -> Value {
    let mut properties = schema["properties"].clone();
    for (name, property) in properties.as_object_mut().into_iter().flatten() {
        if key != Some(name.as_str()) {
            change(property);
        }
    }
    json!({
        "type": "object",
        "description": format!("What changed of `{whole}`: what is absent is as it was, null is null."),
        "required": key.into_iter().collect::<Vec<_>>(),
        "properties": properties,
    })
}

/// Turns a field's schema into that of its change.
fn change(schema: &mut Value) {
    let is_changed = |name: &&str| CHANGED.iter().any(|(whole, _)| whole == name);
    if let Some(name) = referred(schema).filter(is_changed).map(name_of) {
        schema["$ref"] = reference(&name)["$ref"].take();
        return;
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let choices = schema.get_mut(choice).and_then(Value::as_array_mut);
        choices.into_iter().flatten().for_each(change);
    }
    // The entries of a map.
    if let Some(entry) = schema.get_mut("additionalProperties") {
        change(entry);
    }
}
