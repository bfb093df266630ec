//! `plainsight replay`: the engine over recorded data, without a journal or a server.

mod report;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Failure;
use super::args::ReplayArgs;
use crate::domain::{BotId, Decimal, Event, Input, MarketEvent, Outcome, Record, Symbol, TimeUs};
use crate::engine::Engine;
use crate::engine::config::EngineConfig;
use crate::engine::eventlog::{EventLogHash, canonical};
use crate::feed::{Feed as _, FeedItem, Pacer, ReplayFeed, ReplayOptions};
use crate::inference::Runner;
use crate::seal::{Frontier, Hash, is_sealed, leaf_hash};
use crate::server::config::Config;

/// What is printed, one JSON object.
#[derive(Debug, Serialize)]
struct Summary {
    rows: u64,
    rejected_rows: u64,
    first_time: Option<TimeUs>,
    last_time: Option<TimeUs>,
    symbols: BTreeMap<Symbol, Day>,
    decisions: u64,
    fills: u64,
    final_equity: Option<Decimal>,
    event_log_hash: String,
    /// Entries of the sealed log, and its root.
    log_size: u64,
    log_root: Hash,
    elapsed_s: f64,
}

/// All prints of a symbol as one candle.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Day {
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
    base_volume: Decimal,
}

impl Day {
    fn add(days: &mut BTreeMap<Symbol, Self>, event: &MarketEvent) {
        let (symbol, open, high, low, close, volume) = match event {
            MarketEvent::Trade(trade) => (
                &trade.symbol,
                trade.price,
                trade.price,
                trade.price,
                trade.price,
                trade.quantity,
            ),
            MarketEvent::Bar(bar) => (
                &bar.symbol,
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                bar.volume,
            ),
            MarketEvent::Book(_) | MarketEvent::Day(_) | MarketEvent::Reference { .. } => return,
        };
        match days.get_mut(symbol) {
            Some(day) => {
                day.high = day.high.max(high);
                day.low = day.low.min(low);
                day.close = close;
                day.base_volume += volume;
            }
            None => {
                days.insert(
                    symbol.clone(),
                    Self {
                        open,
                        high,
                        low,
                        close,
                        base_volume: volume,
                    },
                );
            }
        }
    }
}

/// What the events sum up to, and their hash. Runs beside the engine: batches go in by a channel.
struct Ledger {
    hash: EventLogHash,
    log: Frontier,
    file: Option<BufWriter<File>>,
    decisions: u64,
    fills: u64,
}

impl Ledger {
    fn add(&mut self, record: &Record) -> Result<(), Failure> {
        match &record.event {
            Event::Decision(decision) if decision.outcome == Outcome::Pending => {
                self.decisions += 1;
            }
            Event::Fill(_) => self.fills += 1,
            _ => {}
        }
        let line =
            canonical(record).map_err(|error| Failure::Failed(format!("event log: {error}")))?;
        self.hash.add(&line);
        if is_sealed(&record.event) {
            self.log.append(leaf_hash(&line));
        }
        if let Some(file) = &mut self.file {
            let written = file.write_all(&line).and_then(|()| file.write_all(b"\n"));
            written.map_err(|error| Failure::Failed(format!("event log: {error}")))?;
        }
        Ok(())
    }

    fn close(mut self) -> Result<Self, Failure> {
        if let Some(file) = &mut self.file {
            file.flush()
                .map_err(|error| Failure::Failed(format!("event log: {error}")))?;
        }
        Ok(self)
    }
}

/// Events that go to the ledger at once, and how many such batches may wait.
const BATCH: usize = 1_024;
const WAITING: usize = 16;
/// Rows between two looks at the progress.
const PROGRESS_ROWS: u64 = 8_192;

/// Runs the replay and prints its summary on standard output.
pub fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let config =
        Config::load(args.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()))?;
    let options = ReplayOptions {
        path: args.path.clone(),
        symbols: args.symbols.clone(),
        resume: None,
    };
    let mut feed = ReplayFeed::open(options).map_err(|error| Failure::Usage(error.to_string()))?;
    let file = match &args.events {
        Some(path) => {
            Some(BufWriter::new(File::create(path).map_err(|error| {
                Failure::Usage(format!("{}: {error}", path.display()))
            })?))
        }
        None => None,
    };
    let mut ledger = Ledger {
        hash: EventLogHash::default(),
        log: Frontier::default(),
        file,
        decisions: 0,
        fills: 0,
    };

    let mut engine = Engine::new(EngineConfig {
        symbols: feed.symbols().to_vec(),
        instruments: BTreeMap::new(),
        exchange: config.exchange,
        agent: config.agent,
        seed: args.seed,
    });
    let models = &engine.config().agent.models;
    let runner = Runner::start(&models.onnx, models.timeout(), Arc::new(|_| {}))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let mut pacer = Pacer::new(args.speed);
    let bar = progress_bar(feed.progress().1);
    let mut days = BTreeMap::new();
    let (mut first_time, mut last_time) = (None, None);

    let (sender, receiver) = std::sync::mpsc::sync_channel::<Vec<Record>>(WAITING);
    let ledger = thread::scope(|scope| {
        let counting = scope.spawn(move || {
            for batch in receiver {
                for record in &batch {
                    ledger.add(record)?;
                }
            }
            ledger.close()
        });
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(item) = feed.next() {
            let input = match item {
                FeedItem::Market(event) => {
                    let wait = pacer.due(event.time(), Instant::now());
                    if !wait.is_zero() {
                        thread::sleep(wait);
                    }
                    Day::add(&mut days, &event);
                    first_time.get_or_insert(event.time());
                    last_time = Some(event.time());
                    Input::Market(event)
                }
                FeedItem::Notice(notice) => {
                    bar.suspend(|| tell(&notice));
                    Input::Notice(notice)
                }
            };
            process(&mut engine, &input, &runner, &mut batch);
            if batch.len() >= BATCH && sender.send(std::mem::take(&mut batch)).is_err() {
                break; // The ledger failed; joining it tells why.
            }
            if feed.rows() % PROGRESS_ROWS == 0 {
                bar.set_position(feed.progress().0);
                bar.set_message(feed.rows().to_string());
            }
        }
        process(&mut engine, &Input::Ended, &runner, &mut batch);
        // If the ledger is gone, joining it tells why.
        let _ = sender.send(batch);
        drop(sender);
        counting.join().unwrap_or_else(|_| {
            Err(Failure::Failed(
                "the event log's thread panicked".to_owned(),
            ))
        })
    })?;
    bar.finish_and_clear();

    for day in days.values_mut() {
        day.base_volume = day.base_volume.normalize();
    }
    let summary = Summary {
        rows: feed.rows(),
        rejected_rows: feed.rejected_rows(),
        first_time,
        last_time,
        symbols: days,
        decisions: ledger.decisions,
        fills: ledger.fills,
        final_equity: engine
            .portfolio(&BotId::paper())
            .map(|portfolio| portfolio.equity),
        event_log_hash: ledger.hash.finish(),
        log_size: ledger.log.size(),
        log_root: ledger.log.root(),
        elapsed_s: started.elapsed().as_secs_f64(),
    };
    if args.report {
        if let Some(models) = engine.models(&BotId::paper()) {
            println!("{}", report::report(&models));
        }
        println!("rows {}", summary.rows);
        println!("event_log_hash {}", summary.event_log_hash);
        println!("log_size {}", summary.log_size);
        println!("log_root {}", summary.log_root);
        return Ok(());
    }
    let text =
        serde_json::to_string(&summary).map_err(|error| Failure::Failed(error.to_string()))?;
    println!("{text}");
    Ok(())
}

/// Processes an input, and the answers of the models that it made the engine ask: nobody waits for a
/// replay, so it waits for them.
fn process(engine: &mut Engine, input: &Input, runner: &Runner, records: &mut Vec<Record>) {
    let processed = engine.process(engine.seq().next(), input);
    records.extend(processed.records);
    for request in processed.asks {
        let answer = Input::Inference(runner.answer(&request));
        let answered = engine.process(engine.seq().next(), &answer);
        records.extend(answered.records);
    }
}

fn tell(notice: &crate::domain::FeedNotice) {
    match notice.line {
        Some(line) => eprintln!("{}:{line}: {}", notice.source, notice.message),
        None => eprintln!("{}: {}", notice.source, notice.message),
    }
}

/// Bytes of the files as they are read, on a terminal; hidden elsewhere.
fn progress_bar(bytes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    let template = "{bar:30} {percent:>3} %  {msg} rows  {elapsed} (eta {eta})";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
