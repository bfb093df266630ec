//! What one item of market data offers to orders, and what an order may take of it.
//!
//! - A print offers its quantity, once. A market order takes it at the print's price plus the
//!   configured slippage; a limit order takes it at its limit when the print went *through* the
//!   limit: at the limit itself others were first.
//! - A book offers its levels, once each. Takers walk them from the best; limit orders stop at
//!   their limit.
//! - A bar offers its volume, once: to market orders at its open plus slippage, to limit orders at
//!   the limit when it traded through.

use rust_decimal::dec;

use super::super::config::ExchangeConfig;
use super::Market;
use crate::domain::{Decimal, Evidence, Level, Liquidity, Order, OrderType, Side, TimeUs};

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
    /// Of a print or a bar.
    remaining: Decimal,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// Whether `price` is better than `limit` for the one who wants `side`, and by more than nothing.
fn through(side: Side, price: Decimal, limit: Decimal) -> bool {
    match side {
        Side::Buy => price < limit,
        Side::Sell => price > limit,
    }
}

fn with_slippage(side: Side, price: Decimal, config: &ExchangeConfig) -> Decimal {
    let slip = price * config.slippage_bps / dec!(10000);
    let slipped = match side {
        Side::Buy => price + slip,
        Side::Sell => price - slip,
    };
    slipped.round_dp(price.scale().max(2))
}

impl<'a> Offer<'a> {
    pub fn of(market: Market<'a>) -> Self {
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
            remaining,
            bids,
            asks,
        }
    }

    /// Whether this kind of evidence can fill the order at all: where there is a book, market orders
    /// wait for it.
    pub fn fits(&self, order: &Order) -> bool {
        match self.market {
            Market::Trade { has_book, .. } => !has_book && order.order_type == OrderType::Market,
            Market::Book(_) | Market::Bar(_) => true,
        }
    }

    /// Takes what the order can get.
    pub fn take(&mut self, order: &Order, config: &ExchangeConfig) -> Option<Match> {
        match self.market {
            Market::Book(_) => self.walk(order),
            Market::Trade { trade, has_book } => {
                let (quantity, price) =
                    self.at_one_price(order, config, trade.price, trade.price, !has_book)?;
                let evidence = Evidence::Trade {
                    id: trade.id,
                    price: trade.price,
                    quantity,
                };
                Some(one_price_match(
                    order,
                    price,
                    trade.price,
                    quantity,
                    evidence,
                ))
            }
            Market::Bar(bar) => {
                let extreme = match order.side {
                    Side::Buy => bar.low,
                    Side::Sell => bar.high,
                };
                let (quantity, price) =
                    self.at_one_price(order, config, bar.open, extreme, true)?;
                let evidence = Evidence::Bar {
                    open_time: bar.open_time,
                    low: bar.low,
                    high: bar.high,
                    volume: bar.volume,
                };
                Some(one_price_match(order, price, bar.open, quantity, evidence))
            }
        }
    }

    /// What evidence without levels gives: a limit order its limit when the market went through it to
    /// `extreme`, a market order the `reference` plus slippage.
    fn at_one_price(
        &mut self,
        order: &Order,
        config: &ExchangeConfig,
        reference: Decimal,
        extreme: Decimal,
        fills_market_orders: bool,
    ) -> Option<(Decimal, Decimal)> {
        let price = match (order.order_type, order.price) {
            (OrderType::Limit, Some(limit)) if through(order.side, extreme, limit) => limit,
            (OrderType::Market, _) if fills_market_orders => {
                with_slippage(order.side, reference, config)
            }
            _ => return None,
        };
        Some((self.consume(order.remaining())?, price))
    }

    fn consume(&mut self, wanted: Decimal) -> Option<Decimal> {
        let quantity = wanted.min(self.remaining);
        self.remaining -= quantity;
        (quantity > Decimal::ZERO).then_some(quantity)
    }

    /// Walks the book's other side. One fill at the average of the levels, which are its evidence;
    /// the average is rounded against the order so that the value never flatters it.
    fn walk(&mut self, order: &Order) -> Option<Match> {
        let levels = match order.side {
            Side::Buy => &mut self.asks,
            Side::Sell => &mut self.bids,
        };
        let best = levels
            .iter()
            .find(|level| level.quantity > Decimal::ZERO)?
            .price;
        let mut wanted = order.remaining();
        let mut taken = Vec::new();
        let mut value = Decimal::ZERO;
        for level in levels.iter_mut() {
            if wanted.is_zero()
                || order
                    .price
                    .is_some_and(|limit| through(order.side, limit, level.price))
            {
                break;
            }
            let quantity = wanted.min(level.quantity);
            if quantity > Decimal::ZERO {
                level.quantity -= quantity;
                wanted -= quantity;
                value += level.price * quantity;
                taken.push(Level {
                    price: level.price,
                    quantity,
                });
            }
        }
        let quantity: Decimal = taken.iter().map(|level| level.quantity).sum();
        let average = value.checked_div(quantity)?;
        let rounding = match order.side {
            Side::Buy => rust_decimal::RoundingStrategy::ToPositiveInfinity,
            Side::Sell => rust_decimal::RoundingStrategy::ToNegativeInfinity,
        };
        let price = average.round_dp_with_strategy(8, rounding);
        let slippage = paid_beyond(order.side, price, best, quantity, Liquidity::Taker);
        let evidence = Evidence::Book {
            levels: taken,
            time: self.time,
        };
        Some(Match {
            price,
            quantity,
            liquidity: Liquidity::Taker,
            slippage,
            evidence,
        })
    }
}

/// A limit order rested and is the maker; a market order takes.
fn one_price_match(
    order: &Order,
    price: Decimal,
    reference: Decimal,
    quantity: Decimal,
    evidence: Evidence,
) -> Match {
    let liquidity = match order.order_type {
        OrderType::Limit => Liquidity::Maker,
        _ => Liquidity::Taker,
    };
    let slippage = paid_beyond(order.side, price, reference, quantity, liquidity);
    Match {
        price,
        quantity,
        liquidity,
        slippage,
        evidence,
    }
}

/// What a taker paid beyond the best price there was; a maker pays nothing beyond its limit.
fn paid_beyond(
    side: Side,
    price: Decimal,
    best: Decimal,
    quantity: Decimal,
    liquidity: Liquidity,
) -> Decimal {
    match liquidity {
        Liquidity::Maker => Decimal::ZERO,
        Liquidity::Taker => side.signed(price - best) * quantity,
    }
}
