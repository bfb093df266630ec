//! A share of a whole as a bar. SVG attributes carry the lengths: the page's policy allows no
//! `style`.

use leptos::prelude::*;

/// From 0 to 1. What it says must stand beside it as text: it is hidden from screen readers.
#[component]
pub fn Bar(
    #[prop(into)] share: Signal<f64>,
    /// Marks the middle: where a confidence is no better than a coin.
    #[prop(optional)]
    halved: bool,
    #[prop(optional, into)] class: Signal<String>,
) -> impl IntoView {
    let width = move || format!("{:.1}", (share.get().clamp(0.0, 1.0)) * 100.0);
    view! {
        <svg
            class=move || format!("bar {}", class.get())
            viewBox="0 0 100 6"
            preserveAspectRatio="none"
            aria-hidden="true"
        >
            <rect class="bar-track" width="100" height="6"></rect>
            <rect class="bar-fill" width=width height="6"></rect>
            {halved.then(|| view! { <rect class="bar-mark" x="49.5" width="1" height="6"></rect> })}
        </svg>
    }
    .into_any()
}
