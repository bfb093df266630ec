//! What the hub holds of one topic.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use super::mailbox::Mailbox;
use super::{CutTopic, Publication, RING};
use crate::domain::{Seq, TimeUs};
use crate::wire::frame::Since;
use crate::wire::{Class, Content, Epoch, Payload, Push, PushKind, Topic, json};

#[derive(Debug)]
pub struct TopicState {
    pub epoch: Epoch,
    pub head: u64,
    class: Class,
    seq: Seq,
    /// Market time, arrival and publication of the newest publication.
    t_source: Option<TimeUs>,
    t_received: Option<TimeUs>,
    t_published: TimeUs,
    /// Log topics: the newest publications.
    ring: VecDeque<Arc<Publication>>,
    /// Conflated topics: the whole of it.
    value: Option<Payload>,
    /// The value as a push, made when somebody needs it and shared until the next publication.
    snapshot: Option<Arc<Publication>>,
    subscribers: Vec<Weak<Mailbox>>,
}

impl TopicState {
    pub fn new(topic: &Topic, epoch: Epoch, head: u64) -> Self {
        Self {
            epoch,
            head,
            class: topic.class(),
            seq: Seq::default(),
            t_source: None,
            t_received: None,
            t_published: TimeUs::ZERO,
            ring: VecDeque::new(),
            value: None,
            snapshot: None,
            subscribers: Vec::new(),
        }
    }

    /// Takes a publication in without telling anybody: the past, when the hub is filled.
    pub fn record(&mut self, publication: &Arc<Publication>) {
        let push = &publication.push;
        self.head = push.last;
        self.seq = push.seq;
        self.t_source = push.t_source;
        self.t_received = Some(push.t_received);
        self.t_published = push.t_published;
        match self.class {
            Class::Log => {
                self.ring.push_back(Arc::clone(publication));
                if self.ring.len() > RING {
                    self.ring.pop_front();
                }
            }
            Class::Keyed | Class::Latest => {
                match (&push.data, &mut self.value) {
                    (Content::Delta(delta), Some(value)) => {
                        if let Err(error) = value.apply(delta.clone()) {
                            tracing::error!(topic = %push.topic, %error, "a publication does not fit");
                        }
                    }
                    // The first publication of a topic is whole.
                    (Content::Delta(_), None) => {}
                    (Content::Snapshot(whole) | Content::Event(whole), value) => {
                        *value = Some(whole.clone());
                    }
                }
                self.snapshot =
                    (push.kind() == PushKind::Snapshot).then(|| Arc::clone(publication));
            }
        }
    }

    /// Takes a publication in and gives it to everybody who listens.
    pub fn publish(&mut self, publication: &Arc<Publication>) {
        self.record(publication);
        let class = self.class;
        self.subscribers
            .retain(|subscriber| match subscriber.upgrade() {
                Some(mailbox) => {
                    match class {
                        Class::Log => mailbox.put_log(publication),
                        Class::Keyed | Class::Latest => mailbox.put_conflated(publication),
                    }
                    true
                }
                None => false,
            });
    }

    pub fn subscribe(&mut self, mailbox: &Arc<Mailbox>) {
        self.unsubscribe(mailbox);
        self.subscribers.push(Arc::downgrade(mailbox));
    }

    pub fn unsubscribe(&mut self, mailbox: &Arc<Mailbox>) {
        let gone = Arc::downgrade(mailbox);
        self.subscribers
            .retain(|subscriber| !subscriber.ptr_eq(&gone));
    }

    /// The oldest offset that is in memory; one beyond the head where there is none.
    pub fn first_in_ring(&self) -> u64 {
        self.ring
            .front()
            .map_or(self.head + 1, |publication| publication.push.first)
    }

    /// Publications after `offset` that are in memory, oldest first.
    pub fn after(&self, offset: u64) -> impl Iterator<Item = &Arc<Publication>> {
        self.ring
            .iter()
            .skip_while(move |publication| publication.push.first <= offset)
    }

    pub fn cut(&self, topic: &Topic, log_entries: usize) -> CutTopic {
        let content = match self.class {
            Class::Log => {
                let skipped = self.ring.len().saturating_sub(log_entries);
                self.ring
                    .iter()
                    .skip(skipped)
                    .filter_map(|publication| publication.push.data.payload().cloned())
                    .collect()
            }
            Class::Keyed | Class::Latest => self.value.clone().into_iter().collect(),
        };
        CutTopic {
            topic: topic.clone(),
            at: Since {
                epoch: self.epoch,
                offset: self.head,
            },
            seq: self.seq,
            t_received: self.t_received,
            content,
        }
    }

    /// A conflated topic's whole value as a push; `None` before there is one.
    pub fn snapshot(&mut self, topic: &Topic) -> Option<Arc<Publication>> {
        if let Some(snapshot) = &self.snapshot {
            return Some(Arc::clone(snapshot));
        }
        let push = Push {
            topic: topic.clone(),
            epoch: self.epoch,
            first: 1,
            last: self.head,
            seq: self.seq,
            t_source: self.t_source,
            t_received: self.t_received?,
            t_published: self.t_published,
            data: Content::Snapshot(self.value.clone()?),
        };
        // Pushes are made of maps with string keys and finite numbers; see `json::encode_server`.
        let frame = json::encode_push(&push).ok()?.into();
        let publication = Arc::new(Publication { push, frame });
        self.snapshot = Some(Arc::clone(&publication));
        Some(publication)
    }
}
