//! A bot's account as a whole.

use serde::{Deserialize, Serialize};

use super::{BotId, Decimal, TimeUs, TradingState, money};

/// Whether the identities of accounting hold at this moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    Holds,
    Broken { what: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Portfolio {
    pub bot: BotId,
    /// The quote currency of every figure.
    pub currency: String,
    /// cash + Σ position value.
    pub equity: Decimal,
    pub cash: Decimal,
    pub deposits: Decimal,
    /// Σ |position value|.
    pub invested: Decimal,
    /// Gross; net is realised + unrealised − fees.
    pub realised_pnl: Decimal,
    pub unrealised_pnl: Decimal,
    pub fees: Decimal,
    pub net_pnl: Decimal,
    /// Of the deposits.
    pub net_pnl_percent: Option<Decimal>,
    /// Since 00:00 UTC, deposits apart.
    pub day_pnl: Decimal,
    pub day_pnl_percent: Option<Decimal>,
    pub open_positions: u32,
    pub open_orders: u32,
    pub fills: u64,
    pub invariant: Invariant,
    pub trading: TradingState,
    /// Market time.
    pub time: TimeUs,
}

impl Portfolio {
    /// What is at the market, in percent of the equity; undefined where there is none.
    pub fn exposure_percent(&self) -> Option<Decimal> {
        money::percent(self.invested, self.equity).filter(|_| self.equity > Decimal::ZERO)
    }
}
