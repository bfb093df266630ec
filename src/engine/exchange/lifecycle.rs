//! What time, people and other orders do to an order: arrivals, expiries, amendments, cancellations,
//! and how the members of a bracket or a pair follow each other.
//!
//! - The legs of a bracket go to work when the entry is finished, for what it has filled; an entry
//!   that ends without a fill takes them along.
//! - A leg that fills in part makes the other smaller by as much; a leg that is triggered or filled
//!   wholly ends the other. So both together never trade more than the position.
//! - A leg that its owner takes back goes alone.

use super::shelf::Place;
use super::{Errand, Exchange, FINISHED_KEPT, Floor, Post, step};
use crate::domain::{
    Amendment, BotId, Decimal, LinkRole, NewOrder, Order, OrderId, OrderStatus, OrderStep,
    Rejection, Symbol, Terms,
};

impl Exchange {
    /// Market time has moved to `floor.out.now`: errands arrive, lifetimes end.
    pub fn advance(&mut self, floor: &mut Floor<'_>) {
        let now = floor.out.now;
        while let Some(entry) = self.errands.first_entry()
            && entry.key().0 <= now
        {
            match entry.remove() {
                Errand::Arrive(place) => self.arrive_before(place, floor),
                Errand::Cancel { place, reason } => {
                    self.end(place, OrderStep::Cancel, &reason, floor);
                }
                Errand::Amend { place, change } => {
                    if let Some(amended) =
                        self.orders.get(&place).map(|r| amended(&r.order, &change))
                        && let Ok((request, terms)) = amended
                    {
                        self.change(place, &request, terms, floor);
                    }
                }
            }
        }
        while let Some((due, place)) = self.expiries.first().copied()
            && due <= now
        {
            self.expiries.remove(&(due, place));
            self.end(place, OrderStep::Expire, "its time was over", floor);
        }
    }

    /// What arrives by its latency was there before the market data of this input.
    fn arrive_before(&mut self, place: Place, floor: &mut Floor<'_>) {
        let sent = self.orders.get(&place).map(|resting| resting.from);
        self.arrive(place, floor);
        if let (Some(resting), Some(sent)) = (self.orders.get_mut(&place), sent) {
            resting.from = sent;
        }
    }

    /// Takes an open order back.
    pub fn cancel(
        &mut self,
        bot: &BotId,
        id: &OrderId,
        reason: &str,
        floor: &mut Floor<'_>,
    ) -> Result<Order, Rejection> {
        let Some(place) = self.find(bot, id) else {
            return Err(self.not_open(bot, id));
        };
        self.request_cancel(place, reason, floor)
            .ok_or_else(|| self.not_open(bot, id))
    }

    /// Takes back all open orders of a bot, or those of one symbol: entries before their legs.
    pub fn cancel_all(
        &mut self,
        bot: &BotId,
        symbol: Option<&Symbol>,
        reason: &str,
        floor: &mut Floor<'_>,
    ) -> Vec<Order> {
        let is_meant = |place: &Place| {
            self.orders
                .get(place)
                .is_some_and(|resting| symbol.is_none_or(|only| resting.order.symbol == *only))
        };
        let places: Vec<Place> = self.roll.places(bot).filter(is_meant).collect();
        places
            .into_iter()
            .filter_map(|place| self.request_cancel(place, reason, floor))
            .collect()
    }

    fn request_cancel(
        &mut self,
        place: Place,
        reason: &str,
        floor: &mut Floor<'_>,
    ) -> Option<Order> {
        let Some(due) = floor.effect_at() else {
            return self.end(place, OrderStep::Cancel, reason, floor);
        };
        let reason = reason.to_owned();
        self.errand(due, Errand::Cancel { place, reason });
        self.orders.get(&place).map(|resting| resting.order.clone())
    }

    /// Ends an open order, and what hangs on it; gives its last state.
    pub(super) fn end(
        &mut self,
        place: Place,
        how: OrderStep,
        reason: &str,
        floor: &mut Floor<'_>,
    ) -> Option<Order> {
        let resting = self.orders.get_mut(&place)?;
        step(&mut resting.order, how, floor.out.now).ok()?;
        resting.order.reason = Some(reason.to_owned());
        self.tell(place, floor);
        self.finish(place, floor)
    }

    /// Takes a finished order out; its legs, if it has some, go to work or end.
    pub(super) fn finish(&mut self, place: Place, floor: &mut Floor<'_>) -> Option<Order> {
        let link = self.orders.get(&place)?.order.link.clone();
        let other = self.other_leg(place);
        let order = self.unregister(place)?.order;
        self.finished
            .push_back((order.bot.clone(), order.id.clone(), order.status));
        if self.finished.len() > FINISHED_KEPT {
            self.finished.pop_front();
        }
        match link {
            Some(link) if link.role == LinkRole::Entry => {
                let legs = self
                    .groups
                    .get(&link.group)
                    .map_or([None, None], |group| [group.limit, group.stop]);
                for leg in legs.into_iter().flatten() {
                    self.release_leg(leg, &order, floor);
                }
            }
            Some(_) if order.status == OrderStatus::Filled => {
                if let Some(other) = other {
                    self.end(other, OrderStep::Cancel, "the other leg was filled", floor);
                }
            }
            _ => {}
        }
        Some(order)
    }

    /// The entry is finished: its leg works for what it has filled.
    fn release_leg(&mut self, leg: Place, entry: &Order, floor: &mut Floor<'_>) {
        if entry.filled_quantity.is_zero() {
            let reason = format!("its entry was {}", entry.status.words());
            self.end(leg, OrderStep::Cancel, &reason, floor);
            return;
        }
        if let Some(resting) = self.orders.get_mut(&leg) {
            resting.order.quantity = entry.filled_quantity;
        }
        self.recount(leg);
        self.arrive(leg, floor);
    }

    /// The other leg of the pair that an order belongs to.
    pub(super) fn other_leg(&self, place: Place) -> Option<Place> {
        let link = self.orders.get(&place)?.order.link.as_ref()?;
        let group = self.groups.get(&link.group)?;
        match link.role {
            LinkRole::Entry => None,
            LinkRole::TakeProfit | LinkRole::OcoLimit => group.stop,
            LinkRole::StopLoss | LinkRole::OcoStop => group.limit,
        }
    }

    /// A leg has filled a part: the other has that much less to do.
    pub(super) fn shrink_other_leg(&mut self, place: Place, by: Decimal, floor: &mut Floor<'_>) {
        let Some(other) = self.other_leg(place) else {
            return;
        };
        let Some(resting) = self.orders.get_mut(&other) else {
            return;
        };
        if resting.order.remaining() <= by {
            // The end of the leg that filled ends this one as well.
            return;
        }
        resting.order.quantity -= by;
        resting.order.updated_at = floor.out.now;
        resting.order.reason = Some("the other leg was filled in part".to_owned());
        self.recount(other);
        self.tell(other, floor);
    }

    /// The order as it would be with the change, checked as far as it can be without the market.
    pub fn amended(
        &self,
        bot: &BotId,
        id: &OrderId,
        change: &Amendment,
    ) -> Result<(Order, NewOrder, Terms), Rejection> {
        let order = self
            .open_order(bot, id)
            .ok_or_else(|| self.not_open(bot, id))?;
        let (request, terms) = amended(order, change)?;
        Ok((order.clone(), request, terms))
    }

    /// Changes an open order as [`Exchange::amended`] gave it. It loses its place in time unless only
    /// its quantity shrinks or its lifetime changes.
    pub fn amend(
        &mut self,
        bot: &BotId,
        id: &OrderId,
        change: &Amendment,
        floor: &mut Floor<'_>,
    ) -> Result<Order, Rejection> {
        let (_, request, terms) = self.amended(bot, id, change)?;
        let Some(place) = self.find(bot, id) else {
            return Err(self.not_open(bot, id));
        };
        let changed = match floor.effect_at() {
            None => self.change(place, &request, terms, floor),
            Some(due) => {
                let change = change.clone();
                self.errand(due, Errand::Amend { place, change });
                self.orders.get(&place).map(|resting| resting.order.clone())
            }
        };
        changed.ok_or_else(|| self.not_open(bot, id))
    }

    fn change(
        &mut self,
        place: Place,
        request: &NewOrder,
        terms: Terms,
        floor: &mut Floor<'_>,
    ) -> Option<Order> {
        let resting = self.orders.get(&place)?;
        let order = &resting.order;
        let works = !matches!(resting.post, Post::InFlight | Post::Leg);
        let stays = !works || (resting.terms == terms && request.quantity <= order.quantity);
        let queue = self.queue_ahead(place);
        let peak = self
            .desks
            .get(&order.symbol)
            .and_then(|desk| desk.shelf(order.side).trails.of(place))
            .map(|(peak, _)| peak);
        let mut resting = self.unregister(place)?;
        let order = &mut resting.order;
        order.quantity = request.quantity;
        order.price = request.price;
        order.stop_price = request.stop_price;
        order.trail_amount = request.trail_amount;
        order.trail_percent = request.trail_percent;
        order.activation_price = request.activation_price;
        order.expires_at = request.expires_at;
        order.updated_at = floor.out.now;
        order.reason = Some("amended".to_owned());
        resting.terms = terms;
        let place = if stays {
            self.register_at(place, resting);
            place
        } else {
            resting.from = floor.out.seq;
            self.register(resting)
        };
        if works {
            self.post(place, floor);
            self.keep_peak(place, peak);
            if stays {
                self.keep_queue(place, queue);
            }
        }
        self.tell(place, floor);
        let changed = self.orders.get(&place)?.order.clone();
        if let Some(other) = self.other_leg(place)
            && let Some(resting) = self.orders.get_mut(&other)
            && resting.order.remaining() != changed.remaining()
        {
            resting.order.quantity = resting.order.filled_quantity + changed.remaining();
            resting.order.updated_at = floor.out.now;
            resting.order.reason = Some("amended with the other leg".to_owned());
            self.recount(other);
            self.tell(other, floor);
        }
        Some(changed)
    }

    /// An order that keeps its place in time keeps what was before it.
    fn keep_queue(&mut self, place: Place, queue: Option<Decimal>) {
        let traded = self.traded_at(place);
        if let (Some(resting), Some(traded)) = (self.orders.get_mut(&place), traded) {
            resting.ahead = queue.map(|ahead| ahead + traded);
        }
    }

    /// A trailing stop that was tracking goes on from the best price that it has seen.
    fn keep_peak(&mut self, place: Place, peak: Option<Decimal>) {
        let Some(resting) = self.orders.get(&place) else {
            return;
        };
        if let (Some(peak), Terms::TrailingStop { trail, .. }, Post::Trailing) =
            (peak, resting.terms, resting.post)
            && let Some(desk) = self.desks.get_mut(&resting.order.symbol)
        {
            let trails = &mut desk.shelf_mut(resting.order.side).trails;
            trails.remove(place);
            trails.insert(place, trail, peak);
        }
    }
}

/// The request that the order would be with the change.
fn amended(order: &Order, change: &Amendment) -> Result<(NewOrder, Terms), Rejection> {
    let quantity = change.quantity.unwrap_or(order.quantity);
    if quantity <= order.filled_quantity {
        return Err(Rejection::field(
            "quantity_below_filled",
            "quantity",
            format!("{} are filled already", order.filled_quantity.normalize()),
        ));
    }
    let is_waiting_leg = order.status == OrderStatus::New
        && order
            .link
            .as_ref()
            .is_some_and(|link| link.role != LinkRole::Entry);
    if is_waiting_leg && change.quantity.is_some_and(|new| new != order.quantity) {
        return Err(Rejection::field(
            "quantity_of_entry",
            "quantity",
            "a leg has the quantity that its entry fills",
        ));
    }
    let moves_stop = change.stop_price.is_some()
        || change.trail_amount.is_some()
        || change.trail_percent.is_some()
        || change.activation_price.is_some();
    if order.trigger.is_some() && moves_stop {
        return Err(Rejection::new(
            "already_triggered",
            "the stop price was reached: it cannot be moved any more",
        ));
    }
    // One distance takes the place of the other.
    let (trail_amount, trail_percent) = match (change.trail_amount, change.trail_percent) {
        (None, None) => (order.trail_amount, order.trail_percent),
        given => given,
    };
    let request = NewOrder {
        client_order_id: order.client_order_id.clone(),
        symbol: order.symbol.clone(),
        side: order.side,
        order_type: order.order_type,
        quantity,
        price: change.price.or(order.price),
        stop_price: change.stop_price.or(order.stop_price),
        trail_amount,
        trail_percent,
        activation_price: change.activation_price.or(order.activation_price),
        time_in_force: Some(order.time_in_force),
        expires_at: change.expires_at.or(order.expires_at),
        reduce_only: order.reduce_only,
        take_profit: None,
        stop_loss: None,
        decision: order.decision.clone(),
    };
    request.validate()?;
    let terms = request.terms()?;
    Ok((request, terms))
}
