//! Trailing stops of one side of one symbol, grouped by the best price that they share.
//!
//! Prices are [keys](super::shelf::key): the market's best is always the highest key, and a stop
//! fires when the market's key falls to its own. A new best swallows every group whose peak it
//! passes, so that groups only ever merge; each group knows its nearest stop, and a tick looks at
//! the nearest of all. The cost of a tick is what it triggers, plus the merging, which each order
//! pays for at most a logarithmic number of times.

use std::collections::{BTreeMap, BTreeSet};

use super::shelf::Place;
use crate::domain::{Decimal, Side, Trail};

/// One group: orders that have seen the same best price.
#[derive(Debug, Clone, Default)]
struct Group {
    peak: Decimal,
    amounts: BTreeSet<(Decimal, Place)>,
    percents: BTreeSet<(Decimal, Place)>,
}

type GroupId = u64;

#[derive(Debug, Clone, Default)]
pub struct Trails {
    groups: BTreeMap<GroupId, Group>,
    by_peak: BTreeMap<Decimal, GroupId>,
    /// The nearest stop of each group.
    nearest: BTreeSet<(Decimal, GroupId)>,
    members: BTreeMap<Place, (Trail, GroupId)>,
    next: GroupId,
}

/// The key of the stop at the distance `trail` from `peak`, both keys: by their keys all are sellers.
fn stop_key(trail: Trail, peak: Decimal) -> Decimal {
    trail.stop_price(Side::Sell, peak)
}

impl Group {
    fn len(&self) -> usize {
        self.amounts.len() + self.percents.len()
    }

    fn nearest(&self) -> Option<Decimal> {
        let amount = self
            .amounts
            .first()
            .map(|(amount, _)| stop_key(Trail::Amount(*amount), self.peak));
        let percent = self
            .percents
            .first()
            .map(|(percent, _)| stop_key(Trail::Percent(*percent), self.peak));
        amount.max(percent)
    }

    fn insert(&mut self, trail: Trail, place: Place) {
        match trail {
            Trail::Amount(amount) => self.amounts.insert((amount, place)),
            Trail::Percent(percent) => self.percents.insert((percent, place)),
        };
    }

    fn remove(&mut self, trail: Trail, place: Place) {
        match trail {
            Trail::Amount(amount) => self.amounts.remove(&(amount, place)),
            Trail::Percent(percent) => self.percents.remove(&(percent, place)),
        };
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        self.amounts
            .iter()
            .chain(&self.percents)
            .map(|(_, place)| *place)
    }
}

impl Trails {
    /// Tracks an order from `peak` on, the best that it knows of.
    pub fn insert(&mut self, place: Place, trail: Trail, peak: Decimal) {
        let id = match self.by_peak.get(&peak) {
            Some(id) => *id,
            None => {
                let id = self.next;
                self.next += 1;
                self.by_peak.insert(peak, id);
                self.groups.insert(
                    id,
                    Group {
                        peak,
                        ..Group::default()
                    },
                );
                id
            }
        };
        self.members.insert(place, (trail, id));
        self.change(id, |group| group.insert(trail, place));
    }

    pub fn remove(&mut self, place: Place) {
        if let Some((trail, id)) = self.members.remove(&place) {
            self.change(id, |group| group.remove(trail, place));
        }
    }

    /// The best key that an order has seen, and its stop's key.
    pub fn of(&self, place: Place) -> Option<(Decimal, Decimal)> {
        let (trail, id) = self.members.get(&place)?;
        let peak = self.groups.get(id)?.peak;
        Some((peak, stop_key(*trail, peak)))
    }

    /// The nearest stop of all, and the lowest peak: above it orders follow.
    pub fn edges(&self) -> (Option<Decimal>, Option<Decimal>) {
        let stop = self.nearest.last().map(|(stop, _)| *stop);
        let peak = self.by_peak.first_key_value().map(|(peak, _)| *peak);
        (stop, peak)
    }

    /// The market stands at `now`: takes out the orders whose stop is reached, each with the stop's
    /// key, and lets the others follow a new best.
    pub fn see(&mut self, now: Decimal) -> Vec<(Place, Decimal)> {
        self.follow(now);
        let mut fired = Vec::new();
        while let Some((stop, id)) = self.nearest.last().copied()
            && stop >= now
        {
            let Some(group) = self.groups.get(&id) else {
                break;
            };
            let first = |set: &BTreeSet<(Decimal, Place)>| set.first().copied();
            let places: Vec<Place> = [
                first(&group.amounts).map(|(by, place)| (Trail::Amount(by), place)),
                first(&group.percents).map(|(by, place)| (Trail::Percent(by), place)),
            ]
            .into_iter()
            .flatten()
            .filter(|(trail, _)| stop_key(*trail, group.peak) >= now)
            .map(|(_, place)| place)
            .collect();
            for place in places {
                if let Some((_, stop)) = self.of(place) {
                    fired.push((place, stop));
                }
                self.remove(place);
            }
        }
        fired
    }

    /// Every group that has seen less than `now` has seen `now` from here on.
    fn follow(&mut self, now: Decimal) {
        let passed: Vec<GroupId> = self.by_peak.range(..now).map(|(_, id)| *id).collect();
        if passed.is_empty() {
            return;
        }
        let there = self.by_peak.get(&now).copied();
        let size = |id: &GroupId| self.groups.get(id).map_or(0, Group::len);
        // The smaller are poured into the largest: each order moves a logarithmic number of times.
        let Some(largest) = passed
            .iter()
            .copied()
            .chain(there)
            .max_by_key(|id| (size(id), *id))
        else {
            return;
        };
        // All are forgotten before any of them changes: the lists hold what they were.
        for id in passed.iter().copied().chain(there) {
            self.forget(id);
        }
        for id in passed.into_iter().chain(there) {
            if id == largest {
                continue;
            }
            if let Some(group) = self.groups.remove(&id) {
                for place in group.places() {
                    if let Some((_, of)) = self.members.get_mut(&place) {
                        *of = largest;
                    }
                }
                if let Some(target) = self.groups.get_mut(&largest) {
                    target.amounts.extend(group.amounts);
                    target.percents.extend(group.percents);
                }
            }
        }
        if let Some(group) = self.groups.get_mut(&largest) {
            group.peak = now;
            if let Some(stop) = group.nearest() {
                self.nearest.insert((stop, largest));
            }
        }
        self.by_peak.insert(now, largest);
    }

    /// Takes a group out of both orders.
    fn forget(&mut self, id: GroupId) {
        if let Some(group) = self.groups.get(&id) {
            self.by_peak.remove(&group.peak);
            if let Some(stop) = group.nearest() {
                self.nearest.remove(&(stop, id));
            }
        }
    }

    fn change(&mut self, id: GroupId, change: impl FnOnce(&mut Group)) {
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        let before = group.nearest();
        change(group);
        let after = group.nearest();
        if before == after {
            return;
        }
        let peak = group.peak;
        if let Some(stop) = before {
            self.nearest.remove(&(stop, id));
        }
        match after {
            Some(stop) => {
                self.nearest.insert((stop, id));
            }
            None => {
                self.groups.remove(&id);
                self.by_peak.remove(&peak);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn a_stop_ten_percent_below_a_peak_of_41000_fires_at_36900() {
        let mut trails = Trails::default();
        trails.insert(Place(1), Trail::Percent(dec!(10)), dec!(40000));
        for price in [dec!(40500), dec!(41000), dec!(38000), dec!(36900.01)] {
            assert_eq!(trails.see(price), []);
        }
        assert_eq!(trails.of(Place(1)), Some((dec!(41000), dec!(36900))));
        assert_eq!(trails.see(dec!(36900)), [(Place(1), dec!(36900))]);
        assert_eq!(trails.see(dec!(1)), []);
    }

    /// A buyer's keys are negative prices.
    #[test]
    fn a_stop_five_percent_above_a_low_of_42000_fires_at_44100() {
        let mut trails = Trails::default();
        trails.insert(Place(1), Trail::Percent(dec!(5)), dec!(-43000));
        for price in [dec!(42000), dec!(44099.99)] {
            assert_eq!(trails.see(-price), []);
        }
        assert_eq!(trails.see(dec!(-44100)), [(Place(1), dec!(-44100))]);
    }

    #[derive(Debug, Clone)]
    enum Do {
        Insert(bool, i64),
        Remove(usize),
        See(i64),
    }

    fn doings() -> impl Strategy<Value = Vec<Do>> {
        let one = prop_oneof![
            2 => (any::<bool>(), 1_i64..40).prop_map(|(percent, by)| Do::Insert(percent, by)),
            1 => (0_usize..50).prop_map(Do::Remove),
            6 => (900_i64..1_100).prop_map(Do::See),
        ];
        proptest::collection::vec(one, 1..120)
    }

    proptest! {
        /// Against the plain way: every order keeps its own peak and looks at every price.
        #[test]
        fn groups_do_what_orders_by_themselves_would(doings in doings(), buyer in any::<bool>()) {
            let sign = if buyer { dec!(-1) } else { dec!(1) };
            let mut trails = Trails::default();
            let mut plain: BTreeMap<Place, (Trail, Decimal)> = BTreeMap::new();
            let mut now = sign * dec!(1000);
            for (step, doing) in doings.into_iter().enumerate() {
                match doing {
                    Do::Insert(percent, by) => {
                        let by = Decimal::from(by);
                        let trail = if percent { Trail::Percent(by) } else { Trail::Amount(by) };
                        let place = Place(step as u64);
                        trails.insert(place, trail, now);
                        plain.insert(place, (trail, now));
                    }
                    Do::Remove(index) => {
                        if let Some(place) = plain.keys().nth(index).copied() {
                            trails.remove(place);
                            plain.remove(&place);
                        }
                    }
                    Do::See(price) => {
                        now = sign * Decimal::from(price);
                        let mut fired = trails.see(now);
                        fired.sort();
                        let mut expected = Vec::new();
                        plain.retain(|place, (trail, peak)| {
                            *peak = (*peak).max(now);
                            let stop = stop_key(*trail, *peak);
                            if stop >= now {
                                expected.push((*place, stop));
                            }
                            stop < now
                        });
                        prop_assert_eq!(fired, expected);
                    }
                }
                for (place, (trail, peak)) in &plain {
                    prop_assert_eq!(trails.of(*place), Some((*peak, stop_key(*trail, *peak))));
                }
            }
        }
    }
}
