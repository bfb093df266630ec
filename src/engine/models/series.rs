//! The prices that a forecast is made from: seconds for short horizons, minutes for long ones, at
//! most [`STEPS`] of them back. Everything is measured in standard deviations of one step, so that
//! figures of different symbols and horizons can be compared.

use super::{Problem, View};
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{Horizon, Interval, money};
use crate::engine::market::Market;

/// The most steps that are looked back, and the fewest prices that will do.
pub const STEPS: usize = 60;
pub const FEWEST: usize = 20;
/// Horizons up to this one are seen by seconds (µs).
const BY_SECONDS: i64 = 10 * MINUTE;
/// Figures beyond this many standard deviations say no more.
pub const CLAMP: f64 = 3.0;

/// The recent path of one symbol's price.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Log returns of the steps in units of `volatility`, oldest first.
    pub returns: Vec<f64>,
    /// Their running sum: the log price since the first one, in the same units; starts with 0.
    pub path: Vec<f64>,
    /// Standard deviation (ddof 1) of the log return of one step.
    pub volatility: f64,
    /// Mean µs from one price to the next.
    step: f64,
}

impl Series {
    pub fn of(view: &View<'_>) -> Result<Self, Problem> {
        let (prices, step) = prices(view.market, view.horizon);
        if prices.len() < FEWEST {
            return Err(Problem::Unready(
                "warming up: too few prices for this horizon",
            ));
        }
        let mut returns: Vec<f64> = prices
            .windows(2)
            .map(|pair| (pair[1] / pair[0]).ln())
            .collect();
        let volatility = deviation(&returns);
        if !volatility.is_finite() || volatility <= 0.0 {
            return Err(Problem::Unready("the price has not moved"));
        }
        let mut path = Vec::with_capacity(prices.len());
        let mut sum = 0.0;
        path.push(sum);
        for value in &mut returns {
            *value /= volatility;
            sum += *value;
            path.push(sum);
        }
        Ok(Self {
            returns,
            path,
            volatility,
            step,
        })
    }

    /// The move over all steps in its own standard deviations, were the returns independent.
    pub fn momentum(&self) -> f64 {
        let whole: f64 = self.returns.iter().sum();
        (whole / (self.returns.len() as f64).sqrt()).clamp(-CLAMP, CLAMP)
    }

    /// How far the log price stands above its mean, in standard deviations (ddof 1) of the path.
    pub fn z_score(&self) -> f64 {
        let spread = deviation(&self.path);
        let Some(last) = self.path.last().filter(|_| spread > 0.0) else {
            return 0.0;
        };
        ((last - mean(&self.path)) / spread).clamp(-CLAMP, CLAMP)
    }

    /// The size of a log return that is typical over the horizon: σ of one step × √steps ahead.
    pub fn typical_return(&self, horizon: Horizon) -> f64 {
        self.volatility * (horizon.micros() as f64 / self.step).sqrt()
    }
}

/// One price more than [`STEPS`], or as many as there are, and the mean µs between them.
fn prices(market: &Market, horizon: Horizon) -> (Vec<f64>, f64) {
    if horizon.micros() <= BY_SECONDS {
        let marks = market.marks();
        let recent = marks.range(marks.len().saturating_sub(STEPS + 1)..);
        // Seconds without a trade have no mark, and a feed of bars has one for each bar.
        let step = match (recent.clone().next(), recent.clone().next_back()) {
            (Some((first, _)), Some((last, _))) if last > first => {
                last.since(*first) as f64 / (recent.len() - 1) as f64
            }
            _ => SECOND as f64,
        };
        return (recent.map(|(_, price)| *price).collect(), step);
    }
    let closed = market.candles.closed(Interval::M1);
    let recent = closed.range(closed.len().saturating_sub(STEPS)..);
    let mut prices: Vec<f64> = recent.map(|candle| money::to_f64(candle.close)).collect();
    prices.extend(market.price().map(money::to_f64));
    (prices, MINUTE as f64)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation (ddof 1); zero for fewer than two values.
fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}
