//! What the engine shows of its state: the values of the conflated topics. Reading them changes
//! nothing; every figure that a page shows is computed here or in an event.

mod models;

use std::collections::BTreeMap;

use super::{Engine, performance, price_of};
use crate::domain::{
    BotId, Candle, EquityPoint, Instrument, Interval, Models, Performance, Portfolio, Position,
    Symbol, Ticker, TimeUs, money,
};

impl Engine {
    /// Market time.
    pub fn now(&self) -> TimeUs {
        self.now
    }

    pub fn bots(&self) -> impl Iterator<Item = &BotId> {
        self.bots.keys()
    }

    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.markets.keys()
    }

    pub fn ticker(&self, symbol: &Symbol) -> Option<Ticker> {
        self.markets.get(symbol)?.ticker()
    }

    /// The latest `limit` candles, oldest first, the running one last.
    pub fn candles(&self, symbol: &Symbol, interval: Interval, limit: usize) -> Vec<Candle> {
        let Some(market) = self.markets.get(symbol) else {
            return Vec::new();
        };
        let running = market.candles.running(interval);
        let closed = market.candles.closed(interval);
        let wanted = limit.saturating_sub(usize::from(running.is_some()));
        closed
            .range(closed.len().saturating_sub(wanted)..)
            .cloned()
            .chain(running)
            .collect()
    }

    /// The candles that changed since `since` (an open time): those that were running then, and later.
    pub fn candles_since(&self, symbol: &Symbol, interval: Interval, since: TimeUs) -> Vec<Candle> {
        let Some(market) = self.markets.get(symbol) else {
            return Vec::new();
        };
        let closed = market.candles.closed(interval);
        let first = closed.partition_point(|candle| candle.open_time < since);
        closed
            .range(first..)
            .cloned()
            .chain(market.candles.running(interval))
            .collect()
    }

    pub fn portfolio(&self, bot: &BotId) -> Option<Portfolio> {
        let bot = self.bots.get(bot)?;
        let open_orders = self.exchange.open_count(&bot.id) + bot.reported_orders.len();
        Some(bot.account.portfolio(
            &|symbol| price_of(&self.markets, symbol),
            &self.config.exchange.currency,
            u32::try_from(open_orders).unwrap_or(u32::MAX),
            bot.trading,
            bot.history.start_of_day(self.now),
            self.now,
        ))
    }

    pub fn positions(&self, bot: &BotId) -> Option<Vec<Position>> {
        let bot = self.bots.get(bot)?;
        Some(
            bot.account
                .positions(&|symbol| price_of(&self.markets, symbol)),
        )
    }

    /// The exchange's filters, as far as they are known.
    pub fn instruments(&self) -> &BTreeMap<Symbol, Instrument> {
        &self.config.instruments
    }

    /// Equity over time, at most `limit` points.
    pub fn equity(&self, bot: &BotId, limit: usize) -> Option<Vec<EquityPoint>> {
        Some(self.bots.get(bot)?.history.curve(limit))
    }

    pub fn last_equity(&self, bot: &BotId) -> Option<&EquityPoint> {
        self.bots.get(bot)?.history.last()
    }

    /// Equity samples after `since`, oldest first.
    pub fn equity_since(&self, bot: &BotId, since: TimeUs) -> impl Iterator<Item = &EquityPoint> {
        self.bots
            .get(bot)
            .into_iter()
            .flat_map(move |bot| bot.history.samples_since(since))
    }

    /// What [`Engine::performance`] is made of: while it stays the same, so do the figures.
    pub fn performance_key(&self, bot: &BotId) -> Option<(Option<TimeUs>, u64, u64)> {
        let bot = self.bots.get(bot)?;
        let sampled = bot.history.last().map(|point| point.time);
        Some((sampled, bot.account.fills(), bot.decisions.resolved))
    }

    /// How the bot's models judge, and what market they see.
    pub fn models(&self, bot: &BotId) -> Option<Models> {
        let bot = self.bots.get(bot)?;
        let (scores, unscored) = bot.scores.view();
        Some(Models {
            bot: bot.id.clone(),
            models: if bot.id == BotId::paper() {
                self.agent.models.states()
            } else {
                Vec::new()
            },
            scores,
            unscored,
            markets: self.market_states(),
            risk: self.risk(&bot.id),
            time: self.now,
        })
    }

    pub fn performance(&self, bot: &BotId) -> Option<Performance> {
        let bot = self.bots.get(bot)?;
        let totals = bot
            .account
            .totals(&|symbol| price_of(&self.markets, symbol));
        let activity = bot.account.activity(&totals);
        let standing = performance::Standing {
            history: &bot.history,
            trips: &bot.trips,
            equity: totals.equity,
            activity,
        };
        let ratio = |part: f64, whole: f64| {
            (whole > 0.0)
                .then(|| part / whole)
                .filter(|ratio| ratio.is_finite())
        };
        Some(Performance {
            bot: bot.id.clone(),
            windows: performance::windows(&standing, self.now),
            fees_paid: totals.fees.normalize(),
            turnover: ratio(
                money::to_f64(bot.account.traded_value()),
                money::to_f64(totals.equity),
            ),
            accuracy: ratio(bot.decisions.correct as f64, bot.decisions.resolved as f64),
            resolved_decisions: bot.decisions.resolved,
            months: bot.history.months(),
            time: self.now,
        })
    }
}
