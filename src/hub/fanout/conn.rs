//! One connection as the fan-out sees it: what it follows, and what is still to be written to it.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::Subscription;
use crate::hub::Tier;
use crate::wire::Encoding;

/// A connection of one fan-out. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// So many bytes were taken, perhaps not all.
    Bytes(usize),
    /// Nothing can be taken now.
    Blocked,
    /// Nothing will be taken any more.
    Gone,
}

/// The writing half of a connection. Never waits.
pub trait Wire {
    fn write(&mut self, bytes: &[u8]) -> Written;
}

/// What is read from the journal for a cursor.
#[derive(Debug)]
pub enum Past {
    NotNeeded,
    Asked,
    /// Frames by their offsets, oldest first.
    Ready(VecDeque<(u64, Bytes)>),
}

/// Where a connection stands in one channel, while it is not in step with the others.
#[derive(Debug)]
pub struct Cursor {
    pub subscription: Subscription,
    /// The last offset that was given; `None` before a conflated topic's snapshot.
    pub at: Option<u64>,
    /// Up to here the client asked for the past itself: that is not held against it as lag.
    pub owed: u64,
    pub past: Past,
}

impl Cursor {
    pub fn new(subscription: Subscription, at: Option<u64>, owed: u64) -> Self {
        Self {
            subscription,
            at,
            owed,
            past: Past::NotNeeded,
        }
    }
}

/// Whether a connection is in step.
#[derive(Debug)]
pub enum Following {
    /// It has everything and gets what all of its group get.
    InStep { group: usize, place: usize },
    /// It joins, catches up, or cannot be written to.
    Apart(Vec<Cursor>),
}

#[derive(Debug)]
pub struct Conn<W> {
    pub generation: u32,
    pub wire: W,
    pub encoding: Encoding,
    /// The client can unpack what is packed.
    pub unpacks: bool,
    pub following: Following,
    /// Markets to come are followed like this.
    pub every_market: Option<Tier>,
    /// Answers that are not written yet: finished bytes of the transport, then frames.
    pub control: Vec<Bytes>,
    pub replies: Vec<Bytes>,
    /// What is left of a write.
    pub rest: Bytes,
    /// Since when the transport has taken nothing.
    pub stalled: Option<Duration>,
    pub heard: Duration,
    pub ping_at: Duration,
    /// It waits for its turn in the next round.
    pub is_pending: bool,
    /// It has been told to go: nothing more is written to it.
    pub is_over: bool,
}
