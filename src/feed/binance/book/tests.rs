#![allow(clippy::unwrap_used)]

use super::*;
use crate::feed::binance::message::{Message, parse};
use crate::feed::binance::recorded_tests;

fn levels(pairs: &[(i64, i64)]) -> Vec<Level> {
    pairs
        .iter()
        .map(|(price, quantity)| Level {
            price: Decimal::from(*price),
            quantity: Decimal::from(*quantity),
        })
        .collect()
}

fn change(first: u64, last: u64, bids: &[(i64, i64)]) -> Depth {
    Depth {
        symbol: "BTCUSDT".parse().unwrap(),
        first,
        last,
        bids: levels(bids),
        asks: Vec::new(),
        time: TimeUs(i64::try_from(last).unwrap()),
    }
}

fn snapshot(last: u64) -> DepthSnapshot {
    DepthSnapshot {
        last,
        bids: levels(&[(10, 1), (9, 1)]),
        asks: levels(&[(11, 1), (12, 1)]),
    }
}

fn book() -> LocalBook {
    LocalBook::new("BTCUSDT".parse().unwrap())
}

fn best(book: &LocalBook) -> (Option<Level>, Option<Level>) {
    let top = book.top(1, None, TimeUs(0));
    (top.bids.first().copied(), top.asks.first().copied())
}

fn best_bid(book: &LocalBook) -> Decimal {
    best(book).0.unwrap().price
}

#[test]
fn changes_wait_for_a_snapshot_and_bridge_it() {
    let mut book = book();
    assert_eq!(book.change(change(5, 7, &[(10, 0)])), Applied::Waits);
    assert_eq!(book.change(change(8, 9, &[(8, 4)])), Applied::Waits);
    assert_eq!(book.snapshot(&snapshot(4)), Snapshot::TooOld);
    assert_eq!(book.snapshot(&snapshot(7)), Snapshot::InStep);
    assert_eq!(book.last(), Some(9));
    assert_eq!(best_bid(&book), Decimal::from(10), "the first was in it");
    assert_eq!(
        book.change(change(10, 10, &[(10, 0), (3, 0)])),
        Applied::Yes
    );
    assert_eq!(best_bid(&book), Decimal::from(9));
    assert_eq!(book.change(change(9, 10, &[(99, 1)])), Applied::Old);
    // Half of it is known: its quantities are as of its end.
    assert_eq!(book.change(change(10, 12, &[(10, 2)])), Applied::Yes);
    assert_eq!(book.snapshot(&snapshot(20)), Snapshot::NotNeeded);
    assert_eq!(book.top(1, None, TimeUs(5)).bids, levels(&[(10, 2)]));
}

#[test]
fn a_missing_change_starts_the_book_again() {
    let mut book = book();
    assert_eq!(book.snapshot(&snapshot(7)), Snapshot::InStep);
    let gap = Applied::Gap {
        first_missing: 8,
        last_missing: 9,
    };
    assert_eq!(book.change(change(10, 11, &[(10, 5)])), gap);
    assert_eq!((book.last(), best(&book)), (None, (None, None)));
    assert_eq!(book.snapshot(&snapshot(9)), Snapshot::TooOld);
    assert_eq!(book.snapshot(&snapshot(10)), Snapshot::InStep);
    assert_eq!(book.top(1, None, TimeUs(5)).bids, levels(&[(10, 5)]));
    book.reset();
    book.change(change(20, 21, &[]));
    book.change(change(23, 24, &[]));
    let gap = Snapshot::Gap {
        first_missing: 22,
        last_missing: 22,
    };
    assert_eq!(book.snapshot(&snapshot(20)), gap);
}

#[test]
fn a_newer_best_level_is_shown_and_never_crossed() {
    let mut book = book();
    book.snapshot(&snapshot(7));
    let mut ticker = BookTicker {
        symbol: "BTCUSDT".parse().unwrap(),
        update_id: 8,
        bid: levels(&[(11, 3)])[0],
        ask: levels(&[(12, 5)])[0],
    };
    let shown = book.top(10, Some(&ticker), TimeUs(1));
    assert_eq!(shown.bids, levels(&[(11, 3), (10, 1), (9, 1)]));
    assert_eq!(shown.asks, levels(&[(12, 5)]), "11 was taken");
    ticker.update_id = 7;
    assert_eq!(
        book.top(1, Some(&ticker), TimeUs(1)).bids,
        levels(&[(10, 1)])
    );
}

/// What one recording holds a rebuilt book to.
#[derive(Debug, Default, PartialEq)]
struct Checked {
    changes: u64,
    gaps: u64,
    compared: u64,
    /// Book tickers between two updates that a change ends with.
    between: u64,
}

fn rebuild(lines: &[String], lose: impl Fn(u64) -> bool) -> Checked {
    let mut book = book();
    let mut checked = Checked::default();
    let mut tickers: BTreeMap<u64, BookTicker> = BTreeMap::new();
    for line in lines {
        if line.starts_with("{\"lastUpdateId\"") {
            let snapshot: DepthSnapshot = serde_json::from_str(line).unwrap();
            assert_eq!(book.snapshot(&snapshot), Snapshot::InStep);
            continue;
        }
        match parse(line).unwrap() {
            Message::BookTicker(ticker) => {
                tickers.insert(ticker.update_id, ticker);
            }
            Message::Depth(depth) => {
                checked.changes += 1;
                if lose(checked.changes) {
                    continue;
                }
                if let Applied::Gap { .. } = book.change(depth) {
                    checked.gaps += 1;
                }
            }
            _ => {}
        }
        let Some(last) = book.last() else { continue };
        let newer = tickers.split_off(&(last + 1));
        for (update_id, ticker) in std::mem::replace(&mut tickers, newer) {
            if update_id < last {
                checked.between += 1;
                continue;
            }
            assert_eq!(
                best(&book),
                (Some(ticker.bid), Some(ticker.ask)),
                "{update_id}"
            );
            checked.compared += 1;
        }
    }
    checked
}

#[test]
fn a_rebuilt_book_has_the_best_levels_of_every_book_ticker_at_its_updates() {
    let Some(files) = recorded_tests::raw_files() else {
        return;
    };
    let mut lines = recorded_tests::raw_lines(&files[0]);
    let first = rebuild(&lines, |_| false);
    println!("the first half: {first:?}");
    assert_eq!((first.changes, first.gaps), (3_451, 0));
    assert!(first.compared > 300, "{first:?}");
    lines.extend(recorded_tests::raw_lines(&files[1]));
    let both = rebuild(&lines, |_| false);
    println!("with the second half: {both:?}");
    assert_eq!((both.changes, both.gaps), (3_451 + 3_044, 0));
    assert!(both.compared > first.compared);
}

#[test]
fn a_change_that_is_lost_is_found() {
    let Some(files) = recorded_tests::raw_files() else {
        return;
    };
    let lines = recorded_tests::raw_lines(&files[0]);
    // After the first one the book waits for a snapshot that the recording does not have.
    assert_eq!(rebuild(&lines, |number| number == 1_000).gaps, 1);
}
