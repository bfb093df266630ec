//! The reliability diagram: of the decisions with some confidence, which share was right.

use leptos::prelude::*;

use super::{fact, number};
use crate::app::format;
use crate::domain::score::{BINS, ENOUGH};
use crate::domain::{ConfidenceBin, Score};

/// The square of the diagram within its drawing, and the histogram below it.
const LEFT: f64 = 44.0;
const TOP: f64 = 8.0;
const SIDE: f64 = 340.0;
const BELOW: f64 = TOP + SIDE + 26.0;
const LOW: f64 = 56.0;

fn x(share: f64) -> f64 {
    LEFT + share.clamp(0.0, 1.0) * SIDE
}

fn y(share: f64) -> f64 {
    TOP + (1.0 - share.clamp(0.0, 1.0)) * SIDE
}

pub fn reliability(score: &Score) -> AnyView {
    let most = score
        .bins
        .iter()
        .map(|bin| bin.n)
        .max()
        .unwrap_or_default()
        .max(1) as f64;
    let points: Vec<_> = score
        .bins
        .iter()
        .filter_map(|bin| point(bin, most))
        .collect();
    let bars: Vec<_> = score
        .bins
        .iter()
        .enumerate()
        .filter(|(_, bin)| bin.n > 0)
        .map(|(place, bin)| {
            let height = (bin.n as f64 / most * LOW).max(1.0);
            let left = x(place as f64 / BINS as f64) + 2.0;
            let width = SIDE / BINS as f64 - 4.0;
            let title = format!("{}: n = {}", range(place), format::count(bin.n));
            view! {
                <rect
                    class="count"
                    x=format!("{left:.1}")
                    y=format!("{:.1}", BELOW + LOW - height)
                    width=format!("{width:.1}")
                    height=format!("{height:.1}")
                >
                    <title>{title}</title>
                </rect>
            }
        })
        .collect();
    let ticks: Vec<_> = [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().map(tick).collect();
    let base = format!("M{LEFT} {:.1}h{SIDE}", BELOW + LOW);
    let diagonal = format!("M{:.1} {:.1}L{:.1} {:.1}", x(0.0), y(0.0), x(1.0), y(1.0));
    let small = (score.n < ENOUGH).then(|| {
        let words = format!(
            "n too small ({} of {ENOUGH}): the bands say how little is known.",
            score.n
        );
        view! { <p class="note">{words}</p> }
    });
    view! {
        <figure class="reliability">
            <svg viewBox="0 0 412 460" role="img" aria-labelledby="reliability-title reliability-desc">
                <title id="reliability-title">"Reliability diagram of " {score.model.to_string()}</title>
                <desc id="reliability-desc">{words(score)}</desc>
                {ticks}
                <path class="diagonal" d=diagonal></path>
                {points}
                <path class="rule" d=base></path>
                {bars}
                <text x=format!("{:.1}", LEFT + SIDE) y="453" class="end">"confidence"</text>
                <text x=format!("{LEFT}") y="453">"how many of each (bars)"</text>
            </svg>
            <figcaption>
                <span>"Up: share that was right, with its 95 % band. Right: mean confidence of the bin. A point on the diagonal keeps its word; its size says n."</span>
            </figcaption>
        </figure>
        {small}
        {murphy(score)}
        {table(score)}
    }
    .into_any()
}

fn tick(share: f64) -> AnyView {
    let (across, up) = (x(share), y(share));
    let text = format!("{} %", format::float(share * 100.0, 0));
    let lines = format!("M{LEFT} {up:.1}h{SIDE}M{across:.1} {TOP}v{SIDE}");
    view! {
        <path class="rule" d=lines></path>
        <text x=format!("{:.1}", LEFT - 6.0) y=format!("{:.1}", up + 4.0) class="end">{text.clone()}</text>
        <text x=format!("{across:.1}") y=format!("{:.1}", TOP + SIDE + 16.0) class="middle">{text}</text>
    }
    .into_any()
}

fn point(bin: &ConfidenceBin, most: f64) -> Option<AnyView> {
    let confidence = bin.confidence.filter(|_| bin.n > 0)?;
    let share = bin.hits as f64 / bin.n as f64;
    let across = x(confidence);
    let band = match (bin.low, bin.high) {
        (Some(low), Some(high)) => format!(
            "M{:.1} {:.1}h8M{across:.1} {:.1}V{:.1}M{:.1} {:.1}h8",
            across - 4.0,
            y(high),
            y(high),
            y(low),
            across - 4.0,
            y(low)
        ),
        _ => String::new(),
    };
    let radius = 3.0 + 7.0 * (bin.n as f64 / most).sqrt();
    let title = format!(
        "Mean confidence {}: {} of {} right",
        format::fraction(confidence),
        format::count(bin.hits),
        format::count(bin.n)
    );
    Some(
        view! {
            <path class="error" d=band></path>
            <circle class="point" cx=format!("{across:.1}") cy=format!("{:.1}", y(share)) r=format!("{radius:.1}")>
                <title>{title}</title>
            </circle>
        }
        .into_any(),
    )
}

/// The ends of a bin, the upper one included.
pub fn range(place: usize) -> String {
    let end = |place: usize| format::float(place as f64 * 100.0 / BINS as f64, 0);
    format!("{} to {} %", end(place), end(place + 1))
}

fn words(score: &Score) -> String {
    let bins = score.bins.iter().enumerate().filter(|(_, bin)| bin.n > 0);
    let parts: Vec<_> = bins
        .map(|(place, bin)| {
            let share = bin.hits as f64 / bin.n as f64;
            format!(
                "{}: {} right of {}",
                range(place),
                format::fraction(share),
                format::count(bin.n)
            )
        })
        .collect();
    format!(
        "{} resolved decisions of {} by confidence. {}.",
        format::count(score.n),
        score.model,
        parts.join("; ")
    )
}

/// What the Brier score is made of.
fn murphy(score: &Score) -> AnyView {
    let four = |value: Option<f64>| {
        let text = value.map_or_else(|| format::NONE.to_owned(), |value| format::float(value, 4));
        view! { <span data-value=value.map(|value| value.to_string())>{text}</span> }
    };
    view! {
        <dl class="facts murphy" aria-label="Murphy decomposition of the Brier score">
            {fact("Brier", four(score.brier))}
            {fact("= reliability", four(score.reliability))}
            {fact("− resolution", four(score.resolution))}
            {fact("+ uncertainty", four(score.uncertainty))}
            {fact("+ within bins", four(score.within))}
        </dl>
    }
    .into_any()
}

fn table(score: &Score) -> AnyView {
    let rows: Vec<_> = score
        .bins
        .iter()
        .enumerate()
        .map(|(place, bin)| {
            let share = (bin.n > 0).then(|| bin.hits as f64 / bin.n as f64);
            view! {
                <tr>
                    <th scope="row">{range(place)}</th>
                    <td class="num" data-value=bin.n.to_string()>{format::count(bin.n)}</td>
                    {number(bin.confidence, format::fraction)}
                    {number(share, format::fraction)}
                    {number(bin.low, format::fraction)}
                    {number(bin.high, format::fraction)}
                </tr>
            }
        })
        .collect();
    view! {
        <details class="as-table">
            <summary>"As a table"</summary>
            <div class="scroll" role="region" aria-label="Reliability as a table" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Confidence"</th>
                            <th scope="col" class="num">"n"</th>
                            <th scope="col" class="num">"Mean"</th>
                            <th scope="col" class="num">"Right"</th>
                            <th scope="col" class="num">"Band from"</th>
                            <th scope="col" class="num">"to"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}
