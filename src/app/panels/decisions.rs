//! What the bot expected, why, how sure it was, and what came of it.

use leptos::prelude::*;

use crate::app::clock::{Clock, use_clock};
use crate::app::format;
use crate::app::live::{Live, use_health};
use crate::app::nav::{Links, use_links};
use crate::app::widgets::{Absent, Bar, Figure, Reading, Tone};
use crate::domain::time::SECOND;
use crate::domain::{Action, Decision, Direction, Feature, Outcome, Performance, TimeUs, score};

/// The features with the most weight that are listed.
const TOP_FEATURES: usize = 8;

/// The newest decisions. `brief` is one line each; else each can be opened.
#[component]
pub fn DecisionList(
    decisions: Live<Vec<Decision>>,
    slots: usize,
    #[prop(optional)] brief: bool,
) -> impl IntoView {
    let known = Memo::new(move |_| {
        decisions
            .value
            .with(|rows| rows.as_ref().map(|rows| !rows.is_empty()))
    });
    let (clock, links) = (use_clock(), use_links());
    // The market's time, never the wall's: a replay's decisions are judged in the replay's time.
    let health = use_health().value;
    let now = Memo::new(move |_| health.with(|health| health.as_ref()?.feed.market_time));
    let items: Vec<_> = (0..slots)
        .map(|place| {
            let row = Memo::new(move |_| {
                decisions
                    .value
                    .with(|rows| rows.as_ref().and_then(|rows| rows.get(place).cloned()))
            });
            let is_there = Memo::new(move |_| row.with(Option::is_some));
            move || is_there.get().then(|| item(row, brief, clock, links, now))
        })
        .collect();
    view! {
        <ol class="decisions" class:brief=brief class:stale=move || decisions.stale.get()>
            {items}
        </ol>
        {move || match known.get() {
            None => Some(view! { <Absent /> }.into_any()),
            Some(false) => Some(view! { <p class="absent">"No decision yet."</p> }.into_any()),
            Some(true) => None,
        }}
    }
    .into_any()
}

/// Reads a part of a slot's decision; nothing where the slot has just been emptied.
fn part<V: Default>(row: Memo<Option<Decision>>, read: impl Fn(&Decision) -> V) -> V {
    row.with(|row| row.as_ref().map(read).unwrap_or_default())
}

fn item(
    row: Memo<Option<Decision>>,
    brief: bool,
    clock: Clock,
    links: Links,
    now: Memo<Option<TimeUs>>,
) -> impl IntoView {
    let id = Memo::new(move |_| part(row, |d| d.id.to_string()));
    let direction = move || part(row, |d| direction(d.direction));
    let outcome = Memo::new(move |_| part(row, |d| outcome(d, now)));
    view! {
        // A brief list must not take the addresses of the full one's items.
        <li class="decision" id=move || (!brief).then(|| id.get()) data-id=move || id.get()>
            <div class="decision-line">
                <span class=move || format!("direction {}", direction().tone.class())>
                    {move || direction().text}
                </span>
                <a class="decision-symbol" href=move || links.to_decision(&id.get())>
                    {move || part(row, |d| d.symbol.to_string())}
                </a>
                <span class="confidence">
                    <Bar share=Signal::derive(move || part(row, |d| d.confidence)) halved=true />
                    <span class="num" data-field="decision.confidence">
                        {move || part(row, |d| format!("{} %", format::float(d.confidence * 100.0, 0)))}
                    </span>
                </span>
                <span class="horizon" title="Horizon">
                    {move || part(row, |d| d.horizon.to_string())}
                </span>
                <span
                    class=move || format!("outcome {}", outcome.with(|o| o.tone.class()))
                    data-outcome=move || part(row, |d| d.outcome.as_str())
                    title=move || outcome.with(|o| o.title.clone())
                >
                    {move || outcome.with(|o| o.text.clone())}
                </span>
                <time class="when">{move || part(row, |d| clock.time_of_day(d.made_at))}</time>
            </div>
            {(!brief).then(|| details(row, clock))}
        </li>
    }
    .into_any()
}

/// What there is to say beyond the one line.
fn details(row: Memo<Option<Decision>>, clock: Clock) -> impl IntoView {
    let features = Memo::new(move |_| part(row, |d| strongest(&d.features)));
    let weights = move || {
        let features = features.get();
        let most = features
            .iter()
            .map(|f| f.contribution.abs())
            .fold(0.0, f64::max);
        features
            .into_iter()
            .map(|feature| weight(feature, most))
            .collect_view()
    };
    view! {
        <p class="decision-facts">
            {move || part(row, |d| facts(d, clock))} <strong>{move || part(row, |d| action(&d.action))}</strong>
        </p>
        <details>
            <summary>"Why"</summary>
            <p class="reasoning">{move || part(row, reasoning)}</p>
            <dl class="weights">{weights}</dl>
        </details>
    }
    .into_any()
}

fn weight(feature: Feature, most: f64) -> impl IntoView {
    let tone = if feature.contribution < 0.0 {
        "down"
    } else {
        "up"
    };
    let share = if most > 0.0 {
        feature.contribution.abs() / most
    } else {
        0.0
    };
    let sign = if feature.contribution > 0.0 { "+" } else { "" };
    view! {
        <div class="weight">
            <dt>{feature.name} " = " {format::float(feature.value, 4)}</dt>
            <dd>
                <Bar share=Signal::stored(share) class=tone />
                <span class=format!("num {tone}")>
                    {sign} {format::float(feature.contribution, 3)}
                </span>
            </dd>
        </div>
    }
    .into_any()
}

/// The features with the most weight, most first.
fn strongest(features: &[Feature]) -> Vec<Feature> {
    let mut features = features.to_vec();
    features.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    features.truncate(TOP_FEATURES);
    features
}

fn direction(direction: Direction) -> Reading {
    match direction {
        Direction::Up => Reading::text("▲ up").toned(Tone::Up),
        Direction::Down => Reading::text("▼ down").toned(Tone::Down),
        Direction::Flat => Reading::text("▬ flat").toned(Tone::Quiet),
    }
}

/// What came of it; while it is pending, how long that takes.
fn outcome(decision: &Decision, now: Memo<Option<TimeUs>>) -> Reading {
    match decision.outcome {
        Outcome::Pending => countdown(decision, now.get()),
        Outcome::Correct => Reading::text("✓ correct").toned(Tone::Good),
        Outcome::Incorrect => Reading::text("✕ wrong").toned(Tone::Bad),
        Outcome::Unresolvable => Reading::text("unresolvable").toned(Tone::Warn),
    }
}

fn countdown(decision: &Decision, now: Option<TimeUs>) -> Reading {
    let left = now.map(|now| decision.resolves_at.since(now) / SECOND);
    let text = match left {
        None => "pending".to_owned(),
        Some(..=0) => "due".to_owned(),
        // To the second, also where few are left: it counts down evenly.
        Some(left @ ..=9) => format!("in {left} s"),
        Some(left) => format!("in {}", format::duration_s(left as f64)),
    };
    Reading::text(text).toned(Tone::Quiet).titled("Pending")
}

fn action(action: &Action) -> String {
    match action {
        Action::Orders(orders) => {
            let ids: Vec<_> = orders.iter().map(ToString::to_string).collect();
            format!("Ordered: {}", ids.join(", "))
        }
        Action::Vetoed { rule } => format!("Vetoed by the rule {rule}"),
        Action::None => "No action".to_owned(),
    }
}

/// When it was made and when it is judged, at which prices, and what came.
fn facts(decision: &Decision, clock: Clock) -> String {
    let mut words = format!(
        "{} · made {}",
        decision.model,
        clock.date_time(decision.made_at)
    );
    if let Some(price) = decision.price_at {
        words += &format!(" at {}", format::price(price));
    }
    if let Some(target) = decision.price_target {
        words += &format!(", target {}", format::price(target));
    }
    let verb = if decision.outcome == Outcome::Pending {
        "resolves"
    } else {
        "resolved"
    };
    let at = decision.resolved_at.unwrap_or(decision.resolves_at);
    words += &format!(" · {verb} {}", clock.date_time(at));
    if let Some(realised) = decision.realised_return {
        words += &format!(", return {}", format::signed_fraction(realised));
    }
    words + " · "
}

fn reasoning(decision: &Decision) -> String {
    match decision.reasoning.as_str() {
        "" => "The model gave no words.".to_owned(),
        words => words.to_owned(),
    }
}

/// The share of decisions that were right, with how many were judged.
#[component]
pub fn Accuracy(performance: Live<Performance>) -> impl IntoView {
    view! {
        <p class="large">
            <Figure live=performance field="performance.accuracy" read=accuracy />
        </p>
        <p class="note">
            "n = "
            <Figure
                live=performance
                field="performance.resolved_decisions"
                read=|p: &Performance| Reading::count(p.resolved_decisions)
            /> " resolved decisions, all models and horizons"
        </p>
    }
    .into_any()
}

fn accuracy(performance: &Performance) -> Reading {
    let reading = Reading::float(performance.accuracy, format::fraction);
    if performance.resolved_decisions < score::ENOUGH {
        let exact = reading.exact;
        return Reading {
            exact,
            ..Reading::text("n too small").toned(Tone::Quiet)
        };
    }
    reading
}

/// How the decisions of the list came out, counted.
#[component]
pub fn Tally(decisions: Live<Vec<Decision>>, slots: usize) -> impl IntoView {
    let count = move |which: Outcome| {
        move || {
            decisions.value.with(|rows| {
                let shown = rows.iter().flatten().take(slots);
                format::count(shown.filter(|d| d.outcome == which).count() as u64)
            })
        }
    };
    let entry = |name: &'static str, which: Outcome| {
        view! {
            <div class="fact">
                <dt>{name}</dt>
                <dd>{count(which)}</dd>
            </div>
        }
    };
    view! {
        <dl class="facts" class:stale=move || decisions.stale.get()>
            {entry("Pending", Outcome::Pending)} {entry("Correct", Outcome::Correct)}
            {entry("Wrong", Outcome::Incorrect)} {entry("Unresolvable", Outcome::Unresolvable)}
        </dl>
    }
    .into_any()
}
