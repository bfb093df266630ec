//! Where the parts of the engine put their events while one input is processed, in order.

use crate::domain::ids::IdSource;
use crate::domain::{Event, Record, Seq, TimeUs};

#[derive(Debug)]
pub struct Outbox {
    pub seq: Seq,
    /// Market time.
    pub now: TimeUs,
    pub ids: IdSource,
    records: Vec<Record>,
}

impl Outbox {
    pub fn new(seq: Seq, now: TimeUs) -> Self {
        Self {
            seq,
            now,
            ids: IdSource::new(seq),
            records: Vec::new(),
        }
    }

    pub fn emit(&mut self, event: Event) {
        // An input yields a handful of events; 4 billion of them do not fit in memory.
        let index = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.push(Record {
            seq: self.seq,
            index,
            time: self.now,
            event,
            took_us: None,
        });
    }

    pub fn into_records(self) -> Vec<Record> {
        self.records
    }
}
