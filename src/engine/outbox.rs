//! Where the parts of the engine put their events while one input is processed, in order.

use crate::domain::ids::IdSource;
use crate::domain::{Event, InferenceRequest, Record, Seq, TimeUs};

/// Reads a clock that only goes forward, ns.
pub type Stopwatch = fn() -> u64;

#[derive(Debug)]
pub struct Outbox {
    pub seq: Seq,
    /// Market time.
    pub now: TimeUs,
    pub ids: IdSource,
    records: Vec<Record>,
    asks: Vec<InferenceRequest>,
    stopwatch: Option<Stopwatch>,
}

impl Outbox {
    pub fn new(seq: Seq, now: TimeUs) -> Self {
        Self {
            seq,
            now,
            ids: IdSource::new(seq),
            records: Vec::new(),
            asks: Vec::new(),
            stopwatch: None,
        }
    }

    /// Measures with this. What it says goes beside events and never into them.
    pub fn with_stopwatch(mut self, stopwatch: Option<Stopwatch>) -> Self {
        self.stopwatch = stopwatch;
        self
    }

    /// A reading of the stopwatch, if there is one.
    pub fn lap(&self) -> Option<u64> {
        self.stopwatch.map(|read| read())
    }

    pub fn emit(&mut self, event: Event) {
        self.emit_timed(event, None);
    }

    /// An event with the wall time that went into it, µs.
    pub fn emit_timed(&mut self, event: Event, took_us: Option<f64>) {
        // An input yields a handful of events; 4 billion of them do not fit in memory.
        let index = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.push(Record {
            seq: self.seq,
            index,
            time: self.now,
            event,
            took_us,
        });
    }

    /// A question to a model outside the core.
    pub fn ask(&mut self, request: InferenceRequest) {
        self.asks.push(request);
    }

    /// All that was put in: events and questions.
    pub fn empty(self) -> (Vec<Record>, Vec<InferenceRequest>) {
        (self.records, self.asks)
    }

    #[cfg(test)]
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }
}
