//! What was seen: deliveries, delays, and everything that should not happen.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::Failure;
use crate::scan::Push;

/// Ten minutes in µs: what is later is recorded as this.
const LONGEST: u64 = 600_000_000;

/// Figures of a group of connections.
#[derive(Debug)]
pub struct Tally {
    /// Deliveries and delays count only inside the window; faults always.
    pub measuring: bool,
    pub deliveries: u64,
    pub bytes: u64,
    /// µs from publication to the read that brought it.
    delays: Histogram<u64>,
    pub gaps: u64,
    /// Publications that the gaps left out.
    pub missed: u64,
    pub duplicates: u64,
    pub heartbeats: u64,
    /// `lag` frames: the server said that it left something out.
    pub lags: u64,
    pub resumed: u64,
    pub resyncs: u64,
    pub errors: BTreeMap<String, u64>,
    /// How connections ended.
    pub closes: BTreeMap<String, u64>,
    /// The newest publication that anybody has.
    pub head: u64,
}

impl Tally {
    pub fn new() -> Result<Self, Failure> {
        Ok(Self {
            measuring: false,
            deliveries: 0,
            bytes: 0,
            delays: histogram()?,
            gaps: 0,
            missed: 0,
            duplicates: 0,
            heartbeats: 0,
            lags: 0,
            resumed: 0,
            resyncs: 0,
            errors: BTreeMap::new(),
            closes: BTreeMap::new(),
            head: 0,
        })
    }

    /// Takes in a push of a connection that has everything up to `seen`, and says up to where it
    /// has everything now.
    #[inline]
    pub fn push(&mut self, push: Push, seen: u64, now: u64) -> u64 {
        if self.measuring {
            self.deliveries += 1;
            self.delays
                .saturating_record(now.saturating_sub(push.published));
        }
        if push.last <= seen {
            self.duplicates += 1;
            return seen;
        }
        if push.first > seen + 1 {
            self.gaps += 1;
            self.missed += push.first - seen - 1;
        }
        self.head = self.head.max(push.last);
        push.last
    }

    /// Counts a fault under its name.
    pub fn error(&mut self, name: &str) {
        *self.errors.entry(name.to_owned()).or_default() += 1;
    }

    /// Counts the end of a connection under its reason.
    pub fn close(&mut self, reason: &str) {
        *self.closes.entry(reason.to_owned()).or_default() += 1;
    }

    /// All figures; the window was `seconds` long.
    pub fn figures(&self, seconds: f64) -> Value {
        json!({
            "deliveries": self.deliveries,
            "deliveries_per_s": (self.deliveries as f64 / seconds).round(),
            "bytes_per_s": (self.bytes as f64 / seconds).round(),
            "latency_ms": quantiles_ms(&self.delays),
            "gaps": self.gaps,
            "missed": self.missed,
            "duplicates": self.duplicates,
            "heartbeats": self.heartbeats,
            "lags": self.lags,
            "errors": self.errors,
            "closes": self.closes,
        })
    }
}

/// An empty histogram of µs.
pub fn histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_bounds(1, LONGEST, 3).map_err(|error| Failure::Told(error.to_string()))
}

/// Quantiles of a histogram of µs, in ms; nothing of nothing.
pub fn quantiles_ms(histogram: &Histogram<u64>) -> Value {
    if histogram.is_empty() {
        return Value::Null;
    }
    let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
    json!({
        "p50": at(0.5),
        "p90": at(0.9),
        "p99": at(0.99),
        "max": histogram.max() as f64 / 1e3,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(first: u64, last: u64) -> Push {
        Push {
            first,
            last,
            published: 1_000,
        }
    }

    #[test]
    fn gaps_and_duplicates_are_seen() {
        let mut tally = Tally::new().unwrap();
        assert_eq!(tally.push(push(1, 1), 0, 2_000), 1);
        assert_eq!(
            tally.push(push(2, 5), 1, 2_000),
            5,
            "a conflated push is no gap"
        );
        assert_eq!(tally.push(push(5, 5), 5, 2_000), 5);
        assert_eq!(tally.push(push(9, 9), 5, 2_000), 9);
        assert_eq!((tally.gaps, tally.missed, tally.duplicates), (1, 3, 1));
        assert_eq!((tally.deliveries, tally.head), (0, 9));
        assert_eq!(tally.figures(1.0)["latency_ms"], Value::Null);
    }

    #[test]
    fn only_the_window_is_measured() {
        let mut tally = Tally::new().unwrap();
        tally.push(push(1, 1), 0, 9_000);
        tally.measuring = true;
        tally.push(push(2, 2), 1, 3_000);
        let figures = tally.figures(2.0);
        assert_eq!(
            (tally.deliveries, &figures["deliveries_per_s"]),
            (1, &json!(1.0))
        );
        assert_eq!(figures["latency_ms"]["max"], 2.0);
    }
}
