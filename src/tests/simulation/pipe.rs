//! The way between one client and the server: two pipes of text messages, each in order and in its
//! own time, unless the plan says otherwise.

use std::collections::{BTreeSet, VecDeque};

use super::draw::Lot;
use super::plan::Fault;
use super::server::ConnId;

/// What a pipe holds at most, in bytes: usually, and where it is narrow.
const ROOM: usize = 2_000;
const NARROW_ROOM: usize = 400;

/// How the network behaves at present.
pub struct Weather<'a> {
    pub now_ms: u64,
    pub faults: &'a BTreeSet<Fault>,
    pub lot: &'a mut Lot,
    /// Nothing is lost any more.
    pub calm: bool,
}

impl Weather<'_> {
    fn strikes(&mut self, fault: Fault) -> bool {
        !self.calm && self.faults.contains(&fault) && self.lot.once_in(15)
    }
}

/// One direction.
#[derive(Debug, Default)]
pub struct Pipe {
    /// When each arrives.
    waiting: VecDeque<(u64, String)>,
    bytes: usize,
    last_ms: u64,
}

impl Pipe {
    pub fn is_full(&self, faults: &BTreeSet<Fault>) -> bool {
        let narrow = faults.contains(&Fault::Narrow);
        self.bytes > if narrow { NARROW_ROOM } else { ROOM }
    }

    /// Sends a message; says when it arrives.
    pub fn put(&mut self, text: &str, weather: &mut Weather<'_>) -> Option<u64> {
        if weather.strikes(Fault::Drops) {
            return None;
        }
        let slow = !weather.calm && weather.faults.contains(&Fault::Delays);
        let delay_ms = 1 + weather.lot.below(if slow { 500 } else { 10 });
        self.last_ms = self.last_ms.max(weather.now_ms + delay_ms);
        let copies = 1 + usize::from(weather.strikes(Fault::Doubles));
        for _ in 0..copies {
            self.bytes += text.len();
            self.waiting.push_back((self.last_ms, text.to_owned()));
        }
        let count = self.waiting.len();
        if count > copies && weather.strikes(Fault::Swaps) {
            let (last, before) = (count - 1, count - 1 - copies);
            let (one, other) = (self.waiting[last].0, self.waiting[before].0);
            self.waiting.swap(last, before);
            (self.waiting[last].0, self.waiting[before].0) = (one, other);
        }
        Some(self.last_ms)
    }

    /// The next message that has arrived.
    pub fn take(&mut self, now_ms: u64) -> Option<String> {
        if self.waiting.front()?.0 > now_ms {
            return None;
        }
        let (_, text) = self.waiting.pop_front()?;
        self.bytes -= text.len();
        Some(text)
    }

    /// What is under way is lost.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }
}

/// A connection.
#[derive(Debug)]
pub struct Link {
    pub conn: ConnId,
    pub client: usize,
    pub up: Pipe,
    pub down: Pipe,
    /// Nothing goes through any more.
    pub cut: bool,
}
