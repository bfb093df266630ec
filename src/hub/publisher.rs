//! The one writer of the hub.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::topic::TopicState;
use super::{Hub, Publication};
use crate::domain::{Seq, TimeUs};
use crate::wire::{Content, Epoch, Push, PushKind, Topic, json};

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

/// Publishes. Not to be cloned: offsets are contiguous because there is one writer.
#[derive(Debug)]
pub struct Publisher {
    hub: Arc<Hub>,
    heads: HashMap<Topic, (Epoch, u64)>,
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

    /// Makes a topic that stands at `head`.
    pub fn create(&mut self, topic: &Topic, epoch: Epoch, head: u64) {
        self.heads.insert(topic.clone(), (epoch, head));
        let mut inner = self.hub.inner.lock();
        let mut state = TopicState::new(topic, epoch, head);
        if matches!(topic, Topic::Market(_)) {
            inner
                .market_watchers
                .retain(|watcher| match watcher.upgrade() {
                    Some(mailbox) => {
                        state.subscribe(&mailbox);
                        mailbox.put_market(topic);
                        true
                    }
                    None => false,
                });
        }
        inner.topics.insert(topic.clone(), state);
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
            if let Some(state) = inner.topics.get_mut(&publication.push.topic) {
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
            if let Some(state) = inner.topics.get_mut(&publication.push.topic) {
                state.publish(&publication);
            }
        }
        inner.seq = seq;
    }

    fn encode(&mut self, item: Item, t_published: TimeUs) -> Option<Arc<Publication>> {
        let (epoch, head) = self.heads.get_mut(&item.topic)?;
        *head = item.offset.unwrap_or(*head + 1);
        let is_whole = item.data.kind() == PushKind::Snapshot;
        let push = Push {
            epoch: *epoch,
            // A whole value stands for everything before it.
            first: if is_whole { 1 } else { *head },
            last: *head,
            seq: item.seq,
            t_source: item.t_source,
            t_received: item.t_received,
            t_published,
            data: item.data,
            topic: item.topic,
        };
        match json::encode_push(&push) {
            Ok(frame) => Some(Arc::new(Publication {
                push,
                frame: frame.into(),
            })),
            Err(error) => {
                tracing::error!(topic = %push.topic, %error, "a publication could not be written");
                None
            }
        }
    }
}
