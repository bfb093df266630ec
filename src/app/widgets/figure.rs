//! One live value: its text, greyed with its age when it is old, flashing once when it changes.

use leptos::prelude::*;

use super::Reading;
use crate::app::format;
use crate::app::live::Live;

/// How fresh a value is, apart from the value.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    pub age_ms: Signal<Option<i64>>,
    pub stale: Signal<bool>,
}

impl<T: Send + Sync + 'static> From<Live<T>> for Freshness {
    fn from(live: Live<T>) -> Self {
        Self {
            age_ms: live.age_ms,
            stale: live.stale,
        }
    }
}

/// The age in words, only while the value is stale: no layout moves on a healthy page.
#[component]
pub fn StaleAge(#[prop(into)] fresh: Freshness) -> impl IntoView {
    let words = Memo::new(move |_| {
        (fresh.stale.get()).then(|| fresh.age_ms.get().map_or("old".to_owned(), format::age))
    });
    move || {
        words
            .get()
            .map(|words| view! { <span class="age">{words}</span> })
    }
}

/// Two classes with the same animation, swapped at each change, restart it. The first text is no
/// change: neither the server's page nor hydration flashes.
pub fn flash_class(
    text: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Memo<&'static str> {
    let phase = Memo::new(move |before: Option<&(Option<String>, u8)>| {
        let text = text();
        let phase = match before {
            Some((known, phase)) if *known == text || known.is_none() => *phase,
            Some((_, 1)) => 2,
            Some(_) => 1,
            None => 0,
        };
        (text, phase)
    });
    Memo::new(move |_| match phase.with(|(_, phase)| *phase) {
        1 => "flash-a",
        2 => "flash-b",
        _ => "",
    })
}

/// A figure of a topic.
#[component]
pub fn Figure<T, F>(
    live: Live<T>,
    /// Its name for programs, as `portfolio.equity`.
    #[prop(into)]
    field: String,
    read: F,
    /// Says its age itself, where no heading of a tile does.
    #[prop(optional)]
    aged: bool,
    #[prop(optional)] class: &'static str,
) -> impl IntoView
where
    T: Send + Sync + 'static,
    F: Fn(&T) -> Reading + Send + Sync + 'static,
{
    let reading = Memo::new(move |_| live.value.with(|value| value.as_ref().map(&read)));
    let flash = flash_class(move || reading.with(|r| r.as_ref().map(|r| r.text.clone())));
    let classes = move || {
        let tone = reading.with(|r| r.as_ref().map_or("quiet", |r| r.tone.class()));
        let stale = if live.stale.get() { "stale" } else { "" };
        format!("figure {class} {tone} {stale} {}", flash.get())
    };
    view! {
        <span
            class=classes
            data-field=field
            data-value=move || reading.with(|r| r.as_ref().and_then(|r| r.exact.clone()))
            data-seq=move || live.seq.get().map(|seq| seq.to_string())
            title=move || reading.with(|r| r.as_ref().and_then(|r| r.title.clone()))
        >
            {move || reading.with(|r| r.as_ref().map_or_else(|| "–".to_owned(), |r| r.text.clone()))}
        </span>
        {aged.then(|| view! { <StaleAge fresh=live /> })}
    }
    .into_any()
}

/// A named figure in a list of them.
#[component]
pub fn Fact<T, F>(
    live: Live<T>,
    name: &'static str,
    #[prop(into)] field: String,
    read: F,
) -> impl IntoView
where
    T: Send + Sync + 'static,
    F: Fn(&T) -> Reading + Send + Sync + 'static,
{
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd>
                <Figure live field read />
            </dd>
        </div>
    }
    .into_any()
}
