//! One part being read: a thread reads, unpacks and parses ahead, and hands its items over in
//! batches through a bounded channel, so that the reader of the feed works at the same time.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::catalogue::Part;
use super::rows::Rows;
use crate::domain::{Extent, FeedNotice, QualityKind, TimeUs};
use crate::feed::FeedItem;

/// Items of a batch, and how many batches may wait: with those at both ends, some 3 MB.
const BATCH: usize = 2_048;
const WAITING: usize = 2;

struct Batch {
    items: Vec<FeedItem>,
    last: bool,
}

pub(super) struct Stream {
    receiver: Receiver<Batch>,
    items: std::vec::IntoIter<FeedItem>,
    ended: bool,
    name: String,
}

impl Stream {
    pub(super) fn open(part: &Part, read: Arc<AtomicU64>) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let job = part.clone();
        let mut stream = Self {
            receiver,
            items: Vec::new().into_iter(),
            ended: false,
            name: part.name.clone(),
        };
        let spawned = thread::Builder::new()
            .name("feed-replay".to_owned())
            .spawn(move || run(job, read, &sender));
        if let Err(error) = spawned {
            stream.fail(format!("cannot start a reader: {error}"));
        }
        stream
    }

    /// When the next item is due among other streams; `None` at the end. A notice has no time and
    /// comes as soon as it can.
    pub(super) fn head(&mut self) -> Option<TimeUs> {
        if self.items.as_slice().is_empty() {
            self.refill();
        }
        self.items.as_slice().first().map(|item| match item {
            FeedItem::Market(event) => event.time(),
            FeedItem::Notice(_) => TimeUs(i64::MIN),
        })
    }

    pub(super) fn next(&mut self) -> Option<FeedItem> {
        if self.items.as_slice().is_empty() {
            self.refill();
        }
        self.items.next()
    }

    fn refill(&mut self) {
        while !self.ended && self.items.as_slice().is_empty() {
            match self.receiver.recv() {
                Ok(batch) => {
                    self.items = batch.items.into_iter();
                    self.ended = batch.last;
                }
                // Only a reader that died sends no last batch.
                Err(_) => self.fail("the reader stopped unexpectedly".to_owned()),
            }
        }
    }

    fn fail(&mut self, message: String) {
        self.ended = true;
        self.items = vec![ended(&self.name, message)].into_iter();
    }
}

fn ended(name: &str, message: String) -> FeedItem {
    FeedItem::Notice(FeedNotice {
        kind: QualityKind::SourceEnded,
        symbol: None,
        source: name.to_owned(),
        line: None,
        message,
        extent: Extent::default(),
    })
}

/// Reads the part to its end, or until nobody wants it any more.
fn run(part: Part, read: Arc<AtomicU64>, sender: &SyncSender<Batch>) {
    let reader = match part.container.open(&part.path, read) {
        Ok(reader) => reader,
        Err(error) => {
            let items = vec![ended(&part.name, format!("cannot be opened: {error}"))];
            let _ = sender.send(Batch { items, last: true });
            return;
        }
    };
    let mut rows = Rows::new(reader, part);
    let mut last = false;
    while !last {
        // Room for the notice that may come with the last row of the batch.
        let mut items = Vec::with_capacity(BATCH + 2);
        while items.len() < BATCH && !last {
            last = !rows.step(&mut items);
        }
        if sender.send(Batch { items, last }).is_err() {
            return;
        }
    }
}
