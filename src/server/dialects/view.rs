//! All that a dialect sees: the hub's values of its bot, each as it is between two engine batches.

use std::collections::HashMap;

use crate::domain::{
    BotId, Decimal, EquityPoint, Health, Models, Order, OrderId, OrderType, Performance, Portfolio,
    Position, Symbol, Ticker, Working,
};
use crate::hub::News;
use crate::server::state::AppState;
use crate::wire::{Payload, Topic};

#[derive(Clone)]
pub struct View {
    pub(super) state: AppState,
    pub(super) bot: BotId,
}

/// A getter of a topic's whole value.
macro_rules! value {
    ($name:ident $topic:ident $payload:ident $type:ty) => {
        pub fn $name(&self) -> Option<$type> {
            match self.value(&Topic::$topic(self.bot.clone()))? {
                Payload::$payload(value) => Some(*value),
                _ => None,
            }
        }
    };
}

/// The same for rows.
macro_rules! rows {
    ($name:ident $topic:ident $payload:ident $type:ty) => {
        pub fn $name(&self) -> Vec<$type> {
            match self.value(&Topic::$topic(self.bot.clone())) {
                Some(Payload::$payload(rows)) => rows,
                _ => Vec::new(),
            }
        }
    };
}

impl View {
    pub fn new(state: AppState) -> Self {
        let bot = state.config.dialects.bot.clone();
        Self { state, bot }
    }

    value!(portfolio Portfolio Portfolio Portfolio);
    value!(performance Performance Performance Performance);
    value!(models Models Models Models);
    rows!(positions Positions Positions Position);
    rows!(working Working Working Working);
    rows!(equity Equity Equity EquityPoint);

    /// Positions that hold something.
    pub fn open_positions(&self) -> Vec<Position> {
        let mut open = self.positions();
        open.retain(|position| position.quantity != Decimal::ZERO);
        open
    }

    /// The market of one symbol, with the offset of its newest publication.
    pub fn ticker(&self, symbol: &Symbol) -> Option<(u64, Ticker)> {
        let cut = self.state.hub.cut(&[Topic::Market(symbol.clone())], 0);
        let found = cut.topics.into_iter().next()?;
        match found.content.into_iter().next()? {
            Payload::Market(ticker) => Some((found.at.offset, *ticker)),
            _ => None,
        }
    }

    pub fn symbols(&self) -> Vec<Symbol> {
        self.state.hub.symbols()
    }

    pub fn health(&self) -> Health {
        self.state.monitor.health(self.state.hub.published())
    }

    pub fn news(&self, topic: &Topic, after: u64) -> News {
        self.state.hub.news(topic, after)
    }

    /// The newest entries of a log that memory has, oldest first.
    pub fn last(&self, topic: &Topic, entries: usize) -> Vec<Payload> {
        let cut = self.state.hub.cut(std::slice::from_ref(topic), entries);
        let found = cut.topics.into_iter().next();
        found.map(|found| found.content).unwrap_or_default()
    }

    /// An order as it is now, where memory has it.
    pub fn order(&self, id: &OrderId) -> Option<Order> {
        let orders = self.news(&Topic::Orders(self.bot.clone()), 0).publications;
        let mut newest_first = orders.iter().rev();
        newest_first.find_map(|publication| match publication.push.data.payload() {
            Some(Payload::Order(order)) if order.id == *id => Some((**order).clone()),
            _ => None,
        })
    }

    /// What orders were, as far as memory has them.
    pub fn order_types(&self) -> HashMap<OrderId, OrderType> {
        let orders = self.news(&Topic::Orders(self.bot.clone()), 0).publications;
        let types = orders
            .iter()
            .filter_map(|publication| match publication.push.data.payload() {
                Some(Payload::Order(order)) => Some((order.id.clone(), order.order_type)),
                _ => None,
            });
        types.collect()
    }

    fn value(&self, topic: &Topic) -> Option<Payload> {
        self.last(topic, 0).into_iter().next()
    }
}
