//! Money, prices and quantities: exact decimals, never binary floats.

pub use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// For statistics only: a figure that is shown as money never passes through here.
/// A value outside f64's range cannot occur (Decimal's largest is 7.9e28); NaN stands for it.
pub fn to_f64(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// `part / whole` in percent, undefined where there is no whole.
pub fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    if whole.is_zero() {
        return None;
    }
    part.checked_mul(Decimal::ONE_HUNDRED)?
        .checked_div(whole)
        .map(|percent| percent.round_dp(6).normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_of_nothing_is_undefined() {
        assert_eq!(percent(Decimal::ONE, Decimal::ZERO), None);
        assert_eq!(
            percent(Decimal::ONE, Decimal::from(4)),
            Some(Decimal::from(25))
        );
    }
}
