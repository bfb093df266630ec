//! The sealed log from outside: nothing of a bundle or a database can be changed unnoticed, what REST
//! proves is proved, and a log goes on after a restart and after a kill.
//!
//! [`real`] is one log that the engine made of market data through a real journal; the tests alter copies
//! of it.

mod bundle;
mod database;
mod rest;

use std::path::Path;

use plainsight::audit::{Fault, FaultKind, Place};
use plainsight::domain::{Input, TimeUs};
use plainsight::engine::Engine;
use plainsight::engine::config::EngineConfig;
use plainsight::feed::{Feed as _, FeedItem, ReplayFeed, ReplayOptions};
use plainsight::seal::{LogEntry, SignedHead};
use plainsight::store::{Batch, Durability, Entry, Identity, Journal, LogKey};
use plainsight::wire::publication;
use serde_json::Value;

use crate::market;
use crate::program::{Ran, plainsight, run};

/// Rows of market data, and between two heads.
const ROWS: u64 = 5_400;
const ROWS_OF_A_HEAD: usize = 200;
/// Wall time of the first head, and from one to the next.
const FIRST_HEAD: TimeUs = TimeUs(1_800_000_000_000_000);
const MINUTE: i64 = 60_000_000;

/// Writes the log of an hour and a half of trading with a head of every few minutes into a directory.
async fn real(data: &Path) {
    let file = data.with_file_name("BTCUSDT-aggTrades.csv");
    std::fs::write(&file, market::agg_trades(ROWS)).unwrap();
    let mut feed = ReplayFeed::open(ReplayOptions {
        path: file,
        symbols: Vec::new(),
        resume: None,
    })
    .unwrap();
    let mut engine = Engine::new(EngineConfig {
        symbols: feed.symbols().to_vec(),
        ..EngineConfig::default()
    });
    let identity = Identity {
        feed: "test".into(),
        seed: 1,
        symbols: "BTCUSDT".into(),
    };
    let (mut journal, _) = Journal::open(data, &identity, Durability::Process)
        .await
        .unwrap();
    let key = LogKey::open(data, None).unwrap();
    let mut time = FIRST_HEAD;
    journal.sign_head(&key, time).await.unwrap();
    let mut batch = Batch::default();
    let mut rows = 0;
    while let Some(item) = feed.next() {
        let FeedItem::Market(event) = item else {
            continue;
        };
        let seq = engine.seq().next();
        let records = engine.process(seq, &Input::Market(event)).records;
        batch
            .entries
            .extend(records.into_iter().map(|record| Entry {
                published: publication(&record),
                received: record.time,
                record,
            }));
        batch.head = seq;
        rows += 1;
        if rows % ROWS_OF_A_HEAD == 0 {
            journal.append(&std::mem::take(&mut batch)).await.unwrap();
            time = time.plus(MINUTE);
            journal.sign_head(&key, time).await.unwrap();
        }
    }
    journal.append(&batch).await.unwrap();
    journal.sign_head(&key, time.plus(MINUTE)).await.unwrap();
    journal.close().await.unwrap();
}

/// `plainsight export` to its end.
fn export(data: &Path, bundle: &Path, more: &[&str]) -> Ran {
    let mut command = plainsight(["export", "--data"]);
    command.arg(data).args(more).arg(bundle);
    run(command)
}

/// `plainsight verify` to its end.
fn verify(what: &[&str]) -> Ran {
    run(plainsight(
        ["verify"].into_iter().chain(what.iter().copied()),
    ))
}

/// Whether a fault is told of this entry.
fn names_entry(fault: &Fault, entry: u64, line: u64) -> bool {
    match &fault.place {
        Place::Entry(index) => *index == entry,
        Place::Entries(first, last) => (*first..=*last).contains(&entry),
        Place::Line { file, line: at } => *file == "entries.jsonl" && *at == line,
        Place::Node { level, index } => entry >> level == *index,
        _ => false,
    }
}

fn kinds(faults: &[Fault]) -> Vec<FaultKind> {
    faults.iter().map(|fault| fault.kind).collect()
}

/// The kind of an entry: `decision`, `order` or `fill`.
fn kind_of(entry: &LogEntry) -> String {
    let value: Value = serde_json::from_str(&entry.canonical).unwrap();
    value["event"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone()
}

/// A value in which one bit of one byte of a text is another one.
fn flipped(text: &str, byte: usize, bit: u32) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = byte % bytes.len();
    bytes[at] ^= 1_u8 << (bit % 8);
    bytes
}

/// The heads and the entries of a log, as its lines.
#[derive(Clone)]
struct Lines {
    manifest: Value,
    entries: Vec<LogEntry>,
    heads: Vec<SignedHead>,
}
