//! Dialect 1, Transparency Dashboard: Socket.IO at `/socket.io`, and a REST face under `/api`. Fills and
//! decisions are said when they happen, once; portfolio and performance at their cadence.

mod client;
mod history;
pub mod rest;
mod socket;
pub mod words;

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::caster::{self, Said};
use super::config::TransparencyConfig;
use super::figures::{Moment, time};
use super::view::View;
use crate::domain::performance::Window;
use crate::domain::{BotId, Fill, OrderId, OrderType, Outcome};
use crate::server::clock::wall_time;
use crate::wire::{Payload, Topic};
use words::{
    TransparencyDecision, TransparencyOutcome, TransparencyPerformance, TransparencyPortfolio,
    TransparencyTrade, entry_id,
};

pub use socket::{Namespace, serve};

/// What can be subscribed to, by the names that its clients know.
pub const STREAMS: [&str; 4] = [TRADES, PORTFOLIO, DECISIONS, PERFORMANCE];
const TRADES: &str = "trade_feed";
const PORTFOLIO: &str = "portfolio_update";
const DECISIONS: &str = "ai_decision";
const PERFORMANCE: &str = "performance_metrics";

/// The api's own name for a stream's topic, where it is a log.
fn log(stream: &str, bot: &BotId) -> Option<Topic> {
    match stream {
        TRADES => Some(Topic::Trades(bot.clone())),
        DECISIONS => Some(Topic::Decisions(bot.clone())),
        _ => None,
    }
}

/// What orders were.
type OrderTypes = HashMap<OrderId, OrderType>;

/// A fill; the type of its order where the order is remembered.
fn trade(fill: &Fill, types: &OrderTypes) -> TransparencyTrade {
    let order_type = fill.order.as_ref().and_then(|id| types.get(id));
    TransparencyTrade::of(fill, order_type.copied())
}

fn said(stream: &'static str, event: &'static str, data: impl Serialize) -> Said {
    Said {
        stream,
        symbol: None,
        event,
        data: json!(data),
        frame: Default::default(),
    }
}

/// All of a stream that is no log, as it is now.
fn now(view: &View, stream: &str) -> Option<(&'static str, Value)> {
    match stream {
        PORTFOLIO => {
            let told = TransparencyPortfolio::of(&view.portfolio()?);
            Some((PORTFOLIO, json!(told)))
        }
        PERFORMANCE => {
            let all = view.performance()?;
            let told = TransparencyPerformance::of(&all, Window::H24, &view.health());
            Some((PERFORMANCE, json!(told)))
        }
        _ => None,
    }
}

/// An entry of a log as the dialect's event.
fn event(entry: &Payload, types: &OrderTypes) -> Option<Said> {
    match entry {
        Payload::Trade(fill) => Some(said(TRADES, TRADES, trade(fill, types))),
        Payload::Decision(made) if made.outcome == Outcome::Pending => {
            Some(said(DECISIONS, DECISIONS, TransparencyDecision::of(made)))
        }
        Payload::Decision(judged) => {
            let told = TransparencyOutcome::of(judged);
            Some(said(DECISIONS, "ai_decision_outcome", told))
        }
        _ => None,
    }
}

pub struct Voice {
    beats: Vec<Duration>,
}

impl Voice {
    pub fn new(config: &TransparencyConfig) -> Self {
        let millis = [config.portfolio_ms, config.performance_ms];
        Self {
            beats: millis.map(|ms| Duration::from_millis(ms.into())).to_vec(),
        }
    }
}

impl caster::Voice for Voice {
    fn logs(&self, view: &View) -> Vec<Topic> {
        STREAMS
            .iter()
            .filter_map(|stream| log(stream, &view.bot))
            .collect()
    }

    fn beats(&self) -> Vec<Duration> {
        self.beats.clone()
    }

    fn entries(&mut self, view: &View, entries: &[Payload], out: &mut Vec<Said>) {
        let is_trade = |entry: &Payload| matches!(entry, Payload::Trade(_));
        let types = if entries.iter().any(is_trade) {
            view.order_types()
        } else {
            OrderTypes::new()
        };
        out.extend(entries.iter().filter_map(|entry| event(entry, &types)));
    }

    fn beat(&mut self, number: usize, view: &View, out: &mut Vec<Said>) {
        let stream = if number == 0 { PORTFOLIO } else { PERFORMANCE };
        out.extend(now(view, stream).map(|(event, data)| said(stream, event, data)));
    }
}

/// The moment of an answer that is about no market time.
fn server_time() -> Moment {
    time(wall_time())
}
