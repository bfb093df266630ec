//! What frames and reports look like as JSON: objects with a `type`, made of the types that they are
//! written from (see [`crate::wire::json`]).

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::deltas;
use super::schemas::{Schemas, referred};
use crate::domain::bot::{
    Deposit, NewDecision, Note, ReportedFill, ReportedOrder, ReportedPosition,
};
use crate::domain::{
    AgentEntry, Alert, Candle, Decision, EquityPoint, Fill, Health, Models, Order, Performance,
    Portfolio, Position, Quality, Ticker, Working,
};
use crate::wire::frame::{
    ClientFrame, Closing, ErrorReply, Heartbeat, Lag, Pong, Reply, Resumed, Resync, Welcome,
};
use crate::wire::push::PushHead;
use crate::wire::{Class, PushKind, Stream};

/// A frame by its name, with the reference to its schema.
#[derive(Clone)]
pub struct Frame {
    pub name: String,
    pub schema: Value,
}

/// `snake_case` as `CamelCase`.
pub fn camel(words: &str) -> String {
    let words = words.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

/// An object's schema with `type` before its other fields.
pub fn tagged(kind: &str, object: &Value) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "type".to_owned(),
        json!({ "type": "string", "const": kind }),
    );
    properties.extend(
        object["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default(),
    );
    let mut required = vec![json!("type")];
    required.extend(object["required"].as_array().cloned().unwrap_or_default());
    let mut schema = object.clone();
    schema["type"] = json!("object");
    schema["properties"] = Value::Object(properties);
    schema["required"] = Value::Array(required);
    schema
}

fn union(frames: &[Frame]) -> Value {
    json!({ "oneOf": frames.iter().map(|frame| &frame.schema).collect::<Vec<_>>() })
}

/// What a client of the native socket sends, also as `ClientFrame`.
pub fn client(schemas: &mut Schemas) -> Vec<Frame> {
    // One variant each: `{"<type>": {…}}`.
    let whole = schemas.shape::<ClientFrame>();
    let mut frames = Vec::new();
    for variant in whole["oneOf"].as_array().into_iter().flatten() {
        for (kind, fields) in variant["properties"].as_object().into_iter().flatten() {
            let mut schema = tagged(kind, fields);
            if let Some(about) = variant.get("description") {
                schema["description"] = about.clone();
            }
            let schema = schemas.insert_given(&format!("{}Frame", camel(kind)), schema);
            frames.push(Frame {
                name: kind.clone(),
                schema,
            });
        }
    }
    schemas.insert_given("ClientFrame", union(&frames));
    frames
}

/// What the server sends on the native socket, also as `ServerFrame`.
pub fn server(schemas: &mut Schemas) -> Vec<Frame> {
    let mut frames = vec![
        frame::<Welcome>("welcome", schemas),
        frame::<Reply>("ok", schemas),
        frame::<ErrorReply>("error", schemas),
        frame::<Pong>("pong", schemas),
        frame::<Resumed>("resumed", schemas),
        frame::<Resync>("resync", schemas),
        frame::<Lag>("lag", schemas),
        frame::<Heartbeat>("heartbeat", schemas),
        frame::<Closing>("closing", schemas),
    ];
    for stream in Stream::ALL {
        // Only the load tool has it.
        if stream != Stream::Bench {
            pushes(stream, schemas, &mut frames);
        }
    }
    schemas.insert("ServerFrame", union(&frames));
    frames
}

/// A frame of a type's fields.
fn frame<T: ToSchema>(kind: &str, schemas: &mut Schemas) -> Frame {
    let schema = tagged(kind, &schemas.shape::<T>());
    Frame {
        name: kind.to_owned(),
        schema: schemas.insert(&format!("{}Frame", camel(kind)), schema),
    }
}

/// The pushes of a stream: what they bring follows from its class.
fn pushes(stream: Stream, schemas: &mut Schemas, frames: &mut Vec<Frame>) {
    let whole = value_of(stream, schemas);
    let row = whole.get("items").unwrap_or(&whole);
    let delta = deltas::of(referred(row).unwrap_or_default());
    let kinds = match stream.class() {
        Class::Log => vec![(PushKind::Event, whole)],
        Class::Keyed | Class::Latest => vec![(PushKind::Snapshot, whole), (PushKind::Delta, delta)],
    };
    let head = schemas.shape::<PushHead>();
    for (kind, data) in kinds {
        let word = json!(kind);
        let word = word.as_str().unwrap_or_default();
        let mut schema = tagged("push", &head);
        schema["description"] = json!(format!("A {word} of `{stream}`."));
        let fields = &mut schema["properties"];
        fields["topic"] = json!({ "type": "string", "pattern": pattern(stream) });
        fields["kind"] = json!({ "type": "string", "const": word });
        fields["data"] = data;
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(json!("data"));
        }
        let name = format!("{}{}Push", camel(stream.as_str()), camel(word));
        frames.push(Frame {
            name: format!("{stream}_{word}"),
            schema: schemas.insert(&name, schema),
        });
    }
}

/// Which topics a stream has.
fn pattern(stream: Stream) -> String {
    let key = match stream {
        Stream::Market => ":[A-Z0-9]{2,20}",
        Stream::Candles => ":[A-Z0-9]{2,20}:(1s|1m|5m|1h|4h|1d)",
        Stream::Health | Stream::Alerts | Stream::Quality | Stream::Bench => "",
        _ => ":[a-z0-9][a-z0-9_-]{0,31}",
    };
    format!("^{stream}{key}$")
}

/// What a stream's snapshots and events bring.
fn value_of(stream: Stream, schemas: &mut Schemas) -> Value {
    match stream {
        Stream::Market => schemas.of::<Ticker>(),
        Stream::Candles => schemas.list_of::<Candle>(),
        Stream::Trades => schemas.of::<Fill>(),
        Stream::Orders => schemas.of::<Order>(),
        Stream::Positions => schemas.list_of::<Position>(),
        Stream::Working => schemas.list_of::<Working>(),
        Stream::Portfolio => schemas.of::<Portfolio>(),
        Stream::Decisions => schemas.of::<Decision>(),
        Stream::Agent => schemas.of::<AgentEntry>(),
        Stream::Performance => schemas.of::<Performance>(),
        Stream::Models => schemas.of::<Models>(),
        Stream::Equity => schemas.list_of::<EquityPoint>(),
        Stream::Health => schemas.of::<Health>(),
        Stream::Alerts => schemas.of::<Alert>(),
        Stream::Quality => schemas.of::<Quality>(),
        Stream::Bench => json!({ "type": "string" }),
    }
}

/// One item of what an outside bot reports.
pub fn report(schemas: &mut Schemas) -> Value {
    let frames = [
        item::<NewDecision>("decision", schemas),
        item::<ReportedFill>("fill", schemas),
        item::<ReportedOrder>("order", schemas),
        item::<ReportedPosition>("position", schemas),
        item::<Deposit>("deposit", schemas),
        item::<Note>("note", schemas),
    ];
    schemas.insert_given("Report", union(&frames))
}

fn item<T: ToSchema>(kind: &str, schemas: &mut Schemas) -> Frame {
    let mut schema = tagged(kind, &schemas.shape::<T>());
    // The built-in bot's decisions have none yet; a report needs an id of its own.
    if let Some(required) = schema["required"].as_array_mut()
        && !required.contains(&json!("id"))
    {
        required.push(json!("id"));
        schema["properties"]["id"] = schemas.of::<crate::domain::DecisionId>();
    }
    Frame {
        name: kind.to_owned(),
        schema: schemas.insert_given(&format!("{}Report", camel(kind)), schema),
    }
}
