//! The metrics of a window: each with its value, and on demand its formula, its n and why it is
//! undefined. Names and formulas are those of the catalogue.

use leptos::prelude::*;

use crate::app::format::{count, duration_s, float, fraction, signed_fraction};
use crate::app::live::Live;
use crate::app::widgets::{Figure, Reading};
use crate::domain::metric::{CATALOGUE, Definition, Sample, Unit};
use crate::domain::performance::Basis;
use crate::domain::{Performance, Window, WindowMetrics};

fn write(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Fraction => fraction(value),
        Unit::Change => signed_fraction(value),
        // A p-value of 1e-9 is not zero.
        Unit::Ratio if value != 0.0 && value.abs() < 5e-4 => {
            format!("{value:.1e}").replace('-', "−")
        }
        Unit::Ratio => float(value, 3),
        Unit::Seconds => duration_s(value),
        Unit::Amount => float(value, 2),
        Unit::Count => float(value, 0),
    }
}

/// The metrics of the returns of a window.
#[component]
pub fn ReturnMetrics(performance: Live<Performance>, window: Window) -> impl IntoView {
    view! {
        <p class="note">
            <Figure live=performance field="performance.n" read=move |p: &Performance| about(p, window) />
        </p>
        {list(Sample::Returns, performance, window)}
    }
    .into_any()
}

/// What was held and traded in a window.
#[component]
pub fn UsageMetrics(performance: Live<Performance>, window: Window) -> impl IntoView {
    list(Sample::Samples, performance, window)
}

/// What the returns are against those of buy-and-hold.
#[component]
pub fn ComparedMetrics(performance: Live<Performance>, window: Window) -> impl IntoView {
    view! {
        <p class="note">
            "Buy-and-hold: equal amounts of every symbol from the first sample on, with the same deposits."
        </p>
        {list(Sample::Pairs, performance, window)}
    }
    .into_any()
}

/// The metrics of the round trips of a window.
#[component]
pub fn TradeMetrics(performance: Live<Performance>, window: Window) -> impl IntoView {
    view! {
        <p class="note">"Round trips that closed in the window, net of fees."</p>
        {list(Sample::Trades, performance, window)}
    }
    .into_any()
}

/// What the ratios of the window are made of.
fn about(performance: &Performance, window: Window) -> Reading {
    let Some(metrics) = performance.windows.get(&window) else {
        return Reading::undefined();
    };
    let basis = match metrics.basis {
        Basis::Intraday => "Intraday: equity each 60 s",
        Basis::Daily => "Daily: equity at the end of each UTC day",
    };
    Reading {
        text: format!(
            "{basis}, n = {} returns, P = {} periods a year",
            count(metrics.n),
            count(metrics.periods_per_year.into())
        ),
        ..Reading::count(metrics.n)
    }
}

fn list(sample: Sample, performance: Live<Performance>, window: Window) -> impl IntoView {
    let items: Vec<_> = CATALOGUE
        .iter()
        .filter(|about| about.sample == sample)
        .map(|about| item(about, performance, window))
        .collect();
    view! { <div class="metrics">{items}</div> }.into_any()
}

fn item(about: &'static Definition, performance: Live<Performance>, window: Window) -> AnyView {
    let read = move |performance: &Performance| {
        let metric = of(performance, window).and_then(|metrics| metrics.metrics.get(&about.id));
        let value = metric.and_then(|metric| metric.value);
        let reading = Reading::float(value, |value| write(about.unit, value));
        match metric.and_then(|metric| metric.why_undefined()) {
            Some(why) => reading.titled(why),
            None => reading,
        }
    };
    let small_print = Memo::new(move |_| {
        performance.value.with(|performance| {
            let metrics = of(performance.as_ref()?, window)?;
            let metric = metrics.metrics.get(&about.id)?;
            let mut words = format!(
                "{} · n = {} {}",
                about.formula_id,
                count(metric.n),
                about.sample.as_str()
            );
            if let Some(why) = metric.why_undefined() {
                words += &format!(" · n/a: {why}");
            }
            Some(words)
        })
    });
    view! {
        <details class="metric" data-formula=about.formula_id>
            <summary title=about.formula>
                <span>{about.name}</span>
                <Figure live=performance field=format!("performance.{}", about.key) read />
            </summary>
            <p class="formula">{about.formula}</p>
            <p class="formula">{move || small_print.get().unwrap_or_default()}</p>
        </details>
    }
    .into_any()
}

fn of(performance: &Performance, window: Window) -> Option<&WindowMetrics> {
    performance.windows.get(&window)
}
