//! The status strip: what kind of figures these are, how the page is connected, how old the oldest
//! figure is, and the switches that concern every page.

use leptos::prelude::*;

use crate::app::clock::use_clock;
use crate::app::format;
use crate::app::live::{ConnectionState, ConnectionStats, use_connection};
use crate::app::live::{Live, OfflineCause, use_boot, use_health, use_source};
use crate::app::nav::{use_decision_id, use_focus, use_interval, use_page};
use crate::app::panels::TradingControls;
use crate::app::routes::{Focus, Page};
use crate::app::theme::ThemeSwitch;
use crate::app::widgets::keyed;
use crate::domain::health::FeedState;
use crate::domain::{Health, Mode};
use crate::wire::Topic;

#[component]
pub fn StatusStrip() -> impl IntoView {
    let health = use_health();
    view! {
        <div class="strip" role="group" aria-label="Status">
            <ModeBadge health />
            <ConnectionBadge />
            <WorstAge />
            <RoundTrip />
            <ZoneSwitch />
            <ThemeSwitch />
            <Visitor />
            <TradingControls />
        </div>
    }
    .into_any()
}

/// Who is signed in, or the way to do so.
#[component]
fn Visitor() -> impl IntoView {
    let visitor = use_boot().and_then(|boot| boot.desk.visitor.clone());
    let (path, text) = match visitor {
        Some(name) => ("/account", name.to_string()),
        None => ("/login", "Sign in".to_owned()),
    };
    view! {
        <a class="button switch" rel="external" href=path data-switch="account">
            {text}
        </a>
    }
    .into_any()
}

/// SIM, REPLAY, PAPER or LIVE: on every page, at all times.
#[component]
fn ModeBadge(health: Live<Health>) -> impl IntoView {
    let at_start = use_boot().map_or(Mode::Sim, |boot| boot.mode);
    let mode = Memo::new(move |_| {
        health
            .value
            .with(|h| h.as_ref().map_or(at_start, |h| h.mode))
    });
    let state = Memo::new(move |_| health.value.with(|h| h.as_ref().map(|h| h.feed.state)));
    let addition = move || match state.get() {
        Some(FeedState::Ended) => " ended",
        Some(FeedState::Recovering) => " recovering",
        Some(FeedState::Warming) => " warming up",
        Some(FeedState::Halted) => " halted",
        Some(FeedState::Running) | None => "",
    };
    let meaning = move || match mode.get() {
        Mode::Sim => {
            "Simulated prices, simulated fills. For Binance's live prices start it with: make run FEED=binance"
        }
        Mode::Replay => "Recorded prices, simulated fills",
        Mode::Paper => "Live prices, simulated fills",
        Mode::Live => "Live prices; the fills are an outside bot's",
    };
    view! {
        <span
            class=move || format!("mode mode-{}", mode.get().label().to_ascii_lowercase())
            class:is-halted=move || state.get() == Some(FeedState::Halted)
            data-mode=move || mode.get().label()
            title=meaning
        >
            {move || mode.get().label()}
            {addition}
        </span>
    }
    .into_any()
}

/// How a state of the connection is said: name for programs, sign, words, what follows the words.
fn said(state: &ConnectionState) -> (&'static str, &'static str, &'static str, Option<String>) {
    match state {
        ConnectionState::Connecting => ("connecting", "◌", "Connecting…", None),
        ConnectionState::Live => ("live", "●", "Live", None),
        ConnectionState::Degraded { late } => {
            let names: Vec<_> = late.iter().map(|topic| topic.stream().as_str()).collect();
            (
                "degraded",
                "◐",
                "Partial",
                Some(format!("late: {}", joined(names))),
            )
        }
        ConnectionState::Reconnecting { attempt, next_in_s } => (
            "reconnecting",
            "○",
            "Reconnecting",
            Some(format!("attempt {attempt}, next in {next_in_s} s")),
        ),
        ConnectionState::Offline { cause } => {
            let why = match cause {
                OfflineCause::ServerAway => "the server is away",
                OfflineCause::BrowserOffline => "this browser is offline",
                OfflineCause::NotSignedIn => "not signed in",
                OfflineCause::Forbidden => "not allowed",
                OfflineCause::Version => "the server has another version: reload",
                OfflineCause::Refused => "the server ended the session",
            };
            ("offline", "○", "Offline", Some(why.to_owned()))
        }
    }
}

/// Each name once, in order.
fn joined(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn statistics(stats: &ConnectionStats) -> String {
    let round_trip = stats.round_trip_ms.map_or("not measured".to_owned(), |ms| {
        format!("{} ms", format::float(ms, 0))
    });
    let gap = stats
        .last_gap
        .map_or("none".to_owned(), |gap| format::date_time(gap, 0) + " UTC");
    format!(
        "Round trip {round_trip} · {} messages/s · {} reconnects · last gap {gap}",
        format::float(stats.messages_per_s, 1),
        stats.reconnects
    )
}

#[component]
fn ConnectionBadge() -> impl IntoView {
    let connection = use_connection();
    let (state, stats) = (connection.state, connection.stats);
    let health = use_health();
    let said = Memo::new(move |_| state.with(said));
    let detail = Memo::new(move |_| match state.get() {
        ConnectionState::Live => health.age_ms.get().map(format::age),
        ConnectionState::Degraded { .. } => {
            let age = health.age_ms.get().map(format::age);
            let late = said.get().3.unwrap_or_default();
            Some(age.map_or(late.clone(), |age| format!("{age}, {late}")))
        }
        _ => said.get().3,
    });
    let is_offline = Memo::new(move |_| said.with(|said| said.0 == "offline"));
    let retry = StoredValue::new(connection);
    view! {
        <div
            class="connection"
            data-state=move || said.get().0
            title=move || stats.with(statistics)
            tabindex="0"
            role="status"
            aria-live="off"
        >
            <span class="sign" aria-hidden="true">{move || said.get().1}</span>
            <span class="words">{move || said.get().2}</span>
            <span class="detail">{move || detail.get()}</span>
            {move || {
                is_offline
                    .get()
                    .then(|| {
                        let again = move |_| retry.with_value(|connection| connection.retry());
                        view! {
                            <button type="button" class="retry" on:click=again>
                                "Retry"
                            </button>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// The oldest of the page's timed figures. Logs have no age: nothing need have happened.
#[component]
fn WorstAge() -> impl IntoView {
    let page = use_page();
    let focus = use_focus();
    let interval = use_interval();
    let decision = use_decision_id();
    let key = Memo::new(move |_| {
        let (bot, symbol) = focus.get();
        (
            page.get(),
            Focus {
                bot,
                symbol,
                interval: interval.get(),
                decision: decision.get(),
            },
        )
    });
    let build = |(page, focus): (Option<Page>, Focus)| {
        let topics = page.map_or_else(Vec::new, |page| page.topics(&focus));
        let worst = use_worst_age(topics);
        view! {
            <span class="strip-fact" data-field="page.worst_age">
                <span class="label">"Data"</span>
                {move || worst.get().map_or("–".to_owned(), format::age)}
            </span>
        }
    };
    keyed(key, build)
}

fn use_worst_age(topics: Vec<Topic>) -> Signal<Option<i64>> {
    let Some(source) = use_source() else {
        return Signal::stored(None);
    };
    let source = source.0;
    let now = source.now();
    let rates = source.boot().client.clone();
    let timed: Vec<Topic> = topics
        .into_iter()
        .filter(|topic| rates.budget_ms(topic.stream()) > 0)
        .collect();
    let cells: Vec<_> = timed.iter().map(|topic| source.acquire(topic)).collect();
    on_cleanup(move || timed.iter().for_each(|topic| source.release(topic)));
    Memo::new(move |_| {
        let now = now.get()?;
        cells
            .iter()
            .filter_map(|cell| cell.with(|replica| replica.t_received))
            .map(|received| (now.since(received) / 1_000).max(0))
            .max()
    })
    .into()
}

#[component]
fn RoundTrip() -> impl IntoView {
    let stats = use_connection().stats;
    let text = move || {
        stats
            .with(|stats| stats.round_trip_ms)
            .map_or("–".to_owned(), |ms| {
                format!("{} ms", format::float(ms, 0))
            })
    };
    view! {
        <span class="strip-fact" data-field="connection.round_trip" title="There and back, measured">
            <span class="label">"Round trip"</span>
            {text}
        </span>
    }
    .into_any()
}

/// UTC or the reader's own zone.
#[component]
fn ZoneSwitch() -> impl IntoView {
    let clock = use_clock();
    view! {
        <button
            type="button"
            class="switch needs-script"
            data-switch="zone"
            aria-pressed=move || clock.is_local().to_string()
            title="Times in UTC or in your own zone"
            on:click=move |_| clock.set_local(!clock.is_local())
        >
            {move || if clock.is_local() { "Local" } else { "UTC" }}
        </button>
    }
    .into_any()
}

/// What must be said before any figure: the machine has a problem.
#[component]
pub fn Problems() -> impl IntoView {
    let health = use_health();
    let problems = Memo::new(move |_| {
        health.value.with(|health| {
            let health = health.as_ref().filter(|health| !health.ready)?;
            let known = health.problems.clone();
            Some(if known.is_empty() {
                vec!["Not ready".to_owned()]
            } else {
                known
            })
        })
    });
    move || {
        problems.get().map(|problems| {
            let items: Vec<_> = problems
                .into_iter()
                .map(|problem| view! { <li>{problem}</li> })
                .collect();
            view! {
                <div class="problems" role="alert" data-field="health.problems">
                    <strong>"Not ready"</strong>
                    <ul>{items}</ul>
                </div>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_connection_names_each_late_stream_once() {
        let late = ["market:BTCUSDT", "market:ETHUSDT", "health"]
            .map(|topic| topic.parse().unwrap())
            .to_vec();
        let (name, sign, _, detail) = said(&ConnectionState::Degraded { late });
        assert_eq!((name, sign), ("degraded", "◐"));
        assert_eq!(detail.as_deref(), Some("late: health, market"));
    }

    #[test]
    fn reconnecting_counts_down() {
        let state = ConnectionState::Reconnecting {
            attempt: 3,
            next_in_s: 4,
        };
        assert_eq!(said(&state).3.as_deref(), Some("attempt 3, next in 4 s"));
    }
}
