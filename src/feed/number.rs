//! Numbers as Binance writes them, read straight from ASCII. Exact: every digit that is written is
//! kept, but for trailing zeros of the fraction, which say nothing (`42283.58000000` has scale 2).

use crate::domain::{Decimal, TimeUs};

/// The most digits before the point. A price times a quantity stays below Decimal's 7.9e28, so
/// that no row can make the sums behind overflow.
pub(super) const PRICE_DIGITS: usize = 9;
pub(super) const AMOUNT_DIGITS: usize = 13;

/// 2000-01-01 and 2100-01-01, µs: a spot market has no data from outside.
const EARLIEST: i64 = 946_684_800_000_000;
const LATEST: i64 = 4_102_444_800_000_000;

/// From this number on a time is in µs, below in ms.
const FIRST_MICROS: u64 = 100_000_000_000_000;

/// A plain decimal number with at most `whole_digits` digits before the point.
pub(super) fn decimal(cell: &[u8], whole_digits: usize) -> Option<Decimal> {
    let (whole, fraction) = match cell.iter().position(|byte| *byte == b'.') {
        Some(point) => (&cell[..point], trimmed(&cell[point + 1..])),
        None => (cell, &[][..]),
    };
    // 18 digits fit a u64; what is longer or written otherwise goes the slow way.
    if whole.is_empty() || whole.len() > whole_digits || whole.len() + fraction.len() > 18 {
        return unusual(cell, whole_digits);
    }
    let mut mantissa = 0_u64;
    for byte in whole.iter().chain(fraction) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return unusual(cell, whole_digits);
        }
        mantissa = mantissa * 10 + u64::from(digit);
    }
    let (low, middle) = (mantissa as u32, (mantissa >> 32) as u32);
    Some(Decimal::from_parts(
        low,
        middle,
        0,
        false,
        fraction.len() as u32,
    ))
}

fn trimmed(mut fraction: &[u8]) -> &[u8] {
    while let [rest @ .., b'0'] = fraction {
        fraction = rest;
    }
    fraction
}

fn unusual(cell: &[u8], whole_digits: usize) -> Option<Decimal> {
    // The library also takes underscores between digits, which no dump has.
    if !cell
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-'))
    {
        return None;
    }
    let value = Decimal::from_str_exact(std::str::from_utf8(cell).ok()?)
        .ok()?
        .normalize();
    let limit = Decimal::from_i128_with_scale(10_i128.pow(whole_digits as u32), 0);
    (value.abs() < limit).then_some(value)
}

/// A whole number without a sign.
pub(super) fn whole(cell: &[u8]) -> Option<u64> {
    if cell.is_empty() || cell.len() > 18 {
        return None;
    }
    let mut value = 0_u64;
    for byte in cell {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value)
}

/// An instant in ms or in µs, told apart by its size. `None` when it is not a number or not of
/// this century.
pub(super) fn time(cell: &[u8]) -> Option<TimeUs> {
    sensible(micros(cell, 0)?)
}

/// The last instant of a period: a time in ms stands for its whole millisecond.
pub(super) fn end_time(cell: &[u8]) -> Option<TimeUs> {
    sensible(micros(cell, 999)?)
}

/// The same of a number that was read already.
pub(super) fn instant(value: u64) -> Option<TimeUs> {
    sensible(of_number(value, 0)?)
}

/// As [`end_time`], of a number that was read already.
pub(super) fn last_instant(value: u64) -> Option<TimeUs> {
    sensible(of_number(value, 999)?)
}

fn micros(cell: &[u8], within_milli: i64) -> Option<i64> {
    of_number(whole(cell)?, within_milli)
}

fn of_number(value: u64, within_milli: i64) -> Option<i64> {
    let signed = i64::try_from(value).ok()?;
    if value >= FIRST_MICROS {
        Some(signed)
    } else {
        signed.checked_mul(1_000)?.checked_add(within_milli)
    }
}

fn sensible(micros: i64) -> Option<TimeUs> {
    (EARLIEST..LATEST)
        .contains(&micros)
        .then_some(TimeUs(micros))
}

pub(super) fn boolean(cell: &[u8]) -> Option<bool> {
    match cell {
        b"True" | b"true" | b"TRUE" => Some(true),
        b"False" | b"false" | b"FALSE" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trailing_zeros_of_the_fraction_are_trimmed() {
        let price = decimal(b"42283.58000000", PRICE_DIGITS).unwrap();
        assert_eq!(price.to_string(), "42283.58");
        assert_eq!(decimal(b"1.000", 12).unwrap().to_string(), "1");
        assert_eq!(decimal(b"100", 12).unwrap().to_string(), "100");
        assert_eq!(
            decimal(b"0.00076392", 12).unwrap().to_string(),
            "0.00076392"
        );
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for bad in [
            "", ".", "-", "abc", "1e5", "1_000", "1,0", "1.2.3", "NaN", " 1", "0x10",
        ] {
            assert_eq!(decimal(bad.as_bytes(), PRICE_DIGITS), None, "{bad:?}");
        }
        assert_eq!(decimal(b"1000000000000", PRICE_DIGITS), None);
        assert_eq!(decimal(b"-5", PRICE_DIGITS), Some(Decimal::from(-5)));
    }

    #[test]
    fn times_are_told_by_their_size() {
        let ms = time(b"1704067200001").unwrap();
        assert_eq!(ms, time(b"1704067200001000").unwrap());
        assert_eq!(
            end_time(b"1704067259999"),
            Some(TimeUs(1_704_067_259_999_999))
        );
        assert_eq!(
            end_time(b"1735689659999999"),
            Some(TimeUs(1_735_689_659_999_999))
        );
        for absurd in [
            "0",
            "-1",
            "99999999999999999999",
            "253402300800000",
            "1704067200",
            "x",
        ] {
            assert_eq!(time(absurd.as_bytes()), None, "{absurd}");
        }
    }

    proptest! {
        #[test]
        fn the_fast_way_is_as_exact_as_the_library(text in "[0-9]{1,9}(\\.[0-9]{1,16})?") {
            let exact = Decimal::from_str_exact(&text).unwrap();
            let ours = decimal(text.as_bytes(), PRICE_DIGITS).unwrap();
            prop_assert_eq!(ours, exact);
            let scale = text.split_once('.').map_or(0, |(_, f)| f.trim_end_matches('0').len());
            prop_assert_eq!(ours.scale() as usize, scale);
        }

        #[test]
        fn no_bytes_make_it_panic(cell in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (decimal(&cell, AMOUNT_DIGITS), whole(&cell), time(&cell), end_time(&cell));
        }
    }
}
