//! What mood a simulated market is in. A Markov chain: a mood lasts some minutes, the next one
//! depends on it alone. Each leaves a trace that a model can find: trends persist, a range returns
//! to its anchor, a volatile market does neither.

use serde::{Deserialize, Serialize};

use super::noise::Noise;
use crate::domain::time::MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Regime {
    TrendUp,
    TrendDown,
    Range,
    Volatile,
}

/// How the price moves, per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Motion {
    /// Standard deviation of the return over one second.
    pub sigma: f64,
    /// Mean return of one second.
    pub drift: f64,
    /// Share of the way back to the anchor that one second takes.
    pub pull: f64,
}

/// √ of the seconds of a year: volatility is stated for a year.
const ROOT_OF_YEAR: f64 = 5_615.692_299_409_6;

impl Regime {
    pub(super) fn motion(self) -> Motion {
        // A trend of five minutes goes about 1.7 standard deviations of its noise; a range has a
        // standard deviation of about 12 basis points around its anchor.
        let (yearly, trend, pull) = match self {
            Self::TrendUp => (0.5, 0.1, 0.0),
            Self::TrendDown => (0.5, -0.1, 0.0),
            Self::Range => (0.7, 0.0, 1.0 / 180.0),
            Self::Volatile => (1.2, 0.0, 0.0),
        };
        let sigma = yearly / ROOT_OF_YEAR;
        Motion {
            sigma,
            drift: trend * sigma,
            pull,
        }
    }

    /// How long it lasts, µs: from half to one and a half of the mean.
    pub(super) fn duration(self, noise: &mut Noise) -> i64 {
        let mean = match self {
            Self::TrendUp | Self::TrendDown => 6 * MINUTE,
            Self::Range => 10 * MINUTE,
            Self::Volatile => 3 * MINUTE,
        };
        mean / 2 + (mean as f64 * noise.uniform()) as i64
    }

    pub(super) fn next(self, noise: &mut Noise) -> Self {
        use Regime::{Range, TrendDown, TrendUp, Volatile};
        let roads = match self {
            TrendUp => [(0.50, Range), (0.25, Volatile), (0.25, TrendDown)],
            TrendDown => [(0.50, Range), (0.25, Volatile), (0.25, TrendUp)],
            Range => [(0.40, TrendUp), (0.40, TrendDown), (0.20, Volatile)],
            Volatile => [(0.40, Range), (0.30, TrendUp), (0.30, TrendDown)],
        };
        let mut left = noise.uniform();
        for (share, regime) in roads {
            if left < share {
                return regime;
            }
            left -= share;
        }
        roads[0].1
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_mood_comes_up_and_up_is_as_frequent_as_down() {
        let mut noise = Noise::new(3, 0);
        let mut regime = Regime::Range;
        let mut time = HashMap::new();
        for _ in 0..20_000 {
            let duration = regime.duration(&mut noise);
            assert!(duration >= MINUTE);
            *time.entry(regime).or_insert(0) += duration;
            let next = regime.next(&mut noise);
            assert_ne!(next, regime);
            regime = next;
        }
        let share = |regime| time[&regime] as f64 / time.values().sum::<i64>() as f64;
        assert!((share(Regime::TrendUp) - share(Regime::TrendDown)).abs() < 0.02);
        assert!(share(Regime::Range) > 0.3 && share(Regime::Volatile) > 0.05);
    }
}
