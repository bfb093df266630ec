//! A bot's open orders: those that the page was given, or asked for, and what its log said since.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Live, use_boot, use_connection, use_topic};
use crate::app::http;
use crate::domain::{BotId, Order, OrderId, Working};
use crate::wire::Topic;

/// Every state that a bot's orders took, newest first, as far as the log reaches back.
pub fn use_order_log(bot: BotId) -> Live<super::value::OrderLog> {
    use_topic(Topic::Orders(bot))
}

/// The moving triggers of a bot's resting orders.
pub fn use_working(bot: BotId) -> Live<Vec<Working>> {
    use_topic(Topic::Working(bot))
}

/// A bot's open orders, newest first; `None` until they are known.
///
/// # Server-side rendering
/// Gives those that the page was rendered with.
pub fn use_open_orders(bot: BotId) -> Signal<Option<Vec<Order>>> {
    let log = use_topic::<Vec<Order>>(Topic::Orders(bot.clone())).value;
    let boot = use_boot().filter(|boot| boot.bot == bot);
    let given = boot.and_then(|boot| boot.desk.open_orders.clone());
    let is_given = given.is_some();
    // Which list it is that the log goes on from.
    let base = RwSignal::new((0_u32, given));
    let reconnects = Memo::new({
        let stats = use_connection().stats;
        move |_| stats.with(|stats| stats.reconnects)
    });
    Effect::new(move |before: Option<u32>| {
        let reconnects = reconnects.get();
        if before.is_none() && is_given || before == Some(reconnects) {
            return reconnects;
        }
        let path = format!("/v1/orders/open?bot={bot}");
        spawn_local(async move {
            if let Ok(orders) = http::get::<Vec<Order>>(&path).await {
                let _ = base.try_update(|(number, known)| {
                    *number += 1;
                    *known = Some(orders);
                });
            }
        });
        reconnects
    });
    let folded = Memo::new(move |before: Option<&(u32, Option<Vec<Order>>)>| {
        let (number, known) = base.get();
        let known = match before {
            Some((same, folded)) if *same == number => folded.clone(),
            _ => known,
        };
        let open = log.with(|log| Some(fold(known?, log.as_deref().unwrap_or_default())));
        (number, open)
    });
    Signal::derive(move || folded.with(|(_, open)| open.clone()))
}

/// What is open after the log's states; an older word than what is known changes nothing.
fn fold(known: Vec<Order>, log: &[Order]) -> Vec<Order> {
    let mut open: BTreeMap<OrderId, Order> = known
        .into_iter()
        .map(|order| (order.id.clone(), order))
        .collect();
    for order in log {
        let is_older = open
            .get(&order.id)
            .is_some_and(|known| known.updated_at > order.updated_at);
        if order.status.is_final() {
            open.remove(&order.id);
        } else if !is_older {
            open.insert(order.id.clone(), order.clone());
        }
    }
    let mut open: Vec<Order> = open.into_values().collect();
    open.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{NewOrder, OrderStatus, OrderType, Side, TimeInForce, TimeUs};

    fn order(id: &str, status: OrderStatus, at: i64) -> Order {
        let wanted = NewOrder::market("BTCUSDT".parse().unwrap(), Side::Buy, 1.into());
        Order {
            id: id.parse().unwrap(),
            client_order_id: None,
            bot: BotId::paper(),
            symbol: wanted.symbol,
            side: wanted.side,
            order_type: OrderType::Limit,
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            quantity: wanted.quantity,
            price: None,
            stop_price: None,
            trail_amount: None,
            trail_percent: None,
            activation_price: None,
            reduce_only: false,
            status,
            filled_quantity: 0.into(),
            average_price: None,
            link: None,
            trigger: None,
            decision: None,
            reason: None,
            created_at: TimeUs(at),
            updated_at: TimeUs(at),
        }
    }

    #[test]
    fn the_log_adds_changes_and_takes_out() {
        let known = vec![
            order("a", OrderStatus::Accepted, 5),
            order("b", OrderStatus::Accepted, 5),
        ];
        let log = [
            order("c", OrderStatus::New, 9),
            order("b", OrderStatus::Filled, 8),
            order("a", OrderStatus::New, 4),
        ];
        let open = fold(known, &log);
        let shown: Vec<_> = open
            .iter()
            .map(|o| (o.id.as_str(), o.status.as_str()))
            .collect();
        assert_eq!(shown, [("c", "new"), ("a", "accepted")]);
    }
}
