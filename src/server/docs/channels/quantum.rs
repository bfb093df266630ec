//! The socket of Quantum Trader.

use serde_json::{Value, json};

use super::{Channel, TOKENS, list, object, one_of, text, word};
use crate::domain::Regime;
use crate::server::dialects::quantum::Fault;
use crate::server::docs::frames::Frame;
use crate::server::docs::schemas::Schemas;

pub fn channel(schemas: &mut Schemas) -> Channel {
    let about = format!(
        "One flat object at once and every few seconds; a client says nothing. What is not known is 0, and of \
         the regime `unknown`, because clients compute with every number; with `[dialects.quantum] undefined = \
         \"null\"` it is null. `undefined` names it. {TOKENS}"
    );
    let live = live(schemas);
    let error = object([("error", word("rate_limited"))]);
    let heard = [
        ("live", schemas.insert("QuantumLive", live)),
        ("error", schemas.insert("QuantumError", error)),
    ];
    let heard = heard.map(|(name, schema)| Frame {
        name: name.to_owned(),
        schema,
    });
    Channel {
        name: "quantum",
        address: "/stream/live",
        title: "Quantum Trader",
        about,
        said: Vec::new(),
        heard: heard.into(),
    }
}

fn live(schemas: &mut Schemas) -> Value {
    let figure = |about: &str| json!({ "type": ["number", "null"], "description": about });
    let count =
        |about: &str| json!({ "type": ["integer", "null"], "minimum": 0, "description": about });
    let seconds =
        json!({ "type": "number", "description": "The server's clock, s since 1970 in UTC." });
    let regime = json!({
        "oneOf": [schemas.of::<Regime>(), word("unknown"), { "type": "null" }],
        "description": "Of the first symbol's market.",
    });
    let datetime = json!({
        "type": "string",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$",
        "description": "The same in words.",
    });
    let quality = json!({
        "type": "object",
        "additionalProperties": schemas.of::<Fault>(),
        "description": "Why figures that should come from Redis are not known, by name.",
    });
    object([
        ("timestamp", seconds),
        ("datetime", datetime),
        ("cpu", figure("Of the machine's processors, percent.")),
        ("ram", figure("Of the machine's memory, percent.")),
        ("containers", count("Running ones.")),
        (
            "accuracy",
            figure("The share of judged decisions that were right."),
        ),
        (
            "latency",
            figure("The measured median from an item's arrival to its publication, ms."),
        ),
        ("sharpe", figure("Of the last 24 h, annualised.")),
        ("pnl", figure("Realised + unrealised − fees.")),
        ("positions", count("Open ones.")),
        (
            "exposure",
            figure("What is at the market as a fraction of the equity."),
        ),
        (
            "risk",
            figure("1-day 95 % value at risk, a fraction of the equity, negative."),
        ),
        ("volatility", figure("Of the first symbol, annualised.")),
        ("regime", regime),
        ("source", one_of(&["engine", "redis"])),
        ("quality", quality),
        ("undefined", list(&text())),
    ])
}
