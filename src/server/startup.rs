//! From configuration to a driver that is ready to run: opens feed and journal, brings the engine
//! back to where it was, and fills the hub.
//!
//! Invariant: what was journalled after the last snapshot is made again from the feed and from the
//! journalled commands, and must come out the same, byte for byte. If it does not, the start fails
//! and says at which input; nothing is overwritten.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::clock::wall_time;
use super::config::{Config, Synchronous};
use super::driver::{Driver, Parts, log_topics};
use super::feeder::Feeder;
use super::handle::EngineHandle;
use super::monitor::Monitor;
use super::projection::Projection;
use crate::domain::health::{FeedHealth, FeedState};
use crate::domain::{Input, Mode, Seq, Symbol, TimeUs};
use crate::engine::Engine;
use crate::engine::config::EngineConfig;
use crate::engine::eventlog::canonical;
use crate::feed::{
    Cursor, Feed, FeedItem, ReplayFeed, ReplayOptions, SimulatedFeed, SimulatedOptions, Speed,
};
use crate::hub::{Hub, Item, Publisher, RING};
use crate::store::{
    Batch, Durability, Identity, Journal, Range, Reader, Snapshot, SnapshotBody, StoreError,
};
use crate::wire::{Epoch, Topic, publication};

/// Requests that may wait for the engine.
const REQUESTS: usize = 1_024;
/// Symbols of the simulated market, where none are asked for.
const SIMULATED: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something must be configured otherwise.
    #[error("{0}")]
    Config(String),
    #[error(transparent)]
    Feed(#[from] crate::feed::FeedError),
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
    #[error("no thread for the feed: {0}")]
    Thread(std::io::Error),
}

impl StartError {
    /// Whether the user must change something, rather than the machine.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Config(_)
                | Self::Feed(_)
                | Self::Store(StoreError::OtherRun { .. } | StoreError::Locked { .. })
        )
    }
}

/// Where prices come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Simulated,
    Replay(PathBuf),
}

impl Source {
    fn parse(text: &str) -> Result<Self, StartError> {
        match text.split_once(':') {
            None if text == "simulated" => Ok(Self::Simulated),
            None if text == "binance" => Err(StartError::Config(
                "the feed binance is not built yet: use simulated or replay:PATH".to_owned(),
            )),
            Some(("replay", path)) if !path.is_empty() => Ok(Self::Replay(PathBuf::from(path))),
            _ => Err(StartError::Config(format!(
                "unknown feed {text:?}: use simulated or replay:PATH"
            ))),
        }
    }

    fn mode(&self) -> Mode {
        match self {
            Self::Simulated => Mode::Sim,
            Self::Replay(_) => Mode::Replay,
        }
    }

    fn open(
        &self,
        config: &Config,
        resume: Option<Cursor>,
        start: TimeUs,
    ) -> Result<Box<dyn Feed>, StartError> {
        let symbols = config.feed.symbols.clone();
        Ok(match self {
            Self::Simulated => {
                let symbols = if symbols.is_empty() {
                    SIMULATED
                        .iter()
                        .filter_map(|symbol| symbol.parse().ok())
                        .collect()
                } else {
                    symbols
                };
                Box::new(SimulatedFeed::new(SimulatedOptions {
                    symbols,
                    seed: config.feed.seed,
                    start,
                    resume,
                })?)
            }
            Self::Replay(path) => Box::new(ReplayFeed::open(ReplayOptions {
                path: path.clone(),
                symbols,
                resume,
            })?),
        })
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
    let probe = source.open(config, None, now)?;
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
    let engine_config = EngineConfig {
        symbols: symbols.clone(),
        instruments: BTreeMap::new(),
        exchange: config.exchange.clone(),
        agent: config.agent.clone(),
    };
    let mut state = match reader.snapshot().await? {
        Some((seq, body)) => {
            let body: SnapshotBody<Engine> =
                serde_json::from_slice(&body).map_err(StartError::Snapshot)?;
            let feed = source.open(config, body.cursor, now)?;
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
            engine: Engine::new(engine_config.clone()),
            feed: probe,
            rows: 0,
            rejected_rows: 0,
        },
    };
    // From here on the new configuration holds, so the next recovery must start here.
    state.engine.set_config(engine_config);
    journal.append(&state.opening_batch(&journal)?).await?;

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
            state: FeedState::Running,
            symbols: symbols.clone(),
            market_time: (state.engine.now() != TimeUs::ZERO).then(|| state.engine.now()),
            received_at: None,
            rows: state.rows,
            rejected_rows: state.rejected_rows,
            speed: match speed {
                Speed::Max => None,
                Speed::Factor(factor) => Some(factor),
            },
            problem: None,
        },
    ));
    monitor.bots(state.engine.bots().cloned().collect());
    monitor.journal_written(journal.events());
    let (sender, requests) = mpsc::channel(REQUESTS);
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
        snapshot_every: Duration::from_millis(config.store.snapshot_ms.into()),
        rows: (state.rows, state.rejected_rows),
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

/// The engine with its feed, as they are brought back.
struct State {
    engine: Engine,
    feed: Box<dyn Feed>,
    rows: u64,
    rejected_rows: u64,
}

impl State {
    /// Makes everything between the snapshot and the journal's head again and holds it against the
    /// journal.
    async fn catch_up(&mut self, journal: &Journal, reader: &Reader) -> Result<(), StartError> {
        let from = self.engine.seq();
        let mut commands: VecDeque<(Seq, Input)> = reader.commands(from).await?.into();
        let mut tail = VecDeque::new();
        reader
            .events_after(from, |seq, line| tail.push_back((seq, line)))
            .await?;
        while self.engine.seq() < journal.head() {
            let seq = self.engine.seq().next();
            let input = match commands.pop_front_if(|(at, _)| *at == seq) {
                Some((_, input)) => input,
                None => self.next_input().ok_or(StartError::FeedTooShort {
                    seq,
                    head: journal.head(),
                })?,
            };
            for record in self.engine.process(seq, &input).records {
                let same = match (tail.pop_front(), canonical(&record)) {
                    (Some((at, line)), Ok(made)) => at == seq && line == made,
                    _ => false,
                };
                if !same {
                    return Err(StartError::Diverged { seq });
                }
            }
            if tail.front().is_some_and(|(at, _)| *at <= seq) {
                return Err(StartError::Diverged { seq });
            }
        }
        tracing::info!(
            inputs = self.engine.seq().0 - from.0,
            seq = self.engine.seq().0,
            "recovered from the journal"
        );
        Ok(())
    }

    fn next_input(&mut self) -> Option<Input> {
        Some(match self.feed.next()? {
            FeedItem::Market(event) => {
                self.rows += 1;
                Input::Market(event)
            }
            FeedItem::Notice(notice) => {
                self.rejected_rows += u64::from(notice.is_refusal());
                Input::Notice(notice)
            }
        })
    }

    /// A snapshot of where we are, and the log topics that must be there.
    fn opening_batch(&self, journal: &Journal) -> Result<Batch, StartError> {
        let body = SnapshotBody {
            engine: &self.engine,
            cursor: Some(self.feed.cursor()),
            rows: self.rows,
            rejected_rows: self.rejected_rows,
        };
        let body = serde_json::to_vec(&body).map_err(StartError::Snapshot)?;
        let seq = self.engine.seq();
        Ok(Batch {
            topics: log_topics(&self.engine)
                .filter(|topic| journal.place(topic).is_none())
                .collect(),
            head: seq,
            snapshot: Some(Snapshot {
                seq,
                created: wall_time(),
                body,
            }),
            ..Batch::default()
        })
    }
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
            let (topic, data) = publication(&logged.record.event)?;
            Some(Item {
                topic,
                delta: false,
                offset: Some(logged.place.offset),
                seq: logged.record.seq,
                t_source: Some(logged.record.time),
                t_received: logged.received,
                data,
            })
        });
        publisher.fill(items.collect());
    }
    Ok(())
}
