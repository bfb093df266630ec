//! A field of a form with its label, its hint and what is wrong with it.

use leptos::prelude::*;

use crate::domain::Rejection;

/// What is wrong with a form.
pub type ProblemOf = Signal<Option<Rejection>>;

/// The message that belongs beside `name`.
fn message(problem: ProblemOf, name: &'static str) -> Memo<Option<String>> {
    Memo::new(move |_| {
        problem.with(|problem| {
            let own = problem
                .as_ref()
                .filter(|found| found.field.as_deref() == Some(name));
            own.map(|found| found.message.clone())
        })
    })
}

/// A control of the ticket, given as a child, whose id is `ticket-<name>`.
#[component]
pub fn Input(
    name: &'static str,
    label: &'static str,
    #[prop(optional)] class: &'static str,
    problem: ProblemOf,
    children: Children,
) -> impl IntoView {
    let message = message(problem, name);
    view! {
        <div class=format!("field {class}")>
            <label for=format!("ticket-{name}")>{label}</label>
            {children()}
            <p class="field-error" id=format!("ticket-{name}-error") aria-live="polite">
                {move || message.get()}
            </p>
        </div>
    }
    .into_any()
}

/// A figure to be typed. The ids of a page's forms are told apart by `form`.
#[component]
pub fn NumberField(
    form: &'static str,
    name: &'static str,
    label: &'static str,
    #[prop(optional)] class: &'static str,
    #[prop(optional)] hint: &'static str,
    value: String,
    problem: ProblemOf,
) -> impl IntoView {
    let message = message(problem, name);
    let id = format!("{form}-{name}");
    view! {
        <div class=format!("field {class}")>
            <label for=id.clone()>{label}</label>
            <input
                type="text"
                inputmode="decimal"
                autocomplete="off"
                id=id.clone()
                name=name
                value=value
                aria-describedby=format!("{id}-error {id}-hint")
                aria-invalid=move || message.with(Option::is_some).then_some("true")
            />
            <p class="field-error" id=format!("{id}-error") aria-live="polite">
                {move || message.get()}
            </p>
            <p class="hint" id=format!("{id}-hint")>
                {hint}
            </p>
        </div>
    }
    .into_any()
}
