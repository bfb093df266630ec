//! Which topics the server is asked for: what components use, in one frame per task, and again
//! where something is missing.

use std::rc::Rc;

use futures::channel::oneshot;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::repairs::Ask;
use super::session::Subscribing;
use super::{Core, browser};
use crate::wire::frame::SubscribeTopic;
use crate::wire::{Class, ClientFrame, Echo, Replica, Topic};

/// How much of a log a topic starts with.
const HISTORY: u32 = 200;
/// Topics in one frame: a client's message has a limit.
const PER_FRAME: usize = 200;

impl Core {
    pub(super) fn acquire(self: &Rc<Self>, topic: &Topic) -> ArcRwSignal<Replica> {
        let cell = self.topics.borrow_mut().acquire(topic);
        if !self.subscribe_asked.replace(true) {
            self.subscribe_after(0);
        }
        cell
    }

    pub(super) fn release(&self, topic: &Topic) {
        self.topics
            .borrow_mut()
            .usage
            .release(topic, browser::now_ms());
    }

    /// Asks for what is missing after this time: at the earliest when the present task is done, so
    /// that a page's topics go in one frame.
    pub(super) fn subscribe_after(self: &Rc<Self>, ms: u32) {
        let core = self.clone();
        spawn_local(async move {
            browser::sleep(ms).await;
            core.subscribe_missing();
        });
    }

    /// Asks for all that somebody uses and the session does not have.
    pub(super) fn subscribe_missing(self: &Rc<Self>) {
        self.subscribe_asked.set(false);
        if self.is_welcomed() {
            let missing = self.topics.borrow().missing();
            self.subscribe(&missing, false);
        }
    }

    /// Asks for topics, each from where its replica stands, or all `afresh`.
    fn subscribe(self: &Rc<Self>, topics: &[Topic], afresh: bool) {
        for part in topics.chunks(PER_FRAME) {
            let id = self.new_id();
            let now_ms = browser::now_ms();
            let mut held = self.topics.borrow_mut();
            let mut session = self.session.borrow_mut();
            let Some(session) = session.as_mut() else {
                return;
            };
            let most = session
                .welcome
                .as_ref()
                .map_or(HISTORY, |welcome| welcome.limits.max_history);
            let mut wishes = Vec::with_capacity(part.len());
            let mut asked = Vec::with_capacity(part.len());
            for topic in part {
                let since = if afresh { None } else { held.since(topic) };
                let from_nothing = since.is_none() && topic.class() == Class::Log;
                wishes.push(SubscribeTopic {
                    topic: topic.to_string(),
                    since,
                    history: from_nothing.then_some(HISTORY.min(most)),
                    max_rate_hz: None,
                    lag: None,
                });
                asked.push((topic.clone(), since.is_none()));
                held.asked.entry(topic.clone()).or_insert(now_ms);
            }
            let subscribing = Subscribing {
                asked_ms: now_ms,
                topics: asked,
            };
            session.subscribing.insert(id, subscribing);
            let frame = ClientFrame::Subscribe { id, topics: wishes };
            session.send(&frame);
        }
    }

    /// Something of a topic is missing: asks for it, unless that is under way.
    pub(super) fn repair(self: &Rc<Self>, topic: &Topic) {
        let ask = self.repairs.borrow_mut().gap(topic, browser::now_ms());
        if ask != Ask::Wait {
            let last_gap = self.server_time();
            self.meter.borrow_mut().last_gap = last_gap;
            self.subscribe(std::slice::from_ref(topic), ask == Ask::Afresh);
        }
    }

    /// Leaves the topics that nobody has used for a while, and forgets what nobody will miss.
    pub(super) fn tidy(&self) {
        let now_ms = browser::now_ms();
        self.topics.borrow_mut().forget(now_ms);
        if self.is_welcomed() {
            let left = self.topics.borrow_mut().take_left(now_ms);
            for part in left.chunks(PER_FRAME) {
                self.send(&ClientFrame::Unsubscribe {
                    id: self.new_id(),
                    topics: part.iter().map(Topic::to_string).collect(),
                });
            }
        }
    }

    /// Asks for a pong; whoever waits for it gets the round trip in ms.
    pub(super) fn ping(&self, waiting: Option<oneshot::Sender<f64>>) {
        let id = self.new_id();
        let now_ms = browser::now_ms();
        if let Some(session) = &mut *self.session.borrow_mut() {
            session.last_ping_ms = now_ms;
            if let Some(waiting) = waiting {
                session.pings.insert(id, waiting);
            }
            session.send(&ClientFrame::Ping {
                id,
                t: Echo::of(now_ms),
            });
        }
    }
}
