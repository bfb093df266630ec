//! Rates at which a conflated topic can be had. They are few, so that what goes out at one rate is
//! encoded once for everybody who has it at that rate.

use std::collections::VecDeque;
use std::sync::Arc;

use super::inbox::Inbox;
use super::publication::Publication;
use crate::domain::TimeUs;

/// A rate. The lower ones are at most so many publications a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Every publication, at the stream's own cadence.
    Full,
    Hz10,
    Hz4,
    Hz1,
}

impl Tier {
    pub(in crate::hub) const SLOWER: [Self; 3] = [Self::Hz10, Self::Hz4, Self::Hz1];

    /// The tier of a wish, rounded down; the slowest where it asks for less. `None` for what is no
    /// rate.
    pub fn of(max_rate_hz: f64) -> Option<Self> {
        if max_rate_hz.is_nan() || max_rate_hz <= 0.0 {
            return None;
        }
        Some(if max_rate_hz > 10.0 {
            Self::Full
        } else if max_rate_hz >= 10.0 {
            Self::Hz10
        } else if max_rate_hz >= 4.0 {
            Self::Hz4
        } else {
            Self::Hz1
        })
    }

    /// The least time between two publications, µs.
    pub(in crate::hub) fn interval(self) -> i64 {
        match self {
            Self::Full => 0,
            Self::Hz10 => 100_000,
            Self::Hz4 => 250_000,
            Self::Hz1 => 1_000_000,
        }
    }
}

/// A topic at one of the slower rates.
#[derive(Debug)]
pub(in crate::hub) struct Slower {
    pub tier: Tier,
    /// The last offset that was given out, and when.
    pub head: u64,
    pub given: TimeUs,
    /// What was published since then waits.
    pub waits: bool,
    pub listeners: Vec<Arc<Inbox>>,
}

impl Slower {
    pub fn new(tier: Tier, head: u64, now: TimeUs) -> Self {
        Self {
            tier,
            head,
            given: now,
            waits: false,
            listeners: Vec::new(),
        }
    }

    /// When what waits may go. A clock that was set back does not hold it up.
    pub fn due(&self, now: TimeUs) -> bool {
        let passed = now.since(self.given);
        self.waits && (passed >= self.tier.interval() || passed < 0)
    }
}

/// The publications after `offset` in a ring of them; `None` where the ring begins later.
pub(in crate::hub) fn after(
    ring: &VecDeque<Arc<Publication>>,
    offset: u64,
) -> Option<impl Iterator<Item = &Arc<Publication>>> {
    // A snapshot's `first` is the topic's beginning; its own offset, like a delta's, is `last`.
    if ring.front()?.push.last > offset + 1 {
        return None;
    }
    let skipped = ring.partition_point(|publication| publication.push.last <= offset);
    Some(ring.range(skipped..))
}
