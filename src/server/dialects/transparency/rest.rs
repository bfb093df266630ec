//! The REST face under `/api`: the same figures as its events.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::words::{
    TransparencyDecision, TransparencyPerformance, TransparencyPortfolio, TransparencyTrade,
};
use super::{server_time, trade};
use crate::domain::health::Mode;
use crate::domain::performance::Window;
use crate::domain::{DecisionFilter, ModelId, Position, Rejection};
use crate::server::dialects::figures::{Holding, Moment, float, number, optional, pair, time};
use crate::server::dialects::{View, page};
use crate::server::error::AppError;
use crate::server::rest::{Params, answer, params};
use crate::server::state::AppState;
use crate::store::Range;
use crate::wire::{Payload, Topic, publication};

/// Pages of decisions cost what they skip; nobody is given a way to make that much.
const MAX_SKIPPED: i64 = 10_000;

/// A page of a list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Page {
    /// 10 where absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// So many of the newest are left out.
    #[param(minimum = 0)]
    offset: Option<i64>,
}

fn view(state: &AppState) -> View {
    View::new(state.clone())
}

fn told(state: &AppState, body: &impl Serialize) -> Result<Response, AppError> {
    answer(state.hub.seq(), body)
}

fn nothing_yet() -> AppError {
    AppError::NotFound("there are no figures of this bot yet".to_owned())
}

/// `GET /api/portfolio`.
pub async fn portfolio_now(State(state): State<AppState>) -> Result<Response, AppError> {
    let now = view(&state).portfolio().ok_or_else(nothing_yet)?;
    told(&state, &TransparencyPortfolio::of(&now))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyPosition {
    #[schema(example = "BTC-USDT")]
    symbol: String,
    side: Holding,
    /// Always positive.
    quantity: f64,
    /// The average price.
    entry_price: Option<f64>,
    /// The last price; null before there is one.
    current_price: Option<f64>,
    value: f64,
    /// Before fees.
    unrealized_pnl: f64,
    /// Before fees.
    realized_pnl: f64,
    opened_at: Option<Moment>,
    /// Market time of its last change by a fill.
    timestamp: Moment,
}

impl TransparencyPosition {
    fn of(position: &Position) -> Self {
        Self {
            symbol: pair(&position.symbol),
            side: Holding::of(position.quantity),
            quantity: number(position.quantity.abs()),
            entry_price: optional(position.average_price),
            current_price: optional(position.mark_price),
            value: number(position.value),
            unrealized_pnl: number(position.unrealised_pnl),
            realized_pnl: number(position.realised_pnl),
            opened_at: position.opened_at.map(time),
            timestamp: time(position.updated_at),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyPositions {
    positions: Vec<TransparencyPosition>,
    total_count: usize,
    timestamp: Moment,
}

/// `GET /api/portfolio/positions`.
pub async fn positions(State(state): State<AppState>) -> Result<Response, AppError> {
    let open = view(&state).open_positions();
    let positions: Vec<_> = open.iter().map(TransparencyPosition::of).collect();
    let body = TransparencyPositions {
        total_count: positions.len(),
        positions,
        timestamp: server_time(),
    };
    told(&state, &body)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyTrades {
    trades: Vec<TransparencyTrade>,
    /// Of all there are.
    total_count: u64,
    limit: u32,
    offset: u64,
    timestamp: Moment,
}

/// `GET /api/trades`: the newest first.
pub async fn trades(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    let asked = params(query)?;
    let limit = page::limit(asked.limit)?;
    let offset: u64 = page::offset(asked.offset, i64::MAX)?;
    let view = view(&state);
    let topic = Topic::Trades(view.bot.clone());
    // Offsets of a log are contiguous from 1: the newest one is the count.
    let total = view.news(&topic, u64::MAX).head;
    let last = total.saturating_sub(offset);
    let first = last.saturating_sub(u64::from(limit)) + 1;
    let logged = state.reader.range(&topic, Range { first, last }).await?;
    let types = view.order_types();
    let trades = logged
        .iter()
        .rev()
        .filter_map(|logged| match publication(&logged.record)? {
            (_, Payload::Trade(fill)) => Some(trade(&fill, &types)),
            _ => None,
        })
        .collect();
    let body = TransparencyTrades {
        trades,
        total_count: total,
        limit,
        offset,
        timestamp: server_time(),
    };
    told(&state, &body)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyDecisions {
    decisions: Vec<TransparencyDecision>,
    /// Of all there are; null before there are scores.
    total_count: Option<u64>,
    limit: u32,
    offset: u64,
    timestamp: Moment,
}

/// `GET /api/ai/decisions`: each once, as it is now, the newest first.
pub async fn decisions(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    let asked = params(query)?;
    let limit = page::limit(asked.limit)?;
    let offset: u32 = page::offset(asked.offset, MAX_SKIPPED)?;
    let view = view(&state);
    let wanted = limit + offset;
    let filter = DecisionFilter::default();
    let found = state
        .reader
        .decisions(&view.bot, &filter, None, state.hub.seq(), wanted);
    let found = found.await?;
    let found = found.iter().skip(offset as usize);
    let decisions = found.map(TransparencyDecision::of).collect();
    let total = view.models().map(|models| {
        let totals = models
            .scores
            .values()
            .filter(|score| score.symbol.is_none());
        totals
            .map(|score| score.n + score.pending + score.unresolvable)
            .sum::<u64>()
    });
    let body = TransparencyDecisions {
        decisions,
        total_count: total,
        limit,
        offset: offset.into(),
        timestamp: server_time(),
    };
    told(&state, &body)
}

/// A model with its score over all symbols and horizons; null before its first decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyModel {
    model_name: ModelId,
    description: String,
    status: TransparencyModelStatus,
    /// The share of resolved predictions that were right.
    accuracy: Option<f64>,
    total_predictions: Option<u64>,
    resolved_predictions: Option<u64>,
    brier_score: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TransparencyModelStatus {
    Active,
    /// It failed, and was switched off.
    Disabled,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyModels {
    models: Vec<TransparencyModel>,
    timestamp: Moment,
}

/// `GET /api/ai/models`: each with its score over all symbols and horizons.
pub async fn models(State(state): State<AppState>) -> Result<Response, AppError> {
    let known = view(&state).models().ok_or_else(nothing_yet)?;
    let models = known.models.iter().map(|one| {
        let total = known.scores.values().find(|score| {
            score.model == one.model && score.symbol.is_none() && score.horizon.is_none()
        });
        TransparencyModel {
            model_name: one.model.clone(),
            description: one.about.clone(),
            status: match one.fault {
                Some(_) => TransparencyModelStatus::Disabled,
                None => TransparencyModelStatus::Active,
            },
            accuracy: float(total.and_then(|total| total.hit_rate)),
            total_predictions: total.map(|total| total.n + total.pending + total.unresolvable),
            resolved_predictions: total.map(|total| total.n),
            brier_score: float(total.and_then(|total| total.brier)),
        }
    });
    let body = TransparencyModels {
        models: models.collect(),
        timestamp: server_time(),
    };
    told(&state, &body)
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct OfPeriod {
    /// `24h` where absent.
    #[param(value_type = Option<Window>)]
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
                    Rejection::field("invalid_period", "period", error.to_string())
                })?
        }
    };
    let view = view(&state);
    let all = view.performance().ok_or_else(nothing_yet)?;
    let told_of = TransparencyPerformance::of(&all, window, &view.health());
    told(&state, &told_of)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyEquityCurve {
    equity_curve: Vec<TransparencyEquityPoint>,
    timestamp: Moment,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyEquityPoint {
    timestamp: Moment,
    equity: f64,
    /// A fraction of the highest equity so far, zero or negative; null before any equity.
    drawdown: Option<f64>,
}

/// `GET /api/performance/equity-curve`: the newest thousand minutes.
pub async fn equity_curve(State(state): State<AppState>) -> Result<Response, AppError> {
    let points = view(&state).equity();
    let points = points.iter().map(|point| TransparencyEquityPoint {
        timestamp: time(point.time),
        equity: number(point.equity),
        drawdown: float(point.drawdown),
    });
    let body = TransparencyEquityCurve {
        equity_curve: points.collect(),
        timestamp: server_time(),
    };
    told(&state, &body)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyStats {
    /// Fills; null before there are figures.
    total_trades: Option<u64>,
    total_equity: Option<f64>,
    /// Open sockets of all protocols.
    websocket_connections: u64,
    /// Of the older dashboards' clients, by dashboard.
    dialect_connections: BTreeMap<&'static str, usize>,
    uptime_seconds: u64,
    mode: Mode,
    version: String,
    timestamp: Moment,
}

/// `GET /api/stats`: what the machine does.
pub async fn stats(State(state): State<AppState>) -> Result<Response, AppError> {
    let view = view(&state);
    let health = view.health();
    let portfolio = view.portfolio();
    let dialect_connections = BTreeMap::from([
        ("transparency", state.casters.transparency.listeners()),
        ("finance", state.casters.finance.listeners()),
        ("updates", state.casters.updates.listeners()),
        ("trading", state.casters.trading.listeners()),
        ("quantum", state.casters.quantum.listeners()),
    ]);
    let body = TransparencyStats {
        total_trades: portfolio.as_ref().map(|now| now.fills),
        total_equity: portfolio.as_ref().map(|now| number(now.equity)),
        websocket_connections: health.clients,
        dialect_connections,
        uptime_seconds: health.process.uptime_s,
        mode: health.mode,
        version: health.process.version,
        timestamp: server_time(),
    };
    told(&state, &body)
}
