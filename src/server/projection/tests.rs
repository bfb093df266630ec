//! What deltas save: twenty minutes of the recorded day, published at the configured cadence in market
//! time. Each publication is written as it goes out and once more whole, as a snapshot.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::domain::{Input, MarketEvent};
use crate::engine::config::EngineConfig;
use crate::feed::{Feed as _, FeedItem, ReplayFeed, ReplayOptions};
use crate::hub::Hub;
use crate::recorded::recorded;
use crate::wire::Stream;

/// How much of the day, µs. It is busy enough, and 1 s candles are as many as are shown.
const SPAN: i64 = 20 * 60 * 1_000_000;

/// Counts what is written to it.
#[derive(Default)]
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bytes(value: &impl serde::Serialize) -> usize {
    let mut count = Count::default();
    serde_json::to_writer(&mut count, value).unwrap();
    count.0
}

/// Of one stream: publications, and bytes of their data as it went out, whole, and in postcard.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    publications: usize,
    sent: usize,
    whole: usize,
    binary: usize,
}

#[test]
fn deltas_are_a_fraction_of_what_snapshots_would_be() {
    let Some(folder) = recorded("binance_aggtrades_btcusdt_20240101") else {
        return;
    };
    let mut feed = ReplayFeed::open(ReplayOptions {
        path: folder.join("BTCUSDT-aggTrades-2024-01-01.zip"),
        ..ReplayOptions::default()
    })
    .unwrap();
    let mut engine = Engine::new(EngineConfig {
        symbols: feed.symbols().to_vec(),
        ..EngineConfig::default()
    });
    let mut publisher = Publisher::new(Arc::new(Hub::default()));
    let mut projection = Projection::new(StreamsConfig::default(), TimeUs::ZERO);
    let mut copies: BTreeMap<Topic, Payload> = BTreeMap::new();
    let mut told: BTreeMap<Stream, Told> = BTreeMap::new();
    let (begin, mut first, mut next_look) = (Instant::now(), None, TimeUs::ZERO);
    while let Some(FeedItem::Market(event)) = feed.next() {
        let (symbol, time) = (event.symbol().clone(), MarketEvent::time(&event));
        let first = *first.get_or_insert(time);
        if time.since(first) > SPAN {
            break;
        }
        engine.process(engine.seq().next(), &Input::Market(event));
        projection.discover(&engine, &mut publisher);
        projection.touch(&symbol, time);
        if time < next_look {
            continue;
        }
        next_look = time.plus(10_000);
        let elapsed = Duration::from_micros(u64::try_from(time.since(first)).unwrap());
        for item in projection.collect(&engine, begin + elapsed) {
            let copy = match (&item.data, copies.get_mut(&item.topic)) {
                (Content::Delta(delta), Some(copy)) => {
                    copy.apply(delta.clone()).unwrap();
                    copy
                }
                (Content::Snapshot(whole), _) => {
                    copies.insert(item.topic.clone(), whole.clone());
                    &copies[&item.topic]
                }
                other => panic!("{other:?}"),
            };
            assert_shows(&engine, &item.topic, copy);
            let told = told.entry(item.topic.stream()).or_default();
            told.publications += 1;
            told.sent += bytes(&item.data);
            told.whole += bytes(copy);
            told.binary += ::postcard::to_allocvec(&item.data).unwrap().len();
        }
    }
    let (mut all, mut small) = (Told::default(), Told::default());
    for (stream, told) in &told {
        show(stream.as_str(), told);
        all.add(told);
        // Five hundred candles of which one moves would hide the rest.
        if *stream != Stream::Candles {
            small.add(told);
        }
    }
    show("no candles", &small);
    show("all", &all);
    assert!(all.publications > 10_000, "{all:?}");
    for sum in [all, small] {
        assert!(sum.sent * 100 <= sum.whole * 15, "{sum:?}");
    }
}

impl Told {
    fn add(&mut self, other: &Self) {
        self.publications += other.publications;
        self.sent += other.sent;
        self.whole += other.whole;
        self.binary += other.binary;
    }
}

/// Who follows by deltas shows what the engine shows, to the last digit.
fn assert_shows(engine: &Engine, topic: &Topic, copy: &Payload) {
    let text = |value: &Payload| serde_json::to_string(value).unwrap();
    let own = match topic {
        Topic::Market(symbol) => Payload::Market(Box::new(engine.ticker(symbol).unwrap())),
        Topic::Portfolio(bot) => Payload::Portfolio(Box::new(engine.portfolio(bot).unwrap())),
        Topic::Positions(bot) => Payload::Positions(engine.positions(bot).unwrap()),
        Topic::Candles(symbol, interval) => {
            let Payload::Candles(rows) = copy else {
                panic!("{topic}");
            };
            assert_eq!(rows.last(), engine.candles(symbol, *interval, 1).last());
            return;
        }
        _ => return,
    };
    assert_eq!(text(copy), text(&own), "{topic}");
}

fn show(name: &str, told: &Told) {
    println!(
        "{name:<12} {:>6} publications {:>11} B of JSON deltas = {:>6.2} % of {:>12} B whole; {:>11} B in postcard",
        told.publications,
        told.sent,
        100.0 * told.sent as f64 / told.whole as f64,
        told.whole,
        told.binary,
    );
}
