//! What the dialect says of the dashboard, a fill, a position, the performance and an alert. The API's
//! documents describe these types.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::performance::Window;
use crate::domain::{
    Alert, Fill, FillId, MetricId, Performance, Portfolio, Position, Severity, Side, Symbol,
};
use crate::server::dialects::figures::{
    Holding, Moment, dollars, float, number, optional, percent, percent_text, time,
};

/// Figures as text, ready to be shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdatesDashboard {
    #[schema(example = "$50,000.00", pattern = r"^-?\$[0-9,]+\.[0-9]{2}$")]
    pub total_value: String,
    /// Since 00:00 UTC, deposits apart.
    #[schema(example = "-$12.30", pattern = r"^-?\$[0-9,]+\.[0-9]{2}$")]
    pub daily_pnl: String,
    pub open_positions: u32,
    /// Of the last 24 h; `n/a` before the first closed trade.
    #[schema(example = "58.3%", pattern = r"^([0-9]+\.[0-9]%|n/a)$")]
    pub win_rate: String,
}

impl UpdatesDashboard {
    pub fn of(portfolio: &Portfolio, performance: Option<&Performance>) -> Self {
        let day = performance.and_then(|all| all.windows.get(&Window::H24));
        let win_rate = day.and_then(|day| day.value(MetricId::WinRate));
        Self {
            total_value: dollars(portfolio.equity),
            daily_pnl: dollars(portfolio.day_pnl),
            open_positions: portfolio.open_positions,
            win_rate: percent_text(win_rate),
        }
    }
}

/// A fill.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdatesTrade {
    pub id: FillId,
    /// Market time.
    pub time: Moment,
    pub symbol: Symbol,
    pub side: Side,
    pub price: f64,
    pub quantity: f64,
    pub value: f64,
}

impl UpdatesTrade {
    pub fn of(fill: &Fill) -> Self {
        Self {
            id: fill.id.clone(),
            time: time(fill.time),
            symbol: fill.symbol.clone(),
            side: fill.side,
            price: number(fill.price),
            quantity: number(fill.quantity),
            value: number(fill.value),
        }
    }
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct UpdatesPosition {
    /// The symbol: there is one position for each.
    pub id: Symbol,
    pub symbol: Symbol,
    pub side: Holding,
    /// Always positive; zero once, when it was closed.
    pub quantity: f64,
    /// The average price; null where it was closed.
    pub entry_price: Option<f64>,
    /// The last price; null before there is one.
    pub current_price: Option<f64>,
    /// Unrealised, before fees.
    pub pnl: f64,
}

impl UpdatesPosition {
    pub fn of(position: &Position) -> Self {
        Self {
            id: position.symbol.clone(),
            symbol: position.symbol.clone(),
            side: Holding::of(position.quantity),
            quantity: number(position.quantity.abs()),
            entry_price: optional(position.average_price),
            current_price: optional(position.mark_price),
            pnl: number(position.unrealised_pnl),
        }
    }
}

/// Of the last 24 h; null where one is undefined.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdatesPerformance {
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
}

impl UpdatesPerformance {
    pub fn of(all: &Performance) -> Self {
        let period = Window::H24;
        let day = all.windows.get(&period);
        let metric = |id| day.and_then(|day| day.value(id));
        Self {
            period,
            total_return: percent(metric(MetricId::TotalReturn)),
            sharpe_ratio: float(metric(MetricId::Sharpe)),
            max_drawdown: percent(metric(MetricId::MaxDrawdown)),
            win_rate: percent(metric(MetricId::WinRate)),
            profit_factor: float(metric(MetricId::ProfitFactor)),
            total_trades: float(metric(MetricId::Trades)),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UpdatesAlert {
    pub message: String,
    pub r#type: Severity,
    pub time: Moment,
}

impl UpdatesAlert {
    pub fn of(alert: &Alert) -> Self {
        Self {
            message: alert.message.clone(),
            r#type: alert.severity,
            time: time(alert.time),
        }
    }
}
