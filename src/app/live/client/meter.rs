//! Counts for those who look closer: messages per second over the last few, round trip,
//! reconnects, the last gap. Pure: it is told when a second is over.

use std::collections::VecDeque;

use crate::app::live::ConnectionStats;
use crate::domain::TimeUs;

/// Seconds that the rate is taken over.
const SECONDS: usize = 5;

#[derive(Debug, Default)]
pub struct Meter {
    /// Messages of the running second.
    running: u32,
    /// When it began, ms.
    since_ms: f64,
    /// Messages and length, s, of the seconds before it.
    past: VecDeque<(u32, f64)>,
    pub round_trip_ms: Option<f64>,
    pub reconnects: u32,
    pub last_gap: Option<TimeUs>,
}

impl Meter {
    /// One message more.
    pub fn count(&mut self) {
        self.running = self.running.saturating_add(1);
    }

    /// A second is over, or longer where the browser slowed its timers.
    pub fn tick(&mut self, now_ms: f64) {
        let length_s = (now_ms - self.since_ms) / 1_000.0;
        if length_s <= 0.0 {
            return;
        }
        if self.past.len() == SECONDS {
            self.past.pop_front();
        }
        self.past
            .push_back((std::mem::take(&mut self.running), length_s));
        self.since_ms = now_ms;
    }

    pub fn stats(&self) -> ConnectionStats {
        let (messages, seconds) = self
            .past
            .iter()
            .fold((0.0, 0.0), |(messages, seconds), (count, length)| {
                (messages + f64::from(*count), seconds + length)
            });
        ConnectionStats {
            round_trip_ms: self.round_trip_ms,
            messages_per_s: if seconds > 0.0 {
                messages / seconds
            } else {
                0.0
            },
            reconnects: self.reconnects,
            last_gap: self.last_gap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut meter = Meter::default();
        assert_eq!(meter.stats().messages_per_s, 0.0);
        for second in 1..=10_u32 {
            for _ in 0..second {
                meter.count();
            }
            meter.tick(f64::from(second) * 1_000.0);
        }
        assert_eq!(meter.stats().messages_per_s, 8.0);
        meter.tick(20_000.0);
        assert!(meter.stats().messages_per_s < 8.0, "a long silent stretch");
    }
}
