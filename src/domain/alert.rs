//! Alerts, and what is wrong with the data.

use serde::{Deserialize, Serialize};

use super::{AlertId, BotId, Symbol, TimeUs};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Alert {
    pub id: AlertId,
    pub severity: Severity,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
    pub bot: Option<BotId>,
    pub time: TimeUs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QualityKind {
    /// A row of a file that could not be read as data.
    RejectedRow,
    /// Data is missing: ids jumped.
    Gap,
    /// Changes of an order book are missing; trades are not.
    BookGap,
    /// Time ran backwards.
    OutOfOrder,
    /// A source ended or could not be read on.
    SourceEnded,
    /// Trades that were missed on the wire and fetched afterwards: nothing is missing.
    Backfill,
    /// A live connection was lost and made again.
    Reconnect,
    /// An order book was built anew from a snapshot.
    Resync,
    /// A live connection said nothing for too long.
    Silence,
    /// A candle of ours is not the exchange's.
    CandleMismatch,
    /// A message of a live source that could not be read.
    BadMessage,
}

impl QualityKind {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::RejectedRow => "rejected row",
            Self::Gap => "gap",
            Self::BookGap => "gap in the book",
            Self::OutOfOrder => "out of order",
            Self::SourceEnded => "source ended",
            Self::Backfill => "backfilled",
            Self::Reconnect => "reconnected",
            Self::Resync => "book rebuilt",
            Self::Silence => "silence",
            Self::CandleMismatch => "candle differs",
            Self::BadMessage => "bad message",
        }
    }
}

/// What a fault of the data covers, as far as it is known: market time and the exchange's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Extent {
    /// The last instant at which all was well, and the first at which it was so again.
    pub from: Option<TimeUs>,
    pub to: Option<TimeUs>,
    /// The first and the last id that are concerned.
    pub first_id: Option<u64>,
    pub last_id: Option<u64>,
}

/// A fault of the data, as `quality` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Quality {
    pub kind: QualityKind,
    pub symbol: Option<Symbol>,
    /// Where: a file with the number of the line, counted from 1, or a stream.
    pub source: String,
    pub line: Option<u64>,
    pub message: String,
    #[serde(default)]
    pub extent: Extent,
    /// Faults of this kind so far, this one included.
    pub count: u64,
    pub time: TimeUs,
}
