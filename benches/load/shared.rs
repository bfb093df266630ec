//! What all connections use: the buffer, the clock, the tallies.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;

use crate::Failure;
use crate::args::FleetArgs;
use crate::connection::Phase;
use crate::scan::Scanner;
use crate::tally::{Tally, histogram};

/// What one read can bring.
const BUFFER: usize = 256 * 1024;

/// What all connections use.
#[derive(Debug)]
pub struct Shared {
    pub buffer: Vec<u8>,
    pub scanner: Scanner,
    pub topic: String,
    pub upgrade: String,
    /// µs since the Unix epoch, of the last read.
    pub now: u64,
    tallies: [Tally; 2],
    /// Since then: connections that joined, with the time it took, and that failed to.
    pub started: Instant,
    pub joined: usize,
    pub failed: usize,
    pub joins: Histogram<u64>,
}

impl Shared {
    pub fn new(args: &FleetArgs) -> Result<Self, Failure> {
        Ok(Self {
            buffer: vec![0; BUFFER],
            scanner: Scanner::new(&args.topic),
            topic: args.topic.clone(),
            upgrade: args.url.upgrade_request(),
            now: wall_us(),
            tallies: [Tally::new()?, Tally::new()?],
            started: Instant::now(),
            joined: 0,
            failed: 0,
            joins: histogram()?,
        })
    }

    /// From now on it is counted who joins.
    pub fn start_joining(&mut self) {
        (self.joined, self.failed) = (0, 0);
        self.joins.reset();
        self.started = Instant::now();
    }

    /// The tally of those who read, or of the slow ones.
    #[inline]
    pub fn tally(&mut self, slow: bool) -> &mut Tally {
        &mut self.tallies[usize::from(slow)]
    }

    #[inline]
    pub fn note_read(&mut self, slow: bool, bytes: usize) {
        self.now = wall_us();
        let tally = self.tally(slow);
        if tally.measuring {
            tally.bytes += bytes as u64;
        }
    }

    pub fn joined(&mut self) {
        self.joined += 1;
        let took = self.started.elapsed().as_micros();
        self.joins
            .saturating_record(u64::try_from(took).unwrap_or(u64::MAX));
    }

    pub fn ended(&mut self, phase: Phase) {
        self.failed += usize::from(phase != Phase::Live);
    }
}

/// Wall time, µs: the server stamps its pushes by the same clock.
fn wall_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
