//! The synchronous core: market state, paper exchange, accounts, agent and figures.
//!
//! [`Engine::process`] is pure: no I/O, no clock, no randomness of its own. Every input has one
//! [`Seq`], time comes with the inputs, and the same inputs give the same events, byte for byte.
//! One actor owns the engine; everybody else sees what it publishes.
//!
//! Bounded histories (marks, candles, equity, round trips) are not part of a snapshot: they are
//! refilled from the journal by [`Engine::restore`], event by event.

pub mod account;
mod agent;
mod bots;
mod candles;
mod commands;
pub mod config;
mod decisions;
mod draw;
pub mod eventlog;
mod exchange;
mod explain;
mod floor;
mod holding;
mod market;
pub mod models;
mod outbox;
pub mod performance;
mod risk;
pub mod scores;
mod seen;
mod views;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::time::SECOND;
use crate::domain::{
    Alert, BotId, Decimal, Event, FeedNotice, InferenceRequest, Input, Invariant, MarketEvent,
    Order, Quality, QualityKind, Record, Rejection, Seq, Severity, Symbol, TimeUs, TradingState,
};
use agent::Agent;
use bots::Bot;
pub use candles::KEPT as CANDLES_KEPT;
use config::{EQUITY_SAMPLE, EngineConfig};
use exchange::Exchange;
pub use market::{MARKS_KEPT, Market};
use outbox::Outbox;
pub use outbox::Stopwatch;
pub use performance::TRIPS_KEPT;

/// What became of a command that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// Market data and notices.
    Seen,
    /// A report with this id is recorded.
    Recorded {
        id: String,
    },
    /// The very same was recorded before; nothing has changed.
    Duplicate {
        id: String,
    },
    /// An order as it is now.
    Order(Box<Order>),
    /// Several, in the order in which they were asked for or came to be.
    Orders(Vec<Order>),
    Trading(Box<TradingChanged>),
}

/// What a pause, a kill or a resumption did.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct TradingChanged {
    pub state: TradingState,
    /// Orders that were taken back.
    pub cancelled: Vec<Order>,
    /// Orders that close what was held.
    pub closing: Vec<Order>,
}

/// What one input led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Processed {
    pub records: Vec<Record>,
    /// Questions to models outside the core, to be answered by [`Input::Inference`].
    pub asks: Vec<InferenceRequest>,
    pub reply: Result<Accepted, Rejection>,
}

/// Of each kind of fault so many are told one by one; then only every so many-th, with the count.
const FAULTS_TOLD: u64 = 1_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Engine {
    config: EngineConfig,
    seq: Seq,
    now: TimeUs,
    /// The market second that was begun last.
    second: TimeUs,
    markets: BTreeMap<Symbol, Market>,
    exchange: Exchange,
    bots: BTreeMap<BotId, Bot>,
    agent: Agent,
    faults: BTreeMap<QualityKind, u64>,
    #[serde(skip)]
    stopwatch: Option<Stopwatch>,
}

impl Engine {
    /// An engine before its first input. The built-in bot's first deposit is its first event.
    pub fn new(config: EngineConfig) -> Self {
        let markets = config
            .symbols
            .iter()
            .map(|symbol| (symbol.clone(), Market::new(symbol.clone())))
            .collect();
        let mut bots = BTreeMap::new();
        bots.insert(BotId::paper(), Bot::new(BotId::paper()));
        let agent = Agent::new(&config.agent.models);
        Self {
            config,
            seq: Seq::default(),
            now: TimeUs::ZERO,
            second: TimeUs::ZERO,
            markets,
            exchange: Exchange::default(),
            bots,
            agent,
            faults: BTreeMap::new(),
            stopwatch: None,
        }
    }

    /// The input that was processed last.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// Takes a new configuration. Only between a snapshot and the next input: the snapshot must
    /// carry the configuration that its successors are made with.
    pub fn set_config(&mut self, config: EngineConfig) {
        self.agent.configure(&config.agent);
        self.config = config;
    }

    /// Lends the engine a clock to measure its own steps with. No event depends on it.
    pub fn set_stopwatch(&mut self, stopwatch: Stopwatch) {
        self.stopwatch = Some(stopwatch);
    }

    /// Questions to models outside the core that have no answer yet.
    pub fn unanswered(&self) -> impl Iterator<Item = &InferenceRequest> {
        self.agent.unanswered()
    }

    /// Processes the input `seq`, which must follow the last one.
    pub fn process(&mut self, seq: Seq, input: &Input) -> Processed {
        debug_assert_eq!(seq, self.seq.next());
        self.seq = seq;
        if let Input::Market(event) = input {
            self.now = self.now.max(event.time());
        }
        let mut out = Outbox::new(seq, self.now).with_stopwatch(self.stopwatch);
        if seq == Seq(1) {
            self.open_account(&mut out);
        }
        let reply = match input {
            Input::Market(event) => {
                self.advance(&mut out);
                self.see(event, &mut out);
                Ok(Accepted::Seen)
            }
            Input::Notice(notice) => {
                self.note_fault(notice, &mut out);
                Ok(Accepted::Seen)
            }
            Input::Bot { bot, command } => self.command(bot, command, &mut out),
            Input::Ended => {
                self.give_up_decisions(&mut out);
                Ok(Accepted::Seen)
            }
            Input::Inference(answer) => {
                self.hear(answer, &mut out);
                Ok(Accepted::Seen)
            }
            Input::Alert {
                severity,
                code,
                message,
            } => {
                let id = out.ids.alert();
                out.emit(Event::Alert(Alert {
                    id,
                    severity: *severity,
                    code: code.clone(),
                    message: message.clone(),
                    bot: None,
                    time: out.now,
                }));
                Ok(Accepted::Seen)
            }
        };
        let (records, asks) = out.empty();
        Processed {
            records,
            asks,
            reply,
        }
    }

    /// Market time has moved: whatever was due happens at the prices from before this input.
    fn advance(&mut self, out: &mut Outbox) {
        self.resolve_decisions(out);
        self.on_floor(out, |exchange, floor| exchange.advance(floor));
        let second = self.now.floor(SECOND);
        if second <= self.second {
            return;
        }
        let before = self.second;
        self.second = second;
        for (symbol, market) in &mut self.markets {
            market.advance(self.now, out);
            if let Some(price) = market.price() {
                for bot in self.bots.values_mut() {
                    bot.account.observe(symbol, price);
                }
            }
        }
        if before != TimeUs::ZERO && second.floor(EQUITY_SAMPLE) > before.floor(EQUITY_SAMPLE) {
            self.sample_equity(second.floor(EQUITY_SAMPLE), out);
        }
        self.run_agent(out);
    }

    fn see(&mut self, event: &MarketEvent, out: &mut Outbox) {
        let symbol = event.symbol();
        let market = match self.markets.get_mut(symbol) {
            Some(market) => market,
            None => self
                .markets
                .entry(symbol.clone())
                .or_insert_with(|| Market::new(symbol.clone())),
        };
        let evidence = match event {
            MarketEvent::Trade(trade) => {
                market.on_trade(trade);
                exchange::Market::Trade {
                    trade,
                    has_book: market.book().is_some(),
                }
            }
            MarketEvent::Book(book) => {
                market.on_book(book);
                exchange::Market::Book(book)
            }
            MarketEvent::Bar(bar) => {
                market.on_bar(bar);
                exchange::Market::Bar(bar)
            }
            MarketEvent::Day(day) => return market.on_day(day),
            MarketEvent::Reference { bar, .. } => {
                let fault = market.differs(bar);
                return fault.iter().for_each(|fault| self.note_fault(fault, out));
            }
        };
        self.on_floor(out, |exchange, floor| exchange.see(evidence, floor));
    }

    fn note_fault(&mut self, notice: &FeedNotice, out: &mut Outbox) {
        if let Some(gap) = notice.unpriced() {
            let is_meant = |symbol: &Symbol| notice.symbol.as_ref().is_none_or(|own| own == symbol);
            for (symbol, market) in &mut self.markets {
                if is_meant(symbol) {
                    market.on_gap(gap);
                }
            }
        }
        if let Some(until) = notice.catches_up_to() {
            self.agent.catch_up(until);
        }
        let count = self.faults.entry(notice.kind).or_default();
        *count += 1;
        if *count > FAULTS_TOLD && !count.is_multiple_of(FAULTS_TOLD) {
            return;
        }
        out.emit(Event::Quality(Quality {
            kind: notice.kind,
            symbol: notice.symbol.clone(),
            source: notice.source.clone(),
            line: notice.line,
            message: notice.message.clone(),
            extent: notice.extent,
            count: *count,
            time: out.now,
        }));
    }

    fn sample_equity(&mut self, time: TimeUs, out: &mut Outbox) {
        let Self { markets, bots, .. } = self;
        let prices = |symbol: &Symbol| price_of(markets, symbol);
        for bot in bots.values_mut() {
            let listed = markets
                .iter()
                .filter_map(|(symbol, market)| Some((symbol, market.price()?)));
            let (point, activity) = bot.sample(&prices, listed, time);
            bot.history.push(point.clone(), activity);
            out.emit(Event::Equity {
                bot: bot.id.clone(),
                point,
                activity,
            });
            let invariant = bot.account.invariant(&prices);
            let broken = matches!(invariant, Invariant::Broken { .. });
            if let Invariant::Broken { what } = invariant
                && !bot.invariant_broken
            {
                let id = out.ids.alert();
                out.emit(Event::Alert(Alert {
                    id,
                    severity: Severity::Critical,
                    code: "invariant_broken".to_owned(),
                    message: what,
                    bot: Some(bot.id.clone()),
                    time,
                }));
            }
            bot.invariant_broken = broken;
        }
    }

    /// Judges what was due before now.
    fn resolve_decisions(&mut self, out: &mut Outbox) {
        let now = self.now;
        self.resolve(|due| due < now, out);
    }

    /// Judges what is due now, and what never will be.
    fn give_up_decisions(&mut self, out: &mut Outbox) {
        self.resolve(|_| true, out);
    }

    fn resolve(&mut self, is_due: impl Fn(TimeUs) -> bool, out: &mut Outbox) {
        let Self {
            markets, bots, now, ..
        } = self;
        let mut lessons = Vec::new();
        for bot in bots.values_mut() {
            while bot.decisions.next_due().is_some_and(&is_due) {
                let resolved = bot.decisions.resolve_next(*now, |decision| {
                    let market = markets.get(&decision.symbol)?;
                    let is_over = decision.resolves_at <= *now;
                    market.verdict_at(decision.resolves_at).filter(|_| is_over)
                });
                let Some(decision) = resolved else { break };
                bot.scores.resolved(&decision);
                if bot.id == BotId::paper() {
                    lessons.push(decision.clone());
                }
                out.emit(Event::Decision(Box::new(decision)));
            }
        }
        for decision in lessons {
            self.teach(&decision, out);
        }
    }

    /// Refills the bounded histories from the journal's events, oldest first. Events after the
    /// engine's own seq must not be given.
    pub fn restore(&mut self, event: Event) {
        match event {
            Event::Mark {
                symbol,
                price,
                second,
            } => {
                if let Some(market) = self.markets.get_mut(&symbol) {
                    market.restore_mark(second, price);
                }
            }
            Event::Candle(candle) => {
                if let Some(market) = self.markets.get_mut(&candle.symbol) {
                    market.candles.restore(candle);
                }
            }
            Event::Equity {
                bot,
                point,
                activity,
            } => {
                if let Some(bot) = self.bots.get_mut(&bot) {
                    bot.history.push(point, activity);
                }
            }
            Event::RoundTrip(trip) => {
                if let Some(bot) = self.bots.get_mut(&trip.bot) {
                    bot.keep_trip(trip);
                }
            }
            _ => {}
        }
    }
}

fn price_of(markets: &BTreeMap<Symbol, Market>, symbol: &Symbol) -> Option<Decimal> {
    markets.get(symbol).and_then(Market::price)
}
