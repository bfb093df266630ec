//! The paper exchange: open orders, and the fills that the market's own evidence allows.
//!
//! An order matches only evidence that came after its acceptance, and what one print or one book
//! offers is used at most once across all orders. Orders rest on [`shelf::Shelf`]s, found by price:
//! an item of market data costs what it triggers and fills, not what rests.
//!
//! Here are the books and how an order enters them; [`matching`] is what the market does to orders,
//! [`lifecycle`] what time, people and other orders do.

mod desk;
mod evidence;
mod expected;
mod explain;
mod filling;
mod lifecycle;
mod matching;
mod posts;
mod register;
mod requests;
mod roll;
mod saved;
mod shelf;
mod trails;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::floor::Floor;
use crate::domain::{
    Amendment, Bar, Book, BotId, Decimal, LinkRole, MarketTrade, NewOrder, Order, OrderId,
    OrderLink, OrderStatus, OrderStep, Rejection, Seq, Side, Symbol, Terms, TimeUs,
};

use desk::Desk;
pub use expected::expected_fill;
pub use requests::Repeated;
use requests::Requests;
pub use roll::Exposure;
use roll::Roll;
use shelf::{Place, key};

/// Finished orders of all bots that are remembered.
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

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(into = "saved::Saved", from = "saved::Saved")]
pub struct Exchange {
    orders: BTreeMap<Place, Resting>,
    next: u64,
    groups: BTreeMap<OrderId, Group>,
    errands: BTreeMap<(TimeUs, u64), Errand>,
    errands_sent: u64,
    requests: BTreeMap<BotId, Requests>,
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

    /// The prices that it reaches, at most two: what lies between them it reaches as well.
    fn reach(&self) -> impl Iterator<Item = Decimal> + use<> {
        let ends = match self {
            Market::Trade { trade, .. } => [Some(trade.price), None],
            Market::Book(book) => {
                [book.bids.first(), book.asks.first()].map(|best| best.map(|level| level.price))
            }
            Market::Bar(bar) => [Some(bar.low), Some(bar.high)],
        };
        ends.into_iter().flatten()
    }
}

impl Exchange {
    /// Whether a request was made before.
    pub fn repeated(&self, bot: &BotId, client_id: &str, fingerprint: &str) -> Option<Repeated> {
        self.requests.get(bot)?.repeated(client_id, fingerprint)
    }

    pub fn remember(&mut self, bot: &BotId, client_id: &str, fingerprint: String, order: &OrderId) {
        let requests = self.requests.entry(bot.clone()).or_default();
        requests.remember(client_id, fingerprint, order);
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

    fn tell(&self, place: Place, floor: &mut Floor<'_>) {
        if let Some(resting) = self.orders.get(&place) {
            floor.tell(&resting.order);
        }
    }

    pub fn open_orders<'a>(&'a self, bot: &BotId) -> impl Iterator<Item = &'a Order> + use<'a> {
        self.roll
            .places(bot)
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

/// The one place where an order's status changes.
fn step(order: &mut Order, step: OrderStep, now: TimeUs) -> Result<(), Rejection> {
    order.status = order.status.after(step)?;
    order.updated_at = now;
    Ok(())
}

#[cfg(test)]
mod tests;
