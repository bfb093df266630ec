//! Which topics the server is asked for: what components use, in one frame per task. How they are
//! asked for, and again where something is missing, is the [`Follower`]'s business.

use std::rc::Rc;

use futures::channel::oneshot;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::topics::Topics;
use super::{Core, browser};
use crate::wire::follow::Effects;
use crate::wire::{ClientFrame, Echo, Follower, Replica, Topic};

impl Core {
    pub(super) fn acquire(self: &Rc<Self>, topic: &Topic) -> ArcRwSignal<Replica> {
        let cell = self.topics.borrow_mut().acquire(topic);
        if !self.subscribe_asked.replace(true) {
            self.subscribe_soon();
        }
        cell
    }

    pub(super) fn release(&self, topic: &Topic) {
        self.topics
            .borrow_mut()
            .usage
            .release(topic, browser::now_ms());
    }

    /// Asks for what is missing when the present task is done, so that a page's topics go in one
    /// frame.
    fn subscribe_soon(self: &Rc<Self>) {
        let core = self.clone();
        spawn_local(async move {
            browser::sleep(0).await;
            core.subscribe_missing();
        });
    }

    /// Asks for all that somebody uses and the session does not have.
    pub(super) fn subscribe_missing(self: &Rc<Self>) {
        self.subscribe_asked.set(false);
        if self.is_welcomed() {
            self.ask(|follower, now_ms, topics| follower.want(topics.usage.used(), now_ms, topics));
        }
    }

    /// Lets the follower decide, and does what it says.
    pub(super) fn ask(
        self: &Rc<Self>,
        decide: impl FnOnce(&mut Follower, f64, &Topics) -> Effects,
    ) {
        let now_ms = browser::now_ms();
        let effects = decide(
            &mut self.follower.borrow_mut(),
            now_ms,
            &self.topics.borrow(),
        );
        self.carry_out(effects);
    }

    fn carry_out(self: &Rc<Self>, effects: Effects) {
        if effects.gap {
            let last_gap = self.server_time();
            self.meter.borrow_mut().last_gap = last_gap;
        }
        for frame in effects.send {
            self.send(frame);
        }
        if let Some(ms) = effects.want_after_ms {
            let core = self.clone();
            let timer = browser::Timer::after(ms, move || core.subscribe_missing());
            self.want_timer.replace(Some(timer));
        }
        if let Some(ms) = effects.check_after_ms {
            let core = self.clone();
            let timer = browser::Timer::after(ms, move || core.check_suspects());
            self.suspect_timer.replace(Some(timer));
        }
        if effects.waiting {
            self.flush_soon();
        }
        for complaint in effects.complaints {
            self.complain(complaint);
        }
    }

    /// Leaves the topics that nobody has used for a while, and forgets what nobody will miss.
    pub(super) fn tidy(self: &Rc<Self>) {
        let now_ms = browser::now_ms();
        for topic in self.topics.borrow_mut().forget(now_ms) {
            self.follower.borrow_mut().forget(&topic);
        }
        if self.is_welcomed() {
            self.ask(|follower, now_ms, topics| {
                follower.leave(|topic| topics.usage.is_left(topic, now_ms))
            });
        }
    }

    /// Asks for a pong; whoever waits for it gets the round trip in ms.
    pub(super) fn ping(&self, waiting: Option<oneshot::Sender<f64>>) {
        let id = self.follower.borrow_mut().new_id();
        let now_ms = browser::now_ms();
        if let Some(session) = &mut *self.session.borrow_mut() {
            session.last_ping_ms = now_ms;
            if let Some(waiting) = waiting {
                session.pings.insert(id, waiting);
            }
            session.send(ClientFrame::Ping {
                id,
                t: Echo::of(now_ms),
            });
        }
    }
}
