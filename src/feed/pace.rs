//! When an item of a feed is due on the wall. Pure: the caller brings the clock and does the
//! waiting. Only market time is scaled; cadences, budgets and limits stay wall time.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use crate::domain::TimeUs;

/// How fast market time goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as the items can be taken in.
    Max,
    /// Market seconds in one second of the wall; positive and finite.
    Factor(f64),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("speed {text:?} is not valid: it must be \"max\" or a positive number such as 1 or 60")]
pub struct InvalidSpeed {
    text: String,
}

impl FromStr for Speed {
    type Err = InvalidSpeed;

    fn from_str(text: &str) -> Result<Self, InvalidSpeed> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Self::Factor(factor)),
            _ => Err(InvalidSpeed {
                text: text.chars().take(40).collect(),
            }),
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Factor(factor) => factor.fmt(f),
        }
    }
}

/// Maps market time to wall time from an origin: the first item that it sees is due at once, and
/// every later one as long after it as the market says.
#[derive(Debug, Clone)]
pub struct Pacer {
    speed: Speed,
    origin: Option<(TimeUs, Instant)>,
}

impl Pacer {
    pub fn new(speed: Speed) -> Self {
        Self {
            speed,
            origin: None,
        }
    }

    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// How long to wait from `now` until an item of `market_time` may be given; zero when it is
    /// due or late.
    pub fn due(&mut self, market_time: TimeUs, now: Instant) -> Duration {
        let Speed::Factor(factor) = self.speed else {
            return Duration::ZERO;
        };
        let (first, start) = *self.origin.get_or_insert((market_time, now));
        let micros = market_time.since(first).max(0);
        // Durations beyond what the clock can hold come from factors next to zero: never.
        Duration::try_from_secs_f64(micros as f64 / 1e6 / factor)
            .ok()
            .and_then(|after| start.checked_add(after))
            .map_or(Duration::MAX, |due| due.saturating_duration_since(now))
    }

    /// Forgets the origin: the next item is due at once. For after a recovery, so that the time
    /// the recovery took is not caught up with in a burst.
    pub fn rebase(&mut self) {
        self.origin = None;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::time::SECOND;

    #[test]
    fn a_speed_is_max_or_a_positive_finite_number() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("60".parse(), Ok(Speed::Factor(60.0)));
        assert_eq!("0.5".parse(), Ok(Speed::Factor(0.5)));
        for bad in ["", "0", "-1", "inf", "NaN", "fast", "1x"] {
            let error = bad.parse::<Speed>().unwrap_err().to_string();
            assert!(error.contains("max"), "{error}");
        }
        assert_eq!(Speed::Factor(60.0).to_string(), "60");
        assert_eq!(Speed::Max.to_string(), "max");
    }

    #[test]
    fn the_first_item_is_due_at_once_and_the_next_after_the_scaled_time() {
        let mut pacer = Pacer::new(Speed::Factor(10.0));
        let start = Instant::now();
        let origin = TimeUs(1_704_067_200_000_000);
        assert_eq!(pacer.due(origin, start), Duration::ZERO);
        let later = origin.plus(20 * SECOND);
        assert_eq!(pacer.due(later, start), Duration::from_secs(2));
        let half = start + Duration::from_millis(500);
        assert_eq!(pacer.due(later, half), Duration::from_millis(1_500));
        let late = start + Duration::from_secs(3);
        assert_eq!(pacer.due(later, late), Duration::ZERO);
    }

    #[test]
    fn max_never_waits() {
        let mut pacer = Pacer::new(Speed::Max);
        let now = Instant::now();
        pacer.due(TimeUs(0), now);
        assert_eq!(pacer.due(TimeUs(i64::MAX), now), Duration::ZERO);
    }

    #[test]
    fn a_new_origin_after_recovery() {
        let mut pacer = Pacer::new(Speed::Factor(1.0));
        let now = Instant::now();
        pacer.due(TimeUs(0), now);
        pacer.rebase();
        assert_eq!(pacer.due(TimeUs(50 * SECOND), now), Duration::ZERO);
        assert_eq!(pacer.due(TimeUs(51 * SECOND), now), Duration::from_secs(1));
    }

    #[test]
    fn a_factor_next_to_zero_waits_for_ever_without_overflow() {
        let mut pacer = Pacer::new(Speed::Factor(1e-300));
        let now = Instant::now();
        pacer.due(TimeUs(0), now);
        assert_eq!(pacer.due(TimeUs(SECOND), now), Duration::MAX);
    }
}
