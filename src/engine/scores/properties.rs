//! What must hold whatever is decided, and in whatever order the core is told of it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::fixtures::{decision, resolved};
use super::*;

/// One of two models, two symbols, two horizons; p often on an edge; not all are resolved.
fn decisions(most: usize) -> impl Strategy<Value = Vec<(Decision, Option<Decision>)>> {
    let p = prop_oneof![
        0.0..=1.0,
        (0..=10_u8).prop_map(|k| f64::from(k) * 0.1),
        Just(0.55),
    ];
    let hit = prop_oneof![Just(Some(true)), Just(Some(false)), Just(None)];
    let one = (0..8_u8, p, prop::option::weighted(0.8, hit), -0.01..0.01);
    let one = one.prop_map(|(name, p, hit, realised)| {
        let pick = |bit: u8, names: [&'static str; 2]| names[usize::from(name >> bit & 1)];
        let made = decision(
            pick(0, ["a", "b"]),
            pick(1, ["BTCUSDT", "ETHUSDT"]),
            pick(2, ["5m", "1h"]),
            p,
        );
        let judged = hit.map(|hit| resolved(&made, hit, realised));
        (made, judged)
    });
    prop::collection::vec(one, 0..most)
}

fn tell(told: &[(Decision, Option<Decision>)]) -> Scores {
    let mut scores = Scores::default();
    for (made, judged) in told {
        scores.made(made);
        if let Some(judged) = judged {
            scores.resolved(judged);
        }
    }
    scores
}

proptest! {
    #[test]
    fn the_parts_are_the_brier_score(told in decisions(200)) {
        for score in tell(&told).view().0.values().filter(|score| score.n > 0) {
            let parts = score.reliability.unwrap() - score.resolution.unwrap()
                + score.uncertainty.unwrap() + score.within.unwrap();
            prop_assert!((parts - score.brier.unwrap()).abs() < 1e-14, "{score:?}");
            let hit_rate = score.hit_rate.unwrap();
            prop_assert!(score.low.unwrap() <= hit_rate + 1e-15);
            prop_assert!(hit_rate - 1e-15 <= score.high.unwrap());
        }
    }

    #[test]
    fn a_total_is_its_groups(told in decisions(200)) {
        let (view, unscored) = tell(&told).view();
        prop_assert_eq!(unscored, 0);
        for total in view.values().filter(|score| score.symbol.is_none()) {
            let groups: Vec<&Score> = view
                .values()
                .filter(|score| score.symbol.is_some() && score.model == total.model)
                .collect();
            let sum = |of: fn(&Score) -> u64| groups.iter().map(|score| of(score)).sum::<u64>();
            prop_assert_eq!(total.n, sum(|score| score.n));
            prop_assert_eq!(total.hits, sum(|score| score.hits));
            prop_assert_eq!(total.pending, sum(|score| score.pending));
            prop_assert_eq!(total.unresolvable, sum(|score| score.unresolvable));
            let squares = |score: &Score| score.brier.map_or(0.0, |brier| brier * score.n as f64);
            let of_groups: f64 = groups.iter().map(|score| squares(score)).sum();
            prop_assert!((squares(total) - of_groups).abs() < 1e-12);
            for place in 0..total.bins.len() {
                let n: u64 = groups.iter().map(|score| score.bins[place].n).sum();
                prop_assert_eq!(total.bins[place].n, n);
            }
        }
    }

    /// A snapshot anywhere changes no digit of what follows.
    #[test]
    fn the_state_reads_back_as_it_was(told in decisions(200), cut in 0..200_usize) {
        let (before, after) = told.split_at(cut.min(told.len()));
        let mut scores = tell(before);
        let text = serde_json::to_string(&scores).unwrap();
        let mut read: Scores = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &scores);
        for (made, judged) in after {
            for scores in [&mut scores, &mut read] {
                scores.made(made);
                if let Some(judged) = judged {
                    scores.resolved(judged);
                }
            }
        }
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), serde_json::to_string(&scores).unwrap());
    }

    /// However often, and before or after: counts never go below zero, and once all is told it does
    /// not matter what came first.
    #[test]
    fn no_order_is_wrong(
        (told, order) in decisions(40).prop_flat_map(|told| {
            let steps: Vec<(usize, bool)> = (0..told.len()).flat_map(|n| [(n, true), (n, false)]).collect();
            (Just(told), Just(steps).prop_shuffle())
        })
    ) {
        let mut scores = Scores::default();
        for (n, is_made) in order {
            let version = scores.version();
            let before = scores.view();
            match (&told[n], is_made) {
                ((made, _), true) => scores.made(made),
                ((_, Some(judged)), false) => scores.resolved(judged),
                _ => {}
            }
            let changed = scores.view() != before;
            prop_assert!(!changed || scores.version() != version);
            for score in scores.view().0.values() {
                prop_assert!(score.pending <= told.len() as u64, "{score:?}");
            }
        }
        let counts = |scores: &Scores| -> Vec<_> {
            let view = scores.view().0;
            view.into_values().map(|s| (s.model, s.symbol, s.n, s.hits, s.pending, s.unresolvable)).collect()
        };
        prop_assert_eq!(counts(&scores), counts(&tell(&told)));
    }
}

#[test]
fn invented_names_are_counted_and_no_more() {
    let mut scores = Scores::default();
    let one = |model: usize, horizon: usize| {
        decision(
            &format!("m{model}"),
            "BTCUSDT",
            &format!("{}m", horizon + 1),
            0.6,
        )
    };
    // 64 models of one group; of more models there are none.
    for model in 0..MAX_MODELS + 6 {
        scores.made(&one(model, 0));
    }
    assert_eq!((scores.view().0.len(), scores.view().1), (128, 6));
    // The first model takes what groups are left.
    for horizon in 1..MAX_GROUPS {
        scores.made(&one(0, horizon));
    }
    let beyond = 6 + (MAX_MODELS - 1) as u64;
    let (view, unscored) = scores.view();
    assert_eq!((view.len(), unscored), (MAX_GROUPS + MAX_MODELS, beyond));
    let version = scores.version();
    // What was not scored when it was made is not when it is resolved, and not counted again.
    scores.resolved(&resolved(&one(MAX_MODELS, 0), Some(true), 0.1));
    scores.resolved(&resolved(&one(0, MAX_GROUPS - 1), Some(true), 0.1));
    assert_eq!(
        (scores.view(), scores.version()),
        ((view, unscored), version)
    );
    // What was, is.
    scores.resolved(&resolved(&one(0, 1), Some(true), 0.1));
    let total = &scores.view().0[&ScoreId::total(&"m0".parse().unwrap())];
    assert_eq!((total.n, total.pending), (1, 137 - 1));
}

#[test]
fn what_is_no_probability_spoils_nothing() {
    let mut scores = Scores::default();
    for p in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        let made = decision("m", "BTCUSDT", "5m", p);
        scores.made(&made);
        scores.resolved(&resolved(&made, Some(true), 0.1));
    }
    assert_eq!(scores.view(), (BTreeMap::new(), 4));
    let made = decision("m", "BTCUSDT", "5m", 0.6);
    scores.made(&made);
    // A return that is none cannot be judged.
    scores.resolved(&resolved(&made, Some(true), f64::NAN));
    for score in scores.view().0.values() {
        assert_eq!((score.n, score.pending, score.unresolvable), (0, 0, 1));
    }
}
