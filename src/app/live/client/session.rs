//! The session that counts, and what follows its end.

use std::collections::HashMap;
use std::rc::Rc;

use futures::channel::{mpsc, oneshot};
use leptos::prelude::*;
use serde_json::json;
use wasm_bindgen_futures::spawn_local;

use super::link::{Step, Wake};
use super::{Core, browser, put, socket};
use crate::app::live::{ConnectionState, OfflineCause};
use crate::wire::{ClientFrame, Encoding};

/// What the page speaks: it is the shorter way for both sides.
pub(super) const ENCODING: Encoding = Encoding::Postcard;

/// The present socket. Dropping it ends the socket's task, because its queue ends.
pub(super) struct Session {
    generation: u64,
    outgoing: mpsc::UnboundedSender<ClientFrame>,
    /// When its opening began and when the last frame came, ms.
    pub(super) last_frame_ms: f64,
    pub(super) last_ping_ms: f64,
    pub(super) welcome: Option<Welcomed>,
    /// Pings that somebody waits for.
    pub(super) pings: HashMap<u64, oneshot::Sender<f64>>,
}

/// What the server said in its welcome.
pub(super) struct Welcomed {
    pub(super) session: String,
    pub(super) ping_ms: u32,
}

impl Session {
    pub(super) fn send(&self, frame: ClientFrame) {
        let _ = self.outgoing.unbounded_send(frame);
    }
}

impl Core {
    /// Carries out what the link decided, and shows it.
    pub(super) fn follow(self: &Rc<Self>, step: Step) {
        self.retry_timer.take();
        match step {
            Step::Connect => self.open(),
            Step::Wait { ms } => {
                let core = self.clone();
                let timer = browser::Timer::after(ms, move || {
                    let step = core.link.borrow_mut().due();
                    core.follow(step);
                });
                self.retry_timer.replace(Some(timer));
            }
            Step::Stay => {}
        }
        self.show();
    }

    /// Shows the state, with the topics that are late.
    pub(super) fn show(self: &Rc<Self>) {
        let state = self.link.borrow().state(browser::now_ms());
        let Some(mut state) = state else { return };
        if state == ConnectionState::Live && !self.late.borrow().is_empty() {
            state = ConnectionState::Degraded {
                late: self.late.borrow().clone(),
            };
        }
        let stopped = match &state {
            ConnectionState::Offline { cause } => Some(*cause),
            _ => None,
        };
        let was_stopped = self
            .connection
            .try_with_untracked(|old| matches!(old, ConnectionState::Offline { .. }));
        put(&self.connection, state);
        if let (Some(cause), Some(false)) = (stopped, was_stopped) {
            self.tell(
                "connection_failed",
                &json!({"cause": super::console::cause_text(cause)}),
            );
        }
    }

    fn open(self: &Rc<Self>) {
        let generation = self.generation.get() + 1;
        self.generation.set(generation);
        let (outgoing, queue) = mpsc::unbounded();
        let now = browser::now_ms();
        self.session.replace(Some(Session {
            generation,
            outgoing,
            last_frame_ms: now,
            last_ping_ms: now,
            welcome: None,
            pings: HashMap::new(),
        }));
        self.follower.borrow_mut().begin();
        let core = self.clone();
        spawn_local(async move {
            let end = socket::converse(&core, queue).await;
            if core.is_current(generation) {
                core.end(end.code, &end.reason);
            }
        });
    }

    fn is_current(&self, generation: u64) -> bool {
        self.session
            .borrow()
            .as_ref()
            .is_some_and(|session| session.generation == generation)
    }

    /// Whether there is a session that was welcomed.
    pub(super) fn is_welcomed(&self) -> bool {
        self.session
            .borrow()
            .as_ref()
            .is_some_and(|session| session.welcome.is_some())
    }

    /// Ends the present socket, if there is one, and does what follows.
    pub(super) fn end(self: &Rc<Self>, code: u16, reason: &str) {
        // What came is shown before the socket's end is.
        self.flush();
        let was_live = self.drop_session();
        let step = self.link.borrow_mut().lost(
            code,
            browser::now_ms(),
            browser::random(),
            browser::is_online(),
        );
        // Without a server the ages are told by the machine's own clock.
        self.clock
            .borrow_mut()
            .assume(browser::now_ms(), browser::wall());
        let event = if was_live { "disconnected" } else { "error" };
        self.follow(step);
        self.tell(event, &json!({"code": code, "reason": reason}));
    }

    /// Lets go of the socket without a word; says whether it had been welcomed.
    pub(super) fn drop_session(&self) -> bool {
        self.late.borrow_mut().clear();
        self.suspect_timer.take();
        self.want_timer.take();
        self.follower.borrow_mut().end();
        let session = self.session.take();
        session.is_some_and(|session| session.welcome.is_some())
    }

    /// Ends the session for a reason that this side found, and stays away.
    pub(super) fn refuse(self: &Rc<Self>, cause: OfflineCause) {
        self.drop_session();
        self.link.borrow_mut().stop(cause);
        self.follow(Step::Stay);
    }

    pub(super) fn wake(self: &Rc<Self>, by: Wake) {
        let step = self.link.borrow_mut().wake(by, browser::now_ms());
        if step != Step::Stay {
            self.follow(step);
        }
    }

    /// Sends a frame, if there is a socket to send it by.
    pub(super) fn send(&self, frame: ClientFrame) {
        if let Some(session) = &*self.session.borrow() {
            session.send(frame);
        }
    }
}
