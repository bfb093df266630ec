//! Each bot's open orders, and what they would still add to its positions: kept as they change, so
//! that a new order's checks cost nothing that grows with what rests.

use std::collections::{BTreeMap, BTreeSet};

use super::shelf::Place;
use crate::domain::{BotId, Decimal, Order, OrderType, Side, Symbol};

/// What a bot's open orders of one symbol would buy and sell, if all were filled. Orders that can
/// only reduce a position add nothing, and of an OCO pair one leg counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    pub buys: Decimal,
    pub sells: Decimal,
}

#[derive(Debug, Clone, Default)]
struct Page {
    open: BTreeSet<Place>,
    exposure: BTreeMap<Symbol, Exposure>,
    reduce_only: BTreeMap<Symbol, BTreeSet<Place>>,
    trailing: BTreeSet<Place>,
}

#[derive(Debug, Clone, Default)]
pub struct Roll {
    pages: BTreeMap<BotId, Page>,
}

impl Roll {
    pub fn enter(&mut self, order: &Order, place: Place) {
        let page = self.pages.entry(order.bot.clone()).or_default();
        page.open.insert(place);
        if order.order_type == OrderType::TrailingStop {
            page.trailing.insert(place);
        }
        if order.reduce_only {
            page.reduce_only
                .entry(order.symbol.clone())
                .or_default()
                .insert(place);
        }
    }

    pub fn leave(&mut self, order: &Order, place: Place) {
        if let Some(page) = self.pages.get_mut(&order.bot) {
            page.open.remove(&place);
            page.trailing.remove(&place);
            if let Some(places) = page.reduce_only.get_mut(&order.symbol) {
                places.remove(&place);
            }
        }
    }

    /// What one order counts for has changed.
    pub fn recount(&mut self, bot: &BotId, symbol: &Symbol, side: Side, change: Decimal) {
        if change.is_zero() {
            return;
        }
        let page = self.pages.entry(bot.clone()).or_default();
        let exposure = page.exposure.entry(symbol.clone()).or_default();
        match side {
            Side::Buy => exposure.buys += change,
            Side::Sell => exposure.sells += change,
        }
    }

    pub fn exposure(&self, bot: &BotId, symbol: &Symbol) -> Exposure {
        self.pages
            .get(bot)
            .and_then(|page| page.exposure.get(symbol))
            .copied()
            .unwrap_or_default()
    }

    pub fn len(&self, bot: &BotId) -> usize {
        self.pages.get(bot).map_or(0, |page| page.open.len())
    }

    pub fn places<'a>(&'a self, bot: &BotId) -> impl Iterator<Item = Place> + use<'a> {
        self.pages
            .get(bot)
            .into_iter()
            .flat_map(|page| page.open.iter().copied())
    }

    pub fn trailing(&self, bot: &BotId) -> impl Iterator<Item = Place> {
        self.pages
            .get(bot)
            .into_iter()
            .flat_map(|page| page.trailing.iter().copied())
    }

    pub fn reduce_only(&self, bot: &BotId, symbol: &Symbol) -> impl Iterator<Item = Place> {
        self.pages
            .get(bot)
            .and_then(|page| page.reduce_only.get(symbol))
            .into_iter()
            .flatten()
            .copied()
    }
}
