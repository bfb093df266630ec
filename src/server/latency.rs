//! Measured delays of the last minute, for percentiles. Never an interval, always the difference of
//! two clock readings.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::domain::health::Latency;

const WINDOW: Duration = Duration::from_secs(60);
/// Samples that are kept at most; beyond it the oldest leave early.
const KEPT: usize = 20_000;

#[derive(Debug, Default)]
pub struct Samples {
    samples: VecDeque<(Instant, u64)>,
}

impl Samples {
    /// Adds a delay of `micros`, measured at `at`.
    pub fn add(&mut self, at: Instant, micros: u64) {
        self.samples.push_back((at, micros));
        while self.samples.len() > KEPT
            || self
                .samples
                .front()
                .is_some_and(|(then, _)| at.duration_since(*then) > WINDOW)
        {
            self.samples.pop_front();
        }
    }

    /// Nearest-rank percentiles.
    pub fn percentiles(&self) -> Latency {
        let mut sorted: Vec<u64> = self.samples.iter().map(|(_, micros)| *micros).collect();
        sorted.sort_unstable();
        let rank = |share: f64| {
            let place = (share * sorted.len() as f64).ceil() as usize;
            sorted.get(place.saturating_sub(1)).copied()
        };
        Latency {
            p50_us: rank(0.50),
            p95_us: rank(0.95),
            p99_us: rank(0.99),
            n: sorted.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank_and_undefined_without_samples() {
        let mut samples = Samples::default();
        assert_eq!(samples.percentiles(), Latency::default());
        let now = Instant::now();
        for micros in 1..=100 {
            samples.add(now, micros);
        }
        let latency = samples.percentiles();
        assert_eq!(
            (latency.p50_us, latency.p95_us, latency.p99_us, latency.n),
            (Some(50), Some(95), Some(99), 100)
        );
    }
}
