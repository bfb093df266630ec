//! The rolling Sharpe ratio.

use leptos::prelude::*;

use super::equity::within;
use crate::app::chart::{self, SeriesPlot};
use crate::app::clock::use_clock;
use crate::app::live::Live;
use crate::app::widgets::{Absent, Plot};
use crate::domain::EquityPoint;

/// Over the newest samples, or those of them that lie in a window of so many µs.
#[component]
pub fn RollingSharpe(
    equity: Live<Vec<EquityPoint>>,
    #[prop(optional_no_strip)] window: Option<i64>,
) -> impl IntoView {
    let clock = use_clock();
    let plot = Memo::new(move |_| {
        equity.value.with(|points| {
            points.as_ref().map(|points| {
                chart::rolling_sharpe(within(points, window), |time| clock.axis_time(time))
            })
        })
    });
    move || match plot.get() {
        None => view! { <Absent /> }.into_any(),
        Some(None) => {
            view! { <p class="absent">"Not yet: it needs 60 returns, an hour of market time."</p> }
                .into_any()
        }
        Some(Some(plot)) => drawn(plot, equity.stale).into_any(),
    }
}

fn drawn(plot: SeriesPlot, stale: Signal<bool>) -> impl IntoView {
    view! {
        <figure class="series" class:stale=move || stale.get()>
            <Plot words=plot.words levels=plot.levels times=plot.times>
                <path class="zero" d=plot.zero></path>
                <polyline class="line" points=plot.line></polyline>
            </Plot>
            <figcaption>
                "Intraday: (m/s)·√P of the newest 1,440 returns of 60 s (24 h), from 60 on, P = 525,600"
            </figcaption>
        </figure>
    }
    .into_any()
}
