//! What an outside bot reports: the items of `POST /v1/bots/{bot}/events`. Ids are the bot's own;
//! an item whose id was seen before changes nothing and is answered as a duplicate.

use serde::{Deserialize, Serialize};

use super::checks::{in_range, name, positive};
use super::{
    Action, Decimal, DecisionId, Direction, Feature, FillId, Horizon, Liquidity, ModelId, OrderId,
    OrderStatus, OrderType, Rejection, Side, Symbol, TimeUs, money,
};

/// A forecast. What follows from it, `price_at` and the outcome, is filled in here from the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// Absent for the built-in agent: the engine makes one from the seq.
    #[serde(default)]
    pub id: Option<DecisionId>,
    pub model: ModelId,
    pub symbol: Symbol,
    pub direction: Direction,
    pub confidence: f64,
    #[serde(default)]
    pub price_target: Option<Decimal>,
    pub horizon: Horizon,
    #[serde(default)]
    pub flat_band: Option<f64>,
    #[serde(default)]
    pub features: Vec<Feature>,
    /// Log-odds of "up" before any feature speaks.
    #[serde(default)]
    pub bias: Option<f64>,
    #[serde(default)]
    pub reasoning: String,
    #[serde(default)]
    pub action: Option<Action>,
}

/// The longest text that a bot may send in one field, in bytes.
pub const MAX_TEXT: usize = 4_096;
/// The most features of one decision.
pub const MAX_FEATURES: usize = 256;

fn text_fits(field: &str, text: &str) -> Result<(), Rejection> {
    if text.len() > MAX_TEXT {
        return Err(Rejection::field(
            "too_long",
            field,
            format!("{field} is longer than {MAX_TEXT} bytes"),
        ));
    }
    Ok(())
}

impl NewDecision {
    pub fn validate(&self) -> Result<(), Rejection> {
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(Rejection::field(
                "invalid_confidence",
                "confidence",
                "confidence must be from 0 to 1",
            ));
        }
        if let Some(target) = self.price_target {
            positive("price_target", target)?;
        }
        if let Some(band) = self.flat_band
            && !(band.is_finite() && band >= 0.0)
        {
            return Err(Rejection::field(
                "invalid_flat_band",
                "flat_band",
                "flat_band must be zero or more",
            ));
        }
        if self.features.len() > MAX_FEATURES {
            return Err(Rejection::field(
                "too_many_features",
                "features",
                format!("features has more than {MAX_FEATURES} items"),
            ));
        }
        for feature in &self.features {
            text_fits("features", &feature.name)?;
        }
        text_fits("reasoning", &self.reasoning)
    }
}

/// A fill that happened elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportedFill {
    pub id: FillId,
    pub symbol: Symbol,
    pub side: Side,
    pub quantity: Decimal,
    pub price: Decimal,
    #[serde(default)]
    pub fee: Decimal,
    #[serde(default)]
    pub liquidity: Option<Liquidity>,
    #[serde(default)]
    pub order: Option<OrderId>,
    #[serde(default)]
    pub decision: Option<DecisionId>,
    /// When it happened, where the bot says so.
    #[serde(default)]
    pub time: Option<TimeUs>,
}

impl ReportedFill {
    pub fn validate(&self) -> Result<(), Rejection> {
        positive("quantity", self.quantity)?;
        positive("price", self.price)?;
        in_range(self.price, self.quantity)?;
        if self.fee.abs() > money::MAX_VALUE || self.fee.scale() > 2 * money::MAX_SCALE {
            return Err(Rejection::field(
                "invalid_fee",
                "fee",
                "fee is too large or has too many digits",
            ));
        }
        Ok(())
    }
}

/// The state of an order that lives elsewhere. Each report is the whole new state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportedOrder {
    pub id: OrderId,
    pub symbol: Symbol,
    pub side: Side,
    #[serde(rename = "order_type")]
    pub order_type: OrderType,
    pub quantity: Decimal,
    #[serde(default)]
    pub price: Option<Decimal>,
    pub status: OrderStatus,
    #[serde(default)]
    pub filled_quantity: Decimal,
    #[serde(default)]
    pub average_price: Option<Decimal>,
    #[serde(default)]
    pub decision: Option<DecisionId>,
    #[serde(default)]
    pub reason: Option<String>,
}

impl ReportedOrder {
    pub fn validate(&self) -> Result<(), Rejection> {
        positive("quantity", self.quantity)?;
        if self.filled_quantity < Decimal::ZERO || self.filled_quantity > self.quantity {
            return Err(Rejection::field(
                "invalid_filled_quantity",
                "filled_quantity",
                "filled_quantity must be from zero to quantity",
            ));
        }
        if let Some(price) = self.price {
            positive("price", price)?;
            in_range(price, self.quantity)?;
        }
        text_fits("reason", self.reason.as_deref().unwrap_or_default())
    }
}

/// What the bot holds, where its fills do not tell: an opening balance or a correction. It is
/// booked as a deposit in kind at cost, so that no profit comes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportedPosition {
    /// The bot's own id of this statement.
    pub id: String,
    pub symbol: Symbol,
    pub quantity: Decimal,
    pub average_price: Decimal,
}

impl ReportedPosition {
    pub fn validate(&self) -> Result<(), Rejection> {
        name("id", &self.id)?;
        positive("average_price", self.average_price)?;
        if self.quantity.is_zero() {
            return Ok(());
        }
        in_range(self.average_price, self.quantity.abs())
    }
}

/// Words for the log of the bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub id: String,
    pub text: String,
    #[serde(default)]
    pub symbol: Option<Symbol>,
}

impl Note {
    pub fn validate(&self) -> Result<(), Rejection> {
        name("id", &self.id)?;
        text_fits("text", &self.text)
    }
}

/// Money paid in (positive) or out (negative).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    pub id: String,
    pub amount: Decimal,
}

impl Deposit {
    pub fn validate(&self) -> Result<(), Rejection> {
        name("id", &self.id)?;
        if self.amount.is_zero()
            || self.amount.abs() > money::MAX_VALUE
            || self.amount.scale() > money::MAX_SCALE
        {
            return Err(Rejection::field(
                "invalid_amount",
                "amount",
                "amount must not be zero, at most 10^12 and have at most 8 digits after the point",
            ));
        }
        Ok(())
    }
}
