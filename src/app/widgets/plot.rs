//! The frame of a plot that is drawn as SVG: its rules, its label for those who do not see it, and
//! the texts along its axes.

use leptos::prelude::*;

/// Stretches to its place; 1000 × 300 units. What is drawn is given as children, in SVG.
#[component]
pub fn Plot(
    /// One sentence for those who do not see it.
    words: String,
    /// Along the left, from the top down.
    levels: Vec<String>,
    /// Along the bottom, from the left on.
    #[prop(optional)]
    times: Vec<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="plot">
            <svg
                viewBox="0 0 1000 300"
                preserveAspectRatio="none"
                role="img"
                aria-label=words
            >
                <path class="rule" d="M0 75H1000M0 150H1000M0 225H1000"></path>
                {children()}
            </svg>
            <Axes levels times />
        </div>
    }
    .into_any()
}

/// The labels of a plot, in text beside it.
#[component]
pub fn Axes(levels: Vec<String>, times: Vec<String>) -> impl IntoView {
    let levels: Vec<_> = levels
        .into_iter()
        .map(|text| view! { <span>{text}</span> })
        .collect();
    let times: Vec<_> = times
        .into_iter()
        .map(|text| view! { <span>{text}</span> })
        .collect();
    view! {
        <div class="axis-y" aria-hidden="true">
            {levels}
        </div>
        <div class="axis-x" aria-hidden="true">
            {times}
        </div>
    }
    .into_any()
}
