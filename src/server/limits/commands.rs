//! How often a client may speak on one socket. A frame too many is refused; who goes on and on is closed.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::Clock as _;
use governor::{DefaultDirectRateLimiter, RateLimiter};

use super::requests::quota;
use crate::server::config::LimitsConfig;

/// In which refusals are added up.
const WINDOW: Duration = Duration::from_secs(10);

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// Not now; the next one may come after this.
    Refuse(Duration),
    /// Refused too often.
    Close,
}

pub struct CommandRate {
    limiter: DefaultDirectRateLimiter,
    /// Refusals since then. At most so many are borne in a window.
    since: Option<Instant>,
    refused: u32,
    borne: NonZeroU32,
}

impl CommandRate {
    pub fn new(config: &LimitsConfig) -> Self {
        let quota = quota(config.commands_per_s, config.command_burst);
        Self {
            limiter: RateLimiter::direct(quota),
            since: None,
            refused: 0,
            borne: config.command_burst,
        }
    }

    /// Counts a frame.
    pub fn note(&mut self, now: Instant) -> Verdict {
        let Err(until) = self.limiter.check() else {
            return Verdict::Go;
        };
        if self
            .since
            .is_none_or(|since| now.duration_since(since) >= WINDOW)
        {
            (self.since, self.refused) = (Some(now), 0);
        }
        self.refused += 1;
        if self.refused > self.borne.get() {
            Verdict::Close
        } else {
            Verdict::Refuse(until.wait_time_from(self.limiter.clock().now()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_is_closed_and_who_stops_in_time_is_not() {
        let config = LimitsConfig {
            commands_per_s: NonZeroU32::MIN,
            command_burst: NonZeroU32::new(2).unwrap(),
            ..LimitsConfig::default()
        };
        let mut rate = CommandRate::new(&config);
        let now = Instant::now();
        assert_eq!([rate.note(now), rate.note(now)], [Verdict::Go; 2]);
        let refused = |verdict| matches!(verdict, Verdict::Refuse(wait) if wait > Duration::ZERO);
        assert!(refused(rate.note(now)) && refused(rate.note(now)));
        // Ten seconds later it is a new count, whatever the limiter says of the real time.
        let later = now + WINDOW;
        assert!(refused(rate.note(later)) && refused(rate.note(later)));
        assert_eq!(rate.note(later), Verdict::Close);
    }
}
