//! How far wealth was below its highest so far, and for how long. The start, E₀ = 1, counts as a
//! peak. Invariant: every drawdown is zero or negative.

use super::returns::wealth;
use super::sums::{defined, ratio, sum};
use crate::domain::TimeUs;

/// Wealth this close to its peak, relatively, is at its peak: compounding 43,200 returns rounds by
/// less, and without it a full recovery could count as under water for ever.
const ROUNDING: f64 = 1e-11;

/// DD₁…DD_N: E_t / max(E₀…E_t) − 1. At least one return; undefined where [`wealth`] is.
pub fn drawdowns(returns: &[f64]) -> Option<Vec<f64>> {
    let mut values = wealth(returns)?;
    let mut peak = 1.0_f64;
    for value in &mut values {
        peak = peak.max(*value);
        *value = if *value >= peak * (1.0 - ROUNDING) {
            0.0
        } else {
            defined(*value / peak - 1.0)?
        };
    }
    Some(values)
}

/// The deepest. At least one.
pub fn max_drawdown(drawdowns: &[f64]) -> Option<f64> {
    drawdowns.iter().copied().reduce(f64::min)
}

/// The last. At least one.
pub fn current_drawdown(drawdowns: &[f64]) -> Option<f64> {
    drawdowns.last().copied()
}

/// CAGR / |maximum drawdown|. At least one return, and a drawdown.
pub fn calmar(cagr: Option<f64>, max_drawdown: Option<f64>) -> Option<f64> {
    ratio(cagr?, max_drawdown?.abs())
}

/// Ulcer index √(Σ DD² / (N−1)), Martin (1987) with the ddof of quantstats. At least two.
pub fn ulcer(drawdowns: &[f64]) -> Option<f64> {
    if drawdowns.len() < 2 {
        return None;
    }
    let squares = sum(drawdowns.iter().map(|drawdown| drawdown.powi(2)));
    defined((squares / (drawdowns.len() - 1) as f64).sqrt())
}

/// The longest time under water in seconds: from the last moment at a peak to the first one back
/// at it, or to the last moment there is. `start` is the moment of E₀, `times` those of the
/// drawdowns. At least one drawdown; 0 when wealth was never under water.
pub fn longest_under_water_s(start: TimeUs, times: &[TimeUs], drawdowns: &[f64]) -> Option<f64> {
    if drawdowns.is_empty() || drawdowns.len() != times.len() {
        return None;
    }
    let (mut longest, mut at_peak, mut under_water) = (0, start, false);
    for (time, drawdown) in times.iter().zip(drawdowns) {
        let sinks = *drawdown < 0.0;
        if sinks || under_water {
            longest = longest.max(time.since(at_peak));
        }
        if !sinks {
            at_peak = *time;
        }
        under_water = sinks;
    }
    defined(longest as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::time::SECOND;

    fn seconds(drawdowns: &[f64]) -> Option<f64> {
        let times: Vec<_> = (1..=drawdowns.len() as i64)
            .map(|second| TimeUs(second * SECOND))
            .collect();
        longest_under_water_s(TimeUs::ZERO, &times, drawdowns)
    }

    #[test]
    fn a_first_loss_is_a_drawdown() {
        assert_eq!(drawdowns(&[-0.25, 0.0]), Some(vec![-0.25, -0.25]));
    }

    #[test]
    fn a_full_recovery_is_no_drawdown_whatever_the_rounding() {
        // 1 → 0.9 → 1, a hundred times.
        let returns: Vec<f64> = (0..100).flat_map(|_| [-0.1, 100.0 / 90.0 - 1.0]).collect();
        let drawdowns = drawdowns(&returns).unwrap();
        assert_eq!(current_drawdown(&drawdowns), Some(0.0));
        assert_eq!(seconds(&drawdowns), Some(2.0));
    }

    #[test]
    fn time_under_water() {
        assert_eq!(seconds(&[]), None);
        assert_eq!(seconds(&[0.0, 0.0]), Some(0.0));
        assert_eq!(seconds(&[-0.1]), Some(1.0));
        assert_eq!(seconds(&[0.0, -0.1, -0.2, 0.0, 0.0, -0.1]), Some(3.0));
        assert_eq!(seconds(&[0.0, -0.1, 0.0, -0.1, -0.1, -0.2]), Some(3.0));
    }

    #[test]
    fn undefined_without_a_drawdown_or_values() {
        assert_eq!(calmar(Some(0.1), Some(0.0)), None);
        assert_eq!(calmar(Some(0.1), None), None);
        assert_eq!(ulcer(&[-0.1]), None);
        assert_eq!(max_drawdown(&[]), None);
        assert_eq!(drawdowns(&[-2.0, 1.0]), None);
    }

    #[test]
    fn more_than_everything_can_be_lost() {
        assert_eq!(drawdowns(&[-1.5]), Some(vec![-1.5]));
    }
}
