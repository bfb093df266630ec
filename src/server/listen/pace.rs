//! Where a connection stands, and until when it may stay there. A request's headers must have come within
//! a time, however they trickle; otherwise something must move now and then.
//!
//! hyper's own limit on headers also runs while a connection rests between two requests, which may be
//! much longer.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has come yet, since the connection was made. Browsers open some in case they need them.
    New(Instant),
    /// Between two requests, since something moved last.
    Rest(Instant),
    /// Headers are coming, since they began.
    Headers(Instant),
    /// A request is under way, since something moved last.
    Work(Instant),
}

/// What ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Not one byte has come.
    Silent,
    Headers,
    Idle,
}

/// One connection's, shared by its bytes, its requests and its task. All of these run in that one task.
#[derive(Debug, Clone)]
pub struct Pace(Arc<Mutex<Phase>>);

impl Pace {
    /// The connection is new: its first headers are awaited.
    pub fn start(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Phase::New(now))))
    }

    /// Bytes have come.
    pub fn read(&self, now: Instant) {
        let mut phase = self.0.lock();
        *phase = match *phase {
            Phase::Rest(_) => Phase::Headers(now),
            Phase::New(began) | Phase::Headers(began) => Phase::Headers(began),
            Phase::Work(_) => Phase::Work(now),
        };
    }

    /// Bytes have gone.
    pub fn wrote(&self, now: Instant) {
        let mut phase = self.0.lock();
        *phase = match *phase {
            Phase::Rest(_) => Phase::Rest(now),
            Phase::Work(_) => Phase::Work(now),
            before @ (Phase::New(_) | Phase::Headers(_)) => before,
        };
    }

    /// A request is here with all its headers.
    pub fn asked(&self, now: Instant) {
        *self.0.lock() = Phase::Work(now);
    }

    /// Its answer has been handed over.
    pub fn answered(&self, now: Instant) {
        *self.0.lock() = Phase::Rest(now);
    }

    /// When it is late, and of what.
    pub fn due(&self, headers: Duration, idle: Duration) -> (Instant, Late) {
        match *self.0.lock() {
            Phase::New(began) => (began + headers, Late::Silent),
            Phase::Headers(began) => (began + headers, Late::Headers),
            Phase::Rest(moved) | Phase::Work(moved) => (moved + idle, Late::Idle),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_cannot_be_stretched_and_rest_is_longer() {
        let (headers, idle) = (Duration::from_secs(5), Duration::from_secs(75));
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let pace = Pace::start(start);
        assert_eq!(pace.due(headers, idle), (at(5), Late::Silent));
        pace.read(at(1));
        assert_eq!(pace.due(headers, idle), (at(5), Late::Headers));
        pace.asked(at(1));
        pace.wrote(at(2));
        assert_eq!(pace.due(headers, idle), (at(77), Late::Idle));
        pace.answered(at(3));
        assert_eq!(pace.due(headers, idle), (at(78), Late::Idle));
        pace.read(at(63));
        pace.read(at(64));
        pace.wrote(at(64));
        assert_eq!(pace.due(headers, idle), (at(68), Late::Headers));
    }
}
