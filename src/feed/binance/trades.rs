//! The continuity of one symbol's trades. Ids follow one another without a hole: what is known is
//! dropped, what comes early waits, and what is missing is either fetched and put in its place or
//! told as a gap. Pure: whoever owns it fetches.
//!
//! Invariant: every id is given at most once, in ascending order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::domain::{Extent, MarketTrade, TimeUs};

/// Trades that may wait behind a hole; beyond, the hole is given up.
const WAITING: usize = 50_000;

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    pub first: u64,
    pub last: u64,
    /// Where it began, of which a part may be filled by now, and the time of the trade before.
    began: u64,
    from: TimeUs,
    pub since: Instant,
    /// Whether somebody is fetching it.
    fetching: bool,
}

impl Hole {
    /// Trades that are missing.
    pub fn size(&self) -> u64 {
        self.last - self.first + 1
    }
}

/// What comes out, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Trade(MarketTrade),
    /// A hole that was filled with fetched trades.
    Healed(Extent),
    /// A hole that stays.
    Lost(Extent),
}

#[derive(Debug)]
pub struct Tape {
    /// The id that must come next; `None` before the first trade.
    next: Option<u64>,
    /// Time of the last trade that was given.
    time: TimeUs,
    waiting: BTreeMap<u64, MarketTrade>,
    hole: Option<Hole>,
    /// Whether fetched trades have gone into the present hole.
    fetched: bool,
    pub duplicates: u64,
    /// Holes that were closed by what came late.
    pub reordered: u64,
}

impl Tape {
    /// Goes on after the trade `last` and its time, if one is known.
    pub fn new(last: Option<(u64, TimeUs)>) -> Self {
        Self {
            next: last.map(|(id, _)| id + 1),
            time: last.map_or(TimeUs::ZERO, |(_, time)| time),
            waiting: BTreeMap::new(),
            hole: None,
            fetched: false,
            duplicates: 0,
            reordered: 0,
        }
    }

    /// The times of the trades around what is missing.
    pub fn span(&self) -> Option<(TimeUs, TimeUs)> {
        self.hole?;
        let (_, after) = self.waiting.first_key_value()?;
        Some((self.time, after.time))
    }

    /// Whether it is known which trade comes next.
    pub fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    /// What is waited for.
    pub fn hole(&self) -> Option<Hole> {
        self.hole
    }

    /// Takes a trade from the wire.
    pub fn take(&mut self, trade: MarketTrade, now: Instant) -> Vec<Given> {
        let next = *self.next.get_or_insert(trade.id);
        if trade.id < next || self.waiting.contains_key(&trade.id) {
            self.duplicates += 1;
            return Vec::new();
        }
        if trade.id > next {
            self.waiting.insert(trade.id, trade);
            self.note_hole(now);
            if self.waiting.len() > WAITING {
                return self.give_up(now);
            }
            return Vec::new();
        }
        let mut given = Vec::new();
        self.waiting.insert(trade.id, trade);
        self.drain(now, &mut given);
        given
    }

    /// Takes trades that were fetched for the present hole; others than the missing ones are left
    /// out.
    pub fn fill(&mut self, trades: Vec<MarketTrade>, now: Instant) -> Vec<Given> {
        let Some(hole) = self.hole else {
            return Vec::new();
        };
        for trade in trades {
            if (hole.first..=hole.last).contains(&trade.id) && !self.waiting.contains_key(&trade.id)
            {
                self.fetched = true;
                self.waiting.insert(trade.id, trade);
            }
        }
        let mut given = Vec::new();
        self.drain(now, &mut given);
        given
    }

    /// What should be fetched: a hole that is not being fetched and has been there for `patience`.
    pub fn wanted(&mut self, now: Instant, patience: Duration) -> Option<Hole> {
        let hole = self.hole.as_mut()?;
        if hole.fetching || now.duration_since(hole.since) < patience {
            return None;
        }
        hole.fetching = true;
        Some(*hole)
    }

    /// A fetch has ended without all of it: another may be tried.
    pub fn fetch_ended(&mut self) {
        if let Some(hole) = &mut self.hole {
            hole.fetching = false;
        }
    }

    /// Goes on behind the hole, which stays.
    pub fn give_up(&mut self, now: Instant) -> Vec<Given> {
        let (Some(_), Some(&first)) = (self.hole.take(), self.waiting.keys().next()) else {
            return Vec::new();
        };
        let to = self.waiting.get(&first).map(|trade| trade.time);
        let mut given = vec![Given::Lost(Extent {
            from: Some(self.time),
            to,
            first_id: self.next,
            last_id: Some(first - 1),
        })];
        self.fetched = false;
        self.next = Some(first);
        self.drain(now, &mut given);
        given
    }

    fn note_hole(&mut self, now: Instant) {
        let (Some(next), Some(&first)) = (self.next, self.waiting.keys().next()) else {
            return;
        };
        if first <= next {
            return;
        }
        match &mut self.hole {
            // It may have become shorter at its end.
            Some(hole) => hole.last = first - 1,
            None => {
                self.hole = Some(Hole {
                    first: next,
                    last: first - 1,
                    began: next,
                    from: self.time,
                    since: now,
                    fetching: false,
                });
            }
        }
    }

    /// Gives what is next, and looks at what is missing then.
    fn drain(&mut self, now: Instant, given: &mut Vec<Given>) {
        let hole = self.hole;
        let mut trades = Vec::new();
        while let Some(next) = self.next
            && let Some(trade) = self.waiting.remove(&next)
        {
            self.next = Some(next + 1);
            trades.push(trade);
        }
        let next = self.next.unwrap_or_default();
        match hole {
            Some(hole) if next > hole.last => {
                self.hole = None;
                if std::mem::take(&mut self.fetched) {
                    let after = trades.iter().find(|trade| trade.id > hole.last);
                    given.push(Given::Healed(Extent {
                        from: Some(hole.from),
                        to: after.map(|trade| trade.time),
                        first_id: Some(hole.began),
                        last_id: Some(hole.last),
                    }));
                } else {
                    self.reordered += 1;
                }
            }
            Some(_) => {
                // Filled in part: the rest is still missing, and told with the whole.
                if let Some(hole) = &mut self.hole {
                    hole.first = next;
                }
            }
            None => {}
        }
        if let Some(last) = trades.last() {
            self.time = last.time;
        }
        given.extend(trades.into_iter().map(Given::Trade));
        self.note_hole(now);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Decimal, Side};

    fn trade(id: u64) -> MarketTrade {
        MarketTrade {
            symbol: "BTCUSDT".parse().unwrap(),
            id,
            price: Decimal::ONE,
            quantity: Decimal::ONE,
            count: 1,
            taker: Side::Buy,
            time: TimeUs(i64::try_from(id).unwrap() * 10),
        }
    }

    fn ids(given: &[Given]) -> Vec<u64> {
        given
            .iter()
            .filter_map(|given| match given {
                Given::Trade(trade) => Some(trade.id),
                _ => None,
            })
            .collect()
    }

    const PATIENCE: Duration = Duration::from_millis(250);

    #[test]
    fn what_comes_twice_is_given_once() {
        let now = Instant::now();
        let mut tape = Tape::new(None);
        assert_eq!(ids(&tape.take(trade(7), now)), [7]);
        assert_eq!(tape.take(trade(7), now), []);
        assert_eq!(ids(&tape.take(trade(8), now)), [8]);
        assert_eq!(tape.duplicates, 1);
    }

    #[test]
    fn what_comes_late_is_put_in_its_place() {
        let now = Instant::now();
        let mut tape = Tape::new(Some((6, TimeUs(60))));
        assert_eq!(tape.take(trade(8), now), []);
        assert_eq!(tape.take(trade(9), now), []);
        assert_eq!(tape.wanted(now, PATIENCE), None, "it may be on its way");
        assert_eq!(ids(&tape.take(trade(7), now)), [7, 8, 9]);
        assert_eq!((tape.hole(), tape.reordered), (None, 1));
    }

    #[test]
    fn a_hole_is_fetched_once_and_healed() {
        let now = Instant::now();
        let mut tape = Tape::new(Some((6, TimeUs(60))));
        tape.take(trade(10), now);
        let later = now + PATIENCE;
        let hole = tape.wanted(later, PATIENCE).unwrap();
        assert_eq!((hole.first, hole.last, hole.size()), (7, 9, 3));
        assert_eq!(tape.wanted(later, PATIENCE), None);
        // In two pages, with a few more than were asked for.
        assert_eq!(
            ids(&tape.fill(vec![trade(5), trade(7), trade(8)], later)),
            [7, 8]
        );
        let given = tape.fill(vec![trade(9), trade(10), trade(11)], later);
        let healed = Extent {
            from: Some(TimeUs(60)),
            to: Some(TimeUs(100)),
            first_id: Some(7),
            last_id: Some(9),
        };
        assert_eq!(given[0], Given::Healed(healed));
        assert_eq!(ids(&given), [9, 10], "11 comes by the wire");
    }

    #[test]
    fn a_hole_that_cannot_be_filled_is_told_and_left() {
        let now = Instant::now();
        let mut tape = Tape::new(Some((6, TimeUs(60))));
        tape.take(trade(9), now);
        tape.take(trade(12), now);
        let given = tape.give_up(now);
        assert!(
            matches!(
                given[0],
                Given::Lost(Extent {
                    first_id: Some(7),
                    last_id: Some(8),
                    ..
                })
            ),
            "{given:?}"
        );
        assert_eq!(ids(&given), [9]);
        let hole = tape.hole().unwrap();
        assert_eq!((hole.first, hole.last), (10, 11), "there was another");
    }

    proptest! {
        /// However two connections repeat, swap and lose trades: each id once, in order, and every
        /// hole is known.
        #[test]
        fn each_id_is_given_once_in_order(
            order in proptest::collection::vec(0_u64..60, 1..200),
            fetch in proptest::bool::ANY,
        ) {
            let now = Instant::now();
            let mut tape = Tape::new(Some((9, TimeUs(90))));
            let mut given = Vec::new();
            for id in order {
                given.extend(tape.take(trade(id), now));
                if let Some(hole) = tape.wanted(now, Duration::ZERO) {
                    given.extend(if fetch {
                        tape.fill((hole.first..=hole.last).map(trade).collect(), now)
                    } else {
                        tape.give_up(now)
                    });
                }
            }
            let mut next = 10;
            for given in given {
                match given {
                    Given::Trade(trade) => {
                        prop_assert_eq!(trade.id, next);
                        next += 1;
                    }
                    Given::Lost(extent) => {
                        prop_assert!(!fetch);
                        prop_assert_eq!(extent.first_id, Some(next));
                        next = extent.last_id.unwrap() + 1;
                    }
                    Given::Healed(_) => prop_assert!(fetch),
                }
            }
        }
    }
}
