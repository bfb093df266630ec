//! A model's word over time, and what following it earned by how sure it was.

use leptos::prelude::*;

use super::reliability::range;
use super::{largest, lean, number};
use crate::app::chart;
use crate::app::format;
use crate::app::widgets::Plot;
use crate::domain::Score;
use crate::domain::score::POINT_SIZE;

pub fn over_time(score: &Score) -> AnyView {
    let Some(plot) = chart::history(&score.history) else {
        let words = format!("Not yet: a point is made of {POINT_SIZE} resolved decisions.");
        return view! { <p class="absent">{words}</p> }.into_any();
    };
    let caption = format!("{POINT_SIZE} resolved decisions a point, UTC");
    view! {
        <figure class="series history">
            <Plot words=plot.words levels=plot.levels times=plot.times>
                <polyline class="promised" points=plot.confidence></polyline>
                <polyline class="line" points=plot.hit_rate></polyline>
            </Plot>
            <figcaption>
                <span class="key key-line">"Share that was right"</span>
                <span class="key key-promised">"Mean confidence"</span>
                <span>{caption}</span>
            </figcaption>
        </figure>
    }
    .into_any()
}

pub fn buckets(score: &Score) -> AnyView {
    let most = largest(score.bins.iter().filter_map(|bin| bin.mean_return));
    let rows: Vec<_> = score
        .bins
        .iter()
        .enumerate()
        .filter(|(_, bin)| bin.n > 0)
        .map(|(place, bin)| {
            let mean = bin.mean_return.unwrap_or_default();
            view! {
                <tr>
                    <th scope="row">{range(place)}</th>
                    <td class="num" data-value=bin.n.to_string()>{format::count(bin.n)}</td>
                    {number(bin.mean_return, |value| format!("{} bp", format::float(value * 1e4, 2)))}
                    <td class="wide-bar">{lean(mean / most)}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <div class="scroll" role="region" aria-label="Return by confidence" tabindex="0">
            <table class="inputs">
                <thead>
                    <tr>
                        <th scope="col">"Confidence"</th>
                        <th scope="col" class="num">"n"</th>
                        <th scope="col" class="num">"Mean return"</th>
                        <th scope="col" class="wide-bar">"Lost or earned"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <p class="note">"In the direction of the decision, before fees; 1 bp is 0.01 %."</p>
    }
    .into_any()
}
