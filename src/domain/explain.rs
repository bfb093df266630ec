//! Why an order stands where it stands, and what one would do: answers that the engine gives without
//! changing anything.

use serde::{Deserialize, Serialize};

use super::{Decimal, Order, OrderId, OrderStatus, Rejection, Side, TimeUs};

/// What an order that is not finished waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Waiting {
    /// On its way to the exchange, by the latency model.
    InFlight { until: TimeUs },
    /// A leg: works when its entry is filled.
    Entry { order: OrderId, status: OrderStatus },
    /// A trailing stop that does not track yet.
    Activation { activation_price: Decimal },
    /// A conditional order: the market has not reached its stop price.
    Trigger {
        stop_price: Decimal,
        /// Trailing: the best price since tracking began.
        peak: Option<Decimal>,
    },
    /// A limit order: the market has not traded through its price.
    TradedThrough { price: Decimal },
    /// A limit order at the touch, behind what rested there before.
    Queue { price: Decimal, ahead: Decimal },
    /// No market data has come since it went to work.
    Evidence,
    /// What the market offered so far was less than it wants.
    Liquidity { remaining: Decimal },
}

/// Why an open order has not filled, or how a finished one ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub order: Order,
    /// `None` where nothing is to come any more.
    pub waiting: Option<Waiting>,
    /// The same in words, with the figures.
    pub text: String,
    pub last_price: Option<Decimal>,
    pub best_bid: Option<Decimal>,
    pub best_ask: Option<Decimal>,
    /// From the last price to the one that is waited for, in percent of the last price.
    pub distance_percent: Option<Decimal>,
    /// The price that came nearest since the order went to work, where it waits for one.
    pub nearest: Option<Decimal>,
    /// Market time.
    pub time: TimeUs,
}

/// What an order would do, if it were sent now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderCheck {
    /// Why it would be refused.
    pub rejection: Option<Rejection>,
    /// Undefined where there is no price yet.
    pub estimate: Option<Estimate>,
}

/// What it would cost, by the book or the last price as they are now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The average price that it would get.
    pub price: Decimal,
    /// price × quantity, in the quote currency.
    pub value: Decimal,
    pub fee: Decimal,
    /// Beyond the best price there is, in the quote currency.
    pub slippage: Decimal,
    pub cash_after: Decimal,
    pub position_after: Decimal,
    /// Of the quantity, what the visible book offers at once; undefined without a book.
    pub offered: Option<Decimal>,
}

impl Waiting {
    /// The price that is waited for.
    pub fn price(&self) -> Option<Decimal> {
        match self {
            Self::Activation { activation_price } => Some(*activation_price),
            Self::Trigger { stop_price, .. } => Some(*stop_price),
            Self::TradedThrough { price } | Self::Queue { price, .. } => Some(*price),
            Self::InFlight { .. }
            | Self::Entry { .. }
            | Self::Evidence
            | Self::Liquidity { .. } => None,
        }
    }

    /// Why `order` has not filled, for people.
    pub fn words(&self, order: &Order, last: Option<Decimal>, nearest: Option<Decimal>) -> String {
        let market = match (last, nearest) {
            (Some(last), Some(nearest)) => {
                format!(" The last price is {last}; the nearest since was {nearest}.")
            }
            (Some(last), None) => format!(" The last price is {last}."),
            _ => String::new(),
        };
        let (rising, through) = match order.side {
            Side::Buy => ("rises", "below"),
            Side::Sell => ("falls", "above"),
        };
        match self {
            Self::InFlight { until } => format!(
                "It is on its way to the exchange until {}, by the latency model.",
                until.rfc3339()
            ),
            Self::Entry { order, status } => format!(
                "It goes to work when its entry {order} is filled; that is {} now.",
                status.words()
            ),
            Self::Activation { activation_price } => {
                let moves = match order.side {
                    Side::Buy => "falls",
                    Side::Sell => "rises",
                };
                format!(
                    "It begins to follow the price when that {moves} to {activation_price}.{market}"
                )
            }
            Self::Trigger {
                stop_price,
                peak: Some(peak),
            } => format!(
                "It goes to work when the price {rising} to {stop_price}, its distance from {peak}, the best price since it follows.{market}"
            ),
            Self::Trigger { stop_price, .. } => {
                format!("It goes to work when the price {rising} to {stop_price}.{market}")
            }
            Self::TradedThrough { price } => format!(
                "It is filled when the market trades {through} its limit of {price}: at the limit itself others were first.{market}"
            ),
            Self::Queue { price, ahead } => format!(
                "It stands in the queue at {price} with {ahead} before it, by the book when it came and what was traded there since.{market}"
            ),
            Self::Evidence => {
                "No market data that could fill it has come since it went to work.".to_owned()
            }
            Self::Liquidity { remaining } => format!(
                "The market offered less than it wants so far; {remaining} are still to be filled."
            ),
        }
    }
}
