//! What may be asked of the exchange, and every check that needs no market: the browser's ticket,
//! REST, the socket and the engine refuse the same request in the same words.

pub mod change;
mod checks;
pub mod pair;

use serde::{Deserialize, Serialize};

use super::{OrderType, Side, TimeInForce};
use crate::domain::checks::{in_range, name, positive};
use crate::domain::{Decimal, DecisionId, Rejection, Symbol, TimeUs};
use checks::{required, unexpected};

/// What a bot asks for. Two requests with the same `client_order_id` are one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(example = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01", "price": "40000"})))]
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
    pub stop_price: Option<Decimal>,
    /// Distance of a trailing stop in the quote currency, or in percent of the best price.
    #[serde(default)]
    pub trail_amount: Option<Decimal>,
    #[serde(default)]
    pub trail_percent: Option<Decimal>,
    /// A trailing stop tracks from the moment the market reaches it.
    #[serde(default)]
    pub activation_price: Option<Decimal>,
    #[serde(default)]
    pub time_in_force: Option<TimeInForce>,
    /// Market time.
    #[serde(default)]
    pub expires_at: Option<TimeUs>,
    #[serde(default)]
    pub reduce_only: bool,
    /// With one of these or both it is a bracket: legs that go to work when it is filled.
    #[serde(default)]
    pub take_profit: Option<Decimal>,
    #[serde(default)]
    pub stop_loss: Option<Decimal>,
    /// The decision that led to it.
    #[serde(default)]
    pub decision: Option<DecisionId>,
}

/// The distance of a trailing stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trail {
    Amount(Decimal),
    Percent(Decimal),
}

impl Trail {
    /// The stop price of an order of `side` whose market's best was `peak`.
    pub fn stop_price(self, side: Side, peak: Decimal) -> Decimal {
        let distance = match self {
            Self::Amount(amount) => amount,
            Self::Percent(percent) => peak.abs() * percent / Decimal::ONE_HUNDRED,
        };
        peak + side.signed(distance)
    }
}

/// How an order finds its price, with exactly the figures that its type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terms {
    Market,
    Limit {
        price: Decimal,
    },
    Stop {
        stop_price: Decimal,
    },
    StopLimit {
        stop_price: Decimal,
        price: Decimal,
    },
    TrailingStop {
        trail: Trail,
        activation: Option<Decimal>,
    },
}

impl NewOrder {
    /// A market order without anything special.
    pub fn market(symbol: Symbol, side: Side, quantity: Decimal) -> Self {
        Self {
            client_order_id: None,
            symbol,
            side,
            order_type: OrderType::Market,
            quantity,
            price: None,
            stop_price: None,
            trail_amount: None,
            trail_percent: None,
            activation_price: None,
            time_in_force: None,
            expires_at: None,
            reduce_only: false,
            take_profit: None,
            stop_loss: None,
            decision: None,
        }
    }

    /// A limit order without anything special.
    pub fn limit(symbol: Symbol, side: Side, quantity: Decimal, price: Decimal) -> Self {
        Self {
            order_type: OrderType::Limit,
            price: Some(price),
            ..Self::market(symbol, side, quantity)
        }
    }

    /// The given time in force, or the type's usual one.
    pub fn time_in_force(&self) -> TimeInForce {
        self.time_in_force.unwrap_or(match self.order_type {
            OrderType::Market => TimeInForce::Ioc,
            _ => TimeInForce::Gtc,
        })
    }

    /// Whether legs belong to it.
    pub fn is_bracket(&self) -> bool {
        self.take_profit.is_some() || self.stop_loss.is_some()
    }

    /// The checks that need no market.
    pub fn validate(&self) -> Result<(), Rejection> {
        positive("quantity", self.quantity)?;
        let terms = self.terms()?;
        self.validate_lifetime()?;
        self.validate_bracket(terms)?;
        let highest = [
            self.price,
            self.stop_price,
            self.trail_amount,
            self.activation_price,
            self.take_profit,
            self.stop_loss,
        ];
        for price in highest.into_iter().flatten().chain([Decimal::ONE]) {
            in_range(price, self.quantity)?;
        }
        client_id(self.client_order_id.as_deref())
    }

    /// The figures that the type has: none missing, none beside them.
    pub fn terms(&self) -> Result<Terms, Rejection> {
        let kind = self.order_type;
        let uses_price = matches!(kind, OrderType::Limit | OrderType::StopLimit);
        let uses_stop = matches!(kind, OrderType::Stop | OrderType::StopLimit);
        let trails = kind == OrderType::TrailingStop;
        let price = required(kind, "price", uses_price, self.price)?;
        let stop_price = required(kind, "stop_price", uses_stop, self.stop_price)?;
        for (field, given) in [
            ("trail_amount", self.trail_amount),
            ("trail_percent", self.trail_percent),
            ("activation_price", self.activation_price),
        ] {
            if let Some(given) = given {
                if !trails {
                    return Err(unexpected(kind, field));
                }
                positive(field, given)?;
            }
        }
        Ok(match (kind, price, stop_price) {
            (OrderType::Limit, Some(price), _) => Terms::Limit { price },
            (OrderType::Stop, _, Some(stop_price)) => Terms::Stop { stop_price },
            (OrderType::StopLimit, Some(price), Some(stop_price)) => {
                Terms::StopLimit { stop_price, price }
            }
            (OrderType::TrailingStop, ..) => Terms::TrailingStop {
                trail: self.trail()?,
                activation: self.activation_price,
            },
            _ => Terms::Market,
        })
    }

    fn trail(&self) -> Result<Trail, Rejection> {
        match (self.trail_amount, self.trail_percent) {
            (Some(amount), None) => Ok(Trail::Amount(amount)),
            (None, Some(percent)) if percent < Decimal::ONE_HUNDRED => Ok(Trail::Percent(percent)),
            (None, Some(_)) => Err(Rejection::field(
                "invalid_trail_percent",
                "trail_percent",
                "trail_percent must be less than 100",
            )),
            (None, None) => Err(Rejection::field(
                "missing_trail",
                "trail_amount",
                "a trailing_stop order needs trail_amount or trail_percent",
            )),
            (Some(_), Some(_)) => Err(Rejection::field(
                "conflicting_trail",
                "trail_percent",
                "give trail_amount or trail_percent, not both",
            )),
        }
    }

    fn validate_lifetime(&self) -> Result<(), Rejection> {
        let time_in_force = self.time_in_force();
        let possible = match self.order_type {
            OrderType::Market => time_in_force != TimeInForce::Gtd,
            OrderType::Limit | OrderType::StopLimit => true,
            OrderType::Stop | OrderType::TrailingStop => !time_in_force.is_immediate(),
        };
        if !possible {
            return Err(Rejection::field(
                "invalid_time_in_force",
                "time_in_force",
                format!(
                    "a {} order cannot be {}",
                    self.order_type.as_str(),
                    time_in_force.as_str()
                ),
            ));
        }
        match (time_in_force, self.expires_at) {
            (TimeInForce::Gtd, None) => Err(Rejection::field(
                "missing_expires_at",
                "expires_at",
                "a gtd order needs expires_at",
            )),
            (TimeInForce::Gtd, Some(_)) | (_, None) => Ok(()),
            (other, Some(_)) => Err(Rejection::field(
                "unexpected_expires_at",
                "expires_at",
                format!("a {} order has no expires_at", other.as_str()),
            )),
        }
    }

    /// Where the entry's price is known beforehand the legs must lie on its two sides.
    fn validate_bracket(&self, terms: Terms) -> Result<(), Rejection> {
        if !self.is_bracket() {
            return Ok(());
        }
        if self.reduce_only {
            return Err(Rejection::field(
                "conflicting_reduce_only",
                "reduce_only",
                "a bracket opens a position, so it cannot be reduce_only",
            ));
        }
        for (field, price) in [
            ("take_profit", self.take_profit),
            ("stop_loss", self.stop_loss),
        ] {
            if let Some(price) = price {
                positive(field, price)?;
            }
        }
        let reference = match terms {
            Terms::Limit { price } | Terms::StopLimit { price, .. } => Some(price),
            Terms::Stop { stop_price } => Some(stop_price),
            Terms::Market | Terms::TrailingStop { .. } => None,
        };
        self.check_legs(reference)
    }

    /// Whether the legs lie on the right sides of `reference`, and of each other.
    pub fn check_legs(&self, reference: Option<Decimal>) -> Result<(), Rejection> {
        let better = |price: Decimal, than: Decimal| match self.side {
            Side::Buy => price > than,
            Side::Sell => price < than,
        };
        let (beyond, before) = match self.side {
            Side::Buy => ("above", "below"),
            Side::Sell => ("below", "above"),
        };
        if let (Some(take_profit), Some(reference)) = (self.take_profit, reference)
            && !better(take_profit, reference)
        {
            return Err(Rejection::field(
                "invalid_take_profit",
                "take_profit",
                format!("take_profit must be {beyond} the entry's price of {reference}"),
            ));
        }
        if let (Some(stop_loss), Some(reference)) = (self.stop_loss, reference)
            && !better(reference, stop_loss)
        {
            return Err(Rejection::field(
                "invalid_stop_loss",
                "stop_loss",
                format!("stop_loss must be {before} the entry's price of {reference}"),
            ));
        }
        match (self.take_profit, self.stop_loss) {
            (Some(take_profit), Some(stop_loss)) if !better(take_profit, stop_loss) => {
                Err(Rejection::field(
                    "invalid_take_profit",
                    "take_profit",
                    format!("take_profit must be {beyond} stop_loss"),
                ))
            }
            _ => Ok(()),
        }
    }
}

fn client_id(id: Option<&str>) -> Result<(), Rejection> {
    id.map_or(Ok(()), |id| name("client_order_id", id))
}

#[cfg(test)]
mod tests;
