//! How the dialects write figures: JSON numbers, RFC 3339 times, pairs with a line between. Nothing here
//! computes one.

use rust_decimal::RoundingStrategy;
use serde_json::Value;

use crate::domain::{Decimal, Instrument, OrderType, Side, Symbol, TimeUs, money};

/// A decimal as a JSON number.
pub fn number(value: Decimal) -> Value {
    money::to_f64(value).into()
}

/// `null` where it is not known, or is no number.
pub fn optional(value: Option<Decimal>) -> Value {
    value.map_or(Value::Null, number)
}

pub fn float(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::from)
}

/// A fraction as percent, by moving the point: the figure stays the same.
pub fn percent(fraction: Option<f64>) -> Value {
    float(fraction.map(|fraction| fraction * 100.0))
}

pub fn time(at: TimeUs) -> Value {
    at.rfc3339().into()
}

/// `BASE-QUOTE`, as BTC-USDT.
pub fn pair(symbol: &Symbol) -> String {
    let (base, quote) = Instrument::currencies(symbol);
    if quote.is_empty() {
        base.to_owned()
    } else {
        format!("{base}-{quote}")
    }
}

pub fn long_or_short(quantity: Decimal) -> &'static str {
    if quantity < Decimal::ZERO {
        "SHORT"
    } else {
        "LONG"
    }
}

pub fn upper_side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub fn upper_type(order_type: OrderType) -> String {
    order_type.as_str().to_uppercase()
}

/// `$50,000.00`, `-$12.30`.
pub fn dollars(value: Decimal) -> String {
    let rounded = value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let text = format!("{:.2}", rounded.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if rounded < Decimal::ZERO { "-" } else { "" };
    format!("{sign}${grouped}.{cents}")
}

/// `58.3%`; `n/a` where it is not known.
pub fn percent_text(fraction: Option<f64>) -> String {
    fraction.map_or("n/a".to_owned(), |fraction| {
        format!("{:.1}%", fraction * 100.0)
    })
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn figures_are_written_as_the_dialects_do() {
        for (value, text) in [
            (dec!(50000), "$50,000.00"),
            (dec!(1200.005), "$1,200.01"),
            (dec!(-12.3), "-$12.30"),
            (dec!(999), "$999.00"),
            (dec!(1234567.891), "$1,234,567.89"),
            (dec!(-0.001), "$0.00"),
        ] {
            assert_eq!(dollars(value), text);
        }
        assert_eq!(percent_text(Some(0.583)), "58.3%");
        assert_eq!(percent_text(None), "n/a");
        assert_eq!(number(dec!(51234.56)).to_string(), "51234.56");
        assert_eq!(pair(&"BTCUSDT".parse().unwrap()), "BTC-USDT");
    }
}
