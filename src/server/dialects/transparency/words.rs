//! What the dialect says of the portfolio, of fills, decisions and performance, by its events and by REST
//! alike. The API's documents describe these types.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::performance::Window;
use crate::domain::{
    Decision, Direction, Fill, Health, Horizon, MetricId, ModelId, OrderType, Outcome, Performance,
    Portfolio, Side,
};
use crate::server::dialects::figures::{Moment, float, number, optional, pair, percent, time};
use crate::wire::Payload;

/// A fill.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyTrade {
    #[schema(pattern = "^trade-")]
    pub id: String,
    /// Market time.
    pub timestamp: Moment,
    #[schema(example = "BTC-USDT")]
    pub symbol: String,
    pub side: Side,
    pub quantity: f64,
    pub price: f64,
    /// price × quantity.
    pub total_value: f64,
    pub fee: f64,
    pub status: TransparencyTradeStatus,
    /// The order's; null where the order is not remembered any more, or an outside bot named none.
    pub r#type: Option<OrderType>,
}

/// A fill is a fact.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransparencyTradeStatus {
    Filled,
}

impl TransparencyTrade {
    /// The type of its order where that is remembered.
    pub fn of(fill: &Fill, order_type: Option<OrderType>) -> Self {
        Self {
            id: prefixed("trade-", fill.id.as_str()),
            timestamp: time(fill.time),
            symbol: pair(&fill.symbol),
            side: fill.side,
            quantity: number(fill.quantity),
            price: number(fill.price),
            total_value: number(fill.value),
            fee: number(fill.fee),
            status: TransparencyTradeStatus::Filled,
            r#type: order_type,
        }
    }
}

/// An id as its clients know it: so are our own called already, an outside bot may call its otherwise.
fn prefixed(prefix: &str, id: &str) -> String {
    format!("{prefix}{}", id.strip_prefix(prefix).unwrap_or(id))
}

/// By what name a client knows an entry of a log.
pub(super) fn entry_id(entry: &Payload) -> Option<String> {
    match entry {
        Payload::Trade(fill) => Some(prefixed("trade-", fill.id.as_str())),
        Payload::Decision(decision) => Some(prefixed("dec-", decision.id.as_str())),
        _ => None,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyPortfolio {
    /// Market time.
    pub timestamp: Moment,
    pub total_equity: f64,
    pub cash_balance: f64,
    /// The sum of the positions' values, shorts counted positive.
    pub invested: f64,
    /// Realised + unrealised − fees.
    pub total_pnl: f64,
    /// Of the deposits; null without any.
    pub total_pnl_percent: Option<f64>,
    /// Since 00:00 UTC, deposits apart.
    pub day_pnl: f64,
    pub day_pnl_percent: Option<f64>,
    pub positions_count: u32,
    pub open_orders: u32,
}

impl TransparencyPortfolio {
    pub fn of(portfolio: &Portfolio) -> Self {
        Self {
            timestamp: time(portfolio.time),
            total_equity: number(portfolio.equity),
            cash_balance: number(portfolio.cash),
            invested: number(portfolio.invested),
            total_pnl: number(portfolio.net_pnl),
            total_pnl_percent: optional(portfolio.net_pnl_percent),
            day_pnl: number(portfolio.day_pnl),
            day_pnl_percent: optional(portfolio.day_pnl_percent),
            positions_count: portfolio.open_positions,
            open_orders: portfolio.open_orders,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyDecision {
    #[schema(pattern = "^dec-")]
    pub id: String,
    /// Market time at which it was made.
    pub timestamp: Moment,
    pub model_name: ModelId,
    #[schema(example = "BTC-USDT")]
    pub symbol: String,
    pub prediction: TransparencyPrediction,
    pub reasoning: String,
    pub outcome: Outcome,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyPrediction {
    pub direction: Direction,
    /// Probability that the direction is right.
    #[schema(minimum = 0, maximum = 1)]
    pub confidence: f64,
    pub price_target: Option<f64>,
    pub time_horizon: Horizon,
}

impl TransparencyDecision {
    pub fn of(decision: &Decision) -> Self {
        Self {
            id: prefixed("dec-", decision.id.as_str()),
            timestamp: time(decision.made_at),
            model_name: decision.model.clone(),
            symbol: pair(&decision.symbol),
            prediction: TransparencyPrediction {
                direction: decision.direction,
                confidence: decision.confidence,
                price_target: optional(decision.price_target),
                time_horizon: decision.horizon,
            },
            reasoning: decision.reasoning.clone(),
            outcome: decision.outcome,
        }
    }
}

/// What became of a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyOutcome {
    #[schema(pattern = "^dec-")]
    pub id: String,
    pub outcome: Outcome,
    /// A fraction; null where there was no price.
    pub realised_return: Option<f64>,
}

impl TransparencyOutcome {
    pub fn of(decision: &Decision) -> Self {
        Self {
            id: prefixed("dec-", decision.id.as_str()),
            outcome: decision.outcome,
            realised_return: float(decision.realised_return),
        }
    }
}

/// The figures of a window; null where one is undefined.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransparencyPerformance {
    /// Market time.
    pub timestamp: Moment,
    pub period: Window,
    /// Percent.
    pub total_return: Option<f64>,
    pub sharpe_ratio: Option<f64>,
    /// Percent, zero or negative.
    pub max_drawdown: Option<f64>,
    /// Percent.
    pub win_rate: Option<f64>,
    pub profit_factor: Option<f64>,
    /// Closed trades (round trips).
    pub total_trades: Option<f64>,
    /// The measured median from an item's arrival to its publication.
    pub api_latency_ms: Option<f64>,
    /// Open sockets of all protocols.
    pub websocket_connections: u64,
}

impl TransparencyPerformance {
    pub fn of(all: &Performance, window: Window, health: &Health) -> Self {
        let metrics = all.windows.get(&window);
        let metric = |id| metrics.and_then(|metrics| metrics.value(id));
        let micros = health.received_to_published.p50_us;
        Self {
            timestamp: time(all.time),
            period: window,
            total_return: percent(metric(MetricId::TotalReturn)),
            sharpe_ratio: float(metric(MetricId::Sharpe)),
            max_drawdown: percent(metric(MetricId::MaxDrawdown)),
            win_rate: percent(metric(MetricId::WinRate)),
            profit_factor: float(metric(MetricId::ProfitFactor)),
            total_trades: float(metric(MetricId::Trades)),
            api_latency_ms: float(micros.map(|micros| micros as f64 / 1_000.0)),
            websocket_connections: health.clients,
        }
    }
}
