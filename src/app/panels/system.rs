//! How the machine itself is.

use leptos::prelude::*;

use crate::app::clock::use_clock;
use crate::app::format;
use crate::app::live::{Live, use_connection};
use crate::app::widgets::{Fact, Figure, Reading, Tone};
use crate::domain::health::{FeedState, Latency, LinkHealth, LinkState};
use crate::domain::{Health, Mode};

/// In a few lines.
#[component]
pub fn HealthSummary(health: Live<Health>) -> impl IntoView {
    let problems = Memo::new(move |_| {
        health
            .value
            .with(|h| h.as_ref().map(|h| h.problems.clone()).unwrap_or_default())
    });
    view! {
        <p>
            <Figure live=health field="health.ready" class="verdict" read=verdict />
        </p>
        <ul class="bad">
            {move || problems.get().into_iter().map(|p| view! { <li>{p}</li> }).collect_view()}
        </ul>
        <dl class="facts">
            <Fact live=health name="Feed" field="health.feed.state" read=feed_state />
            <Fact live=health name="Journal" field="health.journal.writable" read=journal />
            <Fact live=health name="Received → published, p99" field="health.received_to_published.p99_us" read=|h: &Health| delay(h.received_to_published.p99_us) />
            <Fact live=health name="Seq" field="health.seq" read=|h: &Health| Reading::count(h.seq.0) />
        </dl>
    }
    .into_any()
}

fn verdict(health: &Health) -> Reading {
    if health.ready {
        Reading::text("✓ Ready").toned(Tone::Good)
    } else {
        Reading::text("✕ Not ready").toned(Tone::Bad)
    }
}

fn feed_state(health: &Health) -> Reading {
    let (word, tone) = match health.feed.state {
        FeedState::Recovering => ("recovering", Tone::Warn),
        FeedState::Warming => ("warming up", Tone::Warn),
        FeedState::Running => ("running", Tone::Good),
        FeedState::Ended => ("ended", Tone::Quiet),
        FeedState::Halted => ("halted", Tone::Bad),
    };
    Reading::text(format!("{} {word}", health.feed.name)).toned(tone)
}

fn journal(health: &Health) -> Reading {
    if health.journal.writable {
        Reading::text("writable").toned(Tone::Good)
    } else {
        Reading::text("not writable").toned(Tone::Bad)
    }
}

fn delay(us: Option<u64>) -> Reading {
    match us {
        Some(us) => Reading {
            text: format::micros(us),
            ..Reading::count(us)
        },
        None => Reading::undefined(),
    }
}

fn bytes(size: u64) -> Reading {
    Reading {
        text: format::bytes(size),
        ..Reading::count(size)
    }
}

/// A text that may be missing.
fn words(text: Option<&str>) -> Reading {
    match text {
        Some(text) => Reading::text(text).toned(Tone::Bad),
        None => Reading::text("none").toned(Tone::Quiet),
    }
}

#[component]
pub fn FeedFacts(health: Live<Health>) -> impl IntoView {
    let clock = use_clock();
    let speed = |h: &Health| match h.feed.speed {
        Some(speed) => Reading::float(Some(speed), |v| format!("{} ×", format::float(v, 1))),
        None => Reading::text("as fast as it goes"),
    };
    let market_time = move |h: &Health| match h.feed.market_time {
        Some(time) => Reading::text(clock.date_time(time)),
        None => Reading::undefined(),
    };
    view! {
        {move || {
            let is_simulated = health.value.with(|h| h.as_ref().is_some_and(|h| h.mode == Mode::Sim));
            is_simulated
                .then(|| {
                    view! {
                        <p class="note">
                            "These prices are simulated. For Binance's live prices, start it with "
                            <code>"make run FEED=binance"</code>"."
                        </p>
                    }
                })
        }}
        <dl class="facts">
            <Fact live=health name="State" field="health.feed" read=feed_state />
            <Fact live=health name="Market time" field="health.feed.market_time" read=market_time />
            <Fact live=health name="Speed" field="health.feed.speed" read=speed />
            <Fact live=health name="Rows" field="health.feed.rows" read=|h: &Health| Reading::count(h.feed.rows) />
            <Fact live=health name="Rejected rows" field="health.feed.rejected_rows" read=|h: &Health| Reading::count(h.feed.rejected_rows).toned(if h.feed.rejected_rows > 0 { Tone::Warn } else { Tone::Plain }) />
            <Fact live=health name="Symbols" field="health.feed.symbols" read=|h: &Health| Reading::count(h.feed.symbols.len() as u64) />
            <Fact live=health name="Problem" field="health.feed.problem" read=|h: &Health| words(h.feed.problem.as_deref()) />
        </dl>
    }
    .into_any()
}

/// How a live feed is connected; nothing of any other.
#[component]
pub fn LinkFacts(health: Live<Health>) -> impl IntoView {
    let is_live = Memo::new(move |_| {
        let is_live = |h: &Health| h.feed.link.is_some();
        health.value.with(|h| h.as_ref().is_some_and(is_live))
    });
    move || {
        is_live.get().then(|| {
            view! {
                <dl class="facts">
                    <Fact live=health name="Connection" field="health.feed.link.state" read=link_state />
                    <Fact live=health name="Last message" field="health.feed.link.last_message_age_ms" read=|h: &Health| last_message(h) />
                    <Fact live=health name="Messages" field="health.feed.link.messages_per_s" read=|h: &Health| of_link(h, |l| Reading::float(Some(l.messages_per_s), |v| format!("{} /s", format::float(v, 1)))) />
                    <Fact live=health name="Reconnects" field="health.feed.link.reconnects" read=|h: &Health| of_link(h, |l| Reading::count(l.reconnects)) />
                    <Fact live=health name="Gaps" field="health.feed.link.gaps" read=|h: &Health| of_link(h, |l| warned(l.gaps)) />
                    <Fact live=health name="Gaps backfilled" field="health.feed.link.healed" read=|h: &Health| of_link(h, |l| Reading::count(l.healed)) />
                    <Fact live=health name="Book snapshots" field="health.feed.link.snapshots" read=|h: &Health| of_link(h, |l| Reading::count(l.snapshots)) />
                    <Fact live=health name="Bad messages" field="health.feed.link.bad_messages" read=|h: &Health| of_link(h, |l| warned(l.bad_messages)) />
                    <Fact live=health name="Late items" field="health.feed.link.late" read=|h: &Health| of_link(h, |l| Reading::count(l.late)) />
                    <Fact live=health name="Last trouble" field="health.feed.link.problem" read=|h: &Health| of_link(h, |l| words(l.problem.as_deref())) />
                </dl>
            }
            .into_any()
        })
    }
}

fn of_link(health: &Health, read: impl Fn(&LinkHealth) -> Reading) -> Reading {
    health
        .feed
        .link
        .as_ref()
        .map_or_else(Reading::undefined, read)
}

fn link_state(health: &Health) -> Reading {
    of_link(health, |link| {
        let (word, tone) = match link.state {
            LinkState::Connecting => ("connecting", Tone::Warn),
            LinkState::Connected => ("connected", Tone::Good),
            LinkState::Backfilling => ("fetching missed trades", Tone::Warn),
            LinkState::Reconnecting => ("reconnecting", Tone::Bad),
        };
        let text = match link.attempt {
            0 => word.to_owned(),
            attempt => format!("{word}, attempt {attempt}"),
        };
        Reading::text(text).toned(tone)
    })
}

fn last_message(health: &Health) -> Reading {
    of_link(health, |link| match link.last_message_age_ms {
        Some(age) => Reading {
            text: format::age(age.cast_signed()),
            ..Reading::count(age)
        },
        None => Reading::undefined(),
    })
}

/// A count that should be zero.
fn warned(count: u64) -> Reading {
    Reading::count(count).toned(if count > 0 { Tone::Warn } else { Tone::Plain })
}

#[component]
pub fn JournalFacts(health: Live<Health>) -> impl IntoView {
    let clock = use_clock();
    let since = move |h: &Health| match h.journal.unwritable_since {
        Some(time) => Reading::text(clock.date_time(time)).toned(Tone::Bad),
        None => Reading::text("never").toned(Tone::Quiet),
    };
    view! {
        <dl class="facts">
            <Fact live=health name="State" field="health.journal" read=journal />
            <Fact live=health name="Events" field="health.journal.events" read=|h: &Health| Reading::count(h.journal.events) />
            <Fact live=health name="Size" field="health.journal.size_bytes" read=|h: &Health| bytes(h.journal.size_bytes) />
            <Fact live=health name="Unwritable since" field="health.journal.unwritable_since" read=since />
            <Fact live=health name="Retries" field="health.journal.retries" read=|h: &Health| Reading::count(h.journal.retries) />
            <Fact live=health name="Problem" field="health.journal.problem" read=|h: &Health| words(h.journal.problem.as_deref()) />
        </dl>
    }
    .into_any()
}

#[component]
pub fn ProcessFacts(health: Live<Health>) -> impl IntoView {
    let stats = use_connection().stats;
    let cpu = |h: &Health| {
        let percent = h.process.cpu_percent.map(f64::from);
        Reading::float(percent, |v| format!("{} %", format::float(v, 1)))
    };
    let memory = |h: &Health| {
        h.process
            .resident_bytes
            .map_or_else(Reading::undefined, bytes)
    };
    let uptime = |h: &Health| Reading {
        text: format::duration_s(h.process.uptime_s as f64),
        ..Reading::count(h.process.uptime_s)
    };
    view! {
        <dl class="facts">
            <Fact live=health name="CPU (of one core)" field="health.process.cpu_percent" read=cpu />
            <Fact live=health name="Memory" field="health.process.resident_bytes" read=memory />
            <Fact live=health name="Up for" field="health.process.uptime_s" read=uptime />
            <Fact live=health name="Version" field="health.process.version" read=|h: &Health| Reading::text(h.process.version.clone()) />
            <Fact live=health name="Clients" field="health.clients" read=|h: &Health| Reading::count(h.clients) />
            <Fact live=health name="Pushes" field="health.pushes" read=|h: &Health| Reading::count(h.pushes) />
            <div class="fact">
                <dt>"Messages to this page"</dt>
                <dd>{move || stats.with(|s| format!("{} /s", format::float(s.messages_per_s, 1)))}</dd>
            </div>
            <div class="fact">
                <dt>"Reconnects of this page"</dt>
                <dd>{move || stats.with(|s| s.reconnects.to_string())}</dd>
            </div>
        </dl>
    }
    .into_any()
}

/// The percentiles of what the server measures of itself, over the last minute.
#[component]
pub fn LatencyTable(health: Live<Health>) -> impl IntoView {
    let row = |name: &'static str, field: [&'static str; 3], read: fn(&Health) -> Latency| {
        let [p50, p95, p99] = field;
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="num">
                    <Figure live=health field=p50 read=move |h: &Health| delay(read(h).p50_us) />
                </td>
                <td class="num">
                    <Figure live=health field=p95 read=move |h: &Health| delay(read(h).p95_us) />
                </td>
                <td class="num">
                    <Figure live=health field=p99 read=move |h: &Health| delay(read(h).p99_us) />
                </td>
            </tr>
        }
    };
    view! {
        <div class="scroll" role="region" aria-label="Delays" tabindex="0">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"From its arrival to"</th>
                        <th scope="col" class="num">"p50"</th>
                        <th scope="col" class="num">"p95"</th>
                        <th scope="col" class="num">"p99"</th>
                    </tr>
                </thead>
                <tbody>
                    {row(
                        "the journal",
                        ["latency.journalled.p50", "latency.journalled.p95", "latency.journalled.p99"],
                        |h| h.received_to_journalled,
                    )}
                    {row(
                        "publication",
                        ["latency.published.p50", "latency.published.p95", "latency.published.p99"],
                        |h| h.received_to_published,
                    )}
                </tbody>
            </table>
        </div>
        <p class="note">
            "Measured over the last minute, n = "
            <Figure
                live=health
                field="latency.published.n"
                read=|h: &Health| Reading::count(h.received_to_published.n)
            />
        </p>
    }
    .into_any()
}
