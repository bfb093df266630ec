//! The second half of the actor's round: commit what was gathered, then publish it. Nothing is
//! published that is not on the disk.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{Driver, Gathered, HEALTH, Parts, log_topics};
use crate::domain::{Input, Severity};
use crate::feed::Cursor;
use crate::hub::Item;
use crate::server::clock::wall_time;
use crate::server::monitor::{Counters, Monitor};
use crate::store::{Batch, Place, Snapshot, SnapshotBody};
use crate::wire::{Content, Topic};

/// Between two tries to write the journal.
const RETRY: Duration = Duration::from_secs(1);

/// How a commit ended.
enum Committed {
    /// The places of the entries, and how long the journal was away, if it was, µs.
    Written {
        places: Vec<Option<Place>>,
        outage: Option<i64>,
    },
    ShutDown,
}

impl Driver {
    /// Commits and publishes what was gathered. False where a shutdown came while the journal could
    /// not be written.
    pub(super) async fn settle(
        &mut self,
        gathered: Gathered,
        shutdown: &CancellationToken,
    ) -> bool {
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
            gathered.batch.head = self.parts.engine.seq();
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

    pub(super) fn snapshot(&mut self, cursor: Option<Cursor>) -> Option<Snapshot> {
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

    /// Signs a head of what was committed. Where it cannot be written the next one will be: what it says
    /// is on the disk all the same.
    pub(super) async fn sign_head(&mut self) {
        self.last_head = Instant::now();
        let Parts {
            journal, log_key, ..
        } = &mut self.parts;
        match journal.sign_head(log_key, wall_time()).await {
            Ok(Some(head)) => {
                tracing::debug!(log.size = head.size, log.root = %head.root, "signed a head");
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a head of the sealed log could not be written"),
        }
    }

    /// Log topics of bots that are new.
    pub(super) fn missing_topics(&self) -> Vec<Topic> {
        log_topics(&self.parts.engine)
            .filter(|topic| !self.parts.publisher.knows(topic))
            .collect()
    }

    /// Publishes a committed batch together with the conflated topics that are due.
    pub(super) fn publish(&mut self, batch: Batch, places: &[Option<Place>]) {
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
                    offset: Some(place.offset),
                    seq: entry.record.seq,
                    t_source: Some(entry.record.time),
                    t_received: entry.received,
                    data: Content::Event(data),
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
    pub(in crate::server) fn publish_due(&mut self) {
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

    pub(super) fn publish_health(&mut self, now: Instant) {
        self.last_health = Some(now);
        self.parts
            .monitor
            .journal_size(self.parts.journal.size_bytes());
        let health = self.parts.monitor.health(self.parts.hub.published());
        let item = Item {
            topic: Topic::Health,
            offset: None,
            seq: health.seq,
            t_source: None,
            t_received: health.time,
            data: self.parts.projection.changed(health),
        };
        // As of what was published before: a batch under way is not visible yet.
        let seq = self.parts.hub.seq();
        self.parts.publisher.publish(vec![item], seq, wall_time());
    }
}
