//! What the exchange may see and touch of the rest of the engine while it works: prices, the
//! accounts that its fills are booked in, and the outbox.

use std::collections::BTreeMap;

use super::bots::Bot;
use super::config::{EngineConfig, ExchangeConfig};
use super::draw::Lot;
use super::market::Market;
use super::outbox::Outbox;
use crate::domain::{Book, BotId, Decimal, Event, Fill, Order, Symbol, TimeUs};

pub struct Floor<'a> {
    pub config: &'a EngineConfig,
    pub markets: &'a BTreeMap<Symbol, Market>,
    pub bots: &'a mut BTreeMap<BotId, Bot>,
    pub out: &'a mut Outbox,
}

impl Floor<'_> {
    pub fn exchange(&self) -> &ExchangeConfig {
        &self.config.exchange
    }

    /// When a command of this moment takes effect; `None`: at once.
    pub fn effect_at(&self) -> Option<TimeUs> {
        let lot = Lot::Latency.draw(self.config.seed, [self.out.seq.0]);
        let latency = self.exchange().latency(lot);
        (latency > 0).then(|| self.out.now.plus(latency))
    }

    /// How much of what the book shows at its price stands before an order, for [`super::config::QueueModel::Drawn`]:
    /// whole thousandths, drawn for each order.
    pub fn share_ahead(&self) -> Decimal {
        let lot = Lot::Queue.draw(self.config.seed, [self.out.seq.0]);
        Decimal::new((lot % 1_001).cast_signed(), 3)
    }

    pub fn last_price(&self, symbol: &Symbol) -> Option<Decimal> {
        self.markets.get(symbol).and_then(Market::price)
    }

    pub fn book(&self, symbol: &Symbol) -> Option<&Book> {
        self.markets.get(symbol).and_then(Market::book)
    }

    /// Signed quantity of a bot's position.
    pub fn held(&self, bot: &BotId, symbol: &Symbol) -> Decimal {
        self.bots
            .get(bot)
            .map_or(Decimal::ZERO, |bot| bot.account.quantity(symbol))
    }

    pub fn tell(&mut self, order: &Order) {
        self.out.emit(Event::Order(order.clone()));
    }

    /// Books a fill in its bot's account and tells it, with the round trip that it may have ended.
    pub fn book_fill(&mut self, mut fill: Fill) {
        let bot = self
            .bots
            .entry(fill.bot.clone())
            .or_insert_with(|| Bot::new(fill.bot.clone()));
        let booked = bot.account.book(&fill);
        fill.realised_pnl = booked.realised_pnl.normalize();
        fill.cash = bot.account.cash().normalize();
        self.out.emit(Event::Fill(fill));
        if let Some(trip) = booked.closed {
            bot.keep_trip(trip.clone());
            self.out.emit(Event::RoundTrip(trip));
        }
    }
}
