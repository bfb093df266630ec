//! What an open order waits for, and where its moving stop stands. Looking changes nothing.

use super::shelf::Place;
use super::{Errand, Exchange, Post};
use crate::domain::{BotId, Decimal, Order, OrderId, Side, TimeUs, Waiting};

/// A trailing stop that is not triggered yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Moving<'a> {
    pub order: &'a Order,
    /// Undefined before it tracks.
    pub peak: Option<Decimal>,
    pub stop_price: Option<Decimal>,
}

/// A key as the price that it stands for.
fn price_of(side: Side, key: Decimal) -> Decimal {
    match side {
        Side::Sell => key,
        Side::Buy => -key,
    }
}

impl Exchange {
    /// An open order, and what it waits for.
    pub fn waiting(&self, bot: &BotId, id: &OrderId) -> Option<(&Order, Waiting)> {
        let place = self.find(bot, id)?;
        let resting = self.orders.get(&place)?;
        let order = &resting.order;
        let limit = order.price.unwrap_or_default();
        let waiting = match resting.post {
            Post::InFlight => Waiting::InFlight {
                until: self.arrives_at(place).unwrap_or(order.created_at),
            },
            Post::Leg => {
                let entry = order
                    .link
                    .as_ref()
                    .and_then(|link| self.groups.get(&link.group)?.entry)
                    .and_then(|entry| self.orders.get(&entry));
                match entry {
                    Some(entry) => Waiting::Entry {
                        order: entry.order.id.clone(),
                        status: entry.order.status,
                    },
                    None => Waiting::Evidence,
                }
            }
            Post::Arrival if !order.filled_quantity.is_zero() => Waiting::Liquidity {
                remaining: order.remaining().normalize(),
            },
            Post::Arrival => Waiting::Evidence,
            Post::Limit => match self.queue_ahead(place) {
                Some(ahead) => Waiting::Queue {
                    price: limit,
                    ahead: ahead.max(Decimal::ZERO).normalize(),
                },
                None => Waiting::TradedThrough { price: limit },
            },
            Post::Activation => Waiting::Activation {
                activation_price: order.activation_price.unwrap_or_default(),
            },
            Post::Stop => Waiting::Trigger {
                stop_price: order.stop_price.unwrap_or_default(),
                peak: None,
            },
            Post::Trailing => {
                let (peak, stop) = self.trail_of(place)?;
                Waiting::Trigger {
                    stop_price: stop,
                    peak: Some(peak),
                }
            }
        };
        Some((order, waiting))
    }

    /// The trailing stops of a bot that move, the oldest first, at most `limit`.
    pub fn moving<'a>(&'a self, bot: &'a BotId, limit: usize) -> impl Iterator<Item = Moving<'a>> {
        self.roll
            .trailing(bot)
            .filter_map(|place| Some((place, self.orders.get(&place)?)))
            .filter(|(_, resting)| matches!(resting.post, Post::Trailing | Post::Activation))
            .take(limit)
            .map(|(place, resting)| {
                let trail = self.trail_of(place);
                Moving {
                    order: &resting.order,
                    peak: trail.map(|(peak, _)| peak),
                    stop_price: trail.map(|(_, stop)| stop),
                }
            })
    }

    /// The best price that a trailing stop has seen, and its stop price.
    fn trail_of(&self, place: Place) -> Option<(Decimal, Decimal)> {
        let order = &self.orders.get(&place)?.order;
        let (peak, stop) = self
            .desks
            .get(&order.symbol)?
            .shelf(order.side)
            .trails
            .of(place)?;
        let price = |key| price_of(order.side, key).normalize();
        Some((price(peak), price(stop)))
    }

    fn arrives_at(&self, place: Place) -> Option<TimeUs> {
        self.errands
            .iter()
            .find(|(_, errand)| matches!(errand, Errand::Arrive(arriving) if *arriving == place))
            .map(|((due, _), _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::super::key;
    use super::*;

    #[test]
    fn a_key_and_its_price_belong_together() {
        for side in [Side::Buy, Side::Sell] {
            let price = Decimal::from(42);
            assert_eq!(price_of(side, key(side, price)), price);
        }
    }
}
