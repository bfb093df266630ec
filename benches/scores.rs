//! What scoring costs: one resolved decision, laid into a full house of groups, the view of all of them,
//! and all that `models:<bot>` shows with a day of minutes behind it.

#![allow(clippy::expect_used)] // a bench that cannot begin has nothing to say

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plainsight::domain::time::MINUTE;
use plainsight::domain::{
    Action, BotCommand, BotId, Decimal, Decision, Direction, Input, MarketEvent, MarketTrade,
    Outcome, ReportedPosition, Side, Symbol, TimeUs,
};
use plainsight::engine::Engine;
use plainsight::engine::config::EngineConfig;
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

/// Three symbols, held by one bot, with a print a minute for a day.
fn models(criterion: &mut Criterion) {
    let mut engine = Engine::new(EngineConfig::default());
    let bot: BotId = "other".parse().expect("a bot");
    let symbols: [Symbol; 3] =
        ["BTCUSDT", "ETHUSDT", "SOLUSDT"].map(|name| name.parse().expect("a symbol"));
    for minute in 1..=1_442 {
        for symbol in &symbols {
            let print = MarketTrade {
                symbol: symbol.clone(),
                id: minute as u64,
                price: Decimal::new(10_000 + minute * 7_919 % 100, 2),
                quantity: Decimal::ONE,
                count: 1,
                taker: Side::Buy,
                time: TimeUs(minute * MINUTE),
            };
            let input = Input::Market(MarketEvent::Trade(print));
            engine.process(engine.seq().next(), &input);
        }
    }
    for (index, symbol) in symbols.into_iter().enumerate() {
        let stated = ReportedPosition {
            id: format!("p{index}"),
            symbol,
            quantity: Decimal::ONE,
            average_price: Decimal::ONE_HUNDRED,
        };
        let input = Input::Bot {
            bot: bot.clone(),
            command: Box::new(BotCommand::Position(stated)),
        };
        engine.process(engine.seq().next(), &input);
    }
    assert!(engine.models(&bot).is_some_and(|seen| seen.risk.is_some()));
    criterion.bench_function("models/3 symbols, a day", |bencher| {
        bencher.iter(|| black_box(engine.models(&bot)));
    });
}

criterion_group!(benches, scores, models);
criterion_main!(benches);
