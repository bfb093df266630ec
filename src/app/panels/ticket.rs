//! The order ticket. What is typed is read as the server reads it, before anything is sent: a mistake
//! is said beside its field and nothing leaves the page.

mod check;
mod field;

use std::collections::BTreeSet;

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, HtmlFormElement, SubmitEvent};

use crate::app::command::{Submission, is_operator, refused_form, taken, use_blocked};
use crate::app::http::form_text;
use crate::app::live::{use_boot, use_ticker};
use crate::app::nav::use_links;
use crate::app::routes::Page;
use crate::app::widgets::{Figure, Reading, Tile, keyed};
use crate::domain::{BotId, Rejection, Symbol, Ticker, TimeInForce};
use crate::wire::form::{Fields, Form, Kind};

use check::{PreTradeCheck, use_check};
pub use field::{Input, NumberField, ProblemOf};

/// Fields that have a place for a message of their own.
const PLACED: [&str; 13] = [
    "symbol",
    "side",
    "quantity",
    "price",
    "stop_price",
    "stop_limit_price",
    "trail_amount",
    "trail_percent",
    "activation_price",
    "time_in_force",
    "expires_at",
    "take_profit",
    "stop_loss",
];

#[component]
pub fn OrderTicket(bot: BotId, symbol: Symbol) -> impl IntoView {
    if !is_operator() {
        return view! {
            <Tile title="Order ticket">
                <p class="note">"This link only looks: orders are for operators."</p>
            </Tile>
        }
        .into_any();
    }
    let refused = refused_form(|fields| fields.get("command") == Some("order"));
    let first = refused.as_ref().map_or_else(
        || {
            let mut fields = Fields::parse("command=order&side=buy&kind=market");
            fields.set("symbol", symbol.to_string());
            fields.set("bot", bot.to_string());
            fields
        },
        |refused| refused.fields.clone(),
    );
    let submission = Submission::new(Page::Trade, "order", refused.as_ref());
    let fields = RwSignal::new(first.clone());
    let touched = RwSignal::new(BTreeSet::<String>::new());
    // A form that came back was tried.
    let tried = RwSignal::new(refused.is_some());
    let boot = use_boot();
    let instruments = boot
        .as_ref()
        .map(|boot| boot.desk.instruments.clone())
        .unwrap_or_default();
    let read = Memo::new(move |_| {
        let form = fields.with(Form::read)?;
        form.check_filters(&instruments)?;
        Ok::<Form, Rejection>(form)
    });
    let check = use_check(bot.clone(), read.into());
    // Beside the fields: the first thing that is wrong with what was typed, else what the server said.
    let problem = Memo::new(move |_| {
        let typed = read.with(|read| read.as_ref().err().cloned());
        let seen = typed.as_ref().is_some_and(|rejection| {
            let field = rejection.field.clone().unwrap_or_default();
            tried.get() || touched.with(|touched| touched.contains(&field))
        });
        match typed {
            Some(rejection) => seen.then_some(rejection),
            None => submission
                .refused
                .get()
                .or_else(|| check.with(|check| check.rejection())),
        }
    });
    let elsewhere = Memo::new(move |_| {
        let placed = |field: &str| PLACED.contains(&field);
        problem
            .get()
            .filter(|rejection| !rejection.field.as_deref().is_some_and(placed))
    });
    let blocked = use_blocked();
    let form_ref = NodeRef::<leptos::html::Form>::new();
    let look = move |form: &HtmlFormElement| fields.set(Fields::parse(&form_text(form)));
    // The browser may have kept what was typed before a reload.
    Effect::new(move |_| {
        if let Some(form) = form_ref.get() {
            look(&form);
        }
    });
    // An order that went out leaves the ticket with its choices and without its figures.
    let changed = move |event: leptos::ev::Event| {
        if let Some(form) = form_ref.get_untracked() {
            look(&form);
        }
        if let Some(name) = name_of(&event) {
            touched.update(|touched| {
                touched.insert(name);
            });
        }
        submission.refused.set(None);
        submission.receipt.set(None);
    };
    let submit = move |event: SubmitEvent| {
        let Some(form) = taken(&event) else { return };
        look(&form);
        tried.set(true);
        let wrong = read.with_untracked(|read| read.as_ref().err().cloned());
        match wrong {
            Some(rejection) => focus(&form, rejection.field.as_deref()),
            None if blocked.get_untracked().is_some() => {}
            None => submission.send(form_text(&form)),
        }
    };
    // What is answered is done with: the next mistake is a new one.
    Effect::new(move |_| {
        if submission.receipt.with(Option::is_some) {
            tried.set(false);
            touched.update(BTreeSet::clear);
        }
    });
    // The market of the symbol that is chosen.
    let chosen = Memo::new(move |_| fields.with(|fields| fields.parsed::<Symbol>("symbol").ok()));
    let market = move || {
        keyed(chosen, |symbol| {
            symbol.map(|symbol| {
                let ticker = use_ticker(symbol);
                let read = |t: &Ticker| Reading::price(Some(t.price));
                view! { <Figure live=ticker field="ticker.last" read /> }
            })
        })
    };
    let symbols: Vec<Symbol> = boot.map(|boot| boot.symbols.clone()).unwrap_or_default();
    view! {
        <Tile title="Order ticket" class="ticket-tile" aside=market>
            <form
                class="ticket"
                method="post"
                action=Page::Trade.path()
                novalidate
                node_ref=form_ref
                on:input=changed
                on:change=changed
                on:submit=submit
            >
                <input type="hidden" name="command" value="order" />
                <input type="hidden" name="bot" value=bot.to_string() />
                <input
                    type="hidden"
                    name="client_order_id"
                    value=submission.id.get_untracked()
                    prop:value=move || submission.id.get()
                />
                {choices(&first, &symbols, problem.into())}
                {figures(&first, problem.into())}
                {lifetime(&first, problem.into())}
                {bracket(&first, problem.into())}
                <PreTradeCheck check />
                <p class="field-error" role="alert" hidden=move || elsewhere.with(Option::is_none)>
                    {move || elsewhere.get().map(|rejection| rejection.message)}
                </p>
                <button
                    type="submit"
                    class="primary"
                    disabled=move || blocked.get().is_some() || submission.pending.get()
                    title=move || blocked.get()
                >
                    {move || {
                        match (blocked.get(), submission.pending.get()) {
                            (Some(why), _) => why,
                            (None, true) => "Sending…",
                            (None, false) => "Place order",
                        }
                    }}
                </button>
                <Placed submission />
            </form>
        </Tile>
    }
    .into_any()
}

/// The name of the control that an event is about.
fn name_of(event: &leptos::ev::Event) -> Option<String> {
    let element: HtmlElement = event.target()?.dyn_into().ok()?;
    element.get_attribute("name")
}

/// Puts the reader where something is wrong.
pub fn focus(form: &HtmlFormElement, field: Option<&str>) {
    let Some(field) = field else { return };
    let found = form
        .query_selector(&format!("[name=\"{field}\"]"))
        .ok()
        .flatten();
    if let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// What the last order has become.
#[component]
fn Placed(submission: Submission) -> impl IntoView {
    let links = use_links();
    view! {
        <div class="placed" role="status">
            {move || {
                let receipt = submission.receipt.get()?;
                let said = if receipt.duplicate { "Known already: " } else { "Placed: " };
                let items: Vec<_> = receipt
                    .orders
                    .into_iter()
                    .map(|order| {
                        let id = order.id.to_string();
                        let href = links.to_order(&order.id);
                        view! {
                            <a href=href data-noscroll="true" data-order=id.clone()>
                                {id.clone()}
                            </a>
                            " "
                        }
                    })
                    .collect();
                Some(view! { <p>{said} {items}</p> })
            }}
        </div>
    }
    .into_any()
}

fn choices(first: &Fields, symbols: &[Symbol], problem: ProblemOf) -> AnyView {
    let chosen = first.get("symbol").unwrap_or_default().to_owned();
    let options: Vec<_> = symbols
        .iter()
        .map(|symbol| {
            let name = symbol.to_string();
            let selected = name == chosen;
            view! { <option value=name.clone() selected=selected>{name.clone()}</option> }
        })
        .collect();
    let side = first.get("side").unwrap_or("buy").to_owned();
    let sides: Vec<_> = [("buy", "Buy"), ("sell", "Sell")]
        .into_iter()
        .map(|(value, words)| {
            view! {
                <label class=format!("choice-{value}")>
                    <input type="radio" name="side" value=value checked=side == value />
                    <span>{words}</span>
                </label>
            }
        })
        .collect();
    let kind = Kind::of(first);
    let kinds: Vec<_> = Kind::ALL
        .into_iter()
        .map(|one| {
            view! {
                <label>
                    <input type="radio" name="kind" value=one.as_str() checked=one == kind />
                    <span>{one.words()}</span>
                </label>
            }
        })
        .collect();
    view! {
        <Input name="symbol" label="Symbol" problem>
            <select id="ticket-symbol" name="symbol" aria-describedby="ticket-symbol-error">
                {options}
            </select>
        </Input>
        <fieldset class="segments sides">
            <legend>"Side"</legend>
            {sides}
        </fieldset>
        <fieldset class="segments kinds">
            <legend>"Type"</legend>
            {kinds}
        </fieldset>
    }
    .into_any()
}

fn figures(first: &Fields, problem: ProblemOf) -> AnyView {
    let field =
        |name: &'static str, label: &'static str, class: &'static str, hint: &'static str| {
            let value = first.get(name).unwrap_or_default().to_owned();
            view! { <NumberField form="ticket" name label class hint value problem /> }.into_any()
        };
    view! {
        {field("quantity", "Quantity", "", "")}
        {field("price", "Limit price", "for-limit for-stop_limit for-oco", "")}
        {field("stop_price", "Stop price", "for-stop for-stop_limit for-oco", "")}
        {field(
            "stop_limit_price",
            "Limit of the stop",
            "for-oco",
            "Empty: it takes the market's price",
        )}
        {field("trail_amount", "Trail by an amount", "for-trailing_stop", "This, or a percentage")}
        {field("trail_percent", "Trail by %", "for-trailing_stop", "")}
        {field(
            "activation_price",
            "Activation price",
            "for-trailing_stop",
            "Tracks once the market reaches it; empty: at once",
        )}
    }
    .into_any()
}

fn lifetime(first: &Fields, problem: ProblemOf) -> AnyView {
    let chosen = first.get("time_in_force").unwrap_or_default().to_owned();
    let options: Vec<_> = TimeInForce::ALL
        .into_iter()
        .map(|one| {
            let words = match one {
                TimeInForce::Gtc => "GTC · until cancelled",
                TimeInForce::Ioc => "IOC · at once, the rest expires",
                TimeInForce::Fok => "FOK · all at once or nothing",
                TimeInForce::Gtd => "GTD · until a time",
            };
            view! {
                <option value=one.as_str() selected=one.as_str() == chosen>
                    {words}
                </option>
            }
        })
        .collect();
    let until = first.get("expires_at").unwrap_or_default().to_owned();
    let reduces = first.get("reduce_only").is_some();
    view! {
        <Input name="time_in_force" label="Time in force" problem>
            <select
                id="ticket-time_in_force"
                name="time_in_force"
                aria-describedby="ticket-time_in_force-error"
            >
                <option value="" selected=chosen.is_empty()>
                    "As usual for the type"
                </option>
                {options}
            </select>
        </Input>
        <Input name="expires_at" label="Expires, market time (UTC)" class="for-gtd" problem>
            <input
                type="datetime-local"
                step="1"
                id="ticket-expires_at"
                name="expires_at"
                value=until
                aria-describedby="ticket-expires_at-error"
            />
        </Input>
        <label class="tick">
            <input type="checkbox" name="reduce_only" checked=reduces />
            "Reduce only: never more than closes the position"
        </label>
    }
    .into_any()
}

fn bracket(first: &Fields, problem: ProblemOf) -> AnyView {
    let value = |name: &str| first.get(name).unwrap_or_default().to_owned();
    let (take_profit, stop_loss) = (value("take_profit"), value("stop_loss"));
    let is_open = !take_profit.is_empty() || !stop_loss.is_empty();
    view! {
        <details class="bracket" open=is_open>
            <summary>"Bracket: take profit, stop loss"</summary>
            <p class="hint">"Legs that go to work when the order is filled; one cancels the other."</p>
            <div class="pair">
                <NumberField form="ticket" name="take_profit" label="Take profit" value=take_profit problem />
                <NumberField form="ticket" name="stop_loss" label="Stop loss" value=stop_loss problem />
            </div>
        </details>
    }
    .into_any()
}
