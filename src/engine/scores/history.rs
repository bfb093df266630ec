//! Calibration over time: how each [`POINT_SIZE`] resolved decisions in a row were.
//! Invariant: at most [`POINTS`] points, and fewer decisions than a point's in the running one.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Judged;
use crate::domain::score::{POINT_SIZE, POINTS};
use crate::domain::{CalibrationPoint, TimeUs};
use crate::engine::performance::sums::Sum;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct History {
    /// Oldest first.
    points: VecDeque<CalibrationPoint>,
    running: Running,
}

/// What comes together to the next point.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Running {
    n: u64,
    hits: u64,
    confidence: Sum,
    /// Σ (p − o)².
    squares: Sum,
}

impl History {
    pub fn judged(&mut self, judged: Judged, time: TimeUs) {
        let running = &mut self.running;
        let off = judged.confidence - f64::from(judged.hit);
        running.n += 1;
        running.hits += u64::from(judged.hit);
        running.confidence.add(judged.confidence);
        running.squares.add(off * off);
        if running.n < POINT_SIZE {
            return;
        }
        let Running {
            n,
            hits,
            confidence,
            squares,
        } = std::mem::take(running);
        let n = n as f64;
        self.points.push_back(CalibrationPoint {
            time,
            hit_rate: hits as f64 / n,
            confidence: confidence.value() / n,
            brier: squares.value() / n,
        });
        if self.points.len() > POINTS {
            self.points.pop_front();
        }
    }

    pub fn points(&self) -> Vec<CalibrationPoint> {
        self.points.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_point_is_of_fifty_decisions_and_the_oldest_go() {
        let mut history = History::default();
        let tell = |history: &mut History, from: i64, count: i64| {
            for n in from..from + count {
                let judged = Judged {
                    confidence: 0.75,
                    hit: n % 2 == 0,
                    gain: 0.0,
                };
                history.judged(judged, TimeUs(n));
            }
        };
        tell(&mut history, 0, 49);
        assert!(history.points().is_empty());
        tell(&mut history, 49, 1);
        let point = CalibrationPoint {
            time: TimeUs(49),
            hit_rate: 0.5,
            confidence: 0.75,
            brier: 0.3125,
        };
        assert_eq!(history.points(), [point]);
        let size = POINT_SIZE as i64;
        tell(&mut history, 50, POINTS as i64 * size);
        assert_eq!(history.points().len(), POINTS);
        assert_eq!(history.points().first().unwrap().time, TimeUs(2 * size - 1));
    }
}
