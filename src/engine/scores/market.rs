//! What kind of market it is, from the closes of its finished minutes.
//!
//! Pure functions. Prices are taken to be above zero; a figure is a finite number or `None`.

use crate::domain::{MarketState, Regime};
use crate::engine::performance::sums::{defined, deviation};

/// Minutes of a year: markets never close here.
const MINUTES_A_YEAR: f64 = 525_600.0;
/// Minutes that the trend and the hour's volatility are of.
const HOUR: usize = 60;
/// Fewer returns say nothing of a volatility.
pub const FEWEST: usize = 30;
/// As many times the day's volatility is a volatile hour, and as many of its own standard deviations
/// make a move a trend.
const VOLATILE: f64 = 2.0;
const TREND: f64 = 1.0;

/// The market as its last 24 hours show it. `closes` are those of the finished minutes of that time,
/// oldest first; a minute in which nothing was traded has none, and the next return spans it.
pub fn market_state(closes: &[f64]) -> MarketState {
    let returns = simple_returns(closes);
    let volatility = volatility(&returns);
    let hour = Hour::of(closes, &returns);
    MarketState {
        regime: hour.as_ref().zip(volatility).map(|(hour, day)| {
            if hour.volatility > VOLATILE * day {
                Regime::Volatile
            } else if hour.trend > TREND {
                Regime::TrendUp
            } else if hour.trend < -TREND {
                Regime::TrendDown
            } else {
                Regime::Range
            }
        }),
        trend: hour.as_ref().and_then(|hour| defined(hour.trend)),
        hour_volatility: hour.map(|hour| hour.volatility),
        volatility,
    }
}

/// r = c_t / c_{t−1} − 1.
pub fn simple_returns(closes: &[f64]) -> Vec<f64> {
    closes.windows(2).map(|two| two[1] / two[0] - 1.0).collect()
}

/// Annualised volatility of 1m returns: s·√525600, s their sample standard deviation. At least
/// [`FEWEST`] returns.
pub fn volatility(returns: &[f64]) -> Option<f64> {
    if returns.len() < FEWEST {
        return None;
    }
    defined(deviation(returns)? * MINUTES_A_YEAR.sqrt())
}

/// The last 60 finished minutes.
struct Hour {
    /// m = (c₆₀/c₀ − 1) / (s·√60): the move in units of the standard deviation that a sum of 60 such
    /// returns has. Zero where nothing moved, infinite where each minute moved alike.
    trend: f64,
    volatility: f64,
}

impl Hour {
    fn of(closes: &[f64], returns: &[f64]) -> Option<Self> {
        let returns = &returns[returns.len().checked_sub(HOUR)?..];
        let closes = &closes[closes.len().checked_sub(HOUR + 1)?..];
        let deviation = deviation(returns)?;
        let moved = closes.last()? / closes.first()? - 1.0;
        let trend = if moved == 0.0 {
            0.0
        } else {
            moved / (deviation * (HOUR as f64).sqrt())
        };
        Some(Self {
            trend,
            volatility: volatility(returns)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Closes from 100 on that move by each of these shares in turn, so many times over.
    fn closes(moves: &[f64], minutes: usize) -> Vec<f64> {
        let mut closes = vec![100.0];
        for step in moves.iter().cycle().take(minutes) {
            closes.push(closes[closes.len() - 1] * (1.0 + step));
        }
        closes
    }

    fn regime(closes: &[f64]) -> Option<Regime> {
        market_state(closes).regime
    }

    #[test]
    fn too_few_minutes_are_no_market() {
        let state = market_state(&closes(&[0.01, -0.01], 29));
        assert_eq!((state.volatility, state.regime), (None, None));
        let state = market_state(&closes(&[0.01, -0.01], 59));
        assert!(state.volatility.is_some());
        assert_eq!((state.hour_volatility, state.trend), (None, None));
        assert_eq!(market_state(&[]).volatility, None);
        assert!(regime(&closes(&[0.01, -0.01], 60)).is_some());
    }

    #[test]
    fn the_volatility_is_that_of_a_year() {
        // ±1 % in turn: s² = 30·0.01²·2/59.
        let state = market_state(&closes(&[0.01, -0.01], 60));
        let expected = (60.0 * 0.0001 / 59.0_f64).sqrt() * 525_600_f64.sqrt();
        assert!((state.volatility.unwrap() / expected - 1.0).abs() < 1e-12);
        assert_eq!(state.hour_volatility, state.volatility);
    }

    #[test]
    fn each_regime_by_the_rule() {
        let quiet = [0.001, -0.001];
        assert_eq!(regime(&closes(&quiet, 1_440)), Some(Regime::Range));
        let up = closes(&[0.0012, -0.0009], 120);
        let state = market_state(&up);
        assert_eq!(state.regime, Some(Regime::TrendUp));
        // 60 minutes of 0.015 % each on average, s = 0.00105887.
        assert!((state.trend.unwrap() - 1.1).abs() < 0.01, "{state:?}");
        let down: Vec<f64> = up.iter().rev().copied().collect();
        assert_eq!(regime(&down), Some(Regime::TrendDown));
        // A quiet day whose last hour is three times as wild, whatever its direction.
        let mut wild = closes(&quiet, 1_380);
        let scale = wild[wild.len() - 1] / 100.0;
        let hour = closes(&[0.004, -0.003], 60);
        wild.extend(hour[1..].iter().map(|close| close * scale));
        let state = market_state(&wild);
        assert!(state.hour_volatility.unwrap() > 2.0 * state.volatility.unwrap());
        assert_eq!(state.regime, Some(Regime::Volatile));
    }

    #[test]
    fn a_market_that_stands_still_is_a_range_and_a_straight_line_a_trend() {
        let state = market_state(&[100.0; 90]);
        assert_eq!((state.volatility, state.trend), (Some(0.0), Some(0.0)));
        assert_eq!(state.regime, Some(Regime::Range));
        let doubling: Vec<f64> = (0..90).map(|n| f64::from(n).exp2()).collect();
        let state = market_state(&doubling);
        assert_eq!((state.trend, state.regime), (None, Some(Regime::TrendUp)));
    }
}
