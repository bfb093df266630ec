//! What the dialect says of a market, positions, the portfolio and an order, without the `type` that stands
//! before it. Times are ms since 1970, market time. The API's documents describe these types.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    Decimal, DecisionId, LinkRole, Order, OrderId, Portfolio, Position, Symbol, Ticker,
};
use crate::server::dialects::figures::{
    Holding, Upper, UpperHolding, UpperOrderStatus, UpperOrderType, UpperSide, number, optional,
};

/// The last price, and the last 24 h: null where these are not known yet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TradingMarket {
    pub symbol: Symbol,
    pub price: f64,
    pub price_change: Option<f64>,
    /// Percent.
    pub price_change_percent: Option<f64>,
    pub high: Option<f64>,
    pub low: Option<f64>,
    /// In the base currency.
    pub volume: Option<f64>,
    pub timestamp: i64,
}

impl TradingMarket {
    pub fn of(ticker: &Ticker) -> Self {
        Self {
            symbol: ticker.symbol.clone(),
            price: number(ticker.price),
            price_change: optional(ticker.change_24h),
            price_change_percent: optional(ticker.change_percent_24h),
            high: optional(ticker.high_24h),
            low: optional(ticker.low_24h),
            volume: optional(ticker.volume_24h),
            timestamp: ticker.time.millis(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TradingPositions {
    /// All that is held: closed ones are left out.
    pub positions: Vec<TradingPosition>,
    pub timestamp: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TradingPosition {
    /// The symbol: there is one position for each.
    pub id: Symbol,
    pub symbol: Symbol,
    pub r#type: UpperHolding,
    /// Always positive.
    pub quantity: f64,
    /// The average price.
    pub entry_price: Option<f64>,
    /// The last price; null before there is one.
    pub current_price: Option<f64>,
    /// Unrealised, before fees.
    pub current_pnl: f64,
    /// Of its last change by a fill.
    pub timestamp: i64,
    pub status: TradingPositionStatus,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum TradingPositionStatus {
    Open,
}

impl TradingPosition {
    pub fn of(position: &Position) -> Self {
        Self {
            id: position.symbol.clone(),
            symbol: position.symbol.clone(),
            r#type: Upper(Holding::of(position.quantity)),
            quantity: number(position.quantity.abs()),
            entry_price: optional(position.average_price),
            current_price: optional(position.mark_price),
            current_pnl: number(position.unrealised_pnl),
            timestamp: position.updated_at.millis(),
            status: TradingPositionStatus::Open,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TradingPortfolio {
    pub portfolio: TradingFigures,
    pub timestamp: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TradingFigures {
    /// The equity.
    pub balance: f64,
    /// Realised + unrealised − fees.
    pub total_pnl: f64,
    /// Before fees.
    pub realized_pnl: f64,
    /// Before fees.
    pub unrealized_pnl: f64,
    pub positions_count: u32,
}

impl TradingPortfolio {
    pub fn of(portfolio: &Portfolio) -> Self {
        Self {
            portfolio: TradingFigures {
                balance: number(portfolio.equity),
                total_pnl: number(portfolio.net_pnl),
                realized_pnl: number(portfolio.realised_pnl),
                unrealized_pnl: number(portfolio.unrealised_pnl),
                positions_count: portfolio.open_positions,
            },
            timestamp: portfolio.time.millis(),
        }
    }
}

/// An order as it is after a change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TradingOrderUpdate {
    pub order_type: TradingOrderKind,
    pub order: TradingOrder,
    pub timestamp: i64,
}

/// Of a leg what it belongs to, else its type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TradingOrderKind {
    Leg(TradingLeg),
    Alone(UpperOrderType),
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum TradingLeg {
    Oco,
    Bracket,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TradingOrder {
    pub id: OrderId,
    pub client_order_id: Option<String>,
    pub symbol: Symbol,
    pub side: UpperSide,
    pub r#type: UpperOrderType,
    pub status: UpperOrderStatus,
    pub quantity: f64,
    pub filled_quantity: f64,
    pub price: Option<f64>,
    pub stop_price: Option<f64>,
    pub average_price: Option<f64>,
    pub decision_id: Option<DecisionId>,
    pub reason: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    /// Of a trailing stop alone: where its stop is, null before it tracks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub current_stop_price: Option<Option<f64>>,
    /// Of a trailing stop alone: what it follows, null before it tracks; of one that has fired, null where that
    /// was faster than it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub peak_price: Option<Option<f64>>,
}

/// How far a trailing stop has come.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Trail {
    pub stop_price: Option<Decimal>,
    pub peak: Option<Decimal>,
}

impl TradingOrderUpdate {
    pub fn of(order: &Order, trail: Option<Trail>) -> Self {
        let order_type = Upper(order.order_type);
        let kind = match &order.link {
            Some(link) => TradingOrderKind::Leg(match link.role {
                LinkRole::OcoLimit | LinkRole::OcoStop => TradingLeg::Oco,
                _ => TradingLeg::Bracket,
            }),
            None => TradingOrderKind::Alone(order_type),
        };
        Self {
            order_type: kind,
            order: TradingOrder {
                id: order.id.clone(),
                client_order_id: order.client_order_id.clone(),
                symbol: order.symbol.clone(),
                side: Upper(order.side),
                r#type: order_type,
                status: Upper(order.status),
                quantity: number(order.quantity),
                filled_quantity: number(order.filled_quantity),
                price: optional(order.price),
                stop_price: optional(order.stop_price),
                average_price: optional(order.average_price),
                decision_id: order.decision.clone(),
                reason: order.reason.clone(),
                created_at: order.created_at.millis(),
                updated_at: order.updated_at.millis(),
                current_stop_price: trail.as_ref().map(|trail| optional(trail.stop_price)),
                peak_price: trail.as_ref().map(|trail| optional(trail.peak)),
            },
            timestamp: order.updated_at.millis(),
        }
    }
}
