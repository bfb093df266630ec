//! The documents' schemas as types, for the languages to write down.

use std::collections::BTreeMap;

use plainsight::server::docs::{asyncapi, openapi};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// One of the API's own.
    Named(String),
    /// One of these values.
    Words(Vec<Value>),
    Either(Vec<Type>),
    All(Vec<Type>),
    List(Box<Type>),
    /// By keys: any, or these.
    Map(Option<Vec<Value>>, Box<Type>),
    Object(Vec<Field>),
    /// A text that begins so.
    Prefixed(String),
    Text,
    Integer,
    Number,
    Boolean,
    Null,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub about: Option<String>,
    pub is_required: bool,
    pub kind: Type,
}

/// One named type.
pub struct Definition {
    pub name: String,
    pub about: Option<String>,
    pub kind: Type,
}

/// One operation of REST.
pub struct Operation {
    /// `GET /v1/portfolio`.
    pub name: String,
    pub about: String,
    pub query: Vec<Field>,
    pub body: Option<Field>,
    /// `None`: no JSON.
    pub answer: Option<Type>,
}

pub struct Api {
    pub types: Vec<Definition>,
    pub operations: Vec<Operation>,
}

impl Api {
    /// As the server describes its own protocol.
    pub fn read() -> Self {
        let (rest, sockets) = (openapi::native(), asyncapi::native());
        let mut schemas = BTreeMap::new();
        for document in [&rest, &sockets] {
            for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
                let known = schemas.insert(name.clone(), schema.clone());
                assert!(
                    known.is_none_or(|known| known == *schema),
                    "two types are called {name}"
                );
            }
        }
        let kinds: BTreeMap<&String, Type> = schemas
            .iter()
            .map(|(name, schema)| (name, Type::of(schema)))
            .collect();
        let types = schemas.iter().map(|(name, schema)| {
            let mut kind = kinds[name].clone();
            // A part of a whole is taken over as it is: not every language can name it.
            if let Type::All(parts) = &mut kind {
                for part in parts {
                    if let Type::Named(named) = part {
                        *part = kinds[named].clone();
                    }
                }
            }
            Definition {
                name: name.clone(),
                about: about(schema),
                kind,
            }
        });
        let mut operations = Vec::new();
        for (path, item) in rest["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations.push(Operation::of(method, path, operation));
            }
        }
        Self {
            types: types.collect(),
            operations,
        }
    }
}

fn about(schema: &Value) -> Option<String> {
    schema["description"].as_str().map(str::to_owned)
}

fn json_of(content: &Value) -> Option<Type> {
    let schema = &content["application/json"]["schema"];
    (!schema.is_null()).then(|| Type::of(schema))
}

impl Operation {
    fn of(method: &str, path: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().unwrap();
        let query = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query");
        let body = &operation["requestBody"];
        let responses = operation["responses"].as_object().unwrap();
        let mut good = responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'));
        Self {
            name: format!("{} {path}", method.to_uppercase()),
            about: operation["summary"].as_str().unwrap().to_owned(),
            query: query
                .map(|parameter| Field {
                    name: parameter["name"].as_str().unwrap().to_owned(),
                    about: about(parameter),
                    is_required: parameter["required"] == true,
                    kind: Type::of(&parameter["schema"]),
                })
                .collect(),
            body: json_of(&body["content"]).map(|kind| Field {
                name: "body".to_owned(),
                about: None,
                is_required: body["required"] == true,
                kind,
            }),
            answer: good
                .next()
                .and_then(|(_, response)| json_of(&response["content"])),
        }
    }
}

impl Type {
    fn of(schema: &Value) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            return Self::Named(reference.rsplit('/').next().unwrap().to_owned());
        }
        if let Some(word) = schema.get("const") {
            return Self::Words(vec![word.clone()]);
        }
        if let Some(words) = schema["enum"].as_array() {
            return Self::Words(words.clone());
        }
        let all = |list: &Value| {
            list.as_array()
                .map(|list| list.iter().map(Self::of).collect())
        };
        if let Some(choices) = all(&schema["oneOf"]) {
            return Self::Either(choices);
        }
        if let Some(parts) = all(&schema["allOf"]) {
            return Self::All(parts);
        }
        match &schema["type"] {
            Value::Array(kinds) => {
                let mut schema = schema.clone();
                let choices = kinds.iter().map(|kind| {
                    schema["type"] = kind.clone();
                    Self::of(&schema)
                });
                Self::Either(choices.collect())
            }
            Value::String(kind) => Self::plain(kind, schema),
            _ => panic!("a schema without a type: {schema}"),
        }
    }

    fn plain(kind: &str, schema: &Value) -> Self {
        match kind {
            "string" => match schema["pattern"].as_str().map(|pattern| &pattern[1..]) {
                // A rule for ids.
                Some(rule) if rule.starts_with('[') => Self::Text,
                // A topic: `^stream:key$` or `^stream$`.
                Some(topic) if topic.contains(':') => {
                    Self::Prefixed(topic[..=topic.find(':').unwrap()].to_owned())
                }
                Some(topic) if topic.ends_with('$') => {
                    Self::Words(vec![topic.trim_end_matches('$').into()])
                }
                _ => Self::Text,
            },
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            "array" => Self::List(Box::new(Self::of(&schema["items"]))),
            "object" => match schema["additionalProperties"].as_object() {
                Some(_) => {
                    let keys = schema["propertyNames"]["enum"].as_array().cloned();
                    Self::Map(keys, Box::new(Self::of(&schema["additionalProperties"])))
                }
                None => Self::Object(fields(schema)),
            },
            other => panic!("a schema of {other}"),
        }
    }
}

fn fields(schema: &Value) -> Vec<Field> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object();
    let fields = properties
        .into_iter()
        .flatten()
        .map(|(name, property)| Field {
            name: name.clone(),
            about: about(property),
            is_required: required.iter().any(|required| required == name),
            kind: Type::of(property),
        });
    fields.collect()
}
