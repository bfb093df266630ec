//! An address that leads nowhere. The server answers it with status 404.

use leptos::prelude::*;

use crate::app::nav::use_links;

#[component]
pub fn NotFound() -> impl IntoView {
    let links = use_links();
    view! {
        <section class="tile">
            <p>"There is no page at this address."</p>
            <p>
                <a href=move || links.to("/")>"To the overview"</a>
            </p>
        </section>
    }
    .into_any()
}
