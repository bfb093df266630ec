//! When to try again: exponential backoff with full jitter, as a pure function of how long the
//! outage lasts, how often it was tried and a random number that the caller draws.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The policy, `[client]` in Leptos.toml; it travels with the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// Bound of the second try's delay, ms; each further one doubles it.
    pub base_ms: u32,
    /// Bound while an outage is young, so that a short one is over soon after the server is back.
    pub early_cap_ms: u32,
    /// How long an outage is young, ms.
    pub early_ms: u32,
    /// Bound after that.
    pub cap_ms: u32,
    /// Tries in a row before the client gives up and waits for a person.
    pub max_attempts: u32,
    /// An attempt that has not connected by then has failed, ms.
    pub connect_timeout_ms: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base_ms: 500,
            early_cap_ms: 2_000,
            early_ms: 15_000,
            cap_ms: 30_000,
            max_attempts: 20,
            connect_timeout_ms: 10_000,
        }
    }
}

/// What comes next in an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try number `attempt`, counted from 1, after this delay.
    Try {
        attempt: u32,
        delay: Duration,
    },
    GiveUp,
}

impl Backoff {
    /// What follows `failed` failed tries, `outage` after the connection was lost. `random` is
    /// uniform in 0..1; `at_least` is the server's own wish (`retry_ms`).
    pub fn next(
        &self,
        failed: u32,
        outage: Duration,
        random: f64,
        at_least: Option<Duration>,
    ) -> Next {
        if failed >= self.max_attempts {
            return Next::GiveUp;
        }
        let attempt = failed + 1;
        let wished = at_least.unwrap_or_default();
        if failed == 0 {
            return Next::Try {
                attempt,
                delay: wished,
            };
        }
        let young = outage < Duration::from_millis(self.early_ms.into());
        let cap = if young {
            self.early_cap_ms
        } else {
            self.cap_ms
        };
        let doubled = self
            .base_ms
            .saturating_mul(2_u32.saturating_pow(failed - 1));
        let bound = Duration::from_millis(doubled.min(cap).into());
        Next::Try {
            attempt,
            delay: bound.mul_f64(random.clamp(0.0, 1.0)).max(wished),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(failed: u32, outage_s: u64, random: f64) -> Duration {
        match Backoff::default().next(failed, Duration::from_secs(outage_s), random, None) {
            Next::Try { attempt, delay } => {
                assert_eq!(attempt, failed + 1);
                delay
            }
            Next::GiveUp => panic!("gave up after {failed}"),
        }
    }

    #[test]
    fn the_first_try_is_at_once_and_bounds_double() {
        assert_eq!(delay(0, 0, 1.0), Duration::ZERO);
        assert_eq!(delay(1, 0, 1.0), Duration::from_millis(500));
        assert_eq!(delay(2, 1, 1.0), Duration::from_millis(1_000));
        assert_eq!(delay(3, 2, 1.0), Duration::from_millis(2_000));
    }

    #[test]
    fn a_young_outage_is_capped_low_and_an_old_one_high() {
        assert_eq!(delay(10, 14, 1.0), Duration::from_secs(2));
        assert_eq!(delay(10, 15, 1.0), Duration::from_secs(30));
    }

    #[test]
    fn jitter_is_full() {
        assert_eq!(delay(3, 2, 0.0), Duration::ZERO);
        assert_eq!(delay(3, 2, 0.25), Duration::from_millis(500));
    }

    #[test]
    fn it_gives_up_and_heeds_the_servers_wish() {
        let policy = Backoff::default();
        assert_eq!(policy.next(20, Duration::ZERO, 0.5, None), Next::GiveUp);
        let wish = Some(Duration::from_secs(3));
        assert_eq!(
            policy.next(0, Duration::ZERO, 0.0, wish),
            Next::Try {
                attempt: 1,
                delay: Duration::from_secs(3)
            }
        );
    }

    #[test]
    fn no_number_of_failures_overflows() {
        let policy = Backoff {
            max_attempts: u32::MAX,
            ..Backoff::default()
        };
        assert!(matches!(
            policy.next(u32::MAX - 1, Duration::MAX, 1.0, None),
            Next::Try { .. }
        ));
    }
}
