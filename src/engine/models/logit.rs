//! From log-odds to a forecast. The log-odds of "up" are the bias and the contributions, nothing else,
//! so a decision can be checked by adding up what it tells:
//! bias + Σ contribution = ln(p_up / (1 − p_up)).

use super::Forecast;
use crate::domain::{Direction, Feature};

/// Log-odds are never larger than this, by each model's own bounds on its weights: beyond it a
/// confidence, an f64 near 1, would no longer give the log-odds back to 1e-9. Probabilities stay
/// within 1e-6 of 0 and 1.
pub const MAX_LOG_ODDS: f64 = 13.8;
/// So many contributions are told in words.
const TOLD: usize = 3;

/// A feature with its weight: its contribution is value × weight.
pub fn term(name: &str, value: f64, weight: f64) -> Feature {
    Feature {
        name: name.to_owned(),
        value,
        contribution: value * weight,
    }
}

/// The forecast whose log-odds of "up" are the bias and the features' contributions.
pub fn forecast(features: Vec<Feature>, bias: f64, typical_return: f64) -> Forecast {
    let log_odds = bias
        + features
            .iter()
            .map(|feature| feature.contribution)
            .sum::<f64>();
    let direction = if log_odds >= 0.0 {
        Direction::Up
    } else {
        Direction::Down
    };
    // Of the larger side: the smaller one is 1 − confidence, exactly.
    let confidence = sigmoid(log_odds.abs());
    Forecast {
        direction,
        confidence,
        reasoning: reasoning(direction, confidence, &features, bias),
        features,
        bias: Some(bias),
        typical_return,
    }
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// States what was computed: the largest contributions, nothing else.
fn reasoning(direction: Direction, confidence: f64, features: &[Feature], bias: f64) -> String {
    let mut by_weight: Vec<&Feature> = features.iter().collect();
    by_weight.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    let mut parts: Vec<String> = by_weight
        .iter()
        .take(TOLD)
        .map(|feature| {
            format!(
                "{} {:+.2} moves the log-odds by {:+.3}",
                feature.name, feature.value, feature.contribution
            )
        })
        .collect();
    if bias != 0.0 {
        parts.push(format!("bias {bias:+.3}"));
    }
    format!(
        "{} with probability {confidence:.3}: {}",
        direction.as_str(),
        parts.join(", ")
    )
}
