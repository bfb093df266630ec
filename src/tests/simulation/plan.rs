//! What happens in a run, as a value: made from a seed, and small enough to be taken apart again.

use std::collections::BTreeSet;

use plainsight::wire::Topic;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Chance, from a seed.
#[derive(Debug, Clone)]
pub struct Lot(ChaCha8Rng);

impl Lot {
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end.max(1)
    }

    pub fn place(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }

    /// True once in `of` times.
    pub fn once_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

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
    const ALL: [Self; 9] = [
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
    /// Of what the journal is asked for the first is left out.
    BackfillsLess,
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
        Self::BackfillsLess,
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

/// Two logs, three keyed topics and a latest one.
const TOPICS: [&str; 6] = [
    "alerts",
    "equity:paper",
    "market:BTCUSDT",
    "agent:paper",
    "working:paper",
    "equity:other",
];

impl Plan {
    pub fn from_seed(seed: u64, broken: Option<Broken>) -> Self {
        let mut lot = Lot::new(seed, 0);
        let mut topics: Vec<Topic> = TOPICS.iter().map(|name| name.parse().unwrap()).collect();
        while topics.len() > 1 && lot.once_in(2) {
            topics.remove(lot.place(topics.len()));
        }
        let clients = 1 + lot.place(3);
        let mut faults = BTreeSet::new();
        // Some runs have none at all, so that what is seen there is nobody else's fault.
        if !lot.once_in(6) {
            faults.extend(Fault::ALL.into_iter().filter(|_| lot.once_in(3)));
        }
        // Readers that are too slow take all of it together.
        let crowded = lot.once_in(4);
        if crowded {
            faults.extend([Fault::Narrow, Fault::Tight]);
        }
        let count = 5 + lot.place(40);
        let steps: Vec<Step> = (0..count)
            .map(|_| Step {
                wait_ms: if lot.once_in(4) {
                    lot.below(2_500)
                } else {
                    lot.below(150)
                },
                deed: deed(&mut lot, clients, topics.len(), crowded),
            })
            .collect();
        Self {
            steps,
            seed,
            clients,
            topics,
            faults,
            broken,
        }
    }
}

fn deed(lot: &mut Lot, clients: usize, topics: usize, crowded: bool) -> Deed {
    let client = lot.place(clients);
    let topic = lot.place(topics);
    match lot.below(40) {
        0..=1 => Deed::Cut {
            client,
            silent: lot.once_in(2),
        },
        2..=3 => Deed::Follow { client, topic },
        4 => Deed::Unfollow {
            client,
            topic,
            forget: lot.once_in(2),
        },
        5 => Deed::Reload {
            client,
            page: !lot.once_in(3),
        },
        6..=7 => Deed::Stall {
            client,
            ms: lot.below(6_000),
        },
        8 => Deed::Hide {
            client,
            ms: lot.below(3_000),
        },
        9..=10 => Deed::Trim {
            topic,
            keep: lot.place(4),
        },
        11 => Deed::Crash {
            down_ms: lot.below(4_000),
            keep: lot.place(6),
            lost: lot.once_in(4),
        },
        _ => Deed::Publish {
            topic,
            count: 1 + u32::try_from(lot.below(if crowded { 12 } else { 4 })).unwrap(),
            whole: lot.once_in(5),
        },
    }
}
