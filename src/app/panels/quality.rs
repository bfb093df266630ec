//! What was wrong with the data: which file and line, and why.

use leptos::prelude::*;

use crate::app::clock::use_clock;
use crate::app::live::Live;
use crate::app::widgets::{Column, DataTable, Reading};
use crate::domain::{Quality, Symbol};

/// The latest faults; of one symbol, with those that concern all, where one is given.
#[component]
pub fn QualityTable(
    quality: Live<Vec<Quality>>,
    slots: usize,
    #[prop(optional)] symbol: Option<Symbol>,
) -> impl IntoView {
    let clock = use_clock();
    let rows = Memo::new(move |_| {
        quality.value.with(|faults| {
            let concerned = |fault: &&Quality| match (&symbol, &fault.symbol) {
                (Some(shown), Some(own)) => shown == own,
                _ => true,
            };
            let faults = faults.as_ref()?.iter().filter(concerned);
            Some(faults.take(slots).cloned().collect::<Vec<_>>())
        })
    });
    let span = move |time: Option<crate::domain::TimeUs>| {
        time.map_or_else(Reading::undefined, |time| {
            Reading::text(clock.date_time(time))
        })
    };
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
        Column::text("From", move |q: &Quality| span(q.extent.from)),
        Column::text("To", move |q: &Quality| span(q.extent.to)),
        Column::text("Time", move |q: &Quality| {
            Reading::text(clock.date_time(q.time))
        }),
    ];
    view! {
        <DataTable
            label="Faults of the data"
            rows
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
