//! The frame around one subject, and what stands in it while there is nothing to show.

use leptos::prelude::*;

use super::{Freshness, StaleAge};
use crate::app::live::{ConnectionState, use_connection};

/// A titled region. Its heading leads to the subject's page and says the age of old content.
#[component]
pub fn Tile(
    title: &'static str,
    #[prop(optional, into)] href: Option<Signal<String>>,
    #[prop(optional, into)] fresh: Option<Freshness>,
    #[prop(optional)] class: &'static str,
    /// Beside the heading: a switch, a count.
    #[prop(optional, into)]
    aside: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    let id = format!(
        "tile-{}",
        title
            .to_ascii_lowercase()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    );
    let label = id.clone();
    let stale = move || fresh.is_some_and(|fresh| fresh.stale.get());
    view! {
        <section class=format!("tile {class}") class:is-stale=stale aria-labelledby=label>
            <header class="tile-head">
                <h2 id=id>
                    {match href {
                        Some(href) => {
                            view! { <a href=move || href.get()>{title}</a> }.into_any()
                        }
                        None => title.into_any(),
                    }}
                </h2>
                {fresh.map(|fresh| view! { <StaleAge fresh /> })}
                {aside.map(|aside| view! { <div class="tile-aside">{aside.run()}</div> })}
            </header>
            <div class="tile-body">{children()}</div>
        </section>
    }
    .into_any()
}

/// In place of content that is not known: on its way, or out of reach.
#[component]
pub fn Absent() -> impl IntoView {
    let state = use_connection().state;
    let words = Memo::new(move |_| match state.get() {
        ConnectionState::Offline { .. } => "Not available: offline.",
        ConnectionState::Reconnecting { .. } => "Waiting for the connection…",
        _ => "Loading…",
    });
    view! {
        <p class="absent" aria-busy="true">
            {move || words.get()}
        </p>
    }
    .into_any()
}
