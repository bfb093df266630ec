//! The browser's one connection to the server, as the [`Source`] of every live value.
//!
//! [`session`] keeps one [`socket`] up, [`subscriptions`] says which topics it is asked for, [`frames`]
//! what each frame of the server does; [`flush`] lays what came over the cells once per animation frame,
//! [`beat`] is what happens each second, [`console`] and [`listeners`] are `window.plainsight`, and
//! [`browser`] is the little that is asked of the browser. What they decide is in pure parts with
//! tests of their own: [`Follower`] (the protocol: what is asked, what waits to be shown, gaps),
//! [`link`] (when to reconnect), [`usage`] (which topics are wanted), [`clock`] and [`meter`].
//!
//! All of it lives in one thread, the page's, and as long as the page: the `RefCell`s are held
//! neither across an `await` nor while a signal or a script's function runs.

mod beat;
mod browser;
mod clock;
mod console;
mod flush;
mod frames;
mod link;
mod listeners;
mod meter;
mod session;
mod socket;
mod subscriptions;
mod topics;
mod usage;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use send_wrapper::SendWrapper;

use super::{ConnectionState, ConnectionStats, Source};
use crate::domain::TimeUs;
use crate::wire::{Boot, Follower, Replica, Topic};

use clock::Clock;
use link::{Link, Wake};
use listeners::Listeners;
use meter::Meter;
use session::Session;
use topics::Topics;

pub use browser::read_boot;

/// The connection. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Client {
    // These three may be asked for by anybody; the rest belongs to the page's thread.
    boot: Arc<Boot>,
    connection: ArcRwSignal<ConnectionState>,
    stats: ArcRwSignal<ConnectionStats>,
    now: ArcRwSignal<Option<TimeUs>>,
    held: ArcRwSignal<bool>,
    core: SendWrapper<Rc<Core>>,
}

/// Everything that the parts share.
struct Core {
    boot: Arc<Boot>,
    connection: ArcRwSignal<ConnectionState>,
    stats: ArcRwSignal<ConnectionStats>,
    now: ArcRwSignal<Option<TimeUs>>,
    held: ArcRwSignal<bool>,
    link: RefCell<Link>,
    topics: RefCell<Topics>,
    follower: RefCell<Follower>,
    clock: RefCell<Clock>,
    meter: RefCell<Meter>,
    /// The socket that counts; an older one that still ends is told apart by its generation.
    session: RefCell<Option<Session>>,
    generation: Cell<u64>,
    /// Topics older than their budget, as of the last full second.
    late: RefCell<Vec<Topic>>,
    /// Since when a flush is asked for.
    flush_asked_ms: Cell<Option<f64>>,
    subscribe_asked: Cell<bool>,
    /// Whether frames go to the console.
    logs_frames: Cell<bool>,
    retry_timer: RefCell<Option<browser::Timer>>,
    flush_timer: RefCell<Option<browser::Timer>>,
    suspect_timer: RefCell<Option<browser::Timer>>,
    want_timer: RefCell<Option<browser::Timer>>,
    on_frame: OnceCell<js_sys::Function>,
    listeners: RefCell<Listeners>,
}

impl Client {
    /// A client that holds what the page was rendered from and is not connected yet. Takes the
    /// topics out of `boot`, because their content lives on in the cells.
    pub fn new(mut boot: Boot) -> Self {
        let content = std::mem::take(&mut boot.topics);
        let boot = Arc::new(boot);
        let connection = ArcRwSignal::new(ConnectionState::Connecting);
        let stats = ArcRwSignal::new(ConnectionStats::default());
        let now = ArcRwSignal::new(None);
        let held = ArcRwSignal::new(false);
        let core = Core {
            boot: boot.clone(),
            connection: connection.clone(),
            stats: stats.clone(),
            now: now.clone(),
            held: held.clone(),
            link: RefCell::new(Link::new(boot.client.backoff.clone())),
            topics: RefCell::new(Topics::new(&boot.client, content, browser::now_ms())),
            follower: RefCell::default(),
            clock: RefCell::default(),
            meter: RefCell::default(),
            session: RefCell::default(),
            generation: Cell::new(0),
            late: RefCell::default(),
            flush_asked_ms: Cell::new(None),
            subscribe_asked: Cell::new(false),
            logs_frames: Cell::new(false),
            retry_timer: RefCell::default(),
            flush_timer: RefCell::default(),
            suspect_timer: RefCell::default(),
            want_timer: RefCell::default(),
            on_frame: OnceCell::new(),
            listeners: RefCell::default(),
        };
        Self {
            boot,
            connection,
            stats,
            now,
            held,
            core: SendWrapper::new(Rc::new(core)),
        }
    }

    /// Connects and keeps connected. Once per page, after it was hydrated, so that nothing changes
    /// under hydration.
    pub fn start(&self) {
        let core: &Rc<Core> = &self.core;
        core.listen_to_browser();
        core.offer_console();
        core.begin_beat();
        let step = core.link.borrow_mut().start(browser::now_ms());
        core.follow(step);
    }
}

impl Source for Client {
    fn boot(&self) -> Arc<Boot> {
        self.boot.clone()
    }

    fn acquire(&self, topic: &Topic) -> ArcRwSignal<Replica> {
        self.core.acquire(topic)
    }

    fn release(&self, topic: &Topic) {
        self.core.release(topic);
    }

    fn connection(&self) -> ArcRwSignal<ConnectionState> {
        self.connection.clone()
    }

    fn stats(&self) -> ArcRwSignal<ConnectionStats> {
        self.stats.clone()
    }

    fn now(&self) -> ArcRwSignal<Option<TimeUs>> {
        self.now.clone()
    }

    fn held(&self) -> ArcRwSignal<bool> {
        self.held.clone()
    }

    fn retry(&self) {
        self.core.wake(Wake::Person);
    }
}

/// Sets a signal if that changes it.
fn put<T: PartialEq + 'static>(signal: &ArcRwSignal<T>, value: T) {
    let _ = signal.try_maybe_update(|old| {
        let changed = *old != value;
        if changed {
            *old = value;
        }
        (changed, ())
    });
}
