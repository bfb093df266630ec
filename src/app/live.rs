//! Live values for components: hooks over one [`Source`].
//!
//! On the server the source is the page's own cut of the hub; in the browser it is the one
//! connection ([`client`]). A component does not know which: it asks for a topic and gets its value
//! with its age, first the server's very figures and then what the socket brings.

pub mod client;
mod orders;
mod value;

use std::sync::Arc;

use leptos::prelude::*;

use crate::domain::{
    AgentEntry, Alert, BotId, Candle, Decision, EquityPoint, Fill, Health, Interval, Models,
    Performance, Portfolio, Position, Quality, Seq, Symbol, Ticker, TimeUs,
};
use crate::wire::{Boot, Replica, Topic};

pub use orders::{use_open_orders, use_order_log, use_working};
pub use value::{OrderLog, TopicValue};

/// How the page is connected. On the server, and until the socket is up, it is `Connecting`.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionState {
    Connecting,
    Live,
    /// Connected, but these topics are older than their budget.
    Degraded {
        late: Vec<Topic>,
    },
    /// Try number `attempt` comes in `next_in_s` seconds.
    Reconnecting {
        attempt: u32,
        next_in_s: u32,
    },
    /// Gave up, or the browser is offline: waits for a person.
    Offline {
        cause: OfflineCause,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfflineCause {
    ServerAway,
    BrowserOffline,
    NotSignedIn,
    Forbidden,
    Version,
    /// The server closed the session for good, for another reason.
    Refused,
}

/// Figures of the connection, for those who look closer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConnectionStats {
    pub round_trip_ms: Option<f64>,
    pub messages_per_s: f64,
    pub reconnects: u32,
    /// Wall time of the last gap that had to be filled.
    pub last_gap: Option<TimeUs>,
}

/// Where topics come from. One per page; a server implements it for its first render, the browser
/// with its connection.
pub trait Source: Send + Sync {
    fn boot(&self) -> Arc<Boot>;
    /// The topic's replica; counts one more user.
    fn acquire(&self, topic: &Topic) -> ArcRwSignal<Replica>;
    /// One user less.
    fn release(&self, topic: &Topic);
    fn connection(&self) -> ArcRwSignal<ConnectionState>;
    fn stats(&self) -> ArcRwSignal<ConnectionStats>;
    /// The server's wall clock, moving about once a second; `None` until the page is live, so that
    /// the first render holds no clock.
    fn now(&self) -> ArcRwSignal<Option<TimeUs>>;
    /// The feed is over and everything holds still: nothing is late for want of new data.
    fn held(&self) -> ArcRwSignal<bool>;
    /// Connect now.
    fn retry(&self);
}

/// The source as it stands in the context.
#[derive(Clone)]
pub struct SourceHandle(pub Arc<dyn Source>);

/// The source of this page, if there is a page: while routes are listed there is none.
pub fn use_source() -> Option<SourceHandle> {
    use_context::<SourceHandle>()
}

/// What the page was rendered from.
pub fn use_boot() -> Option<Arc<Boot>> {
    use_source().map(|source| source.0.boot())
}

/// The connection as a whole.
#[derive(Clone)]
pub struct Connection {
    pub state: Signal<ConnectionState>,
    pub stats: Signal<ConnectionStats>,
    source: Option<SourceHandle>,
}

impl Connection {
    pub fn retry(&self) {
        if let Some(source) = &self.source {
            source.0.retry();
        }
    }
}

pub fn use_connection() -> Connection {
    let source = use_source();
    match &source {
        Some(handle) => Connection {
            state: handle.0.connection().into(),
            stats: handle.0.stats().into(),
            source,
        },
        None => Connection {
            state: Signal::stored(ConnectionState::Connecting),
            stats: Signal::stored(ConnectionStats::default()),
            source,
        },
    }
}

/// A topic's value with its state. All parts are `None` until something is known.
#[derive(Debug)]
pub struct Live<T: Send + Sync + 'static> {
    pub value: Signal<Option<T>>,
    /// The engine's seq that the value is true at.
    pub seq: Signal<Option<Seq>>,
    /// Since the content arrived at the server, ms; `None` before the page is live.
    pub age_ms: Signal<Option<i64>>,
    /// Older than its budget, or the page is not connected: show it greyed, with its age.
    pub stale: Signal<bool>,
}

impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Live<T> {}

/// A topic as a live value.
///
/// # Server-side rendering
/// Gives the page's own cut and never changes. The topic must be among those that the page declares
/// in `routes.rs`, else the first render has no value.
pub fn use_topic<T: TopicValue>(topic: Topic) -> Live<T> {
    let Some(source) = use_source() else {
        return Live {
            value: Signal::stored(None),
            seq: Signal::stored(None),
            age_ms: Signal::stored(None),
            stale: Signal::stored(false),
        };
    };
    let cell = source.0.acquire(&topic);
    let now = source.0.now();
    let connection = source.0.connection();
    let held = source.0.held();
    let budget_ms = source.0.boot().client.budget_ms(topic.stream());
    on_cleanup(move || source.0.release(&topic));

    let value = Memo::new({
        let cell = cell.clone();
        move |_| cell.with(T::read)
    });
    let seq = Memo::new({
        let cell = cell.clone();
        move |_| cell.with(|replica| replica.seq)
    });
    let age_ms = Memo::new(move |_| {
        let now = now.get()?;
        let received = cell.with(|replica| replica.t_received)?;
        Some((now.since(received) / 1_000).max(0))
    });
    let stale = Memo::new(move |_| {
        let cut_off = matches!(
            connection.get(),
            ConnectionState::Reconnecting { .. } | ConnectionState::Offline { .. }
        );
        cut_off
            || (budget_ms > 0
                && !held.get()
                && age_ms.get().is_some_and(|age| age > i64::from(budget_ms)))
    });
    Live {
        value: value.into(),
        seq: seq.into(),
        age_ms: age_ms.into(),
        stale: stale.into(),
    }
}

pub fn use_ticker(symbol: Symbol) -> Live<Ticker> {
    use_topic(Topic::Market(symbol))
}

pub fn use_candles(symbol: Symbol, interval: Interval) -> Live<Vec<Candle>> {
    use_topic(Topic::Candles(symbol, interval))
}

pub fn use_portfolio(bot: BotId) -> Live<Portfolio> {
    use_topic(Topic::Portfolio(bot))
}

pub fn use_positions(bot: BotId) -> Live<Vec<Position>> {
    use_topic(Topic::Positions(bot))
}

/// The latest fills, newest first.
pub fn use_trades(bot: BotId) -> Live<Vec<Fill>> {
    use_topic(Topic::Trades(bot))
}

/// The latest decisions, newest first, each once in its newest state.
pub fn use_decisions(bot: BotId) -> Live<Vec<Decision>> {
    use_topic(Topic::Decisions(bot))
}

/// The latest steps and notes, newest first.
pub fn use_agent(bot: BotId) -> Live<Vec<AgentEntry>> {
    use_topic(Topic::Agent(bot))
}

pub fn use_performance(bot: BotId) -> Live<Performance> {
    use_topic(Topic::Performance(bot))
}

/// How the bot's models judge.
pub fn use_models(bot: BotId) -> Live<Models> {
    use_topic(Topic::Models(bot))
}

pub fn use_equity(bot: BotId) -> Live<Vec<EquityPoint>> {
    use_topic(Topic::Equity(bot))
}

pub fn use_health() -> Live<Health> {
    use_topic(Topic::Health)
}

/// The latest alerts, newest first.
pub fn use_alerts() -> Live<Vec<Alert>> {
    use_topic(Topic::Alerts)
}

/// The latest faults of the data, newest first.
pub fn use_quality() -> Live<Vec<Quality>> {
    use_topic(Topic::Quality)
}
