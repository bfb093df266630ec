//! Growth, and growth for the risk that was taken, of simple returns r₁…r_N.
//!
//! The risk-free rate is 0, the standard deviation has ddof 1, wealth starts at E₀ = 1. The ratios
//! are those of quantstats and empyrical; the Sortino ratio is Sortino & Price (1994), with the
//! downside deviation over all periods.

use super::sums::{defined, deviation, gains_and_losses, mean, ratio, sum};

/// E₁…E_N, what 1 became. Undefined when wealth falls below zero before the end: nothing
/// compounds from there. At least one return.
pub fn wealth(returns: &[f64]) -> Option<Vec<f64>> {
    let mut wealth = Vec::with_capacity(returns.len());
    let mut now = 1.0_f64;
    for r in returns {
        if now < 0.0 {
            return None;
        }
        now = defined(now * (1.0 + r))?;
        wealth.push(now);
    }
    (!wealth.is_empty()).then_some(wealth)
}

/// E_N − 1. At least one return.
pub fn total_return(returns: &[f64]) -> Option<f64> {
    final_wealth(returns).map(|end| end - 1.0)
}

/// Compound annual growth: E_N^(P/N) − 1. At least one return; undefined when more than all was
/// lost.
pub fn cagr(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    let end = final_wealth(returns)?;
    if end < 0.0 {
        return None;
    }
    defined(end.powf(periods_per_year / returns.len() as f64) - 1.0)
}

fn final_wealth(returns: &[f64]) -> Option<f64> {
    wealth(returns)?.last().copied()
}

/// s√P. At least two returns.
pub fn volatility(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    defined(deviation(returns)? * periods_per_year.sqrt())
}

/// (m/s)√P. At least two returns that are not all the same.
pub fn sharpe(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    defined(sharpe_per_period(returns)? * periods_per_year.sqrt())
}

/// m/s, not annualised. At least two returns that are not all the same.
pub fn sharpe_per_period(returns: &[f64]) -> Option<f64> {
    ratio(mean(returns)?, deviation(returns)?)
}

/// √(Σ min(r,0)² / N), per period, over all returns. At least one.
pub fn downside_deviation(returns: &[f64]) -> Option<f64> {
    let squares = sum(returns.iter().map(|r| r.min(0.0).powi(2)));
    defined(ratio(squares, returns.len() as f64)?.sqrt())
}

/// m√P / downside deviation. At least two returns, one of them negative.
pub fn sortino(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    if returns.len() < 2 {
        return None;
    }
    let per_period = ratio(mean(returns)?, downside_deviation(returns)?)?;
    defined(per_period * periods_per_year.sqrt())
}

/// Omega at a threshold of 0: Σr⁺ / Σ|r⁻|. At least one negative return.
pub fn omega(returns: &[f64]) -> Option<f64> {
    let (gains, losses) = gains_and_losses(returns);
    ratio(gains, losses)
}

/// Σr / Σ|r⁻|. At least one negative return.
pub fn gain_to_pain(returns: &[f64]) -> Option<f64> {
    let (_, losses) = gains_and_losses(returns);
    ratio(sum(returns.iter().copied()), losses)
}

/// Share of the periods with a positive return, flat ones counting as periods. At least one.
pub fn period_win_rate(returns: &[f64]) -> Option<f64> {
    let won = returns.iter().filter(|r| **r > 0.0).count();
    ratio(won as f64, returns.len() as f64)
}

/// R² of the straight line through the cumulative log returns over time (empyrical's
/// `stability_of_timeseries`; E₀ is not one of the points). At least three returns, as a line fits
/// any two points; undefined when wealth reached zero or never moved.
pub fn stability(returns: &[f64]) -> Option<f64> {
    if returns.len() < 3 {
        return None;
    }
    let mut logs = wealth(returns)?;
    for value in &mut logs {
        *value = defined(value.ln())?;
    }
    let middle = (logs.len() - 1) as f64 / 2.0;
    let mean = mean(&logs)?;
    let spread = deviation(&logs)?;
    let steps = 0..logs.len();
    let shared = sum(logs
        .iter()
        .zip(steps)
        .map(|(y, x)| (y - mean) * (x as f64 - middle)));
    // Σ (x − x̄)² of 0…n−1.
    let n = logs.len() as f64;
    let time = n * (n * n - 1.0) / 12.0;
    ratio(shared.powi(2) / time, spread.powi(2) * (n - 1.0)).map(|share| share.min(1.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn too_few_returns_are_undefined() {
        assert_eq!(total_return(&[]), None);
        assert_eq!(cagr(&[], 365.0), None);
        assert_eq!(period_win_rate(&[]), None);
        assert_eq!(volatility(&[0.1], 365.0), None);
        assert_eq!(sortino(&[-0.1], 365.0), None);
        assert_eq!(stability(&[0.1, 0.2]), None);
    }

    #[test]
    fn a_ratio_without_a_denominator_is_undefined() {
        assert_eq!(sharpe(&[0.01; 9], 365.0), None);
        assert_eq!(volatility(&[0.01; 9], 365.0), Some(0.0));
        assert_eq!(sortino(&[0.01, 0.02], 365.0), None);
        assert_eq!(omega(&[0.01, 0.0]), None);
        assert_eq!(gain_to_pain(&[0.0, 0.0]), None);
        assert_eq!(stability(&[0.1, 0.0, 0.0, 0.0, 0.0]), None);
    }

    #[test]
    fn losing_everything_is_defined_and_losing_more_is_not_growth() {
        assert_eq!(total_return(&[0.1, -1.0, 0.5]), Some(-1.0));
        assert_eq!(cagr(&[0.1, -1.0], 365.0), Some(-1.0));
        assert_eq!(total_return(&[-1.5]), Some(-1.5));
        assert_eq!(cagr(&[-1.5], 365.0), None);
        assert_eq!(total_return(&[-1.5, -2.0]), None);
        assert_eq!(stability(&[0.1, 0.2, -1.0]), None);
    }

    #[test]
    fn steady_growth_is_perfectly_stable() {
        assert!((stability(&[0.01; 50]).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn growth_beyond_f64_is_undefined() {
        assert_eq!(cagr(&[1.0], 525_600.0), None);
    }
}
