//! The scores as text: a leaderboard of models, and how reliable each one's confidence is.

use std::cmp::Ordering;
use std::fmt::Write as _;

use crate::domain::score::{BINS, ENOUGH};
use crate::domain::{ConfidenceBin, Models, Score};

const TOO_SMALL: &str = "n too small";
/// Basis points of a return of 1.
const BASIS_POINTS: f64 = 10_000.0;

/// All models, then each model by symbol and horizon, the best Brier score first; then a reliability
/// table for each model. Figures of fewer than [`ENOUGH`] decisions are not shown.
pub fn report(models: &Models) -> String {
    let mut scores: Vec<&Score> = models.scores.values().collect();
    scores.sort_by(|a, b| best_first(a, b));

    let mut rows = vec![cells(LEADERBOARD)];
    rows.extend(scores.iter().map(|score| row(score)));
    let mut text = table(&rows, 3);
    if scores.is_empty() {
        text.push_str("no decision was scored\n");
    }
    if models.unscored > 0 {
        let _ = writeln!(text, "not scored: {} decisions", models.unscored);
    }
    for total in scores
        .iter()
        .filter(|score| score.symbol.is_none() && score.n > 0)
    {
        let _ = write!(text, "\nreliability of {}", total.model);
        if total.n < ENOUGH {
            let _ = writeln!(text, ": {TOO_SMALL}");
            continue;
        }
        let mut rows = vec![cells(RELIABILITY)];
        let bins = total.bins.iter().enumerate();
        rows.extend(
            bins.filter(|(_, bin)| bin.n > 0)
                .map(|(place, bin)| bin_row(place, bin)),
        );
        text.push('\n');
        text.push_str(&table(&rows, 1));
    }
    text
}

const LEADERBOARD: [&str; 11] = [
    "model",
    "symbol",
    "horizon",
    "n",
    "unresolvable",
    "pending",
    "hit rate (95 %)",
    "Brier",
    "log loss",
    "ECE",
    "mean return",
];
const RELIABILITY: [&str; 4] = ["confidence", "n", "mean", "hit rate (95 %)"];

/// Totals before groups; within each, those that say something yet, by their Brier score.
fn best_first(a: &Score, b: &Score) -> Ordering {
    let rank = |score: &Score| (score.symbol.is_some(), score.n < ENOUGH);
    let name = |score: &Score| (score.model.clone(), score.symbol.clone(), score.horizon);
    let brier = |score: &Score| score.brier.filter(|_| score.n >= ENOUGH).unwrap_or(0.0);
    rank(a)
        .cmp(&rank(b))
        .then_with(|| brier(a).total_cmp(&brier(b)))
        .then_with(|| name(a).cmp(&name(b)))
}

fn row(score: &Score) -> Vec<String> {
    let all = || "all".to_owned();
    let mut row = vec![
        score.model.to_string(),
        score.symbol.as_ref().map_or_else(all, ToString::to_string),
        score
            .horizon
            .map_or_else(all, |horizon| horizon.to_string()),
        score.n.to_string(),
        score.unresolvable.to_string(),
        score.pending.to_string(),
    ];
    if score.n < ENOUGH {
        row.push(TOO_SMALL.to_owned());
        return row;
    }
    let fixed = |figure: Option<f64>| figure.map_or_else(String::new, |f| format!("{f:.4}"));
    row.extend([
        share(score.hits, score.n, score.low, score.high),
        fixed(score.brier),
        fixed(score.log_loss),
        fixed(score.ece),
        score
            .mean_return
            .map_or_else(String::new, |r| format!("{:+.2} bp", r * BASIS_POINTS)),
    ]);
    row
}

fn bin_row(place: usize, bin: &ConfidenceBin) -> Vec<String> {
    let edge = |place: usize| place as f64 / BINS as f64;
    vec![
        format!("{:.1}–{:.1}", edge(place), edge(place + 1)),
        bin.n.to_string(),
        bin.confidence
            .map_or_else(String::new, |mean| format!("{mean:.4}")),
        share(bin.hits, bin.n, bin.low, bin.high),
    ]
}

/// `53.3 % (48.1–58.4)`.
fn share(hits: u64, n: u64, low: Option<f64>, high: Option<f64>) -> String {
    let (Some(low), Some(high)) = (low, high) else {
        return String::new();
    };
    let rate = hits as f64 / n as f64;
    let [rate, low, high] = [rate, low, high].map(|share| share * 100.0);
    format!("{rate:.1} % ({low:.1}–{high:.1})")
}

fn cells<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// Rows under each other, the first `left` columns to the left and the others to the right. The first
/// row has the names of the columns.
fn table(rows: &[Vec<String>], left: usize) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = if column < left {
                write!(line, "{cell:<width$}  ")
            } else {
                write!(line, "{cell:>width$}  ")
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{BotId, ScoreId, TimeUs};

    fn score(model: &str, place: Option<(&str, &str)>, n: u64, brier: f64) -> Score {
        let hits = n / 2;
        let some = |figure: f64| (n > 0).then_some(figure);
        let mut bins = vec![ConfidenceBin::default(); BINS];
        bins[5] = ConfidenceBin {
            n,
            hits,
            confidence: some(0.5512),
            low: some(0.4),
            high: some(0.6),
            mean_return: some(0.0),
        };
        Score {
            model: model.parse().unwrap(),
            symbol: place.map(|(symbol, _)| symbol.parse().unwrap()),
            horizon: place.map(|(_, horizon)| horizon.parse().unwrap()),
            pending: 3,
            unresolvable: 1,
            n,
            hits,
            hit_rate: some(0.5),
            low: some(0.4),
            high: some(0.6),
            brier: some(brier),
            reliability: some(0.0),
            resolution: some(0.0),
            uncertainty: some(0.25),
            within: some(0.0),
            log_loss: some(0.69),
            ece: some(0.0512),
            mean_return: some(-0.000_125),
            bins,
            history: Vec::new(),
        }
    }

    fn models(scores: Vec<Score>, unscored: u64) -> Models {
        let id = |score: &Score| match (&score.symbol, score.horizon) {
            (Some(symbol), Some(horizon)) => ScoreId::of(&score.model, symbol, horizon),
            _ => ScoreId::total(&score.model),
        };
        Models {
            bot: BotId::paper(),
            models: Vec::new(),
            scores: scores
                .into_iter()
                .map(|score| (id(&score), score))
                .collect(),
            unscored,
            markets: BTreeMap::new(),
            risk: None,
            time: TimeUs::ZERO,
        }
    }

    #[test]
    fn the_best_come_first_and_the_small_say_so() {
        let text = report(&models(
            vec![
                score("worse", None, 1_000, 0.26),
                score("better-1", None, 40, 0.24),
                score("small", None, 29, 0.01),
                score("idle", None, 0, 0.0),
                score("worse", Some(("BTCUSDT", "1h")), 970, 0.2601),
                score("better-1", Some(("ETHUSDT", "5m")), 30, 0.25),
            ],
            7,
        ));
        let expected = "\
model     symbol   horizon     n  unresolvable  pending     hit rate (95 %)   Brier  log loss     ECE  mean return
better-1  all      all        40             1        3  50.0 % (40.0–60.0)  0.2400    0.6900  0.0512     -1.25 bp
worse     all      all      1000             1        3  50.0 % (40.0–60.0)  0.2600    0.6900  0.0512     -1.25 bp
idle      all      all         0             1        3         n too small
small     all      all        29             1        3         n too small
better-1  ETHUSDT  5m         30             1        3  50.0 % (40.0–60.0)  0.2500    0.6900  0.0512     -1.25 bp
worse     BTCUSDT  1h        970             1        3  50.0 % (40.0–60.0)  0.2601    0.6900  0.0512     -1.25 bp
not scored: 7 decisions

reliability of better-1
confidence   n    mean     hit rate (95 %)
0.5–0.6     40  0.5512  50.0 % (40.0–60.0)

reliability of worse
confidence     n    mean     hit rate (95 %)
0.5–0.6     1000  0.5512  50.0 % (40.0–60.0)

reliability of small: n too small
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        let text = report(&models(Vec::new(), 0));
        assert!(text.ends_with("no decision was scored\n"), "{text}");
    }
}
