//! The shape of the returns, and how sure it makes their Sharpe ratio.

use statrs::function::gamma::{checked_gamma_lr, checked_gamma_ur};

use super::returns::sharpe_per_period;
use super::sums::{defined, deviation, mean, sum};

/// Adjusted Fisher–Pearson skewness G₁ (pandas `skew`, Excel SKEW). At least three returns that
/// are not all the same.
pub fn skew(returns: &[f64]) -> Option<f64> {
    if returns.len() < 3 {
        return None;
    }
    let n = returns.len() as f64;
    defined(standard_moment(returns, 3)? * (n * (n - 1.0)).sqrt() / (n - 2.0))
}

/// Adjusted excess kurtosis G₂ (pandas `kurt`, Excel KURT): 0 for a normal distribution. At least
/// four returns that are not all the same.
pub fn excess_kurtosis(returns: &[f64]) -> Option<f64> {
    if returns.len() < 4 {
        return None;
    }
    let n = returns.len() as f64;
    let excess = standard_moment(returns, 4)? - 3.0;
    defined((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0))
}

/// Mean of ((r − m) / population standard deviation)^`power`.
fn standard_moment(returns: &[f64], power: i32) -> Option<f64> {
    let n = returns.len() as f64;
    let mean = mean(returns)?;
    let population = deviation(returns)? * ((n - 1.0) / n).sqrt();
    if population == 0.0 {
        return None;
    }
    // Standardised before it is raised, so that small returns do not underflow.
    defined(
        sum(returns
            .iter()
            .map(|r| ((r - mean) / population).powi(power)))
            / n,
    )
}

/// Probabilistic Sharpe ratio: the probability that the true Sharpe ratio is above 0. Bailey &
/// López de Prado (2012): Φ(SR/σ), σ² = (1 − γ₃SR + ((γ₄−1)/4)SR²)/(N−1) with SR per period and
/// γ₃, γ₄ the sample-adjusted skewness and raw kurtosis (excess + 3). At least four returns that
/// are not all the same; undefined when the estimate of σ² is not positive.
pub fn psr(returns: &[f64]) -> Option<f64> {
    let sharpe = sharpe_per_period(returns)?;
    let kurtosis = excess_kurtosis(returns)? + 3.0;
    let spread = 1.0 - skew(returns)? * sharpe + (kurtosis - 1.0) / 4.0 * sharpe.powi(2);
    let variance = defined(spread / (returns.len() - 1) as f64)?;
    if variance <= 0.0 {
        return None;
    }
    normal_cdf(defined(sharpe / variance.sqrt())?)
}

/// Φ by the incomplete gamma function, erf(x) = P(½, x²). The error function of statrs has eleven
/// correct digits, fewer than what the published values agree to.
fn normal_cdf(z: f64) -> Option<f64> {
    let half_square = z * z / 2.0;
    if half_square > 800.0 {
        // Beyond f64's smallest probability.
        return Some(if z < 0.0 { 0.0 } else { 1.0 });
    }
    let probability = if z == 0.0 {
        0.5
    } else if z < 0.0 {
        checked_gamma_ur(0.5, half_square).ok()? / 2.0
    } else {
        f64::midpoint(1.0, checked_gamma_lr(0.5, half_square).ok()?)
    };
    defined(probability.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn minimum_counts() {
        assert_eq!(skew(&[0.1, 0.2]), None);
        assert!(skew(&[0.1, 0.2, 0.4]).is_some());
        assert_eq!(excess_kurtosis(&[0.1, 0.2, 0.4]), None);
        assert_eq!(psr(&[0.1, 0.2, 0.4]), None);
        assert!(psr(&[0.1, 0.2, 0.4, -0.3]).is_some());
    }

    #[test]
    fn equal_returns_have_no_shape() {
        assert_eq!(skew(&[0.01; 9]), None);
        assert_eq!(excess_kurtosis(&[0.01; 9]), None);
        assert_eq!(psr(&[0.01; 9]), None);
    }

    #[test]
    fn a_symmetric_series_has_no_skew_and_an_even_chance() {
        let returns = [-0.02, -0.01, 0.0, 0.01, 0.02];
        assert!(skew(&returns).unwrap().abs() < 1e-15);
        assert!((psr(&returns).unwrap() - 0.5).abs() < 1e-12);
        // Excel: KURT(-2,-1,0,1,2) = -1.2
        assert!((excess_kurtosis(&returns).unwrap() + 1.2).abs() < 1e-12);
    }

    #[test]
    fn the_normal_distribution_has_its_digits() {
        for (z, expected) in [
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013_1),
            (1.0, 0.841_344_746_068_542_9),
            (1.959_963_984_540_054, 0.975),
            (-1.0, 0.158_655_253_931_457_05),
            (-6.0, 9.865_876_450_376_98e-10),
            (-37.0, 5.725_571_222_524_576e-300),
        ] {
            let found = normal_cdf(z).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-12, "{z}: {found}");
        }
        assert_eq!(normal_cdf(-1e200), Some(0.0));
        assert_eq!(normal_cdf(1e200), Some(1.0));
    }

    #[test]
    fn tiny_returns_have_the_same_shape() {
        let returns = [0.03, -0.01, 0.02, 0.005, -0.04];
        let tiny = returns.map(|r| r * 1e-100);
        assert!((skew(&returns).unwrap() - skew(&tiny).unwrap()).abs() < 1e-12);
    }
}
