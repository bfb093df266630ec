//! Puts what several streams say into one order of exchange time. An item waits a moment for older
//! ones that are on their way, and for as long as missed trades are being fetched, so that nothing
//! that can still come is overtaken.
//!
//! Invariant: time never goes back from one item given to the next. What is older than the last one
//! given all the same is given as of that time, and counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

use crate::domain::{MarketEvent, TimeUs};
use crate::feed::FeedItem;

/// An item and when it came.
pub type Arrived = (FeedItem, Instant);

/// Items that may wait for missed trades; beyond, whoever waits must give up.
pub const WAITING: usize = 100_000;

#[derive(Debug)]
struct Held {
    item: FeedItem,
    arrived: Instant,
}

#[derive(Debug)]
pub struct Merge {
    /// By time, then by the order of arrival.
    order: BinaryHeap<Reverse<(TimeUs, u64)>>,
    held: BTreeMap<u64, Held>,
    next: u64,
    hold: Duration,
    given: TimeUs,
    pub late: u64,
}

impl Merge {
    /// `hold` is how long an item waits for older ones; nothing is given as of before `since`.
    pub fn new(hold: Duration, since: TimeUs) -> Self {
        Self {
            order: BinaryHeap::new(),
            held: BTreeMap::new(),
            next: 0,
            hold,
            given: since,
            late: 0,
        }
    }

    /// `at` is the item's place in exchange time.
    pub fn push(&mut self, at: TimeUs, item: FeedItem, arrived: Instant) {
        self.order.push(Reverse((at, self.next)));
        self.held.insert(self.next, Held { item, arrived });
        self.next += 1;
    }

    pub fn is_full(&self) -> bool {
        self.held.len() >= WAITING
    }

    /// The oldest item with its arrival, if it has waited long enough.
    pub fn pop(&mut self, now: Instant) -> Option<Arrived> {
        loop {
            let Reverse((_, number)) = self.order.peek()?;
            let held = self.held.get(number)?;
            if now.duration_since(held.arrived) < self.hold {
                return None;
            }
            let Reverse((_, number)) = self.order.pop()?;
            let Held { mut item, arrived } = self.held.remove(&number)?;
            if let FeedItem::Market(event) = &mut item {
                if event.time() < self.given {
                    self.late += 1;
                    // A bar of another time would be another bar.
                    if matches!(event, MarketEvent::Bar(_)) {
                        continue;
                    }
                    set_time(event, self.given);
                }
                self.given = event.time();
            }
            return Some((item, arrived));
        }
    }
}

fn set_time(event: &mut MarketEvent, time: TimeUs) {
    match event {
        MarketEvent::Trade(trade) => trade.time = time,
        MarketEvent::Book(book) => book.time = time,
        MarketEvent::Bar(bar) => bar.close_time = time,
        MarketEvent::Day(day) => day.time = time,
        MarketEvent::Reference { known, .. } => *known = time,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{Decimal, MarketTrade, Side};

    fn item(id: u64, time: i64) -> FeedItem {
        FeedItem::Market(MarketEvent::Trade(MarketTrade {
            symbol: "BTCUSDT".parse().unwrap(),
            id,
            price: Decimal::ONE,
            quantity: Decimal::ONE,
            count: 1,
            taker: Side::Buy,
            time: TimeUs(time),
        }))
    }

    fn popped(merge: &mut Merge, now: Instant) -> Vec<(u64, i64)> {
        std::iter::from_fn(|| merge.pop(now))
            .map(|(item, _)| match item {
                FeedItem::Market(MarketEvent::Trade(trade)) => (trade.id, trade.time.0),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn items_are_given_in_the_order_of_their_times() {
        let now = Instant::now();
        let hold = Duration::from_millis(20);
        let mut merge = Merge::new(hold, TimeUs(0));
        for (id, time) in [(1, 30), (2, 10), (3, 20), (4, 20)] {
            merge.push(TimeUs(time), item(id, time), now);
        }
        assert_eq!(popped(&mut merge, now), []);
        assert_eq!(
            popped(&mut merge, now + hold),
            [(2, 10), (3, 20), (4, 20), (1, 30)]
        );
    }

    #[test]
    fn what_comes_too_late_is_given_as_of_the_last_and_counted() {
        let now = Instant::now();
        let mut merge = Merge::new(Duration::ZERO, TimeUs(15));
        merge.push(TimeUs(10), item(1, 10), now);
        merge.push(TimeUs(20), item(2, 20), now);
        assert_eq!(popped(&mut merge, now), [(1, 15), (2, 20)]);
        merge.push(TimeUs(19), item(3, 19), now);
        assert_eq!(popped(&mut merge, now), [(3, 20)]);
        assert_eq!(merge.late, 2);
    }
}
