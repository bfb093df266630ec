//! All models with their scores; each can be unfolded by symbol and horizon.

use leptos::prelude::*;

use super::models::address;
use super::number;
use crate::app::format;
use crate::domain::score::ENOUGH;
use crate::domain::{ModelId, ModelState, Models, Score, ScoreId, Seq};

pub fn leaderboard(
    models: &Models,
    totals: &[&Score],
    open: Option<&ModelId>,
    seq: Seq,
) -> AnyView {
    let mut names: Vec<&ModelId> = models.models.iter().map(|state| &state.model).collect();
    for score in totals {
        if !names.contains(&&score.model) {
            names.push(&score.model);
        }
    }
    if names.is_empty() {
        return view! {
            <p class="absent">"No model has decided yet. No decision has been resolved yet."</p>
        }
        .into_any();
    }
    let bodies: Vec<_> = names
        .into_iter()
        .map(|name| {
            let state = models.models.iter().find(|state| state.model == *name);
            let total = totals.iter().find(|score| score.model == *name).copied();
            body(models, name, state, total, open)
        })
        .collect();
    let unscored = (models.unscored > 0).then(|| {
        let words = format!(
            "{} decisions more are of combinations of model, symbol and horizon beyond those that are scored.",
            format::count(models.unscored)
        );
        view! { <p class="note">{words}</p> }
    });
    view! {
        <div class="scroll" role="region" aria-label="Leaderboard" tabindex="0">
            <table class="board" data-seq=seq.to_string()>
                <thead>{head("Model")}</thead>
                {bodies}
            </table>
        </div>
        <p class="note">
            "Of resolved decisions. Hit rate with its Wilson 95 % band; Brier = mean (p − o)² and log loss, both the smaller the better (a coin has 0.25 and 0.693); ECE: how far confidence is from the share that was right; return in the decisions' own direction."
        </p>
        {unscored}
    }
    .into_any()
}

fn head(first: &'static str) -> AnyView {
    view! {
        <tr>
            <th scope="col">{first}</th>
            <th scope="col" class="num">"n"</th>
            <th scope="col" class="num">"Hit rate"</th>
            <th scope="col" class="wide-bar">"0 to 100 %"</th>
            <th scope="col" class="num">"Brier"</th>
            <th scope="col" class="num">"Log loss"</th>
            <th scope="col" class="num">"ECE"</th>
            <th scope="col" class="num">"Mean return"</th>
            <th scope="col" class="num">"Pending"</th>
        </tr>
    }
    .into_any()
}

fn body(
    models: &Models,
    name: &ModelId,
    state: Option<&ModelState>,
    total: Option<&Score>,
    open: Option<&ModelId>,
) -> AnyView {
    let href = address(&models.bot, name);
    let current = (open == Some(name)).then_some("true");
    let about = state
        .map(|state| state.about.clone())
        .filter(|about| !about.is_empty());
    let fault = state.and_then(|state| state.fault.clone()).map(|why| {
        view! { <p class="bad" data-fault=name.to_string()>"✕ Switched off: " {why}</p> }
    });
    let cells = total.map_or_else(|| too_few(0, 0), cells_of);
    let parts: Vec<_> = models
        .scores
        .iter()
        .filter(|(id, score)| score.model == *name && **id != ScoreId::total(name))
        .map(|(id, score)| {
            let of = [
                score.symbol.as_ref().map(ToString::to_string),
                score.horizon.map(|horizon| horizon.to_string()),
            ];
            let of = of.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            view! {
                <tr data-id=id.to_string()>
                    <th scope="row">{of}</th>
                    {cells_of(score)}
                </tr>
            }
        })
        .collect();
    let has_parts = !parts.is_empty();
    let unfolded = has_parts.then(|| {
        view! {
            <tr>
                <td colspan="9" class="unfolds">
                    <details class="as-table">
                        <summary>"By symbol and horizon"</summary>
                        <table>
                            <thead>{head("Symbol · horizon")}</thead>
                            <tbody>{parts}</tbody>
                        </table>
                    </details>
                </td>
            </tr>
        }
    });
    view! {
        <tbody data-id=name.to_string()>
            <tr class="total">
                <th scope="row">
                    <a href=href aria-current=current data-noscroll="true">
                        {name.to_string()}
                    </a>
                    <p class="quiet about">{about}</p>
                    {fault}
                </th>
                {cells}
            </tr>
            {unfolded}
        </tbody>
    }
    .into_any()
}

fn cells_of(score: &Score) -> AnyView {
    if score.n < ENOUGH {
        return too_few(score.n, score.pending);
    }
    view! {
        <td class="num" data-value=score.n.to_string()>{format::count(score.n)}</td>
        {number(score.hit_rate, format::fraction)}
        <td class="wide-bar">{band(score)}</td>
        {number(score.brier, |value| format::float(value, 4))}
        {number(score.log_loss, |value| format::float(value, 4))}
        {number(score.ece, |value| format::float(value, 4))}
        {number(score.mean_return, format::signed_fraction)}
        <td class="num" data-value=score.pending.to_string()>{format::count(score.pending)}</td>
    }
    .into_any()
}

/// Below so many a figure would say nothing.
fn too_few(n: u64, pending: u64) -> AnyView {
    let words = match n {
        0 => "No decision has been resolved yet.".to_owned(),
        n => format!("n too small ({n} of {ENOUGH})"),
    };
    view! {
        <td class="num" data-value=n.to_string()>{format::count(n)}</td>
        <td colspan="6" class="quiet">{words}</td>
        <td class="num" data-value=pending.to_string()>{format::count(pending)}</td>
    }
    .into_any()
}

/// The Wilson band with the hit rate in it, against the half that a coin gets right.
fn band(score: &Score) -> AnyView {
    let percent = |value: Option<f64>| value.unwrap_or_default().clamp(0.0, 1.0) * 100.0;
    let (low, high) = (percent(score.low), percent(score.high));
    let at = percent(score.hit_rate);
    let words = format!(
        "95 % band {} to {} %",
        format::float(low, 1),
        format::float(high, 1)
    );
    view! {
        <svg class="bar band" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label=words>
            <rect class="bar-track" width="100" height="6"></rect>
            <rect
                class="band-range"
                x=format!("{low:.1}")
                width=format!("{:.1}", (high - low).max(0.5))
                height="6"
            ></rect>
            <rect class="bar-mark" x="49.75" width="0.5" height="6"></rect>
            <rect class="bar-fill" x=format!("{:.1}", at - 0.75) width="1.5" height="6"></rect>
        </svg>
    }
    .into_any()
}
