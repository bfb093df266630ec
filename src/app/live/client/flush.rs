//! Lays what arrived over the cells: once per animation frame, and each cell's signal at most once
//! in it, however many pushes came.

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::{Core, browser};
use crate::wire::follow::inbox::{self, Change};
use crate::wire::{Topic, json};

/// A hidden tab has no animation frames: there this does, ms.
const HIDDEN_MS: u32 = 250;
/// No frame for so long: they have stopped although the tab counts as visible.
const NO_FRAME_MS: f64 = 500.0;

impl Core {
    /// Asks for a flush at the next frame.
    pub(super) fn flush_soon(self: &Rc<Self>) {
        let now_ms = browser::now_ms();
        match self.flush_asked_ms.get() {
            None => {
                self.flush_asked_ms.set(Some(now_ms));
                if browser::is_hidden() || !self.ask_for_frame() {
                    self.flush_after(HIDDEN_MS);
                }
            }
            // Timers of a hidden tab may be slowed to one a minute; messages are not.
            Some(asked_ms) if now_ms - asked_ms > NO_FRAME_MS => self.flush(),
            Some(_) => {}
        }
    }

    fn ask_for_frame(self: &Rc<Self>) -> bool {
        let on_frame = self.on_frame.get_or_init(|| {
            let core = self.clone();
            Closure::<dyn FnMut()>::new(move || core.flush())
                .into_js_value()
                .unchecked_into()
        });
        browser::window().is_some_and(|window| window.request_animation_frame(on_frame).is_ok())
    }

    fn flush_after(self: &Rc<Self>, ms: u32) {
        let core = self.clone();
        let timer = browser::Timer::after(ms, move || core.flush());
        self.flush_timer.replace(Some(timer));
    }

    /// Shows what waits.
    pub(super) fn flush(self: &Rc<Self>) {
        self.flush_timer.take();
        self.flush_asked_ms.set(None);
        let ready = self.follower.borrow_mut().take(browser::now_ms());
        for (topic, changes) in ready {
            self.show_topic(&topic, changes);
        }
        // A start without its content waits a little: look again, though nothing may arrive.
        if self.follower.borrow().is_waiting() {
            self.flush_after(HIDDEN_MS);
        }
    }

    fn show_topic(self: &Rc<Self>, topic: &Topic, changes: Vec<Change>) {
        let Some(cell) = self.topics.borrow().cell(topic) else {
            return;
        };
        let is_heard = self.listeners.borrow().hear(&topic.to_string());
        let outcome = cell.try_maybe_update(|replica| {
            let outcome = inbox::apply(replica, changes, |push| {
                is_heard.then(|| json::encode_push(push).ok()).flatten()
            });
            (outcome.changed, outcome)
        });
        let outcome = outcome.unwrap_or_default();
        self.ask(|follower, now_ms, topics| follower.laid(topic, &outcome, now_ms, topics));
        for text in outcome.told {
            self.tell_text(&topic.to_string(), &text);
        }
    }
}
