//! How the machine itself is.

use leptos::prelude::*;

use crate::app::format;
use crate::app::live::Live;
use crate::app::widgets::{Fact, Figure, Reading, Tone};
use crate::domain::Health;
use crate::domain::health::{FeedState, Latency};

/// In a few lines, for the overview.
#[component]
pub fn HealthSummary(health: Live<Health>) -> impl IntoView {
    view! {
        <p>
            <Figure live=health field="health.ready" class="verdict" read=verdict />
        </p>
        <dl class="facts">
            <Fact live=health name="Feed" field="health.feed.state" read=feed_state />
            <Fact live=health name="Journal" field="health.journal.writable" read=journal />
            <Fact
                live=health
                name="Received → published, p99"
                field="health.received_to_published.p99_us"
                read=|h: &Health| delay(h.received_to_published.p99_us)
            />
            <Fact live=health name="Seq" field="health.seq" read=|h: &Health| Reading::count(h.seq.0) />
        </dl>
    }
}

pub fn verdict(health: &Health) -> Reading {
    if health.ready {
        Reading::text("✓ All that must work does").toned(Tone::Good)
    } else {
        Reading::text("✕ Not ready").toned(Tone::Bad)
    }
}

pub fn feed_state(health: &Health) -> Reading {
    let (word, tone) = match health.feed.state {
        FeedState::Recovering => ("recovering", Tone::Warn),
        FeedState::Running => ("running", Tone::Good),
        FeedState::Ended => ("ended", Tone::Quiet),
        FeedState::Halted => ("halted", Tone::Bad),
    };
    Reading::text(format!("{} {word}", health.feed.name)).toned(tone)
}

pub fn journal(health: &Health) -> Reading {
    if health.journal.writable {
        Reading::text("writable").toned(Tone::Good)
    } else {
        Reading::text("not writable").toned(Tone::Bad)
    }
}

pub fn delay(us: Option<u64>) -> Reading {
    match us {
        Some(us) => Reading {
            text: format::micros(us),
            ..Reading::count(us)
        },
        None => Reading::undefined(),
    }
}

/// One delay by its percentiles.
pub fn percentiles(latency: Latency) -> [Reading; 3] {
    [latency.p50_us, latency.p95_us, latency.p99_us].map(delay)
}
