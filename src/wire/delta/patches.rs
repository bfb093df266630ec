//! The patches of everything that conflated topics carry. Structs that hold several figures which
//! move apart are changed by field; lists and small values are said whole.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeTuple as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::diff::{Diff, Misfit, figures};
use super::patch::{next, patch, take};
use super::rows::Row;
use crate::domain::health::{
    FeedHealth, FeedState, JournalHealth, Latency, LinkHealth, LinkState, ProcessHealth,
};
use crate::domain::metric::formula_id;
use crate::domain::performance::{Basis, Distribution, MonthReturn};
use crate::domain::{
    BotId, Candle, Decimal, EquityPoint, Health, Interval, Invariant, Level, Metric, MetricId,
    Mode, OrderId, Performance, Portfolio, Position, Seq, Side, Symbol, Ticker, TimeUs,
    TradingState, Window, WindowMetrics, Working,
};

figures!(BotId, |old, new| old == new);
figures!(Symbol, |old, new| old == new);
figures!(OrderId, |old, new| old == new);
figures!(TimeUs, |old, new| old == new);
figures!(Seq, |old, new| old == new);
figures!(Side, |old, new| old == new);
figures!(Interval, |old, new| old == new);
figures!(Mode, |old, new| old == new);
figures!(FeedState, |old, new| old == new);
figures!(LinkState, |old, new| old == new);
figures!(Basis, |old, new| old == new);
figures!(TradingState, |old, new| old == new);
figures!(Invariant, |old, new| old == new);
figures!(MonthReturn, |old, new| old == new);
figures!(Level, |old, new| {
    let same = |old: Decimal, new: Decimal| old == new && old.scale() == new.scale();
    same(old.price, new.price) && same(old.quantity, new.quantity)
});

/// A metric's formula as [`Metric`] writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Formula(#[serde(with = "formula_id")] pub MetricId);

impl Diff for MetricId {
    type Patch = Formula;

    fn between(old: &Self, new: &Self) -> Result<Option<Formula>, Misfit> {
        Ok((old != new).then_some(Formula(*new)))
    }

    fn whole(&self) -> Formula {
        Formula(*self)
    }

    fn apply(&mut self, patch: Formula) -> Result<(), Misfit> {
        *self = patch.0;
        Ok(())
    }

    fn build(patch: Formula) -> Result<Self, Misfit> {
        Ok(patch.0)
    }

    fn merge(older: &mut Formula, newer: Formula) {
        *older = newer;
    }
}

patch! {
    /// What changed of a ticker.
    TickerPatch of Ticker {
        symbol: Symbol,
        price: Decimal,
        quantity: Decimal,
        taker: Side,
        bids: Vec<Level>,
        asks: Vec<Level>,
        change_24h: Option<Decimal>,
        change_percent_24h: Option<Decimal>,
        high_24h: Option<Decimal>,
        low_24h: Option<Decimal>,
        volume_24h: Option<Decimal>,
        prints: u64,
        time: TimeUs,
    }
}

patch! {
    /// What changed of an account.
    PortfolioPatch of Portfolio {
        bot: BotId,
        currency: String,
        equity: Decimal,
        cash: Decimal,
        deposits: Decimal,
        invested: Decimal,
        realised_pnl: Decimal,
        unrealised_pnl: Decimal,
        fees: Decimal,
        net_pnl: Decimal,
        net_pnl_percent: Option<Decimal>,
        day_pnl: Decimal,
        day_pnl_percent: Option<Decimal>,
        open_positions: u32,
        open_orders: u32,
        fills: u64,
        invariant: Invariant,
        trading: TradingState,
        time: TimeUs,
    }
}

patch! {
    /// What changed of the performance: windows and metrics by their names.
    PerformancePatch of Performance {
        bot: BotId,
        windows: BTreeMap<Window, WindowMetrics>,
        fees_paid: Decimal,
        turnover: Option<f64>,
        accuracy: Option<f64>,
        resolved_decisions: u64,
        months: Vec<MonthReturn>,
        time: TimeUs,
    }
}

patch! {
    /// What changed in one window.
    WindowPatch of WindowMetrics {
        basis: Basis,
        periods_per_year: u32,
        n: u64,
        fees_paid: Decimal,
        metrics: BTreeMap<MetricId, Metric>,
        pnl_distribution: Distribution,
    }
}

patch! {
    /// What changed of one metric.
    MetricPatch of Metric {
        formula: MetricId,
        value: Option<f64>,
        n: u64,
    }
}

patch! {
    /// What changed of the distribution of round trips.
    DistributionPatch of Distribution {
        from: Decimal,
        width: Decimal,
        counts: Vec<u64>,
    }
}

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

patch! {
    /// What changed of one candle.
    CandlePatch of Candle by open_time: TimeUs {
        symbol: Symbol,
        interval: Interval,
        close_time: TimeUs,
        open: Decimal,
        high: Decimal,
        low: Decimal,
        close: Decimal,
        volume: Decimal,
        quote_volume: Decimal,
        trades: u64,
        taker_buy_volume: Decimal,
        taker_buy_quote_volume: Decimal,
        closed: bool,
    }
}

patch! {
    /// What changed of one position.
    PositionPatch of Position by symbol: Symbol {
        bot: BotId,
        quantity: Decimal,
        cost: Decimal,
        average_price: Option<Decimal>,
        mark_price: Option<Decimal>,
        value: Decimal,
        unrealised_pnl: Decimal,
        realised_pnl: Decimal,
        fees: Decimal,
        opened_at: Option<TimeUs>,
        updated_at: TimeUs,
    }
}

patch! {
    /// What changed of one moving stop.
    WorkingPatch of Working by order: OrderId {
        symbol: Symbol,
        side: Side,
        peak: Option<Decimal>,
        trigger_price: Option<Decimal>,
        last_price: Option<Decimal>,
        distance_percent: Option<Decimal>,
        done: bool,
        time: TimeUs,
    }
}

patch! {
    /// What changed of one point of the equity curve.
    EquityPatch of EquityPoint by time: TimeUs {
        equity: Decimal,
        deposits: Decimal,
        drawdown: Option<f64>,
        benchmark: Option<Decimal>,
        rolling_sharpe: Option<f64>,
    }
}

impl WorkingPatch {
    /// The last word on an order.
    pub(super) fn gone(order: OrderId) -> Self {
        Self {
            done: Some(true),
            ..Self::nothing(order)
        }
    }
}
