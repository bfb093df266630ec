//! Fan-out: topics with their heads, histories and current values, and who listens to them.
//!
//! One [`Publisher`], owned by the task that drives the engine, writes; everybody else reads. A
//! publication is encoded once in each encoding and shared by all subscribers; publishing puts it
//! into the [`Inbox`] of each [`Fanout`] that listens and wakes it, however many connections that
//! fan-out carries. No lock is held over an await. All that one engine batch led to becomes visible
//! at once, so that [`Hub::cut`] always sees a state between two batches.

mod fanout;
mod inbox;
mod publication;
mod publisher;
mod tier;
mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::domain::{BotId, Seq, Symbol, TimeUs};
use crate::wire::frame::Since;
use crate::wire::{Payload, Topic};

pub use fanout::{
    Backfill, BackfillFailed, ConnId, End, Ended, Fanout, FanoutConfig, Follow, LagRule, Stats,
    Wire, Wish, Written,
};
pub use inbox::Inbox;
pub use publication::Publication;
pub use publisher::{Item, Publisher};
pub use tier::Tier;
use topic::TopicState;

/// Publications of a log topic that are kept in memory; older ones come from the journal.
pub const RING: usize = 1_000;
/// Publications of a conflated topic that are kept to be laid together for those who are behind;
/// beyond them the whole value is shorter.
const DELTAS: usize = 64;
/// Publications that a resume may ask for. Beyond it, it is cheaper to start again.
pub const RESUME_WINDOW: u64 = 10_000;

/// A topic by its place in the hub.
pub(in crate::hub) type TopicId = u32;

/// What can be listened to: a topic at a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::hub) struct Channel {
    pub topic: TopicId,
    pub tier: Tier,
}

#[derive(Debug, Default)]
pub(in crate::hub) struct Inner {
    names: BTreeMap<Topic, TopicId>,
    topics: Vec<TopicState>,
    /// The last input whose events are published.
    seq: Seq,
    inboxes: Vec<Arc<Inbox>>,
}

#[derive(Debug, Default)]
pub struct Hub {
    inner: Mutex<Inner>,
    published: AtomicU64,
}

/// One topic of a [`Cut`].
#[derive(Debug, Clone)]
pub struct CutTopic {
    pub topic: Topic,
    pub at: Since,
    pub seq: Seq,
    pub t_received: Option<TimeUs>,
    /// One value or the rows of a conflated topic; the latest publications of a log, oldest first.
    pub content: Vec<Payload>,
}

/// What a log has had since somebody last looked.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// Oldest first.
    pub publications: Vec<Arc<Publication>>,
    /// Offsets before these that memory has no more: they are in the journal.
    pub trimmed: Option<(u64, u64)>,
    /// The log's newest offset, from which to look the next time.
    pub head: u64,
}

/// Several topics at the same moment, between two engine batches.
#[derive(Debug, Clone)]
pub struct Cut {
    pub seq: Seq,
    pub topics: Vec<CutTopic>,
}

impl Inner {
    fn find(&self, topic: &Topic) -> Option<TopicId> {
        self.names.get(topic).copied()
    }

    fn get(&self, topic: &Topic) -> Option<&TopicState> {
        self.topics.get(self.find(topic)? as usize)
    }

    fn get_mut(&mut self, topic: &Topic) -> Option<&mut TopicState> {
        let id = self.find(topic)?;
        self.topics.get_mut(id as usize)
    }

    /// The topic with this id. Ids are given by the hub and topics never leave it.
    fn at(&mut self, id: TopicId) -> &mut TopicState {
        &mut self.topics[id as usize]
    }

    /// Publishes what the tiers have held back long enough.
    fn release(&mut self, now: TimeUs) -> u64 {
        let mut released = 0;
        for topic in &mut self.topics {
            released += topic.release(now);
        }
        released
    }
}

impl Hub {
    /// All of `topics` that exist, with at most `log_entries` publications of each log.
    pub fn cut(&self, topics: &[Topic], log_entries: usize) -> Cut {
        let inner = self.inner.lock();
        let topics = topics
            .iter()
            .filter_map(|topic| inner.get(topic).map(|state| state.cut(log_entries)))
            .collect();
        Cut {
            seq: inner.seq,
            topics,
        }
    }

    /// What the log topic has had after an offset; nothing of a topic that does not exist. For readers in
    /// this process that look again and again: they share the publications and are not waited for.
    pub fn news(&self, topic: &Topic, after: u64) -> News {
        let inner = self.inner.lock();
        let found = inner.get(topic).map(|state| state.news(after));
        found.unwrap_or_default()
    }

    /// The last input whose events are published.
    pub fn seq(&self) -> Seq {
        self.inner.lock().seq
    }

    /// Publications so far.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    pub fn bots(&self) -> Vec<BotId> {
        self.named(|topic| match topic {
            Topic::Portfolio(bot) => Some(bot.clone()),
            _ => None,
        })
    }

    pub fn symbols(&self) -> Vec<Symbol> {
        self.named(|topic| match topic {
            Topic::Market(symbol) => Some(symbol.clone()),
            _ => None,
        })
    }

    fn named<T>(&self, pick: impl Fn(&Topic) -> Option<T>) -> Vec<T> {
        self.inner.lock().names.keys().filter_map(pick).collect()
    }

    /// Publishes what slower readers are due: to be called many times a second.
    pub fn release(&self, now: TimeUs) {
        let mut inner = self.inner.lock();
        if inner.release(now) > 0 {
            let inboxes = inner.inboxes.clone();
            drop(inner);
            Inbox::wake_all(&inboxes);
        }
    }

    /// A new listener's inbox. It gets what it subscribes to from then on, until it is dropped.
    fn inbox(&self) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::default());
        self.inner.lock().inboxes.push(Arc::clone(&inbox));
        inbox
    }

    /// Forgets a listener.
    fn forget(&self, inbox: &Arc<Inbox>) {
        let mut inner = self.inner.lock();
        inner.inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
        for topic in &mut inner.topics {
            topic.forget(inbox);
        }
    }
}

#[cfg(test)]
mod tests;
