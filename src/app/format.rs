//! How figures are written: one place, no locale, the same on server and browser. Undefined is
//! [`NONE`], a minus is a minus sign, and thousands are grouped.

use crate::domain::{Decimal, TimeUs};
use rust_decimal::RoundingStrategy;

/// What is shown where a figure is undefined.
pub const NONE: &str = "n/a";

/// `text` is a plain decimal, `-1234.50`: groups its whole part and writes a true minus.
fn grouped(text: &str) -> String {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("−", rest),
        None => ("", text),
    };
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut out = String::with_capacity(text.len() + whole.len() / 3 + 4);
    out.push_str(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// With exactly `places` digits after the point.
pub fn decimal(value: Decimal, places: u32) -> String {
    let mut rounded = value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(places);
    if rounded.is_zero() {
        rounded.set_sign_positive(true);
    }
    grouped(&rounded.to_string())
}

/// An amount of the quote currency.
pub fn money(value: Decimal) -> String {
    decimal(value, 2)
}

/// A gain or a loss: always with its sign.
pub fn signed_money(value: Decimal) -> String {
    signed(decimal(value, 2))
}

fn signed(text: String) -> String {
    let is_zero = !text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if text.starts_with('−') || is_zero {
        text
    } else {
        format!("+{text}")
    }
}

/// A price: as many digits as its magnitude asks for, so that a changing price keeps its width.
pub fn price(value: Decimal) -> String {
    let magnitude = value.abs();
    let places = if magnitude >= Decimal::ONE_HUNDRED {
        2
    } else if magnitude >= Decimal::ONE {
        4
    } else if magnitude >= Decimal::new(1, 2) {
        6
    } else {
        8
    };
    decimal(value, places)
}

/// A quantity: no more digits than it has.
pub fn quantity(value: Decimal) -> String {
    grouped(&value.round_dp(8).normalize().to_string())
}

/// A figure that is a percentage already.
pub fn percent(value: Decimal) -> String {
    format!("{} %", signed(decimal(value, 2)))
}

/// A float with `places` digits; not finite is undefined.
pub fn float(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{value:.places$}");
    let is_zero = !text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    grouped(if is_zero {
        text.trim_start_matches('-')
    } else {
        &text
    })
}

/// A fraction as a percentage: 0.05 is `5.00 %`.
pub fn fraction(value: f64) -> String {
    format!("{} %", float(value * 100.0, 2))
}

/// A fraction as a percentage that says its sign.
pub fn signed_fraction(value: f64) -> String {
    format!("{} %", signed(float(value * 100.0, 2)))
}

/// A whole number.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// `2024-01-01 00:00:00`, `offset_min` minutes east of UTC.
pub fn date_time(time: TimeUs, offset_min: i32) -> String {
    match shifted(time, offset_min) {
        Some(at) => format!("{} {}", at.date(), hms(at)),
        None => time.micros().to_string(),
    }
}

/// `00:00:00`.
pub fn time_of_day(time: TimeUs, offset_min: i32) -> String {
    shifted(time, offset_min).map_or_else(|| time.micros().to_string(), hms)
}

/// `01-31 00:00`, for axes.
pub fn axis_time(time: TimeUs, offset_min: i32) -> String {
    match shifted(time, offset_min) {
        Some(at) => format!(
            "{:02}-{:02} {:02}:{:02}",
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute()
        ),
        None => String::new(),
    }
}

fn shifted(time: TimeUs, offset_min: i32) -> Option<time::OffsetDateTime> {
    let micros = time.micros() + i64::from(offset_min) * 60_000_000;
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}

fn hms(at: time::OffsetDateTime) -> String {
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// How long ago, in words.
pub fn age(ms: i64) -> String {
    match ms / 1_000 {
        ..2 => "just now".to_owned(),
        s @ 2..60 => format!("{s} s ago"),
        s @ 60..3_600 => format!("{} min ago", s / 60),
        s @ 3_600..172_800 => format!("{} h ago", s / 3_600),
        s => format!("{} days ago", s / 86_400),
    }
}

/// A length of time by its two largest units.
pub fn duration_s(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NONE.to_owned();
    }
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let s = seconds.round() as u64;
    match s {
        ..60 => format!("{s} s"),
        60..3_600 => format!("{} min {} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// A measured delay.
pub fn micros(us: u64) -> String {
    match us {
        ..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

/// A size, in powers of ten.
pub fn bytes(size: u64) -> String {
    let size_f = size as f64;
    match size {
        ..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.1} kB", size_f / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size_f / 1e6),
        _ => format!("{:.2} GB", size_f / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn money_is_grouped_and_rounded_half_away_from_zero() {
        assert_eq!(money(dec("1234567.895")), "1,234,567.90");
        assert_eq!(money(dec("-0.125")), "−0.13");
        assert_eq!(money(dec("-0.001")), "0.00");
        assert_eq!(money(dec("999")), "999.00");
        assert_eq!(money(dec("1000")), "1,000.00");
    }

    #[test]
    fn a_gain_says_plus_a_loss_minus_and_nothing_neither() {
        assert_eq!(signed_money(dec("12.3")), "+12.30");
        assert_eq!(signed_money(dec("-1212.3")), "−1,212.30");
        assert_eq!(signed_money(dec("0.001")), "0.00");
        assert_eq!(percent(dec("0.5")), "+0.50 %");
        assert_eq!(signed_fraction(-0.0123), "−1.23 %");
    }

    #[test]
    fn prices_have_digits_by_magnitude_and_quantities_only_their_own() {
        assert_eq!(price(dec("42000.1")), "42,000.10");
        assert_eq!(price(dec("3.14159")), "3.1416");
        assert_eq!(price(dec("0.0000123")), "0.00001230");
        assert_eq!(quantity(dec("0.50000000")), "0.5");
        assert_eq!(quantity(dec("12000")), "12,000");
    }

    #[test]
    fn floats_are_undefined_unless_finite_and_have_no_negative_zero() {
        assert_eq!(float(f64::NAN, 2), NONE);
        assert_eq!(float(-0.001, 2), "0.00");
        assert_eq!(float(1234.5, 1), "1,234.5");
        assert_eq!(fraction(0.05), "5.00 %");
    }

    #[test]
    fn times_are_utc_unless_shifted() {
        let time = TimeUs::from_millis(1_704_067_201_001);
        assert_eq!(date_time(time, 0), "2024-01-01 00:00:01");
        assert_eq!(date_time(time, -60), "2023-12-31 23:00:01");
        assert_eq!(time_of_day(time, 90), "01:30:01");
        assert_eq!(axis_time(time, 0), "01-01 00:00");
    }

    #[test]
    fn ages_and_lengths_are_said_in_words() {
        assert_eq!(age(1_400), "just now");
        assert_eq!(age(12_700), "12 s ago");
        assert_eq!(age(185_000), "3 min ago");
        assert_eq!(age(7_200_000), "2 h ago");
        assert_eq!(duration_s(3.25), "3.2 s");
        assert_eq!(duration_s(184.0), "3 min 4 s");
        assert_eq!(duration_s(90_000.0), "1 d 1 h");
        assert_eq!(micros(850), "850 µs");
        assert_eq!(micros(1_250), "1.2 ms");
        assert_eq!(bytes(1_234_567), "1.2 MB");
    }
}
