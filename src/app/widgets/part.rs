//! A part of a page that the server alone draws: markup and charts for which the browser needs no code of
//! its own. It is asked for again when what it is about has changed, and what differs is changed in place,
//! so that what was unfolded, focused or selected stays so.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Node};

use super::Absent;
use crate::app::clock::use_clock;
use crate::app::http::{self, Failure};
use crate::app::live::use_boot;
use crate::domain::TimeUs;
use crate::wire::{Decisions, Part};

/// The least time between two looks, ms: however fast the market moves, nobody reads faster.
const PAUSE_MS: u32 = 1_000;

/// What is known of a part that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Drawn,
    Refused,
}

/// What the server draws at `address`, kept up to date while `version` changes.
#[component]
pub fn ServerPart(
    #[prop(into)] address: Signal<String>,
    #[prop(into)] version: Signal<u64>,
    /// Is given the decision that the part is about.
    #[prop(optional)]
    decision: Option<RwSignal<Option<Decisions>>>,
    #[prop(into)] stale: Signal<bool>,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let place: NodeRef<html::Div> = NodeRef::new();
    let clock = use_clock();
    let given = use_boot().and_then(|boot| boot.desk.part.clone());
    let given = given.filter(|part| part.address == address.get_untracked());
    let known = RwSignal::new(match given {
        Some(_) => State::Drawn,
        None => State::Waiting,
    });
    let is_given = given.is_some();
    let message = RwSignal::new(String::new());
    // Counts what was put into the page, so that times are written in the reader's zone then.
    let drawn = RwSignal::new(0_u32);
    let show = move |found: Result<Part, Failure>| match found {
        Ok(part) => {
            if let Some(element) = place.get_untracked() {
                put(&element, &part.html);
            }
            if let Some(decision) = decision {
                let _ = decision.try_set(part.decision);
            }
            let _ = known.try_set(State::Drawn);
            let _ = drawn.try_update(|count| *count += 1);
        }
        Err(Failure::Refused(why)) => {
            if let Some(decision) = decision {
                let _ = decision.try_set(Some(Decisions::new(Vec::new())));
            }
            let _ = message.try_set(why.message);
            let _ = known.try_set(State::Refused);
        }
        // What is shown stays until the server answers again.
        Err(_) => {}
    };
    // Which run of looks it is, whether it goes on, and whether to look once more.
    let (run, busy) = (StoredValue::new(0_u32), StoredValue::new(false));
    let again = StoredValue::new(false);
    Effect::new(move |before: Option<(String, u64)>| {
        let wanted = (address.get(), version.get());
        let same = before.as_ref() == Some(&wanted);
        if same || before.is_none() && is_given {
            return wanted;
        }
        let is_same_place = before.is_some_and(|before| before.0 == wanted.0);
        if is_same_place && busy.get_value() {
            again.set_value(true);
            return wanted;
        }
        // Another address is not kept waiting by the one before.
        run.update_value(|run| *run += 1);
        busy.set_value(true);
        let (own, path) = (run.get_value(), wanted.0.clone());
        spawn_local(async move {
            let goes_on = move || run.try_get_value() == Some(own);
            loop {
                let _ = again.try_set_value(false);
                let found = http::get::<Part>(&path).await;
                if !goes_on() {
                    return;
                }
                show(found);
                gloo_timers::future::TimeoutFuture::new(PAUSE_MS).await;
                if !goes_on() || again.try_get_value() != Some(true) {
                    break;
                }
            }
            if goes_on() {
                let _ = busy.try_set_value(false);
            }
        });
        wanted
    });
    Effect::new(move |_| {
        drawn.track();
        clock.is_local();
        let Some(element) = place.get() else { return };
        let Ok(times) = element.query_selector_all("time[data-us]") else {
            return;
        };
        for index in 0..times.length() {
            let time = times
                .item(index)
                .and_then(|node| node.dyn_into::<Element>().ok());
            if let Some(time) = time
                && let Some(us) = time.get_attribute("data-us").and_then(|us| us.parse().ok())
            {
                time.set_text_content(Some(&clock.date_time(TimeUs(us))));
            }
        }
    });
    let html = given.map(|part| part.html).unwrap_or_default();
    view! {
        <div class=format!("part {class}") class:stale=move || stale.get() node_ref=place inner_html=html></div>
        {move || match known.get() {
            State::Drawn => None,
            State::Waiting => Some(view! { <Absent /> }.into_any()),
            State::Refused => {
                Some(view! { <p class="absent">{move || message.get()}</p> }.into_any())
            }
        }}
    }
    .into_any()
}

/// Makes what stands in `place` into `html`, by as few changes as it takes.
fn put(place: &Element, html: &str) {
    if let Ok(wanted) = document().create_element("div") {
        wanted.set_inner_html(html);
        change(place, &wanted);
    }
}

fn change(have: &Node, want: &Node) {
    let (mut old, mut new) = (have.first_child(), want.first_child());
    loop {
        (old, new) = match (old, new) {
            (Some(own), Some(other)) => {
                let next = (own.next_sibling(), other.next_sibling());
                if !is_alike(&own, &other) {
                    let _ = have.replace_child(&other, &own);
                } else if let (Some(a), Some(b)) =
                    (own.dyn_ref::<Element>(), other.dyn_ref::<Element>())
                {
                    change_attributes(a, b);
                    change(&own, &other);
                } else if own.node_value() != other.node_value() {
                    own.set_node_value(other.node_value().as_deref());
                }
                next
            }
            (Some(own), None) => {
                let next = own.next_sibling();
                let _ = have.remove_child(&own);
                (next, None)
            }
            (None, Some(other)) => {
                let next = other.next_sibling();
                let _ = have.append_child(&other);
                (None, next)
            }
            (None, None) => return,
        };
    }
}

/// Whether one can become the other: the same kind of thing, and of the same thing.
fn is_alike(own: &Node, other: &Node) -> bool {
    let id = |node: &Node| {
        node.dyn_ref::<Element>()
            .and_then(|element| element.get_attribute("data-id"))
    };
    own.node_name() == other.node_name() && id(own) == id(other)
}

fn change_attributes(own: &Element, other: &Element) {
    for name in other.get_attribute_names() {
        let Some(name) = name.as_string() else {
            continue;
        };
        let value = other.get_attribute(&name).unwrap_or_default();
        if own.get_attribute(&name).as_ref() != Some(&value) {
            let _ = own.set_attribute(&name, &value);
        }
    }
    for name in own.get_attribute_names() {
        let Some(name) = name.as_string() else {
            continue;
        };
        // Whether it is unfolded is the reader's to say.
        if name != "open" && !other.has_attribute(&name) {
            let _ = own.remove_attribute(&name);
        }
    }
}
