//! The state of the connection as a whole: what follows a loss, a close code, a wish of the server,
//! an event of the browser or a person's click. Pure: times and random numbers are handed in.

use std::time::Duration;

use crate::app::live::{ConnectionState, OfflineCause};
use crate::wire::{Backoff, CloseCode, Next};

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// A socket is being opened, or has not been welcomed yet.
    Trying,
    Live,
    /// The next try comes at this time, ms.
    Waiting {
        due_ms: f64,
    },
    Offline(OfflineCause),
    /// The page was left; it may come back out of the browser's cache.
    Left,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Connect,
    /// Ask [`Link::due`] after this time.
    Wait {
        ms: u32,
    },
    Stay,
}

/// What may bring the connection back before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Somebody asked for it: whatever the cause was, it is tried.
    Person,
    /// The browser has a network again.
    Online,
    /// The tab is looked at again.
    Visible,
    /// The page came back out of the browser's cache.
    Shown,
}

/// The machine. An outage ends only when a session has proved itself: it was welcomed and brought
/// an answer or a push. So a server that welcomes and closes at once is not tried without pause.
#[derive(Debug)]
pub struct Link {
    policy: Backoff,
    phase: Phase,
    failed: u32,
    attempt: u32,
    outage_since_ms: f64,
    wish: Option<Duration>,
    proved: bool,
    /// There has been a session.
    welcomed: bool,
    /// Nothing has gone wrong yet: the page is on its first try.
    fresh: bool,
}

impl Link {
    pub fn new(policy: Backoff) -> Self {
        Self {
            policy,
            phase: Phase::Trying,
            failed: 0,
            attempt: 1,
            outage_since_ms: 0.0,
            wish: None,
            proved: false,
            welcomed: false,
            fresh: true,
        }
    }

    /// The first try of the page.
    pub fn start(&mut self, now_ms: f64) -> Step {
        self.phase = Phase::Trying;
        self.outage_since_ms = now_ms;
        Step::Connect
    }

    /// The server greets. Says whether it did so before, so that this is a reconnect.
    pub fn welcomed(&mut self) -> bool {
        self.phase = Phase::Live;
        self.fresh = false;
        self.proved = false;
        std::mem::replace(&mut self.welcomed, true)
    }

    /// The session brought something: the outage is over.
    pub fn prove(&mut self) {
        if self.phase == Phase::Live && !self.proved {
            self.proved = true;
            self.failed = 0;
            self.wish = None;
        }
    }

    /// The server will close and says how long it wishes to be left alone.
    pub fn announced(&mut self, retry_ms: u32) {
        self.wish = Some(Duration::from_millis(retry_ms.into()));
    }

    /// The socket is gone, or never came up. `online` is what the browser says of its network.
    pub fn lost(&mut self, code: u16, now_ms: f64, random: f64, online: bool) -> Step {
        match self.phase {
            Phase::Offline(_) | Phase::Left | Phase::Waiting { .. } => return Step::Stay,
            Phase::Live if self.proved => {
                self.failed = 0;
                self.outage_since_ms = now_ms;
            }
            Phase::Live | Phase::Trying => self.failed += 1,
        }
        self.fresh = false;
        self.proved = false;
        if !CloseCode::reconnects(code) {
            self.phase = Phase::Offline(final_cause(code));
            return Step::Stay;
        }
        let outage = Duration::from_secs_f64(((now_ms - self.outage_since_ms) / 1_000.0).max(0.0));
        match self
            .policy
            .next(self.failed, outage, random, self.wish.take())
        {
            Next::GiveUp => {
                self.phase = Phase::Offline(if online {
                    OfflineCause::ServerAway
                } else {
                    OfflineCause::BrowserOffline
                });
                Step::Stay
            }
            Next::Try { attempt, delay } => {
                self.attempt = attempt;
                let ms = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
                if ms == 0 {
                    self.phase = Phase::Trying;
                    return Step::Connect;
                }
                self.phase = Phase::Waiting {
                    due_ms: now_ms + f64::from(ms),
                };
                Step::Wait { ms }
            }
        }
    }

    /// The wait is over.
    pub fn due(&mut self) -> Step {
        match self.phase {
            Phase::Waiting { .. } => {
                self.phase = Phase::Trying;
                Step::Connect
            }
            _ => Step::Stay,
        }
    }

    /// Something may have changed for the better. A closed session stays closed unless a person
    /// wishes otherwise, because no network event gives a right back.
    pub fn wake(&mut self, by: Wake, now_ms: f64) -> Step {
        let again = match (self.phase, by) {
            (Phase::Trying | Phase::Live, _) => return Step::Stay,
            (Phase::Left, Wake::Shown) => true,
            (Phase::Left, _) => return Step::Stay,
            (_, Wake::Person | Wake::Online) if !self.is_refused() => true,
            (_, Wake::Person) => true,
            (Phase::Waiting { .. }, _) => false,
            (Phase::Offline(OfflineCause::ServerAway), Wake::Visible | Wake::Shown) => true,
            (Phase::Offline(_), _) => return Step::Stay,
        };
        if again {
            self.failed = 0;
            self.attempt = 1;
            self.outage_since_ms = now_ms;
            self.wish = None;
        }
        self.phase = Phase::Trying;
        Step::Connect
    }

    fn is_refused(&self) -> bool {
        matches!(self.phase, Phase::Offline(cause)
            if !matches!(cause, OfflineCause::ServerAway | OfflineCause::BrowserOffline))
    }

    /// The browser lost its network.
    pub fn browser_offline(&mut self) {
        if self.phase != Phase::Left && !self.is_refused() {
            self.stop(OfflineCause::BrowserOffline);
        }
    }

    /// Ends it for a reason that this side found.
    pub fn stop(&mut self, cause: OfflineCause) {
        self.phase = Phase::Offline(cause);
        self.fresh = false;
    }

    /// The page is being left.
    pub fn leave(&mut self) {
        self.phase = Phase::Left;
    }

    /// Tries that failed since the connection was lost.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// As components see it; which topics are late is not known here. `None` while the page is
    /// being left, when nothing should move any more.
    pub fn state(&self, now_ms: f64) -> Option<ConnectionState> {
        let attempt = self.attempt;
        Some(match self.phase {
            Phase::Trying if self.fresh => ConnectionState::Connecting,
            Phase::Trying => ConnectionState::Reconnecting {
                attempt,
                next_in_s: 0,
            },
            Phase::Waiting { due_ms } => ConnectionState::Reconnecting {
                attempt,
                next_in_s: ((due_ms - now_ms).max(0.0) / 1_000.0).ceil() as u32,
            },
            Phase::Live => ConnectionState::Live,
            Phase::Offline(cause) => ConnectionState::Offline { cause },
            Phase::Left => return None,
        })
    }
}

fn final_cause(code: u16) -> OfflineCause {
    match CloseCode::of(code) {
        Some(CloseCode::BadToken | CloseCode::NoHello) => OfflineCause::NotSignedIn,
        Some(CloseCode::Forbidden) => OfflineCause::Forbidden,
        Some(CloseCode::Version) => OfflineCause::Version,
        _ => OfflineCause::Refused,
    }
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
