//! What comes out of the engine. Events are the journal's content and the only way by which a
//! figure reaches anybody; their canonical JSON in seq order is what `event_log_hash` covers.

use serde::{Deserialize, Serialize};

use super::bot::Deposit;
use super::{
    Activity, AgentStep, Alert, BotId, Candle, Decimal, Decision, EquityPoint, Fill, Note, Order,
    Position, Quality, RoundTrip, Seq, Symbol, TimeUs, TradingState,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The last price of a symbol in a second of market time in which it changed hands.
    Mark {
        symbol: Symbol,
        price: Decimal,
        second: TimeUs,
    },
    /// A finished candle of one minute or more.
    Candle(Candle),
    Order(Order),
    Fill(Fill),
    Decision(Box<Decision>),
    Agent(AgentStep),
    Note {
        bot: BotId,
        note: Note,
        time: TimeUs,
    },
    Deposit {
        bot: BotId,
        deposit: Deposit,
        /// What the account had in cash after it.
        cash: Decimal,
    },
    /// A bot's trading was paused, halted by the kill switch, or resumed.
    Trading {
        bot: BotId,
        state: TradingState,
        time: TimeUs,
    },
    /// A holding was stated by an outside bot; `position` is what the account then held.
    PositionStated {
        bot: BotId,
        id: String,
        position: Position,
    },
    RoundTrip(RoundTrip),
    Equity {
        bot: BotId,
        point: EquityPoint,
        #[serde(default)]
        activity: Activity,
    },
    Alert(Alert),
    Quality(Quality),
}

/// An event where it stands: the `index`-th of the input `seq`, at market time `time`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub seq: Seq,
    pub index: u32,
    pub time: TimeUs,
    pub event: Event,
    /// Wall time that went into it, µs, where it was measured. Not part of the record: the journal
    /// keeps it beside, and no hash covers it.
    #[serde(skip)]
    pub took_us: Option<f64>,
}
