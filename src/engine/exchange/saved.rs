//! The exchange as a snapshot keeps it: what cannot be derived. Lists by price, by id and by bot are
//! made again from the orders.

use serde::{Deserialize, Serialize};

use std::collections::{BTreeMap, VecDeque};

use super::shelf::{Place, key};
use super::{Desk, Errand, Exchange, Group, Post, Requests, Resting};
use crate::domain::{BotId, Decimal, OrderId, OrderStatus, Terms, TimeUs};

#[derive(Serialize, Deserialize)]
pub struct Saved {
    orders: Vec<(Place, Resting)>,
    next: u64,
    groups: BTreeMap<OrderId, Group>,
    errands: Vec<(TimeUs, u64, Errand)>,
    errands_sent: u64,
    /// Under the name that directories know.
    #[serde(rename = "known")]
    requests: BTreeMap<BotId, Requests>,
    finished: VecDeque<(BotId, OrderId, OrderStatus)>,
    /// The best keys that trailing stops have seen.
    peaks: Vec<(Place, Decimal)>,
}

impl From<Exchange> for Saved {
    fn from(exchange: Exchange) -> Self {
        let mut peaks = Vec::new();
        let mut orders = Vec::with_capacity(exchange.orders.len());
        for (place, mut resting) in exchange.orders {
            let shelf = exchange
                .desks
                .get(&resting.order.symbol)
                .map(|desk| desk.shelf(resting.order.side));
            match (resting.post, shelf) {
                (Post::Trailing, Some(shelf)) => {
                    peaks.extend(shelf.trails.of(place).map(|(peak, _)| (place, peak)));
                }
                // Levels count from zero again.
                (Post::Limit, Some(shelf)) => {
                    let traded = resting
                        .order
                        .price
                        .and_then(|price| shelf.level(key(resting.order.side, price)))
                        .map_or(Decimal::ZERO, |level| level.traded);
                    resting.ahead = resting.ahead.map(|ahead| ahead - traded);
                }
                _ => {}
            }
            orders.push((place, resting));
        }
        Self {
            orders,
            next: exchange.next,
            groups: exchange.groups,
            errands: exchange
                .errands
                .into_iter()
                .map(|((due, number), errand)| (due, number, errand))
                .collect(),
            errands_sent: exchange.errands_sent,
            requests: exchange.requests,
            finished: exchange.finished,
            peaks,
        }
    }
}

impl From<Saved> for Exchange {
    fn from(saved: Saved) -> Self {
        let mut exchange = Self {
            next: saved.next,
            groups: saved.groups,
            errands: saved
                .errands
                .into_iter()
                .map(|(due, number, errand)| ((due, number), errand))
                .collect(),
            errands_sent: saved.errands_sent,
            requests: saved.requests,
            finished: saved.finished,
            ..Self::default()
        };
        let peaks: BTreeMap<Place, Decimal> = saved.peaks.into_iter().collect();
        for (place, resting) in saved.orders {
            let desk = exchange
                .desks
                .entry(resting.order.symbol.clone())
                .or_default();
            put_back(desk, place, &resting, peaks.get(&place).copied());
            exchange.register_at(place, resting);
        }
        exchange
    }
}

/// Puts an order on the post that it had.
fn put_back(desk: &mut Desk, place: Place, resting: &Resting, peak: Option<Decimal>) {
    let side = resting.order.side;
    let shelf = desk.shelf_mut(side);
    match (resting.post, resting.terms) {
        (Post::Arrival, _) => {
            desk.arrivals.insert(place);
        }
        (Post::Limit, _) => {
            if let Some(price) = resting.order.price {
                shelf.insert_limit(key(side, price), place);
            }
        }
        (Post::Stop, Terms::Stop { stop_price } | Terms::StopLimit { stop_price, .. }) => {
            shelf.insert_stop(key(side, stop_price), place);
        }
        (Post::Activation, Terms::TrailingStop { activation, .. }) => {
            let at = activation.map_or(Decimal::MIN, |price| key(side, price));
            shelf.insert_activation(at, place);
        }
        (Post::Trailing, Terms::TrailingStop { trail, .. }) => {
            if let Some(peak) = peak {
                shelf.trails.insert(place, trail, peak);
            }
        }
        _ => {}
    }
}
