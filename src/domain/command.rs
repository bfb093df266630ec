//! What goes into the engine: market data, bots' commands, and what a feed says of itself. The
//! built-in agent and an outside bot have the same commands.

use serde::{Deserialize, Serialize};

use super::bot::Deposit;
use super::{
    Amendment, BotId, ClosePosition, DecisionId, Extent, Inference, MarketEvent, NewDecision,
    NewOco, NewOrder, Note, OrderId, QualityKind, ReportedFill, ReportedOrder, ReportedPosition,
    Severity, Symbol, TimeUs,
};

/// Why a command was refused: a stable code, the field at fault, words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[error("{message}")]
pub struct Rejection {
    pub code: String,
    pub field: Option<String>,
    pub message: String,
}

impl Rejection {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            field: None,
            message: message.into(),
        }
    }

    pub fn field(
        code: impl Into<String>,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            field: Some(field.into()),
            message: message.into(),
        }
    }
}

/// What a bot, built in or not, can ask of the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotCommand {
    /// Record a forecast, to be judged when its horizon is over.
    Decision(NewDecision),
    /// Send an order to the paper exchange; with a take-profit or a stop-loss it is a bracket.
    SubmitOrder(NewOrder),
    /// Two orders of which one cancels the other.
    SubmitOco(Box<NewOco>),
    /// Change an open order, by our id or the client's.
    AmendOrder {
        order: OrderId,
        change: Amendment,
    },
    /// Take an open order back, by our id or the client's.
    CancelOrder {
        order: OrderId,
    },
    /// Take all open orders back, or all of one symbol.
    CancelAll {
        symbol: Option<Symbol>,
    },
    /// Close what is held of a symbol.
    ClosePosition {
        symbol: Symbol,
        close: ClosePosition,
    },
    /// The kill switch: cancel everything, close everything, and do nothing more until `Resume`.
    Kill,
    /// The agent stops acting; people still can.
    Pause,
    Resume,
    /// A fill, an order or a holding at another exchange.
    Fill(ReportedFill),
    Order(ReportedOrder),
    Position(ReportedPosition),
    Deposit(Deposit),
    Note(Note),
}

impl BotCommand {
    /// The checks that need no state.
    pub fn validate(&self) -> Result<(), Rejection> {
        match self {
            Self::Decision(decision) => decision.validate(),
            Self::SubmitOrder(order) => order.validate(),
            Self::SubmitOco(oco) => oco.validate(),
            Self::AmendOrder { change, .. } => change.validate(),
            Self::ClosePosition { close, .. } => close.validate(),
            Self::CancelOrder { .. }
            | Self::CancelAll { .. }
            | Self::Kill
            | Self::Pause
            | Self::Resume => Ok(()),
            Self::Fill(fill) => fill.validate(),
            Self::Order(order) => order.validate(),
            Self::Position(position) => position.validate(),
            Self::Deposit(deposit) => deposit.validate(),
            Self::Note(note) => note.validate(),
        }
    }
}

/// One item of `POST /v1/bots/{bot}/events`: what an outside bot tells of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BotReport {
    Decision(NewDecision),
    Fill(ReportedFill),
    Order(ReportedOrder),
    Position(ReportedPosition),
    Deposit(Deposit),
    Note(Note),
}

impl BotReport {
    /// The bot's own id of the item; without one a decision could be told twice.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Decision(decision) => decision.id.as_ref().map(DecisionId::as_str),
            Self::Fill(fill) => Some(fill.id.as_str()),
            Self::Order(order) => Some(order.id.as_str()),
            Self::Position(position) => Some(&position.id),
            Self::Deposit(deposit) => Some(&deposit.id),
            Self::Note(note) => Some(&note.id),
        }
    }
}

impl From<BotReport> for BotCommand {
    fn from(report: BotReport) -> Self {
        match report {
            BotReport::Decision(decision) => Self::Decision(decision),
            BotReport::Fill(fill) => Self::Fill(fill),
            BotReport::Order(order) => Self::Order(order),
            BotReport::Position(position) => Self::Position(position),
            BotReport::Deposit(deposit) => Self::Deposit(deposit),
            BotReport::Note(note) => Self::Note(note),
        }
    }
}

/// What a feed has to say beside its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedNotice {
    pub kind: QualityKind,
    pub symbol: Option<Symbol>,
    pub source: String,
    pub line: Option<u64>,
    pub message: String,
    #[serde(default)]
    pub extent: Extent,
}

impl FeedNotice {
    /// The span of market time in which prices were not seen when they were new: lost, or, as long as
    /// no trade of it has come, perhaps lost.
    pub fn unpriced(&self) -> Option<(TimeUs, TimeUs)> {
        let unseen = matches!(self.kind, QualityKind::Gap | QualityKind::Reconnect);
        Some((self.extent.from?, self.extent.to?)).filter(|_| unseen)
    }

    /// Until when in market time what comes is no news, but what was missed.
    pub fn catches_up_to(&self) -> Option<TimeUs> {
        let late = matches!(
            self.kind,
            QualityKind::Gap | QualityKind::Reconnect | QualityKind::Backfill
        );
        self.extent.to.filter(|_| late)
    }

    /// Whether a row of data was refused.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.kind,
            QualityKind::RejectedRow | QualityKind::OutOfOrder | QualityKind::BadMessage
        )
    }
}

/// One input of the engine. Bots' commands are journalled. Items of a recorded or simulated feed are
/// not, for they come again from the feed; those of a live feed are kept until a snapshot covers them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    Market(MarketEvent),
    Notice(FeedNotice),
    Bot {
        bot: BotId,
        command: Box<BotCommand>,
    },
    /// The feed is over for good: what was to be judged by a later price never will be.
    Ended,
    /// A model outside the core has answered, or has not.
    Inference(Inference),
    /// The machine itself has something to say that must not be forgotten.
    Alert {
        severity: Severity,
        code: String,
        message: String,
    },
}
