//! The replay as a whole, from files on disk.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Decimal, FeedNotice, MarketEvent};
use crate::recorded::recorded;

fn open(path: &Path) -> ReplayFeed {
    try_open(path, &[]).unwrap()
}

fn try_open(path: &Path, symbols: &[&str]) -> Result<ReplayFeed, FeedError> {
    ReplayFeed::open(ReplayOptions {
        path: path.to_owned(),
        symbols: symbols
            .iter()
            .map(|symbol| symbol.parse().unwrap())
            .collect(),
        resume: None,
    })
}

fn drain(feed: &mut ReplayFeed) -> Vec<FeedItem> {
    std::iter::from_fn(|| feed.next()).collect()
}

fn events(items: &[FeedItem]) -> Vec<&MarketEvent> {
    let mut events = Vec::new();
    for item in items {
        if let FeedItem::Market(event) = item {
            events.push(event);
        }
    }
    events
}

fn notices(items: &[FeedItem]) -> Vec<&FeedNotice> {
    let mut notices = Vec::new();
    for item in items {
        if let FeedItem::Notice(notice) = item {
            notices.push(notice);
        }
    }
    notices
}

/// `rows` aggregate trades from `first` on, `apart` ms each.
fn agg(first: u64, start_ms: u64, rows: u64, apart: u64) -> String {
    let row = |n| {
        let (id, time) = (first + n, 1_704_067_200_000 + start_ms + n * apart);
        format!("{id},42283.58000000,0.00069000,{id},{id},{time},True,True\n")
    };
    (0..rows).map(row).collect()
}

fn zipped(path: &Path, members: &[(&str, &str)]) {
    let mut archive = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, text) in members {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

fn gzipped(path: &Path, text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    let bytes = packer.finish().unwrap();
    fs::write(path, &bytes).unwrap();
    bytes
}

#[test]
fn a_whole_recorded_day_is_read_exactly() {
    let Some(folder) = recorded("binance_aggtrades_btcusdt_20240101") else {
        return;
    };
    let path = folder.join("BTCUSDT-aggTrades-2024-01-01.zip");
    let started = Instant::now();
    let mut feed = open(&path);
    assert_eq!(
        feed.identity(),
        "replay:BTCUSDT-aggTrades-2024-01-01.zip:11902789"
    );
    let (mut prices, mut volume, mut raw) = (Vec::with_capacity(900_000), Decimal::ZERO, 0);
    while let Some(item) = feed.next() {
        match item {
            FeedItem::Market(MarketEvent::Trade(trade)) => {
                prices.push(trade.price);
                volume += trade.quantity;
                raw += trade.count;
            }
            other => unreachable!("{other:?}"),
        }
    }
    eprintln!(
        "{:.0} rows/s",
        feed.rows() as f64 / started.elapsed().as_secs_f64()
    );
    assert_eq!(
        (feed.rows(), feed.rejected_rows(), raw),
        (863_403, 0, 1_114_623)
    );
    let shown = |price: Option<&Decimal>| price.unwrap().to_string();
    assert_eq!(shown(prices.first()), "42283.58");
    assert_eq!(shown(prices.iter().max()), "44184.1");
    assert_eq!(shown(prices.iter().min()), "42180.77");
    assert_eq!(shown(prices.last()), "44179.55");
    assert_eq!(volume.to_string(), "27174.29903");
}

#[test]
fn a_directory_with_trades_and_their_bars_replays_the_trades() {
    let Some(folder) = recorded("binance_aggtrades_btcusdt_20240101") else {
        return;
    };
    let mut feed = open(&folder);
    let Some(FeedItem::Notice(notice)) = feed.next() else {
        unreachable!("the bars are left out, and that is said first");
    };
    assert_eq!(notice.source, "BTCUSDT-1m-2024-01-01.derived.csv.gz");
    assert!(notice.message.contains("finer"));
    assert!(matches!(
        feed.next(),
        Some(FeedItem::Market(MarketEvent::Trade(_)))
    ));
}

#[test]
fn recorded_klines_of_both_forms() {
    let Some(folder) = recorded("binance_aggtrades_btcusdt_20240101") else {
        return;
    };
    let mut feed = open(&folder.join("BTCUSDT-1m-2024-01-01.derived.csv.gz"));
    let items = drain(&mut feed);
    assert_eq!((feed.rows(), items.len()), (1_440, 1_440));
    let trades = |event: &&MarketEvent| match event {
        MarketEvent::Bar(bar) => bar.trades.unwrap(),
        other => unreachable!("{other:?}"),
    };
    assert_eq!(events(&items).iter().map(trades).sum::<u64>(), 1_114_623);

    let Some(folder) = recorded("klines_ta4j") else {
        return;
    };
    for (name, rows, step) in [
        ("binanceus_ethusd_5m_20230313_20230315", 580, 5 * MINUTE),
        ("coinbase_ethusd_1d_2016_2026", 3_582, DAY),
        ("coinbase_btcusd_4h_2016_2025", 20_695, 4 * HOUR),
        ("coinbase_ethusd_4h_2016_2025", 20_675, 4 * HOUR),
        ("tradingview_index_btcusd_1d_2009_2026", 5_905, DAY),
    ] {
        let mut feed = try_open(&folder.join(format!("{name}.csv.gz")), &["ETHUSD"]).unwrap();
        let items = drain(&mut feed);
        assert_eq!((feed.rows(), notices(&items).len()), (rows, 0), "{name}");
        for event in events(&items) {
            let MarketEvent::Bar(bar) = event else {
                unreachable!("{event:?}")
            };
            assert_eq!(bar.close_time.since(bar.open_time), step - 1, "{name}");
            assert_eq!((bar.quote_volume, bar.symbol.as_str()), (None, "ETHUSD"));
        }
    }
}

#[test]
fn every_container_gives_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let text = agg(1, 0, 5_000, 3);
    let [plain, gzip, zip] = ["BTCUSDT-aggTrades.csv", "BTCUSDT-x.csv.gz", "BTCUSDT-y.zip"]
        .map(|name| folder.path().join(name));
    fs::write(&plain, &text).unwrap();
    gzipped(&gzip, &text);
    zipped(&zip, &[("BTCUSDT-y.csv", &text)]);
    let expected = drain(&mut open(&plain));
    assert_eq!(expected.len(), 5_000);
    assert_eq!(drain(&mut open(&gzip)), expected);
    assert_eq!(drain(&mut open(&zip)), expected);
}

#[test]
fn trades_in_micros_with_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ethusdt-trades-2025-01-01.csv");
    let rows = "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch\n\
                5,3336.12000000,0.01500000,50.04180000,1735689600001234,false,true\n\
                6,3336.13000000,0.01500000,50.04195000,1735689600001235,true,true\n";
    fs::write(&path, rows).unwrap();
    let mut feed = open(&path);
    assert_eq!(feed.symbols()[0].as_str(), "ETHUSDT");
    let items = drain(&mut feed);
    assert_eq!((feed.rows(), items.len()), (2, 2));
    assert_eq!(events(&items)[1].time(), TimeUs(1_735_689_600_001_235));
}

#[test]
fn corrupt_rows_are_named_and_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("BTCUSDT-aggTrades.zip");
    let good = agg(1, 0, 9, 1);
    let mut lines: Vec<_> = good.lines().map(str::to_owned).collect();
    lines[1] = "2,abc,1,2,2,1704067200001,True,True".to_owned();
    lines[3] = "\"4,1,1,4,4,1704067200003,True,True".to_owned();
    lines[5] = "x".repeat(200_000);
    lines[7] = "8,1".to_owned();
    zipped(&path, &[("inner.csv", &lines.join("\n"))]);
    let mut feed = open(&path);
    let items = drain(&mut feed);
    assert_eq!((feed.rows(), feed.rejected_rows(), items.len()), (5, 4, 9));
    let places: Vec<_> = notices(&items)
        .iter()
        .map(|notice| notice.line.unwrap())
        .collect();
    assert_eq!(places, [2, 4, 6, 8]);
    assert_eq!(notices(&items)[0].source, "BTCUSDT-aggTrades.zip/inner.csv");
}

#[test]
fn resuming_anywhere_gives_the_same_items_and_counters() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = agg(1, 0, 30, 5);
    broken.push_str("rubbish\n");
    broken.push_str(&agg(40, 140, 3, 1));
    broken.push_str(&agg(50, 150, 30, 5));
    fs::write(folder.path().join("BTCUSDT-aggTrades.csv"), broken).unwrap();
    fs::write(
        folder.path().join("ETHUSDT-aggTrades.csv"),
        agg(9, 52, 40, 4),
    )
    .unwrap();
    let mut whole = open(folder.path());
    let all = drain(&mut whole);
    assert_eq!(
        (whole.rows(), whole.rejected_rows(), all.len()),
        (100, 4, 105)
    );
    for given in 0..=all.len() {
        let mut feed = open(folder.path());
        for _ in 0..given {
            feed.next();
        }
        let text = serde_json::to_string(&feed.cursor()).unwrap();
        let mut resumed = ReplayFeed::open(ReplayOptions {
            path: folder.path().to_owned(),
            symbols: Vec::new(),
            resume: Some(serde_json::from_str(&text).unwrap()),
        })
        .unwrap();
        assert_eq!(resumed.rows(), feed.rows());
        assert_eq!(resumed.cursor(), feed.cursor());
        assert_eq!(drain(&mut resumed), all[given..]);
        assert_eq!((resumed.rows(), resumed.rejected_rows()), (100, 4));
    }
    let beyond = ReplayFeed::open(ReplayOptions {
        path: folder.path().to_owned(),
        symbols: Vec::new(),
        resume: Some(Cursor(serde_json::json!({ "items": 106 }))),
    });
    assert!(matches!(beyond, Err(FeedError::Cursor { .. })));
}

#[test]
fn files_follow_each_other_and_symbols_are_merged_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("BTCUSDT-aggTrades-1.csv", agg(1, 0, 5_000, 10));
    write("BTCUSDT-aggTrades-2.csv", agg(5_001, 50_000, 5_000, 10));
    write("ETHUSDT-aggTrades-1.csv", agg(1, 7, 9_000, 10));
    write("notes.txt", "not data".to_owned());
    let mut feed = open(folder.path());
    let items = drain(&mut feed);
    assert_eq!((feed.rows(), items.len()), (19_000, 19_000));
    let events = events(&items);
    assert!(events.is_sorted_by_key(|event| event.time()));
    assert_eq!(events[0].symbol().as_str(), "BTCUSDT");
    assert_eq!(events[1].symbol().as_str(), "ETHUSDT");
    assert_eq!(items, drain(&mut open(folder.path())));

    let mut picked = try_open(folder.path(), &["ETHUSDT"]).unwrap();
    assert_eq!(drain(&mut picked).len(), 9_000);
    let error = try_open(folder.path(), &["SOLUSDT"]).map(drop).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no data of SOLUSDT, only of BTCUSDT, ETHUSDT")
    );
}

#[test]
fn the_same_file_in_two_containers_is_replayed_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = agg(1, 0, 10, 1);
    fs::write(folder.path().join("BTCUSDT-aggTrades.csv"), &text).unwrap();
    zipped(
        &folder.path().join("BTCUSDT-aggTrades.zip"),
        &[("a.csv", &text)],
    );
    let mut feed = open(folder.path());
    let items = drain(&mut feed);
    assert_eq!(
        (feed.rows(), feed.rejected_rows(), items.len()),
        (10, 0, 11)
    );
}

#[test]
fn a_first_bar_before_a_hole_is_no_longer_than_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ETHUSD.csv");
    let row = |hour: u64| format!("{},5,8,4,6,1\n", 1_704_067_200_000 + hour * 3_600_000);
    fs::write(&path, [0, 16, 20, 24].map(row).concat()).unwrap();
    let items = drain(&mut open(&path));
    for event in events(&items) {
        let MarketEvent::Bar(bar) = event else {
            unreachable!("{event:?}")
        };
        assert_eq!(bar.close_time.since(bar.open_time), 4 * HOUR - 1);
    }
    assert_eq!(items.len(), 4);
}

#[test]
fn a_stream_that_is_cut_off_gives_what_it_has_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("BTCUSDT-aggTrades.csv.gz");
    let bytes = gzipped(&path, &agg(1, 0, 20_000, 1));
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let mut feed = open(&path);
    let items = drain(&mut feed);
    assert!((1_000..20_000).contains(&feed.rows()));
    let last = notices(&items);
    assert_eq!((last.len(), last[0].kind), (1, QualityKind::SourceEnded));
    assert_eq!(items.len() as u64, feed.rows() + 1);

    let path = folder.path().join("ETHUSDT-aggTrades.zip");
    zipped(&path, &[("a.csv", &agg(1, 0, 20_000, 1))]);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 400].fill(0xAA);
    fs::write(&path, bytes).unwrap();
    let items = drain(&mut open(&path));
    assert_eq!(
        notices(&items).last().unwrap().kind,
        QualityKind::SourceEnded
    );
}

#[test]
fn what_cannot_be_replayed_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("people.csv"), "name,age\nEve,30\n").unwrap();
    fs::write(path("broken.zip"), "this is no archive").unwrap();
    fs::write(path("x.parquet"), "PAR1").unwrap();
    fs::create_dir(path("empty")).unwrap();
    for name in [
        "people.csv",
        "broken.zip",
        "x.parquet",
        "empty",
        "missing.csv",
    ] {
        let error = try_open(&path(name), &[])
            .map(drop)
            .unwrap_err()
            .to_string();
        assert!(error.contains(name) && !error.contains('\n'), "{error}");
    }
    fs::write(path("-.csv"), agg(1, 0, 1, 1)).unwrap();
    let error = try_open(&path("-.csv"), &[])
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(error.contains("tells no symbol"), "{error}");
    assert!(try_open(&path("-.csv"), &["BTCUSDT"]).is_ok());
}

#[test]
fn a_feed_that_is_dropped_half_way_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("BTCUSDT-aggTrades.csv");
    fs::write(&path, agg(1, 0, 50_000, 1)).unwrap();
    let mut feed = open(&path);
    assert!(feed.next().is_some());
    drop(feed);
}
