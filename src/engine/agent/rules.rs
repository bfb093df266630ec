//! The agent's risk rules: what it may do about a forecast. A forecast that a rule keeps from trading
//! is a decision all the same, recorded with the rule's name and judged like the others.

use crate::domain::{
    Decimal, DecisionId, Direction, Filters, NewOrder, Side, Symbol, TimeUs, TradingState,
};
use crate::engine::config::AgentConfig;
use crate::engine::models::Forecast;

/// What the agent means to do.
pub enum Intent {
    Order(Box<NewOrder>),
    /// The name of the rule that forbids it.
    Veto(&'static str),
}

/// What the agent knows when it weighs a forecast.
pub struct Situation<'a> {
    pub config: &'a AgentConfig,
    pub symbol: &'a Symbol,
    pub price: Decimal,
    /// Digits after the point that the market's prices and quantities have.
    pub price_scale: u32,
    pub quantity_scale: u32,
    pub held: Decimal,
    pub equity: Decimal,
    /// Equity below its peak, as a fraction of it; zero or negative.
    pub drawdown: Option<f64>,
    pub last_order: Option<TimeUs>,
    /// Orders that were sent in the last minute.
    pub orders_in_minute: usize,
    pub trading: TradingState,
    pub filters: Filters,
    pub now: TimeUs,
}

impl Situation<'_> {
    /// What is to be done. The rules stand in the order in which they are named when several forbid.
    pub fn intend(&self, forecast: &Forecast, decision: &DecisionId) -> Intent {
        if forecast.confidence < self.config.min_confidence {
            return Intent::Veto("min_confidence");
        }
        if self
            .last_order
            .is_some_and(|last| self.now.since(last) < self.config.cooldown())
        {
            return Intent::Veto("cooldown");
        }
        if self.orders_in_minute >= self.config.max_orders_per_minute as usize {
            return Intent::Veto("max_orders_per_minute");
        }
        match self.trading {
            TradingState::Running => {}
            TradingState::Paused => return Intent::Veto("paused"),
            TradingState::Halted => return Intent::Veto("halted"),
        }
        let side = match forecast.direction {
            Direction::Up => Side::Buy,
            Direction::Down => Side::Sell,
            Direction::Flat => return Intent::Veto("no_direction"),
        };
        let value = self.equity * self.config.order_fraction;
        let quantity = self
            .filters
            .round_quantity((value / self.price).round_dp(self.quantity_scale.clamp(2, 8)))
            .normalize();
        if quantity <= Decimal::ZERO {
            return Intent::Veto("order_too_small");
        }
        let after = self.held + side.signed(quantity);
        // What makes a position smaller is never forbidden by how large it is or what was lost.
        if after.abs() > self.held.abs() {
            let limit = self.equity * self.config.max_position_fraction;
            if (after * self.price).abs() > limit {
                return Intent::Veto("max_position");
            }
            if self
                .drawdown
                .is_some_and(|drawdown| -drawdown >= self.config.max_drawdown)
            {
                return Intent::Veto("max_drawdown");
            }
        }
        let at_market = forecast.confidence >= self.config.market_order_confidence;
        let order = if at_market {
            NewOrder::market(self.symbol.clone(), side, quantity)
        } else {
            NewOrder::limit(self.symbol.clone(), side, quantity, self.price)
        };
        Intent::Order(Box::new(NewOrder {
            decision: Some(decision.clone()),
            ..order
        }))
    }
}
