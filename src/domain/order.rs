//! Orders and what a client may ask for.

use serde::{Deserialize, Serialize};

use super::{BotId, Decimal, DecisionId, OrderId, Rejection, Symbol, TimeUs, money};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    /// A quantity with this side's sign: bought is positive.
    pub fn signed(self, quantity: Decimal) -> Decimal {
        match self {
            Self::Buy => quantity,
            Self::Sell => -quantity,
        }
    }

    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// How an order finds its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    Market,
    Limit,
}

impl OrderType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
        }
    }
}

/// How long an order lives: until cancelled, or only for what can be filled at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    Gtc,
    Ioc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Resting, nothing filled yet.
    Accepted,
    PartiallyFilled,
    Filled,
    Cancelled,
    Rejected,
    Expired,
}

impl OrderStatus {
    /// Nothing can happen to the order any more.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired
        )
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// Who set the price of a fill: `maker` rested, `taker` came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    Maker,
    Taker,
}

/// What a bot asks for. Two requests with the same `client_order_id` are one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    #[serde(default)]
    pub client_order_id: Option<String>,
    pub symbol: Symbol,
    pub side: Side,
    #[serde(rename = "type")]
    pub order_type: OrderType,
    pub quantity: Decimal,
    #[serde(default)]
    pub price: Option<Decimal>,
    #[serde(default)]
    pub time_in_force: Option<TimeInForce>,
    /// The decision that led to it.
    #[serde(default)]
    pub decision: Option<DecisionId>,
}

impl NewOrder {
    /// What can be said of a request without knowing the market: the same words in the browser's
    /// form, on REST and on the socket.
    pub fn validate(&self) -> Result<(), Rejection> {
        if self.quantity <= Decimal::ZERO {
            return Err(Rejection::field(
                "invalid_quantity",
                "quantity",
                "quantity must be greater than zero",
            ));
        }
        match (self.order_type, self.price) {
            (OrderType::Limit, None) => {
                return Err(Rejection::field(
                    "missing_price",
                    "price",
                    "a limit order needs a price",
                ));
            }
            (OrderType::Limit, Some(price)) if price <= Decimal::ZERO => {
                return Err(Rejection::field(
                    "invalid_price",
                    "price",
                    "price must be greater than zero",
                ));
            }
            (OrderType::Market, Some(_)) => {
                return Err(Rejection::field(
                    "unexpected_price",
                    "price",
                    "a market order has no price",
                ));
            }
            _ => {}
        }
        if !money::is_tradable(self.price.unwrap_or(Decimal::ONE), self.quantity) {
            return Err(Rejection::field(
                "out_of_range",
                "quantity",
                "prices reach to 10^10, quantities and values to 10^12, each with at most 8 digits after the point",
            ));
        }
        if let Some(id) = &self.client_order_id
            && id.parse::<OrderId>().is_err()
        {
            return Err(Rejection::field(
                "invalid_client_order_id",
                "client_order_id",
                "client_order_id must be 1 to 64 printable ASCII characters without spaces",
            ));
        }
        Ok(())
    }
}

/// An order with all that is known of it. A push of `orders:<bot>` is its whole new state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub client_order_id: Option<String>,
    pub bot: BotId,
    pub symbol: Symbol,
    pub side: Side,
    #[serde(rename = "type")]
    pub order_type: OrderType,
    pub time_in_force: TimeInForce,
    pub quantity: Decimal,
    pub price: Option<Decimal>,
    pub status: OrderStatus,
    pub filled_quantity: Decimal,
    /// Quantity-weighted; undefined until something is filled.
    pub average_price: Option<Decimal>,
    pub decision: Option<DecisionId>,
    /// Why it was rejected, cancelled or expired.
    pub reason: Option<String>,
    pub created_at: TimeUs,
    pub updated_at: TimeUs,
}

impl Order {
    pub fn remaining(&self) -> Decimal {
        self.quantity - self.filled_quantity
    }
}
