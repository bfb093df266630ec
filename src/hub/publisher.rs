//! The one writer of the hub.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::inbox::Inbox;
use super::topic::TopicState;
use super::{Hub, Publication, TopicId};
use crate::domain::{Seq, TimeUs};
use crate::wire::{Content, Epoch, Push, PushKind, Topic};

/// Something to publish.
#[derive(Debug, Clone)]
pub struct Item {
    pub topic: Topic,
    /// Log topics: the journal's offset.
    pub offset: Option<u64>,
    pub seq: Seq,
    /// Market time of what caused it.
    pub t_source: Option<TimeUs>,
    /// Wall time at which that arrived.
    pub t_received: TimeUs,
    pub data: Content,
}

/// Where a topic stands.
#[derive(Debug)]
struct Head {
    epoch: Epoch,
    offset: u64,
    /// Bytes that were published so far.
    bytes: u64,
}

/// Publishes. Not to be cloned: offsets are contiguous because there is one writer.
#[derive(Debug)]
pub struct Publisher {
    hub: Arc<Hub>,
    heads: HashMap<Topic, Head>,
}

impl Publisher {
    pub fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            heads: HashMap::new(),
        }
    }

    pub fn knows(&self, topic: &Topic) -> bool {
        self.heads.contains_key(topic)
    }

    /// Makes a topic that stands at `head`. One that is there already stays as it is.
    pub fn create(&mut self, topic: &Topic, epoch: Epoch, head: u64) {
        if self.knows(topic) {
            return;
        }
        let offset = head;
        let head = Head {
            epoch,
            offset,
            bytes: 0,
        };
        self.heads.insert(topic.clone(), head);
        let mut inner = self.hub.inner.lock();
        // A hub has some dozens of topics for each symbol and bot.
        let id = inner.topics.len() as TopicId;
        inner.names.insert(topic.clone(), id);
        inner.topics.push(TopicState::new(id, topic, epoch, offset));
        let inboxes = inner.inboxes.clone();
        for inbox in &inboxes {
            inbox.put_topic(id);
        }
        drop(inner);
        Inbox::wake_all(&inboxes);
    }

    /// Keeps only the newest `keep` publications of a log in memory; the others are in the journal.
    pub fn trim(&mut self, topic: &Topic, keep: usize) {
        if let Some(state) = self.hub.inner.lock().get_mut(topic) {
            state.trim(keep);
        }
    }

    /// Fills a log topic with its past; nobody is told. Items come oldest first and end at the head.
    pub fn fill(&mut self, items: Vec<Item>) {
        let hub = Arc::clone(&self.hub);
        let publications: Vec<_> = items
            .into_iter()
            .filter_map(|item| {
                let at = item.t_received;
                self.encode(item, at)
            })
            .collect();
        let mut inner = hub.inner.lock();
        for publication in publications {
            if let Some(state) = inner.get_mut(&publication.push.topic) {
                state.record(&publication);
            }
        }
    }

    /// Publishes what one batch led to. All of it becomes visible together, as of input `seq`.
    pub fn publish(&mut self, items: Vec<Item>, seq: Seq, now: TimeUs) {
        let publications: Vec<_> = items
            .into_iter()
            .filter_map(|item| self.encode(item, now))
            .collect();
        self.hub
            .published
            .fetch_add(publications.len() as u64, Ordering::Relaxed);
        let mut inner = self.hub.inner.lock();
        for publication in publications {
            if let Some(state) = inner.get_mut(&publication.push.topic) {
                state.publish(&publication);
            }
        }
        inner.seq = seq;
        let inboxes = inner.inboxes.clone();
        drop(inner);
        Inbox::wake_all(&inboxes);
    }

    fn encode(&mut self, item: Item, t_published: TimeUs) -> Option<Arc<Publication>> {
        let head = self.heads.get_mut(&item.topic)?;
        head.offset = item.offset.unwrap_or(head.offset + 1);
        let is_whole = item.data.kind() == PushKind::Snapshot;
        let push = Push {
            epoch: head.epoch,
            // A whole value stands for everything before it.
            first: if is_whole { 1 } else { head.offset },
            last: head.offset,
            seq: item.seq,
            t_source: item.t_source,
            t_received: item.t_received,
            t_published,
            data: item.data,
            topic: item.topic,
        };
        let publication = Publication::new(push, head.bytes)?;
        head.bytes += publication.size() as u64;
        Some(Arc::new(publication))
    }
}
