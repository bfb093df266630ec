//! What one item of market data offers to orders, and what an order may take of it.
//!
//! - A print offers its quantity, once. A taker gets it at the print's price plus the configured
//!   slippage, a resting limit order at its limit.
//! - A book offers its levels, once each. Takers walk them from the best; a resting limit order that
//!   the other side has come to is filled at its own limit.
//! - A bar offers its volume, once: to takers at a price that it went through plus slippage, to
//!   resting limit orders at their limit.
//!
//! When an order may ask is the business of [`super::matching`].

use rust_decimal::{RoundingStrategy, dec};

use super::Market;
use crate::domain::{Decimal, Evidence, Level, Liquidity, Side, TimeUs};
use crate::engine::config::ExchangeConfig;

/// What an order wants of the market now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Want {
    pub side: Side,
    pub quantity: Decimal,
    /// The worst price that it takes.
    pub limit: Option<Decimal>,
}

impl Want {
    /// What a taker pays for what stands at `reference`, by the configured slippage.
    pub fn slipped(&self, reference: Decimal, slippage_bps: Decimal) -> Decimal {
        let slip = reference * slippage_bps / dec!(10000);
        let price = (reference + self.side.signed(slip))
            .round_dp(reference.scale().max(2))
            .max(Decimal::ZERO);
        // A limit is a promise: slippage ends there.
        match self.limit {
            Some(limit) if !self.accepts(price) => limit,
            _ => price,
        }
    }

    fn accepts(&self, price: Decimal) -> bool {
        self.limit.is_none_or(|limit| match self.side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        })
    }
}

/// A part of an order that the evidence fills.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub price: Decimal,
    pub quantity: Decimal,
    pub liquidity: Liquidity,
    /// In the quote currency.
    pub slippage: Decimal,
    pub evidence: Evidence,
}

/// What is left of the evidence.
pub struct Offer<'a> {
    market: Market<'a>,
    pub time: TimeUs,
    slippage_bps: Decimal,
    /// Of a print or a bar.
    remaining: Decimal,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

impl<'a> Offer<'a> {
    pub fn of(market: Market<'a>, config: &ExchangeConfig) -> Self {
        let (time, remaining, bids, asks) = match market {
            Market::Trade { trade, .. } => (trade.time, trade.quantity, Vec::new(), Vec::new()),
            Market::Bar(bar) => (bar.close_time, bar.volume, Vec::new(), Vec::new()),
            Market::Book(book) => (
                book.time,
                Decimal::ZERO,
                book.bids.clone(),
                book.asks.clone(),
            ),
        };
        Self {
            market,
            time,
            slippage_bps: config.slippage_bps,
            remaining,
            bids,
            asks,
        }
    }

    /// Whether a print or bar is used up. A book has two sides; it is never said to be.
    pub fn is_used_up(&self) -> bool {
        !matches!(self.market, Market::Book(_)) && self.remaining <= Decimal::ZERO
    }

    /// The best price that a taker of `side` meets, and for prints and bars the only one.
    fn reference(&self, side: Side) -> Option<Decimal> {
        match self.market {
            Market::Trade { trade, .. } => Some(trade.price),
            Market::Bar(bar) => Some(bar.open),
            Market::Book(_) => self
                .levels(side)
                .iter()
                .find(|level| level.quantity > Decimal::ZERO)
                .map(|level| level.price),
        }
    }

    /// The levels that a taker of `side` meets.
    fn levels(&self, side: Side) -> &[Level] {
        match side {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        }
    }

    /// How much of what is wanted could be had.
    pub fn available(&self, want: Want) -> Decimal {
        match self.market {
            Market::Book(_) => {
                let offered: Decimal = self
                    .levels(want.side)
                    .iter()
                    .take_while(|level| want.accepts(level.price))
                    .map(|level| level.quantity)
                    .sum();
                offered.min(want.quantity)
            }
            _ => match self.reference(want.side) {
                Some(price) if want.accepts(price) => self.remaining.min(want.quantity),
                _ => Decimal::ZERO,
            },
        }
    }

    /// A taker's fill, at the evidence's own price.
    pub fn take(&mut self, want: Want) -> Option<Match> {
        match self.market {
            Market::Book(_) => self.walk(want),
            _ => {
                let reference = self.reference(want.side)?;
                self.take_at(reference, want)
            }
        }
    }

    /// A taker's fill at `reference`, a price that a print or bar stands for.
    pub fn take_at(&mut self, reference: Decimal, want: Want) -> Option<Match> {
        if !want.accepts(reference) {
            return None;
        }
        let quantity = self.consume(want.quantity)?;
        let price = want.slipped(reference, self.slippage_bps);
        Some(Match {
            price,
            quantity,
            liquidity: Liquidity::Taker,
            slippage: want.side.signed(price - reference) * quantity,
            evidence: self.evidence(quantity),
        })
    }

    /// A resting order's fill, at its own limit.
    pub fn give(&mut self, side: Side, limit: Decimal, quantity: Decimal) -> Option<Match> {
        let (quantity, evidence) = match self.market {
            Market::Book(_) => {
                let taken = self.take_levels(Want {
                    side,
                    quantity,
                    limit: Some(limit),
                });
                let quantity: Decimal = taken.iter().map(|level| level.quantity).sum();
                (
                    quantity,
                    Evidence::Book {
                        levels: taken,
                        time: self.time,
                    },
                )
            }
            _ => {
                let quantity = self.consume(quantity)?;
                (quantity, self.evidence(quantity))
            }
        };
        (quantity > Decimal::ZERO).then_some(Match {
            price: limit,
            quantity,
            liquidity: Liquidity::Maker,
            slippage: Decimal::ZERO,
            evidence,
        })
    }

    fn consume(&mut self, wanted: Decimal) -> Option<Decimal> {
        let quantity = wanted.min(self.remaining);
        self.remaining -= quantity;
        (quantity > Decimal::ZERO).then_some(quantity)
    }

    fn evidence(&self, quantity: Decimal) -> Evidence {
        match self.market {
            Market::Trade { trade, .. } => Evidence::Trade {
                id: trade.id,
                price: trade.price,
                quantity,
            },
            Market::Bar(bar) => Evidence::Bar {
                open_time: bar.open_time,
                low: bar.low,
                high: bar.high,
                volume: bar.volume,
            },
            Market::Book(_) => Evidence::Book {
                levels: Vec::new(),
                time: self.time,
            },
        }
    }

    fn take_levels(&mut self, want: Want) -> Vec<Level> {
        let levels = match want.side {
            Side::Buy => &mut self.asks,
            Side::Sell => &mut self.bids,
        };
        let mut wanted = want.quantity;
        let mut taken = Vec::new();
        for level in levels {
            if wanted.is_zero() || !want.accepts(level.price) {
                break;
            }
            let quantity = wanted.min(level.quantity);
            if quantity > Decimal::ZERO {
                level.quantity -= quantity;
                wanted -= quantity;
                taken.push(Level {
                    price: level.price,
                    quantity,
                });
            }
        }
        taken
    }

    /// Walks the book's other side. One fill at the average of the levels, which are its evidence;
    /// the average is rounded against the order so that the value never flatters it.
    fn walk(&mut self, want: Want) -> Option<Match> {
        let best = self.reference(want.side)?;
        let taken = self.take_levels(want);
        let quantity: Decimal = taken.iter().map(|level| level.quantity).sum();
        let value: Decimal = taken.iter().map(|level| level.price * level.quantity).sum();
        let average = value.checked_div(quantity)?;
        let rounding = match want.side {
            Side::Buy => RoundingStrategy::ToPositiveInfinity,
            Side::Sell => RoundingStrategy::ToNegativeInfinity,
        };
        let price = average.round_dp_with_strategy(8, rounding);
        Some(Match {
            price,
            quantity,
            liquidity: Liquidity::Taker,
            slippage: want.side.signed(price - best) * quantity,
            evidence: Evidence::Book {
                levels: taken,
                time: self.time,
            },
        })
    }
}
