//! The Socket.IO namespace of Transparency Dashboard. A message here is an event's argument, by the event's name.

use serde_json::{Value, json};

use super::{Channel, list, object, one_of, text, wish};
use crate::server::dialects::figures::Moment;
use crate::server::dialects::transparency::STREAMS;
use crate::server::dialects::transparency::words::{
    TransparencyDecision, TransparencyOutcome, TransparencyPerformance, TransparencyPortfolio,
    TransparencyTrade,
};
use crate::server::docs::frames::Frame;
use crate::server::docs::schemas::Schemas;

pub fn channel(schemas: &mut Schemas) -> Channel {
    Channel {
        name: "transparency",
        address: "/socket.io/",
        title: "Transparency Dashboard: Socket.IO",
        about: "Socket.IO v4 (Engine.IO 4) by WebSocket or polling, the namespace `/`. Messages are called as \
                their events, and are what these bring; on the wire they are `42[\"<event>\", <message>]`. \
                `connect` and `connect_error` are Socket.IO's own packets (`40`, `44`). A token may stand in \
                `connect` instead of the request."
            .to_owned(),
        said: said(schemas),
        heard: heard(schemas),
    }
}

fn said(schemas: &mut Schemas) -> Vec<Frame> {
    let streams = || list(&one_of(&STREAMS));
    let since = json!({
        "type": "object",
        "propertyNames": { "enum": STREAMS },
        "additionalProperties": text(),
        "description": "By stream the last id that is known: what came after it is told.",
    });
    let newest = json!({
        "type": "integer",
        "minimum": 0,
        "description": "So many of the newest are told, 500 at most.",
    });
    let subscribe = wish(
        &["streams"],
        [
            ("streams", streams()),
            ("since", since),
            ("history", newest),
        ],
    );
    let token = json!({ "type": ["string", "null"] });
    let parts = [
        ("connect", "Connect", wish(&[], [("token", token)])),
        ("subscribe", "Subscribe", subscribe),
        (
            "unsubscribe",
            "Unsubscribe",
            wish(&["streams"], [("streams", streams())]),
        ),
        // What its clock says, in whatever form: it comes back.
        ("ping", "Ping", wish(&[], [("timestamp", anything())])),
    ];
    let frames = parts.map(|(name, suffix, schema)| Frame {
        name: name.to_owned(),
        schema: schemas.insert_given(&format!("Transparency{suffix}"), schema),
    });
    frames.into()
}

fn heard(schemas: &mut Schemas) -> Vec<Frame> {
    let moment = schemas.of::<Moment>();
    let told = [
        ("trade_feed", schemas.of::<TransparencyTrade>()),
        ("portfolio_update", schemas.of::<TransparencyPortfolio>()),
        ("ai_decision", schemas.of::<TransparencyDecision>()),
        ("ai_decision_outcome", schemas.of::<TransparencyOutcome>()),
        (
            "performance_metrics",
            schemas.of::<TransparencyPerformance>(),
        ),
    ];
    let entries = json!({ "oneOf": [&told[0].1, &told[2].1] });
    let complete = json!({
        "type": "boolean",
        "description": "Whether these are all that was asked for.",
    });
    let answers = [
        (
            "connected",
            "Connected",
            object([
                ("message", text()),
                ("server_time", moment.clone()),
                ("api_version", text()),
                ("features", list(&text())),
            ]),
        ),
        (
            "connect_error",
            "ConnectError",
            object([("message", text())]),
        ),
        (
            "subscription_confirmed",
            "Confirmed",
            object([
                ("streams", list(&one_of(&STREAMS))),
                ("status", one_of(&["subscribed", "unsubscribed"])),
                ("rejected", list(&text())),
            ]),
        ),
        (
            "history",
            "History",
            object([
                ("stream", one_of(&STREAMS)),
                ("items", list(&entries)),
                ("complete", complete),
            ]),
        ),
        (
            "pong",
            "Pong",
            object([("timestamp", moment), ("client_timestamp", anything())]),
        ),
        (
            "error",
            "Error",
            object([("code", text()), ("message", text())]),
        ),
    ];
    let answers = answers.map(|(name, suffix, schema)| {
        let schema = schemas.insert(&format!("Transparency{suffix}"), schema);
        (name, schema)
    });
    let frames = told.into_iter().chain(answers);
    let frames = frames.map(|(name, schema)| Frame {
        name: name.to_owned(),
        schema,
    });
    frames.collect()
}

/// Any JSON.
fn anything() -> Value {
    json!({})
}
