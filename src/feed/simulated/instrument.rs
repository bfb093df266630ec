//! What the simulated exchange lists: start prices, tick and step sizes. Known for the great
//! pairs, made from the name for all others, so that a symbol is the same in every run.

use crate::domain::{Decimal, Filters, Symbol};

/// Prices and quantities are whole numbers of ticks and steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// The price that the simulation starts from, in ticks.
    pub start_ticks: i64,
    /// Digits after the point of a price: a tick is 10^-`price_scale`.
    pub price_scale: u32,
    /// Digits after the point of a quantity: a step is 10^-`quantity_scale`.
    pub quantity_scale: u32,
}

impl Instrument {
    pub fn of(symbol: &Symbol) -> Self {
        let (start_ticks, price_scale, quantity_scale) = match symbol.as_str() {
            "BTCUSDT" => (4_200_000, 2, 5),
            "ETHUSDT" => (230_000, 2, 4),
            "SOLUSDT" => (10_000, 2, 3),
            other => made_up(other),
        };
        Self {
            start_ticks,
            price_scale,
            quantity_scale,
        }
    }

    /// The smallest difference of two prices.
    pub fn tick_size(&self) -> Decimal {
        Decimal::new(1, self.price_scale)
    }

    /// The smallest difference of two quantities.
    pub fn step_size(&self) -> Decimal {
        Decimal::new(1, self.quantity_scale)
    }

    /// As an exchange lists it. An order is worth at least ten of the quote currency, as at Binance.
    pub fn listing(&self, symbol: &Symbol) -> crate::domain::Instrument {
        let (base, quote) = crate::domain::Instrument::currencies(symbol);
        crate::domain::Instrument {
            symbol: symbol.clone(),
            base: base.to_owned(),
            quote: quote.to_owned(),
            filters: Filters {
                tick_size: Some(self.tick_size()),
                min_price: Some(self.tick_size()),
                step_size: Some(self.step_size()),
                min_quantity: Some(self.step_size()),
                min_notional: Some(Decimal::TEN),
                ..Filters::default()
            },
        }
    }

    pub(super) fn price(&self, ticks: i64) -> Decimal {
        trimmed(ticks, self.price_scale)
    }

    pub(super) fn quantity(&self, steps: i64) -> Decimal {
        trimmed(steps, self.quantity_scale)
    }

    /// Steps that are worth `value` of the quote currency at the start price.
    pub(super) fn steps_worth(&self, value: i64) -> f64 {
        let start = self.start_ticks as f64 / pow10(self.price_scale);
        value as f64 / start * pow10(self.quantity_scale)
    }
}

fn pow10(exponent: u32) -> f64 {
    10_i64.pow(exponent) as f64
}

/// Without trailing zeros, as the replay gives its numbers.
fn trimmed(mut mantissa: i64, mut scale: u32) -> Decimal {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::new(mantissa, scale)
}

/// Five digits of price between 0.1 and 1,000, and steps of about a cent.
fn made_up(name: &str) -> (i64, u32, u32) {
    let hash = fingerprint(name);
    let ticks = 10_000 + (hash % 90_000) as i64;
    match (hash >> 32) % 4 {
        0 => (ticks, 5, 0),
        1 => (ticks, 4, 1),
        2 => (ticks, 3, 2),
        _ => (ticks, 2, 3),
    }
}

/// FNV-1a: the same on every machine and in every version.
pub(super) fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn great_pairs_are_known_and_others_made_from_their_name() {
        let bitcoin = Instrument::of(&"BTCUSDT".parse().unwrap());
        assert_eq!(bitcoin.price(bitcoin.start_ticks).to_string(), "42000");
        assert_eq!(bitcoin.tick_size().to_string(), "0.01");
        assert_eq!(bitcoin.step_size().to_string(), "0.00001");
        let listing = bitcoin.listing(&"BTCUSDT".parse().unwrap());
        assert_eq!(
            (listing.base.as_str(), listing.quote.as_str()),
            ("BTC", "USDT")
        );
        let other = Instrument::of(&"XYZUSDT".parse().unwrap());
        assert_eq!(other, Instrument::of(&"XYZUSDT".parse().unwrap()));
        assert_ne!(other, Instrument::of(&"ABCUSDT".parse().unwrap()));
    }
}
