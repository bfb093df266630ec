//! Positions at average cost.

use serde::{Deserialize, Serialize};

use super::{BotId, Decimal, Symbol, TimeUs};

/// One symbol's holding. Quantity and cost are stored and the average is derived, so that the
/// identities of accounting hold exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Position {
    pub bot: BotId,
    pub symbol: Symbol,
    /// Positive is long, negative is short, zero is flat.
    pub quantity: Decimal,
    /// Paid for the open quantity, with its sign: a short's cost is negative.
    pub cost: Decimal,
    pub average_price: Option<Decimal>,
    pub mark_price: Option<Decimal>,
    /// quantity × mark price; at cost where no price is known yet.
    pub value: Decimal,
    /// Gross, fees apart.
    pub unrealised_pnl: Decimal,
    pub realised_pnl: Decimal,
    pub fees: Decimal,
    pub opened_at: Option<TimeUs>,
    pub updated_at: TimeUs,
}
