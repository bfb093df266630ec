//! Where an order at work stands: on its way, on a shelf, or first in line for the next evidence; and
//! what stands before it in the queue.

use super::shelf::{Place, key};
use super::{Errand, Exchange, Floor, Post, step};
use crate::domain::{Decimal, OrderStep, Side, Symbol, Terms, TimeUs};
use crate::engine::config::QueueModel;

impl Exchange {
    /// Sends an order on its way: it arrives at once, or when the latency is over.
    pub(super) fn send(&mut self, place: Place, floor: &mut Floor<'_>) {
        let Some(due) = floor.effect_at() else {
            self.arrive(place, floor);
            return;
        };
        if let Some(resting) = self.orders.get_mut(&place) {
            resting.post = Post::InFlight;
        }
        self.errand(due, Errand::Arrive(place));
        self.tell(place, floor);
    }

    pub(super) fn errand(&mut self, due: TimeUs, errand: Errand) {
        // They go over one line: none overtakes another.
        let last = self.errands.last_key_value().map(|((due, _), _)| *due);
        let due = last.map_or(due, |last| due.max(last));
        self.errands.insert((due, self.errands_sent), errand);
        self.errands_sent += 1;
    }

    /// An order reaches the exchange, or a leg is let to work: it is accepted and takes its post.
    pub(super) fn arrive(&mut self, place: Place, floor: &mut Floor<'_>) {
        let (seq, now) = (floor.out.seq, floor.out.now);
        let Some(resting) = self.orders.get_mut(&place) else {
            return;
        };
        if step(&mut resting.order, OrderStep::Accept, now).is_err() {
            return;
        }
        resting.from = seq;
        self.post(place, floor);
        self.tell(place, floor);
    }

    /// Gives an order at work its post on the desk.
    pub(super) fn post(&mut self, place: Place, floor: &Floor<'_>) {
        let Some(resting) = self.orders.get_mut(&place) else {
            return;
        };
        let (side, symbol) = (resting.order.side, resting.order.symbol.clone());
        let triggered = resting.order.trigger.is_some();
        let desk = self.desks.entry(symbol.clone()).or_default();
        let last = floor.last_price(&symbol);
        resting.post = match resting.terms {
            Terms::Stop { stop_price } | Terms::StopLimit { stop_price, .. } if !triggered => {
                desk.shelf_mut(side)
                    .insert_stop(key(side, stop_price), place);
                Post::Stop
            }
            Terms::TrailingStop { trail, activation } if !triggered => {
                let shelf = desk.shelf_mut(side);
                match (
                    activation.map(|price| key(side, price)),
                    last.map(|price| key(side, price)),
                ) {
                    (Some(activation), last) if last.is_none_or(|last| last < activation) => {
                        shelf.insert_activation(activation, place);
                        Post::Activation
                    }
                    (_, Some(last)) => {
                        shelf.trails.insert(place, trail, last);
                        Post::Trailing
                    }
                    // Without a price there is nothing to track: the next one activates it.
                    (_, None) => {
                        shelf.insert_activation(Decimal::MIN, place);
                        Post::Activation
                    }
                }
            }
            Terms::Limit { price } | Terms::StopLimit { price, .. } => {
                if resting.order.time_in_force.is_immediate()
                    || is_marketable(side, price, &symbol, floor)
                {
                    desk.arrivals.insert(place);
                    Post::Arrival
                } else {
                    self.rest(place, floor);
                    return;
                }
            }
            Terms::Market | Terms::Stop { .. } | Terms::TrailingStop { .. } => {
                desk.arrivals.insert(place);
                Post::Arrival
            }
        };
    }

    /// Lets an order rest at its limit, behind what the book shows there.
    pub(super) fn rest(&mut self, place: Place, floor: &Floor<'_>) {
        let Some(resting) = self.orders.get_mut(&place) else {
            return;
        };
        let Some(price) = resting.order.price else {
            return;
        };
        let (side, symbol) = (resting.order.side, resting.order.symbol.clone());
        let desk = self.desks.entry(symbol.clone()).or_default();
        let level = desk.shelf_mut(side).insert_limit(key(side, price), place);
        let (traded, before) = (
            level.traded,
            level.orders.range(..place).next_back().copied(),
        );
        resting.post = Post::Limit;
        let displayed = displayed_at(side, price, &symbol, floor);
        // Our own orders before it are not in the market's book, but in front of it all the same.
        let behind_own = before.and_then(|before| {
            let before = self.orders.get(&before)?;
            Some(before.ahead? + before.order.remaining())
        });
        let ahead = match floor.exchange().queue {
            QueueModel::Through => None,
            QueueModel::Touch => Some(traded),
            QueueModel::Drawn => {
                displayed.map(|displayed| traded + displayed * floor.share_ahead())
            }
            QueueModel::Position => displayed.map(|displayed| traded + displayed),
        }
        .map(|ahead| behind_own.map_or(ahead, |behind| ahead.max(behind)));
        if let Some(resting) = self.orders.get_mut(&place) {
            resting.ahead = ahead;
        }
    }

    /// Takes an order from its post.
    pub(super) fn unpost(&mut self, place: Place) {
        let Some(resting) = self.orders.get(&place) else {
            return;
        };
        let side = resting.order.side;
        let Some(desk) = self.desks.get_mut(&resting.order.symbol) else {
            return;
        };
        match (resting.post, resting.terms) {
            (Post::Arrival, _) => {
                desk.arrivals.remove(&place);
            }
            (Post::Limit, _) => {
                if let Some(price) = resting.order.price {
                    desk.shelf_mut(side).remove_limit(key(side, price), place);
                }
            }
            (Post::Stop, Terms::Stop { stop_price } | Terms::StopLimit { stop_price, .. }) => {
                desk.shelf_mut(side)
                    .remove_stop(key(side, stop_price), place);
            }
            (Post::Activation, Terms::TrailingStop { activation, .. }) => {
                let at = activation.map_or(Decimal::MIN, |price| key(side, price));
                desk.shelf_mut(side).remove_activation(at, place);
            }
            (Post::Trailing, _) => desk.shelf_mut(side).trails.remove(place),
            _ => {}
        }
    }

    /// What was printed at an order's price, where it rests in a queue.
    pub(super) fn traded_at(&self, place: Place) -> Option<Decimal> {
        let resting = self.orders.get(&place)?;
        let order = &resting.order;
        let level = self
            .desks
            .get(&order.symbol)?
            .shelf(order.side)
            .level(key(order.side, order.price?))?;
        (resting.post == Post::Limit).then_some(level.traded)
    }

    /// What is to be printed at an order's price before its turn; negative where its turn has come.
    pub(super) fn queue_ahead(&self, place: Place) -> Option<Decimal> {
        let traded = self.traded_at(place)?;
        Some(self.orders.get(&place)?.ahead? - traded)
    }
}

/// Whether a limit order would trade at once: it reaches the book's other side or, without a book,
/// is better than the last price.
fn is_marketable(side: Side, price: Decimal, symbol: &Symbol, floor: &Floor<'_>) -> bool {
    let beyond = |best: Decimal| key(side, price) <= key(side, best);
    match floor.book(symbol) {
        Some(book) => {
            let other = match side {
                Side::Buy => &book.asks,
                Side::Sell => &book.bids,
            };
            other.first().is_some_and(|level| beyond(level.price))
        }
        None => floor
            .last_price(symbol)
            .is_some_and(|last| price != last && beyond(last)),
    }
}

/// What the book shows at a price of our own side: nothing where the price is better than the best,
/// unknown where it is deeper than the book reaches or there is none.
fn displayed_at(side: Side, price: Decimal, symbol: &Symbol, floor: &Floor<'_>) -> Option<Decimal> {
    let book = floor.book(symbol)?;
    let own = match side {
        Side::Buy => &book.bids,
        Side::Sell => &book.asks,
    };
    let deepest = own.last()?.price;
    if key(side, price) > key(side, deepest) {
        return None;
    }
    let level = own.iter().find(|level| level.price == price);
    Some(level.map_or(Decimal::ZERO, |level| level.quantity))
}
