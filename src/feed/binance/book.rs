//! The local copy of an order book, kept by Binance's published rules ("How to manage a local order
//! book correctly"): collect changes, fetch a snapshot, lay the changes over it, start again when
//! one is missing. Pure: whoever owns it fetches.
//!
//! Invariant: a book that is in step has applied every update up to `last` exactly once.

use std::collections::{BTreeMap, VecDeque};

use super::message::{BookTicker, Depth, DepthSnapshot};
use crate::domain::{Book, Decimal, Level, Symbol, TimeUs};

/// Changes that may wait for a snapshot: three minutes of them. Beyond, the oldest are given up and
/// the snapshot must be newer.
const WAITING: usize = 2_000;

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The book is in step with it.
    Yes,
    /// Its updates were known already.
    Old,
    /// It waits for a snapshot.
    Waits,
    /// Updates are missing before it: the book starts again and needs a snapshot.
    Gap {
        first_missing: u64,
        last_missing: u64,
    },
}

/// What became of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    InStep,
    /// It is from before the changes that wait: another one is needed.
    TooOld,
    /// The changes that waited have a hole themselves: another one is needed.
    Gap {
        first_missing: u64,
        last_missing: u64,
    },
    /// The book is in step without it.
    NotNeeded,
}

#[derive(Debug, Clone)]
pub struct LocalBook {
    symbol: Symbol,
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
    /// The update that the levels are as of; `None` while a snapshot is waited for.
    last: Option<u64>,
    waiting: VecDeque<Depth>,
    /// Exchange time of the newest change that was applied.
    time: TimeUs,
}

impl LocalBook {
    pub fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            last: None,
            waiting: VecDeque::new(),
            time: TimeUs::ZERO,
        }
    }

    /// The update that the book is as of, if it is in step.
    pub fn last(&self) -> Option<u64> {
        self.last
    }

    /// Exchange time of the newest change that was applied.
    pub fn time(&self) -> TimeUs {
        self.time
    }

    /// Starts again: everything known is given up.
    pub fn reset(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.last = None;
        self.waiting.clear();
    }

    pub fn change(&mut self, depth: Depth) -> Applied {
        let Some(last) = self.last else {
            if self.waiting.len() == WAITING {
                self.waiting.pop_front();
            }
            self.waiting.push_back(depth);
            return Applied::Waits;
        };
        if depth.last <= last {
            return Applied::Old;
        }
        if depth.first > last + 1 {
            let gap = Applied::Gap {
                first_missing: last + 1,
                last_missing: depth.first - 1,
            };
            self.reset();
            self.waiting.push_back(depth);
            return gap;
        }
        self.apply(&depth);
        Applied::Yes
    }

    pub fn snapshot(&mut self, snapshot: &DepthSnapshot) -> Snapshot {
        if self.last.is_some() {
            return Snapshot::NotNeeded;
        }
        if self
            .waiting
            .front()
            .is_some_and(|first| snapshot.last < first.first)
        {
            return Snapshot::TooOld;
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.last = Some(snapshot.last);
        lay(&mut self.bids, &snapshot.bids);
        lay(&mut self.asks, &snapshot.asks);
        for depth in waiting {
            if let Applied::Gap {
                first_missing,
                last_missing,
            } = self.change(depth)
            {
                return Snapshot::Gap {
                    first_missing,
                    last_missing,
                };
            }
        }
        Snapshot::InStep
    }

    fn apply(&mut self, depth: &Depth) {
        lay(&mut self.bids, &depth.bids);
        lay(&mut self.asks, &depth.asks);
        self.last = Some(depth.last);
        self.time = self.time.max(depth.time);
    }

    /// The best `levels` of each side. A newer word on the best level counts for more than what the
    /// book knows: levels that it rules out are not shown, so that the book is never crossed.
    pub fn top(&self, levels: usize, newer: Option<&BookTicker>, time: TimeUs) -> Book {
        let newer = newer.filter(|ticker| self.last.is_none_or(|last| ticker.update_id > last));
        let (bids, asks) = match newer {
            None => (
                self.bids.iter().rev().take(levels).map(level).collect(),
                self.asks.iter().take(levels).map(level).collect(),
            ),
            Some(ticker) => {
                let bids = self.bids.range(..ticker.bid.price).rev().map(level);
                let above = (
                    std::ops::Bound::Excluded(ticker.ask.price),
                    std::ops::Bound::Unbounded,
                );
                let asks = self.asks.range(above).map(level);
                (
                    std::iter::once(ticker.bid)
                        .chain(bids)
                        .take(levels)
                        .collect(),
                    std::iter::once(ticker.ask)
                        .chain(asks)
                        .take(levels)
                        .collect(),
                )
            }
        };
        Book {
            symbol: self.symbol.clone(),
            bids,
            asks,
            time,
        }
    }
}

fn level((price, quantity): (&Decimal, &Decimal)) -> Level {
    Level {
        price: *price,
        quantity: *quantity,
    }
}

/// Quantities are absolute; zero takes a level away, also one that is not there.
fn lay(side: &mut BTreeMap<Decimal, Decimal>, levels: &[Level]) {
    for level in levels {
        if level.quantity.is_zero() {
            side.remove(&level.price);
        } else {
            side.insert(level.price, level.quantity);
        }
    }
}

#[cfg(test)]
mod tests;
