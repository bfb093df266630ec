//! Dialect 2, Finance Feedback Engine: an agent stream that tells everything, and one socket each for
//! portfolio, positions and decisions. Portfolio and positions are told where they have changed.

mod client;
pub mod rest;
pub mod words;

use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::caster::{self, Said};
use super::config::FinanceConfig;
use super::figures::time;
use super::session::{self, Asked};
use super::view::View;
use crate::domain::{AgentEntry, Outcome, Portfolio, Severity};
use crate::server::clock::wall_time;
use crate::wire::{Payload, Topic};
use client::Client;
use words::{FinanceDecision, FinanceError, FinancePortfolio, FinanceTrade, FinanceTransition};

/// What each event belongs to; the agent stream has all of it.
const PORTFOLIO: &str = "portfolio";
const POSITIONS: &str = "positions";
const DECISIONS: &str = "decisions";
const AGENT: &str = "agent";
/// For every stream.
const ALL: &str = "all";

/// Declares the handler of a stream's address.
macro_rules! stream {
    ($(#[$doc:meta])* $handler:ident $stream:ident) => {
        $(#[$doc])*
        pub async fn $handler(asked: Asked) -> Response {
            session::open(asked, |state| &state.casters.finance, Client::of($stream))
        }
    };
}
stream!(
    /// `GET /api/v1/bot/ws`.
    agent AGENT
);
stream!(
    /// `GET /api/v1/bot/ws/portfolio`.
    portfolio PORTFOLIO
);
stream!(
    /// `GET /api/v1/bot/ws/positions`.
    positions POSITIONS
);
stream!(
    /// `GET /api/v1/bot/ws/decisions`.
    decisions DECISIONS
);

fn portfolio_data(portfolio: &Portfolio) -> Value {
    json!(FinancePortfolio::of(portfolio))
}

fn frame(event: &str, data: &Value) -> Utf8Bytes {
    let frame = json!({ "event": event, "data": data, "timestamp": time(wall_time()) });
    frame.to_string().into()
}

fn said(stream: &'static str, event: &'static str, data: impl Serialize) -> Said {
    let data = json!(data);
    Said {
        stream,
        symbol: None,
        event,
        frame: frame(event, &data),
        data,
    }
}

pub struct Voice {
    changes: Duration,
    heartbeat: Duration,
    /// When the bot's figures were published last, and how they stood; whether that they stand still was said.
    moved: (Option<Portfolio>, Instant, bool),
}

impl Voice {
    pub fn new(config: &FinanceConfig) -> Self {
        Self {
            changes: Duration::from_millis(config.changes_ms.into()),
            heartbeat: Duration::from_millis(config.heartbeat_ms.into()),
            moved: (None, Instant::now(), false),
        }
    }

    fn changes(&mut self, view: &View, out: &mut Vec<Said>) {
        // Each time: what is news depends on what a client knows. Of positions each makes its own.
        let now = view.portfolio();
        let told = now.iter().map(portfolio_data);
        out.extend(told.map(|told| said(PORTFOLIO, "portfolio_update", told)));
        out.push(said(POSITIONS, "positions_update", Value::Null));
        self.stands_still(now, view, out);
    }

    /// Says once that the engine has given nothing new for too long although it should.
    fn stands_still(&mut self, now: Option<Portfolio>, view: &View, out: &mut Vec<Said>) {
        let (last, at, told) = &mut self.moved;
        if *last != now {
            (*last, *at, *told) = (now, Instant::now(), false);
            return;
        }
        let health = view.health();
        if !*told && !health.ready && at.elapsed() >= caster::PATIENCE {
            *told = true;
            out.push(warning("not_ready", health.problems.join("; ")));
        }
    }
}

fn warning(code: &str, message: String) -> Said {
    let told = FinanceError {
        code: code.to_owned(),
        message,
        severity: Some(Severity::Warning),
    };
    said(ALL, "error", told)
}

impl caster::Voice for Voice {
    fn logs(&self, view: &View) -> Vec<Topic> {
        let bot = || view.bot.clone();
        vec![
            Topic::Agent(bot()),
            Topic::Decisions(bot()),
            Topic::Trades(bot()),
            Topic::Alerts,
        ]
    }

    fn beats(&self) -> Vec<Duration> {
        vec![self.changes, self.heartbeat]
    }

    fn entries(&mut self, _: &View, entries: &[Payload], out: &mut Vec<Said>) {
        out.extend(entries.iter().filter_map(event));
    }

    fn late(&mut self, out: &mut Vec<Said>) {
        let message = "what happened is not to be had from the journal yet; it will come";
        out.push(warning("late", message.to_owned()));
    }

    fn beat(&mut self, number: usize, view: &View, out: &mut Vec<Said>) {
        if number == 0 {
            self.changes(view, out);
        } else {
            out.push(said(ALL, "heartbeat", json!({})));
        }
    }
}

/// An entry of a log as the dialect's event.
fn event(entry: &Payload) -> Option<Said> {
    match entry {
        Payload::Agent(entry) => match &**entry {
            AgentEntry::Step(step) => {
                let told = FinanceTransition::of(step);
                Some(said(AGENT, "state_transition", told))
            }
            AgentEntry::Note { .. } | AgentEntry::Trading { .. } => None,
        },
        Payload::Decision(made) if made.outcome == Outcome::Pending => {
            Some(said(DECISIONS, "decision_made", FinanceDecision::of(made)))
        }
        Payload::Trade(fill) => Some(said(AGENT, "trade_executed", FinanceTrade::of(fill))),
        Payload::Alert(alert) if alert.severity != Severity::Info => {
            Some(said(AGENT, "error", FinanceError::of(alert)))
        }
        _ => None,
    }
}
