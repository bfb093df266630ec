#![allow(clippy::unwrap_used)]

use rust_decimal::dec;

use super::*;
use crate::domain::{Bar, Book, Decimal, Side};

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

fn level(price: i64, quantity: i64) -> Level {
    Level {
        price: Decimal::from(price),
        quantity: Decimal::from(quantity),
    }
}

fn depth(first: u64, last: u64, bid: Level) -> Depth {
    Depth {
        symbol: symbol(),
        first,
        last,
        bids: vec![bid],
        asks: Vec::new(),
        time: TimeUs(i64::try_from(last).unwrap() * 100),
    }
}

fn snapshot(last: u64) -> DepthSnapshot {
    DepthSnapshot {
        last,
        bids: vec![level(10, 1)],
        asks: vec![level(20, 1)],
    }
}

fn ticker(update_id: u64, bid: i64, quantity: i64) -> BookTicker {
    BookTicker {
        symbol: symbol(),
        update_id,
        bid: level(bid, quantity),
        ask: level(20, 1),
    }
}

/// A market whose book is in step as of the update 5.
fn in_step(now: Instant) -> Market {
    let mut market = Market::new(symbol(), 5, None);
    assert_eq!(market.depth(depth(4, 5, level(10, 1)), now), []);
    assert!(
        market.snapshot_to_fetch(now),
        "the first change asks for a snapshot"
    );
    assert!(!market.snapshot_to_fetch(now), "once");
    assert_eq!(books(&market.snapshot(&snapshot(4), now)).len(), 1);
    market
}

fn books(placed: &[Placed]) -> Vec<&Book> {
    placed
        .iter()
        .filter_map(|(_, item)| match item {
            FeedItem::Market(MarketEvent::Book(book)) => Some(book),
            _ => None,
        })
        .collect()
}

fn kinds(placed: &[Placed]) -> Vec<QualityKind> {
    placed
        .iter()
        .filter_map(|(_, item)| match item {
            FeedItem::Notice(notice) => Some(notice.kind),
            FeedItem::Market(_) => None,
        })
        .collect()
}

#[test]
fn a_gap_in_the_book_is_told_and_healed_by_a_snapshot() {
    let now = Instant::now();
    let mut market = in_step(now);
    assert_eq!(
        market.depth(depth(8, 9, level(11, 1)), now),
        [],
        "it may come yet"
    );
    assert_eq!(market.late_depth(now), []);
    let later = now + PATIENCE;
    assert_eq!(kinds(&market.late_depth(later)), [QualityKind::BookGap]);
    assert!(market.snapshot_to_fetch(later));
    assert_eq!(market.snapshot(&snapshot(7), later), [], "it is too old");
    assert!(!market.snapshot_to_fetch(later));
    assert!(market.snapshot_to_fetch(later + SNAPSHOT_AGAIN));
    let healed = market.snapshot(&snapshot(8), later);
    assert_eq!(kinds(&healed), [QualityKind::Resync]);
    assert_eq!(books(&healed)[0].bids[0], level(11, 1));
    let counts = market.counts();
    assert_eq!((counts.gaps, counts.healed, counts.snapshots), (1, 0, 2));
}

#[test]
fn changes_that_two_connections_bring_out_of_order_are_no_gap() {
    let now = Instant::now();
    let mut market = in_step(now);
    assert_eq!(market.depth(depth(8, 9, level(12, 1)), now), []);
    let placed = market.depth(depth(6, 7, level(11, 1)), now);
    let bids: Vec<_> = books(&placed)
        .iter()
        .map(|book| book.bids[0].price)
        .collect();
    assert_eq!(bids, [dec!(11), dec!(12)]);
    assert_eq!(market.late_depth(now + PATIENCE), []);
    assert_eq!(market.depth(depth(6, 7, level(11, 1)), now), []);
    assert_eq!((market.counts().gaps, market.counts().duplicates), (0, 1));
}

#[test]
fn a_book_ticker_moves_the_best_price_at_once_and_a_quantity_later() {
    let now = Instant::now();
    let mut market = in_step(now);
    let (at, moved) = market.ticker(ticker(6, 12, 3), TimeUs(777)).unwrap();
    assert_eq!(
        (at, books(&[(at, moved)])[0].bids.clone()),
        (TimeUs(777), vec![level(12, 3), level(10, 1)])
    );
    assert_eq!(
        market.ticker(ticker(7, 12, 4), TimeUs(778)),
        None,
        "only a quantity"
    );
    assert_eq!(
        market.ticker(ticker(7, 13, 4), TimeUs(778)),
        None,
        "known already"
    );
    // The change is older than the ticker: the ticker still counts.
    let placed = market.depth(depth(6, 6, level(12, 3)), now);
    assert_eq!(books(&placed)[0].bids[0], level(12, 4));
    let placed = market.depth(depth(7, 8, level(12, 5)), now);
    assert_eq!(books(&placed)[0].bids[0], level(12, 5));
}

#[test]
fn only_a_finished_candle_is_told_and_once() {
    let mut market = Market::new(symbol(), 5, None);
    let bar = Bar {
        symbol: symbol(),
        open_time: TimeUs(60_000_000),
        close_time: TimeUs(119_999_999),
        open: dec!(1),
        high: dec!(1),
        low: dec!(1),
        close: dec!(1),
        volume: dec!(1),
        quote_volume: None,
        trades: Some(1),
        taker_buy_volume: None,
        taker_buy_quote_volume: None,
    };
    let kline = |closed| Kline {
        bar: bar.clone(),
        closed,
        time: TimeUs(119_500_000),
    };
    assert_eq!(market.kline(kline(false)), None);
    let (at, _) = market.kline(kline(true)).unwrap();
    assert_eq!(at, TimeUs(120_000_000), "not before its end");
    assert_eq!(market.kline(kline(true)), None);
}

#[test]
fn missed_trades_are_asked_for_after_a_moment_and_told_when_they_are_there() {
    let now = Instant::now();
    let trade = |id: u64| MarketTrade {
        symbol: symbol(),
        id,
        price: dec!(1),
        quantity: dec!(1),
        count: 1,
        taker: Side::Buy,
        time: TimeUs(i64::try_from(id).unwrap()),
    };
    let mut market = Market::new(symbol(), 5, Some((6, TimeUs(6))));
    assert_eq!(market.trade(trade(9), TimeUs(9), now), []);
    assert!(market.trades_to_fetch(now).is_none());
    let hole = market.trades_to_fetch(now + PATIENCE).unwrap();
    assert_eq!((hole.first, hole.last), (7, 8));
    let placed = market.fill(vec![trade(7), trade(8)], now);
    assert_eq!(kinds(&placed), [QualityKind::Backfill]);
    assert_eq!(placed.len(), 4);
    assert_eq!((market.counts().gaps, market.counts().healed), (1, 1));
}
