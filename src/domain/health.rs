//! How the machine itself is: never journalled, always current.

use serde::{Deserialize, Serialize};

use super::{BotId, Seq, Symbol, TimeUs};

/// What kind of prices and fills the pages show. It is on every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Simulated prices, simulated fills.
    Sim,
    /// Recorded prices, simulated fills.
    Replay,
    /// Live prices, simulated fills.
    Paper,
    /// Live prices; the fills are an outside bot's.
    Live,
}

impl Mode {
    pub fn label(self) -> &'static str {
        match self {
            Self::Sim => "SIM",
            Self::Replay => "REPLAY",
            Self::Paper => "PAPER",
            Self::Live => "LIVE",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// Catching up with what was journalled before the restart.
    Recovering,
    /// A live feed that has not shown every symbol since the start.
    Warming,
    Running,
    /// A replay is over; everything holds still.
    Ended,
    /// It cannot go on: see `problem`.
    Halted,
}

/// How a live feed is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Before the first connection.
    #[default]
    Connecting,
    Connected,
    /// Connected; missed trades are being fetched.
    Backfilling,
    /// The connection is lost and is being made again.
    Reconnecting,
}

/// The connection of a live feed, with counts since the start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LinkHealth {
    pub state: LinkState,
    /// Which try is under way, or waited for; 0 where there is a connection.
    pub attempt: u32,
    /// Age of the last message with data, ms of wall time.
    pub last_message_age_ms: Option<u64>,
    pub messages: u64,
    /// Over the last seconds.
    pub messages_per_s: f64,
    pub reconnects: u64,
    /// Holes in trade ids or in a book; those of trades that were filled again.
    pub gaps: u64,
    pub healed: u64,
    /// Books that were built from a snapshot.
    pub snapshots: u64,
    /// What came twice, and what could not be read.
    pub duplicates: u64,
    pub bad_messages: u64,
    /// Items whose exchange time lay before what had been given: they were given as of then.
    pub late: u64,
    /// Why the last connection ended, or the last request failed.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FeedHealth {
    pub name: String,
    pub state: FeedState,
    pub symbols: Vec<Symbol>,
    /// Market time of the last item, and wall time of its arrival.
    pub market_time: Option<TimeUs>,
    pub received_at: Option<TimeUs>,
    pub rows: u64,
    pub rejected_rows: u64,
    /// Market seconds a wall second; `None` is as fast as it goes.
    pub speed: Option<f64>,
    pub problem: Option<String>,
    /// Of a live feed.
    #[serde(default)]
    pub link: Option<LinkHealth>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct JournalHealth {
    pub writable: bool,
    /// Why not, since when (wall time) and how often it was tried.
    pub problem: Option<String>,
    pub unwritable_since: Option<TimeUs>,
    pub retries: u64,
    pub events: u64,
    pub size_bytes: u64,
}

/// Percentiles of one measured delay, µs, over the last minute; `None` where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Latency {
    pub p50_us: Option<u64>,
    pub p95_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub n: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProcessHealth {
    /// Of one core, percent.
    pub cpu_percent: Option<f32>,
    pub resident_bytes: Option<u64>,
    pub uptime_s: u64,
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Health {
    pub mode: Mode,
    /// Everything that must work does: what `/ready` says.
    pub ready: bool,
    pub problems: Vec<String>,
    pub feed: FeedHealth,
    pub journal: JournalHealth,
    pub seq: Seq,
    pub bots: Vec<BotId>,
    pub clients: u64,
    pub pushes: u64,
    /// From the item's arrival to the journal's commit, and on to publication.
    pub received_to_journalled: Latency,
    pub received_to_published: Latency,
    pub process: ProcessHealth,
    /// Wall time.
    pub time: TimeUs,
}
