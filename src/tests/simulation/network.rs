//! Virtual time, and all connections in it.

use std::collections::{BTreeMap, BTreeSet};

use super::draw::Lot;
use super::pipe::{Link, Weather};
use super::plan::{Fault, Plan};
use super::server::{BackfillRequest, ConnId, Wire, Written};

/// Something that is to happen.
#[derive(Debug)]
pub enum Event {
    Step(usize),
    Up(usize),
    Down(usize),
    /// The server learns that a connection is gone; the client of this generation does.
    Closed(ConnId, u64),
    Lost(usize, u64),
    Connect(usize, u64),
    Show(usize, u64),
    Want(usize, u64),
    Check(usize, u64),
    Beat(usize),
    Tick,
    Backfill(BackfillRequest, u64),
    Start {
        keep: usize,
        lost: bool,
    },
    Calm,
    Look {
        until_ms: u64,
    },
}

/// Time and the network: what is to happen when, and who is connected.
pub struct Net<'a> {
    pub faults: &'a BTreeSet<Fault>,
    /// Each client's own, so that one's fate does not hang on another's.
    pub lots: Vec<Lot>,
    pub now_ms: u64,
    pub calm: bool,
    pub queue: BTreeMap<(u64, u64), Event>,
    count: u64,
    pub links: Vec<Link>,
    /// Those that the present server knows.
    pub by_conn: BTreeMap<ConnId, usize>,
    pub generations: Vec<u64>,
}

impl<'a> Net<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        Self {
            faults: &plan.faults,
            lots: (1..)
                .take(plan.clients)
                .map(|stream| Lot::new(plan.seed, stream))
                .collect(),
            now_ms: 0,
            calm: false,
            queue: BTreeMap::new(),
            count: 0,
            links: Vec::new(),
            by_conn: BTreeMap::new(),
            generations: vec![0; plan.clients],
        }
    }

    pub fn after(&mut self, ms: u64, event: Event) {
        self.count += 1;
        self.queue.insert((self.now_ms + ms, self.count), event);
    }

    pub fn send(&mut self, place: usize, text: &str, up: bool) {
        let link = &mut self.links[place];
        let mut weather = Weather {
            now_ms: self.now_ms,
            faults: self.faults,
            lot: &mut self.lots[link.client],
            calm: self.calm,
        };
        if link.cut {
            return;
        }
        let pipe = if up { &mut link.up } else { &mut link.down };
        if let Some(at_ms) = pipe.put(text, &mut weather) {
            let event = if up {
                Event::Up(place)
            } else {
                Event::Down(place)
            };
            self.after(at_ms - self.now_ms, event);
        }
    }

    pub fn cut(&mut self, place: usize) {
        let link = &mut self.links[place];
        link.cut = true;
        link.up.clear();
        link.down.clear();
    }
}

impl Wire for Net<'_> {
    fn write(&mut self, conn: ConnId, text: &str) -> Written {
        let Some(place) = self.by_conn.get(&conn).copied() else {
            return Written::Gone;
        };
        if self.links[place].down.is_full(self.faults) {
            return Written::Blocked;
        }
        self.send(place, text, false);
        Written::Whole
    }

    fn close(&mut self, conn: ConnId) {
        if let Some(place) = self.by_conn.remove(&conn) {
            let client = self.links[place].client;
            // What is under way still arrives.
            self.after(600, Event::Lost(client, self.generations[client]));
        }
    }
}
