//! What the engine holds for each bot, built in or not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::{Account, Prices};
use super::decisions::Decisions;
use super::performance::{BuyAndHold, EquityHistory, TripHistory};
use super::scores::Scores;
use super::seen::Seen;
use crate::domain::{
    Activity, BotId, Decimal, EquityPoint, Order, OrderId, RoundTrip, Symbol, TimeUs, TradingState,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bot {
    pub id: BotId,
    pub account: Account,
    pub decisions: Decisions,
    /// How well its models judge.
    #[serde(default)]
    pub scores: Scores,
    pub seen: Seen,
    /// Open orders at another exchange, as the bot last reported them.
    pub reported_orders: BTreeMap<OrderId, Order>,
    pub invariant_broken: bool,
    /// What the same money would be, bought and held.
    #[serde(default)]
    pub hold: BuyAndHold,
    /// It trades elsewhere and tells of it: what it holds is not ours to close.
    #[serde(default)]
    pub reports: bool,
    #[serde(default)]
    pub trading: TradingState,
    #[serde(skip)]
    pub history: EquityHistory,
    #[serde(skip)]
    pub trips: TripHistory,
}

impl Bot {
    pub fn new(id: BotId) -> Self {
        Self {
            account: Account::new(id.clone()),
            id,
            decisions: Decisions::default(),
            scores: Scores::default(),
            seen: Seen::default(),
            reported_orders: BTreeMap::new(),
            invariant_broken: false,
            hold: BuyAndHold::default(),
            reports: false,
            trading: TradingState::Running,
            history: EquityHistory::new(),
            trips: TripHistory::default(),
        }
    }

    pub fn keep_trip(&mut self, trip: RoundTrip) {
        self.trips.push(&trip);
    }

    /// The sample that is due now, at these prices, `listed` being all symbols with theirs.
    pub fn sample<'a>(
        &mut self,
        prices: Prices<'_>,
        listed: impl Iterator<Item = (&'a Symbol, Decimal)>,
        time: TimeUs,
    ) -> (EquityPoint, Activity) {
        let totals = self.account.totals(prices);
        let deposits = self.account.deposits();
        let mut point = EquityPoint {
            time,
            equity: totals.equity.normalize(),
            deposits: deposits.normalize(),
            drawdown: self.history.drawdown(totals.equity, deposits),
            benchmark: self.hold.value(totals.equity, deposits, listed),
            rolling_sharpe: None,
        };
        point.rolling_sharpe = self.history.rolling_sharpe(&point);
        (point, self.account.activity(&totals))
    }
}
