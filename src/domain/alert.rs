//! Alerts, and what is wrong with the data.

use serde::{Deserialize, Serialize};

use super::{AlertId, BotId, Symbol, TimeUs};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[serde(rename_all = "snake_case")]
pub enum QualityKind {
    /// A row of a file that could not be read as data.
    RejectedRow,
    /// Data is missing: ids jumped.
    Gap,
    /// Time ran backwards.
    OutOfOrder,
    /// A source ended or could not be read on.
    SourceEnded,
}

/// A fault of the data, as `quality` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    pub kind: QualityKind,
    pub symbol: Option<Symbol>,
    /// Where: a file with the number of the line, counted from 1, or a stream.
    pub source: String,
    pub line: Option<u64>,
    pub message: String,
    /// Faults of this kind so far, this one included.
    pub count: u64,
    pub time: TimeUs,
}
