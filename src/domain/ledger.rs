//! The cash ledger: every movement of a bot's cash with what was left after it.

use serde::{Deserialize, Serialize};

use super::{BotId, Decimal, Event, OrderId, Record, Seq, Side, Symbol, TimeUs};

/// What moved the cash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Movement {
    Deposit,
    Fill {
        order: Option<OrderId>,
        symbol: Symbol,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        fee: Decimal,
    },
}

/// One line of the ledger. Each one's `cash` is that of the one before it plus its `amount`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LedgerEntry {
    /// The deposit's or the fill's id.
    pub id: String,
    pub bot: BotId,
    #[serde(flatten)]
    pub movement: Movement,
    /// What came in; negative is what went out, fees included.
    pub amount: Decimal,
    /// What the account had in cash after it.
    pub cash: Decimal,
    pub seq: Seq,
    /// Market time.
    pub time: TimeUs,
}

impl LedgerEntry {
    /// The line that an event makes in its bot's ledger, if it makes one.
    pub fn of(record: &Record) -> Option<Self> {
        match &record.event {
            Event::Deposit { bot, deposit, cash } => Some(Self {
                id: deposit.id.clone(),
                bot: bot.clone(),
                movement: Movement::Deposit,
                amount: deposit.amount,
                cash: *cash,
                seq: record.seq,
                time: record.time,
            }),
            Event::Fill(fill) => Some(Self {
                id: fill.id.to_string(),
                bot: fill.bot.clone(),
                movement: Movement::Fill {
                    order: fill.order.clone(),
                    symbol: fill.symbol.clone(),
                    side: fill.side,
                    quantity: fill.quantity,
                    price: fill.price,
                    fee: fill.fee,
                },
                amount: (fill.side.opposite().signed(fill.value) - fill.fee).normalize(),
                cash: fill.cash,
                seq: record.seq,
                time: fill.time,
            }),
            _ => None,
        }
    }
}
