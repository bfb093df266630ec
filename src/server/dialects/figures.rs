//! How the dialects write figures: JSON numbers, RFC 3339 times, pairs with a line between, words in capitals.
//! Nothing here computes one.

use std::borrow::Cow;

use rust_decimal::RoundingStrategy;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::{Decimal, Instrument, OrderStatus, OrderType, Side, Symbol, TimeUs, money};

/// A decimal as a JSON number.
pub fn number(value: Decimal) -> f64 {
    money::to_f64(value)
}

/// `null` where it is not known.
pub fn optional(value: Option<Decimal>) -> Option<f64> {
    value.map(number)
}

/// `null` where it is not known, or is no number.
pub fn float(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// A fraction as percent, by moving the point: the figure stays the same.
pub fn percent(fraction: Option<f64>) -> Option<f64> {
    float(fraction.map(|fraction| fraction * 100.0))
}

/// A moment as RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = DialectTime, value_type = String, format = DateTime)]
pub struct Moment(String);

pub fn time(at: TimeUs) -> Moment {
    Moment(at.rfc3339())
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

/// Which way a position goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DialectHolding)]
pub enum Holding {
    Long,
    Short,
}

impl Holding {
    pub fn of(quantity: Decimal) -> Self {
        if quantity < Decimal::ZERO {
            Self::Short
        } else {
            Self::Long
        }
    }
}

/// One of our words in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upper<T>(pub T);

pub type UpperHolding = Upper<Holding>;
pub type UpperSide = Upper<Side>;
pub type UpperOrderType = Upper<OrderType>;
pub type UpperOrderStatus = Upper<OrderStatus>;

impl<T: Serialize> Serialize for Upper<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::to_value(&self.0) {
            Ok(Value::String(word)) => serializer.serialize_str(&word.to_uppercase()),
            _ => Err(S::Error::custom("it is no word")),
        }
    }
}

impl<T: PartialSchema> PartialSchema for Upper<T> {
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(words)) = &mut schema {
            for word in words.enum_values.iter_mut().flatten() {
                if let Value::String(word) = word {
                    *word = word.to_uppercase();
                }
            }
        }
        schema
    }
}

impl<T: ToSchema> ToSchema for Upper<T> {
    fn name() -> Cow<'static, str> {
        format!("Upper{}", T::name()).into()
    }
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
    use serde_json::json;

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
        assert_eq!(float(Some(f64::NAN)), None);
        assert_eq!(pair(&"BTCUSDT".parse().unwrap()), "BTC-USDT");
    }

    #[test]
    fn words_in_capitals_are_described_as_they_are_written() {
        let written = OrderType::ALL.map(|word| json!(Upper(word)));
        let described = json!(UpperOrderType::schema());
        assert_eq!(described["enum"], json!(written));
        assert_eq!(written[3], "STOP_LIMIT");
    }
}
