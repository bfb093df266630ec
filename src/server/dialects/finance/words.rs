//! What the dialect says of a portfolio, a position, a decision and a fill, on its sockets and its REST face
//! alike. The API's documents describe these types.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    AgentPhase, AgentStep, Alert, Decimal, Decision, DecisionId, Direction, Fill, FillId, OrderId,
    Portfolio, Position, Severity, Symbol, money,
};
use crate::server::dialects::figures::{
    Holding, Moment, Upper, UpperHolding, UpperSide, number, optional, time,
};

#[derive(Debug, Serialize, ToSchema)]
pub struct FinancePortfolio {
    pub balance: FinanceBalance,
    pub active_positions: u32,
    /// Before fees.
    pub unrealized_pnl: f64,
    /// Before fees.
    pub realized_pnl: f64,
    /// Realised + unrealised − fees.
    pub total_pnl: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceBalance {
    /// The equity.
    pub total: f64,
    /// Cash.
    pub available: f64,
    pub currency: String,
}

impl FinancePortfolio {
    pub fn of(portfolio: &Portfolio) -> Self {
        Self {
            balance: FinanceBalance {
                total: number(portfolio.equity),
                available: number(portfolio.cash),
                currency: portfolio.currency.clone(),
            },
            active_positions: portfolio.open_positions,
            unrealized_pnl: number(portfolio.unrealised_pnl),
            realized_pnl: number(portfolio.realised_pnl),
            total_pnl: number(portfolio.net_pnl),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FinancePosition {
    /// The symbol: there is one position for each.
    pub id: Symbol,
    pub asset_pair: Symbol,
    pub side: UpperHolding,
    /// Always positive; zero where it was closed.
    pub size: f64,
    /// The average price; null where it was closed.
    pub entry_price: Option<f64>,
    /// The last price; null before there is one.
    pub current_price: Option<f64>,
    /// Before fees.
    pub unrealized_pnl: f64,
    /// Percent of what was paid for it: the same quotient that the pages show. Null where nothing was paid.
    pub unrealized_pnl_pct: Option<f64>,
}

impl FinancePosition {
    pub fn of(position: &Position) -> Self {
        let of_cost = money::percent(position.unrealised_pnl, position.cost.abs());
        Self {
            id: position.symbol.clone(),
            asset_pair: position.symbol.clone(),
            side: Upper(Holding::of(position.quantity)),
            size: number(position.quantity.abs()),
            entry_price: optional(position.average_price),
            current_price: optional(position.mark_price),
            unrealized_pnl: number(position.unrealised_pnl),
            unrealized_pnl_pct: optional(of_cost),
        }
    }

    /// The same position after it was closed: it was on the side that it was on.
    pub fn closed(&self, now: &Position) -> Self {
        let empty = Position {
            quantity: Decimal::ZERO,
            average_price: None,
            cost: Decimal::ZERO,
            unrealised_pnl: Decimal::ZERO,
            ..now.clone()
        };
        Self {
            side: self.side,
            ..Self::of(&empty)
        }
    }
}

/// A model's forecast, whether or not it traded.
#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceDecision {
    pub decision_id: DecisionId,
    pub asset_pair: Symbol,
    pub action: FinanceAction,
    /// Percent.
    #[schema(minimum = 0, maximum = 100)]
    pub confidence: f64,
    pub reasoning: String,
    /// Market time.
    pub timestamp: Moment,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum FinanceAction {
    /// It expects up.
    Buy,
    /// It expects down.
    Sell,
    /// It expects no move.
    Hold,
}

impl FinanceDecision {
    pub fn of(decision: &Decision) -> Self {
        Self {
            decision_id: decision.id.clone(),
            asset_pair: decision.symbol.clone(),
            action: match decision.direction {
                Direction::Up => FinanceAction::Buy,
                Direction::Down => FinanceAction::Sell,
                Direction::Flat => FinanceAction::Hold,
            },
            confidence: decision.confidence * 100.0,
            reasoning: decision.reasoning.clone(),
            timestamp: time(decision.made_at),
        }
    }
}

/// A fill.
#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceTrade {
    pub trade_id: FillId,
    pub decision_id: Option<DecisionId>,
    pub order_id: Option<OrderId>,
    pub asset_pair: Symbol,
    pub action: UpperSide,
    pub size: f64,
    pub price: f64,
    pub value: f64,
    pub fee: f64,
    /// Before fees; 0 where it only opened.
    pub realized_pnl: f64,
    /// Market time.
    pub timestamp: Moment,
}

impl FinanceTrade {
    pub fn of(fill: &Fill) -> Self {
        Self {
            trade_id: fill.id.clone(),
            decision_id: fill.decision.clone(),
            order_id: fill.order.clone(),
            asset_pair: fill.symbol.clone(),
            action: Upper(fill.side),
            size: number(fill.quantity),
            price: number(fill.price),
            value: number(fill.value),
            fee: number(fill.fee),
            realized_pnl: number(fill.realised_pnl),
            timestamp: time(fill.time),
        }
    }
}

/// The agent has come from one phase of its loop into the next.
#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceTransition {
    pub from: AgentPhase,
    pub to: AgentPhase,
    pub asset_pair: Option<Symbol>,
    pub reason: String,
}

impl FinanceTransition {
    pub fn of(step: &AgentStep) -> Self {
        Self {
            from: step.from,
            to: step.to,
            asset_pair: step.symbol.clone(),
            reason: step.reason.clone(),
        }
    }
}

/// What went wrong on the server, or what a client said that there is no answer to.
#[derive(Debug, Serialize, ToSchema)]
pub struct FinanceError {
    pub code: String,
    pub message: String,
    /// Of what the server says of itself; an answer to a client has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

impl FinanceError {
    pub fn of(alert: &Alert) -> Self {
        Self {
            code: alert.code.clone(),
            message: alert.message.clone(),
            severity: Some(alert.severity),
        }
    }
}

/// What is held, and what became of it since the message before.
#[derive(Debug, Serialize, ToSchema)]
pub struct FinancePositions {
    /// All that is held.
    pub positions: Vec<FinancePosition>,
    /// In the first message all that is held.
    pub open: Vec<FinancePosition>,
    pub closed: Vec<FinancePosition>,
    pub updated: Vec<FinancePosition>,
}
