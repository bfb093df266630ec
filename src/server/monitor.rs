//! How the machine is, gathered from the parts that know: the driver writes what it sees of feed and
//! journal, connections count themselves, tasks report their panics. Read by `health`, `/ready`,
//! `/health` and `/metrics`.

mod machine;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::sync::watch;

use super::clock::wall_time;
use super::latency::Samples;
use crate::domain::health::{FeedHealth, FeedState, JournalHealth, ProcessHealth};
use crate::domain::{BotId, Health, Mode, Seq, TimeUs};
use crate::feed::binance::Link;
use machine::Gauge;

pub use machine::Machine;

/// A live feed may be without a connection for so long before that is a problem.
const LINK_LOST: Duration = Duration::from_secs(30);

/// Counters that only grow, for `/metrics`.
#[derive(Debug, Default)]
pub struct Counters {
    pub inputs: AtomicU64,
    pub events: AtomicU64,
    pub commits: AtomicU64,
    pub commit_failures: AtomicU64,
    pub connections: AtomicU64,
    pub frames_in: AtomicU64,
    pub frames_out: AtomicU64,
    pub bytes_out: AtomicU64,
    pub bad_frames: AtomicU64,
    /// Writes to sockets: each carries what was ready.
    pub writes: AtomicU64,
    /// Slow readers that were told what they were not given, and those that were closed.
    pub lags: AtomicU64,
    pub slow_closes: AtomicU64,
    /// Topics that were resumed, read from the journal for it, or begun again.
    pub resumed: AtomicU64,
    pub backfills: AtomicU64,
    pub resyncs: AtomicU64,
}

impl Counters {
    pub fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct State {
    feed: FeedHealth,
    journal: JournalHealth,
    seq: Seq,
    bots: Vec<BotId>,
    journalled: Samples,
    published: Samples,
    /// Tasks that panicked: never taken out, because what they left undone is unknown.
    panics: BTreeSet<String>,
    /// `None` where the system does not tell.
    system: Option<System>,
    gauge: Gauge,
}

#[derive(Debug)]
pub struct Monitor {
    mode: Mode,
    started: Instant,
    /// Of a live feed.
    link: Option<Link>,
    pub counters: Counters,
    /// Open connections.
    clients: AtomicU64,
    state: Mutex<State>,
    /// Whether the journal takes events: orders ask before they queue up.
    writable: watch::Sender<bool>,
}

impl Monitor {
    /// `seq` is where the engine stands at the start.
    pub fn new(mode: Mode, seq: Seq, feed: FeedHealth, link: Option<Link>) -> Self {
        let journal = JournalHealth {
            writable: true,
            problem: None,
            unwritable_since: None,
            retries: 0,
            events: 0,
            size_bytes: 0,
        };
        Self {
            mode,
            started: Instant::now(),
            link,
            counters: Counters::default(),
            clients: AtomicU64::new(0),
            state: Mutex::new(State {
                feed,
                journal,
                seq,
                bots: Vec::new(),
                journalled: Samples::default(),
                published: Samples::default(),
                panics: BTreeSet::new(),
                system: System::new().ok(),
                gauge: Gauge::default(),
            }),
            writable: watch::Sender::new(true),
        }
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn feed(&self, change: impl FnOnce(&mut FeedHealth)) {
        change(&mut self.state.lock().feed);
    }

    /// The journal takes events again, or still.
    pub fn journal_written(&self, events: u64) {
        let mut state = self.state.lock();
        let journal = &mut state.journal;
        let size_bytes = journal.size_bytes;
        *journal = JournalHealth {
            writable: true,
            problem: None,
            unwritable_since: None,
            retries: 0,
            events,
            size_bytes,
        };
        drop(state);
        self.writable
            .send_if_modified(|writable| !std::mem::replace(writable, true));
    }

    pub fn journal_size(&self, bytes: u64) {
        self.state.lock().journal.size_bytes = bytes;
    }

    /// A commit failed. Gives how long that has been so, µs.
    pub fn journal_failed(&self, problem: String) -> i64 {
        let now = wall_time();
        let mut state = self.state.lock();
        let journal = &mut state.journal;
        journal.retries += u64::from(!journal.writable);
        journal.writable = false;
        journal.problem = Some(problem);
        let since = *journal.unwritable_since.get_or_insert(now);
        drop(state);
        self.writable.send_replace(false);
        now.since(since)
    }

    pub fn journal_writable(&self) -> watch::Receiver<bool> {
        self.writable.subscribe()
    }

    /// A batch became visible: `received` is when its oldest item arrived.
    pub fn published(&self, seq: Seq, received: TimeUs, journalled: TimeUs, published: TimeUs) {
        let at = Instant::now();
        let micros = |later: TimeUs| u64::try_from(later.since(received)).unwrap_or_default();
        let mut state = self.state.lock();
        state.seq = seq;
        state.journalled.add(at, micros(journalled));
        state.published.add(at, micros(published));
    }

    pub fn bots(&self, bots: Vec<BotId>) {
        self.state.lock().bots = bots;
    }

    pub fn task_panicked(&self, task: &str) {
        tracing::error!(task.name = task, "a task panicked");
        self.state.lock().panics.insert(task.to_owned());
    }

    pub fn client_came(&self) {
        self.clients.fetch_add(1, Ordering::Relaxed);
        Counters::add(&self.counters.connections, 1);
    }

    pub fn client_left(&self) {
        self.clients.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn clients(&self) -> u64 {
        self.clients.load(Ordering::Relaxed)
    }

    /// How busy the machine is, as of now or a moment ago.
    pub fn machine(&self) -> Machine {
        let State { system, gauge, .. } = &mut *self.state.lock();
        gauge.look(system.as_mut(), Instant::now())
    }

    /// Everything as of now.
    pub fn health(&self, pushes: u64) -> Health {
        let mut state = self.state.lock();
        let process = self.process(state.system.as_mut());
        let mut problems = Vec::new();
        if let Some(problem) = &state.journal.problem {
            problems.push(format!("the journal cannot be written: {problem}"));
        }
        if state.feed.state == FeedState::Halted {
            let problem = state.feed.problem.as_deref().unwrap_or("unknown cause");
            problems.push(format!("the feed is halted: {problem}"));
        }
        let now = Instant::now();
        let mut feed = state.feed.clone();
        feed.link = self.link.as_ref().map(|link| link.health(now));
        let lost = self.link.as_ref().and_then(|link| link.lost_for(now));
        if let Some(lost) = lost.filter(|lost| *lost >= LINK_LOST) {
            let why = feed.link.as_ref().and_then(|link| link.problem.as_deref());
            problems.push(format!(
                "no connection to the market for {} s: {}",
                lost.as_secs(),
                why.unwrap_or("unknown cause")
            ));
        }
        problems.extend(
            state
                .panics
                .iter()
                .map(|task| format!("the task {task} has panicked")),
        );
        Health {
            mode: self.mode,
            ready: problems.is_empty() && state.feed.state != FeedState::Recovering,
            problems,
            feed,
            journal: state.journal.clone(),
            seq: state.seq,
            bots: state.bots.clone(),
            clients: self.clients(),
            pushes,
            received_to_journalled: state.journalled.percentiles(),
            received_to_published: state.published.percentiles(),
            process,
            time: wall_time(),
        }
    }

    fn process(&self, system: Option<&mut System>) -> ProcessHealth {
        let pid = Pid::from_u32(std::process::id());
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
        let process = system.and_then(|system| {
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
            system.process(pid)
        });
        ProcessHealth {
            cpu_percent: process.map(sysinfo::Process::cpu_usage),
            resident_bytes: process.map(sysinfo::Process::memory),
            uptime_s: self.started.elapsed().as_secs(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
