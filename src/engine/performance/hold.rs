//! What the bot is measured against: the same money in equal amounts of every symbol, bought at the
//! first sample and held.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Decimal, Symbol};

/// Digits after the point that a value is kept with: below them is the rounding of divisions.
const PLACES: u32 = 8;

/// A basket that is bought once. The symbols are those that have a price at the first sample with
/// any; what comes later is not in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BuyAndHold {
    /// What each symbol cost.
    bought_at: BTreeMap<Symbol, Decimal>,
    /// Baskets held: one is worth 1 when it is bought.
    units: Decimal,
    /// What was deposited until the last sample.
    deposits: Decimal,
}

impl BuyAndHold {
    /// Its worth at a sample, in the quote currency. `equity` and `deposits` are the bot's: at the
    /// first sample all equity is invested; what is deposited later buys more baskets at the price of
    /// that moment, and what is withdrawn sells some. Undefined before the first price, and while
    /// more was withdrawn than it was worth.
    pub fn value<'a>(
        &mut self,
        equity: Decimal,
        deposits: Decimal,
        prices: impl Iterator<Item = (&'a Symbol, Decimal)>,
    ) -> Option<Decimal> {
        let prices: BTreeMap<&Symbol, Decimal> =
            prices.filter(|(_, price)| *price > Decimal::ZERO).collect();
        if self.bought_at.is_empty() {
            if prices.is_empty() {
                return None;
            }
            let bought = prices.iter().map(|(symbol, at)| ((*symbol).clone(), *at));
            self.bought_at = bought.collect();
            self.units = equity;
            self.deposits = deposits;
        }
        let basket = self.basket(&prices)?;
        let added = deposits.checked_sub(self.deposits)?.checked_div(basket)?;
        self.units = self.units.checked_add(added)?;
        self.deposits = deposits;
        let value = self.units.checked_mul(basket)?.round_dp(PLACES).normalize();
        (value > Decimal::ZERO).then_some(value)
    }

    /// The mean of what each symbol became.
    fn basket(&self, prices: &BTreeMap<&Symbol, Decimal>) -> Option<Decimal> {
        let mut sum = Decimal::ZERO;
        for (symbol, bought_at) in &self.bought_at {
            let grown = prices.get(symbol)?.checked_div(*bought_at)?;
            sum = sum.checked_add(grown)?;
        }
        let basket = sum.checked_div(Decimal::from(self.bought_at.len()))?;
        (basket > Decimal::ZERO).then_some(basket)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// The value at these prices of A and B; a price of 0 is none.
    fn at(hold: &mut BuyAndHold, equity: i64, deposits: i64, prices: [i64; 2]) -> Option<String> {
        let symbols: [Symbol; 2] = ["AUSDT", "BUSDT"].map(|name| name.parse().unwrap());
        let prices = prices.map(Decimal::from);
        let value = hold.value(equity.into(), deposits.into(), symbols.iter().zip(prices));
        value.map(|value| value.to_string())
    }

    #[test]
    fn equal_amounts_are_bought_once() {
        let mut hold = BuyAndHold::default();
        assert_eq!(at(&mut hold, 1_000, 1_000, [0, 0]), None);
        assert_eq!(
            at(&mut hold, 1_000, 1_000, [10, 40]).as_deref(),
            Some("1000")
        );
        // One doubles, one halves; what the bot makes of its own money changes nothing.
        assert_eq!(at(&mut hold, 5, 1_000, [20, 20]).as_deref(), Some("1250"));
        assert_eq!(at(&mut hold, 5, 1_000, [10, 40]).as_deref(), Some("1000"));
    }

    #[test]
    fn what_has_no_price_at_first_is_not_in_it() {
        let mut hold = BuyAndHold::default();
        assert_eq!(at(&mut hold, 100, 100, [10, 0]).as_deref(), Some("100"));
        assert_eq!(at(&mut hold, 100, 100, [30, 7]).as_deref(), Some("300"));
    }

    #[test]
    fn deposits_buy_at_the_price_of_their_moment_and_withdrawals_sell() {
        let mut hold = BuyAndHold::default();
        at(&mut hold, 100, 100, [10, 10]);
        assert_eq!(at(&mut hold, 100, 200, [20, 20]).as_deref(), Some("300"));
        assert_eq!(at(&mut hold, 100, 200, [10, 10]).as_deref(), Some("150"));
        assert_eq!(at(&mut hold, 100, 125, [10, 10]).as_deref(), Some("75"));
        // More is taken than there is, and brought back.
        assert_eq!(at(&mut hold, 100, 25, [10, 10]), None);
        assert_eq!(at(&mut hold, 100, 125, [10, 10]).as_deref(), Some("75"));
    }
}
