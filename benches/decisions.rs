//! What a decision costs: of each model its features, its thought and, where it is asked outside, its
//! answer and conclusion; and a lesson.

#![allow(clippy::expect_used)] // a bench that cannot begin has nothing to say

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use plainsight::domain::time::{MINUTE, SECOND};
use plainsight::domain::{
    Action, BotId, Candle, Decimal, Decision, Direction, Horizon, InferenceRequest, Interval,
    Outcome, Seq, Symbol, TimeUs,
};
use plainsight::engine::Market;
use plainsight::engine::config::ModelsConfig;
use plainsight::engine::models::{Lesson, ModelSet, Thought, View, features};
use plainsight::inference::Runner;

fn symbol() -> Symbol {
    "BTCUSDT".parse().expect("a symbol")
}

/// A walk that comes back.
fn price(step: i64) -> Decimal {
    Decimal::new(4_200_000 + (step * 7919 % 1009) - 504, 2)
}

/// A market with all the history that is kept.
fn market() -> Market {
    let mut market = Market::new(symbol());
    for step in 0..600 {
        market.restore_mark(TimeUs(step * SECOND), price(step));
    }
    for step in 0..1_500 {
        let open_time = TimeUs(step * MINUTE);
        market.candles.restore(Candle {
            symbol: symbol(),
            interval: Interval::M1,
            open_time,
            close_time: open_time.plus(MINUTE - 1),
            open: price(step),
            high: price(step),
            low: price(step),
            close: price(step),
            volume: Decimal::new(25, 1),
            quote_volume: Decimal::new(105_000, 0),
            trades: 100,
            taker_buy_volume: Decimal::new(15, 1),
            taker_buy_quote_volume: Decimal::new(63_000, 0),
            closed: true,
        });
    }
    market
}

fn decision(set: &ModelSet, view: &View<'_>) -> Decision {
    let model = "online-logistic".parse().expect("a model");
    let Ok(Thought::Forecast(forecast)) = set.think(&model, view) else {
        panic!("it has no forecast");
    };
    Decision {
        id: "dec-1-1".parse().expect("an id"),
        bot: BotId::paper(),
        model,
        symbol: symbol(),
        made_at: TimeUs::ZERO,
        direction: Direction::Up,
        confidence: forecast.confidence,
        price_at: None,
        price_target: None,
        horizon: view.horizon,
        resolves_at: TimeUs::ZERO,
        flat_band: 0.0,
        features: forecast.features,
        bias: forecast.bias,
        reasoning: forecast.reasoning,
        action: Action::None,
        outcome: Outcome::Correct,
        realised_return: None,
        verdict: None,
        resolved_at: None,
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/models/mlp.onnx");
    let onnx = BTreeMap::from([("mlp".parse().expect("a model"), file)]);
    let runner = Runner::start(&onnx, Duration::from_secs(10), Arc::new(|_| {})).expect("it runs");
    let mut set = ModelSet::new(&ModelsConfig {
        onnx,
        ..ModelsConfig::default()
    });
    let (market, symbol) = (market(), symbol());
    let views = ["5m", "4h"].map(|text| View {
        market: &market,
        symbol: &symbol,
        horizon: text.parse::<Horizon>().expect("a horizon"),
    });
    let lesson = decision(&set, &views[0]);
    for seed in 0..100 {
        let lesson = Lesson {
            decision: &lesson,
            went_up: seed % 3 == 0,
            seed,
        };
        set.learn(&lesson.decision.model, &lesson)
            .expect("it learns");
    }

    let mut group = criterion.benchmark_group("decision");
    for view in &views {
        let horizon = view.horizon;
        group.bench_function(format!("features/{horizon}"), |b| {
            b.iter(|| features(black_box(view)));
        });
        for model in set.running() {
            group.bench_function(format!("{model}/{horizon}"), |b| {
                b.iter(|| set.think(&model, black_box(view)));
            });
        }
        let model = "mlp".parse().expect("a model");
        let Ok(Thought::Ask(asked)) = set.think(&model, view) else {
            panic!("it asks nothing");
        };
        let request = InferenceRequest {
            seq: Seq(1),
            model,
            symbol: symbol.clone(),
            horizon,
            features: asked,
        };
        group.bench_function(format!("mlp/{horizon}/asked"), |b| {
            b.iter(|| runner.answer(&request));
        });
        let answer = runner.answer(&request).result;
        group.bench_function(format!("mlp/{horizon}/concluded"), |b| {
            b.iter(|| set.conclude(&request.model, view, &request.features, black_box(&answer)));
        });
    }
    let mut seed = 0;
    group.bench_function("lesson", |b| {
        b.iter(|| {
            seed += 1;
            let lesson = Lesson {
                decision: &lesson,
                went_up: seed % 3 == 0,
                seed,
            };
            set.learn(&lesson.decision.model, black_box(&lesson))
        });
    });
    group.finish();
    criterion.final_summary();
}
