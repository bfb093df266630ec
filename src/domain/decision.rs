//! Decisions: what a model expected, why, how sure it was, and what came of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::time::{DAY, HOUR, MINUTE, SECOND};
use super::{BotId, Decimal, DecisionId, ModelId, OrderId, Symbol, TimeUs, TradingState};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Up,
    Down,
    Flat,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Flat => "flat",
        }
    }
}

/// How far ahead a decision looks: a whole number of seconds, written `30s`, `5m`, `4h`, `1d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(value_type = String, example = "5m", pattern = "^[0-9]+[smhd]$"))]
#[serde(try_from = "String", into = "String")]
pub struct Horizon(i64);

impl Horizon {
    const UNITS: [(&'static str, i64); 4] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)];

    pub fn micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, micros) = Self::UNITS
            .into_iter()
            .find(|(_, micros)| self.0 % micros == 0)
            .unwrap_or(("s", SECOND));
        write!(f, "{}{unit}", self.0 / micros)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a horizon is a whole number of s, m, h or d from 1s to 365d, as 5m")]
pub struct InvalidHorizon;

impl FromStr for Horizon {
    type Err = InvalidHorizon;

    fn from_str(text: &str) -> Result<Self, InvalidHorizon> {
        let (unit, micros) = Self::UNITS
            .into_iter()
            .find(|(unit, _)| text.ends_with(unit))
            .ok_or(InvalidHorizon)?;
        let count: i64 = text[..text.len() - unit.len()]
            .parse()
            .map_err(|_| InvalidHorizon)?;
        match count.checked_mul(micros) {
            Some(total) if (SECOND..=365 * DAY).contains(&total) => Ok(Self(total)),
            _ => Err(InvalidHorizon),
        }
    }
}

impl TryFrom<String> for Horizon {
    type Error = InvalidHorizon;

    fn try_from(text: String) -> Result<Self, InvalidHorizon> {
        text.parse()
    }
}

impl From<Horizon> for String {
    fn from(horizon: Horizon) -> Self {
        horizon.to_string()
    }
}

/// One input of a model, and what it moved the model's log-odds of "up" by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Feature {
    pub name: String,
    pub value: f64,
    pub contribution: f64,
}

/// What was done about a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Orders(Vec<OrderId>),
    /// A risk rule kept it from trading.
    Vetoed {
        rule: String,
    },
    /// Nothing was to be done.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Pending,
    Correct,
    Incorrect,
    /// The feed has no price for the moment it was to be judged at.
    Unresolvable,
}

impl Outcome {
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Correct,
        Self::Incorrect,
        Self::Unresolvable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Correct => "correct",
            Self::Incorrect => "incorrect",
            Self::Unresolvable => "unresolvable",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an outcome is pending, correct, incorrect or unresolvable")]
pub struct InvalidOutcome;

impl FromStr for Outcome {
    type Err = InvalidOutcome;

    fn from_str(text: &str) -> Result<Self, InvalidOutcome> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or(InvalidOutcome)
    }
}

/// The price that a decision was judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Verdict {
    pub price: Decimal,
    /// When that price was the market's; at most a minute before `resolves_at`.
    pub time: TimeUs,
    pub source: VerdictSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerdictSource {
    /// The last print at or before the moment.
    Print,
    /// The close of the last finished candle: the moment fell into a time that was seen only as
    /// candles, as after a downtime.
    Candle,
}

impl VerdictSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Print => "print",
            Self::Candle => "candle",
        }
    }
}

/// A decision with all that is known of it. `decisions:<bot>` carries it when it is made and again,
/// whole and under the same id, when it is resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Decision {
    pub id: DecisionId,
    pub bot: BotId,
    pub model: ModelId,
    pub symbol: Symbol,
    pub made_at: TimeUs,
    pub direction: Direction,
    /// Probability that the direction is right, 0 to 1.
    pub confidence: f64,
    pub price_at: Option<Decimal>,
    pub price_target: Option<Decimal>,
    pub horizon: Horizon,
    pub resolves_at: TimeUs,
    /// `flat` is right iff the return stays within ± this.
    pub flat_band: f64,
    pub features: Vec<Feature>,
    /// Log-odds of "up" before any feature speaks: with the contributions it sums up to the model's
    /// log-odds. `None` where the model has none to tell.
    pub bias: Option<f64>,
    pub reasoning: String,
    pub action: Action,
    pub outcome: Outcome,
    pub realised_return: Option<f64>,
    /// What it was judged by; `None` while it is pending, and where it is unresolvable.
    pub verdict: Option<Verdict>,
    pub resolved_at: Option<TimeUs>,
}

/// Where in its loop an agent is: observe → orient → decide → act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgentPhase {
    Observe,
    Orient,
    Decide,
    Act,
}

impl AgentPhase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Orient => "orient",
            Self::Decide => "decide",
            Self::Act => "act",
        }
    }
}

/// One transition of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentStep {
    pub bot: BotId,
    pub from: AgentPhase,
    pub to: AgentPhase,
    pub symbol: Option<Symbol>,
    pub reason: String,
    /// Wall time that the phase left took, µs. In the event itself `None`: it is no figure of the core
    /// and stands beside the event in the journal.
    pub took_us: Option<f64>,
    pub time: TimeUs,
}

/// What `agent:<bot>` carries: the agent's steps, and the notes that a bot sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgentEntry {
    Step(AgentStep),
    Note {
        bot: BotId,
        id: String,
        text: String,
        symbol: Option<Symbol>,
        time: TimeUs,
    },
    /// The bot's trading was paused, halted or resumed.
    Trading {
        bot: BotId,
        state: TradingState,
        time: TimeUs,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horizons_read_and_write_alike() {
        for text in ["30s", "5m", "4h", "1d", "90s"] {
            assert_eq!(text.parse::<Horizon>().unwrap().to_string(), text);
        }
        assert_eq!("3600s".parse::<Horizon>().unwrap().to_string(), "1h");
        for text in ["", "m", "0m", "-1m", "5 m", "5min", "9999999999999999999d"] {
            assert!(text.parse::<Horizon>().is_err(), "{text}");
        }
    }
}
