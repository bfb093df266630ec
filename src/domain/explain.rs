//! Why an order stands where it stands, and what one would do: answers that the engine gives without
//! changing anything.

use serde::{Deserialize, Serialize};

use super::{Decimal, Evidence, Fill, Order, OrderId, OrderStatus, Rejection, Seq, Side, TimeUs};

/// What an order that is not finished waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OrderCheck {
    /// Why it would be refused.
    pub rejection: Option<Rejection>,
    /// Undefined where there is no price yet.
    pub estimate: Option<Estimate>,
}

/// What it would cost, by the book or the last price as they are now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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

/// A state of an order, and when it took it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OrderChange {
    pub seq: Seq,
    /// Market time.
    pub time: TimeUs,
    pub order: Order,
}

/// All that is known of one order: its newest state, every state before it, and its fills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OrderHistory {
    pub order: Order,
    /// Oldest first; the last one is `order`.
    pub history: Vec<OrderChange>,
    pub fills: Vec<Fill>,
}

impl Explanation {
    /// How an order ended that the exchange does not hold any more, from what was journalled of it.
    pub fn of_finished(order: Order, fills: &[Fill]) -> Self {
        let filled = match (order.filled_quantity.is_zero(), order.average_price) {
            (true, _) | (_, None) => "Nothing of it was filled.".to_owned(),
            (false, Some(average)) => format!(
                "{} of {} was filled at {} on average, by {}.",
                order.filled_quantity.normalize(),
                order.quantity.normalize(),
                average.normalize(),
                rests_on(fills),
            ),
        };
        let reason = order.reason.as_deref().map(|reason| format!(": {reason}"));
        let reason = reason.unwrap_or_default();
        let text = match order.status {
            OrderStatus::Filled => match order.trigger.as_ref() {
                Some(trigger) => format!(
                    "The market reached {} and triggered it at a stop price of {}. {filled}",
                    trigger.price.normalize(),
                    trigger.stop_price.normalize(),
                ),
                None => filled,
            },
            OrderStatus::Cancelled => format!("It was cancelled{reason}. {filled}"),
            OrderStatus::Rejected => format!("It was rejected{reason}."),
            OrderStatus::Expired => format!("It expired{reason}. {filled}"),
            // Of another exchange: what it waits for is not known here.
            open => format!(
                "Its bot reports that it is {}{reason}. {filled}",
                open.words()
            ),
        };
        Self {
            waiting: None,
            text,
            last_price: None,
            best_bid: None,
            best_ask: None,
            distance_percent: None,
            nearest: None,
            time: order.updated_at,
            order,
        }
    }
}

/// What the fills rest on, counted by its kind.
fn rests_on(fills: &[Fill]) -> String {
    let count = |kind: fn(&Evidence) -> bool| fills.iter().filter(|f| kind(&f.evidence)).count();
    let kinds = [
        (
            count(|e| matches!(e, Evidence::Trade { .. })),
            "print",
            "prints of the tape",
        ),
        (
            count(|e| matches!(e, Evidence::Book { .. })),
            "look at the book",
            "looks at the book",
        ),
        (count(|e| matches!(e, Evidence::Bar { .. })), "bar", "bars"),
        (
            count(|e| matches!(e, Evidence::Reported)),
            "report of the bot",
            "reports of the bot",
        ),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    if parts.is_empty() {
        "fills that are not in the journal".to_owned()
    } else {
        parts.join(" and ")
    }
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
