//! What the engine holds for each bot, built in or not.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::account::{Account, Prices};
use super::decisions::Decisions;
use super::performance::EquityHistory;
use super::seen::Seen;
use crate::domain::{BotId, EquityPoint, Order, OrderId, RoundTrip, TimeUs, TradingState};

/// Round trips that the statistics look back on.
pub const TRIPS_KEPT: usize = 10_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bot {
    pub id: BotId,
    pub account: Account,
    pub decisions: Decisions,
    pub seen: Seen,
    /// Open orders at another exchange, as the bot last reported them.
    pub reported_orders: BTreeMap<OrderId, Order>,
    pub invariant_broken: bool,
    /// It trades elsewhere and tells of it: what it holds is not ours to close.
    #[serde(default)]
    pub reports: bool,
    #[serde(default)]
    pub trading: TradingState,
    #[serde(skip)]
    pub history: EquityHistory,
    #[serde(skip)]
    pub trips: VecDeque<RoundTrip>,
}

impl Bot {
    pub fn new(id: BotId) -> Self {
        Self {
            account: Account::new(id.clone()),
            id,
            decisions: Decisions::default(),
            seen: Seen::default(),
            reported_orders: BTreeMap::new(),
            invariant_broken: false,
            reports: false,
            trading: TradingState::Running,
            history: EquityHistory::new(),
            trips: VecDeque::new(),
        }
    }

    pub fn keep_trip(&mut self, trip: RoundTrip) {
        self.trips.push_back(trip);
        if self.trips.len() > TRIPS_KEPT {
            self.trips.pop_front();
        }
    }

    pub fn equity_point(&self, prices: Prices<'_>, time: TimeUs) -> EquityPoint {
        let equity = self.account.totals(prices).equity;
        let deposits = self.account.deposits();
        EquityPoint {
            time,
            equity: equity.normalize(),
            deposits: deposits.normalize(),
            drawdown: self.history.drawdown(equity, deposits),
        }
    }
}
