//! The patches of everything that conflated topics carry. Structs that hold several figures which
//! move apart are changed by field; lists and small values are said whole.

mod health;
mod models;
mod rows;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeTuple as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::diff::{Diff, Misfit, figures};
use super::patch::{next, patch, take};
use crate::domain::metric::formula_id;
use crate::domain::performance::{Basis, Distribution, MonthReturn};
use crate::domain::{
    BotId, Decimal, Invariant, Level, Metric, MetricId, Performance, Portfolio, Seq, Side, Symbol,
    Ticker, TimeUs, TradingState, Window, WindowMetrics,
};
pub use health::{FeedPatch, HealthPatch, JournalPatch, LatencyPatch, LinkPatch, ProcessPatch};
pub use models::ModelsPatch;
pub use rows::{CandlePatch, EquityPatch, PositionPatch, WorkingPatch};

figures!(BotId, |old, new| old == new);
figures!(Symbol, |old, new| old == new);
figures!(TimeUs, |old, new| old == new);
figures!(Seq, |old, new| old == new);
figures!(Side, |old, new| old == new);
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
