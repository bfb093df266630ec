//! What the server alone draws of a page: plain markup of values, without a signal. The browser shows it by
//! [`ServerPart`](super::widgets::ServerPart) and has no code of it. Times are UTC until the browser, which
//! knows the reader's zone, writes them in it.

mod calibration;
mod decision;
mod filter;
mod inputs;
mod journey;
mod leaderboard;
mod limits;
mod markets;
mod models;
mod outcome;
pub mod people;
mod reliability;

#[cfg(test)]
pub mod made_up;

use leptos::prelude::*;

use crate::app::format;
use crate::domain::TimeUs;

pub use decision::{About, decision, window};
pub use filter::{Choices, filter};
pub use limits::{LimitRow, limits};
pub use models::models;

/// The markup of a view.
fn html(view: impl FnOnce() -> AnyView) -> String {
    let owner = Owner::new();
    let html = owner.with(|| view().to_html());
    // What hydration would find its way by: nothing here is hydrated. Texts cannot hold it, they are
    // escaped.
    html.replace("<!>", "")
}

/// In place of what is not there.
pub fn missing(words: &str) -> String {
    html(|| {
        let words = words.to_owned();
        view! {
            <section class="tile">
                <p class="absent">{words}</p>
            </section>
        }
        .into_any()
    })
}

/// An instant.
fn time(at: TimeUs) -> impl IntoView {
    view! {
        <time datetime=at.rfc3339() data-us=at.micros().to_string()>
            {format::date_time(at, 0)}
        </time>
    }
    .into_any()
}

/// A figure in a cell, with its exact value.
fn number(value: Option<f64>, write: impl FnOnce(f64) -> String) -> AnyView {
    let value = value.filter(|value| value.is_finite());
    let text = value.map_or_else(|| format::NONE.to_owned(), write);
    let class = if value.is_some() { "num" } else { "num quiet" };
    view! {
        <td class=class data-value=value.map(|value| value.to_string())>
            {text}
        </td>
    }
    .into_any()
}

/// A named figure.
fn fact(name: &'static str, value: impl IntoView + 'static) -> AnyView {
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}

/// A bar that leans to the right of its middle, or to the left: `share` is from −1 to 1. What it says must
/// stand beside it as text.
fn lean(share: f64) -> AnyView {
    let length = share.abs().min(1.0) * 100.0;
    let start = if share < 0.0 { 100.0 - length } else { 100.0 };
    let class = if share < 0.0 { "bar down" } else { "bar up" };
    view! {
        <svg class=class viewBox="0 0 200 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar-track" width="200" height="6"></rect>
            <rect class="bar-fill" x=format!("{start:.1}") width=format!("{length:.1}") height="6"></rect>
            <rect class="bar-mark" x="99" width="2" height="6"></rect>
        </svg>
    }
    .into_any()
}

/// The largest of some sizes, and never zero: what bars are drawn against.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    let most = values
        .map(f64::abs)
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    if most > 0.0 { most } else { 1.0 }
}
