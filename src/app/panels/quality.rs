//! What was wrong with the data: which file and line, and why.

use leptos::prelude::*;

use crate::app::clock::use_clock;
use crate::app::live::Live;
use crate::app::widgets::{Column, DataTable, Reading};
use crate::domain::Quality;

#[component]
pub fn QualityTable(quality: Live<Vec<Quality>>, slots: usize) -> impl IntoView {
    let clock = use_clock();
    let columns = vec![
        Column::text("Where", |q: &Quality| Reading::text(place(q))),
        Column::text("What", |q: &Quality| Reading::text(q.kind.label())),
        Column::text("Why", |q: &Quality| Reading::text(q.message.clone())),
        Column::text("Symbol", |q: &Quality| {
            q.symbol
                .as_ref()
                .map_or_else(Reading::undefined, |s| Reading::text(s.to_string()))
        }),
        Column::number("Of this kind", |q: &Quality| Reading::count(q.count)),
        Column::text("Time", move |q: &Quality| {
            Reading::text(clock.date_time(q.time))
        }),
    ];
    view! {
        <DataTable
            label="Faults of the data"
            rows=quality.value
            slots
            columns
            id=|q: &Quality| format!("{}-{}", q.kind.label().replace(' ', "-"), q.count)
            empty="No fault was found."
            stale=quality.stale
        />
    }
    .into_any()
}

/// `file:line`, as editors read it.
fn place(quality: &Quality) -> String {
    match quality.line {
        Some(line) => format!("{}:{line}", quality.source),
        None => quality.source.clone(),
    }
}
