//! The REST face under `/api/v1`: how the bot is, what it holds and what it has decided.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::words::{FinanceDecision, FinancePortfolio, FinancePosition};
use crate::domain::health::Mode;
use crate::domain::{DecisionFilter, TradingState};
use crate::server::clock::wall_time;
use crate::server::dialects::figures::{Moment, time};
use crate::server::dialects::{View, page};
use crate::server::error::AppError;
use crate::server::rest::{HealthStatus, Params, answer, params};
use crate::server::state::AppState;

fn view(state: &AppState) -> View {
    View::new(state.clone())
}

fn told(state: &AppState, body: &impl Serialize) -> Result<Response, AppError> {
    answer(state.hub.seq(), body)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceHealth {
    status: HealthStatus,
    problems: Vec<String>,
    uptime_seconds: u64,
    version: String,
    timestamp: Moment,
}

/// `GET /api/v1/health`.
pub async fn health(State(state): State<AppState>) -> Result<Response, AppError> {
    let health = view(&state).health();
    let body = FinanceHealth {
        status: HealthStatus::of(&health),
        problems: health.problems,
        uptime_seconds: health.process.uptime_s,
        version: health.process.version,
        timestamp: time(wall_time()),
    };
    told(&state, &body)
}

/// What is of the bot is null before there are figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceStatus {
    state: Option<TradingState>,
    mode: Mode,
    ready: bool,
    uptime_seconds: u64,
    /// Fills.
    total_trades: Option<u64>,
    active_positions: Option<u32>,
    portfolio: Option<FinancePortfolio>,
    timestamp: Moment,
}

/// `GET /api/v1/status` and `/api/v1/bot/status`.
pub async fn status(State(state): State<AppState>) -> Result<Response, AppError> {
    let view = view(&state);
    let (health, portfolio) = (view.health(), view.portfolio());
    let portfolio = portfolio.as_ref();
    let body = FinanceStatus {
        state: portfolio.map(|now| now.trading),
        mode: health.mode,
        ready: health.ready,
        uptime_seconds: health.process.uptime_s,
        total_trades: portfolio.map(|now| now.fills),
        active_positions: portfolio.map(|now| now.open_positions),
        portfolio: portfolio.map(FinancePortfolio::of),
        timestamp: time(wall_time()),
    };
    told(&state, &body)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceHoldings {
    positions: Vec<FinancePosition>,
    count: usize,
    timestamp: Moment,
}

/// `GET /api/v1/bot/positions`.
pub async fn positions(State(state): State<AppState>) -> Result<Response, AppError> {
    let open = view(&state).open_positions();
    let positions: Vec<_> = open.iter().map(FinancePosition::of).collect();
    let body = FinanceHoldings {
        count: positions.len(),
        positions,
        timestamp: time(wall_time()),
    };
    told(&state, &body)
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct Newest {
    /// 10 where absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceDecisions {
    decisions: Vec<FinanceDecision>,
    /// Of those here.
    count: usize,
    timestamp: Moment,
}

/// `GET /api/v1/decisions?limit=`: the newest first.
pub async fn decisions(
    State(state): State<AppState>,
    query: Params<Newest>,
) -> Result<Response, AppError> {
    let limit = page::limit(params(query)?.limit)?;
    let view = view(&state);
    let filter = DecisionFilter::default();
    let found = state
        .reader
        .decisions(&view.bot, &filter, None, state.hub.seq(), limit);
    let decisions: Vec<_> = found.await?.iter().map(FinanceDecision::of).collect();
    let body = FinanceDecisions {
        count: decisions.len(),
        decisions,
        timestamp: time(wall_time()),
    };
    told(&state, &body)
}
