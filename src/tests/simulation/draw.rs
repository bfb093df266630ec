//! Plans from seeds: which seed gives which plan is written here and nowhere else.

use std::collections::BTreeSet;

use plainsight::wire::Topic;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::plan::{Broken, Deed, Fault, Plan, Step};

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
            faults.extend([Fault::Narrow, Fault::Tight, Fault::Lags]);
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
            count: 1 + u32::try_from(lot.below(if crowded { 30 } else { 4 })).unwrap(),
            whole: lot.once_in(5),
        },
    }
}
