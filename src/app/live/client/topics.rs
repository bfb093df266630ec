//! The topics of the page: a cell with each one's replica, and who uses it.

use std::collections::HashMap;

use leptos::prelude::*;

use super::usage::Usage;
use crate::wire::follow::Replicas;
use crate::wire::{BootTopic, ClientConfig, Replica, Topic};

/// Cells and counts.
pub(super) struct Topics {
    cells: HashMap<Topic, ArcRwSignal<Replica>>,
    pub(super) usage: Usage,
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
        Self { cells, usage }
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

    /// Drops, and names, the values that nobody has used for long.
    pub(super) fn forget(&mut self, now_ms: f64) -> Vec<Topic> {
        let forgotten = self.usage.forget(now_ms);
        for topic in &forgotten {
            self.cells.remove(topic);
        }
        forgotten
    }
}

impl Replicas for Topics {
    /// Reads a replica without following it.
    fn peek<T>(&self, topic: &Topic, read: impl FnOnce(&Replica) -> T) -> Option<T> {
        self.cells.get(topic)?.try_with_untracked(read)
    }
}
