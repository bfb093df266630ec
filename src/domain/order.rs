//! Orders: what they are, what states they go through, and (in [`request`]) what may be asked for.

use serde::{Deserialize, Serialize};

use super::{BotId, Decimal, DecisionId, OrderId, Rejection, Symbol, TimeUs};

pub mod request;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    Market,
    Limit,
    /// Becomes a market order when the market reaches the stop price.
    Stop,
    /// Becomes a limit order when the market reaches the stop price.
    StopLimit,
    /// A stop whose price follows the market's best at a distance.
    TrailingStop,
}

impl OrderType {
    pub const ALL: [Self; 5] = [
        Self::Market,
        Self::Limit,
        Self::Stop,
        Self::StopLimit,
        Self::TrailingStop,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Stop => "stop",
            Self::StopLimit => "stop_limit",
            Self::TrailingStop => "trailing_stop",
        }
    }

    /// Whether, once at work, it takes whatever price there is.
    pub fn takes_any_price(self) -> bool {
        matches!(self, Self::Market | Self::Stop | Self::TrailingStop)
    }

    /// Whether it sleeps until the market reaches a price.
    pub fn is_conditional(self) -> bool {
        matches!(self, Self::Stop | Self::StopLimit | Self::TrailingStop)
    }
}

/// How long an order lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until it is cancelled.
    Gtc,
    /// What the first evidence offers; the rest expires.
    Ioc,
    /// All of it by the first evidence, or nothing.
    Fok,
    /// Until `expires_at`.
    Gtd,
}

impl TimeInForce {
    pub const ALL: [Self; 4] = [Self::Gtc, Self::Ioc, Self::Fok, Self::Gtd];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gtc => "gtc",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::Gtd => "gtd",
        }
    }

    /// Whether the first evidence decides.
    pub fn is_immediate(self) -> bool {
        matches!(self, Self::Ioc | Self::Fok)
    }
}

/// Where an order stands. It changes by [`OrderStatus::after`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Known, but not at work: on its way to the exchange, or a leg that waits for its entry.
    New,
    /// At work, nothing filled yet.
    Accepted,
    /// A conditional order whose price was reached; nothing filled yet.
    Triggered,
    PartiallyFilled,
    Filled,
    Cancelled,
    Rejected,
    Expired,
}

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStep {
    Accept,
    Trigger,
    FillPart,
    FillRest,
    Cancel,
    Expire,
    Reject,
}

impl OrderStep {
    pub const ALL: [Self; 7] = [
        Self::Accept,
        Self::Trigger,
        Self::FillPart,
        Self::FillRest,
        Self::Cancel,
        Self::Expire,
        Self::Reject,
    ];
}

impl OrderStatus {
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Accepted,
        Self::Triggered,
        Self::PartiallyFilled,
        Self::Filled,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
    ];

    /// The state machine: the state after `step`.
    ///
    /// # Errors
    /// `illegal_transition` where this state knows no such step.
    pub fn after(self, step: OrderStep) -> Result<Self, Rejection> {
        use OrderStep as Step;
        match (self, step) {
            (Self::New, Step::Accept) => Ok(Self::Accepted),
            (Self::New, Step::Reject) => Ok(Self::Rejected),
            (Self::Accepted, Step::Trigger) => Ok(Self::Triggered),
            (Self::Accepted | Self::Triggered | Self::PartiallyFilled, Step::FillPart) => {
                Ok(Self::PartiallyFilled)
            }
            (Self::Accepted | Self::Triggered | Self::PartiallyFilled, Step::FillRest) => {
                Ok(Self::Filled)
            }
            (
                Self::New | Self::Accepted | Self::Triggered | Self::PartiallyFilled,
                Step::Cancel,
            ) => Ok(Self::Cancelled),
            (
                Self::New | Self::Accepted | Self::Triggered | Self::PartiallyFilled,
                Step::Expire,
            ) => Ok(Self::Expired),
            _ => Err(Rejection::new(
                "illegal_transition",
                format!("an order that is {} cannot {}", self.words(), step.words()),
            )),
        }
    }

    /// Nothing can happen to the order any more.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired
        )
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Accepted => "accepted",
            Self::Triggered => "triggered",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::PartiallyFilled => "partially filled",
            other => other.as_str(),
        }
    }
}

impl OrderStep {
    fn words(self) -> &'static str {
        match self {
            Self::Accept => "be accepted",
            Self::Trigger => "be triggered",
            Self::FillPart | Self::FillRest => "be filled",
            Self::Cancel => "be cancelled",
            Self::Expire => "expire",
            Self::Reject => "be rejected",
        }
    }
}

/// Who set the price of a fill: `maker` rested, `taker` came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    Maker,
    Taker,
}

/// What an order is to the others of its bracket or OCO pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkRole {
    /// Opens the position that the two legs protect.
    Entry,
    TakeProfit,
    StopLoss,
    /// The legs of a pair without an entry.
    OcoLimit,
    OcoStop,
}

impl LinkRole {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::TakeProfit => "take_profit",
            Self::StopLoss => "stop_loss",
            Self::OcoLimit => "oco_limit",
            Self::OcoStop => "oco_stop",
        }
    }
}

/// Membership in a bracket or an OCO pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OrderLink {
    /// Id of the group: that of its first order.
    pub group: OrderId,
    pub role: LinkRole,
}

/// The moment a conditional order went to work, and the market data that did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Trigger {
    /// The price that the market reached.
    pub price: Decimal,
    /// The stop price as it was then: for trailing stops the last of many.
    pub stop_price: Decimal,
    /// The print, where it was one.
    pub trade: Option<u64>,
    pub time: TimeUs,
}

/// An order with all that is known of it. A push of `orders:<bot>` is its whole new state. Prices
/// that move with the market are not in it: see [`super::Working`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Order {
    pub id: OrderId,
    pub client_order_id: Option<String>,
    pub bot: BotId,
    pub symbol: Symbol,
    pub side: Side,
    #[serde(rename = "type")]
    pub order_type: OrderType,
    pub time_in_force: TimeInForce,
    pub expires_at: Option<TimeUs>,
    pub quantity: Decimal,
    pub price: Option<Decimal>,
    pub stop_price: Option<Decimal>,
    pub trail_amount: Option<Decimal>,
    pub trail_percent: Option<Decimal>,
    pub activation_price: Option<Decimal>,
    /// Fills only as much as makes the position smaller.
    pub reduce_only: bool,
    pub status: OrderStatus,
    pub filled_quantity: Decimal,
    /// Quantity-weighted; undefined until something is filled.
    pub average_price: Option<Decimal>,
    pub link: Option<OrderLink>,
    pub trigger: Option<Trigger>,
    pub decision: Option<DecisionId>,
    /// Why it was rejected, cancelled or expired, or what changed it last.
    pub reason: Option<String>,
    pub created_at: TimeUs,
    pub updated_at: TimeUs,
}

impl Order {
    pub fn remaining(&self) -> Decimal {
        self.quantity - self.filled_quantity
    }
}

/// Whether a bot's trading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    #[default]
    Running,
    /// The agent decides, but does not act; people still can.
    Paused,
    /// After the kill switch: nothing but orders that reduce a position, until it is resumed.
    Halted,
}

impl TradingState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Halted => "halted",
        }
    }
}

/// The moving trigger of a resting order, as `working:<bot>` shows it: rows by `order`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Working {
    pub order: OrderId,
    pub symbol: Symbol,
    pub side: Side,
    /// The best price since tracking began; undefined until it has begun.
    pub peak: Option<Decimal>,
    pub trigger_price: Option<Decimal>,
    pub last_price: Option<Decimal>,
    /// From the last price to the trigger, in percent of the last price.
    pub distance_percent: Option<Decimal>,
    /// The last word on this order: the row is gone after it.
    pub done: bool,
    pub time: TimeUs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_happens_to_a_finished_order_and_only_some_things_to_others() {
        let mut legal = 0;
        for status in OrderStatus::ALL {
            for step in OrderStep::ALL {
                match status.after(step) {
                    Ok(next) => {
                        legal += 1;
                        assert!(!status.is_final(), "{status:?} {step:?}");
                        assert_ne!(next, OrderStatus::New);
                    }
                    Err(refusal) => assert_eq!(refusal.code, "illegal_transition"),
                }
            }
        }
        assert_eq!(legal, 17);
    }
}
