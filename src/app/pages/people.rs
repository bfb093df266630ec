//! The account's page and those for admins. The server draws them, and answers their forms.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::app::widgets::ServerPart;
use crate::wire::Part;

#[component]
pub fn PeoplePage() -> impl IntoView {
    let (path, query) = (use_location().pathname, use_query_map());
    let address = Memo::new(move |_| {
        let before = query.with(|query| query.get("before")?.parse().ok());
        path.with(|path| Part::of_people(path, before))
    });
    view! {
        <ServerPart address version=0_u64 stale=false class="grid" />
    }
    .into_any()
}
