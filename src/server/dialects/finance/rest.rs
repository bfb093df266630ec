//! The REST face under `/api/v1`: how the bot is, what it holds and what it has decided.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{decision_data, portfolio_data, position_data};
use crate::domain::{DecisionFilter, Rejection};
use crate::server::clock::wall_time;
use crate::server::dialects::View;
use crate::server::dialects::figures::time;
use crate::server::error::AppError;
use crate::server::rest::{HealthStatus, Params, answer, params};
use crate::server::state::AppState;

const DEFAULT_LIMIT: u32 = 10;
const MAX_LIMIT: u32 = 500;

fn view(state: &AppState) -> View {
    View::new(state.clone())
}

fn told(state: &AppState, body: &Value) -> Result<Response, AppError> {
    answer(state.hub.seq(), body)
}

/// `GET /api/v1/health`.
pub async fn health(State(state): State<AppState>) -> Result<Response, AppError> {
    let health = view(&state).health();
    let body = json!({
        "status": HealthStatus::of(&health),
        "problems": health.problems,
        "uptime_seconds": health.process.uptime_s,
        "version": health.process.version,
        "timestamp": time(wall_time()),
    });
    told(&state, &body)
}

/// `GET /api/v1/status` and `/api/v1/bot/status`.
pub async fn status(State(state): State<AppState>) -> Result<Response, AppError> {
    let view = view(&state);
    let (health, portfolio) = (view.health(), view.portfolio());
    let body = json!({
        "state": portfolio.as_ref().map(|now| now.trading.as_str()),
        "mode": health.mode,
        "ready": health.ready,
        "uptime_seconds": health.process.uptime_s,
        "total_trades": portfolio.as_ref().map(|now| now.fills),
        "active_positions": portfolio.as_ref().map(|now| now.open_positions),
        "portfolio": portfolio.as_ref().map(portfolio_data),
        "timestamp": time(wall_time()),
    });
    told(&state, &body)
}

/// `GET /api/v1/bot/positions`.
pub async fn positions(State(state): State<AppState>) -> Result<Response, AppError> {
    let open = view(&state).open_positions();
    let open: Vec<_> = open.iter().map(position_data).collect();
    let body = json!({ "positions": open, "count": open.len(), "timestamp": time(wall_time()) });
    told(&state, &body)
}

#[derive(Debug, Deserialize)]
pub struct Newest {
    limit: Option<u32>,
}

/// `GET /api/v1/decisions?limit=`: the newest first.
pub async fn decisions(
    State(state): State<AppState>,
    query: Params<Newest>,
) -> Result<Response, AppError> {
    let limit = params(query)?.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("limit is 1 to {MAX_LIMIT}");
        return Err(Rejection::field("invalid_limit", "limit", message).into());
    }
    let view = view(&state);
    let filter = DecisionFilter::default();
    let found = state
        .reader
        .decisions(&view.bot, &filter, None, state.hub.seq(), limit);
    let found: Vec<_> = found.await?.iter().map(decision_data).collect();
    let body = json!({ "decisions": found, "count": found.len(), "timestamp": time(wall_time()) });
    told(&state, &body)
}
