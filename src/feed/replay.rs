//! Replays Binance's dump files: trades, aggTrades and klines, as `.csv`, `.csv.gz` or `.zip`, one
//! file or a directory of them. Streamed: memory does not grow with the files. What cannot be read
//! becomes a notice with its file and line, and the replay goes on.
//!
//! Files of one symbol and of several are merged by (time, order of names). A file is opened only
//! when the merge comes to its first row, so that a year of daily files has one open at a time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use self::catalogue::Part;
use self::stream::Stream;
use super::{Cursor, Feed, FeedError, FeedItem};
use crate::domain::{QualityKind, Symbol, TimeUs};

mod catalogue;
mod container;
mod lines;
mod row;
mod rows;
mod stream;

/// What to replay.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// A file, or a directory whose files are taken in the order of their names.
    pub path: PathBuf,
    /// Empty: all there are, named as the files are. One, where the files are of one symbol: its
    /// name. Otherwise those to pick.
    pub symbols: Vec<Symbol>,
    pub resume: Option<Cursor>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Position {
    /// Items given so far, notices among them. The files are read again up to here: rows have no
    /// address in a packed file.
    items: u64,
}

pub struct ReplayFeed {
    identity: String,
    symbols: Vec<Symbol>,
    /// What is said before the first row.
    opening: VecDeque<FeedItem>,
    /// Parts whose first row the merge has not come to, by start and name.
    waiting: VecDeque<(usize, Part)>,
    /// Open parts by the order of their names.
    streams: Vec<Option<Stream>>,
    /// When each open stream's next item is due; but for the one in `turn`.
    heads: BinaryHeap<Reverse<(TimeUs, usize)>>,
    /// The stream that gave the last item, whose next one was not asked for yet: asking may block.
    turn: Option<usize>,
    items: u64,
    rows: u64,
    rejected_rows: u64,
    /// Packed bytes read so far, of how many.
    read: Arc<AtomicU64>,
    bytes: u64,
}

impl ReplayFeed {
    /// Looks at the beginning of every file, and reads on to the cursor if there is one.
    pub fn open(options: ReplayOptions) -> Result<Self, FeedError> {
        let catalogue = catalogue::read(&options.path, &options.symbols)?;
        let streams = catalogue.parts.iter().map(|_| None).collect();
        let mut waiting: Vec<_> = catalogue.parts.into_iter().enumerate().collect();
        waiting.sort_by_key(|(index, part)| (part.start, *index));
        let mut feed = Self {
            identity: catalogue.identity,
            symbols: catalogue.symbols,
            opening: catalogue
                .left_out
                .into_iter()
                .map(FeedItem::Notice)
                .collect(),
            waiting: waiting.into(),
            streams,
            heads: BinaryHeap::new(),
            turn: None,
            items: 0,
            rows: 0,
            rejected_rows: 0,
            read: Arc::default(),
            bytes: catalogue.bytes,
        };
        if let Some(Cursor(value)) = options.resume {
            let position: Position =
                serde_json::from_value(value).map_err(|error| FeedError::Cursor {
                    why: format!("not a cursor of a replay: {error}"),
                })?;
            feed.skip(position.items)?;
        }
        Ok(feed)
    }

    /// Data rows given so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows that were not given so far: unreadable, out of order or repeated. Each had a notice.
    pub fn rejected_rows(&self) -> u64 {
        self.rejected_rows
    }

    /// How many bytes were read ahead of the items given, of all there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.bytes)
    }

    fn skip(&mut self, items: u64) -> Result<(), FeedError> {
        while self.items < items {
            if self.next().is_none() {
                return Err(FeedError::Cursor {
                    why: format!("{items} items were given, and there are {}", self.items),
                });
            }
        }
        Ok(())
    }

    /// Puts the stream's next item in its place among the others', or closes it.
    fn place(&mut self, index: usize) {
        let Some(slot) = self.streams.get_mut(index) else {
            return;
        };
        match slot.as_mut().and_then(Stream::head) {
            Some(time) => self.heads.push(Reverse((time, index))),
            None => *slot = None,
        }
    }

    /// Opens the parts that may have the next item.
    fn open_due(&mut self) {
        while let Some((_, part)) = self.waiting.front() {
            let due = self.heads.peek();
            if due.is_some_and(|Reverse((time, _))| part.start > *time) {
                return;
            }
            if let Some((index, part)) = self.waiting.pop_front() {
                self.streams[index] = Some(Stream::open(&part, Arc::clone(&self.read)));
                self.place(index);
            }
        }
    }

    fn merged(&mut self) -> Option<FeedItem> {
        if let Some(index) = self.turn.take() {
            self.place(index);
        }
        self.open_due();
        let Reverse((_, index)) = self.heads.pop()?;
        self.turn = Some(index);
        self.streams.get_mut(index)?.as_mut()?.next()
    }
}

impl Feed for ReplayFeed {
    fn next(&mut self) -> Option<FeedItem> {
        let item = match self.opening.pop_front() {
            Some(notice) => notice,
            None => self.merged()?,
        };
        self.items += 1;
        match &item {
            FeedItem::Market(_) => self.rows += 1,
            FeedItem::Notice(notice) => match notice.kind {
                QualityKind::RejectedRow | QualityKind::OutOfOrder => self.rejected_rows += 1,
                _ => {}
            },
        }
        Some(item)
    }

    fn cursor(&self) -> Cursor {
        Cursor(serde_json::json!({ "items": self.items }))
    }

    fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    fn identity(&self) -> String {
        self.identity.clone()
    }
}

#[cfg(test)]
mod tests;
