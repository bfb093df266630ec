//! What changed of a conflated topic since its last publication, typed by its stream.
//!
//! Absent is unchanged and null is null. Latest topics ([`crate::wire::Class::Latest`]) are changed
//! by field; keyed ones by row and then by field: a change of a row always has its key, a new row
//! has every field. A delta of which nothing is different is still one: it says that all holds.

mod diff;
mod patch;
pub mod patches;
mod rows;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Payload, Stream};
use crate::domain::{
    Candle, EquityPoint, Health, Models, Performance, Portfolio, Position, Ticker, Working,
};
pub use diff::{Diff, Misfit};
use patches::{
    CandlePatch, EquityPatch, HealthPatch, ModelsPatch, PerformancePatch, PortfolioPatch,
    PositionPatch, TickerPatch, WorkingPatch,
};

/// The change of one publication. Serialises as the plain patch inside, as [`Payload`] does.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    Market(Box<TickerPatch>),
    Portfolio(Box<PortfolioPatch>),
    Performance(Box<PerformancePatch>),
    Models(Box<ModelsPatch>),
    Health(Box<HealthPatch>),
    Candles(Vec<CandlePatch>),
    Positions(Vec<PositionPatch>),
    Working(Vec<WorkingPatch>),
    Equity(Vec<EquityPatch>),
}

impl Delta {
    /// What makes `new` of `old`; `None` where no delta can say it, and `new` has to be sent whole.
    pub fn between(old: &Payload, new: &Payload) -> Option<Self> {
        /// Boxes what changed; what did not is a change of nothing.
        macro_rules! fields {
            ($variant:ident, $patch:ident, $old:expr, $new:expr) => {{
                let patch = Diff::between(&**$old, &**$new).ok()?;
                Self::$variant(Box::new(patch.unwrap_or_else($patch::nothing)))
            }};
        }
        Some(match (old, new) {
            (Payload::Market(old), Payload::Market(new)) => fields!(Market, TickerPatch, old, new),
            (Payload::Portfolio(old), Payload::Portfolio(new)) => {
                fields!(Portfolio, PortfolioPatch, old, new)
            }
            (Payload::Performance(old), Payload::Performance(new)) => {
                fields!(Performance, PerformancePatch, old, new)
            }
            (Payload::Models(old), Payload::Models(new)) => fields!(Models, ModelsPatch, old, new),
            (Payload::Health(old), Payload::Health(new)) => fields!(Health, HealthPatch, old, new),
            (Payload::Candles(old), Payload::Candles(new)) if rows::gone_is_trimmed(old, new) => {
                Self::Candles(rows::between(old, new).ok()?)
            }
            (Payload::Positions(old), Payload::Positions(new))
                if rows::gone_is_trimmed(old, new) =>
            {
                Self::Positions(rows::between(old, new).ok()?)
            }
            (Payload::Working(old), Payload::Working(new)) => {
                let mut changes = rows::between(old, new).ok()?;
                let gone = rows::gone(old, new).map(|row| WorkingPatch::gone(row.order.clone()));
                changes.extend(gone);
                changes.sort_by(|one, other| one.order.cmp(&other.order));
                Self::Working(changes)
            }
            (Payload::Equity(old), Payload::Equity(new)) if rows::gone_is_trimmed(old, new) => {
                Self::Equity(rows::between(old, new).ok()?)
            }
            _ => return None,
        })
    }

    /// Puts a newer delta into this one: applied, it does what both do in turn.
    pub fn merge(&mut self, newer: Self) {
        match (self, newer) {
            (Self::Market(older), Self::Market(newer)) => Ticker::merge(older, *newer),
            (Self::Portfolio(older), Self::Portfolio(newer)) => Portfolio::merge(older, *newer),
            (Self::Performance(older), Self::Performance(newer)) => {
                Performance::merge(older, *newer);
            }
            (Self::Models(older), Self::Models(newer)) => Models::merge(older, *newer),
            (Self::Health(older), Self::Health(newer)) => Health::merge(older, *newer),
            (Self::Candles(older), Self::Candles(newer)) => rows::merge::<Candle>(older, newer),
            (Self::Positions(older), Self::Positions(newer)) => {
                rows::merge::<Position>(older, newer);
            }
            (Self::Working(older), Self::Working(newer)) => rows::merge::<Working>(older, newer),
            (Self::Equity(older), Self::Equity(newer)) => {
                rows::merge::<EquityPoint>(older, newer);
            }
            // One topic has one stream.
            (older, newer) => *older = newer,
        }
    }

    /// Reads the delta of a push of `stream`.
    pub fn read<'de, D: Deserializer<'de>>(stream: Stream, from: D) -> Result<Self, D::Error> {
        Ok(match stream {
            Stream::Market => Self::Market(Deserialize::deserialize(from)?),
            Stream::Portfolio => Self::Portfolio(Deserialize::deserialize(from)?),
            Stream::Performance => Self::Performance(Deserialize::deserialize(from)?),
            Stream::Models => Self::Models(Deserialize::deserialize(from)?),
            Stream::Health => Self::Health(Deserialize::deserialize(from)?),
            Stream::Candles => Self::Candles(Deserialize::deserialize(from)?),
            Stream::Positions => Self::Positions(Deserialize::deserialize(from)?),
            Stream::Working => Self::Working(Deserialize::deserialize(from)?),
            Stream::Equity => Self::Equity(Deserialize::deserialize(from)?),
            Stream::Trades
            | Stream::Orders
            | Stream::Decisions
            | Stream::Agent
            | Stream::Alerts
            | Stream::Quality
            | Stream::Bench => return Err(D::Error::custom("a log has no deltas")),
        })
    }
}

impl Payload {
    /// Lays a delta over this: all of it, or after an error nothing.
    ///
    /// # Errors
    /// Where the delta was made for another value than this.
    pub fn apply(&mut self, delta: Delta) -> Result<(), Misfit> {
        /// A copy takes the change, because it may fail half-way.
        fn fields<T: Diff + Clone>(value: &mut T, patch: T::Patch) -> Result<(), Misfit> {
            let mut changed = value.clone();
            changed.apply(patch)?;
            *value = changed;
            Ok(())
        }
        match (self, delta) {
            (Self::Market(value), Delta::Market(patch)) => fields(&mut **value, *patch),
            (Self::Portfolio(value), Delta::Portfolio(patch)) => fields(&mut **value, *patch),
            (Self::Performance(value), Delta::Performance(patch)) => fields(&mut **value, *patch),
            (Self::Models(value), Delta::Models(patch)) => fields(&mut **value, *patch),
            (Self::Health(value), Delta::Health(patch)) => fields(&mut **value, *patch),
            (Self::Candles(rows), Delta::Candles(patches)) => rows::apply(rows, patches),
            (Self::Positions(rows), Delta::Positions(patches)) => rows::apply(rows, patches),
            (Self::Working(rows), Delta::Working(patches)) => {
                rows::apply(rows, patches)?;
                rows.retain(|row| !row.done);
                Ok(())
            }
            (Self::Equity(rows), Delta::Equity(patches)) => rows::apply(rows, patches),
            _ => Err(Misfit::Stream),
        }
    }
}

impl Serialize for Delta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Market(patch) => patch.serialize(serializer),
            Self::Portfolio(patch) => patch.serialize(serializer),
            Self::Performance(patch) => patch.serialize(serializer),
            Self::Models(patch) => patch.serialize(serializer),
            Self::Health(patch) => patch.serialize(serializer),
            Self::Candles(patches) => patches.serialize(serializer),
            Self::Positions(patches) => patches.serialize(serializer),
            Self::Working(patches) => patches.serialize(serializer),
            Self::Equity(patches) => patches.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests;
