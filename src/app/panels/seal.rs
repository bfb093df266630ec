//! Whether a decision can be shown to be the one that was made then.

use leptos::prelude::*;

use crate::domain::Decision;

/// What vouches for the decision. It is given anew when the decision is resolved.
#[component]
pub fn Seal(decision: Decision) -> impl IntoView {
    view! {
        <p class="absent" data-seal=decision.id.to_string()>
            "not sealed yet"
        </p>
    }
    .into_any()
}
