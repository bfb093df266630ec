//! The REST face under `/api`: the same figures as its events.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{decision, performance, portfolio, server_time, trade};
use crate::domain::performance::Window;
use crate::domain::{DecisionFilter, Position};
use crate::server::dialects::View;
use crate::server::dialects::figures::{float, long_or_short, number, optional, pair, time};
use crate::server::error::AppError;
use crate::server::rest::{Params, answer, params};
use crate::server::state::AppState;
use crate::store::Range;
use crate::wire::{Payload, Topic, publication};

const DEFAULT_LIMIT: u32 = 10;
const MAX_LIMIT: u32 = 500;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct Page {
    limit: Option<u32>,
    offset: Option<u64>,
}

impl Page {
    /// What its clients expect of a limit that is out of bounds: 422.
    fn checked(&self) -> Result<(u32, u64), AppError> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = format!("limit is 1 to {MAX_LIMIT}");
            return Err(crate::domain::Rejection::field("invalid_limit", "limit", message).into());
        }
        Ok((limit, self.offset.unwrap_or(0)))
    }
}

fn view(state: &AppState) -> View {
    View::new(state.clone())
}

fn told(state: &AppState, body: &Value) -> Result<Response, AppError> {
    answer(state.hub.seq(), body)
}

fn nothing_yet() -> AppError {
    AppError::NotFound("there are no figures of this bot yet".to_owned())
}

/// `GET /api/portfolio`.
pub async fn portfolio_now(State(state): State<AppState>) -> Result<Response, AppError> {
    let now = view(&state).portfolio().ok_or_else(nothing_yet)?;
    told(&state, &portfolio(&now))
}

fn position(position: &Position) -> Value {
    json!({
        "symbol": pair(&position.symbol),
        "side": long_or_short(position.quantity).to_lowercase(),
        "quantity": number(position.quantity.abs()),
        "entry_price": optional(position.average_price),
        "current_price": optional(position.mark_price),
        "value": number(position.value),
        "unrealized_pnl": number(position.unrealised_pnl),
        "realized_pnl": number(position.realised_pnl),
        "opened_at": position.opened_at.map(time),
        "timestamp": time(position.updated_at),
    })
}

/// `GET /api/portfolio/positions`.
pub async fn positions(State(state): State<AppState>) -> Result<Response, AppError> {
    let open = view(&state).open_positions();
    let open: Vec<_> = open.iter().map(position).collect();
    let count = open.len();
    told(
        &state,
        &json!({ "positions": open, "total_count": count, "timestamp": server_time() }),
    )
}

/// `GET /api/trades`: the newest first.
pub async fn trades(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    let (limit, offset) = params(query)?.checked()?;
    let view = view(&state);
    let topic = Topic::Trades(view.bot.clone());
    // Offsets of a log are contiguous from 1: the newest one is the count.
    let total = view.news(&topic, u64::MAX).head;
    let last = total.saturating_sub(offset);
    let first = last.saturating_sub(u64::from(limit)) + 1;
    let logged = state.reader.range(&topic, Range { first, last }).await?;
    let types = view.order_types();
    let page: Vec<_> = logged
        .iter()
        .rev()
        .filter_map(|logged| match publication(&logged.record)? {
            (_, Payload::Trade(fill)) => Some(trade(&fill, &types)),
            _ => None,
        })
        .collect();
    told(
        &state,
        &json!({
            "trades": page,
            "total_count": total,
            "limit": limit,
            "offset": offset,
            "timestamp": server_time(),
        }),
    )
}

/// `GET /api/ai/decisions`: each once, as it is now, the newest first.
pub async fn decisions(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    let (limit, offset) = params(query)?.checked()?;
    // Pages by offset cost what they skip; nobody is given a way to make that much.
    let skipped = u32::try_from(offset).unwrap_or(u32::MAX).min(10_000);
    let view = view(&state);
    let wanted = skipped.saturating_add(limit);
    let filter = DecisionFilter::default();
    let found = state
        .reader
        .decisions(&view.bot, &filter, None, state.hub.seq(), wanted);
    let found = found.await?;
    let page: Vec<_> = found.iter().skip(skipped as usize).map(decision).collect();
    let total = view.models().map(|models| {
        let totals = models
            .scores
            .values()
            .filter(|score| score.symbol.is_none());
        totals
            .map(|score| score.n + score.pending + score.unresolvable)
            .sum::<u64>()
    });
    told(
        &state,
        &json!({
            "decisions": page,
            "total_count": total,
            "limit": limit,
            "offset": offset,
            "timestamp": server_time(),
        }),
    )
}

/// `GET /api/ai/models`: each with its score over all symbols and horizons.
pub async fn models(State(state): State<AppState>) -> Result<Response, AppError> {
    let models = view(&state).models().ok_or_else(nothing_yet)?;
    let rows: Vec<_> = models
        .models
        .iter()
        .map(|known| {
            let total = models.scores.values().find(|score| {
                score.model == known.model && score.symbol.is_none() && score.horizon.is_none()
            });
            json!({
                "model_name": known.model,
                "description": known.about,
                "status": if known.fault.is_some() { "disabled" } else { "active" },
                "accuracy": float(total.and_then(|total| total.hit_rate)),
                "total_predictions": total.map(|total| total.n + total.pending + total.unresolvable),
                "resolved_predictions": total.map(|total| total.n),
                "brier_score": float(total.and_then(|total| total.brier)),
            })
        })
        .collect();
    told(
        &state,
        &json!({ "models": rows, "timestamp": server_time() }),
    )
}

#[derive(Debug, Deserialize)]
pub struct OfPeriod {
    period: Option<String>,
}

/// `GET /api/performance?period=24h`.
pub async fn performance_of(
    State(state): State<AppState>,
    query: Params<OfPeriod>,
) -> Result<Response, AppError> {
    let period = params(query)?.period;
    let window: Window = match period.as_deref() {
        None => Window::H24,
        Some(text) => {
            text.parse()
                .map_err(|error: crate::domain::performance::InvalidWindow| {
                    crate::domain::Rejection::field("invalid_period", "period", error.to_string())
                })?
        }
    };
    let view = view(&state);
    let all = view.performance().ok_or_else(nothing_yet)?;
    told(&state, &performance(&all, window, &view.health()))
}

/// `GET /api/performance/equity-curve`: the newest thousand minutes.
pub async fn equity_curve(State(state): State<AppState>) -> Result<Response, AppError> {
    let points = view(&state).equity();
    let points: Vec<_> = points
        .iter()
        .map(|point| {
            json!({
                "timestamp": time(point.time),
                "equity": number(point.equity),
                "drawdown": float(point.drawdown),
            })
        })
        .collect();
    told(
        &state,
        &json!({ "equity_curve": points, "timestamp": server_time() }),
    )
}

/// `GET /api/stats`: what the machine does.
pub async fn stats(State(state): State<AppState>) -> Result<Response, AppError> {
    let view = view(&state);
    let health = view.health();
    let portfolio = view.portfolio();
    let listeners: BTreeMap<_, _> = [
        ("transparency", state.casters.transparency.listeners()),
        ("finance", state.casters.finance.listeners()),
        ("updates", state.casters.updates.listeners()),
        ("trading", state.casters.trading.listeners()),
        ("quantum", state.casters.quantum.listeners()),
    ]
    .into_iter()
    .collect();
    told(
        &state,
        &json!({
            "total_trades": portfolio.as_ref().map(|now| now.fills),
            "total_equity": portfolio.as_ref().map(|now| number(now.equity)),
            "websocket_connections": health.clients,
            "dialect_connections": listeners,
            "uptime_seconds": health.process.uptime_s,
            "mode": health.mode,
            "version": health.process.version,
            "timestamp": server_time(),
        }),
    )
}
