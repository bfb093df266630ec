//! Money, prices and quantities: exact decimals, never binary floats.

pub use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// The largest price, quantity and value of one order or fill, and the most digits after the point
/// of a price or quantity: within them every product and every sum that can be reached stays far
/// from Decimal's limit of 28 digits.
pub const MAX_PRICE: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0); // 10^10
pub const MAX_QUANTITY: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0); // 10^12
pub const MAX_VALUE: Decimal = MAX_QUANTITY;
pub const MAX_SCALE: u32 = 8;

/// Whether `price` and `quantity` are positive and within the limits, and so is their product.
pub fn is_tradable(price: Decimal, quantity: Decimal) -> bool {
    let within = |value: Decimal, most: Decimal| {
        value > Decimal::ZERO && value <= most && value.scale() <= MAX_SCALE
    };
    within(price, MAX_PRICE) && within(quantity, MAX_QUANTITY) && price * quantity <= MAX_VALUE
}

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
    fn limits_are_what_they_say() {
        assert_eq!(MAX_PRICE, Decimal::from(10_000_000_000_i64));
        assert_eq!(MAX_QUANTITY, Decimal::from(1_000_000_000_000_i64));
        assert!(is_tradable(Decimal::ONE, MAX_QUANTITY));
        assert!(!is_tradable(Decimal::TWO, MAX_QUANTITY));
        assert!(!is_tradable(Decimal::ZERO, Decimal::ONE));
        assert!(!is_tradable(Decimal::new(1, 9), Decimal::ONE));
    }

    #[test]
    fn a_percentage_of_nothing_is_undefined() {
        assert_eq!(percent(Decimal::ONE, Decimal::ZERO), None);
        assert_eq!(
            percent(Decimal::ONE, Decimal::from(4)),
            Some(Decimal::from(25))
        );
    }
}
