//! The simulated market as a whole.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::time::Instant;

use super::*;
use crate::domain::money::to_f64;
use crate::domain::time::{HOUR, MINUTE};
use crate::domain::{Book, Decimal, MarketEvent};

const START: TimeUs = TimeUs(1_704_067_200_000_000);

fn feed(symbols: &[&str], seed: u64, resume: Option<Cursor>) -> Result<SimulatedFeed, FeedError> {
    SimulatedFeed::new(SimulatedOptions {
        symbols: symbols
            .iter()
            .map(|symbol| symbol.parse().unwrap())
            .collect(),
        seed,
        start: START,
        resume,
    })
}

const THREE: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

fn event(feed: &mut SimulatedFeed) -> MarketEvent {
    match feed.next() {
        Some(FeedItem::Market(event)) => event,
        other => unreachable!("{other:?}"),
    }
}

fn sound(book: &Book, tick: Decimal) {
    assert_eq!((book.bids.len(), book.asks.len()), (10, 10));
    assert!(book.bids[0].price < book.asks[0].price, "{book:?}");
    assert!(
        book.bids
            .windows(2)
            .all(|pair| pair[0].price > pair[1].price)
    );
    assert!(
        book.asks
            .windows(2)
            .all(|pair| pair[0].price < pair[1].price)
    );
    for level in book.bids.iter().chain(&book.asks) {
        assert!(level.price > Decimal::ZERO && level.quantity > Decimal::ZERO);
        assert!((level.price % tick).is_zero());
    }
}

#[test]
fn books_are_sound_ids_contiguous_and_time_never_goes_back() {
    let mut feed = feed(&["BTCUSDT", "ETHUSDT", "SOLUSDT", "PEPEUSDT"], 1, None).unwrap();
    let mut ids: HashMap<Symbol, u64> = HashMap::new();
    let (mut last, mut books, mut same) = (START, 0_u32, 0_u32);
    let started = Instant::now();
    let count = 200_000;
    for _ in 0..count {
        let event = event(&mut feed);
        assert!(event.time() >= last);
        same += u32::from(event.time() == last);
        last = event.time();
        let instrument = Instrument::of(event.symbol());
        match &event {
            MarketEvent::Book(book) => {
                sound(book, instrument.tick_size());
                books += 1;
            }
            MarketEvent::Trade(trade) => {
                assert!(trade.price > Decimal::ZERO && trade.quantity > Decimal::ZERO);
                assert!((trade.price % instrument.tick_size()).is_zero());
                assert!((trade.quantity % instrument.step_size()).is_zero());
                let id = ids.entry(trade.symbol.clone()).or_default();
                *id += 1;
                assert_eq!(trade.id, *id);
            }
            other => unreachable!("{other:?}"),
        }
    }
    eprintln!(
        "{:.0} items/s",
        f64::from(count) / started.elapsed().as_secs_f64()
    );
    let per_second = f64::from(count) / (last.since(START) as f64 / 1e6) / 4.0;
    assert!(
        (7.0..9.0).contains(&per_second),
        "{per_second} items/s for each symbol"
    );
    assert!((90_000..110_000).contains(&books));
    assert!(
        same < 100,
        "irregular: {same} items at the time of the one before"
    );
}

#[test]
fn any_cursor_goes_on_with_the_same_items() {
    let mut whole = feed(&THREE, u64::MAX, None).unwrap();
    for round in 0..200 {
        let text = serde_json::to_string(&whole.cursor()).unwrap();
        let cursor = serde_json::from_str(&text).unwrap();
        let mut resumed = feed(&THREE, u64::MAX, Some(cursor)).unwrap();
        let mut ahead = feed(&THREE, u64::MAX, Some(whole.cursor())).unwrap();
        for _ in 0..50 {
            assert_eq!(resumed.next(), ahead.next());
        }
        for _ in 0..=(round * 7 % 31) {
            whole.next();
        }
    }
    let mut unbroken = feed(&THREE, 9, None).unwrap();
    let mut broken = feed(&THREE, 9, None).unwrap();
    for _ in 0..3_000 {
        assert_eq!(broken.next(), unbroken.next());
        broken = feed(&THREE, 9, Some(broken.cursor())).unwrap();
    }
}

#[test]
fn the_seed_makes_the_market_and_symbols_do_not_disturb_each_other() {
    let items = |symbols: &[&str], seed| {
        let mut feed = feed(symbols, seed, None).unwrap();
        (0..2_000).map(|_| event(&mut feed)).collect::<Vec<_>>()
    };
    assert_eq!(items(&THREE, 5), items(&THREE, 5));
    assert_ne!(items(&THREE, 5), items(&THREE, 6));
    let together = items(&THREE, 5);
    let of_ether: Vec<_> = together
        .iter()
        .filter(|event| event.symbol().as_str() == "ETHUSDT")
        .collect();
    assert!(
        of_ether.into_iter().eq(items(&["ETHUSDT"], 5)
            .iter()
            .take_while(|event| { event.time() <= together.last().unwrap().time() }))
    );
}

#[test]
fn a_cursor_of_another_market_is_refused() {
    let cursor = feed(&THREE, 5, None).unwrap().cursor();
    for (symbols, seed) in [(&THREE[..], 6), (&THREE[..1], 5)] {
        let refused = feed(symbols, seed, Some(cursor.clone()));
        assert!(matches!(refused, Err(FeedError::Cursor { .. })));
    }
    let foreign = Cursor(serde_json::json!({ "items": 3 }));
    assert!(matches!(
        feed(&THREE, 5, Some(foreign)),
        Err(FeedError::Cursor { .. })
    ));
    assert!(matches!(
        feed(&[], 5, None),
        Err(FeedError::SimulatedSymbols { .. })
    ));
    let twice = feed(&["BTCUSDT", "BTCUSDT"], 5, None);
    assert!(matches!(twice, Err(FeedError::SimulatedSymbols { .. })));
}

#[test]
fn volatility_is_that_of_a_real_market() {
    let mut feed = feed(&["BTCUSDT"], 7, None).unwrap();
    let (mut returns, mut before, mut minute) = (Vec::new(), None, START.plus(MINUTE));
    while minute < START.plus(10 * HOUR) {
        let event = event(&mut feed);
        let MarketEvent::Book(book) = &event else {
            continue;
        };
        if book.time < minute {
            continue;
        }
        minute = minute.plus(MINUTE);
        let middle = to_f64(book.bids[0].price + book.asks[0].price);
        if let Some(before) = before.replace(middle) {
            returns.push(middle / before - 1.0);
        }
    }
    let variance = returns.iter().map(|r| r * r).sum::<f64>() / returns.len() as f64;
    let yearly = (variance * 525_600.0).sqrt();
    eprintln!("volatility {yearly:.3}");
    assert!((0.5..0.85).contains(&yearly), "{yearly}");
}
