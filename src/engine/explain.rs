//! Why an open order has not filled: what it waits for, and how far the market is from it.

use super::Engine;
use crate::domain::{
    BotId, Candle, Decimal, Explanation, Interval, Order, OrderId, Side, Waiting, Working, money,
};

/// Rows of `working:<bot>` at most: the oldest moving stops. Each may change with every print.
const WORKING_SHOWN: usize = 200;
/// Digits of a row's distance: what a page shows, so that a row is not told again for less.
const DISTANCE_DIGITS: u32 = 2;

impl Engine {
    /// An open order, by our id or the client's.
    pub fn order(&self, bot: &BotId, id: &OrderId) -> Option<Order> {
        self.exchange.open_order(bot, id).cloned()
    }

    /// A bot's open orders at the paper exchange, by acceptance.
    pub fn open_orders(&self, bot: &BotId) -> Vec<Order> {
        self.exchange.open_orders(bot).cloned().collect()
    }

    /// Why an open order has not filled.
    pub fn explain(&self, bot: &BotId, id: &OrderId) -> Option<Explanation> {
        let (order, waiting) = self.exchange.waiting(bot, id)?;
        let market = self.markets.get(&order.symbol);
        let last_price = market.and_then(|market| market.price());
        let book = market.and_then(|market| market.book());
        let wanted = waiting.price();
        let nearest = wanted.and_then(|_| self.nearest(order, &waiting));
        let distance_percent = match (wanted, last_price) {
            (Some(wanted), Some(last)) => money::percent(wanted - last, last),
            _ => None,
        };
        let text = waiting.words(order, last_price, nearest);
        Some(Explanation {
            order: order.clone(),
            waiting: Some(waiting),
            text,
            last_price,
            best_bid: book
                .and_then(|book| book.bids.first())
                .map(|level| level.price),
            best_ask: book
                .and_then(|book| book.asks.first())
                .map(|level| level.price),
            distance_percent,
            nearest,
            time: self.now,
        })
    }

    /// The price that came nearest to the one that is waited for, in the whole candles since the
    /// order was last changed: of the finest interval that reaches back so far.
    fn nearest(&self, order: &Order, waiting: &Waiting) -> Option<Decimal> {
        let market = self.markets.get(&order.symbol)?;
        let since = order.updated_at;
        let wants_high = match (waiting, order.side) {
            (Waiting::Trigger { .. }, Side::Buy) | (Waiting::Activation { .. }, Side::Sell) => true,
            (Waiting::Trigger { .. }, Side::Sell) | (Waiting::Activation { .. }, Side::Buy) => {
                false
            }
            (_, side) => side == Side::Sell,
        };
        let interval = Interval::ALL.into_iter().find(|interval| {
            market
                .candles
                .closed(*interval)
                .front()
                .is_some_and(|oldest| oldest.open_time <= since)
        })?;
        let closed = market.candles.closed(interval);
        let first = closed.partition_point(|candle| candle.open_time < since);
        let candles = closed.range(first..).cloned();
        let all = candles.chain(
            market
                .candles
                .running(interval)
                .filter(|candle| candle.open_time >= since),
        );
        if wants_high {
            all.map(|candle: Candle| candle.high).max()
        } else {
            all.map(|candle: Candle| candle.low).min()
        }
    }

    /// Moving triggers of a bot's resting orders, sorted by the orders' ids.
    pub fn working(&self, bot: &BotId) -> Option<Vec<Working>> {
        self.bots.get(bot)?;
        let mut rows: Vec<Working> = self
            .exchange
            .moving(bot, WORKING_SHOWN)
            .map(|moving| {
                let last_price = super::price_of(&self.markets, &moving.order.symbol);
                let distance_percent = match (moving.stop_price, last_price) {
                    (Some(stop), Some(last)) => money::percent(stop - last, last)
                        .map(|distance| distance.round_dp(DISTANCE_DIGITS)),
                    _ => None,
                };
                Working {
                    order: moving.order.id.clone(),
                    symbol: moving.order.symbol.clone(),
                    side: moving.order.side,
                    peak: moving.peak,
                    trigger_price: moving.stop_price,
                    last_price,
                    distance_percent,
                    done: false,
                    time: self.now,
                }
            })
            .collect();
        rows.sort_by(|a, b| a.order.cmp(&b.order));
        Some(rows)
    }
}
