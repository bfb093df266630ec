//! What the round trips of a window earned, counted.

use leptos::prelude::*;

use crate::app::chart::{self, BarPlot};
use crate::app::format;
use crate::app::live::Live;
use crate::app::widgets::{Absent, Plot};
use crate::domain::{Performance, Window};

#[component]
pub fn PnlDistribution(performance: Live<Performance>, window: Window) -> impl IntoView {
    let plot = Memo::new(move |_| {
        performance.value.with(|performance| {
            let performance = performance.as_ref()?;
            let metrics = performance.windows.get(&window)?;
            Some(chart::bars(&metrics.pnl_distribution))
        })
    });
    move || match plot.get() {
        None => view! { <Absent /> }.into_any(),
        Some(None) => {
            view! { <p class="absent">"No round trip closed in this window."</p> }.into_any()
        }
        Some(Some(plot)) => drawn(plot, performance.stale).into_any(),
    }
}

fn drawn(plot: BarPlot, stale: Signal<bool>) -> impl IntoView {
    let rows: Vec<_> = plot
        .bars
        .into_iter()
        .map(|bar| {
            view! {
                <tr>
                    <th scope="row">{bar.range}</th>
                    <td class="num">{format::count(bar.count)}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <figure class="bars" class:stale=move || stale.get()>
            <Plot words=plot.words levels=plot.levels times=plot.ends>
                <path class="gain" d=plot.up></path>
                <path class="loss" d=plot.down></path>
            </Plot>
            <figcaption>"Net P&L of a round trip, in the quote currency; how many of each"</figcaption>
        </figure>
        <details class="as-table">
            <summary>"As a table"</summary>
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Net P&L"</th>
                        <th scope="col" class="num">"Round trips"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}
