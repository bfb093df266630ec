//! A pair of orders of which one cancels the other.

use serde::{Deserialize, Serialize};

use super::{NewOrder, client_id};
use crate::domain::{OrderType, Rejection};

/// Two orders of which one cancels the other: a limit order and a stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewOco {
    /// Of the pair; the legs may have their own.
    #[serde(default)]
    pub client_order_id: Option<String>,
    #[cfg_attr(feature = "ssr", schema(min_items = 2, max_items = 2))]
    pub legs: [NewOrder; 2],
}

impl NewOco {
    /// The limit leg and the stop leg.
    pub fn legs(&self) -> Result<(&NewOrder, &NewOrder), Rejection> {
        let [first, second] = &self.legs;
        let is_limit = |leg: &NewOrder| leg.order_type == OrderType::Limit;
        match (is_limit(first), is_limit(second)) {
            (true, false) if second.order_type.is_conditional() => Ok((first, second)),
            (false, true) if first.order_type.is_conditional() => Ok((second, first)),
            _ => Err(Rejection::field(
                "invalid_legs",
                "legs",
                "one leg must be a limit order, the other a stop, stop_limit or trailing_stop",
            )),
        }
    }

    pub fn validate(&self) -> Result<(), Rejection> {
        let (limit, stop) = self.legs()?;
        for (index, leg) in self.legs.iter().enumerate() {
            leg.validate()
                .map_err(|rejection| in_leg(rejection, index))?;
            if leg.is_bracket() || leg.time_in_force().is_immediate() {
                return Err(Rejection::field(
                    "invalid_legs",
                    format!("legs[{index}]"),
                    "a leg rests: it has no legs of its own and is gtc or gtd",
                ));
            }
        }
        if limit.symbol != stop.symbol
            || limit.side != stop.side
            || limit.quantity != stop.quantity
            || limit.reduce_only != stop.reduce_only
        {
            return Err(Rejection::field(
                "invalid_legs",
                "legs",
                "both legs must have the same symbol, side, quantity and reduce_only",
            ));
        }
        client_id(self.client_order_id.as_deref())
    }
}

/// Puts the leg's place before the field that is at fault.
pub fn in_leg(rejection: Rejection, index: usize) -> Rejection {
    Rejection {
        field: rejection
            .field
            .map(|field| format!("legs[{index}].{field}")),
        ..rejection
    }
}
