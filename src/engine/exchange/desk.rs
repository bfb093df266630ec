//! One symbol's orders at work, and the band of prices in which evidence changes nothing for any of
//! them: most of it costs a few comparisons, however many orders rest.

use std::collections::BTreeSet;

use super::shelf::{Place, Shelf, key};
use crate::domain::{Decimal, Side};

#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// Those who want what the next evidence offers.
    pub arrivals: BTreeSet<Place>,
    buys: Shelf,
    sells: Shelf,
    /// Prices between these two, without them, touch nothing. Unknown after any change.
    quiet: Option<(Decimal, Decimal)>,
}

impl Desk {
    pub fn shelf(&self, side: Side) -> &Shelf {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    /// To change it: the quiet band is to be found anew.
    pub fn shelf_mut(&mut self, side: Side) -> &mut Shelf {
        self.quiet = None;
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    /// Whether evidence that reaches these prices, and all between them, changes nothing here.
    pub fn is_quiet_at(&mut self, prices: impl IntoIterator<Item = Decimal>) -> bool {
        if !self.arrivals.is_empty() {
            return false;
        }
        let (low, high) = match self.quiet {
            Some(band) => band,
            None => *self.quiet.insert(self.band()),
        };
        prices.into_iter().all(|price| low < price && price < high)
    }

    fn band(&self) -> (Decimal, Decimal) {
        // For sellers a key is the price: falling to `falls` or rising to `rises` does something.
        let (falls, rises) = self.sells.edges();
        let (buy_falls, buy_rises) = self.buys.edges();
        let low = falls.max(buy_rises.map(|edge| key(Side::Buy, edge)));
        let high = [rises, buy_falls.map(|edge| key(Side::Buy, edge))]
            .into_iter()
            .flatten()
            .min();
        (low.unwrap_or(Decimal::MIN), high.unwrap_or(Decimal::MAX))
    }
}
