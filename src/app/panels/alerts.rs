//! The latest alerts. New ones are read out.

use leptos::prelude::*;

use crate::app::clock::use_clock;
use crate::app::live::Live;
use crate::app::widgets::Absent;
use crate::domain::{Alert, Severity};

#[component]
pub fn AlertList(alerts: Live<Vec<Alert>>, slots: usize) -> impl IntoView {
    let clock = use_clock();
    let latest = Memo::new(move |_| {
        alerts.value.with(|rows| {
            rows.as_ref()
                .map(|rows| rows.iter().take(slots).cloned().collect::<Vec<_>>())
        })
    });
    let row = move |alert: Alert| {
        let (class, word) = match alert.severity {
            Severity::Info => ("quiet", "info"),
            Severity::Warning => ("warn", "warning"),
            Severity::Critical => ("bad", "critical"),
        };
        let time = alert.time;
        view! {
            <li class="alert" data-id=alert.id.to_string() title=alert.code>
                <span class=format!("severity {class}")>{word}</span>
                <span class="alert-text">{alert.message}</span>
                <time>{move || clock.time_of_day(time)}</time>
            </li>
        }
    };
    view! {
        <ul class="alerts" aria-live="polite">
            {move || latest.get().unwrap_or_default().into_iter().map(row).collect_view()}
        </ul>
        {move || match latest.with(|rows| rows.as_ref().map(Vec::is_empty)) {
            None => Some(view! { <Absent /> }.into_any()),
            Some(true) => Some(view! { <p class="absent">"No alert."</p> }.into_any()),
            Some(false) => None,
        }}
    }
    .into_any()
}
