//! Dialect 2, Finance Feedback Engine: an agent stream that tells everything, and one socket each for
//! portfolio, positions and decisions. Portfolio and positions are told where they have changed.

pub mod rest;
pub mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::caster::{self, Said};
use super::config::FinanceConfig;
use super::figures::time;
use super::session::{self, Asked, Heard, Talk};
use super::view::View;
use crate::domain::{AgentEntry, Decimal, Outcome, Portfolio, Position, Severity, Symbol};
use crate::server::clock::wall_time;
use crate::wire::{Payload, Topic};
use words::{
    FinanceDecision, FinanceError, FinancePortfolio, FinancePosition, FinancePositions,
    FinanceTrade, FinanceTransition,
};

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
            let client = Client {
                stream: $stream,
                known: BTreeMap::new(),
            };
            session::open(asked, |state| &state.casters.finance, client)
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

fn position_data(position: &Position) -> Value {
    json!(FinancePosition::of(position))
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

/// All positions, as a client gets them that has just come.
fn held(view: &View) -> Value {
    let open: Vec<_> = view
        .open_positions()
        .iter()
        .map(FinancePosition::of)
        .collect();
    json!(FinancePositions {
        positions: open.clone(),
        open,
        closed: Vec::new(),
        updated: Vec::new(),
    })
}

pub struct Voice {
    changes: Duration,
    heartbeat: Duration,
    portfolio: Value,
    /// What was held when it was said last.
    positions: BTreeMap<Symbol, FinancePosition>,
    /// When the bot's figures were published last, and how they stood; whether that they stand still was said.
    moved: (Option<Portfolio>, Instant, bool),
}

/// What takes longer is an error on the stream, which goes on.
const PATIENCE: Duration = Duration::from_secs(3);

impl Voice {
    pub fn new(config: &FinanceConfig) -> Self {
        Self {
            changes: Duration::from_millis(config.changes_ms.into()),
            heartbeat: Duration::from_millis(config.heartbeat_ms.into()),
            portfolio: Value::Null,
            positions: BTreeMap::new(),
            moved: (None, Instant::now(), false),
        }
    }

    fn changes(&mut self, view: &View, out: &mut Vec<Said>) {
        let Some(now) = view.portfolio() else {
            return;
        };
        let told = portfolio_data(&now);
        if told != self.portfolio {
            self.portfolio.clone_from(&told);
            out.push(said(PORTFOLIO, "portfolio_update", told));
        }
        self.position_changes(view, out);
        self.stands_still(now, view, out);
    }

    fn position_changes(&mut self, view: &View, out: &mut Vec<Said>) {
        let all = view.positions();
        let now: BTreeMap<Symbol, FinancePosition> = all
            .iter()
            .filter(|position| position.quantity != Decimal::ZERO)
            .map(|position| (position.symbol.clone(), FinancePosition::of(position)))
            .collect();
        let before = std::mem::take(&mut self.positions);
        let (mut opened, mut updated, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        for (symbol, told) in &now {
            match before.get(symbol) {
                None => opened.push(told.clone()),
                Some(known) if known != told => updated.push(told.clone()),
                Some(_) => {}
            }
        }
        for position in all
            .iter()
            .filter(|position| !now.contains_key(&position.symbol))
        {
            if before.contains_key(&position.symbol) {
                closed.push(FinancePosition::of(position));
            }
        }
        if !(opened.is_empty() && updated.is_empty() && closed.is_empty()) {
            for (event, rows) in [
                ("position_opened", &opened),
                ("position_updated", &updated),
                ("position_closed", &closed),
            ] {
                out.extend(rows.iter().map(|row| said(AGENT, event, row)));
            }
            let told = FinancePositions {
                positions: now.values().cloned().collect(),
                open: opened,
                closed,
                updated,
            };
            out.push(said(POSITIONS, "positions_update", told));
        }
        self.positions = now;
    }

    /// Says once that the engine has given nothing new for too long although it should.
    fn stands_still(&mut self, now: Portfolio, view: &View, out: &mut Vec<Said>) {
        let (last, at, told) = &mut self.moved;
        if last.as_ref() != Some(&now) {
            (*last, *at, *told) = (Some(now), Instant::now(), false);
            return;
        }
        let health = view.health();
        if !*told && !health.ready && at.elapsed() >= PATIENCE {
            *told = true;
            let told = FinanceError {
                code: "not_ready".to_owned(),
                message: health.problems.join("; "),
                severity: Some(Severity::Warning),
            };
            out.push(said(ALL, "error", told));
        }
    }
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

    fn entry(&mut self, _: &View, entry: &Payload, out: &mut Vec<Said>) {
        match entry {
            Payload::Agent(entry) => {
                if let AgentEntry::Step(step) = &**entry {
                    let told = FinanceTransition::of(step);
                    out.push(said(AGENT, "state_transition", told));
                }
            }
            Payload::Decision(made) if made.outcome == Outcome::Pending => {
                out.push(said(DECISIONS, "decision_made", FinanceDecision::of(made)));
            }
            Payload::Trade(fill) => {
                out.push(said(AGENT, "trade_executed", FinanceTrade::of(fill)));
            }
            Payload::Alert(alert) if alert.severity != Severity::Info => {
                out.push(said(AGENT, "error", FinanceError::of(alert)));
            }
            _ => {}
        }
    }

    fn beat(&mut self, number: usize, view: &View, out: &mut Vec<Said>) {
        if number == 0 {
            self.changes(view, out);
        } else {
            out.push(said(ALL, "heartbeat", json!({})));
        }
    }
}

#[derive(Deserialize)]
struct Command {
    event: String,
}

struct Client {
    stream: &'static str,
    /// How portfolio and positions were when it was told of them last, by event. What is said to all may be
    /// news to others alone.
    known: BTreeMap<&'static str, Value>,
}

fn error(code: &str, message: impl Into<String>) -> Utf8Bytes {
    let told = FinanceError {
        code: code.to_owned(),
        message: message.into(),
        severity: None,
    };
    frame("error", &json!(told))
}

impl Talk for Client {
    fn opened(&mut self, view: &View) -> Vec<Utf8Bytes> {
        let mut first = Vec::new();
        if matches!(self.stream, PORTFOLIO | AGENT) {
            let now = view.portfolio().map(|now| portfolio_data(&now));
            first.extend(now.iter().map(|now| frame("portfolio_update", now)));
            self.known.extend(now.map(|now| ("portfolio_update", now)));
        }
        if self.stream == AGENT {
            // Some clients open only this one, and learn here what is held already.
            let open = view.open_positions();
            let rows = open.iter().map(position_data);
            first.extend(rows.map(|row| frame("position_updated", &row)));
        }
        if self.stream == POSITIONS {
            let held = held(view);
            first.push(frame("positions_update", &held));
            self.known
                .insert("positions_update", held["positions"].clone());
        }
        first
    }

    fn hear(&mut self, text: &str, _: &View) -> Heard {
        match serde_json::from_str::<Command>(text) {
            Ok(command) if command.event == "ping" => {
                Heard::Answers(vec![frame("heartbeat", &json!({}))])
            }
            Ok(command) => {
                let shown: String = command.event.chars().take(40).collect();
                let told = error("unknown_event", format!("there is no event {shown:?}"));
                Heard::Answers(vec![told])
            }
            Err(why) => Heard::Bad(error("bad_message", why.to_string())),
        }
    }

    fn pass(&mut self, said: &Said) -> Option<Utf8Bytes> {
        let is_heard = match self.stream {
            // Each position by its own event there.
            AGENT => said.stream != POSITIONS,
            stream => said.stream == stream || said.stream == ALL,
        };
        let state = match said.event {
            "portfolio_update" => Some(&said.data),
            "positions_update" => Some(&said.data["positions"]),
            _ => None,
        };
        let is_news = state.is_none_or(|now| self.known.get(said.event) != Some(now));
        if !(is_heard && is_news) {
            return None;
        }
        self.known
            .extend(state.map(|now| (said.event, now.clone())));
        Some(said.frame.clone())
    }

    fn too_much(&self) -> Utf8Bytes {
        error("rate_limited", "this socket sends more than it may")
    }
}
