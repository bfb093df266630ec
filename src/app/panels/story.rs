//! One order: why it stands where it stands, every state that it had, and what each of its fills rests
//! on.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::orders::{filled, kind, status};
use super::trades::{evidence, side};
use crate::app::clock::use_clock;
use crate::app::format;
use crate::app::http;
use crate::app::live::use_boot;
use crate::app::nav::use_links;
use crate::app::widgets::{Absent, Reading, Tile};
use crate::domain::{BotId, Decimal, Explanation, Fill, OrderChange, OrderHistory, OrderId};
use crate::wire::OrderDetail;
use crate::wire::form::encoded;

/// Between two looks at an order that is open, ms.
const AGAIN_MS: u32 = 1_000;

/// What is known of the order; `None` until something is.
type Known = RwSignal<Option<Result<OrderDetail, String>>>;

#[component]
pub fn OrderStory(bot: BotId, id: OrderId) -> impl IntoView {
    let links = use_links();
    let given = use_boot().and_then(|boot| boot.desk.detail.clone());
    let given = given.filter(|detail| {
        let order = &detail.history.order;
        order.id == id || order.client_order_id.as_deref() == Some(id.as_str())
    });
    let known: Known = RwSignal::new(given.map(Ok));
    follow(known, bot, id.clone());
    let body = move || match known.get() {
        None => view! { <Absent /> }.into_any(),
        Some(Err(message)) => view! { <p class="absent">{message}</p> }.into_any(),
        Some(Ok(detail)) => story(detail).into_any(),
    };
    view! {
        <Tile
            title="The story of an order"
            aside=move || {
                view! {
                    <a class="button" href=move || links.to("/trade") data-noscroll="true">
                        "Close"
                    </a>
                }
            }
        >
            <div class="story" data-order=id.to_string()>
                {body}
            </div>
        </Tile>
    }
    .into_any()
}

/// Looks again while the order is open: what it waits for moves with the market.
fn follow(known: Known, bot: BotId, id: OrderId) {
    let ended = Memo::new(move |_| {
        known.with(|known| {
            let detail = known.as_ref().and_then(|known| known.as_ref().ok());
            detail.is_some_and(|detail| detail.history.order.status.is_final())
        })
    });
    Effect::new(move |_| {
        let id = encoded(id.as_str());
        let history = format!("/v1/orders/{id}?bot={bot}");
        let explain = format!("/v1/orders/{id}/explain?bot={bot}");
        spawn_local(async move {
            while ended.try_get_untracked() == Some(false) {
                let explanation = http::get::<Explanation>(&explain).await;
                let found = http::get::<OrderHistory>(&history).await;
                match (explanation, found) {
                    (Ok(explanation), Ok(history)) => {
                        let detail = OrderDetail {
                            history,
                            explanation,
                        };
                        let _ = known.try_set(Some(Ok(detail)));
                    }
                    (Err(http::Failure::Refused(why)), _)
                    | (_, Err(http::Failure::Refused(why))) => {
                        let _ = known.try_set(Some(Err(why.message)));
                    }
                    // What is shown stays until the server answers again.
                    _ => {}
                }
                gloo_timers::future::TimeoutFuture::new(AGAIN_MS).await;
            }
        });
    });
}

fn story(detail: OrderDetail) -> impl IntoView {
    let OrderDetail {
        history,
        explanation,
    } = detail;
    let order = &history.order;
    let head = format!("{} {}", order.id, order.symbol);
    let (way, what, state) = (side(order.side), kind(order), status(order.status));
    let group = order
        .link
        .as_ref()
        .map(|link| format!("group {}", link.group));
    view! {
        <p class="story-head">
            <strong>{head}</strong>
            {tag(way)}
            {tag(what)}
            {tag(filled(order))}
            {tag(state)}
            {group.map(|group| view! { <span class="quiet">{group}</span> })}
        </p>
        <p class="explanation" data-waiting=explanation.waiting.is_some().to_string()>
            {explanation.text.clone()}
        </p>
        {facts(&explanation)}
        <h3>"States"</h3>
        <ol class="states">{states(&history.history)}</ol>
        <h3>"Fills"</h3>
        {fills(&history.fills)}
    }
    .into_any()
}

fn tag(reading: Reading) -> impl IntoView {
    view! {
        <span class=reading.tone.class() title=reading.title>
            {reading.text}
        </span>
    }
    .into_any()
}

fn facts(explanation: &Explanation) -> AnyView {
    let price = |value: Option<Decimal>| value.map(format::price);
    let known = [
        ("Last price", price(explanation.last_price)),
        ("Best bid", price(explanation.best_bid)),
        ("Best ask", price(explanation.best_ask)),
        (
            "Distance",
            explanation.distance_percent.map(format::percent),
        ),
        ("Nearest so far", price(explanation.nearest)),
    ];
    let items: Vec<_> = known
        .into_iter()
        .filter_map(|(name, text)| {
            let text = text?;
            Some(view! {
                <div class="fact">
                    <dt>{name}</dt>
                    <dd>{text}</dd>
                </div>
            })
        })
        .collect();
    let is_empty = items.is_empty();
    view! {
        <dl class="facts" hidden=is_empty>
            {items}
        </dl>
    }
    .into_any()
}

fn states(history: &[OrderChange]) -> Vec<AnyView> {
    let clock = use_clock();
    history
        .iter()
        .map(|change| {
            let time = change.time;
            let state = status(change.order.status);
            let part = filled(&change.order).text;
            let reason = change.order.reason.clone();
            view! {
                <li data-status=change.order.status.as_str()>
                    <time>{move || clock.date_time(time)}</time>
                    {tag(state)}
                    <span>{part}</span>
                    <span class="quiet">{reason}</span>
                </li>
            }
            .into_any()
        })
        .collect()
}

fn fills(fills: &[Fill]) -> AnyView {
    if fills.is_empty() {
        return view! { <p class="note">"None yet."</p> }.into_any();
    }
    let clock = use_clock();
    let items: Vec<_> = fills
        .iter()
        .map(|fill| {
            let time = fill.time;
            let words = format!(
                "{} at {}, fee {}, slippage {}",
                format::quantity(fill.quantity),
                format::price(fill.price),
                format::money(fill.fee),
                format::money(fill.slippage)
            );
            let rests_on = format!("Rests on: {}", evidence(&fill.evidence));
            view! {
                <li data-id=fill.id.to_string()>
                    <time>{move || clock.date_time(time)}</time>
                    <span>{words}</span>
                    <span class="quiet">{rests_on}</span>
                </li>
            }
        })
        .collect();
    view! { <ol class="states">{items}</ol> }.into_any()
}
