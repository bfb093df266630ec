//! The topics of the page: a cell with each one's replica, who uses it, and what the present
//! session knows of it.

use std::collections::HashMap;

use leptos::prelude::*;

use super::usage::Usage;
use crate::wire::frame::Since;
use crate::wire::{BootTopic, Class, ClientConfig, Replica, Topic};

/// Cells, counts and what was asked of the server.
pub(super) struct Topics {
    cells: HashMap<Topic, ArcRwSignal<Replica>>,
    pub(super) usage: Usage,
    /// Asked for in this session, and when, ms.
    pub(super) asked: HashMap<Topic, f64>,
    /// What the server said against a topic, in this session.
    pub(super) errors: HashMap<Topic, String>,
}

impl Topics {
    pub(super) fn new(config: &ClientConfig, content: Vec<BootTopic>, now_ms: f64) -> Self {
        let mut usage = Usage::new(config.linger_ms, config.keep_ms);
        let cells = content
            .into_iter()
            .map(|boot| {
                let topic = boot.topic.clone();
                usage.keep(topic.clone(), now_ms);
                (topic, ArcRwSignal::new(boot.into_replica()))
            })
            .collect();
        Self {
            cells,
            usage,
            asked: HashMap::new(),
            errors: HashMap::new(),
        }
    }

    pub(super) fn acquire(&mut self, topic: &Topic) -> ArcRwSignal<Replica> {
        self.usage.acquire(topic);
        self.cells
            .entry(topic.clone())
            .or_insert_with(|| ArcRwSignal::new(Replica::new(topic.clone())))
            .clone()
    }

    pub(super) fn cell(&self, topic: &Topic) -> Option<ArcRwSignal<Replica>> {
        self.cells.get(topic).cloned()
    }

    /// All topics that are held, in a settled order.
    pub(super) fn held(&self) -> Vec<Topic> {
        let mut held: Vec<Topic> = self.cells.keys().cloned().collect();
        held.sort();
        held
    }

    /// Reads a replica without following it.
    pub(super) fn peek<T>(&self, topic: &Topic, read: impl FnOnce(&Replica) -> T) -> Option<T> {
        self.cells.get(topic)?.try_with_untracked(read)
    }

    /// Where to go on from. Without a value there is nothing that a delta could be laid over.
    pub(super) fn since(&self, topic: &Topic) -> Option<Since> {
        self.peek(topic, |replica| {
            let usable = topic.class() == Class::Log || replica.value().is_some();
            replica.since().filter(|_| usable)
        })
        .flatten()
    }

    /// What somebody uses and this session has not asked for.
    pub(super) fn missing(&self) -> Vec<Topic> {
        let mut used = self.usage.used();
        used.retain(|topic| !self.asked.contains_key(topic));
        used
    }

    /// Takes out, and names, what this session asked for and nobody has used for a while.
    pub(super) fn take_left(&mut self, now_ms: f64) -> Vec<Topic> {
        let usage = &self.usage;
        let mut left: Vec<Topic> = self
            .asked
            .extract_if(|topic, _| usage.is_left(topic, now_ms))
            .map(|(topic, _)| topic)
            .collect();
        left.sort();
        for topic in &left {
            self.errors.remove(topic);
        }
        left
    }

    /// Drops the values that nobody has used for long.
    pub(super) fn forget(&mut self, now_ms: f64) {
        for topic in self.usage.forget(now_ms) {
            self.cells.remove(&topic);
            self.errors.remove(&topic);
        }
    }

    /// A new session has been asked for nothing yet.
    pub(super) fn begin_session(&mut self) {
        self.asked.clear();
        self.errors.clear();
    }
}
