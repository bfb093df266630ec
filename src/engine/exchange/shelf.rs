//! The resting orders of one side of one symbol, found by price.
//!
//! Both sides are one code: prices are turned into *keys*, the price itself for sellers and its
//! negative for buyers. Then for either side a limit order is traded through when the market's key
//! is above its own, a stop fires when the market's key falls to its own, and the best limit has the
//! lowest key.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::trails::Trails;
use crate::domain::{Decimal, Side};

/// An order's number in the order of acceptance: time priority, and its name inside the exchange.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Place(pub u64);

/// The price as this side orders it.
pub fn key(side: Side, price: Decimal) -> Decimal {
    match side {
        Side::Sell => price,
        Side::Buy => -price,
    }
}

/// The limit orders at one price.
#[derive(Debug, Clone, Default)]
pub struct Level {
    pub orders: BTreeSet<Place>,
    /// Printed at this price since the level is here, by takers of the other side.
    pub traded: Decimal,
}

#[derive(Debug, Clone, Default)]
pub struct Shelf {
    limits: BTreeMap<Decimal, Level>,
    stops: BTreeSet<(Decimal, Place)>,
    activations: BTreeSet<(Decimal, Place)>,
    pub trails: Trails,
}

impl Shelf {
    pub fn level_mut(&mut self, key: Decimal) -> Option<&mut Level> {
        self.limits.get_mut(&key)
    }

    pub fn level(&self, key: Decimal) -> Option<&Level> {
        self.limits.get(&key)
    }

    pub fn insert_limit(&mut self, key: Decimal, place: Place) -> &Level {
        let level = self.limits.entry(key).or_default();
        level.orders.insert(place);
        level
    }

    pub fn remove_limit(&mut self, key: Decimal, place: Place) {
        if let Some(level) = self.limits.get_mut(&key) {
            level.orders.remove(&place);
            if level.orders.is_empty() {
                self.limits.remove(&key);
            }
        }
    }

    pub fn insert_stop(&mut self, key: Decimal, place: Place) {
        self.stops.insert((key, place));
    }

    pub fn remove_stop(&mut self, key: Decimal, place: Place) {
        self.stops.remove(&(key, place));
    }

    pub fn insert_activation(&mut self, key: Decimal, place: Place) {
        self.activations.insert((key, place));
    }

    pub fn remove_activation(&mut self, key: Decimal, place: Place) {
        self.activations.remove(&(key, place));
    }

    /// The next limit order that a market at `now` has traded through (or, with `touch`, reached)
    /// after the one `after`: the best price first, at one price the oldest first.
    pub fn next_passed(
        &self,
        after: Option<(Decimal, Place)>,
        now: Decimal,
        touch: bool,
    ) -> Option<(Decimal, Place)> {
        let from = after.map_or(Bound::Unbounded, |(key, _)| Bound::Included(key));
        let to = if touch {
            Bound::Included(now)
        } else {
            Bound::Excluded(now)
        };
        // A range must not run backwards, nor exclude the one key that it begins with.
        if after.is_some_and(|(key, _)| key > now || (key == now && !touch)) {
            return None;
        }
        self.limits.range((from, to)).find_map(|(key, level)| {
            let older = match after {
                Some((at, place)) if at == *key => Bound::Excluded(place),
                _ => Bound::Unbounded,
            };
            let place = level.orders.range((older, Bound::Unbounded)).next()?;
            Some((*key, *place))
        })
    }

    /// Stops that a market at `now` has reached, the nearest first.
    pub fn reached(&self, now: Decimal) -> impl Iterator<Item = (Decimal, Place)> {
        self.stops.range((now, Place(0))..).rev().copied()
    }

    /// The highest key at which a falling market does something here, and the lowest at which a rising
    /// one does: stops on the one hand; limits, activations and new bests of trailing stops on the
    /// other.
    pub fn edges(&self) -> (Option<Decimal>, Option<Decimal>) {
        let stop = self.stops.last().map(|(key, _)| *key);
        let limit = self.limits.first_key_value().map(|(key, _)| *key);
        let activation = self.activations.first().map(|(key, _)| *key);
        let (trail, peak) = self.trails.edges();
        let rises = [limit, activation, peak].into_iter().flatten().min();
        (stop.max(trail), rises)
    }

    /// Takes out the trailing stops that begin to track at `now`.
    pub fn activated(&mut self, now: Decimal) -> Vec<Place> {
        let mut begun = Vec::new();
        while let Some((_, place)) = self
            .activations
            .first()
            .copied()
            .filter(|(key, _)| *key <= now)
        {
            self.activations.pop_first();
            begun.push(place);
        }
        begun
    }
}
