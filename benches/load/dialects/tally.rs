//! What the clients of one dialect were told: how much, how evenly, and everything that should not happen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// An event that is said again and again.
#[derive(Debug)]
pub struct Cadence {
    pub event: String,
    pub every: Duration,
    /// It is left out where nothing has changed.
    pub on_change: bool,
}

/// The times between an event and the next one of it at the same client.
#[derive(Debug)]
struct Gaps {
    cadence: Cadence,
    /// Of those that are in the window as a whole. What is said at once to who comes is said off the beat.
    count: u32,
    sum: Duration,
    /// Also of one that has not ended: a client that is told nothing any more must show.
    longest: Duration,
}

/// What one client has heard.
#[derive(Debug)]
pub struct Ear {
    /// Events of the window.
    events: u64,
    since: Instant,
    /// When each cadence was heard last.
    heard: Vec<Option<Instant>>,
}

/// Figures of the clients of a dialect.
#[derive(Debug)]
pub struct Tally {
    /// Since when events and gaps count; faults count always.
    window: Option<Instant>,
    connected: usize,
    stayed: usize,
    events: u64,
    bytes: u64,
    gaps: Vec<Gaps>,
    /// Of each client.
    events_of: Vec<u64>,
    errors: BTreeMap<String, u64>,
}

impl Tally {
    pub fn new(cadences: Vec<Cadence>) -> Self {
        let gaps = cadences.into_iter().map(|cadence| Gaps {
            cadence,
            count: 0,
            sum: Duration::ZERO,
            longest: Duration::ZERO,
        });
        Self {
            window: None,
            connected: 0,
            stayed: 0,
            events: 0,
            bytes: 0,
            gaps: gaps.collect(),
            events_of: Vec::new(),
            errors: BTreeMap::new(),
        }
    }

    /// The ear of a client that listens from now on.
    pub fn ear(&self, now: Instant) -> Ear {
        Ear {
            events: 0,
            since: now,
            heard: vec![None; self.gaps.len()],
        }
    }

    pub fn measure(&mut self, now: Instant) {
        self.window = Some(now);
    }

    /// A client was let in and told something.
    pub fn joined(&mut self) {
        self.connected += 1;
    }

    pub fn event(&mut self, ear: &mut Ear, event: &str, bytes: usize, now: Instant) {
        let mut cadences = self.gaps.iter().map(|gaps| &gaps.cadence.event);
        let place = cadences.position(|cadence| cadence == event);
        let before = place.and_then(|place| ear.heard[place].replace(now));
        let Some(window) = self.window else {
            return;
        };
        self.events += 1;
        self.bytes += bytes as u64;
        ear.events += 1;
        let Some(place) = place else {
            return;
        };
        let gaps = &mut self.gaps[place];
        gaps.longest = gaps.longest.max(now - before.unwrap_or(ear.since));
        if let Some(before) = before.filter(|before| *before >= window) {
            gaps.count += 1;
            gaps.sum += now - before;
        }
    }

    /// Counts a fault under its name.
    pub fn error(&mut self, name: &str) {
        *self.errors.entry(name.to_owned()).or_default() += 1;
    }

    /// A client has left, at the end of the window or before.
    pub fn left(&mut self, ear: &Ear, now: Instant, at_the_end: bool) {
        self.stayed += usize::from(at_the_end);
        self.events_of.push(ear.events);
        if self.window.is_some() {
            for (gaps, heard) in self.gaps.iter_mut().zip(&ear.heard) {
                gaps.longest = gaps.longest.max(now - heard.unwrap_or(ear.since));
            }
        }
    }

    /// All figures; the window was `seconds` long.
    pub fn figures(&self, seconds: f64) -> Value {
        let gaps = self.gaps.iter().map(|gaps| {
            json!({
                "event": gaps.cadence.event,
                "every_ms": ms(gaps.cadence.every),
                "on_change": gaps.cadence.on_change,
                "count": gaps.count,
                "mean_ms": gaps.sum.checked_div(gaps.count).map(ms),
                "longest_ms": ms(gaps.longest),
            })
        });
        json!({
            "connected": self.connected,
            "connected_at_the_end": self.stayed,
            "messages": self.events,
            "messages_per_s": (self.events as f64 / seconds).round(),
            "bytes": self.bytes,
            "bytes_per_s": (self.bytes as f64 / seconds).round(),
            "messages_of_a_client": {
                "least": self.events_of.iter().min(),
                "most": self.events_of.iter().max(),
            },
            "gaps": gaps.collect::<Vec<_>>(),
            "errors": self.errors,
        })
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// A tally of one event a second, and the moment of its beginning.
    fn tally() -> (Tally, Instant) {
        let cadence = Cadence {
            event: "beat".to_owned(),
            every: MS(1_000),
            on_change: false,
        };
        (Tally::new(vec![cadence]), Instant::now())
    }

    #[test]
    fn only_the_window_is_measured_but_the_longest_gap_may_begin_before_it() {
        let (mut tally, start) = tally();
        let mut ear = tally.ear(start);
        tally.joined();
        tally.event(&mut ear, "beat", 10, start + MS(500));
        tally.measure(start + MS(1_000));
        tally.event(&mut ear, "beat", 10, start + MS(3_000));
        tally.event(&mut ear, "other", 5, start + MS(3_100));
        tally.event(&mut ear, "beat", 10, start + MS(3_900));
        tally.event(&mut ear, "beat", 10, start + MS(5_000));
        tally.left(&ear, start + MS(6_000), true);
        let figures = tally.figures(5.0);
        assert_eq!(
            (&figures["messages"], &figures["bytes"]),
            (&json!(4), &json!(35))
        );
        assert_eq!(figures["bytes_per_s"], 7.0);
        let gaps = &figures["gaps"][0];
        assert_eq!(gaps["count"], 2);
        assert_eq!(
            (&gaps["mean_ms"], &gaps["longest_ms"]),
            (&json!(1_000.0), &json!(2_500.0))
        );
    }

    #[test]
    fn who_is_told_nothing_shows_beside_who_is() {
        let (mut tally, start) = tally();
        let (mut told, starved) = (tally.ear(start), tally.ear(start));
        tally.measure(start);
        for beat in 1..=10 {
            tally.event(&mut told, "beat", 1, start + MS(1_000) * beat);
        }
        tally.left(&told, start + MS(10_000), true);
        tally.left(&starved, start + MS(10_000), false);
        tally.error("close 4008");
        let figures = tally.figures(10.0);
        assert_eq!(figures["gaps"][0]["mean_ms"], 1_000.0);
        assert_eq!(figures["gaps"][0]["longest_ms"], 10_000.0);
        assert_eq!(
            figures["messages_of_a_client"],
            json!({ "least": 0, "most": 10 })
        );
        assert_eq!(figures["connected_at_the_end"], 1);
        assert_eq!(figures["errors"], json!({ "close 4008": 1 }));
    }

    #[test]
    fn of_nothing_there_is_no_mean() {
        let (tally, _) = tally();
        let figures = tally.figures(1.0);
        assert_eq!(figures["gaps"][0]["mean_ms"], Value::Null);
        assert_eq!(figures["messages_of_a_client"]["least"], Value::Null);
    }
}
