//! What waits for one subscriber. Bounded in both halves: log publications by bytes, beyond which
//! the subscriber is too slow and must go; conflated topics by their number, because of each only
//! the newest waits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Publication;
use crate::wire::{PushKind, Topic};

/// What waits of a conflated topic.
#[derive(Debug)]
enum Pending {
    /// The next publication as it is.
    Next(Arc<Publication>),
    /// More than one came, or the subscription is new: the whole value, when it is fetched.
    Whole,
}

#[derive(Debug, Default)]
struct Inner {
    log: VecDeque<Arc<Publication>>,
    log_bytes: usize,
    conflated: BTreeMap<Topic, Pending>,
    /// Log topics whose past is being read from the journal, with what came meanwhile.
    gates: BTreeMap<Topic, Vec<Arc<Publication>>>,
    /// Markets that appeared and were joined by themselves.
    appeared: Vec<Topic>,
    overflowed: bool,
}

#[derive(Debug)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    wake: Notify,
    max_log_bytes: usize,
}

/// What was fetched from a mailbox.
#[derive(Debug, Default)]
pub struct Drained {
    pub log: Vec<Arc<Publication>>,
    pub conflated: Vec<Arc<Publication>>,
    /// Conflated topics whose snapshot the subscriber is to be given.
    pub whole: Vec<Topic>,
    /// Markets that were joined since the last time.
    pub appeared: BTreeSet<Topic>,
    /// The subscriber was too slow: publications of logs were lost.
    pub overflowed: bool,
}

impl Mailbox {
    pub fn new(max_log_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::default(),
            wake: Notify::new(),
            max_log_bytes,
        })
    }

    /// Waits until there may be something to fetch.
    pub async fn wait(&self) {
        self.wake.notified().await;
    }

    pub fn put_log(&self, publication: &Arc<Publication>) {
        let mut inner = self.inner.lock();
        inner.log_bytes += publication.frame.len();
        if inner.log_bytes > self.max_log_bytes {
            inner.overflowed = true;
            inner.log.clear();
        } else if let Some(gate) = inner.gates.get_mut(&publication.push.topic) {
            gate.push(Arc::clone(publication));
        } else {
            inner.log.push_back(Arc::clone(publication));
        }
        drop(inner);
        self.wake.notify_one();
    }

    pub fn put_conflated(&self, publication: &Arc<Publication>) {
        let whole = publication.push.kind() == PushKind::Snapshot;
        let mut inner = self.inner.lock();
        let next = match inner.conflated.remove(&publication.push.topic) {
            Some(_) if !whole => Pending::Whole,
            _ => Pending::Next(Arc::clone(publication)),
        };
        inner.conflated.insert(publication.push.topic.clone(), next);
        drop(inner);
        self.wake.notify_one();
    }

    pub fn put_snapshot(&self, topic: &Topic) {
        self.inner
            .lock()
            .conflated
            .insert(topic.clone(), Pending::Whole);
        self.wake.notify_one();
    }

    /// A market appeared and the mailbox was joined to it.
    pub fn put_market(&self, topic: &Topic) {
        self.inner.lock().appeared.push(topic.clone());
        self.put_snapshot(topic);
    }

    /// Holds a log topic's publications back until [`Mailbox::open_gate`].
    pub fn close_gate(&self, topic: &Topic) {
        self.inner.lock().gates.insert(topic.clone(), Vec::new());
    }

    pub fn open_gate(&self, topic: &Topic) {
        let mut inner = self.inner.lock();
        if let Some(held) = inner.gates.remove(topic) {
            inner.log.extend(held);
        }
        drop(inner);
        self.wake.notify_one();
    }

    /// Drops what waits of a topic that is no longer wanted.
    pub fn forget(&self, topic: &Topic) {
        let mut inner = self.inner.lock();
        inner.conflated.remove(topic);
        inner.gates.remove(topic);
        inner
            .log
            .retain(|publication| publication.push.topic != *topic);
        inner.log_bytes = inner
            .log
            .iter()
            .map(|publication| publication.frame.len())
            .sum();
    }

    /// Fetches all that waits.
    pub fn drain(&self) -> Drained {
        let mut inner = self.inner.lock();
        let mut drained = Drained {
            log: inner.log.drain(..).collect(),
            appeared: std::mem::take(&mut inner.appeared).into_iter().collect(),
            overflowed: inner.overflowed,
            ..Drained::default()
        };
        inner.log_bytes = inner
            .gates
            .values()
            .flatten()
            .map(|publication| publication.frame.len())
            .sum();
        for (topic, pending) in std::mem::take(&mut inner.conflated) {
            match pending {
                Pending::Next(publication) => drained.conflated.push(publication),
                Pending::Whole => drained.whole.push(topic),
            }
        }
        drained
    }
}
