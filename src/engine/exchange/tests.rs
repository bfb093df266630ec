//! The exchange by itself: a desk of orders, one account, and market data as the test says it.

mod brackets;
mod conditional;
mod lifetimes;
mod limits;
mod saved;

use std::collections::BTreeMap;

use rust_decimal::dec;

use super::*;
use crate::domain::{
    Event, Evidence, Fill, Level, Liquidity, MarketEvent, OrderType, Record, TimeInForce,
};
use crate::engine::bots::Bot;
use crate::engine::config::{EngineConfig, QueueModel};
use crate::engine::market::Market as MarketState;
use crate::engine::outbox::Outbox;

const SECOND: i64 = 1_000_000;

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

fn paper() -> BotId {
    BotId::paper()
}

/// A desk with one account; prints come a second apart.
struct Desk {
    exchange: Exchange,
    config: EngineConfig,
    markets: BTreeMap<Symbol, MarketState>,
    bots: BTreeMap<BotId, Bot>,
    seq: Seq,
    now: TimeUs,
    prints: u64,
}

impl Desk {
    /// The market stands at 100 and charges nothing.
    fn new() -> Self {
        let mut config = EngineConfig::default();
        config.exchange.slippage_bps = Decimal::ZERO;
        config.exchange.maker_fee = Decimal::ZERO;
        config.exchange.taker_fee = Decimal::ZERO;
        let mut bot = Bot::new(paper());
        bot.account.deposit(dec!(1000000));
        let mut desk = Self {
            exchange: Exchange::default(),
            config,
            markets: BTreeMap::from([(symbol(), MarketState::new(symbol()))]),
            bots: BTreeMap::from([(paper(), bot)]),
            seq: Seq(0),
            now: TimeUs(SECOND),
            prints: 0,
        };
        desk.print(dec!(100), dec!(1));
        desk
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Exchange, &mut Floor<'_>) -> T,
    ) -> (T, Vec<Event>) {
        self.seq = self.seq.next();
        let mut out = Outbox::new(self.seq, self.now);
        let mut floor = Floor {
            config: &self.config,
            markets: &self.markets,
            bots: &mut self.bots,
            out: &mut out,
        };
        let result = work(&mut self.exchange, &mut floor);
        let events = out
            .into_records()
            .into_iter()
            .map(|Record { event, .. }| event);
        (result, events.collect())
    }

    /// Sends an order; gives its id, and its legs' where it has some.
    fn send(&mut self, request: &NewOrder) -> Vec<OrderId> {
        request.validate().unwrap();
        let terms = request.terms().unwrap();
        let (orders, _) =
            self.with(|exchange, floor| exchange.submit(&paper(), request, terms, floor));
        orders.into_iter().map(|order| order.id).collect()
    }

    fn send_pair(&mut self, limit: &NewOrder, stop: &NewOrder) -> Vec<OrderId> {
        let legs = [
            (limit, limit.terms().unwrap()),
            (stop, stop.terms().unwrap()),
        ];
        let (orders, _) = self.with(|exchange, floor| exchange.submit_pair(&paper(), legs, floor));
        orders.into_iter().map(|order| order.id).collect()
    }

    fn see(&mut self, event: &MarketEvent) -> Vec<Event> {
        self.now = self.now.max(event.time());
        let market = self.markets.get_mut(&symbol()).unwrap();
        match event {
            MarketEvent::Trade(trade) => market.on_trade(trade),
            MarketEvent::Book(book) => market.on_book(book),
            MarketEvent::Bar(bar) => market.on_bar(bar),
            #[allow(unreachable_patterns)]
            _ => {}
        }
        let has_book = market.book().is_some();
        let (_, events) = self.with(|exchange, floor| {
            exchange.advance(floor);
            match event {
                MarketEvent::Trade(trade) => exchange.see(Market::Trade { trade, has_book }, floor),
                MarketEvent::Book(book) => exchange.see(Market::Book(book), floor),
                MarketEvent::Bar(bar) => exchange.see(Market::Bar(bar), floor),
                #[allow(unreachable_patterns)]
                _ => {}
            }
        });
        events
    }

    /// A print by a taker of `taker`, a second after the last one.
    fn print_by(&mut self, taker: Side, price: Decimal, quantity: Decimal) -> Vec<Event> {
        self.prints += 1;
        self.see(&MarketEvent::Trade(MarketTrade {
            symbol: symbol(),
            id: self.prints,
            price,
            quantity,
            count: 1,
            taker,
            time: self.now.plus(SECOND),
        }))
    }

    fn print(&mut self, price: Decimal, quantity: Decimal) -> Vec<Event> {
        self.print_by(Side::Buy, price, quantity)
    }

    fn book(&mut self, bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Vec<Event> {
        let levels = |side: &[(i64, i64)]| {
            side.iter()
                .map(|(price, quantity)| Level {
                    price: (*price).into(),
                    quantity: (*quantity).into(),
                })
                .collect()
        };
        self.see(&MarketEvent::Book(Book {
            symbol: symbol(),
            bids: levels(bids),
            asks: levels(asks),
            time: self.now.plus(SECOND),
        }))
    }

    fn bar(&mut self, [open, high, low, close]: [i64; 4], volume: i64) -> Vec<Event> {
        let open_time = self.now.plus(1);
        self.see(&MarketEvent::Bar(Bar {
            symbol: symbol(),
            open_time,
            close_time: open_time.plus(60 * SECOND - 1),
            open: open.into(),
            high: high.into(),
            low: low.into(),
            close: close.into(),
            volume: volume.into(),
            quote_volume: None,
            trades: None,
            taker_buy_volume: None,
            taker_buy_quote_volume: None,
        }))
    }

    fn open(&self) -> Vec<&Order> {
        self.exchange.open_orders(&paper()).collect()
    }

    fn order(&self, id: &OrderId) -> &Order {
        self.exchange.open_order(&paper(), id).unwrap()
    }

    fn held(&self) -> Decimal {
        self.bots[&paper()].account.quantity(&symbol())
    }

    /// Comes to hold a quantity, by fills at 100.
    fn hold(&mut self, quantity: Decimal) {
        let side = if quantity.is_sign_negative() {
            Side::Sell
        } else {
            Side::Buy
        };
        self.send(&NewOrder::market(symbol(), side, quantity.abs()));
        self.print(dec!(100), quantity.abs());
        assert_eq!(self.held(), quantity);
    }

    fn amend(&mut self, id: &OrderId, change: &Amendment) -> Result<Order, Rejection> {
        self.with(|exchange, floor| exchange.amend(&paper(), id, change, floor))
            .0
    }

    fn cancel(&mut self, id: &OrderId) -> Result<Order, Rejection> {
        self.with(|exchange, floor| exchange.cancel(&paper(), id, "asked", floor))
            .0
    }
}

fn limit(side: Side, quantity: Decimal, price: Decimal) -> NewOrder {
    NewOrder::limit(symbol(), side, quantity, price)
}

fn market(side: Side, quantity: Decimal) -> NewOrder {
    NewOrder::market(symbol(), side, quantity)
}

fn stop(side: Side, quantity: Decimal, stop_price: Decimal) -> NewOrder {
    NewOrder {
        order_type: OrderType::Stop,
        stop_price: Some(stop_price),
        ..market(side, quantity)
    }
}

fn fills(events: &[Event]) -> Vec<&Fill> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Fill(fill) => Some(fill),
            _ => None,
        })
        .collect()
}

/// Price, quantity and liquidity of each fill.
fn filled(events: &[Event]) -> Vec<(Decimal, Decimal, Liquidity)> {
    fills(events)
        .into_iter()
        .map(|fill| (fill.price, fill.quantity, fill.liquidity))
        .collect()
}

/// Each order event's id and status.
fn statuses(events: &[Event]) -> Vec<(&str, OrderStatus)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Order(order) => Some((order.id.as_str(), order.status)),
            _ => None,
        })
        .collect()
}
