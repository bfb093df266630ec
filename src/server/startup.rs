//! From configuration to a driver that is ready to run: opens feed and journal, brings the engine
//! back to where it was, and fills the hub.
//!
//! Invariant: what was journalled after the last snapshot is made again from the feed (of a live one,
//! from what was kept of it) and from the journalled commands, and must come out the same, byte for
//! byte. If it does not, the start fails and says at which input; nothing is overwritten.

mod recovery;
mod source;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use self::recovery::State;
use self::source::Source;
use super::clock::wall_time;
use super::config::{Config, Synchronous};
use super::driver::{Driver, Parts};
use super::feeder::Feeder;
use super::handle::EngineHandle;
use super::monitor::Monitor;
use super::projection::Projection;
use crate::domain::health::{FeedHealth, FeedState};
use crate::domain::{Inference, InferenceRequest, Instrument, Seq, Symbol, TimeUs};
use crate::engine::Engine;
use crate::engine::config::EngineConfig;
use crate::feed::{FeedError, Speed, binance};
use crate::hub::{Hub, Item, Publisher, RING};
use crate::inference::{InferenceError, Runner};
use crate::store::{
    Durability, Identity, Journal, LogKey, Range, Reader, SnapshotBody, StoreError,
};
use crate::wire::{Content, Epoch, Topic, publication};

/// Requests that may wait for the engine.
const REQUESTS: usize = 1_024;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something must be configured otherwise.
    #[error("{0}")]
    Config(String),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the journal cannot be continued: input {seq} gives other events than it gave before the restart"
    )]
    Diverged { seq: Seq },
    #[error(
        "the journal cannot be continued: the feed ended at input {seq}, the journal reaches to {head}"
    )]
    FeedTooShort { seq: Seq, head: Seq },
    #[error("the newest snapshot cannot be read: {0}")]
    Snapshot(serde_json::Error),
    #[error("feed.exchange_info: {0}")]
    ExchangeInfo(#[from] binance::ExchangeInfoError),
    #[error(transparent)]
    Inference(#[from] InferenceError),
    #[error("no thread for the feed: {0}")]
    Thread(std::io::Error),
}

impl StartError {
    /// Whether the user must change something, rather than the machine.
    pub fn is_usage(&self) -> bool {
        if let Self::Feed(error) = self {
            return !matches!(error, FeedError::Unreachable { .. });
        }
        if let Self::Store(StoreError::Seal(error)) = self {
            return error.is_usage();
        }
        matches!(
            self,
            Self::Config(_)
                | Self::Inference(InferenceError::File { .. })
                | Self::ExchangeInfo(_)
                | Self::Store(
                    StoreError::OtherRun { .. }
                        | StoreError::OtherFormat { .. }
                        | StoreError::Locked { .. }
                )
        )
    }
}

fn engine_config(config: &Config, symbols: &[Symbol], instruments: &[Instrument]) -> EngineConfig {
    EngineConfig {
        symbols: symbols.to_vec(),
        instruments: instruments
            .iter()
            .map(|instrument| (instrument.symbol.clone(), instrument.clone()))
            .collect(),
        exchange: config.exchange.clone(),
        agent: config.agent.clone(),
        seed: config.feed.seed,
    }
}

/// All that runs, and the doors to it.
pub struct Started {
    pub driver: Driver,
    pub hub: Arc<Hub>,
    pub reader: Reader,
    pub handle: EngineHandle,
    pub monitor: Arc<Monitor>,
}

pub async fn start(config: &Config) -> Result<Started, StartError> {
    let source = Source::parse(&config.feed.source)?;
    let speed: Speed = config
        .feed
        .speed
        .parse()
        .map_err(|error| StartError::Config(format!("feed.speed: {error}")))?;
    // Opened once to learn what it is; the simulated one starts now, unless it is taken up again.
    let now = wall_time();
    let probe = match source.open(config, None, now, None).await {
        // What runs already goes on with what it knows; the feed tries to connect by itself.
        Err(StartError::Feed(error @ FeedError::Unreachable { .. }))
            if Journal::is_in(&config.store.data) =>
        {
            tracing::warn!(%error, "starting without the exchange's filters of today");
            source.open(config, None, now, Some(Vec::new())).await?
        }
        opened => opened?,
    };
    let mut instruments = probe.instruments();
    if let Some(file) = &config.feed.exchange_info
        && instruments.is_empty()
    {
        instruments = binance::read_exchange_info(file)?;
        instruments.retain(|instrument| probe.symbols().contains(&instrument.symbol));
    }
    let live = probe.link().is_some();
    let symbols = probe.symbols().to_vec();
    let identity = Identity {
        feed: probe.identity(),
        seed: config.feed.seed,
        symbols: symbols
            .iter()
            .map(Symbol::as_str)
            .collect::<Vec<_>>()
            .join(","),
    };
    let durability = match config.store.synchronous {
        Synchronous::Normal => Durability::Process,
        Synchronous::Full => Durability::Power,
    };
    let (mut journal, reader) = Journal::open(&config.store.data, &identity, durability).await?;
    let mut state = match reader.snapshot().await? {
        Some((seq, body)) => {
            let body: SnapshotBody<Engine> =
                serde_json::from_slice(&body).map_err(StartError::Snapshot)?;
            if instruments.is_empty() {
                instruments = body.engine.config().instruments.values().cloned().collect();
            }
            let known = Some(instruments.clone());
            let feed = source.open(config, body.cursor, now, known).await?;
            let mut state = State {
                engine: body.engine,
                feed,
                rows: body.rows,
                rejected_rows: body.rejected_rows,
            };
            reader
                .history(seq, |event| state.engine.restore(event))
                .await?;
            state.catch_up(&journal, &reader).await?;
            state
        }
        None => State {
            engine: Engine::new(engine_config(config, &symbols, &instruments)),
            feed: probe,
            rows: 0,
            rejected_rows: 0,
        },
    };
    // From here on the new configuration holds, so the next recovery must start here.
    state
        .engine
        .set_config(engine_config(config, &symbols, &instruments));
    journal.append(&state.opening_batch(&journal)?).await?;
    let signed = journal.newest_head().map(|head| head.key);
    let log_key = LogKey::open(&config.store.data, signed).map_err(StoreError::from)?;
    if signed.is_none() {
        journal.sign_head(&log_key, now).await?;
    }

    let hub = Arc::new(Hub::default());
    let mut publisher = Publisher::new(Arc::clone(&hub));
    fill_hub(&journal, &reader, &mut publisher).await?;
    let received = reader.last_received().await?.unwrap_or(now);
    let mut projection = Projection::new(config.streams.clone(), received);
    projection.discover(&state.engine, &mut publisher);
    publisher.publish(Vec::new(), state.engine.seq(), now);

    let monitor = Arc::new(Monitor::new(
        source.mode(),
        state.engine.seq(),
        FeedHealth {
            name: config.feed.source.clone(),
            state: if live {
                FeedState::Warming
            } else {
                FeedState::Running
            },
            symbols: symbols.clone(),
            market_time: (state.engine.now() != TimeUs::ZERO).then(|| state.engine.now()),
            received_at: None,
            rows: state.rows,
            rejected_rows: state.rejected_rows,
            speed: match speed {
                _ if live => Some(1.0),
                Speed::Max => None,
                Speed::Factor(factor) => Some(factor),
            },
            problem: None,
            link: None,
        },
        state.feed.link(),
    ));
    monitor.bots(state.engine.bots().cloned().collect());
    monitor.journal_written(journal.events());
    let (sender, requests) = mpsc::channel(REQUESTS);
    let (infer, answers) = inference(config)?;
    let handle = EngineHandle::new(sender, monitor.journal_writable());
    let mut driver = Driver::new(Parts {
        engine: state.engine,
        journal,
        publisher,
        hub: Arc::clone(&hub),
        monitor: Arc::clone(&monitor),
        projection,
        feeder: Feeder::start(state.feed, speed).map_err(StartError::Thread)?,
        requests,
        infer,
        answers,
        snapshot_every: Duration::from_millis(config.store.snapshot_ms.into()),
        log_key,
        head_every: Duration::from_millis(config.store.head_ms.into()),
        rows: (state.rows, state.rejected_rows),
        live,
        unseen: symbols
            .iter()
            .filter(|_| live)
            .cloned()
            .collect::<BTreeSet<_>>(),
    });
    // Nobody is served before every topic has its value.
    driver.publish_due();
    Ok(Started {
        driver,
        hub,
        reader,
        handle,
        monitor,
    })
}

/// How a question reaches a model outside the core, and where its answer comes out.
type Inferences = (
    Box<dyn Fn(InferenceRequest) + Send>,
    mpsc::UnboundedReceiver<(Inference, TimeUs)>,
);

fn inference(config: &Config) -> Result<Inferences, InferenceError> {
    let models = &config.agent.models;
    let (sender, answers) = mpsc::unbounded_channel();
    let answered = move |answer| {
        // Nobody listens any more: the server shuts down.
        let _ = sender.send((answer, wall_time()));
    };
    let runner = Runner::start(&models.onnx, models.timeout(), Arc::new(answered))?;
    Ok((Box::new(move |request| runner.ask(request)), answers))
}

/// Makes the log topics with their latest publications, and `health`.
async fn fill_hub(
    journal: &Journal,
    reader: &Reader,
    publisher: &mut Publisher,
) -> Result<(), StartError> {
    publisher.create(&Topic::Health, Epoch(rand::random()), 0);
    for (topic, place) in journal.topics() {
        publisher.create(topic, place.epoch, place.offset);
        let first = place.offset.saturating_sub(RING as u64) + 1;
        let logged = reader
            .range(
                topic,
                Range {
                    first,
                    last: place.offset,
                },
            )
            .await?;
        let items = logged.into_iter().filter_map(|logged| {
            let (topic, data) = publication(&logged.record)?;
            Some(Item {
                topic,
                offset: Some(logged.place.offset),
                seq: logged.record.seq,
                t_source: Some(logged.record.time),
                t_received: logged.received,
                data: Content::Event(data),
            })
        });
        publisher.fill(items.collect());
    }
    Ok(())
}
