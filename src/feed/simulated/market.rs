//! One simulated symbol: a hidden fair value that moves with the regime, a book that is quoted
//! around it, and trades at what the book showed last. Prices are whole ticks, quantities whole
//! steps; the fair value alone is a float.

use serde::{Deserialize, Serialize};

use super::instrument::{Instrument, fingerprint};
use super::noise::{Noise, float};
use super::regime::Regime;
use crate::domain::time::{DAY, SECOND};
use crate::domain::{Book, Level, MarketEvent, MarketTrade, Side, Symbol, TimeUs};

/// Levels on each side of the book.
const LEVELS: usize = 10;
/// Mean time from one item to the next, µs: four trades and four books a second.
const APART: f64 = SECOND as f64 / 8.0;
/// Mean value of a trade and of a level of the book, in the quote currency.
const TRADE_VALUE: i64 = 1_500;
const LEVEL_VALUE: i64 = 15_000;
/// Share of the way back to the start price that one second takes: months, so that an endless run
/// neither dies out nor overflows.
const HOMEWARD: f64 = SECOND as f64 / (60 * DAY) as f64;
/// The fair value stays within these multiples of the start price.
const LOWEST: f64 = 0.1;
const HIGHEST: f64 = 10.0;

/// Everything that the next item depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Market {
    symbol: Symbol,
    noise: Noise,
    regime: Regime,
    /// When the regime ends.
    until: TimeUs,
    /// In ticks.
    #[serde(with = "float")]
    fair: f64,
    /// What a range returns to, in ticks.
    #[serde(with = "float")]
    anchor: f64,
    /// Best prices of the book that was given last, in ticks.
    bid: i64,
    ask: i64,
    /// Of the last trade.
    trade_id: u64,
    /// Of the last item.
    time: TimeUs,
    /// Of the next item.
    next_at: TimeUs,
}

impl Market {
    pub(super) fn new(symbol: Symbol, seed: u64, start: TimeUs) -> Self {
        let noise = Noise::new(seed, fingerprint(symbol.as_str()));
        let ticks = Instrument::of(&symbol).start_ticks;
        let mut market = Self {
            symbol,
            noise,
            regime: Regime::Range,
            until: start,
            fair: ticks as f64,
            anchor: ticks as f64,
            bid: 0,
            ask: 0,
            trade_id: 0,
            time: start,
            next_at: start,
        };
        market.schedule();
        market
    }

    pub(super) fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    pub(super) fn next_at(&self) -> TimeUs {
        self.next_at
    }

    pub(super) fn next(&mut self, instrument: &Instrument) -> MarketEvent {
        self.advance(instrument);
        // A trade needs a book to be made from.
        let event = if self.bid == 0 || self.noise.bits() & 1 == 0 {
            MarketEvent::Book(self.book(instrument))
        } else {
            MarketEvent::Trade(self.trade(instrument))
        };
        self.schedule();
        event
    }

    fn schedule(&mut self) {
        let wait = self.noise.exponential() * APART;
        self.next_at = self.time.plus(1 + wait as i64);
    }

    /// Moves the fair value to the time of the next item.
    fn advance(&mut self, instrument: &Instrument) {
        let seconds = self.next_at.since(self.time) as f64 / SECOND as f64;
        self.time = self.next_at;
        if self.time >= self.until {
            self.regime = self.regime.next(&mut self.noise);
            self.until = self.time.plus(self.regime.duration(&mut self.noise));
            self.anchor = self.fair;
        }
        let home = instrument.start_ticks as f64;
        let motion = self.regime.motion();
        let chance = motion.sigma * seconds.sqrt() * self.noise.normal();
        let back = motion.pull * (self.anchor / self.fair - 1.0);
        let homeward = HOMEWARD * (home / self.fair - 1.0).clamp(-1.0, 1.0);
        let moved = self.fair * (1.0 + chance + (motion.drift + back + homeward) * seconds);
        self.fair = moved.clamp(home * LOWEST, home * HIGHEST);
    }

    /// Quotes anew around the fair value.
    fn book(&mut self, instrument: &Instrument) -> Book {
        let wide = match self.regime {
            Regime::Volatile => 0.6e-4,
            Regime::TrendUp | Regime::TrendDown | Regime::Range => 0.3e-4,
        };
        let spread = 1 + (self.fair * wide * self.noise.uniform()) as i64;
        self.bid = (self.fair - spread as f64 / 2.0) as i64;
        self.ask = self.bid + spread;
        let (bid, ask) = (self.bid, self.ask);
        Book {
            symbol: self.symbol.clone(),
            bids: self.side(instrument, bid, -1),
            asks: self.side(instrument, ask, 1),
            time: self.time,
        }
    }

    fn side(&mut self, instrument: &Instrument, best: i64, away: i64) -> Vec<Level> {
        let widest_gap = 1 + (self.fair * 0.5e-4) as u64;
        let most_steps = 3.0 * instrument.steps_worth(LEVEL_VALUE);
        let mut ticks = best;
        (0..LEVELS)
            .map(|_| {
                let bits = self.noise.bits();
                // The square of an even number has mean 1/3: many small levels, few large ones.
                let size = (bits >> 32) as f64 / (1_u64 << 32) as f64;
                let level = Level {
                    price: instrument.price(ticks),
                    quantity: instrument.quantity(1 + (most_steps * size * size) as i64),
                };
                ticks += away * (1 + ((bits & 0xFFFF_FFFF) % widest_gap) as i64);
                level
            })
            .collect()
    }

    fn trade(&mut self, instrument: &Instrument) -> MarketTrade {
        // Takers lean to where the fair value is gone since the book was quoted.
        let spread = (self.ask - self.bid) as f64;
        let middle = self.bid as f64 + spread / 2.0;
        let lean = ((self.fair - middle) / spread).clamp(-1.0, 1.0) * 0.3;
        let taker = if self.noise.uniform() < 0.5 + lean {
            Side::Buy
        } else {
            Side::Sell
        };
        // One in eight walks a little into the book.
        let bits = self.noise.bits();
        let reach = 1 + (self.fair * 0.3e-4) as u64;
        let walk = if bits & 7 == 0 {
            ((bits >> 32) % (reach + 1)) as i64
        } else {
            0
        };
        let ticks = match taker {
            Side::Buy => self.ask + walk,
            Side::Sell => self.bid - walk,
        };
        let size = self.noise.exponential() * instrument.steps_worth(TRADE_VALUE);
        self.trade_id += 1;
        MarketTrade {
            symbol: self.symbol.clone(),
            id: self.trade_id,
            price: instrument.price(ticks),
            quantity: instrument.quantity(1 + size as i64),
            count: 1,
            taker,
            time: self.time,
        }
    }
}
