//! The server's wall clock as the browser knows it: its own steady clock plus an offset, taken
//! from the round trip that was the shortest of the last few. Pure: times are handed in.

use std::collections::VecDeque;

use crate::domain::TimeUs;

/// As many round trips are remembered.
const SAMPLES: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Sample {
    round_trip_ms: f64,
    /// Server's wall time minus the steady clock, µs.
    offset_us: f64,
}

/// The estimate. The steady clock does not jump when somebody sets the machine's time.
#[derive(Debug, Default)]
pub struct Clock {
    samples: VecDeque<Sample>,
}

impl Clock {
    /// Begins anew at a welcome that came `waited_ms` after the request for it: the machine may
    /// have slept, which stops the steady clock in some browsers.
    pub fn restart(&mut self, now_ms: f64, server: TimeUs) {
        self.samples.clear();
        // Its true round trip is unknown: any measured one is better.
        self.put(f64::INFINITY, now_ms, server);
    }

    /// Without a server the machine's own wall clock has to do.
    pub fn assume(&mut self, now_ms: f64, wall: TimeUs) {
        if self.samples.is_empty() {
            self.put(f64::INFINITY, now_ms, wall);
        }
    }

    /// A round trip of a ping: sent, answered with the server's time, received.
    pub fn round_trip(&mut self, sent_ms: f64, now_ms: f64, server: TimeUs) -> f64 {
        let round_trip_ms = (now_ms - sent_ms).max(0.0);
        self.put(round_trip_ms, now_ms - round_trip_ms / 2.0, server);
        round_trip_ms
    }

    fn put(&mut self, round_trip_ms: f64, at_ms: f64, server: TimeUs) {
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            round_trip_ms,
            offset_us: server.micros() as f64 - at_ms * 1_000.0,
        });
    }

    /// The server's time, once anything is known of it.
    pub fn now(&self, now_ms: f64) -> Option<TimeUs> {
        let best = self
            .samples
            .iter()
            .min_by(|a, b| a.round_trip_ms.total_cmp(&b.round_trip_ms))?;
        Some(TimeUs((now_ms * 1_000.0 + best.offset_us).round() as i64))
    }

    /// How long until the server's next full second, ms; never so short that a timer which fires
    /// a little early would tick twice.
    pub fn to_next_second_ms(&self, now_ms: f64) -> u32 {
        let into = self
            .now(now_ms)
            .map_or(0, |now| now.millis().rem_euclid(1_000));
        let left = u32::try_from(1_000 - into).unwrap_or(1_000);
        if left < 50 { left + 1_000 } else { left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_round_trip_sets_the_clock() {
        let mut clock = Clock::default();
        assert_eq!(clock.now(0.0), None);
        clock.restart(100.0, TimeUs(5_000_000));
        assert_eq!(clock.now(101.0), Some(TimeUs(5_001_000)));
        assert_eq!(clock.round_trip(200.0, 220.0, TimeUs(6_000_000)), 20.0);
        assert_eq!(clock.now(210.0), Some(TimeUs(6_000_000)));
        clock.round_trip(300.0, 900.0, TimeUs(9_000_000));
        assert_eq!(clock.now(210.0), Some(TimeUs(6_000_000)), "a slow one");
    }

    #[test]
    fn old_samples_leave_so_that_drift_is_followed() {
        let mut clock = Clock::default();
        clock.round_trip(0.0, 1.0, TimeUs(0));
        for sample in 0..SAMPLES {
            let at = 1_000.0 * (sample as f64 + 1.0);
            clock.round_trip(at, at + 10.0, TimeUs(50_000_000));
        }
        let last = 1_000.0 * SAMPLES as f64 + 5.0;
        assert!(clock.now(last).unwrap().micros() >= 50_000_000);
    }

    #[test]
    fn ticks_meet_the_servers_seconds() {
        let mut clock = Clock::default();
        assert_eq!(clock.to_next_second_ms(0.0), 1_000);
        clock.assume(0.0, TimeUs(7_300_000));
        assert_eq!(clock.to_next_second_ms(0.0), 700);
        assert_eq!(clock.to_next_second_ms(670.0), 1_030);
        clock.assume(0.0, TimeUs(0));
        assert_eq!(clock.now(0.0), Some(TimeUs(7_300_000)));
    }
}
