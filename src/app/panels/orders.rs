//! The open orders with their moving triggers, and every state that orders took.

use leptos::prelude::*;

use super::positions::symbol_reading;
use super::trades::side;
use crate::app::clock::use_clock;
use crate::app::command::{CommandButton, is_operator};
use crate::app::format;
use crate::app::live::{Live, OrderLog};
use crate::app::nav::{Links, use_links};
use crate::app::routes::Page;
use crate::app::widgets::{Column, DataTable, Reading, Tone};
use crate::domain::{BotId, Decimal, LinkRole, Order, OrderStatus, OrderType, Working};

/// As many open orders as the table shows, and states of the history.
const OPEN_SLOTS: usize = 100;
const STATE_SLOTS: usize = 100;

/// An open order with its moving trigger, if it has one.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    order: Order,
    working: Option<Working>,
}

#[component]
pub fn OpenOrders(
    bot: BotId,
    open: Signal<Option<Vec<Order>>>,
    working: Live<Vec<Working>>,
) -> impl IntoView {
    let links = use_links();
    let rows = Memo::new(move |_| {
        let orders = open.get()?;
        Some(working.value.with(|working| {
            let of = |order: &Order| {
                working
                    .iter()
                    .flatten()
                    .find(|row| row.order == order.id)
                    .cloned()
            };
            let rows = orders.into_iter().map(|order| Row {
                working: of(&order),
                order,
            });
            rows.take(OPEN_SLOTS).collect::<Vec<_>>()
        }))
    });
    let beyond = Memo::new(move |_| {
        open.with(|open| open.as_ref().map_or(0, Vec::len).saturating_sub(OPEN_SLOTS))
    });
    let columns = vec![
        Column::text("Order", move |row: &Row| order_reading(&row.order, links)),
        // Beside the name: within reach where there is little room.
        Column::widget("Actions", move |row: &Row| actions(&bot, &row.order, links)),
        Column::text("Symbol", move |row: &Row| {
            symbol_reading(&row.order.symbol, links)
        }),
        Column::text("Side", |row: &Row| side(row.order.side)),
        Column::text("Type", |row: &Row| kind(&row.order)),
        Column::number("Filled", |row: &Row| filled(&row.order)).flashing(),
        Column::number("Price", |row: &Row| Reading::price(row.order.price)),
        Column::number("Trigger", |row: &Row| trigger(row)).flashing(),
        Column::number("Distance", |row: &Row| distance(row)).flashing(),
        Column::text("Status", |row: &Row| status(row.order.status)),
    ];
    view! {
        <DataTable
            label="Open orders"
            rows
            slots=OPEN_SLOTS
            columns
            id=|row: &Row| row.order.id.to_string()
            empty="No open order."
            stale=working.stale
        />
        <p class="note" hidden=move || beyond.get() == 0>
            {move || format!("and {} more", beyond.get())}
        </p>
    }
    .into_any()
}

/// What an operator can do with an open order, and for everybody why it is still open.
fn actions(bot: &BotId, order: &Order, links: Links) -> AnyView {
    let id = order.id.to_string();
    let amend = links.with(Page::Trade.path(), Some(("amend", &id)));
    let change = is_operator().then(|| {
        view! {
            <a class="button" href=amend aria-label=format!("Amend {id}") data-noscroll="true">
                "Amend"
            </a>
            <CommandButton
                page=Page::Trade
                bot=bot.clone()
                command="cancel"
                label="Cancel"
                fields=vec![("order", id.clone())]
                hint=id.clone()
            />
        }
    });
    view! {
        <div class="actions">
            <a
                class="button"
                href=links.to_order(&order.id)
                aria-label=format!("Why is {id} still open?")
                data-noscroll="true"
            >
                "Why?"
            </a>
            {change}
        </div>
    }
    .into_any()
}

/// Takes back every open order.
#[component]
pub fn CancelAll(bot: BotId, open: Signal<Option<Vec<Order>>>) -> impl IntoView {
    let count = Memo::new(move |_| open.with(|open| open.as_ref().map_or(0, Vec::len)));
    let words = Signal::derive(move || match count.get() {
        1 => "Takes back 1 open order.".to_owned(),
        count => format!("Takes back {count} open orders."),
    });
    is_operator().then(|| {
        view! {
            <div hidden=move || count.get() == 0>
                <CommandButton page=Page::Trade bot command="cancel_all" label="Cancel all" confirm=words />
            </div>
        }
        .into_any()
    })
}

/// Every state of every order, newest first.
#[component]
pub fn OrderStates(log: Live<OrderLog>) -> impl IntoView {
    let links = use_links();
    let clock = use_clock();
    let rows = Memo::new(move |_| {
        log.value.with(|log| {
            let states = log.as_ref()?.0.iter();
            Some(states.take(STATE_SLOTS).cloned().collect::<Vec<_>>())
        })
    });
    let columns = vec![
        Column::text("Time", move |o: &Order| {
            Reading::text(clock.time_of_day(o.updated_at)).titled(clock.date_time(o.updated_at))
        }),
        Column::text("Order", move |o: &Order| order_reading(o, links)),
        Column::text("Status", |o: &Order| status(o.status)),
        Column::text("Symbol", move |o: &Order| symbol_reading(&o.symbol, links)),
        Column::text("Side", |o: &Order| side(o.side)),
        Column::text("Type", kind),
        Column::number("Filled", filled),
        Column::number("Average", |o: &Order| Reading::price(o.average_price)),
        Column::text("Why", |o: &Order| {
            Reading::text(o.reason.clone().unwrap_or_default())
        }),
    ];
    view! {
        <DataTable
            label="Order history"
            rows
            slots=STATE_SLOTS
            columns
            id=|order: &Order| order.id.to_string()
            empty="No order yet."
            stale=log.stale
        />
    }
    .into_any()
}

fn order_reading(order: &Order, links: Links) -> Reading {
    let told = match &order.client_order_id {
        Some(client) => format!("the client calls it {client}"),
        None => "the client gave it no name".to_owned(),
    };
    Reading::text(order.id.to_string())
        .linked(Some(links.to_order(&order.id)))
        .titled(told)
}

/// The type, and the place in a group.
pub fn kind(order: &Order) -> Reading {
    let own = match order.order_type {
        OrderType::Market => "market",
        OrderType::Limit => "limit",
        OrderType::Stop => "stop",
        OrderType::StopLimit => "stop limit",
        OrderType::TrailingStop => "trailing",
    };
    let role = order.link.as_ref().map(|link| match link.role {
        LinkRole::Entry => " · entry",
        LinkRole::TakeProfit => " · take profit",
        LinkRole::StopLoss => " · stop loss",
        LinkRole::OcoLimit | LinkRole::OcoStop => " · OCO",
    });
    let group = order
        .link
        .as_ref()
        .map(|link| format!(", group {}", link.group));
    let trail = match (order.trail_amount, order.trail_percent) {
        (Some(amount), _) => format!(", {} behind the best", format::price(amount)),
        (None, Some(percent)) => format!(", {} % behind the best", percent.normalize()),
        (None, None) => String::new(),
    };
    let only = if order.reduce_only {
        ", reduce only"
    } else {
        ""
    };
    let lifetime = order.time_in_force.as_str();
    Reading::text(format!("{own}{}", role.unwrap_or_default())).titled(format!(
        "{lifetime}{only}{trail}{}",
        group.unwrap_or_default()
    ))
}

pub fn filled(order: &Order) -> Reading {
    let (part, whole) = (order.filled_quantity, order.quantity);
    let exact = part.to_string();
    Reading {
        exact: Some(exact),
        ..Reading::text(format!(
            "{} / {}",
            format::quantity(part),
            format::quantity(whole)
        ))
    }
}

/// The stop price: of a trailing stop the one of this moment.
fn trigger(row: &Row) -> Reading {
    let moving = row
        .working
        .as_ref()
        .and_then(|working| working.trigger_price);
    let fixed = row.order.trigger.as_ref().map(|trigger| trigger.stop_price);
    match moving.or(fixed).or(row.order.stop_price) {
        Some(price) => {
            let peak = row.working.as_ref().and_then(|working| working.peak);
            let reading = Reading::price(Some(price));
            match peak {
                Some(peak) => reading.titled(format!("best so far {}", format::price(peak))),
                None => reading,
            }
        }
        None if row.order.activation_price.is_some() => {
            Reading::text("inactive").toned(Tone::Quiet).titled(
                row.order
                    .activation_price
                    .map_or_else(String::new, |price| {
                        format!("tracks from {}", format::price(price))
                    }),
            )
        }
        None => Reading::none(),
    }
}

fn distance(row: &Row) -> Reading {
    let percent: Option<Decimal> = row
        .working
        .as_ref()
        .and_then(|working| working.distance_percent);
    match percent {
        Some(percent) => Reading {
            exact: Some(percent.to_string()),
            ..Reading::text(format::percent(percent))
        },
        None => Reading::none(),
    }
}

pub fn status(status: OrderStatus) -> Reading {
    let tone = match status {
        OrderStatus::New => Tone::Quiet,
        OrderStatus::Accepted | OrderStatus::Triggered | OrderStatus::PartiallyFilled => {
            Tone::Plain
        }
        OrderStatus::Filled => Tone::Good,
        OrderStatus::Cancelled | OrderStatus::Expired => Tone::Quiet,
        OrderStatus::Rejected => Tone::Bad,
    };
    Reading::text(status.words()).toned(tone)
}
