//! What a model saw, and what each of it moved its answer by.

use leptos::prelude::*;

use super::{largest, lean, number};
use crate::app::format;
use crate::domain::{Decision, Direction, Feature};

/// As near as the sum must come to what the decision states.
const CLOSE: f64 = 1e-6;

pub fn inputs(decision: &Decision) -> AnyView {
    let mut features = decision.features.clone();
    features.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    let most = largest(
        features
            .iter()
            .map(|feature| feature.contribution)
            .chain(decision.bias),
    );
    let is_empty = features.is_empty();
    let bias = decision.bias.map(|bias| {
        row(
            "bias".to_owned(),
            None,
            bias,
            most,
            "before any input speaks",
        )
    });
    let rows: Vec<_> = features
        .into_iter()
        .map(
            |Feature {
                 name,
                 value,
                 contribution,
             }| row(name, Some(value), contribution, most, ""),
        )
        .collect();
    if is_empty && bias.is_none() {
        return view! { <p class="absent">"The model told no inputs."</p> }.into_any();
    }
    let (check, verdict) = check(decision);
    view! {
        <div class="scroll" role="region" aria-label="Inputs of the model" tabindex="0">
            <table class="inputs">
                <thead>
                    <tr>
                        <th scope="col">"Input"</th>
                        <th scope="col" class="num">"Value"</th>
                        <th scope="col" class="wide-bar">"Moves up by"</th>
                        <th scope="col" class="num">"Log-odds"</th>
                    </tr>
                </thead>
                <tbody>{rows} {bias}</tbody>
            </table>
        </div>
        <p class="sum-check" data-check=verdict>{check}</p>
    }
    .into_any()
}

fn row(
    name: String,
    value: Option<f64>,
    contribution: f64,
    most: f64,
    title: &'static str,
) -> AnyView {
    let value = match value {
        Some(value) => number(Some(value), |value| format::float(value, 4)),
        None => view! { <td class="num quiet" title=title>"–"</td> }.into_any(),
    };
    let tone = if contribution < 0.0 {
        "num down"
    } else {
        "num up"
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            {value}
            <td class="wide-bar">{lean(contribution / most)}</td>
            <td class=tone data-value=contribution.to_string()>{signed(contribution)}</td>
        </tr>
    }
    .into_any()
}

fn signed(value: f64) -> String {
    let text = format::float(value, 4);
    if text.starts_with('−') {
        text
    } else {
        format!("+{text}")
    }
}

/// Whether the inputs add up to what the decision states, in words and in one.
fn check(decision: &Decision) -> (String, &'static str) {
    let parts = decision.features.iter().map(|feature| feature.contribution);
    let sum: f64 = parts.sum::<f64>() + decision.bias.unwrap_or_default();
    let up = 1.0 / (1.0 + (-sum).exp());
    let stated = match decision.direction {
        Direction::Up => decision.confidence,
        Direction::Down => 1.0 - decision.confidence,
        Direction::Flat => f64::NAN,
    };
    let sum_words = format!(
        "Sum = log-odds of up {} → probability of up {}",
        signed(sum),
        format::float(up, 4)
    );
    if stated.is_nan() {
        return (
            format!("{sum_words}. A flat decision states neither."),
            "none",
        );
    }
    let said = format!(
        "{} states {} for {}",
        decision.model,
        format::float(decision.confidence, 4),
        decision.direction.as_str()
    );
    if (up - stated).abs() <= CLOSE {
        (format!("✓ {sum_words}; {said}: the same."), "agrees")
    } else if decision.bias.is_some() {
        (format!("✕ {sum_words}; {said}: not the same."), "differs")
    } else {
        (
            format!("{sum_words}; {said}. It tells no bias, so they need not be the same."),
            "none",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn the_sum_is_held_against_what_is_stated() {
        let mut decision = made_up::decision();
        assert_eq!(check(&decision).1, "agrees", "{}", check(&decision).0);
        decision.direction = Direction::Down;
        assert_eq!(check(&decision).1, "differs");
        decision.bias = None;
        assert_eq!(check(&decision).1, "none");
        decision.direction = Direction::Flat;
        assert!(check(&decision).0.contains("neither"));
    }
}
