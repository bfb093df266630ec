//! What scikit-learn, statsmodels and numpy say of the same decisions: `src/tests/scores/vectors.json`,
//! written by `make_vectors.py` beside it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde::Deserialize;

use super::market::market_state;
use super::value_at_risk::historical_var;
use super::*;
use crate::domain::{Action, BotId, TimeUs};

/// Absolutely, or of the expected figure.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
    long: Long,
    market: Closes,
    risk: Risk,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    p: Vec<f64>,
    o: Vec<u8>,
    r: Vec<f64>,
    figures: Option<Figures>,
}

#[derive(Deserialize)]
struct Long {
    n: i64,
    figures: Figures,
}

#[derive(Deserialize)]
struct Figures {
    hits: u64,
    hit_rate: f64,
    low: f64,
    high: f64,
    brier: f64,
    reliability: f64,
    resolution: f64,
    uncertainty: f64,
    within: f64,
    log_loss: f64,
    ece: f64,
    mean_return: f64,
    bins: Vec<Option<BinFigures>>,
}

#[derive(Deserialize)]
struct BinFigures {
    n: u64,
    hits: u64,
    confidence: f64,
    low: f64,
    high: f64,
    mean_return: f64,
}

#[derive(Deserialize)]
struct Closes {
    closes: Vec<f64>,
    volatility: f64,
    hour_volatility: f64,
    trend: f64,
}

#[derive(Deserialize)]
struct Risk {
    weights: Vec<f64>,
    minute_returns: Vec<Vec<f64>>,
    var: f64,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../tests/scores/vectors.json")).unwrap()
}

/// One that was made just now.
pub fn decision(model: &str, symbol: &str, horizon: &str, confidence: f64) -> Decision {
    Decision {
        id: "dec-1-1".parse().unwrap(),
        bot: BotId::paper(),
        model: model.parse().unwrap(),
        symbol: symbol.parse().unwrap(),
        made_at: TimeUs::ZERO,
        direction: Direction::Up,
        confidence,
        price_at: None,
        price_target: None,
        horizon: horizon.parse().unwrap(),
        resolves_at: TimeUs::ZERO,
        flat_band: 0.0,
        features: Vec::new(),
        bias: None,
        reasoning: String::new(),
        action: Action::None,
        outcome: Outcome::Pending,
        realised_return: None,
        verdict: None,
        resolved_at: None,
    }
}

/// The same, resolved: `hit` as `None` is unresolvable.
pub fn resolved(decision: &Decision, hit: Option<bool>, realised: f64) -> Decision {
    Decision {
        outcome: match hit {
            Some(true) => Outcome::Correct,
            Some(false) => Outcome::Incorrect,
            None => Outcome::Unresolvable,
        },
        realised_return: hit.map(|_| realised),
        resolved_at: Some(TimeUs(1)),
        ..decision.clone()
    }
}

/// The scores after these decisions of one model, which expect up, down and flat in turn.
fn scores_of(decisions: impl IntoIterator<Item = (f64, bool, f64)>) -> Scores {
    let mut scores = Scores::default();
    let turns = [Direction::Up, Direction::Down, Direction::Flat];
    for ((p, hit, realised), direction) in decisions.into_iter().zip(turns.into_iter().cycle()) {
        let made = Decision {
            direction,
            ..decision("m", "BTCUSDT", "5m", p)
        };
        scores.made(&made);
        scores.resolved(&resolved(&made, Some(hit), realised));
    }
    scores
}

/// The largest error of those that were found, for the log.
struct Worst(f64);

impl Worst {
    fn close(&mut self, what: &str, found: Option<f64>, expected: f64) {
        let found = found.unwrap_or_else(|| panic!("{what} is undefined, not {expected}"));
        let error = (found - expected).abs() / expected.abs().max(1.0);
        let relative = (found - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
        assert!(
            error <= TOLERANCE || relative <= TOLERANCE,
            "{what}: {found} is not {expected}: off by {error:e}"
        );
        self.0 = self.0.max(error);
    }
}

fn compare(name: &str, score: &Score, expected: &Figures, worst: &mut Worst) {
    assert_eq!(score.hits, expected.hits, "{name}");
    for (what, found, expected) in [
        ("hit rate", score.hit_rate, expected.hit_rate),
        ("low", score.low, expected.low),
        ("high", score.high, expected.high),
        ("brier", score.brier, expected.brier),
        ("reliability", score.reliability, expected.reliability),
        ("resolution", score.resolution, expected.resolution),
        ("uncertainty", score.uncertainty, expected.uncertainty),
        ("within", score.within, expected.within),
        ("log loss", score.log_loss, expected.log_loss),
        ("ece", score.ece, expected.ece),
        ("mean return", score.mean_return, expected.mean_return),
    ] {
        worst.close(&format!("{name}: {what}"), found, expected);
    }
    assert_eq!(score.bins.len(), expected.bins.len());
    for (place, (found, expected)) in score.bins.iter().zip(&expected.bins).enumerate() {
        let Some(expected) = expected else {
            assert_eq!(*found, Default::default(), "{name}: bin {place}");
            continue;
        };
        let counts = (found.n, found.hits);
        assert_eq!(counts, (expected.n, expected.hits), "{name}: bin {place}");
        for (what, found, expected) in [
            ("confidence", found.confidence, expected.confidence),
            ("low", found.low, expected.low),
            ("high", found.high, expected.high),
            ("mean return", found.mean_return, expected.mean_return),
        ] {
            worst.close(&format!("{name}: bin {place}: {what}"), found, expected);
        }
    }
}

#[test]
fn every_figure_is_that_of_the_libraries() {
    let mut worst = Worst(0.0);
    for case in vectors().cases {
        let hits = case.o.iter().map(|o| *o == 1);
        let told = case.p.iter().copied().zip(hits).zip(&case.r);
        let scores = scores_of(told.map(|((p, hit), r)| (p, hit, *r)));
        let (view, unscored) = scores.view();
        assert_eq!(unscored, 0, "{}", case.name);
        let Some(expected) = case.figures else {
            assert!(view.is_empty(), "{}", case.name);
            continue;
        };
        assert_eq!(view.len(), 2, "the group and the total");
        for score in view.values() {
            assert_eq!((score.n, score.pending), (case.p.len() as u64, 0));
            compare(&case.name, score, &expected, &mut worst);
        }
        if case.name.contains("grouped") {
            let total = view.values().next().unwrap();
            assert_eq!(total.bins.iter().filter(|bin| bin.n > 0).count(), 6);
        }
    }
    eprintln!("largest error: {:e}", worst.0);
}

#[test]
fn a_hundred_thousand_decisions_keep_their_digits() {
    let long = vectors().long;
    let scores = scores_of((0..long.n).map(|i| {
        let p = ((7_919 * i + 13) % 100_003) as f64 / 100_003.0;
        let hit = (((104_729 * i + 7) % 1_009) as f64 / 1_009.0) < p;
        let r = ((6_271 * i + 11) % 2_003 - 1_000) as f64 / 250_000.0;
        (p, hit, r)
    }));
    let (view, _) = scores.view();
    let mut worst = Worst(0.0);
    for score in view.values() {
        compare("long", score, &long.figures, &mut worst);
        let relative = |found: Option<f64>, expected: f64| (found.unwrap() / expected - 1.0).abs();
        assert!(relative(score.brier, long.figures.brier) < TOLERANCE);
        assert!(relative(score.log_loss, long.figures.log_loss) < TOLERANCE);
        assert!(relative(score.ece, long.figures.ece) < TOLERANCE);
    }
    eprintln!("largest error: {:e}", worst.0);
}

#[test]
fn markets_and_risk_are_those_of_numpy() {
    let Vectors { market, risk, .. } = vectors();
    let mut worst = Worst(0.0);
    let state = market_state(&market.closes);
    worst.close("volatility", state.volatility, market.volatility);
    worst.close("hour", state.hour_volatility, market.hour_volatility);
    worst.close("trend", state.trend, market.trend);
    let var = historical_var(&risk.weights, &risk.minute_returns);
    worst.close("value at risk", var, risk.var);
}

#[test]
fn what_has_no_decision_has_no_figures() {
    let mut scores = Scores::default();
    scores.made(&decision("m", "BTCUSDT", "5m", 0.6));
    let (view, _) = scores.view();
    for score in view.values() {
        assert_eq!((score.n, score.pending, score.bins.len()), (0, 1, 10));
        for figure in [
            score.brier,
            score.within,
            score.ece,
            score.low,
            score.hit_rate,
        ] {
            assert_eq!(figure, None);
        }
    }
}
