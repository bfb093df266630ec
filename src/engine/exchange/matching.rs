//! What the market does to open orders.
//!
//! In one item of market data first the stops are looked at, then those who want to trade at once,
//! then the limit orders that the market passed, best price first. An order that a print triggers is
//! filled by later evidence only: that print was another's. A bar is the exception, because nothing
//! finer will come: what it triggers it fills, at the stop price or, if it opened beyond, at its
//! open, and where a bar touches both legs of a pair the stop counts as touched first.

use super::evidence::Offer;
use super::shelf::{Place, key};
use super::{Exchange, Market, Post, step};
use crate::domain::{
    Bar, Decimal, MarketTrade, OrderStep, Side, Symbol, Terms, TimeInForce, TimeUs, Trigger,
};
use crate::engine::config::QueueModel;
use crate::engine::floor::Floor;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A price that the market stands at, and what says so.
#[derive(Debug, Clone, Copy)]
struct Touch {
    price: Decimal,
    trade: Option<u64>,
    time: TimeUs,
}

impl Exchange {
    /// Lets one item of market data work on the open orders of its symbol.
    pub fn see(&mut self, market: Market<'_>, floor: &mut Floor<'_>) {
        let symbol = market.symbol();
        let Some(desk) = self.desks.get_mut(symbol) else {
            return;
        };
        if desk.is_quiet_at(market.reach()) {
            return;
        }
        let mut offer = Offer::of(market, floor.exchange());
        match market {
            Market::Trade { trade, has_book } => {
                let touch = Touch {
                    price: trade.price,
                    trade: Some(trade.id),
                    time: trade.time,
                };
                for side in SIDES {
                    self.trigger_side(symbol, side, touch, floor);
                }
                if !has_book {
                    self.serve_arrivals(symbol, &mut offer, floor);
                }
                self.count_print(trade);
                self.serve_print(trade, &mut offer, floor);
            }
            Market::Book(book) => {
                self.serve_arrivals(symbol, &mut offer, floor);
                for (side, others) in [(Side::Buy, &book.asks), (Side::Sell, &book.bids)] {
                    if let Some(best) = others.first() {
                        self.serve_passed(symbol, side, best.price, true, &mut offer, floor);
                    }
                }
            }
            Market::Bar(bar) => self.see_bar(bar, &mut offer, floor),
        }
    }

    fn see_bar(&mut self, bar: &Bar, offer: &mut Offer<'_>, floor: &mut Floor<'_>) {
        let symbol = &bar.symbol;
        self.serve_arrivals(symbol, offer, floor);
        for side in SIDES {
            // Nobody knows the way through a bar: the bad end is taken to have come first.
            let (bad, good) = match side {
                Side::Sell => (bar.low, bar.high),
                Side::Buy => (bar.high, bar.low),
            };
            for (price, is_open) in [
                (bar.open, true),
                (bad, false),
                (good, false),
                (bar.close, false),
            ] {
                let touch = Touch {
                    price,
                    trade: None,
                    time: bar.close_time,
                };
                for (place, stop) in self.trigger_side(symbol, side, touch, floor) {
                    let price = if is_open { bar.open } else { stop };
                    self.serve_triggered(place, price, offer, floor);
                }
            }
        }
        self.serve_passed(symbol, Side::Buy, bar.low, false, offer, floor);
        self.serve_passed(symbol, Side::Sell, bar.high, false, offer, floor);
    }

    /// Wakes what the market's price reaches; gives each order's place with its stop price.
    fn trigger_side(
        &mut self,
        symbol: &Symbol,
        side: Side,
        touch: Touch,
        floor: &mut Floor<'_>,
    ) -> Vec<(Place, Decimal)> {
        let seq = floor.out.seq;
        let now = key(side, touch.price);
        let Self { desks, orders, .. } = self;
        let Some(desk) = desks.get_mut(symbol) else {
            return Vec::new();
        };
        let shelf = desk.shelf_mut(side);
        for place in shelf.activated(now) {
            if let Some(resting) = orders.get_mut(&place)
                && let Terms::TrailingStop { trail, .. } = resting.terms
            {
                resting.post = Post::Trailing;
                shelf.trails.insert(place, trail, now);
            }
        }
        let mut fired = Vec::new();
        let mut too_young = Vec::new();
        for (place, stop) in shelf.trails.see(now) {
            match orders.get(&place) {
                Some(resting) if resting.from < seq => fired.push((place, key(side, stop))),
                Some(resting) => too_young.push((place, resting.terms)),
                None => {}
            }
        }
        // Accepted by this very input: it follows from here on.
        for (place, terms) in too_young {
            if let Terms::TrailingStop { trail, .. } = terms {
                shelf.trails.insert(place, trail, now);
            }
        }
        fired.extend(
            shelf
                .reached(now)
                .filter(|(_, place)| orders.get(place).is_some_and(|resting| resting.from < seq))
                .map(|(stop, place)| (place, key(side, stop))),
        );
        fired.sort_unstable_by_key(|(place, _)| *place);
        fired.retain(|(place, stop)| self.trigger(*place, *stop, touch, floor));
        fired
    }

    /// False where the order is gone: the other leg of its pair was first.
    fn trigger(
        &mut self,
        place: Place,
        stop: Decimal,
        touch: Touch,
        floor: &mut Floor<'_>,
    ) -> bool {
        self.unpost(place);
        let Some(resting) = self.orders.get_mut(&place) else {
            return false;
        };
        if step(&mut resting.order, OrderStep::Trigger, touch.time).is_err() {
            return false;
        }
        resting.order.trigger = Some(Trigger {
            price: touch.price,
            stop_price: stop.normalize(),
            trade: touch.trade,
            time: touch.time,
        });
        resting.from = floor.out.seq;
        self.post(place, floor);
        self.tell(place, floor);
        if let Some(other) = self.other_leg(place) {
            self.end(
                other,
                OrderStep::Cancel,
                "the other leg was triggered",
                floor,
            );
        }
        true
    }

    /// Those who want what there is, the oldest first.
    fn serve_arrivals(&mut self, symbol: &Symbol, offer: &mut Offer<'_>, floor: &mut Floor<'_>) {
        let Some(desk) = self.desks.get(symbol) else {
            return;
        };
        if desk.arrivals.is_empty() {
            return;
        }
        let seq = floor.out.seq;
        let waiting: Vec<Place> = desk
            .arrivals
            .iter()
            .copied()
            .filter(|place| {
                self.orders
                    .get(place)
                    .is_some_and(|resting| resting.from < seq)
            })
            .collect();
        for place in waiting {
            self.serve_arrival(place, offer, floor);
        }
    }

    fn serve_arrival(&mut self, place: Place, offer: &mut Offer<'_>, floor: &mut Floor<'_>) {
        let Some(want) = self.want(place, floor) else {
            return;
        };
        let Some(time_in_force) = self
            .orders
            .get(&place)
            .map(|resting| resting.order.time_in_force)
        else {
            return;
        };
        if time_in_force == TimeInForce::Fok && offer.available(want) < want.quantity {
            let reason = "the market did not offer all of it at once";
            self.end(place, OrderStep::Expire, reason, floor);
            return;
        }
        if let Some(matched) = offer.take(want) {
            self.fill(place, matched, offer.time, floor);
        }
        // Still here: it was not filled wholly.
        let Some(resting) = self.orders.get(&place) else {
            return;
        };
        if time_in_force.is_immediate() {
            let reason = "the market did not offer the rest at once";
            self.end(place, OrderStep::Expire, reason, floor);
        } else if resting.order.price.is_some() {
            self.unpost(place);
            self.rest(place, floor);
        }
    }

    /// A market order that a bar has woken.
    fn serve_triggered(
        &mut self,
        place: Place,
        price: Decimal,
        offer: &mut Offer<'_>,
        floor: &mut Floor<'_>,
    ) {
        let Some(want) = self.want(place, floor).filter(|want| want.limit.is_none()) else {
            return;
        };
        if let Some(matched) = offer.take_at(price, want) {
            self.fill(place, matched, offer.time, floor);
        }
    }

    /// Adds a print to what was traded at its price, for those who queue there.
    fn count_print(&mut self, trade: &MarketTrade) {
        let resting_side = trade.taker.opposite();
        if let Some(level) = self.desks.get_mut(&trade.symbol).and_then(|desk| {
            desk.shelf_mut(resting_side)
                .level_mut(key(resting_side, trade.price))
        }) {
            level.traded += trade.quantity;
        }
    }

    fn serve_print(&mut self, trade: &MarketTrade, offer: &mut Offer<'_>, floor: &mut Floor<'_>) {
        for side in SIDES {
            self.serve_passed(&trade.symbol, side, trade.price, false, offer, floor);
        }
        if floor.exchange().queue == QueueModel::Through || offer.is_used_up() {
            return;
        }
        let side = trade.taker.opposite();
        let Some(level) = self
            .desks
            .get(&trade.symbol)
            .and_then(|desk| desk.shelf(side).level(key(side, trade.price)))
        else {
            return;
        };
        let (seq, traded) = (floor.out.seq, level.traded);
        let mut turns = Vec::new();
        for place in &level.orders {
            let Some(resting) = self.orders.get(place) else {
                continue;
            };
            match resting.ahead {
                Some(ahead) if ahead < traded => {
                    if resting.from < seq {
                        turns.push((*place, traded - ahead));
                    }
                }
                // Who came later stands further back.
                _ => break,
            }
        }
        for (place, turn) in turns {
            self.serve_resting(place, turn, offer, floor);
            if offer.is_used_up() {
                return;
            }
        }
    }

    /// Fills the limit orders of one side that a market at `price` has passed.
    fn serve_passed(
        &mut self,
        symbol: &Symbol,
        side: Side,
        price: Decimal,
        touch: bool,
        offer: &mut Offer<'_>,
        floor: &mut Floor<'_>,
    ) {
        let Some(desk) = self.desks.get(symbol) else {
            return;
        };
        let seq = floor.out.seq;
        let now = key(side, price);
        let mut next = desk.shelf(side).next_passed(None, now, touch);
        while let Some((_, place)) = next
            && !offer.is_used_up()
        {
            let is_old_enough = self
                .orders
                .get(&place)
                .is_some_and(|resting| resting.from < seq);
            // What the best-priced could not get, the others cannot either.
            if is_old_enough && !self.serve_resting(place, Decimal::MAX, offer, floor) {
                return;
            }
            next = self
                .desks
                .get(symbol)
                .and_then(|desk| desk.shelf(side).next_passed(next, now, touch));
        }
    }

    /// Fills a resting limit order with at most `most`; false where there was nothing for it.
    fn serve_resting(
        &mut self,
        place: Place,
        most: Decimal,
        offer: &mut Offer<'_>,
        floor: &mut Floor<'_>,
    ) -> bool {
        let Some((want, limit)) = self
            .want(place, floor)
            .and_then(|want| Some((want, want.limit?)))
        else {
            return true;
        };
        let matched = offer.give(want.side, limit, want.quantity.min(most));
        let is_served = matched.is_some();
        if let Some(matched) = matched {
            self.fill(place, matched, offer.time, floor);
        }
        is_served
    }
}
