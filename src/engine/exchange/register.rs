//! The lists that know of every open order: by name, by group, by expiry, by bot. An order is in all
//! of them or in none.

use super::shelf::Place;
use super::{Exchange, Floor, Group, Name, Post, Resting};
use crate::domain::{
    BotId, Decimal, LinkRole, NewOrder, Order, OrderId, OrderLink, OrderStatus, Terms,
};

impl Exchange {
    /// Writes an order down; it is not at work yet.
    pub(super) fn enter(
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
    pub(super) fn register(&mut self, resting: Resting) -> Place {
        let place = Place(self.next);
        self.next += 1;
        self.register_at(place, resting);
        place
    }

    pub(super) fn register_at(&mut self, place: Place, resting: Resting) {
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
    pub(super) fn unregister(&mut self, place: Place) -> Option<Resting> {
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
    pub(super) fn recount(&mut self, place: Place) {
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
}

impl Group {
    pub(super) fn member(&mut self, role: LinkRole) -> &mut Option<Place> {
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
