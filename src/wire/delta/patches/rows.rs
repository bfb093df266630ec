//! The patches of keyed topics' rows. Each has its row's key and what changed beside it.

use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeTuple as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{
    BotId, Candle, Decimal, EquityPoint, Interval, OrderId, Position, Side, Symbol, TimeUs, Working,
};
use crate::wire::delta::diff::{Diff, Misfit, figures};
use crate::wire::delta::patch::{next, patch, take};
use crate::wire::delta::rows::Row;

figures!(Interval, |old, new| old == new);

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
    pub fn gone(order: OrderId) -> Self {
        Self {
            done: Some(true),
            ..Self::nothing(order)
        }
    }
}
