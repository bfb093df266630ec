//! What happens in a run, as a value that can be taken apart again.

use std::collections::BTreeSet;

use plainsight::wire::Topic;

/// What the network and the server do wrong, or are short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Messages of a connection are lost, come twice, or overtake each other.
    Drops,
    Doubles,
    Swaps,
    /// Messages take up to half a second instead of some milliseconds.
    Delays,
    /// A connection takes few bytes before its reader has read.
    Narrow,
    /// Little may wait for a reader before it is too slow.
    Tight,
    /// Who is too slow is told so instead of being closed.
    Lags,
    /// The journal takes its time.
    SlowJournal,
    /// A topic appears only when it is published first.
    Late,
}

impl Fault {
    pub const ALL: [Self; 9] = [
        Self::Drops,
        Self::Doubles,
        Self::Swaps,
        Self::Delays,
        Self::Narrow,
        Self::Tight,
        Self::Lags,
        Self::SlowJournal,
        Self::Late,
    ];
}

/// A rule that is broken on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The server resumes one publication too late.
    SkipsAtResume,
    /// The server starts a topic's numbering again under the same epoch.
    KeepsEpoch,
    /// Heartbeats tell no heads.
    TellsNoHeads,
    /// A changed row is said to stand for the changes before it.
    WidensDeltas,
    /// A whole value is said to stand one publication earlier than it does.
    DatesBack,
    /// What the journal should give is left out, and nobody says so.
    StartsSilently,
    /// The client applies what it has already.
    AppliesDuplicates,
    /// The client applies what does not fit.
    IgnoresGaps,
}

impl Broken {
    pub const ALL: [Self; 8] = [
        Self::SkipsAtResume,
        Self::KeepsEpoch,
        Self::TellsNoHeads,
        Self::WidensDeltas,
        Self::DatesBack,
        Self::StartsSilently,
        Self::AppliesDuplicates,
        Self::IgnoresGaps,
    ];
}

/// One thing that is done. Clients and topics are named by their places in the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    Publish {
        topic: usize,
        count: u32,
        whole: bool,
    },
    Follow {
        client: usize,
        topic: usize,
    },
    Unfollow {
        client: usize,
        topic: usize,
        /// Its value is dropped as well.
        forget: bool,
    },
    /// The connection is lost; silently, if neither end is told.
    Cut {
        client: usize,
        silent: bool,
    },
    /// The client starts again, from a page that has all content or from nothing.
    Reload {
        client: usize,
        page: bool,
    },
    /// The client reads nothing for a while.
    Stall {
        client: usize,
        ms: u64,
    },
    /// The client's tab is hidden: it shows nothing for a while.
    Hide {
        client: usize,
        ms: u64,
    },
    /// The server keeps only this much of a log in memory.
    Trim {
        topic: usize,
        keep: usize,
    },
    /// The server is killed and comes back, with this much of each log in memory; the journal may
    /// have been lost with it.
    Crash {
        down_ms: u64,
        keep: usize,
        lost: bool,
    },
}

impl Deed {
    /// The place of the client that it is about.
    pub fn client(&mut self) -> Option<&mut usize> {
        match self {
            Self::Follow { client, .. }
            | Self::Unfollow { client, .. }
            | Self::Cut { client, .. }
            | Self::Reload { client, .. }
            | Self::Stall { client, .. }
            | Self::Hide { client, .. } => Some(client),
            Self::Publish { .. } | Self::Trim { .. } | Self::Crash { .. } => None,
        }
    }

    /// The place of the topic that it is about.
    pub fn topic(&mut self) -> Option<&mut usize> {
        match self {
            Self::Publish { topic, .. }
            | Self::Follow { topic, .. }
            | Self::Unfollow { topic, .. }
            | Self::Trim { topic, .. } => Some(topic),
            _ => None,
        }
    }
}

/// A deed, and the time since the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub wait_ms: u64,
    pub deed: Deed,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Draws what the network does.
    pub seed: u64,
    pub clients: usize,
    pub topics: Vec<Topic>,
    pub steps: Vec<Step>,
    pub faults: BTreeSet<Fault>,
    pub broken: Option<Broken>,
}
