//! The four sockets of Finance Feedback Engine.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Channel, TOKENS, object, wish, word};
use crate::server::dialects::figures::Moment;
use crate::server::dialects::finance::words::{
    FinanceDecision, FinanceError, FinancePortfolio, FinancePosition, FinancePositions,
    FinanceTrade, FinanceTransition,
};
use crate::server::docs::frames::{Frame, camel};
use crate::server::docs::schemas::Schemas;

pub fn channels(schemas: &mut Schemas) -> [Channel; 4] {
    let portfolio = frame::<FinancePortfolio>("portfolio_update", schemas);
    let positions = frame::<FinancePositions>("positions_update", schemas);
    let decision = frame::<FinanceDecision>("decision_made", schemas);
    let agent = vec![
        portfolio.clone(),
        frame::<FinanceTransition>("state_transition", schemas),
        decision.clone(),
        frame::<FinanceTrade>("trade_executed", schemas),
        frame::<FinancePosition>("position_opened", schemas),
        frame::<FinancePosition>("position_updated", schemas),
        frame::<FinancePosition>("position_closed", schemas),
    ];
    let mut channel = |name, address, title, what: &str, heard| Channel {
        name,
        address,
        title,
        about: format!("{what} `{{\"event\": \"ping\"}}` is answered by `heartbeat`. {TOKENS}"),
        said: vec![ping(schemas)],
        heard: with_all(heard, schemas),
    };
    [
        channel(
            "finance_agent",
            "/api/v1/bot/ws",
            "Finance Feedback Engine: the agent stream",
            "All that the bot does. What it holds comes at once, each position as `position_updated`.",
            agent,
        ),
        channel(
            "finance_portfolio",
            "/api/v1/bot/ws/portfolio",
            "Finance Feedback Engine: the portfolio",
            "The portfolio, at once and where it has changed.",
            vec![portfolio],
        ),
        channel(
            "finance_positions",
            "/api/v1/bot/ws/positions",
            "Finance Feedback Engine: the positions",
            "All positions, at once and where one has changed.",
            vec![positions],
        ),
        channel(
            "finance_decisions",
            "/api/v1/bot/ws/decisions",
            "Finance Feedback Engine: the decisions",
            "Each decision when it is made.",
            vec![decision],
        ),
    ]
}

fn frame<T: ToSchema>(event: &str, schemas: &mut Schemas) -> Frame {
    let data = schemas.of::<T>();
    enveloped(event, data, schemas)
}

/// With the moment at which it was said, by the server's clock.
fn enveloped(event: &str, data: Value, schemas: &mut Schemas) -> Frame {
    let timestamp = schemas.of::<Moment>();
    let schema = object([
        ("event", word(event)),
        ("data", data),
        ("timestamp", timestamp),
    ]);
    Frame {
        name: event.to_owned(),
        schema: schemas.insert(&format!("Finance{}Frame", camel(event)), schema),
    }
}

/// What is heard on each of the four.
fn with_all(mut heard: Vec<Frame>, schemas: &mut Schemas) -> Vec<Frame> {
    let nothing = json!({ "type": "object", "maxProperties": 0 });
    heard.push(frame::<FinanceError>("error", schemas));
    heard.push(enveloped("heartbeat", nothing, schemas));
    heard
}

fn ping(schemas: &mut Schemas) -> Frame {
    let schema = wish(
        &["event"],
        [
            ("event", word("ping")),
            ("data", json!({ "type": "object" })),
        ],
    );
    Frame {
        name: "ping".to_owned(),
        schema: schemas.insert_given("FinancePing", schema),
    }
}
