//! The sealed log: what sealing one entry costs, and how long proofs take in a log of a million entries,
//! from the store's own file.
//!
//! `SEAL_BENCH_ENTRIES` makes the log smaller, for a look that does not take long.

#![allow(clippy::expect_used)] // a bench that cannot begin has nothing to say

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput};
use plainsight::domain::{
    BotCommand, BotId, Decimal, Input, MarketEvent, MarketTrade, NewOrder, Record, Side, Symbol,
    TimeUs,
};
use plainsight::engine::Engine;
use plainsight::engine::config::EngineConfig;
use plainsight::engine::eventlog::canonical;
use plainsight::seal::{Frontier, is_sealed, leaf_hash};
use plainsight::store::{Durability, Identity, Journal, Reader};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, QueryBuilder};
use tokio::runtime::Runtime;

const ENTRIES: u64 = 1_000_000;
/// Rows of one statement while the log is made.
const ROWS: u64 = 500;

/// An order as the engine gives it.
fn record() -> Record {
    let symbol: Symbol = "BTCUSDT".parse().expect("a symbol");
    let mut engine = Engine::new(EngineConfig {
        symbols: vec![symbol.clone()],
        ..EngineConfig::default()
    });
    let print = Input::Market(MarketEvent::Trade(MarketTrade {
        symbol: symbol.clone(),
        id: 1,
        price: Decimal::new(42_000, 0),
        quantity: Decimal::ONE,
        count: 1,
        taker: Side::Buy,
        time: TimeUs(1_700_000_000_000_000),
    }));
    let _ = engine.process(engine.seq().next(), &print);
    let order = Input::Bot {
        bot: BotId::paper(),
        command: Box::new(BotCommand::SubmitOrder(NewOrder::market(
            symbol,
            Side::Buy,
            Decimal::new(1, 3),
        ))),
    };
    let mut records = engine
        .process(engine.seq().next(), &order)
        .records
        .into_iter();
    let sealed = records.find(|record| is_sealed(&record.event));
    sealed.expect("an order is an entry")
}

fn sealing(criterion: &mut Criterion) {
    let record = record();
    let text = canonical(&record).expect("it has a canonical form");
    let mut group = criterion.benchmark_group("seal_entry");
    group.throughput(Throughput::Elements(1));
    let mut frontier = Frontier::default();
    group.bench_function("canonical_hash_frontier", |bencher| {
        bencher.iter(|| {
            let text = canonical(black_box(&record)).expect("it has a canonical form");
            black_box(frontier.append(leaf_hash(&text)))
        });
    });
    let mut frontier = Frontier::default();
    group.bench_function("hash_frontier", |bencher| {
        bencher.iter(|| black_box(frontier.append(leaf_hash(black_box(&text)))));
    });
    group.finish();
}

/// The tables of a log of so many entries, made without the events that nobody reads here.
async fn fill(directory: &Path, entries: u64) {
    let identity = Identity {
        feed: "bench".to_owned(),
        seed: 1,
        symbols: "BTCUSDT".to_owned(),
    };
    let opened = Journal::open(directory, &identity, Durability::Process).await;
    let (journal, _) = opened.expect("a journal");
    journal.close().await.expect("it closes");
    let options = SqliteConnectOptions::new().filename(directory.join("plainsight.db"));
    let connected = SqliteConnection::connect_with(&options).await;
    let mut connection = connected.expect("a database");
    let mut transaction = connection.begin().await.expect("a transaction");
    let mut frontier = Frontier::default();
    for begin in (0..entries).step_by(ROWS as usize) {
        let range = begin..(begin + ROWS).min(entries);
        let mut query = QueryBuilder::new("INSERT INTO log_entries (idx, seq, event) ");
        query.push_values(range.clone(), |mut row, index| {
            let index = index.cast_signed();
            row.push_bind(index).push_bind(index).push_bind(0);
        });
        let done = query.build().execute(&mut *transaction).await;
        done.expect("entries are inserted");
        let nodes = range.flat_map(|index| frontier.append(leaf_hash(&index.to_le_bytes())));
        let mut query = QueryBuilder::new("INSERT INTO log_nodes (level, idx, hash) ");
        query.push_values(nodes, |mut row, node| {
            row.push_bind(i64::from(node.level));
            row.push_bind(node.index.cast_signed());
            row.push_bind(node.hash.0.to_vec());
        });
        let done = query.build().execute(&mut *transaction).await;
        done.expect("nodes are inserted");
    }
    transaction.commit().await.expect("it is committed");
    connection.close().await.expect("it closes");
}

fn proofs(criterion: &mut Criterion) {
    let asked = std::env::var("SEAL_BENCH_ENTRIES").ok();
    let entries = asked.map_or(ENTRIES, |text| text.parse().expect("a number of entries"));
    let directory = tempfile::tempdir().expect("a directory");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(fill(directory.path(), entries));
    let size = std::fs::metadata(directory.path().join("plainsight.db"));
    let size = size.map_or(0, |file| file.len());
    println!("{entries} entries: {} bytes each", size / entries);
    let reader = runtime.block_on(Reader::open(directory.path()));
    let reader = reader.expect("a journal to read");
    let mut group = criterion.benchmark_group("proof");
    let mut at = 0_u64;
    // Not the neighbours of what was asked for last.
    let mut next = move || {
        at = (at + 7_919 * 104_729) % (entries - 1);
        at
    };
    group.bench_function("inclusion", |bencher| {
        bencher.iter(|| {
            let proof = runtime.block_on(reader.inclusion_proof(next(), entries - 1));
            black_box(proof.expect("it is read").expect("it is there"))
        });
    });
    group.bench_function("consistency", |bencher| {
        bencher.iter(|| {
            let proof = runtime.block_on(reader.consistency_proof(next() + 1, entries));
            black_box(proof.expect("it is read").expect("it is there"))
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    sealing(&mut criterion);
    proofs(&mut criterion);
    criterion.final_summary();
}
