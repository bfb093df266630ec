//! A document whose schemas values are held against.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

pub struct Document {
    document: Value,
    /// Made once for each schema that is asked for: it takes its time.
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Document {
    pub fn of(document: Value) -> Self {
        Self {
            document,
            validators: Mutex::default(),
        }
    }

    /// The same where a field that is not described is a fault, too. For schemas that are not put together of
    /// others.
    pub fn closed(mut document: Value) -> Self {
        close(&mut document["components"]["schemas"]);
        Self::of(document)
    }

    pub fn at(&self, pointer: &str) -> &Value {
        let found = self.document.pointer(pointer);
        found.unwrap_or_else(|| panic!("there is no {pointer}"))
    }

    /// Everything that is referred to is there.
    pub fn assert_references(&self) {
        fn walk(document: &Document, value: &Value) {
            if let Some(reference) = value.get("$ref") {
                document.at(reference.as_str().unwrap().strip_prefix('#').unwrap());
            }
            match value {
                Value::Object(fields) => fields.values().for_each(|v| walk(document, v)),
                Value::Array(items) => items.iter().for_each(|v| walk(document, v)),
                _ => {}
            }
        }
        walk(self, &self.document);
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap();
        let made = validators.entry(schema.to_string()).or_insert_with(|| {
            // References in it lead to the document's components.
            let mut whole = schema.clone();
            whole["components"] = self.document["components"].clone();
            Arc::new(jsonschema::draft202012::new(&whole).unwrap())
        });
        Arc::clone(made)
    }

    /// Checks that a value is as a schema says.
    #[track_caller]
    pub fn check(&self, what: &str, schema: &Value, value: &Value) {
        let validator = self.validator(schema);
        let faults = validator.iter_errors(value);
        let faults: Vec<String> = faults
            .take(5)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{what}: {}\n{value}", faults.join("\n"));
    }

    pub fn fits(&self, schema: &Value, value: &Value) -> bool {
        self.validator(schema).is_valid(value)
    }

    /// The names of the messages of one side of a channel.
    pub fn messages(&self, channel: &str, side: &str) -> impl Iterator<Item = String> {
        let prefix = format!("{channel}.{side}.");
        let messages = self.at("/components/messages").as_object().unwrap();
        let names: Vec<String> = messages.keys().cloned().collect();
        names
            .into_iter()
            .filter(move |name| name.starts_with(&prefix))
    }

    /// Checks a frame against the message that it is; gives the message's name.
    #[track_caller]
    pub fn check_frame(&self, channel: &str, side: &str, frame: &Value) -> String {
        let word = |field: &str| frame[field].as_str().unwrap_or_default();
        let kind = match word("type") {
            "push" => {
                let stream = word("topic").split(':').next().unwrap();
                format!("{stream}_{}", word("kind"))
            }
            kind => kind.to_owned(),
        };
        self.check_message(channel, side, &kind, frame)
    }

    /// The same where it is known which message it is.
    #[track_caller]
    pub fn check_message(&self, channel: &str, side: &str, kind: &str, payload: &Value) -> String {
        let name = format!("{channel}.{side}.{kind}");
        let message = self.at(&format!("/components/messages/{name}"));
        self.check(&name, &message["payload"], payload);
        name
    }

    /// What may be answered: the schema of an operation's response, `None` where it has no JSON.
    pub fn response(&self, method: &str, path: &str, status: u16) -> Option<&Value> {
        let place = path.replace('/', "~1");
        let responses = self.at(&format!(
            "/paths/{place}/{}/responses",
            method.to_lowercase()
        ));
        let response = responses.get(status.to_string());
        let response =
            response.unwrap_or_else(|| panic!("{method} {path} may not answer {status}"));
        let content = response.get("content")?.as_object().unwrap();
        let mut kinds = content.iter().filter(|(kind, _)| kind.ends_with("json"));
        kinds.next().map(|(_, content)| &content["schema"])
    }
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                let closed = fields.entry("additionalProperties");
                closed.or_insert(json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// A schema of its name.
pub fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
