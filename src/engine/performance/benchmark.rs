//! Returns against those of a benchmark over the same periods, such as buy-and-hold.
//! Series of different lengths do not share their periods: everything is undefined then.

use super::sums::{defined, deviation, mean, ratio, sum};

/// Covariance with the benchmark / its variance. At least two periods, and a benchmark that moved.
pub fn beta(returns: &[f64], benchmark: &[f64]) -> Option<f64> {
    if returns.len() != benchmark.len() {
        return None;
    }
    let (own, other) = (mean(returns)?, mean(benchmark)?);
    let spread = deviation(benchmark)?;
    let pairs = returns.iter().zip(benchmark);
    let shared = sum(pairs.map(|(r, b)| (r - own) * (b - other)));
    ratio(
        shared / (returns.len() - 1) as f64,
        defined(spread.powi(2))?,
    )
}

/// Jensen's alpha, annualised without compounding: (m − βb)·P. As [`beta`].
pub fn alpha(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    let beta = beta(returns, benchmark)?;
    defined((mean(returns)? - beta * mean(benchmark)?) * periods_per_year)
}

/// Mean / standard deviation (ddof 1) of r − b, not annualised. At least two periods whose
/// differences are not all the same.
pub fn information_ratio(returns: &[f64], benchmark: &[f64]) -> Option<f64> {
    if returns.len() != benchmark.len() {
        return None;
    }
    let pairs = returns.iter().zip(benchmark);
    let active: Vec<f64> = pairs.map(|(r, b)| r - b).collect();
    ratio(mean(&active)?, deviation(&active)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const MARKET: [f64; 5] = [0.01, -0.02, 0.03, 0.0, -0.01];

    #[test]
    fn a_leveraged_market_with_a_fee() {
        let returns = MARKET.map(|b| 2.0 * b - 0.001);
        assert!((beta(&returns, &MARKET).unwrap() - 2.0).abs() < 1e-12);
        assert!((alpha(&returns, &MARKET, 365.0).unwrap() + 0.365).abs() < 1e-12);
        // r − b = b − 0.001: mean 0.001, variance Σ(b − 0.002)² / 4 = 0.00148 / 4.
        let expected = 0.001 / (0.00148_f64 / 4.0).sqrt();
        assert!((information_ratio(&returns, &MARKET).unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn undefined_without_a_moving_benchmark_or_shared_periods() {
        assert_eq!(beta(&MARKET, &[0.01; 5]), None);
        assert_eq!(alpha(&MARKET, &[0.01; 5], 365.0), None);
        assert_eq!(beta(&MARKET, &MARKET[1..]), None);
        assert_eq!(beta(&MARKET[..1], &MARKET[..1]), None);
        assert_eq!(beta(&[], &[]), None);
        assert_eq!(information_ratio(&MARKET, &MARKET), None);
        assert_eq!(information_ratio(&MARKET, &[]), None);
    }
}
