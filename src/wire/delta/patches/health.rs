//! The patches of the machine's health, part by part.

use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeTuple as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::health::{
    FeedHealth, FeedState, JournalHealth, Latency, LinkHealth, LinkState, ProcessHealth,
};
use crate::domain::{BotId, Health, Mode, Seq, Symbol, TimeUs};
use crate::wire::delta::diff::{Diff, Misfit, figures};
use crate::wire::delta::patch::{next, patch, take};

figures!(Mode, |old, new| old == new);
figures!(FeedState, |old, new| old == new);
figures!(LinkState, |old, new| old == new);

patch! {
    /// What changed of the machine's health.
    HealthPatch of Health {
        mode: Mode,
        ready: bool,
        problems: Vec<String>,
        feed: FeedHealth,
        journal: JournalHealth,
        seq: Seq,
        bots: Vec<BotId>,
        clients: u64,
        pushes: u64,
        received_to_journalled: Latency,
        received_to_published: Latency,
        process: ProcessHealth,
        time: TimeUs,
    }
}

patch! {
    /// What changed of the feed's health.
    FeedPatch of FeedHealth {
        name: String,
        state: FeedState,
        symbols: Vec<Symbol>,
        market_time: Option<TimeUs>,
        received_at: Option<TimeUs>,
        rows: u64,
        rejected_rows: u64,
        speed: Option<f64>,
        problem: Option<String>,
        link: Option<LinkHealth>,
    }
}

patch! {
    /// What changed of a live feed's connection.
    LinkPatch of LinkHealth {
        state: LinkState,
        attempt: u32,
        last_message_age_ms: Option<u64>,
        messages: u64,
        messages_per_s: f64,
        reconnects: u64,
        gaps: u64,
        healed: u64,
        snapshots: u64,
        duplicates: u64,
        bad_messages: u64,
        late: u64,
        problem: Option<String>,
    }
}

patch! {
    /// What changed of the journal's health.
    JournalPatch of JournalHealth {
        writable: bool,
        problem: Option<String>,
        unwritable_since: Option<TimeUs>,
        retries: u64,
        events: u64,
        size_bytes: u64,
    }
}

patch! {
    /// What changed of a measured delay.
    LatencyPatch of Latency {
        p50_us: Option<u64>,
        p95_us: Option<u64>,
        p99_us: Option<u64>,
        n: u64,
    }
}

patch! {
    /// What changed of the process.
    ProcessPatch of ProcessHealth {
        cpu_percent: Option<f32>,
        resident_bytes: Option<u64>,
        uptime_s: u64,
        version: String,
    }
}
