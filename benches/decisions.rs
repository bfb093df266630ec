//! What a decision costs: of each model its features, its thought and, where it is asked outside, its
//! answer and conclusion; a lesson; and the whole of it, from the look at the market to the score, with both
//! of its entries sealed.

#![allow(clippy::expect_used)] // a bench that cannot begin has nothing to say

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use plainsight::domain::time::{MINUTE, SECOND};
use plainsight::domain::{
    Action, BotId, Candle, Decimal, Decision, Direction, Horizon, InferenceRequest, Input,
    Interval, MarketEvent, MarketTrade, Outcome, Seq, Side, Symbol, TimeUs,
};
use plainsight::engine::config::{EngineConfig, ModelsConfig};
use plainsight::engine::eventlog::canonical;
use plainsight::engine::models::{Lesson, ModelSet, Thought, View, features};
use plainsight::engine::{Engine, Market};
use plainsight::inference::Runner;
use plainsight::seal::{Frontier, is_sealed, leaf_hash};

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

/// Runs so many periods of market time, each with ten prints and one decision of each model in turn, and
/// seals what is to be sealed. Gives the time that it took and the entries that were sealed.
fn run(periods: i64, is_enabled: bool) -> (Duration, u64) {
    let mut config = EngineConfig {
        symbols: vec![symbol()],
        seed: 1,
        ..EngineConfig::default()
    };
    config.agent.enabled = is_enabled;
    config.agent.horizons = vec!["1m".parse().expect("a horizon")];
    // Decisions alone: an order has a cost of its own.
    config.agent.max_orders_per_minute = 0;
    config.agent.min_confidence = 0.0;
    let mut engine = Engine::new(config);
    let mut frontier = Frontier::default();
    let print = |engine: &mut Engine, frontier: &mut Frontier, second: i64| {
        let print = Input::Market(MarketEvent::Trade(MarketTrade {
            symbol: symbol(),
            id: second.unsigned_abs() + 1,
            price: price(second),
            quantity: Decimal::new(1, 3),
            count: 1,
            taker: Side::Buy,
            time: TimeUs(1_704_067_200_000_000 + second * SECOND),
        }));
        for record in engine.process(engine.seq().next(), &print).records {
            if is_sealed(&record.event) {
                let canonical = canonical(&record).expect("it has a canonical form");
                black_box(frontier.append(leaf_hash(&canonical)));
            }
        }
    };
    const WARM: i64 = 1_000;
    for second in 0..WARM {
        print(&mut engine, &mut frontier, second);
    }
    let before = frontier.size();
    let began = Instant::now();
    for second in WARM..WARM + 10 * periods {
        print(&mut engine, &mut frontier, second);
    }
    (began.elapsed(), frontier.size() - before)
}

/// A decision is made, judged, learnt from, scored and sealed twice in each period; what the period costs
/// without an agent is taken off.
fn whole(criterion: &mut Criterion) {
    criterion.bench_function("decision/whole", |b| {
        b.iter_custom(|times| {
            let periods = times.max(1_000).cast_signed();
            let (with, sealed) = run(periods, true);
            let (without, none) = run(periods, false);
            let decided = u64::try_from(periods).unwrap_or_default();
            assert!(
                none == 0 && sealed >= 2 * decided - 1,
                "{sealed} of {decided}"
            );
            let share = with.saturating_sub(without).as_secs_f64() / decided as f64;
            Duration::from_secs_f64(share * times as f64)
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // First: what models outside leave in the processor's vector registers makes every call into the
    // system's mathematics several times slower on some machines, and no driver's thread ever runs them.
    whole(&mut criterion);
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
