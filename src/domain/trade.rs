//! Fills: what `trades:<bot>` carries. Each holds the evidence it rests on.

use serde::{Deserialize, Serialize};

use super::{BotId, Decimal, DecisionId, FillId, Level, Liquidity, OrderId, Side, Symbol, TimeUs};

/// The market data that a fill rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A print of the tape, and how much of it was consumed here.
    Trade {
        id: u64,
        price: Decimal,
        quantity: Decimal,
    },
    /// Levels of the book, with what was taken at each.
    Book { levels: Vec<Level>, time: TimeUs },
    /// A bar that traded through the price, where the source has nothing finer.
    Bar {
        open_time: TimeUs,
        low: Decimal,
        high: Decimal,
        volume: Decimal,
    },
    /// The word of an outside bot: Plainsight did not see the market fill it.
    Reported,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FillSource {
    /// Our paper exchange.
    Paper,
    /// An outside bot said so.
    Reported,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Fill {
    pub id: FillId,
    pub bot: BotId,
    pub order: Option<OrderId>,
    pub decision: Option<DecisionId>,
    pub symbol: Symbol,
    pub side: Side,
    pub quantity: Decimal,
    pub price: Decimal,
    /// price × quantity, in the quote currency.
    pub value: Decimal,
    /// In the quote currency.
    pub fee: Decimal,
    pub liquidity: Liquidity,
    /// Paid beyond the best price there was, in the quote currency: the book's depth and the
    /// configured slippage.
    pub slippage: Decimal,
    /// Gross, of the part that closed an open position; zero where it only opened.
    pub realised_pnl: Decimal,
    /// What the account had in cash after it.
    pub cash: Decimal,
    pub evidence: Evidence,
    pub source: FillSource,
    /// Market time.
    pub time: TimeUs,
}
