//! Changing an open order: the fields that its type has, with what they are now.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::ticket::{NumberField, ProblemOf, focus};
use crate::app::command::{Complaint, Submission, refused_form, taken, use_blocked};
use crate::app::http::form_text;
use crate::app::nav::use_links;
use crate::app::routes::Page;
use crate::app::widgets::{Tile, keyed};
use crate::domain::{BotId, Order, OrderId};
use crate::wire::form::{Fields, Form, Refused, time_text};

/// Fields of a form that changes an order, with their headings.
const LABELS: [(&str, &str); 6] = [
    ("quantity", "Quantity, filled parts included"),
    ("price", "Limit price"),
    ("stop_price", "Stop price"),
    ("trail_amount", "Trail by an amount"),
    ("trail_percent", "Trail by %"),
    ("activation_price", "Activation price"),
];

#[component]
pub fn AmendForm(bot: BotId, id: OrderId, open: Signal<Option<Vec<Order>>>) -> impl IntoView {
    // Built once for the order: what is typed must not be changed under the hand by a partial fill.
    let is_known = Memo::new({
        let id = id.clone();
        move |_| open.with(|open| open.as_ref().map(|open| open.iter().any(|o| o.id == id)))
    });
    keyed(is_known, move |is_known| {
        let order = open.with_untracked(|open| open.as_ref()?.iter().find(|o| o.id == id).cloned());
        match (is_known, order) {
            (_, Some(order)) => form(bot.clone(), order).into_any(),
            (None, None) => ().into_any(),
            (Some(_), None) => {
                let words = format!("{id} is not open any more: nothing can be changed.");
                view! { <p class="notice" role="status">{words}</p> }.into_any()
            }
        }
    })
}

fn form(bot: BotId, order: Order) -> impl IntoView {
    let links = use_links();
    let id = order.id.to_string();
    let refused = refused_form(|fields| {
        fields.get("command") == Some("amend") && fields.get("order") == Some(&id)
    });
    let submission = Submission::new(Page::Trade, "amend", refused.as_ref());
    let blocked = use_blocked();
    let submit = move |event: SubmitEvent| {
        let Some(form) = taken(&event) else { return };
        let text = form_text(&form);
        match Form::read(&Fields::parse(&text)) {
            Err(rejection) => {
                focus(&form, rejection.field.as_deref());
                submission.refused.set(Some(rejection));
            }
            Ok(_) if blocked.get_untracked().is_some() => {}
            Ok(_) => submission.send(text),
        }
    };
    let problem: ProblemOf = submission.refused.into();
    let elsewhere = Signal::derive(move || {
        problem.get().filter(|rejection| {
            rejection
                .field
                .as_deref()
                .is_none_or(|field| !LABELS.iter().any(|(name, _)| *name == field))
        })
    });
    let done = move || {
        let changed = submission.receipt.with(Option::is_some);
        changed.then(|| view! { <p role="status">"Changed."</p> })
    };
    view! {
        <Tile title="Amend an order">
            <form class="amend" method="post" action=Page::Trade.path() novalidate on:submit=submit>
                <input type="hidden" name="command" value="amend" />
                <input type="hidden" name="bot" value=bot.to_string() />
                <input type="hidden" name="order" value=id.clone() />
                <p>{format!("{} {} {}", id, order.side.as_str(), order.symbol)}</p>
                <div class="pair">
                    {inputs(&order, refused.as_ref(), problem)} {expiry(&order)}
                </div>
                <Complaint refused=elsewhere />
                <p class="buttons">
                    <button
                        type="submit"
                        class="primary"
                        disabled=move || blocked.get().is_some() || submission.pending.get()
                        title=move || blocked.get()
                    >
                        "Change it"
                    </button>
                    <a class="button" href=move || links.to("/trade") data-noscroll="true">
                        "Done"
                    </a>
                </p>
                {done}
            </form>
        </Tile>
    }
    .into_any()
}

fn inputs(order: &Order, refused: Option<&Refused>, problem: ProblemOf) -> Vec<AnyView> {
    let now = [
        Some(order.quantity),
        order.price,
        order.stop_price,
        order.trail_amount,
        order.trail_percent,
        order.activation_price,
    ];
    let shown = LABELS
        .into_iter()
        .zip(now)
        .filter_map(|(names, now)| Some((names, now?)));
    shown
        .map(|((name, label), now)| {
            let was = now.normalize().to_string();
            let typed = refused.and_then(|refused| refused.fields.get(name).map(str::to_owned));
            let value = typed.unwrap_or_else(|| was.clone());
            view! {
                <input type="hidden" name=format!("was_{name}") value=was />
                <NumberField form="amend" name label value problem />
            }
            .into_any()
        })
        .collect()
}

fn expiry(order: &Order) -> Option<AnyView> {
    let was = time_text(order.expires_at?);
    Some(
        view! {
            <input type="hidden" name="was_expires_at" value=was.clone() />
            <div class="field">
                <label for="amend-expires_at">"Expires, market time (UTC)"</label>
                <input type="datetime-local" step="1" id="amend-expires_at" name="expires_at" value=was />
            </div>
        }
        .into_any(),
    )
}
