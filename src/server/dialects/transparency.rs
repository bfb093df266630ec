//! Dialect 1, Transparency Dashboard: Socket.IO at `/socket.io`, and a REST face under `/api`. Fills and
//! decisions are said when they happen, once; portfolio and performance at their cadence.

pub mod rest;
mod socket;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::caster::{self, Said};
use super::config::TransparencyConfig;
use super::figures::{float, number, optional, pair, percent, time};
use super::view::View;
use crate::domain::performance::Window;
use crate::domain::{
    BotId, Decision, Fill, Health, MetricId, OrderId, OrderType, Outcome, Performance, Portfolio,
};
use crate::server::clock::wall_time;
use crate::wire::{Payload, Topic};

pub use socket::{Namespace, serve};

/// What can be subscribed to, by the names that its clients know.
pub(super) const STREAMS: [&str; 4] = [TRADES, PORTFOLIO, DECISIONS, PERFORMANCE];
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

/// `trade-…`, as our own fills are called already; an outside bot may call its otherwise.
fn trade_id(fill: &Fill) -> String {
    let id = fill.id.as_str();
    format!("trade-{}", id.strip_prefix("trade-").unwrap_or(id))
}

/// What orders were.
type OrderTypes = HashMap<OrderId, OrderType>;

/// A fill; the type of its order where the order is remembered.
pub(super) fn trade(fill: &Fill, types: &OrderTypes) -> Value {
    let order_type = fill.order.as_ref().and_then(|id| types.get(id));
    json!({
        "id": trade_id(fill),
        "timestamp": time(fill.time),
        "symbol": pair(&fill.symbol),
        "side": fill.side,
        "quantity": number(fill.quantity),
        "price": number(fill.price),
        "total_value": number(fill.value),
        "fee": number(fill.fee),
        "status": "filled",
        "type": order_type.map_or("market", |known| known.as_str()),
    })
}

pub(super) fn portfolio(portfolio: &Portfolio) -> Value {
    json!({
        "timestamp": time(portfolio.time),
        "total_equity": number(portfolio.equity),
        "cash_balance": number(portfolio.cash),
        "invested": number(portfolio.invested),
        "total_pnl": number(portfolio.net_pnl),
        "total_pnl_percent": optional(portfolio.net_pnl_percent),
        "day_pnl": number(portfolio.day_pnl),
        "day_pnl_percent": optional(portfolio.day_pnl_percent),
        "positions_count": portfolio.open_positions,
        "open_orders": portfolio.open_orders,
    })
}

pub(super) fn decision(decision: &Decision) -> Value {
    json!({
        "id": decision.id,
        "timestamp": time(decision.made_at),
        "model_name": decision.model,
        "symbol": pair(&decision.symbol),
        "prediction": {
            "direction": decision.direction.as_str(),
            "confidence": decision.confidence,
            "price_target": optional(decision.price_target),
            "time_horizon": decision.horizon.to_string(),
        },
        "reasoning": decision.reasoning,
        "outcome": decision.outcome.as_str(),
    })
}

fn outcome(decision: &Decision) -> Value {
    json!({
        "id": decision.id,
        "outcome": decision.outcome.as_str(),
        "realised_return": float(decision.realised_return),
    })
}

/// The figures of a window, in percent where the dialect has percent. The latency is the measured median from
/// an item's arrival to its publication.
pub(super) fn performance(all: &Performance, window: Window, health: &Health) -> Value {
    let metrics = all.windows.get(&window);
    let metric = |id| metrics.and_then(|metrics| metrics.value(id));
    let micros = health.received_to_published.p50_us;
    json!({
        "timestamp": time(all.time),
        "period": window.as_str(),
        "total_return": percent(metric(MetricId::TotalReturn)),
        "sharpe_ratio": float(metric(MetricId::Sharpe)),
        "max_drawdown": percent(metric(MetricId::MaxDrawdown)),
        "win_rate": percent(metric(MetricId::WinRate)),
        "profit_factor": float(metric(MetricId::ProfitFactor)),
        "total_trades": float(metric(MetricId::Trades)),
        "api_latency_ms": float(micros.map(|micros| micros as f64 / 1_000.0)),
        "websocket_connections": health.clients,
    })
}

fn said(stream: &'static str, event: &'static str, data: Value) -> Said {
    Said {
        stream,
        symbol: None,
        event,
        data,
        frame: Default::default(),
    }
}

/// All of a stream that is no log, as it is now.
fn now(view: &View, stream: &str) -> Option<(&'static str, Value)> {
    match stream {
        PORTFOLIO => Some((PORTFOLIO, portfolio(&view.portfolio()?))),
        PERFORMANCE => {
            let told = performance(&view.performance()?, Window::H24, &view.health());
            Some((PERFORMANCE, told))
        }
        _ => None,
    }
}

/// An entry of a log as the dialect's event.
fn event(entry: &Payload, types: &OrderTypes) -> Option<Said> {
    match entry {
        Payload::Trade(fill) => Some(said(TRADES, TRADES, trade(fill, types))),
        Payload::Decision(made) if made.outcome == Outcome::Pending => {
            Some(said(DECISIONS, DECISIONS, decision(made)))
        }
        Payload::Decision(judged) => Some(said(DECISIONS, "ai_decision_outcome", outcome(judged))),
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

    fn entry(&mut self, view: &View, entry: &Payload, out: &mut Vec<Said>) {
        let types = match entry {
            Payload::Trade(_) => view.order_types(),
            _ => OrderTypes::new(),
        };
        out.extend(event(entry, &types));
    }

    fn beat(&mut self, number: usize, view: &View, out: &mut Vec<Said>) {
        let stream = if number == 0 { PORTFOLIO } else { PERFORMANCE };
        out.extend(now(view, stream).map(|(event, data)| said(stream, event, data)));
    }
}

/// The moment of an answer that is about no market time.
fn server_time() -> Value {
    time(wall_time())
}
