//! The thread that reads the feed: paces it by wall time and hands it to the driver in batches
//! through a bounded channel. At full speed the channel blocks the feed; nothing is dropped. A live
//! feed has its own pace: what has come is handed over at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::clock::wall_time;
use crate::domain::TimeUs;
use crate::feed::{Cursor, Feed, FeedItem, POLL, Pacer, Polled, Speed};

/// Items of a batch at most, and batches that may wait.
const BATCH: usize = 512;
const WAITING: usize = 4;
/// How often a batch carries the feed's place, so that a snapshot can be taken behind it.
const CURSOR_EVERY: Duration = Duration::from_secs(1);
/// The longest sleep before the thread looks whether it is to stop.
const NAP: Duration = Duration::from_millis(50);

/// Items that arrived together.
#[derive(Debug)]
pub struct FeedBatch {
    pub items: Vec<FeedItem>,
    /// Wall time of their arrival.
    pub received: TimeUs,
    /// Where the feed stands behind the last of them, in some batches.
    pub cursor: Option<Cursor>,
    /// The feed is over; no batch follows.
    pub ended: bool,
}

/// The running thread.
pub struct Feeder {
    pub batches: mpsc::Receiver<FeedBatch>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Feeder {
    /// Starts to read `feed` at `speed`.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(feed: Box<dyn Feed>, speed: Speed) -> std::io::Result<Self> {
        let (sender, batches) = mpsc::channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("feed".to_owned())
            .spawn(move || {
                let run = Run {
                    feed,
                    sender,
                    stop: stopped,
                    pacer: Pacer::new(speed),
                };
                if run.feed.link().is_some() {
                    run.live();
                } else {
                    run.paced();
                }
            })?;
        Ok(Self {
            batches,
            stop,
            thread: Some(thread),
        })
    }

    /// Asks the thread to end. What it has read comes in a last batch with its cursor.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the thread died; it ends in silence only when nobody listens.
    pub fn has_panicked(&mut self) -> bool {
        match self.thread.take_if(|thread| thread.is_finished()) {
            Some(thread) => thread.join().is_err(),
            None => false,
        }
    }
}

struct Run {
    feed: Box<dyn Feed>,
    sender: mpsc::Sender<FeedBatch>,
    stop: Arc<AtomicBool>,
    pacer: Pacer,
}

impl Run {
    fn live(mut self) {
        let mut items = Vec::new();
        let mut cursor_sent = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let wait = if items.is_empty() {
                POLL
            } else {
                Duration::ZERO
            };
            match self.feed.poll(wait) {
                Polled::Item(item) => {
                    items.push(item);
                    if items.len() < BATCH {
                        continue;
                    }
                }
                Polled::Idle if items.is_empty() => continue,
                Polled::Idle => {}
                Polled::Ended => break,
            }
            let with_cursor = cursor_sent.elapsed() >= CURSOR_EVERY;
            if with_cursor {
                cursor_sent = Instant::now();
            }
            let cursor = with_cursor.then(|| self.feed.cursor());
            if !self.send(&mut items, cursor, false) {
                return;
            }
        }
        let cursor = Some(self.feed.cursor());
        self.send(&mut items, cursor, false);
    }

    fn paced(mut self) {
        let mut items = Vec::new();
        let mut cursor_sent = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let Some(item) = self.feed.next() else {
                let cursor = Some(self.feed.cursor());
                self.send(&mut items, cursor, true);
                return;
            };
            if let FeedItem::Market(event) = &item {
                let wait = self.pacer.due(event.time(), Instant::now());
                if !wait.is_zero() {
                    if !items.is_empty() && !self.send(&mut items, None, false) {
                        return;
                    }
                    self.sleep(wait);
                }
            }
            items.push(item);
            let with_cursor = cursor_sent.elapsed() >= CURSOR_EVERY;
            if with_cursor {
                cursor_sent = Instant::now();
            }
            if with_cursor || items.len() >= BATCH {
                let cursor = with_cursor.then(|| self.feed.cursor());
                if !self.send(&mut items, cursor, false) {
                    return;
                }
            }
        }
        let cursor = Some(self.feed.cursor());
        self.send(&mut items, cursor, false);
    }

    /// False where nobody listens any more.
    fn send(&self, items: &mut Vec<FeedItem>, cursor: Option<Cursor>, ended: bool) -> bool {
        let batch = FeedBatch {
            items: std::mem::take(items),
            received: wall_time(),
            cursor,
            ended,
        };
        self.sender.blocking_send(batch).is_ok()
    }

    fn sleep(&self, wait: Duration) {
        let until = Instant::now() + wait.min(Duration::from_secs(86_400));
        while !self.stop.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}
