//! The client's half of the protocol: which topics the session was asked for, what became of it,
//! and what is asked again where something is missing. [`inbox`] is what waits to be laid over the
//! replicas, [`repairs`] how gaps are filled, [`frames`] what each frame of the server does.
//!
//! Pure: frames and times go in, what is to be done comes out as [`Effects`], and the replicas
//! belong to the caller, who lays what [`Follower::take`] gives over them and reports each with
//! [`Follower::laid`]. So the browser's cells and a simulator's map are followed by the same rules.

mod effects;
mod frames;
pub mod inbox;
pub mod repairs;

use std::collections::{BTreeMap, HashMap};

pub use self::effects::{Complaint, Effects};

use self::inbox::{Change, Inbox, Outcome};
use self::repairs::{Ask, Repairs};
use super::frame::{Since, SubscribeTopic};
use super::{Class, ClientFrame, Replica, Topic};

/// How much of a log a topic starts with.
const HISTORY: u32 = 200;
/// Topics in one frame: a client's message has a limit.
const PER_FRAME: usize = 200;

/// The replicas, wherever the caller keeps them: cells, or a plain map.
pub trait Replicas {
    /// Reads one, if there is one.
    fn peek<T>(&self, topic: &Topic, read: impl FnOnce(&Replica) -> T) -> Option<T>;
}

impl Replicas for BTreeMap<Topic, Replica> {
    fn peek<T>(&self, topic: &Topic, read: impl FnOnce(&Replica) -> T) -> Option<T> {
        self.get(topic).map(read)
    }
}

/// A subscription on its way: the topics, and whether each went without a past.
#[derive(Debug)]
struct Subscribing {
    asked_ms: f64,
    topics: Vec<(Topic, bool)>,
}

/// One client's state of the protocol.
#[derive(Debug, Default)]
pub struct Follower {
    /// Asked for in this session, and when, ms.
    asked: HashMap<Topic, f64>,
    /// What the server said against a topic, in this session.
    errors: HashMap<Topic, String>,
    /// Subscriptions without an answer.
    subscribing: HashMap<u64, Subscribing>,
    inbox: Inbox,
    repairs: Repairs,
    /// The most history that the server gives; there is a session that was welcomed.
    most_history: Option<u32>,
    last_id: u64,
    /// What was named last in `want_after_ms`, as a time.
    want_due_ms: Option<f64>,
    /// A check is to come.
    checking: bool,
}

impl Follower {
    /// An id for a frame. Each is another one, in all sessions.
    pub fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A session begins, and has been asked for nothing yet. What the last one left unshown is
    /// forgotten: this one resumes from what the replicas hold.
    pub fn begin(&mut self) {
        self.end();
        self.asked.clear();
        self.errors.clear();
        self.inbox.clear();
        self.repairs.clear();
    }

    /// The session is over: nothing is asked until the next.
    pub fn end(&mut self) {
        self.most_history = None;
        self.subscribing.clear();
        self.want_due_ms = None;
        self.checking = false;
    }

    /// The server welcomed the session.
    pub fn welcomed(&mut self, max_history: u32) {
        self.most_history = Some(max_history);
    }

    /// When this session was asked for the topic, ms.
    pub fn asked_ms(&self, topic: &Topic) -> Option<f64> {
        self.asked.get(topic).copied()
    }

    /// What the server said against the topic.
    pub fn error(&self, topic: &Topic) -> Option<&String> {
        self.errors.get(topic)
    }

    /// Nobody has use for what was known of the topic.
    pub fn forget(&mut self, topic: &Topic) {
        self.errors.remove(topic);
    }

    /// Whether a subscription has had no answer for so long.
    pub fn is_unanswered(&self, now_ms: f64, patience_ms: f64) -> bool {
        let mut unanswered = self.subscribing.values();
        unanswered.any(|asked| now_ms - asked.asked_ms > patience_ms)
    }

    /// Asks for those of `used` that the session does not have.
    pub fn want(&mut self, mut used: Vec<Topic>, now_ms: f64, replicas: &impl Replicas) -> Effects {
        let mut effects = Effects::default();
        used.retain(|topic| !self.asked.contains_key(topic));
        self.want_due_ms = None;
        self.subscribe(&used, false, now_ms, replicas, &mut effects);
        effects
    }

    /// Unsubscribes from those that `is_left` says nobody uses any more.
    pub fn leave(&mut self, is_left: impl Fn(&Topic) -> bool) -> Effects {
        let mut effects = Effects::default();
        let mut left: Vec<Topic> = self
            .asked
            .extract_if(|topic, _| is_left(topic))
            .map(|(topic, _)| topic)
            .collect();
        left.sort();
        for part in left.chunks(PER_FRAME) {
            effects.send.push(ClientFrame::Unsubscribe {
                id: self.new_id(),
                topics: part.iter().map(Topic::to_string).collect(),
            });
        }
        for topic in &left {
            self.errors.remove(topic);
        }
        effects
    }

    /// Whether anything waits, be it for its content.
    pub fn is_waiting(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// What is to be laid over the replicas now with [`inbox::apply`].
    pub fn take(&mut self, now_ms: f64) -> Vec<(Topic, Vec<Change>)> {
        self.inbox.take(now_ms)
    }

    /// A topic's changes were laid over its replica: asks for what is missing still.
    pub fn laid(
        &mut self,
        topic: &Topic,
        outcome: &Outcome,
        now_ms: f64,
        replicas: &impl Replicas,
    ) -> Effects {
        let mut effects = Effects::default();
        if outcome.answered {
            self.repairs.answered(topic);
        }
        if outcome.healed || outcome.skipped {
            self.repairs.healed(topic);
        }
        if outcome.gap && self.most_history.is_some() {
            let ask = self.repairs.gap(topic, now_ms);
            self.repair(topic, ask, now_ms, replicas, &mut effects);
        }
        effects
    }

    /// Something of a topic is missing: asks for it, unless that is under way.
    fn repair(
        &mut self,
        topic: &Topic,
        ask: Ask,
        now_ms: f64,
        replicas: &impl Replicas,
        effects: &mut Effects,
    ) {
        if ask != Ask::Wait {
            effects.gap = true;
            let topics = std::slice::from_ref(topic);
            self.subscribe(topics, ask == Ask::Afresh, now_ms, replicas, effects);
        }
    }

    /// Asks for topics, each from where its replica stands, or all `afresh`.
    fn subscribe(
        &mut self,
        topics: &[Topic],
        afresh: bool,
        now_ms: f64,
        replicas: &impl Replicas,
        effects: &mut Effects,
    ) {
        let Some(most) = self.most_history else {
            return;
        };
        for part in topics.chunks(PER_FRAME) {
            let id = self.new_id();
            let mut wishes = Vec::with_capacity(part.len());
            let mut asked = Vec::with_capacity(part.len());
            for topic in part {
                let since = replicas.peek(topic, resumable).flatten();
                let since = since.filter(|_| !afresh);
                let from_nothing = since.is_none() && topic.class() == Class::Log;
                wishes.push(SubscribeTopic {
                    topic: topic.to_string(),
                    since,
                    history: from_nothing.then_some(HISTORY.min(most)),
                    max_rate_hz: None,
                    lag: None,
                });
                asked.push((topic.clone(), since.is_none()));
                self.asked.entry(topic.clone()).or_insert(now_ms);
            }
            let subscribing = Subscribing {
                asked_ms: now_ms,
                topics: asked,
            };
            self.subscribing.insert(id, subscribing);
            let frame = ClientFrame::Subscribe { id, topics: wishes };
            effects.send.push(frame);
        }
    }
}

/// Where to go on from. Without a value there is nothing that a delta could be laid over.
fn resumable(replica: &Replica) -> Option<Since> {
    let usable = replica.topic.class() == Class::Log || replica.value().is_some();
    replica.since().filter(|_| usable)
}

#[cfg(test)]
mod tests;
