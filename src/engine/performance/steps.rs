//! From equity to returns.

use crate::domain::money::to_f64;
use crate::domain::{Decimal, EquityPoint, TimeUs};

/// What one period brought, to the bot and to buy-and-hold. A period that began with no equity, or
/// less than none, has no return.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Step {
    pub own: Option<f64>,
    pub benchmark: Option<f64>,
}

impl Step {
    /// r = (E_t − ΔD − E_{t−1}) / E_{t−1}, where ΔD is what was deposited in the period (negative:
    /// withdrawn), taken to have come at its end. Buy-and-hold has the same deposits.
    pub fn between(before: &EquityPoint, after: &EquityPoint) -> Self {
        let held = before.benchmark.zip(after.benchmark);
        Self {
            own: change(before, before.equity, after, after.equity),
            benchmark: held.and_then(|(from, to)| change(before, from, after, to)),
        }
    }
}

/// The simple returns between consecutive equity points, and when each was made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Returns {
    /// The moment the first return counts from.
    pub start: TimeUs,
    /// The end of each period.
    pub times: Vec<TimeUs>,
    pub values: Vec<f64>,
    /// Those of buy-and-hold over the same periods, where it has one.
    pub benchmark: Vec<Option<f64>>,
}

impl Returns {
    /// From steps with the moments of their ends; `start` is that of the first one's beginning. A
    /// period without a return is left out. Each step is one period however long it took: a gap in
    /// the samples is not filled.
    pub fn from_steps(start: TimeUs, steps: impl Iterator<Item = (TimeUs, Step)>) -> Self {
        let mut returns = Self::default();
        let mut before = start;
        for (time, step) in steps {
            if let Some(value) = step.own {
                if returns.values.is_empty() {
                    returns.start = before;
                }
                returns.times.push(time);
                returns.values.push(value);
                returns.benchmark.push(step.benchmark);
            }
            before = time;
        }
        returns
    }

    /// Between points, oldest first; the first is only the base.
    pub fn of(points: &[EquityPoint]) -> Self {
        let start = points.first().map(|point| point.time).unwrap_or_default();
        let pairs = points.windows(2);
        let steps = pairs.map(|pair| (pair[1].time, Step::between(&pair[0], &pair[1])));
        Self::from_steps(start, steps)
    }

    /// The returns and those of buy-and-hold, over the periods that have both.
    pub fn pairs(&self) -> (Vec<f64>, Vec<f64>) {
        let pairs = self.values.iter().zip(&self.benchmark);
        pairs.filter_map(|(r, b)| Some((*r, (*b)?))).unzip()
    }
}

fn change(before: &EquityPoint, from: Decimal, after: &EquityPoint, to: Decimal) -> Option<f64> {
    if from <= Decimal::ZERO {
        return None;
    }
    let value = gain(before, from, after, to) / to_f64(from);
    value.is_finite().then_some(value)
}

/// What the period earned. Exact, so that a small return is not lost between two large equities;
/// in f64 only for amounts whose difference a Decimal cannot hold.
fn gain(before: &EquityPoint, from: Decimal, after: &EquityPoint, to: Decimal) -> f64 {
    let exact = after
        .deposits
        .checked_sub(before.deposits)
        .and_then(|deposited| to.checked_sub(deposited))
        .and_then(|kept| kept.checked_sub(from));
    exact.map_or_else(
        || {
            let deposited = to_f64(after.deposits) - to_f64(before.deposits);
            to_f64(to) - deposited - to_f64(from)
        },
        to_f64,
    )
}
