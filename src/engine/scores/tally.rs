//! What is summed of one group of decisions, and the figures that come of it.
//!
//! Invariant: counts only grow, in whatever order decisions are told of; what is pending is what was
//! made and is not resolved, never below zero.

use serde::{Deserialize, Serialize};

use super::bin::{Bin, bin_of};
use super::wilson::wilson;
use super::{Judged, Score};
use crate::domain::ModelId;
use crate::domain::score::BINS;
use crate::engine::performance::sums::{Sum, sum};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    made: u64,
    unresolvable: u64,
    /// Σ (p − o)² and Σ −ln of the probability that was given to what happened.
    squares: Sum,
    logs: Sum,
    bins: [Option<Bin>; BINS],
}

/// The parts of the Brier score, each a mean over all decisions.
struct Parts {
    reliability: f64,
    resolution: f64,
    within: f64,
    /// Expected calibration error.
    ece: f64,
}

impl Tally {
    pub fn made(&mut self) {
        self.made += 1;
    }

    pub fn unresolvable(&mut self) {
        self.unresolvable += 1;
    }

    pub fn judged(&mut self, judged: Judged) {
        let p = judged.confidence;
        let given = if judged.hit { p } else { 1.0 - p };
        let off = p - f64::from(judged.hit);
        self.squares.add(off * off);
        // Whoever was certain and wrong would be infinitely wrong: scikit-learn's `log_loss` keeps
        // 64-bit probabilities this far from 0 and 1.
        let clipped = given.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        self.logs.add(-clipped.ln());
        self.bins[bin_of(p)]
            .get_or_insert_with(|| Bin::around(p))
            .add(judged);
    }

    fn filled(&self) -> impl Iterator<Item = &Bin> {
        self.bins.iter().flatten()
    }

    /// Murphy (1973): with p̄, ō and n of each bin, reliability is Σ n(p̄ − ō)²/N and resolution
    /// Σ n(ō − o̅)²/N; the expected calibration error (Naeini et al. 2015) is Σ n|p̄ − ō|/N.
    fn parts(&self, n: f64, hit_rate: f64) -> Parts {
        let mean = |of: &dyn Fn(&Bin) -> f64| sum(self.filled().map(of)) / n;
        let off = |bin: &Bin| bin.confidence() - bin.hit_rate();
        Parts {
            reliability: mean(&|bin| bin.n as f64 * off(bin).powi(2)),
            resolution: mean(&|bin| bin.n as f64 * (bin.hit_rate() - hit_rate).powi(2)),
            within: mean(&Bin::within),
            ece: mean(&|bin| bin.n as f64 * off(bin).abs()),
        }
    }

    /// Its score, symbol, horizon and history left out.
    pub fn view(&self, model: ModelId) -> Score {
        let n: u64 = self.filled().map(|bin| bin.n).sum();
        let hits: u64 = self.filled().map(|bin| bin.hits).sum();
        let whole = (n > 0).then_some(n as f64);
        let mean = |sum: f64| whole.map(|n| sum / n);
        let hit_rate = mean(hits as f64);
        let parts = whole.zip(hit_rate).map(|(n, rate)| self.parts(n, rate));
        let part = |of: fn(&Parts) -> f64| parts.as_ref().map(of);
        let band = wilson(hits, n);
        Score {
            model,
            symbol: None,
            horizon: None,
            pending: self.made.saturating_sub(n + self.unresolvable),
            unresolvable: self.unresolvable,
            n,
            hits,
            hit_rate,
            low: band.map(|(low, _)| low),
            high: band.map(|(_, high)| high),
            brier: mean(self.squares.value()),
            reliability: part(|parts| parts.reliability),
            resolution: part(|parts| parts.resolution),
            uncertainty: hit_rate.map(|rate| rate * (1.0 - rate)),
            within: part(|parts| parts.within),
            log_loss: mean(self.logs.value()),
            ece: part(|parts| parts.ece),
            mean_return: mean(sum(self.filled().map(|bin| bin.gain.value()))),
            bins: self
                .bins
                .iter()
                .map(|bin| bin.as_ref().map(Bin::view).unwrap_or_default())
                .collect(),
            history: Vec::new(),
        }
    }
}
