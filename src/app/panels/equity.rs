//! The equity curve beside buy-and-hold, with the drawdown under it.

use leptos::prelude::*;

use crate::app::chart::{self, EquityPlot};
use crate::app::clock::use_clock;
use crate::app::live::Live;
use crate::app::widgets::{Absent, Axes, Plot};
use crate::domain::EquityPoint;

/// The newest samples, or those of them that lie in a window of so many µs.
#[component]
pub fn EquityCurve(
    equity: Live<Vec<EquityPoint>>,
    #[prop(optional_no_strip)] window: Option<i64>,
) -> impl IntoView {
    let clock = use_clock();
    let plot = Memo::new(move |_| {
        equity.value.with(|points| {
            points
                .as_ref()
                .map(|points| chart::equity(within(points, window), |time| clock.axis_time(time)))
        })
    });
    move || {
        match plot.get() {
        None => view! { <Absent /> }.into_any(),
        Some(None) => view! {
            <p class="absent">"No equity yet: the first sample comes after a minute of market time."</p>
        }
        .into_any(),
        Some(Some(plot)) => drawn(plot, equity.stale).into_any(),
    }
    }
}

pub(super) fn within(points: &[EquityPoint], window: Option<i64>) -> &[EquityPoint] {
    let (Some(span), Some(last)) = (window, points.last()) else {
        return points;
    };
    let from = last.time.plus(-span);
    &points[points.partition_point(|point| point.time < from)..]
}

fn drawn(plot: EquityPlot, stale: Signal<bool>) -> impl IntoView {
    view! {
        <figure class="equity" class:stale=move || stale.get()>
            <Plot words=plot.words levels=plot.levels>
                <polyline class="deposits" points=plot.deposits></polyline>
                <polygon class="area" points=plot.area></polygon>
                <polyline class="benchmark" points=plot.benchmark></polyline>
                <polyline class="line" points=plot.line></polyline>
            </Plot>
            <div class="plot plot-low">
                <svg viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true">
                    <polygon class="drawdown" points=plot.drawdown></polygon>
                </svg>
                <Axes levels=vec!["0 %".to_owned(), plot.deepest] times=plot.times />
            </div>
            <figcaption>
                <span class="key key-line">"Equity"</span>
                <span class="key key-benchmark">"Buy and hold"</span>
                <span class="key key-deposits">"Deposits"</span>
                <span class="key key-drawdown">"Drawdown"</span>
            </figcaption>
        </figure>
    }
    .into_any()
}
