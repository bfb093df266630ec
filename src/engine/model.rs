//! The built-in model: a logistic score of momentum over the horizon and of reversion to the recent
//! mean. Its weights are fixed and small, its confidence is its probability, and the contributions
//! that it reports are exact: their sum is the log-odds of "up".

use super::market::Market;
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{Direction, Feature, Horizon, Interval, ModelId, money};

/// What the model makes of a market.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub model: ModelId,
    pub direction: Direction,
    pub confidence: f64,
    pub features: Vec<Feature>,
    /// The return that the model's own volatility makes typical over the horizon.
    pub typical_return: f64,
    pub reasoning: String,
}

/// Log-odds for one standard deviation of the feature.
const MOMENTUM_WEIGHT: f64 = 0.12;
const REVERSION_WEIGHT: f64 = 0.16;
const FLOW_WEIGHT: f64 = 0.20;
/// Features beyond this many standard deviations say no more.
const CLAMP: f64 = 3.0;
/// Steps over which momentum and the mean are taken, and the fewest that will do.
const STEPS: usize = 60;
const FEWEST: usize = 20;

/// Forecasts `horizon` ahead, or says what is missing.
pub fn forecast(market: &Market, horizon: Horizon) -> Result<Forecast, &'static str> {
    let series = series(market, horizon);
    if series.prices.len() < FEWEST {
        return Err("warming up: too few prices for this horizon");
    }
    let prices = &series.prices[series.prices.len().saturating_sub(STEPS + 1)..];
    let (Some(first), Some(last)) = (prices.first(), prices.last()) else {
        return Err("warming up: too few prices for this horizon");
    };
    let returns: Vec<f64> = prices
        .windows(2)
        .map(|pair| (pair[1] / pair[0]).ln())
        .collect();
    let volatility = deviation(&returns);
    let spread = deviation(prices);
    if volatility <= 0.0 || spread <= 0.0 {
        return Err("the price has not moved");
    }
    let steps = returns.len() as f64;
    let momentum = ((last / first).ln() / (volatility * steps.sqrt())).clamp(-CLAMP, CLAMP);
    let reversion = ((mean(prices) - last) / spread).clamp(-CLAMP, CLAMP);
    let flow = taker_flow(market).unwrap_or(0.0);

    let features: Vec<Feature> = [
        ("momentum", momentum, MOMENTUM_WEIGHT),
        ("reversion", reversion, REVERSION_WEIGHT),
        ("taker_flow", flow, FLOW_WEIGHT),
    ]
    .into_iter()
    .map(|(name, value, weight)| Feature {
        name: name.to_owned(),
        value,
        contribution: value * weight,
    })
    .collect();
    let log_odds: f64 = features.iter().map(|feature| feature.contribution).sum();
    let up = 1.0 / (1.0 + (-log_odds).exp());
    let (direction, confidence) = if up >= 0.5 {
        (Direction::Up, up)
    } else {
        (Direction::Down, 1.0 - up)
    };
    let ahead = horizon.micros() as f64 / series.step as f64;
    Ok(Forecast {
        model: ModelId::built_in("momentum-reversion"),
        direction,
        confidence,
        typical_return: volatility * ahead.sqrt(),
        reasoning: reasoning(direction, confidence, &features),
        features,
    })
}

/// States what was computed: the largest contributions, nothing else.
fn reasoning(direction: Direction, confidence: f64, features: &[Feature]) -> String {
    let mut by_weight: Vec<&Feature> = features.iter().collect();
    by_weight.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    let parts: Vec<String> = by_weight
        .iter()
        .map(|feature| {
            format!(
                "{} {:+.2} moves the log-odds by {:+.3}",
                feature.name, feature.value, feature.contribution
            )
        })
        .collect();
    format!(
        "{} with probability {:.3}: {}",
        direction.as_str(),
        confidence,
        parts.join(", ")
    )
}

struct Series {
    prices: Vec<f64>,
    /// µs between two prices.
    step: i64,
}

/// Seconds for short horizons, minutes for long ones.
fn series(market: &Market, horizon: Horizon) -> Series {
    if horizon.micros() <= 10 * MINUTE {
        return Series {
            prices: market.marks().iter().map(|(_, price)| *price).collect(),
            step: SECOND,
        };
    }
    let closed = market.candles.closed(Interval::M1);
    let recent = closed.range(closed.len().saturating_sub(STEPS)..);
    let mut prices: Vec<f64> = recent.map(|candle| money::to_f64(candle.close)).collect();
    prices.extend(market.price().map(money::to_f64));
    Series {
        prices,
        step: MINUTE,
    }
}

/// How one-sided the takers of the last five minutes were: −1 all sold, +1 all bought.
fn taker_flow(market: &Market) -> Option<f64> {
    let closed = market.candles.closed(Interval::M1);
    let (mut volume, mut bought) = (0.0, 0.0);
    for candle in closed.range(closed.len().saturating_sub(5)..) {
        volume += money::to_f64(candle.volume);
        bought += money::to_f64(candle.taker_buy_volume);
    }
    (volume > 0.0).then(|| 2.0 * bought / volume - 1.0)
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
