//! What happens each second, and what the browser tells in between: time goes on, a silent socket
//! is given up, pings go out, unused topics are left, late ones are named.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::link::{Step, Wake};
use super::{Core, browser, put};
use crate::domain::health::FeedState;
use crate::wire::follow::Replicas as _;
use crate::wire::{Class, CloseCode, Payload, Replica, Topic};

/// The client's own pings, for round trip and clock, ms.
const PING_MS: f64 = 5_000.0;
/// Beyond two heartbeats, how long silence is borne, ms.
const SILENCE_MS: f64 = 5_000.0;

impl Core {
    /// Beats for the page's life, on the server's full seconds.
    pub(super) fn begin_beat(self: &Rc<Self>) {
        let core = self.clone();
        spawn_local(async move {
            loop {
                let wait_ms = core.clock.borrow().to_next_second_ms(browser::now_ms());
                browser::sleep(wait_ms).await;
                core.beat();
            }
        });
    }

    fn beat(self: &Rc<Self>) {
        let now_ms = browser::now_ms();
        self.logs_frames.set(browser::wants_frames());
        put(&self.held, self.is_held());
        self.show_time();
        self.check_silence(now_ms);
        self.tidy();
        let late = self.find_late(now_ms);
        self.late.replace(late);
        self.show();
        let stats = {
            let mut meter = self.meter.borrow_mut();
            meter.tick(now_ms);
            meter.stats()
        };
        put(&self.stats, stats);
    }

    /// A replay that is over gives nothing new, and is not late with it.
    fn is_held(&self) -> bool {
        let ended = |replica: &Replica| match replica.value() {
            Some(Payload::Health(health)) => health.feed.state == FeedState::Ended,
            _ => false,
        };
        self.topics
            .borrow()
            .peek(&Topic::Health, ended)
            .unwrap_or(false)
    }

    /// Moves the page's clock.
    pub(super) fn show_time(&self) {
        if let Some(now) = self.server_time() {
            put(&self.now, Some(now));
        }
    }

    /// A socket that says nothing is dead, whatever the browser thinks of it; and one that leaves
    /// a subscription unanswered is of no use.
    fn check_silence(self: &Rc<Self>, now_ms: f64) {
        let patience_ms = f64::from(self.boot.client.backoff.connect_timeout_ms);
        let (dead, ping_due) = match &*self.session.borrow() {
            Some(session) => match &session.welcome {
                Some(welcome) => {
                    let silence_ms = 2.0 * f64::from(welcome.ping_ms) + SILENCE_MS;
                    let follower = self.follower.borrow();
                    let dead = now_ms - session.last_frame_ms > silence_ms
                        || follower.is_unanswered(now_ms, patience_ms);
                    // The beat may come a little early.
                    (dead, now_ms - session.last_ping_ms > PING_MS - 500.0)
                }
                None => (false, false),
            },
            None => (false, false),
        };
        if dead {
            self.end(CloseCode::NoPong.code(), "the server does not answer");
        } else if ping_due {
            self.ping(None);
        }
    }

    /// The topics whose value is older than it may be. One that was asked for just now has time to
    /// arrive first.
    fn find_late(&self, now_ms: f64) -> Vec<Topic> {
        let Some(now) = self.server_time().filter(|_| self.is_welcomed()) else {
            return Vec::new();
        };
        let held = self.is_held();
        let topics = self.topics.borrow();
        let follower = self.follower.borrow();
        let mut late = topics.usage.used();
        late.retain(|topic| {
            let budget_ms = self.boot.client.budget_ms(topic.stream());
            let Some(asked_ms) = follower.asked_ms(topic) else {
                return false;
            };
            let received = topics.peek(topic, |replica| replica.t_received).flatten();
            topic.class() != Class::Log
                && budget_ms > 0
                && (!held || *topic == Topic::Health)
                && now_ms - asked_ms > f64::from(budget_ms)
                && received.is_some_and(|at| now.since(at) > i64::from(budget_ms) * 1_000)
        });
        late
    }

    /// Installs the listeners of the page's life, once.
    pub(super) fn listen_to_browser(self: &Rc<Self>) {
        let Some(window) = browser::window() else {
            return;
        };
        let wakes = |by: Wake| {
            let core = self.clone();
            move |_| core.wake(by)
        };
        browser::listen(&window, "online", wakes(Wake::Online));
        browser::listen(&window, "pageshow", wakes(Wake::Shown));
        let core = self.clone();
        browser::listen(&window, "offline", move |_| {
            core.drop_session();
            core.link.borrow_mut().browser_offline();
            core.follow(Step::Stay);
        });
        let core = self.clone();
        browser::listen(&window, "pagehide", move |_| {
            core.link.borrow_mut().leave();
            core.drop_session();
            core.follow(Step::Stay);
        });
        if let Some(document) = window.document() {
            let core = self.clone();
            browser::listen(&document, "visibilitychange", move |_| {
                // Frames stop when the tab is hidden, and a frame asked for before may not come.
                core.flush();
                if !browser::is_hidden() {
                    core.wake(Wake::Visible);
                }
            });
        }
    }
}
