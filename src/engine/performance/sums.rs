//! Sums, means and deviations that the rest is made of.
//! Invariant: what is `Some` is finite, and the deviation of equal values is exactly zero.

use serde::{Deserialize, Serialize};

/// Deviations below this share of the largest value are rounding, not spread: without it a constant
/// series has a deviation of 1e-18 and a Sharpe ratio of 1e15.
const ROUNDING: f64 = 1e-12;

/// The value if it is finite; −0 becomes 0.
pub(in crate::engine) fn defined(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}

/// `part / whole`, undefined where there is no whole.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    if whole == 0.0 || !whole.is_finite() {
        return None;
    }
    defined(part / whole)
}

/// Neumaier's compensated sum: the error does not grow with the number of values.
pub(in crate::engine) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    for value in values {
        sum.add(value);
    }
    sum.value()
}

/// The same sum, kept while the values come one by one: the total, and what rounding took from it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sum(f64, f64);

impl Sum {
    pub fn add(&mut self, value: f64) {
        let Self(total, lost) = self;
        let next = *total + value;
        *lost += if total.abs() >= value.abs() {
            (*total - next) + value
        } else {
            (value - next) + *total
        };
        *total = next;
    }

    pub fn value(self) -> f64 {
        self.0 + self.1
    }
}

/// At least one value.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    ratio(sum(values.iter().copied()), values.len() as f64)
}

/// Sample standard deviation (ddof 1). At least two values.
pub(in crate::engine) fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares = sum(values.iter().map(|value| (value - mean).powi(2)));
    let deviation = defined((squares / (values.len() - 1) as f64).sqrt())?;
    let largest = largest(values);
    Some(if deviation <= ROUNDING * largest {
        0.0
    } else {
        deviation
    })
}

/// Σ of the gains and |Σ of the losses|.
pub(super) fn gains_and_losses(values: &[f64]) -> (f64, f64) {
    let gains = sum(values.iter().map(|value| value.max(0.0)));
    let losses = sum(values.iter().map(|value| (-value).max(0.0)));
    (gains, losses)
}

/// Largest magnitude; 0 of nothing.
fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_no_deviation() {
        for value in [0.01, -0.1, 1.0 / 3.0, 1e-9] {
            assert_eq!(deviation(&[value; 9]), Some(0.0));
        }
        assert_eq!(deviation(&[0.1]), None);
    }

    #[test]
    fn the_sum_keeps_what_is_small() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[f64::MAX, f64::MAX]), None);
    }

    #[test]
    fn no_whole_no_ratio() {
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(1.0, f64::INFINITY), None);
        assert!(ratio(-0.0, 1.0).is_some_and(f64::is_sign_positive));
    }
}
