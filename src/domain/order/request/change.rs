//! What may be asked of what is there already: amendments of open orders, the closing of positions.

use serde::{Deserialize, Serialize};

use super::client_id;
use crate::domain::checks::positive;
use crate::domain::{Decimal, Rejection, TimeUs};

/// What is to be different in an open order; what is absent stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(example = json!({"price": "41000"})))]
#[serde(default, deny_unknown_fields)]
pub struct Amendment {
    /// The whole quantity, filled parts included.
    pub quantity: Option<Decimal>,
    pub price: Option<Decimal>,
    pub stop_price: Option<Decimal>,
    pub trail_amount: Option<Decimal>,
    pub trail_percent: Option<Decimal>,
    pub activation_price: Option<Decimal>,
    pub expires_at: Option<TimeUs>,
}

impl Amendment {
    pub fn validate(&self) -> Result<(), Rejection> {
        if *self == Self::default() {
            return Err(Rejection::new(
                "nothing_to_amend",
                "name at least one field to change",
            ));
        }
        for (field, value) in [
            ("quantity", self.quantity),
            ("price", self.price),
            ("stop_price", self.stop_price),
            ("trail_amount", self.trail_amount),
            ("trail_percent", self.trail_percent),
            ("activation_price", self.activation_price),
        ] {
            if let Some(value) = value {
                positive(field, value)?;
            }
        }
        Ok(())
    }
}

/// Closes what is held of a symbol by a market order that can only reduce.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(example = json!({"quantity": "0.01"})))]
#[serde(deny_unknown_fields)]
pub struct ClosePosition {
    #[serde(default)]
    pub client_order_id: Option<String>,
    /// All of it where absent.
    #[serde(default)]
    pub quantity: Option<Decimal>,
}

impl ClosePosition {
    pub fn validate(&self) -> Result<(), Rejection> {
        if let Some(quantity) = self.quantity {
            positive("quantity", quantity)?;
        }
        client_id(self.client_order_id.as_deref())
    }
}
