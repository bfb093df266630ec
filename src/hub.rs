//! Fan-out: topics with their heads, histories and current values, and who listens to them.
//!
//! One [`Publisher`], owned by the task that drives the engine, writes; everybody else reads. A
//! publication is encoded once, before the lock is taken, and shared by all subscribers. No lock is
//! held over an await. All that one engine batch led to becomes visible at once, so that
//! [`Hub::cut`] always sees a state between two batches.

mod mailbox;
mod publisher;
mod topic;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::domain::{BotId, Seq, Symbol, TimeUs};
use crate::wire::frame::Since;
use crate::wire::{Class, Epoch, Payload, Position, Push, ResyncReason, Topic};

pub use mailbox::{Drained, Mailbox};
pub use publisher::{Item, Publisher};
use topic::TopicState;

/// A push with its one encoding, shared by everybody who gets it.
#[derive(Debug)]
pub struct Publication {
    pub push: Push,
    pub frame: Bytes,
}

/// Publications of a log topic that are kept in memory; older ones come from the journal.
pub const RING: usize = 1_000;
/// Publications that a resume may ask for. Beyond it, it is cheaper to start again.
pub const RESUME_WINDOW: u64 = 10_000;

#[derive(Debug, Default)]
struct Inner {
    topics: BTreeMap<Topic, TopicState>,
    /// The last input whose events are published.
    seq: Seq,
    /// Those who want every symbol, also ones to come.
    market_watchers: Vec<Weak<Mailbox>>,
}

#[derive(Debug, Default)]
pub struct Hub {
    inner: Mutex<Inner>,
    published: AtomicU64,
}

/// How a subscription begins. What memory holds of it is in the mailbox already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// Without a past: the client holds everything up to `offset`.
    Fresh { epoch: Epoch, offset: u64 },
    /// The place is known: `from + 1..=to` follows.
    Resumed { epoch: Epoch, from: u64, to: u64 },
    /// The same, but `from + 1..=to` must be read from the journal before
    /// [`Mailbox::open_gate`] lets the rest through.
    Backfill { epoch: Epoch, from: u64, to: u64 },
    /// The place is not to be had; it starts again after `offset`.
    Resync {
        epoch: Epoch,
        offset: u64,
        reason: ResyncReason,
    },
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

/// Several topics at the same moment, between two engine batches.
#[derive(Debug, Clone)]
pub struct Cut {
    pub seq: Seq,
    pub topics: Vec<CutTopic>,
}

impl Hub {
    /// All of `topics` that exist, with at most `log_entries` publications of each log.
    pub fn cut(&self, topics: &[Topic], log_entries: usize) -> Cut {
        let inner = self.inner.lock();
        let topics = topics
            .iter()
            .filter_map(|topic| {
                inner
                    .topics
                    .get(topic)
                    .map(|state| state.cut(topic, log_entries))
            })
            .collect();
        Cut {
            seq: inner.seq,
            topics,
        }
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
        let inner = self.inner.lock();
        inner
            .topics
            .keys()
            .filter_map(|topic| match topic {
                Topic::Portfolio(bot) => Some(bot.clone()),
                _ => None,
            })
            .collect()
    }

    pub fn symbols(&self) -> Vec<Symbol> {
        let inner = self.inner.lock();
        inner
            .topics
            .keys()
            .filter_map(|topic| match topic {
                Topic::Market(symbol) => Some(symbol.clone()),
                _ => None,
            })
            .collect()
    }

    pub fn exists(&self, topic: &Topic) -> bool {
        self.inner.lock().topics.contains_key(topic)
    }

    /// The heads of those of `topics` that exist.
    pub fn heads<'a>(&self, topics: impl IntoIterator<Item = &'a Topic>) -> Vec<Position> {
        let inner = self.inner.lock();
        topics
            .into_iter()
            .filter_map(|topic| {
                let state = inner.topics.get(topic)?;
                Some(Position {
                    topic: topic.clone(),
                    epoch: state.epoch,
                    offset: state.head,
                })
            })
            .collect()
    }

    /// Subscribes a mailbox: registers it and puts what it missed into it, in one step, so that
    /// there is neither a gap nor a duplicate. `None` where there is no such topic.
    pub fn join(
        &self,
        mailbox: &Arc<Mailbox>,
        topic: &Topic,
        since: Option<Since>,
        history: u64,
    ) -> Option<Joined> {
        let mut inner = self.inner.lock();
        let state = inner.topics.get_mut(topic)?;
        state.subscribe(mailbox);
        Some(match topic.class() {
            Class::Log => join_log(state, mailbox, topic, since, history),
            Class::Keyed | Class::Latest => join_conflated(state, mailbox, topic, since),
        })
    }

    /// From now on the mailbox is joined to every market that appears; gives those that exist.
    pub fn watch_markets(&self, mailbox: &Arc<Mailbox>) -> Vec<Topic> {
        let mut inner = self.inner.lock();
        inner.market_watchers.push(Arc::downgrade(mailbox));
        inner
            .topics
            .keys()
            .filter(|topic| matches!(topic, Topic::Market(_)))
            .cloned()
            .collect()
    }

    pub fn unwatch_markets(&self, mailbox: &Arc<Mailbox>) {
        let mut inner = self.inner.lock();
        inner.market_watchers.retain(|watcher| {
            watcher
                .upgrade()
                .is_some_and(|watcher| !Arc::ptr_eq(&watcher, mailbox))
        });
    }

    pub fn leave(&self, mailbox: &Arc<Mailbox>, topic: &Topic) {
        if let Some(state) = self.inner.lock().topics.get_mut(topic) {
            state.unsubscribe(mailbox);
        }
        mailbox.forget(topic);
    }

    /// The whole of a conflated topic as one push.
    pub fn snapshot(&self, topic: &Topic) -> Option<Arc<Publication>> {
        self.inner.lock().topics.get_mut(topic)?.snapshot(topic)
    }
}

fn join_log(
    state: &mut TopicState,
    mailbox: &Mailbox,
    topic: &Topic,
    since: Option<Since>,
    history: u64,
) -> Joined {
    let (epoch, head) = (state.epoch, state.head);
    let fresh = |mailbox: &Mailbox, state: &TopicState| {
        let first_in_ring = state.first_in_ring();
        let offset = head
            .saturating_sub(history)
            .max(first_in_ring.saturating_sub(1));
        for publication in state.after(offset) {
            mailbox.put_log(publication);
        }
        offset
    };
    let reason = match since {
        None => {
            return Joined::Fresh {
                epoch,
                offset: fresh(mailbox, state),
            };
        }
        Some(since) if since.epoch != epoch => ResyncReason::EpochChanged,
        Some(since) if since.offset > head || head - since.offset > RESUME_WINDOW => {
            ResyncReason::WindowExceeded
        }
        Some(since) => {
            let from = since.offset;
            if from + 1 >= state.first_in_ring() || from == head {
                for publication in state.after(from) {
                    mailbox.put_log(publication);
                }
                return Joined::Resumed {
                    epoch,
                    from,
                    to: head,
                };
            }
            mailbox.close_gate(topic);
            return Joined::Backfill {
                epoch,
                from,
                to: head,
            };
        }
    };
    Joined::Resync {
        epoch,
        offset: fresh(mailbox, state),
        reason,
    }
}

fn join_conflated(
    state: &mut TopicState,
    mailbox: &Mailbox,
    topic: &Topic,
    since: Option<Since>,
) -> Joined {
    let (epoch, head) = (state.epoch, state.head);
    match since {
        Some(since) if since.epoch == epoch && since.offset == head => {
            return Joined::Resumed {
                epoch,
                from: head,
                to: head,
            };
        }
        _ => mailbox.put_snapshot(topic),
    }
    match since {
        Some(since) if since.epoch == epoch && since.offset < head => Joined::Resumed {
            epoch,
            from: since.offset,
            to: head,
        },
        Some(since) if since.epoch == epoch => Joined::Resync {
            epoch,
            offset: 0,
            reason: ResyncReason::WindowExceeded,
        },
        Some(_) => Joined::Resync {
            epoch,
            offset: 0,
            reason: ResyncReason::EpochChanged,
        },
        None => Joined::Fresh { epoch, offset: 0 },
    }
}

#[cfg(test)]
mod tests;
