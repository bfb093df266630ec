//! The pages: rendered on the server with real figures, then hydrated and kept live in the browser.

pub mod live;
pub mod routes;

use leptos::prelude::*;

/// All of the site.
#[component]
pub fn App() -> impl IntoView {
    view! { <p>"Plainsight"</p> }
}
