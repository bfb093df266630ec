//! The engine and its feed, as they are brought back after a restart.

use std::collections::VecDeque;

use super::StartError;
use crate::domain::{Input, Seq};
use crate::engine::Engine;
use crate::engine::eventlog::canonical;
use crate::feed::{Feed, FeedItem};
use crate::server::clock::wall_time;
use crate::server::driver::log_topics;
use crate::store::{Batch, Journal, Reader, Snapshot, SnapshotBody};

/// The engine with its feed, as they are brought back.
pub struct State {
    pub engine: Engine,
    pub feed: Box<dyn Feed>,
    pub rows: u64,
    pub rejected_rows: u64,
}

impl State {
    /// Makes everything between the snapshot and the journal's head again and holds it against the
    /// journal.
    pub async fn catch_up(&mut self, journal: &Journal, reader: &Reader) -> Result<(), StartError> {
        let from = self.engine.seq();
        let mut commands: VecDeque<(Seq, Input)> = reader.commands(from).await?.into();
        // A live feed cannot give again what it gave: that was kept.
        let live = self.feed.link().is_some();
        let mut inputs: VecDeque<(Seq, Input)> = if live {
            reader.inputs(from).await?.into()
        } else {
            VecDeque::new()
        };
        let mut tail = VecDeque::new();
        reader
            .events_after(from, |seq, line| tail.push_back((seq, line)))
            .await?;
        while self.engine.seq() < journal.head() {
            let seq = self.engine.seq().next();
            let input = match commands.pop_front_if(|(at, _)| *at == seq) {
                Some((_, input)) => input,
                None if live => {
                    let kept = inputs.pop_front_if(|(at, _)| *at == seq);
                    kept.map(|(_, input)| self.recall(input))
                        .ok_or(StartError::FeedTooShort {
                            seq,
                            head: journal.head(),
                        })?
                }
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
        let item = self.feed.next()?;
        Some(self.count(item))
    }

    /// An input that the feed gave before the restart.
    fn recall(&mut self, input: Input) -> Input {
        let item = match input {
            Input::Market(event) => FeedItem::Market(event),
            Input::Notice(notice) => FeedItem::Notice(notice),
            // Nothing else comes from a feed.
            other => return other,
        };
        self.feed.recall(&item);
        self.count(item)
    }

    fn count(&mut self, item: FeedItem) -> Input {
        match item {
            FeedItem::Market(event) => {
                self.rows += 1;
                Input::Market(event)
            }
            FeedItem::Notice(notice) => {
                self.rejected_rows += u64::from(notice.is_refusal());
                Input::Notice(notice)
            }
        }
    }

    /// A snapshot of where we are, and the log topics that must be there.
    pub fn opening_batch(&self, journal: &Journal) -> Result<Batch, StartError> {
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
