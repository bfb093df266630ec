//! The one actor: takes inputs from the feed and from people, lets the engine process them, commits
//! what came of it, and only then publishes. It owns engine, journal and publisher.
//!
//! While the journal cannot be written the actor stands still: nothing is processed, nothing is
//! published but `health`, and the same batch is tried again each second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::clock::wall_time;
use super::feeder::{FeedBatch, Feeder};
use super::handle::{Answer, Request};
use super::monitor::{Counters, Monitor};
use super::projection::Projection;
use crate::domain::health::FeedState;
use crate::domain::{BotCommand, Input, Rejection, Severity, TimeUs};
use crate::engine::{Accepted, Engine};
use crate::feed::{Cursor, FeedItem};
use crate::hub::{Hub, Item, Publisher};
use crate::store::{Batch, Entry, Journal, Place, Snapshot, SnapshotBody};
use crate::wire::{Class, Payload, Topic, publication};

/// Between two tries to write the journal.
const RETRY: Duration = Duration::from_secs(1);
/// Between two publications of `health`.
const HEALTH: Duration = Duration::from_secs(1);
/// Requests that are taken into one batch.
const REQUESTS: usize = 256;

/// What the driver works with.
pub struct Parts {
    pub engine: Engine,
    pub journal: Journal,
    pub publisher: Publisher,
    pub hub: Arc<Hub>,
    pub monitor: Arc<Monitor>,
    pub projection: Projection,
    pub feeder: Feeder,
    pub requests: mpsc::Receiver<Request>,
    pub snapshot_every: Duration,
    /// Rows given and refused before this start.
    pub rows: (u64, u64),
}

pub struct Driver {
    parts: Parts,
    rows: u64,
    rejected_rows: u64,
    last_snapshot: Instant,
    last_health: Option<Instant>,
    feed_ended: bool,
}

/// A batch in the making, with those who wait for its answers.
#[derive(Default)]
struct Gathered {
    batch: Batch,
    answers: Vec<(Answer, tokio::sync::oneshot::Sender<Answer>)>,
    /// Arrival of its oldest item.
    received: Option<TimeUs>,
    cursor: Option<Cursor>,
}

impl Driver {
    pub fn new(parts: Parts) -> Self {
        let (rows, rejected_rows) = parts.rows;
        Self {
            parts,
            rows,
            rejected_rows,
            last_snapshot: Instant::now(),
            last_health: None,
            feed_ended: false,
        }
    }

    /// Runs until `shutdown`, then takes a last snapshot and closes the journal.
    pub async fn run(mut self, shutdown: CancellationToken) {
        self.publish_due();
        while !shutdown.is_cancelled() {
            let mut gathered = Gathered::default();
            let pause = self.pause();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(request) = self.parts.requests.recv() => self.take_request(request, &mut gathered),
                batch = self.parts.feeder.batches.recv(), if !self.feed_ended => match batch {
                    Some(batch) => self.take_feed(batch, &mut gathered),
                    None => self.feed_died(),
                },
                () = tokio::time::sleep(pause) => {}
            }
            for _ in 0..REQUESTS {
                match self.parts.requests.try_recv() {
                    Ok(request) => self.take_request(request, &mut gathered),
                    Err(_) => break,
                }
            }
            if !self.settle(gathered, &shutdown).await {
                break;
            }
        }
        self.finish().await;
    }

    /// How long nothing may happen before something of our own is due.
    fn pause(&self) -> Duration {
        let now = Instant::now();
        let health = self.last_health.map_or(Duration::ZERO, |last| {
            (last + HEALTH).saturating_duration_since(now)
        });
        self.parts
            .projection
            .next_due(now)
            .map_or(health, |due| due.min(health))
    }

    fn take_feed(&mut self, batch: FeedBatch, gathered: &mut Gathered) {
        gathered.received.get_or_insert(batch.received);
        Counters::add(
            &self.parts.monitor.counters.inputs,
            batch.items.len() as u64,
        );
        for item in batch.items {
            let input = match item {
                FeedItem::Market(event) => {
                    self.rows += 1;
                    self.parts.projection.touch(event.symbol(), batch.received);
                    Input::Market(event)
                }
                FeedItem::Notice(notice) => {
                    self.rejected_rows += u64::from(notice.is_refusal());
                    Input::Notice(notice)
                }
            };
            // Market data is never refused.
            let _ = self.process(&input, batch.received, gathered);
        }
        self.feed_ended = batch.ended;
        gathered.cursor = batch.cursor;
        let (rows, rejected_rows) = (self.rows, self.rejected_rows);
        let market_time = self.parts.engine.now();
        self.parts.monitor.feed(|feed| {
            feed.rows = rows;
            feed.rejected_rows = rejected_rows;
            feed.market_time = Some(market_time);
            feed.received_at = Some(batch.received);
            feed.state = if batch.ended {
                FeedState::Ended
            } else {
                FeedState::Running
            };
        });
    }

    fn feed_died(&mut self) {
        self.feed_ended = true;
        if self.parts.feeder.has_panicked() {
            self.parts.monitor.task_panicked("feed");
        }
        self.parts.monitor.feed(|feed| {
            feed.state = FeedState::Halted;
            feed.problem = Some("its thread has ended".to_owned());
        });
    }

    fn take_request(&mut self, request: Request, gathered: &mut Gathered) {
        // Whoever asked was told that it cannot be done: then it must not be done later.
        if request.reply.is_closed() {
            return;
        }
        gathered.received.get_or_insert(request.received);
        let mut answers = Vec::with_capacity(request.commands.len());
        for command in request.commands {
            let kind = report_kind(&command);
            let input = Input::Bot {
                bot: request.bot.clone(),
                command: Box::new(command),
            };
            let answer = self.process(&input, request.received, gathered);
            let seq = self.parts.engine.seq();
            if let (Ok(Accepted::Recorded { id }), Some(kind)) = (&answer, kind) {
                gathered
                    .batch
                    .reports
                    .push((request.bot.to_string(), kind, id.clone()));
            }
            gathered.batch.commands.push((seq, request.received, input));
            answers.push(answer);
        }
        self.parts
            .projection
            .touch_bot(&request.bot, request.received);
        let answer = Answer {
            seq: self.parts.engine.seq(),
            results: answers,
        };
        gathered.answers.push((answer, request.reply));
    }

    fn process(
        &mut self,
        input: &Input,
        received: TimeUs,
        gathered: &mut Gathered,
    ) -> Result<Accepted, Rejection> {
        let seq = self.parts.engine.seq().next();
        let processed = self.parts.engine.process(seq, input);
        gathered.batch.head = seq;
        gathered
            .batch
            .entries
            .extend(processed.records.into_iter().map(|record| Entry {
                published: publication(&record.event),
                received,
                record,
            }));
        processed.reply
    }

    /// Commits and publishes what was gathered. False where a shutdown came while the journal could
    /// not be written.
    async fn settle(&mut self, gathered: Gathered, shutdown: &CancellationToken) -> bool {
        let mut next = Some(gathered);
        while let Some(mut gathered) = next.take() {
            let Some(received) = gathered.received else {
                break;
            };
            let cursor = gathered.cursor.take();
            if cursor.is_some()
                && (self.feed_ended || self.last_snapshot.elapsed() >= self.parts.snapshot_every)
            {
                gathered.batch.snapshot = self.snapshot(cursor);
            }
            gathered.batch.topics = self.missing_topics();
            let Committed::Written { places, outage } =
                self.commit(&gathered.batch, shutdown).await
            else {
                return false;
            };
            let journalled = wall_time();
            self.publish(gathered.batch, &places);
            self.parts.monitor.published(
                self.parts.engine.seq(),
                received,
                journalled,
                wall_time(),
            );
            for (answer, reply) in gathered.answers {
                // Who no longer waits finds the outcome in the journal.
                let _ = reply.send(answer);
            }
            next = outage.map(|micros| self.outage_alert(micros));
        }
        self.publish_due();
        true
    }

    /// Writes the batch, however long it takes.
    async fn commit(&mut self, batch: &Batch, shutdown: &CancellationToken) -> Committed {
        let counters = |monitor: &Monitor, failed: bool| {
            let counter = if failed {
                &monitor.counters.commit_failures
            } else {
                &monitor.counters.commits
            };
            Counters::add(counter, 1);
        };
        let mut outage = None;
        loop {
            match self.parts.journal.append(batch).await {
                Ok(places) => {
                    counters(&self.parts.monitor, false);
                    Counters::add(
                        &self.parts.monitor.counters.events,
                        batch.entries.len() as u64,
                    );
                    self.parts
                        .monitor
                        .journal_written(self.parts.journal.events());
                    return Committed::Written { places, outage };
                }
                Err(error) => {
                    counters(&self.parts.monitor, true);
                    if outage.is_none() {
                        tracing::error!(%error, "the journal cannot be written: the engine stands still");
                    }
                    outage = Some(self.parts.monitor.journal_failed(error.to_string()));
                    self.publish_health(Instant::now());
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return Committed::ShutDown,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    /// An input of our own that keeps the outage on record.
    fn outage_alert(&mut self, micros: i64) -> Gathered {
        let seconds = micros as f64 / 1e6;
        tracing::warn!(outage.seconds = seconds, "the journal can be written again");
        let input = Input::Alert {
            severity: Severity::Critical,
            code: "journal_unavailable".to_owned(),
            message: format!(
                "the journal could not be written for {seconds:.1} s; nothing was lost"
            ),
        };
        let now = wall_time();
        let mut gathered = Gathered {
            received: Some(now),
            ..Gathered::default()
        };
        // An alert is never refused.
        let _ = self.process(&input, now, &mut gathered);
        gathered
            .batch
            .commands
            .push((self.parts.engine.seq(), now, input));
        gathered
    }

    fn snapshot(&mut self, cursor: Option<Cursor>) -> Option<Snapshot> {
        self.last_snapshot = Instant::now();
        let body = SnapshotBody {
            engine: &self.parts.engine,
            cursor,
            rows: self.rows,
            rejected_rows: self.rejected_rows,
        };
        match serde_json::to_vec(&body) {
            Ok(body) => Some(Snapshot {
                seq: self.parts.engine.seq(),
                created: wall_time(),
                body,
            }),
            Err(error) => {
                tracing::error!(%error, "the engine's state could not be written as a snapshot");
                None
            }
        }
    }

    /// Log topics of bots that are new.
    fn missing_topics(&self) -> Vec<Topic> {
        log_topics(&self.parts.engine)
            .filter(|topic| !self.parts.publisher.knows(topic))
            .collect()
    }

    /// Publishes a committed batch together with the conflated topics that are due.
    fn publish(&mut self, batch: Batch, places: &[Option<Place>]) {
        for topic in &batch.topics {
            if let Some(place) = self.parts.journal.place(topic) {
                let begun = batch
                    .entries
                    .iter()
                    .filter(|entry| entry.publishes_on(topic))
                    .count() as u64;
                self.parts
                    .publisher
                    .create(topic, place.epoch, place.offset - begun);
            }
        }
        let mut items = Vec::with_capacity(batch.entries.len());
        for (entry, place) in batch.entries.into_iter().zip(places) {
            if let (Some((topic, data)), Some(place)) = (entry.published, place) {
                items.push(Item {
                    topic,
                    delta: false,
                    offset: Some(place.offset),
                    seq: entry.record.seq,
                    t_source: Some(entry.record.time),
                    t_received: entry.received,
                    data,
                });
            }
        }
        let Parts {
            engine,
            publisher,
            projection,
            monitor,
            ..
        } = &mut self.parts;
        projection.discover(engine, publisher);
        monitor.bots(engine.bots().cloned().collect());
        items.extend(projection.collect(engine, Instant::now()));
        publisher.publish(items, engine.seq(), wall_time());
    }

    /// Publishes what is due without a new input.
    fn publish_due(&mut self) {
        let now = Instant::now();
        let Parts {
            engine,
            publisher,
            projection,
            ..
        } = &mut self.parts;
        let items = projection.collect(engine, now);
        if !items.is_empty() {
            publisher.publish(items, engine.seq(), wall_time());
        }
        if self
            .last_health
            .is_none_or(|last| now.duration_since(last) >= HEALTH)
        {
            self.publish_health(now);
        }
    }

    fn publish_health(&mut self, now: Instant) {
        self.last_health = Some(now);
        self.parts
            .monitor
            .journal_size(self.parts.journal.size_bytes());
        let health = self.parts.monitor.health(self.parts.hub.published());
        let item = Item {
            topic: Topic::Health,
            delta: false,
            offset: None,
            seq: health.seq,
            t_source: None,
            t_received: health.time,
            data: Payload::Health(Box::new(health)),
        };
        // As of what was published before: a batch under way is not visible yet.
        let seq = self.parts.hub.seq();
        self.parts.publisher.publish(vec![item], seq, wall_time());
    }

    /// Lets the feed end, takes what it has read, and leaves a snapshot behind which nothing needs to
    /// be replayed.
    async fn finish(mut self) {
        self.parts.feeder.stop();
        let mut gathered = Gathered::default();
        while let Some(batch) = self.parts.feeder.batches.recv().await {
            self.take_feed(batch, &mut gathered);
        }
        gathered.batch.head = self.parts.engine.seq();
        if let Some(cursor) = gathered.cursor.take() {
            gathered.batch.snapshot = self.snapshot(Some(cursor));
        }
        gathered.batch.topics = self.missing_topics();
        match self.parts.journal.append(&gathered.batch).await {
            Ok(places) => self.publish(gathered.batch, &places),
            Err(error) => {
                tracing::error!(%error, "the last batch could not be written; it will be made again");
            }
        }
        if let Err(error) = self.parts.journal.close().await {
            tracing::error!(%error, "the journal could not be closed");
        }
    }
}

/// How a commit ended.
enum Committed {
    /// The places of the entries, and how long the journal was away, if it was, µs.
    Written {
        places: Vec<Option<Place>>,
        outage: Option<i64>,
    },
    ShutDown,
}

/// The log topics that an engine's events go to.
pub fn log_topics(engine: &Engine) -> impl Iterator<Item = Topic> {
    let of_bots = engine.bots().flat_map(Topic::of_bot);
    [Topic::Alerts, Topic::Quality]
        .into_iter()
        .chain(of_bots)
        .filter(|topic| topic.class() == Class::Log)
}

/// What a recorded command is remembered as, so that it is known however late it is repeated. The
/// state of an order may be told again and again under one id.
pub fn report_kind(command: &BotCommand) -> Option<&'static str> {
    match command {
        BotCommand::Decision(_) => Some("decision"),
        BotCommand::Fill(_) => Some("fill"),
        BotCommand::Position(_) => Some("position"),
        BotCommand::Deposit(_) => Some("deposit"),
        BotCommand::Note(_) => Some("note"),
        BotCommand::Order(_) | BotCommand::SubmitOrder(_) | BotCommand::CancelOrder { .. } => None,
    }
}
