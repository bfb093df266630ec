//! The bad tail of the returns: value at risk and what lies beyond it, at 5 %, for one period.
//! A return, not a loss: −0.02 says that in one period of twenty at least 2 % is lost.

use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};

use super::sums::{defined, deviation, mean, ratio, sum};

const LEVEL: f64 = 0.05;

/// The returns in order: sorted once for all figures that need it. At least two returns, as one
/// says nothing of a distribution.
#[derive(Debug, Clone)]
pub struct Tails {
    sorted: Vec<f64>,
}

impl Tails {
    pub fn new(returns: &[f64]) -> Self {
        let mut sorted = returns.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// The quantile at `share` of the way through the order, interpolated linearly between
    /// neighbours (R type 7, numpy's default).
    pub fn quantile(&self, share: f64) -> Option<f64> {
        if self.sorted.len() < 2 {
            return None;
        }
        let place = (self.sorted.len() - 1) as f64 * share.clamp(0.0, 1.0);
        let below = *self.sorted.get(place.floor() as usize)?;
        let above = *self.sorted.get(place.ceil() as usize)?;
        defined(below + (above - below) * place.fract())
    }

    /// Historical VaR: the 5 % quantile.
    pub fn var_historical(&self) -> Option<f64> {
        self.quantile(LEVEL)
    }

    /// Historical CVaR: the mean of the ⌊(N−1)·0.05⌋+1 worst returns, which are those at or below
    /// the historical VaR.
    pub fn cvar_historical(&self) -> Option<f64> {
        if self.sorted.len() < 2 {
            return None;
        }
        let count = ((self.sorted.len() - 1) as f64 * LEVEL).floor() as usize + 1;
        let worst = self.sorted.get(..count)?;
        defined(sum(worst.iter().copied()) / count as f64)
    }

    /// |q₉₅ / q₅|: above 1 the good tail is longer. Undefined when the 5 % quantile is zero.
    pub fn tail_ratio(&self) -> Option<f64> {
        ratio(self.quantile(1.0 - LEVEL)?, self.quantile(LEVEL)?).map(f64::abs)
    }
}

/// VaR of a normal distribution: m + s·Φ⁻¹(0.05). At least two returns.
pub fn var_parametric(returns: &[f64]) -> Option<f64> {
    let at = Normal::standard().inverse_cdf(LEVEL);
    defined(mean(returns)? + deviation(returns)? * at)
}

/// CVaR of a normal distribution: m − s·φ(Φ⁻¹(0.05)) / 0.05. At least two returns.
pub fn cvar_parametric(returns: &[f64]) -> Option<f64> {
    let normal = Normal::standard();
    let beyond = normal.pdf(normal.inverse_cdf(LEVEL)) / LEVEL;
    defined(mean(returns)? - deviation(returns)? * beyond)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn one_return_has_no_tail() {
        let one = Tails::new(&[0.01]);
        assert_eq!(one.var_historical(), None);
        assert_eq!(one.cvar_historical(), None);
        assert_eq!(one.tail_ratio(), None);
        assert_eq!(var_parametric(&[0.01]), None);
        assert_eq!(cvar_parametric(&[]), None);
    }

    #[test]
    fn the_worst_are_counted_as_defined() {
        // 20 returns: ⌊19 · 0.05⌋ + 1 = 1; 21: 2.
        let returns: Vec<f64> = (0..21).map(|i| f64::from(i) / 100.0 - 0.1).collect();
        assert_eq!(Tails::new(&returns[..20]).cvar_historical(), Some(-0.1));
        let two = Tails::new(&returns);
        assert!((two.cvar_historical().unwrap() + 0.095).abs() < 1e-15);
        assert!((two.var_historical().unwrap() + 0.09).abs() < 1e-15);
    }

    #[test]
    fn a_tail_ratio_needs_a_bad_tail() {
        assert_eq!(Tails::new(&[0.0, 0.0, 0.0]).tail_ratio(), None);
    }

    #[test]
    fn equal_returns_are_their_own_risk() {
        assert_eq!(var_parametric(&[0.25; 4]), Some(0.25));
        assert_eq!(Tails::new(&[0.25; 4]).cvar_historical(), Some(0.25));
    }
}
