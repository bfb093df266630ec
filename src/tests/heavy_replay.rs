//! A whole recorded day, 863,403 aggregate trades of BTCUSDT: exact to the last digit.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use plainsight::domain::{Candle, Decimal, Event, Input, Interval, Symbol};
use plainsight::engine::Engine;
use plainsight::engine::config::EngineConfig;
use plainsight::feed::{Feed as _, FeedItem, ReplayFeed, ReplayOptions};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::program::{plainsight, run};
use crate::recorded::recorded;

const FOLDER: &str = "binance_aggtrades_btcusdt_20240101";

fn dump(folder: &Path) -> PathBuf {
    folder.join("BTCUSDT-aggTrades-2024-01-01.zip")
}

/// Runs `plainsight replay` over the day, and gives what it prints.
fn replay(folder: &Path, more: &[&str]) -> Value {
    let mut command = plainsight(["replay"]);
    command.arg(dump(folder)).args(more);
    let ran = run(command);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(ran.stdout.lines().count(), 1, "one JSON object");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[track_caller]
fn decimal(value: &Value) -> Decimal {
    value
        .as_str()
        .expect("a Decimal is a string")
        .parse()
        .unwrap()
}

#[test]
fn the_day_is_summed_exactly_and_its_events_are_the_same_each_time() {
    let Some(folder) = recorded(FOLDER) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let events = home.path().join("events.jsonl");
    let first = replay(&folder, &["--events", events.to_str().unwrap()]);
    assert_eq!(first["rows"], 863_403);
    assert_eq!(first["rejected_rows"], 0);
    assert_eq!(first["first_time"], 1_704_067_200_000_000_i64);
    let day = &first["symbols"]["BTCUSDT"];
    for (name, figure) in [
        ("open", "42283.58"),
        ("high", "44184.10"),
        ("low", "42180.77"),
        ("close", "44179.55"),
        ("base_volume", "27174.29903"),
    ] {
        assert_eq!(decimal(&day[name]), figure.parse().unwrap(), "{name}");
    }
    assert!(first["decisions"].as_u64() > Some(8_000), "{first}");
    assert!(first["fills"].as_u64() > Some(0), "{first}");
    assert!(first["elapsed_s"].as_f64() > Some(0.0), "{first}");

    let log = std::fs::read(&events).unwrap();
    let hash = first["event_log_hash"].as_str().unwrap();
    assert_eq!(
        hex::encode(Sha256::digest(&log)),
        hash,
        "the file is what was hashed"
    );
    let mut second = replay(&folder, &[]);
    second["elapsed_s"] = first["elapsed_s"].clone();
    assert_eq!(second, first);
    // Another seed: another order of learning, other decisions, another log.
    let other = replay(&folder, &["--seed", "2"]);
    assert_eq!(other["symbols"], first["symbols"]);
    assert_ne!(other["log_root"], first["log_root"]);
}

/// One row of a kline dump.
#[derive(Debug, PartialEq)]
struct Kline {
    open_time: i64,
    prices: [Decimal; 4],
    volume: Decimal,
    close_time: i64,
    quote_volume: Decimal,
    trades: u64,
    taker_buy_volume: Decimal,
    taker_buy_quote_volume: Decimal,
}

impl Kline {
    fn of(candle: &Candle) -> Self {
        Self {
            open_time: candle.open_time.millis(),
            prices: [candle.open, candle.high, candle.low, candle.close],
            volume: candle.volume,
            close_time: candle.close_time.millis(),
            quote_volume: candle.quote_volume,
            trades: candle.trades,
            taker_buy_volume: candle.taker_buy_volume,
            taker_buy_quote_volume: candle.taker_buy_quote_volume,
        }
    }

    fn read(line: &str) -> Self {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), 12, "{line}");
        let decimal = |column: usize| cells[column].parse::<Decimal>().unwrap();
        Self {
            open_time: cells[0].parse().unwrap(),
            prices: [1, 2, 3, 4].map(decimal),
            volume: decimal(5),
            close_time: cells[6].parse().unwrap(),
            quote_volume: decimal(7),
            trades: cells[8].parse().unwrap(),
            taker_buy_volume: decimal(9),
            taker_buy_quote_volume: decimal(10),
        }
    }
}

fn derived(folder: &Path) -> Vec<Kline> {
    let file = std::fs::File::open(folder.join("BTCUSDT-1m-2024-01-01.derived.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    text.lines().map(Kline::read).collect()
}

#[test]
fn every_minute_of_the_day_is_the_candle_that_was_derived_from_it() {
    let Some(folder) = recorded(FOLDER) else {
        return;
    };
    let mut feed = ReplayFeed::open(ReplayOptions {
        path: dump(&folder),
        ..ReplayOptions::default()
    })
    .unwrap();
    let mut engine = Engine::new(EngineConfig {
        symbols: feed.symbols().to_vec(),
        ..EngineConfig::default()
    });
    let mut minutes = Vec::new();
    while let Some(item) = feed.next() {
        let FeedItem::Market(event) = item else {
            panic!("this file has no faults: {item:?}");
        };
        for record in engine
            .process(engine.seq().next(), &Input::Market(event))
            .records
        {
            if let Event::Candle(candle) = record.event
                && candle.interval == Interval::M1
            {
                assert!(candle.closed);
                minutes.push(Kline::of(&candle));
            }
        }
    }
    let symbol: Symbol = "BTCUSDT".parse().unwrap();
    let running = engine.candles(&symbol, Interval::M1, 1).pop().unwrap();
    assert!(!running.closed, "nothing has ended the last minute");
    minutes.push(Kline::of(&running));

    let expected = derived(&folder);
    assert_eq!((minutes.len(), expected.len()), (1_440, 1_440));
    for (minute, (ours, theirs)) in minutes.iter().zip(&expected).enumerate() {
        assert_eq!(ours, theirs, "minute {minute}");
    }
    assert_eq!(feed.rows(), 863_403);
}
