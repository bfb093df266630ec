//! The socket of Real-time Data Updates.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Channel, TOKENS, list, object, one_of, text, wish, word};
use crate::server::dialects::figures::Moment;
use crate::server::dialects::updates::CHANNELS;
use crate::server::dialects::updates::words::{
    UpdatesAlert, UpdatesDashboard, UpdatesPerformance, UpdatesPosition, UpdatesTrade,
};
use crate::server::docs::deltas;
use crate::server::docs::frames::{Frame, camel};
use crate::server::docs::schemas::Schemas;

pub fn channel(schemas: &mut Schemas) -> Channel {
    let about = format!(
        "Channels are subscribed to; dashboard, positions and performance come at once and where they have \
         changed. With `\"partial\": true` later messages of these have the changed fields alone; every message of a \
         channel says that it is for who asked for changes. \
         `channels` and `partial` may also stand beside `type`. {TOKENS}"
    );
    Channel {
        name: "updates",
        address: "/ws",
        title: "Real-time Data Updates",
        about,
        said: said(schemas),
        heard: heard(schemas),
    }
}

fn said(schemas: &mut Schemas) -> Vec<Frame> {
    let channels = || list(&one_of(&CHANNELS));
    let boolean = || json!({ "type": "boolean" });
    let place = |of: Value| {
        let beside = json!({ "required": ["channels"] });
        let within = json!({
            "required": ["data"],
            "properties": { "data": { "type": "object", "required": ["channels"] } },
        });
        let mut schema = of;
        schema["anyOf"] = json!([within, beside]);
        schema
    };
    let subscribe = place(wish(
        &["type"],
        [
            ("type", word("subscribe")),
            (
                "data",
                wish(&[], [("channels", channels()), ("partial", boolean())]),
            ),
            ("channels", channels()),
            ("partial", boolean()),
        ],
    ));
    let unsubscribe = place(wish(
        &["type"],
        [
            ("type", word("unsubscribe")),
            ("data", wish(&[], [("channels", channels())])),
            ("channels", channels()),
        ],
    ));
    let ping = wish(
        &["type"],
        [
            ("type", word("ping")),
            ("data", json!({ "type": "object" })),
        ],
    );
    let frames = [
        ("subscribe", "UpdatesSubscribe", subscribe),
        ("unsubscribe", "UpdatesUnsubscribe", unsubscribe),
        ("ping", "UpdatesPing", ping),
    ];
    let frames = frames.map(|(name, schema_name, schema)| Frame {
        name: name.to_owned(),
        schema: schemas.insert_given(schema_name, schema),
    });
    frames.into()
}

fn heard(schemas: &mut Schemas) -> Vec<Frame> {
    let subscribed = object([
        ("channels", list(&one_of(&CHANNELS))),
        ("rejected", list(&text())),
    ]);
    let subscribed = schemas.insert("UpdatesSubscribed", subscribed);
    let unsubscribed = object([("channels", list(&one_of(&CHANNELS)))]);
    let error = object([("code", text()), ("message", text())]);
    // What the ping had.
    let same = json!({ "type": "object" });
    let trade = schemas.of::<UpdatesTrade>();
    let alert = schemas.of::<UpdatesAlert>();
    vec![
        frame("subscribed", subscribed, schemas),
        frame("unsubscribed", unsubscribed, schemas),
        frame("pong", same, schemas),
        frame("error", error, schemas),
        state::<UpdatesDashboard>("dashboard_update", schemas),
        happening("trade_update", trade, schemas),
        state::<UpdatesPosition>("position_update", schemas),
        state::<UpdatesPerformance>("performance_update", schemas),
        happening("alert", alert, schemas),
    ]
}

/// With the moment at which it was said, by the server's clock.
fn enveloped(kind: &str, data: Value, schemas: &mut Schemas) -> Value {
    let timestamp = schemas.of::<Moment>();
    object([
        ("type", word(kind)),
        ("data", data),
        ("timestamp", timestamp),
    ])
}

fn frame(kind: &str, data: Value, schemas: &mut Schemas) -> Frame {
    let schema = enveloped(kind, data, schemas);
    Frame {
        name: kind.to_owned(),
        schema: schemas.insert(&format!("Updates{}Frame", camel(kind)), schema),
    }
}

/// In what is said to who asked for changes alone.
fn partial() -> Value {
    json!({ "type": "boolean", "const": true })
}

/// What happens is whole for everybody.
fn happening(kind: &str, data: Value, schemas: &mut Schemas) -> Frame {
    let mut schema = enveloped(kind, data, schemas);
    schema["properties"]["partial"] = partial();
    Frame {
        name: kind.to_owned(),
        schema: schemas.insert(&format!("Updates{}Frame", camel(kind)), schema),
    }
}

/// What is, rather than happens: whole, or what has changed of it for who asked for that.
fn state<T: ToSchema>(kind: &str, schemas: &mut Schemas) -> Frame {
    let data = schemas.of::<T>();
    let whole = enveloped(kind, data, schemas);
    let mut changes = enveloped(kind, deltas::of_one(&T::name()), schemas);
    changes["properties"]["partial"] = partial();
    let name = camel(kind);
    let whole = schemas.insert(&format!("Updates{name}Frame"), whole);
    let changes = schemas.insert(&format!("Updates{name}ChangesFrame"), changes);
    Frame {
        name: kind.to_owned(),
        // The first of the changes is whole.
        schema: json!({ "anyOf": [whole, changes] }),
    }
}
