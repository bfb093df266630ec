//! The paper exchange: open orders, and the fills that the market's own evidence allows.
//!
//! An order matches only evidence that came after its acceptance, and what one print or one book
//! offers is used at most once across all orders. Orders rest on [`shelf::Shelf`]s, found by price:
//! an item of market data costs what it triggers and fills, not what rests.
//!
//! Here are the books and how an order enters them; [`matching`] is what the market does to orders,
//! [`lifecycle`] what time, people and other orders do.

mod evidence;
mod expected;
mod explain;
mod lifecycle;
mod matching;
mod roll;
mod saved;
mod shelf;
mod trails;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::config::QueueModel;
use super::floor::Floor;
use crate::domain::{
    Amendment, Bar, Book, BotId, Decimal, LinkRole, MarketTrade, NewOrder, Order, OrderId,
    OrderLink, OrderStatus, OrderStep, Rejection, Seq, Side, Symbol, Terms, TimeUs,
};

pub use expected::expected_fill;
pub use roll::Exposure;
use roll::Roll;
use shelf::{Place, Shelf, key};

/// Client ids that are remembered for each bot, and finished orders of all bots.
const CLIENT_IDS_KEPT: usize = 10_000;
const FINISHED_KEPT: usize = 1_000;

/// Where in the exchange an open order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Post {
    /// On its way here.
    InFlight,
    /// A leg that waits for its entry.
    Leg,
    /// Wants what the next evidence offers.
    Arrival,
    Limit,
    Stop,
    /// A trailing stop before and after it began to track.
    Activation,
    Trailing,
}

/// An open order with what matching must know beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Resting {
    order: Order,
    terms: Terms,
    post: Post,
    /// Evidence up to this input is too early.
    from: Seq,
    /// Σ price × quantity filled so far.
    filled_value: Decimal,
    /// With the queue model `position`: what must have been printed at its price before its turn,
    /// as [`shelf::Level::traded`] counts it. `None`: only a market that trades through fills it.
    ahead: Option<Decimal>,
    /// What it counts for in its bot's exposure.
    counted: Decimal,
}

/// The open members of a bracket or a pair.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Group {
    entry: Option<Place>,
    limit: Option<Place>,
    stop: Option<Place>,
}

/// One symbol's orders at work.
#[derive(Debug, Clone, Default)]
struct Desk {
    arrivals: BTreeSet<Place>,
    buys: Shelf,
    sells: Shelf,
}

impl Desk {
    fn shelf(&self, side: Side) -> &Shelf {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    fn shelf_mut(&mut self, side: Side) -> &mut Shelf {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }
}

/// What is on its way to the exchange, by the latency model.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Errand {
    Arrive(Place),
    Cancel { place: Place, reason: String },
    Amend { place: Place, change: Amendment },
}

/// A name that an open order is found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Ours(OrderId),
    Clients(String),
}

/// A request that was made before under a client id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    client_id: String,
    order: OrderId,
    /// Tells the same request from another one under the same id.
    fingerprint: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(into = "saved::Saved", from = "saved::Saved")]
pub struct Exchange {
    orders: BTreeMap<Place, Resting>,
    next: u64,
    groups: BTreeMap<OrderId, Group>,
    errands: BTreeMap<(TimeUs, u64), Errand>,
    errands_sent: u64,
    known: BTreeMap<BotId, VecDeque<Known>>,
    finished: VecDeque<(BotId, OrderId, OrderStatus)>,
    /// Derived from the orders, never saved.
    desks: BTreeMap<Symbol, Desk>,
    by_name: BTreeMap<(BotId, Name), Place>,
    expiries: BTreeSet<(TimeUs, Place)>,
    roll: Roll,
}

/// The evidence of one input.
#[derive(Debug, Clone, Copy)]
pub enum Market<'a> {
    /// A print; `has_book` says that this market is matched on its book, and prints fill only what
    /// they traded through.
    Trade {
        trade: &'a MarketTrade,
        has_book: bool,
    },
    Book(&'a Book),
    Bar(&'a Bar),
}

impl Market<'_> {
    fn symbol(&self) -> &Symbol {
        match self {
            Market::Trade { trade, .. } => &trade.symbol,
            Market::Book(book) => &book.symbol,
            Market::Bar(bar) => &bar.symbol,
        }
    }
}

/// What is known of a request's client id.
pub enum Repeated {
    /// The very same request was made before: this order came of it.
    Same(OrderId),
    /// Another request was made under this id.
    Different,
}

impl Exchange {
    /// Whether a request was made before.
    pub fn repeated(&self, bot: &BotId, client_id: &str, fingerprint: &str) -> Option<Repeated> {
        let known = self
            .known
            .get(bot)?
            .iter()
            .rev()
            .find(|known| known.client_id == client_id)?;
        Some(if known.fingerprint == fingerprint {
            Repeated::Same(known.order.clone())
        } else {
            Repeated::Different
        })
    }

    pub fn remember(&mut self, bot: &BotId, client_id: &str, fingerprint: String, order: &OrderId) {
        let known = self.known.entry(bot.clone()).or_default();
        known.push_back(Known {
            client_id: client_id.to_owned(),
            order: order.clone(),
            fingerprint,
        });
        if known.len() > CLIENT_IDS_KEPT {
            known.pop_front();
        }
    }

    /// Takes a checked order, and the legs of a bracket with it. The entry comes first.
    pub fn submit(
        &mut self,
        bot: &BotId,
        request: &NewOrder,
        terms: Terms,
        floor: &mut Floor<'_>,
    ) -> Vec<Order> {
        let id = floor.out.ids.order();
        if !request.is_bracket() {
            let place = self.enter(bot, request, terms, id, None, floor);
            self.send(place, floor);
            return self.copies(&[place]);
        }
        let group = id.clone();
        let link = |role| {
            Some(OrderLink {
                group: group.clone(),
                role,
            })
        };
        let entry = self.enter(bot, request, terms, id, link(LinkRole::Entry), floor);
        self.send(entry, floor);
        let mut places = vec![entry];
        let leg = |price: Decimal| NewOrder {
            client_order_id: None,
            reduce_only: true,
            decision: request.decision.clone(),
            ..NewOrder::limit(
                request.symbol.clone(),
                request.side.opposite(),
                request.quantity,
                price,
            )
        };
        if let Some(price) = request.take_profit {
            let terms = Terms::Limit { price };
            let id = floor.out.ids.order();
            places.push(self.enter(
                bot,
                &leg(price),
                terms,
                id,
                link(LinkRole::TakeProfit),
                floor,
            ));
        }
        if let Some(stop_price) = request.stop_loss {
            let terms = Terms::Stop { stop_price };
            let stop = NewOrder {
                order_type: crate::domain::OrderType::Stop,
                price: None,
                stop_price: Some(stop_price),
                ..leg(stop_price)
            };
            let id = floor.out.ids.order();
            places.push(self.enter(bot, &stop, terms, id, link(LinkRole::StopLoss), floor));
        }
        for leg in &places[1..] {
            self.tell(*leg, floor);
        }
        self.copies(&places)
    }

    /// Takes a checked pair: the limit leg, then the stop leg.
    pub fn submit_pair(
        &mut self,
        bot: &BotId,
        legs: [(&NewOrder, Terms); 2],
        floor: &mut Floor<'_>,
    ) -> Vec<Order> {
        let ids = [floor.out.ids.order(), floor.out.ids.order()];
        let group = ids[0].clone();
        let roles = [LinkRole::OcoLimit, LinkRole::OcoStop];
        let places: Vec<Place> = legs
            .into_iter()
            .zip(ids)
            .zip(roles)
            .map(|(((request, terms), id), role)| {
                let link = OrderLink {
                    group: group.clone(),
                    role,
                };
                self.enter(bot, request, terms, id, Some(link), floor)
            })
            .collect();
        for place in &places {
            self.send(*place, floor);
        }
        self.copies(&places)
    }

    fn copies(&self, places: &[Place]) -> Vec<Order> {
        places
            .iter()
            .filter_map(|place| self.orders.get(place))
            .map(|resting| resting.order.clone())
            .collect()
    }

    /// Writes an order down; it is not at work yet.
    fn enter(
        &mut self,
        bot: &BotId,
        request: &NewOrder,
        terms: Terms,
        id: OrderId,
        link: Option<OrderLink>,
        floor: &Floor<'_>,
    ) -> Place {
        let now = floor.out.now;
        let order = Order {
            id,
            client_order_id: request.client_order_id.clone(),
            bot: bot.clone(),
            symbol: request.symbol.clone(),
            side: request.side,
            order_type: request.order_type,
            time_in_force: request.time_in_force(),
            expires_at: request.expires_at,
            quantity: request.quantity,
            price: request.price,
            stop_price: request.stop_price,
            trail_amount: request.trail_amount,
            trail_percent: request.trail_percent,
            activation_price: request.activation_price,
            reduce_only: request.reduce_only,
            status: OrderStatus::New,
            filled_quantity: Decimal::ZERO,
            average_price: None,
            link,
            trigger: None,
            decision: request.decision.clone(),
            reason: None,
            created_at: now,
            updated_at: now,
        };
        self.register(Resting {
            order,
            terms,
            post: Post::Leg,
            from: floor.out.seq,
            filled_value: Decimal::ZERO,
            ahead: None,
            counted: Decimal::ZERO,
        })
    }

    /// Puts an order into every list but its desk.
    fn register(&mut self, resting: Resting) -> Place {
        let place = Place(self.next);
        self.next += 1;
        self.register_at(place, resting);
        place
    }

    fn register_at(&mut self, place: Place, resting: Resting) {
        let order = &resting.order;
        let bot = &order.bot;
        for name in names(order) {
            self.by_name.insert((bot.clone(), name), place);
        }
        if let Some(expires_at) = order.expires_at {
            self.expiries.insert((expires_at, place));
        }
        self.roll.enter(order, place);
        self.roll
            .recount(bot, &order.symbol, order.side, resting.counted);
        if let Some(link) = &order.link {
            let group = self.groups.entry(link.group.clone()).or_default();
            *group.member(link.role) = Some(place);
        }
        let stop = order
            .link
            .as_ref()
            .and_then(|link| self.groups.get(&link.group)?.stop);
        self.orders.insert(place, resting);
        self.recount(place);
        // The stop of a pair counts only while it stands alone.
        if let Some(stop) = stop {
            self.recount(stop);
        }
    }

    /// Takes an order out of every list, its desk included.
    fn unregister(&mut self, place: Place) -> Option<Resting> {
        self.unpost(place);
        let resting = self.orders.remove(&place)?;
        let order = &resting.order;
        for name in names(order) {
            self.by_name.remove(&(order.bot.clone(), name));
        }
        if let Some(expires_at) = order.expires_at {
            self.expiries.remove(&(expires_at, place));
        }
        self.roll.leave(order, place);
        self.roll
            .recount(&order.bot, &order.symbol, order.side, -resting.counted);
        if let Some(link) = &order.link
            && let Some(group) = self.groups.get_mut(&link.group)
        {
            *group.member(link.role) = None;
            let others = [group.entry, group.limit, group.stop];
            if others.iter().all(Option::is_none) {
                self.groups.remove(&link.group);
            }
            for other in others.into_iter().flatten() {
                self.recount(other);
            }
        }
        Some(resting)
    }

    /// Brings what an order counts for in its bot's exposure up to date.
    fn recount(&mut self, place: Place) {
        let Some(resting) = self.orders.get(&place) else {
            return;
        };
        let order = &resting.order;
        let pair_counts = order.link.as_ref().is_some_and(|link| {
            link.role == LinkRole::OcoStop
                && self
                    .groups
                    .get(&link.group)
                    .is_some_and(|group| group.limit.is_some())
        });
        let counts = if order.reduce_only || pair_counts {
            Decimal::ZERO
        } else {
            order.remaining()
        };
        let change = counts - resting.counted;
        self.roll
            .recount(&order.bot, &order.symbol, order.side, change);
        if let Some(resting) = self.orders.get_mut(&place) {
            resting.counted = counts;
        }
    }

    /// Sends an order on its way: it arrives at once, or when the latency is over.
    fn send(&mut self, place: Place, floor: &mut Floor<'_>) {
        let latency = i64::from(floor.exchange().latency_ms) * 1_000;
        if latency == 0 {
            self.arrive(place, floor);
            return;
        }
        if let Some(resting) = self.orders.get_mut(&place) {
            resting.post = Post::InFlight;
        }
        self.errand(floor.out.now.plus(latency), Errand::Arrive(place));
        self.tell(place, floor);
    }

    fn errand(&mut self, due: TimeUs, errand: Errand) {
        self.errands.insert((due, self.errands_sent), errand);
        self.errands_sent += 1;
    }

    /// An order reaches the exchange, or a leg is let to work: it is accepted and takes its post.
    fn arrive(&mut self, place: Place, floor: &mut Floor<'_>) {
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
    fn post(&mut self, place: Place, floor: &Floor<'_>) {
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
    fn rest(&mut self, place: Place, floor: &Floor<'_>) {
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
            QueueModel::Position => displayed.map(|displayed| traded + displayed),
        }
        .map(|ahead| behind_own.map_or(ahead, |behind| ahead.max(behind)));
        if let Some(resting) = self.orders.get_mut(&place) {
            resting.ahead = ahead;
        }
    }

    /// Takes an order from its post.
    fn unpost(&mut self, place: Place) {
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

    fn tell(&self, place: Place, floor: &mut Floor<'_>) {
        if let Some(resting) = self.orders.get(&place) {
            floor.tell(&resting.order);
        }
    }

    pub fn open_orders<'a>(&'a self, bot: &BotId) -> impl Iterator<Item = &'a Order> {
        self.roll
            .places(bot)
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|place| self.orders.get(&place))
            .map(|resting| &resting.order)
    }

    pub fn open_count(&self, bot: &BotId) -> usize {
        self.roll.len(bot)
    }

    /// An open order, by our id or the client's.
    pub fn open_order(&self, bot: &BotId, id: &OrderId) -> Option<&Order> {
        self.find(bot, id)
            .and_then(|place| self.orders.get(&place))
            .map(|resting| &resting.order)
    }

    /// What a bot's open orders of a symbol would still add to its position, `except` one of them.
    pub fn exposure(&self, bot: &BotId, symbol: &Symbol, except: Option<&OrderId>) -> Exposure {
        let mut exposure = self.roll.exposure(bot, symbol);
        if let Some(resting) = except
            .and_then(|id| self.find(bot, id))
            .and_then(|place| self.orders.get(&place))
        {
            match resting.order.side {
                Side::Buy => exposure.buys -= resting.counted,
                Side::Sell => exposure.sells -= resting.counted,
            }
        }
        exposure
    }

    /// What was printed at an order's price, where it rests in a queue.
    fn traded_at(&self, place: Place) -> Option<Decimal> {
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
    fn queue_ahead(&self, place: Place) -> Option<Decimal> {
        let traded = self.traded_at(place)?;
        Some(self.orders.get(&place)?.ahead? - traded)
    }

    fn find(&self, bot: &BotId, id: &OrderId) -> Option<Place> {
        let ours = (bot.clone(), Name::Ours(id.clone()));
        let clients = (bot.clone(), Name::Clients(id.as_str().to_owned()));
        self.by_name
            .get(&ours)
            .or_else(|| self.by_name.get(&clients))
            .copied()
    }

    /// Why there is no open order of this id.
    pub fn not_open(&self, bot: &BotId, id: &OrderId) -> Rejection {
        let finished = self
            .finished
            .iter()
            .rev()
            .find(|(owner, order, _)| owner == bot && order == id);
        match finished {
            Some((.., status)) => Rejection::field(
                "order_not_open",
                "order",
                format!("the order {id} is {}", status.words()),
            ),
            None => Rejection::field(
                "unknown_order",
                "order",
                format!("there is no open order {id}"),
            ),
        }
    }
}

impl Group {
    fn member(&mut self, role: LinkRole) -> &mut Option<Place> {
        match role {
            LinkRole::Entry => &mut self.entry,
            LinkRole::TakeProfit | LinkRole::OcoLimit => &mut self.limit,
            LinkRole::StopLoss | LinkRole::OcoStop => &mut self.stop,
        }
    }
}

/// The ids that an open order is found by.
fn names(order: &Order) -> impl Iterator<Item = Name> {
    let clients = order.client_order_id.clone().map(Name::Clients);
    [Some(Name::Ours(order.id.clone())), clients]
        .into_iter()
        .flatten()
}

/// The one place where an order's status changes.
fn step(order: &mut Order, step: OrderStep, now: TimeUs) -> Result<(), Rejection> {
    order.status = order.status.after(step)?;
    order.updated_at = now;
    Ok(())
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

#[cfg(test)]
mod tests;
