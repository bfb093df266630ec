//! Schemas by name, collected from the types as they are asked for. OpenAPI 3.1 and AsyncAPI 3 both have
//! them under `components.schemas`, in the dialect of JSON Schema 2020-12.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// Fields that are left out where there is nothing to say; every other field of what the server writes is
/// always there, if only as null.
const LEFT_OUT: [(&str, &[&str]); 11] = [
    (
        "OkFrame",
        &[
            "topics",
            "errors",
            "seq",
            "order",
            "orders",
            "duplicate",
            "trading",
        ],
    ),
    ("ReportResult", &["error"]),
    ("SignedIn", &["tokens"]),
    ("Problem", &["type", "title", "field"]),
    // Of older servers.
    ("WelcomeFrame", &["schema"]),
    // Of the older dashboards.
    ("TransparencyConfirmed", &["rejected"]),
    ("FinanceError", &["severity"]),
    ("UpdatesSubscribed", &["rejected"]),
    ("UpdatesTradeUpdateFrame", &["partial"]),
    ("UpdatesAlertFrame", &["partial"]),
    ("TradingOrder", &["current_stop_price", "peak_price"]),
];

#[derive(Debug, Default)]
pub struct Schemas {
    named: BTreeMap<String, Value>,
    /// What clients send: there a field that has a default may be absent.
    given: BTreeSet<String>,
}

/// A reference to the schema of this name.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// The name that a reference leads to.
pub fn referred(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

const PREFIX: &str = "#/components/schemas/";

impl Schemas {
    /// A reference to the type's schema, which is taken in with all that it refers to.
    pub fn of<T: ToSchema>(&mut self) -> Value {
        let schema = self.shape::<T>();
        self.insert(&T::name(), schema)
    }

    /// The type's schema itself. Only what it refers to is taken in.
    pub fn shape<T: ToSchema>(&mut self) -> Value {
        let mut found = Vec::new();
        T::schemas(&mut found);
        for (name, schema) in found {
            self.insert(&name, written(&schema));
        }
        written(&T::schema())
    }

    /// The same of what clients send.
    pub fn given<T: ToSchema>(&mut self) -> Value {
        let schema = self.of::<T>();
        self.given.insert(T::name().into_owned());
        schema
    }

    pub fn list_of<T: ToSchema>(&mut self) -> Value {
        json!({ "type": "array", "items": self.of::<T>() })
    }

    /// Takes a schema in; gives the reference to it.
    pub fn insert(&mut self, name: &str, schema: Value) -> Value {
        let known = self.named.entry(name.to_owned()).or_insert(schema.clone());
        debug_assert_eq!(*known, schema, "two schemas are called {name}");
        reference(name)
    }

    pub fn insert_given(&mut self, name: &str, schema: Value) -> Value {
        self.given.insert(name.to_owned());
        self.insert(name, schema)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.named.get(name)
    }

    /// Says of all that only the server writes which fields are always there.
    pub fn written_whole(&mut self) {
        let given = self.reached(self.given.iter().cloned().collect());
        for (name, schema) in &mut self.named {
            if !given.contains(name) {
                let left_out = LEFT_OUT.iter().find(|(of, _)| of == name);
                require_all(schema, left_out.map_or(&[], |(_, fields)| fields));
            }
        }
    }

    /// These schemas and all that they refer to.
    fn reached(&self, mut open: Vec<String>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        while let Some(name) = open.pop() {
            if let Some(schema) = self.named.get(&name) {
                references(schema, &mut open);
                if !reached.insert(name) {
                    continue;
                }
            }
            open.retain(|name| !reached.contains(name));
        }
        reached
    }

    pub fn into_value(mut self) -> Value {
        self.named.values_mut().for_each(in_order);
        Value::Object(Map::from_iter(self.named))
    }
}

/// A schema as it stands in a document.
fn written(schema: &RefOr<Schema>) -> Value {
    // It is made of maps with text for keys.
    let mut schema = serde_json::to_value(schema).unwrap_or_default();
    plain_words(&mut schema);
    schema
}

/// All names that are referred to.
fn references(value: &Value, found: &mut Vec<String>) {
    found.extend(referred(value).map(str::to_owned));
    match value {
        Value::Object(fields) => fields.values().for_each(|value| references(value, found)),
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Puts what is required into the order of the fields, so that one schema is written in one way.
fn in_order(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(required)) = fields.get_mut("required") {
                required.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            }
            fields.values_mut().for_each(in_order);
        }
        Value::Array(items) => items.iter_mut().for_each(in_order),
        _ => {}
    }
}

fn require_all(value: &mut Value, left_out: &[&str]) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                let names = properties
                    .keys()
                    .filter(|n| !left_out.contains(&n.as_str()));
                let required: Vec<Value> = names.cloned().map(Value::String).collect();
                fields.insert("required".to_owned(), Value::Array(required));
            }
            fields.values_mut().for_each(|v| require_all(v, left_out));
        }
        Value::Array(items) => items.iter_mut().for_each(|v| require_all(v, left_out)),
        _ => {}
    }
}

/// Takes the links to other parts of the program out of descriptions: ``[`a::B`]`` is `` `B` ``.
fn plain_words(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = without_links(text);
            }
            fields.values_mut().for_each(plain_words);
        }
        Value::Array(items) => items.iter_mut().for_each(plain_words),
        _ => {}
    }
}

fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((path, after)) = link.split_once("`]") else {
            break;
        };
        let name = path.rsplit("::").next().unwrap_or(path);
        out += &format!("{before}`{name}`");
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{NewOrder, Order};

    #[test]
    fn what_the_server_writes_has_every_field_and_what_it_reads_only_some() {
        let mut schemas = Schemas::default();
        schemas.given::<NewOrder>();
        schemas.of::<Order>();
        schemas.written_whole();
        let required = |name: &str| schemas.get(name).unwrap()["required"].as_array().unwrap();
        assert!(required("Order").contains(&json!("average_price")));
        assert!(!required("NewOrder").contains(&json!("price")));
        assert!(
            schemas.get("Symbol").is_some(),
            "what is referred to is there"
        );
    }

    #[test]
    fn links_are_names() {
        assert_eq!(
            without_links("see [`super::Working`], [`A`]."),
            "see `Working`, `A`."
        );
        assert_eq!(without_links("[`open"), "[`open");
    }
}
