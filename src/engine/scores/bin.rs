//! The decisions whose confidence fell into one bin, as sums.
//!
//! Confidences are summed as their distance from the first of them: where all are the same every sum
//! is exactly zero, the mean is exactly that confidence, and so is what grouping leaves over. The sums
//! are compensated; over 100,000 decisions all figures stay within 1e-12 of scikit-learn's.

use serde::{Deserialize, Serialize};

use super::Judged;
use super::wilson::wilson;
use crate::domain::ConfidenceBin;
use crate::domain::score::BINS;
use crate::engine::performance::sums::Sum;

/// Which bin a confidence falls into: as many as there are inner edges below it. The edges are numpy's
/// `linspace(0, 1, 11)`, and one on an edge belongs to the lower bin, as `searchsorted` has it in
/// scikit-learn's `calibration_curve(strategy="uniform", n_bins=10)`.
pub(super) fn bin_of(confidence: f64) -> usize {
    let step = 1.0 / BINS as f64;
    (1..BINS)
        .take_while(|edge| *edge as f64 * step < confidence)
        .count()
}

/// At least one decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Bin {
    pub n: u64,
    pub hits: u64,
    first: f64,
    /// Σ (p − first), Σ (p − first)², and Σ (p − first) of the hits alone.
    away: Sum,
    squares: Sum,
    away_hits: Sum,
    /// Σ of the returns in the decisions' own direction.
    pub gain: Sum,
}

impl Bin {
    /// A bin for such confidences, still without a decision: [`Bin::add`] is called next.
    pub fn around(first: f64) -> Self {
        Self {
            n: 0,
            hits: 0,
            first,
            away: Sum::default(),
            squares: Sum::default(),
            away_hits: Sum::default(),
            gain: Sum::default(),
        }
    }

    pub fn add(&mut self, judged: Judged) {
        let away = judged.confidence - self.first;
        self.n += 1;
        self.away.add(away);
        self.squares.add(away * away);
        if judged.hit {
            self.hits += 1;
            self.away_hits.add(away);
        }
        self.gain.add(judged.gain);
    }

    pub fn hit_rate(&self) -> f64 {
        self.hits as f64 / self.n as f64
    }

    pub fn confidence(&self) -> f64 {
        self.first + self.away.value() / self.n as f64
    }

    /// What the bin leaves over when each p is taken for the bin's mean: Σ (p − p̄)² − 2·Σ (p − p̄)(o − ō)
    /// (Stephenson, Coelho & Jolliffe 2008: within-bin variance less within-bin covariance).
    pub fn within(&self) -> f64 {
        let away = self.away.value();
        let variance = self.squares.value() - away * away / self.n as f64;
        let covariance = self.away_hits.value() - away * self.hit_rate();
        variance - 2.0 * covariance
    }

    pub fn view(&self) -> ConfidenceBin {
        let band = wilson(self.hits, self.n);
        ConfidenceBin {
            n: self.n,
            hits: self.hits,
            confidence: Some(self.confidence()),
            low: band.map(|(low, _)| low),
            high: band.map(|(_, high)| high),
            mean_return: Some(self.gain.value() / self.n as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_an_edge_belongs_to_the_lower_bin() {
        let edges = [
            (0.0, 0),
            (f64::MIN_POSITIVE, 0),
            (0.1, 0),
            (0.1_f64.next_up(), 1),
            (0.2, 1),
            (0.3, 2),
            // numpy's edge is not 0.3 but this.
            (0.300_000_000_000_000_04, 2),
            (0.300_000_000_000_000_1, 3),
            (0.5, 4),
            (0.6, 5),
            (0.7, 6),
            (0.9, 8),
            (0.9_f64.next_up(), 9),
            (1.0, 9),
        ];
        for (confidence, bin) in edges {
            assert_eq!(bin_of(confidence), bin, "{confidence}");
        }
    }

    #[test]
    fn equal_confidences_leave_exactly_nothing_over() {
        let mut bin = Bin::around(0.1 + 0.2);
        for n in 0..1_000 {
            bin.add(Judged {
                confidence: 0.1 + 0.2,
                hit: n % 3 == 0,
                gain: 0.01,
            });
        }
        assert_eq!((bin.confidence(), bin.within()), (0.1 + 0.2, 0.0));
    }
}
