//! What scoring costs: one resolved decision, laid into a full house of groups, and the view of all of
//! them.

#![allow(clippy::expect_used)] // a bench that cannot begin has nothing to say

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plainsight::domain::{Action, BotId, Decision, Direction, Outcome, TimeUs};
use plainsight::engine::scores::{MAX_GROUPS, Scores};

/// As many groups as there may be: 20 models, 10 horizons each.
const MODELS: usize = 20;

fn decision(index: usize) -> Decision {
    let model = format!("model-{}", index % MODELS);
    let horizon = format!("{}m", index / MODELS % (MAX_GROUPS / MODELS) + 1);
    let hit = index * 7_919 % 13 < 7;
    Decision {
        id: "dec-1-1".parse().expect("an id"),
        bot: BotId::paper(),
        model: model.parse().expect("a model"),
        symbol: "BTCUSDT".parse().expect("a symbol"),
        made_at: TimeUs::ZERO,
        direction: Direction::Up,
        confidence: 0.5 + (index % 500) as f64 / 1_000.0,
        price_at: None,
        price_target: None,
        horizon: horizon.parse().expect("a horizon"),
        resolves_at: TimeUs::ZERO,
        flat_band: 0.0,
        features: Vec::new(),
        bias: None,
        reasoning: String::new(),
        action: Action::None,
        outcome: if hit {
            Outcome::Correct
        } else {
            Outcome::Incorrect
        },
        realised_return: Some(if hit { 0.001 } else { -0.001 }),
        verdict: None,
        resolved_at: Some(TimeUs(1)),
    }
}

fn scores(criterion: &mut Criterion) {
    let decisions: Vec<Decision> = (0..10_000).map(decision).collect();
    let mut scores = Scores::default();
    for decision in &decisions {
        scores.made(decision);
        scores.resolved(decision);
    }
    assert_eq!(scores.view().0.len(), MAX_GROUPS + MODELS);

    let mut group = criterion.benchmark_group("scores");
    group.throughput(Throughput::Elements(1));
    let mut turn = decisions.iter().cycle();
    group.bench_function("score one resolved decision", |bencher| {
        bencher.iter(|| {
            turn.next()
                .map(|decision| scores.resolved(black_box(decision)))
        });
    });
    group.bench_function("view", |bencher| bencher.iter(|| black_box(scores.view())));
    let saved = serde_json::to_vec(&scores).expect("it is written");
    eprintln!("state of {MAX_GROUPS} groups: {} bytes", saved.len());
    group.bench_function("save", |bencher| {
        bencher.iter(|| black_box(serde_json::to_vec(&scores)));
    });
    group.finish();
}

criterion_group!(benches, scores);
criterion_main!(benches);
