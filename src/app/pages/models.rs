//! How well the models judge. The server draws the page; each new value of their scores has it drawn again.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::app::live::use_models;
use crate::app::nav::use_bot;
use crate::app::widgets::{ServerPart, keyed};
use crate::domain::BotId;
use crate::wire::Part;

#[component]
pub fn ModelsPage() -> impl IntoView {
    keyed(use_bot(), models)
}

fn models(bot: BotId) -> impl IntoView {
    let query = use_query_map();
    let models = use_models(bot.clone());
    let address = Memo::new(move |_| {
        let chosen = query.with(|query| query.get("model")?.parse().ok());
        Part::of_models(&bot, chosen.as_ref())
    });
    let version = Memo::new(move |_| models.seq.get().map_or(0, |seq| seq.0));
    view! {
        <ServerPart address version stale=models.stale class="grid" />
    }
    .into_any()
}
