//! The models together: what they learn, what they keep, and that a broken one harms no other.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rust_decimal::prelude::FromPrimitive as _;
use serde::{Deserialize, Serialize};

use super::*;
use crate::domain::time::SECOND;
use crate::domain::{
    Action, BotId, Decimal, FEATURE_COUNT, InferenceResult, ModelId, Outcome, TimeUs,
};
use crate::engine::config::{BuiltIn, ModelsConfig};

/// A model that does what no model may.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Broken {
    Panics,
    NotANumber,
    TooSure,
    PanicsLearning,
}

impl Model for Broken {
    fn about(&self) -> String {
        "broken".to_owned()
    }

    fn think(&self, _view: &View<'_>) -> Result<Thought, Problem> {
        assert!(*self != Self::Panics, "on purpose");
        Ok(Thought::Forecast(Forecast {
            direction: Direction::Up,
            confidence: match self {
                Self::NotANumber => f64::NAN,
                Self::TooSure => 1.5,
                _ => 0.5,
            },
            features: Vec::new(),
            bias: None,
            typical_return: 0.0,
            reasoning: String::new(),
        }))
    }

    fn learn(&mut self, _lesson: &Lesson<'_>) -> Result<(), Problem> {
        assert!(*self != Self::PanicsLearning, "on purpose");
        Ok(())
    }
}

const RANDOM: u64 = 20_240_101;

/// Numbers in [−1, 1) that look random.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        // Knuth's MMIX constants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

fn id(name: &str) -> ModelId {
    name.parse().unwrap()
}

fn horizon() -> Horizon {
    "5m".parse().unwrap()
}

/// A market whose price went so, a price a second.
fn market(prices: impl IntoIterator<Item = f64>) -> Market {
    let mut market = Market::new(symbol());
    for (second, price) in (0..).zip(prices) {
        let price = Decimal::from_f64(price).unwrap();
        market.restore_mark(TimeUs(second * SECOND), price);
    }
    market
}

/// A random walk of `steps` with a drift, from 100 on.
fn walk(steps: usize, drift: f64, seed: u64) -> Market {
    let mut noise = Noise(seed);
    let mut price = 100.0;
    market((0..steps).map(|_| {
        price *= 1.0 + (noise.next() + drift) / 1_000.0;
        price
    }))
}

fn think(set: &ModelSet, model: &str, market: &Market) -> Result<Thought, Problem> {
    let symbol = symbol();
    let view = View {
        market,
        symbol: &symbol,
        horizon: horizon(),
    };
    set.think(&id(model), &view)
}

fn forecast(set: &ModelSet, model: &str, market: &Market) -> Forecast {
    match think(set, model, market) {
        Ok(Thought::Forecast(forecast)) => forecast,
        other => panic!("{model}: {other:?}"),
    }
}

/// A resolved decision with such features.
fn decision(features: Vec<Feature>) -> Decision {
    Decision {
        id: "dec-1-1".parse().unwrap(),
        bot: BotId::paper(),
        model: id("online-logistic"),
        symbol: symbol(),
        made_at: TimeUs::ZERO,
        direction: Direction::Up,
        confidence: 0.5,
        price_at: None,
        price_target: None,
        horizon: horizon(),
        resolves_at: TimeUs::ZERO,
        flat_band: 0.0,
        features,
        bias: Some(0.0),
        reasoning: String::new(),
        action: Action::None,
        outcome: Outcome::Correct,
        realised_return: None,
        verdict: None,
        resolved_at: None,
    }
}

fn named(values: [f64; FEATURE_COUNT]) -> Vec<Feature> {
    let pairs = FEATURE_NAMES.iter().zip(values);
    pairs
        .map(|(name, value)| logit::term(name, value, 0.0))
        .collect()
}

/// Lets the online model learn that the price goes where `slope` points.
fn teach(set: &mut ModelSet, lessons: u64, seed: u64) {
    let mut noise = Noise(RANDOM);
    for lesson in 0..lessons {
        let values = [(); FEATURE_COUNT].map(|()| 3.0 * noise.next());
        set.learn(
            &id("online-logistic"),
            &Lesson {
                decision: &decision(named(values)),
                went_up: values[5] > 0.0,
                seed: seed ^ lesson,
            },
        )
        .unwrap();
    }
}

fn set() -> ModelSet {
    ModelSet::new(&ModelsConfig::default())
}

fn json(set: &ModelSet) -> String {
    serde_json::to_string(set).unwrap()
}

/// How far the contributions and the bias are from the log-odds of the stated confidence.
fn gap(forecast: &Forecast) -> f64 {
    let up = match forecast.direction {
        Direction::Up => forecast.confidence,
        _ => 1.0 - forecast.confidence,
    };
    let told: f64 = forecast.features.iter().map(|f| f.contribution).sum();
    (forecast.bias.unwrap() + told - (up / (1.0 - up)).ln()).abs()
}

#[test]
fn momentum_goes_with_the_move_and_reversion_against_it() {
    let (set, up, down) = (set(), walk(80, 0.4, 1), walk(80, -0.4, 1));
    assert_eq!(set.running().len(), 3);
    for (model, with_up) in [
        ("momentum", Direction::Up),
        ("mean-reversion", Direction::Down),
    ] {
        let (rising, falling) = (forecast(&set, model, &up), forecast(&set, model, &down));
        assert_eq!(rising.direction, with_up, "{model}");
        assert_ne!(falling.direction, with_up, "{model}");
        assert!(rising.confidence > 0.5 && rising.confidence < 0.65);
        assert!(gap(&rising) < 1e-12 && gap(&falling) < 1e-12);
        assert!(rising.reasoning.contains(&rising.features[0].name));
    }
    // 1/1000 is √3 standard deviations of the steps; five minutes are 300 of them.
    let typical = forecast(&set, "momentum", &up).typical_return;
    assert!(
        (typical / (0.001 / 3_f64.sqrt() * 300_f64.sqrt()) - 1.0).abs() < 0.25,
        "{typical}"
    );
}

#[test]
fn without_prices_there_is_nothing_to_say() {
    let set = set();
    for model in set.running() {
        for market in [walk(10, 0.0, 1), market([100.0; 60])] {
            let problem = think(&set, model.as_str(), &market).unwrap_err();
            assert!(matches!(problem, Problem::Unready(_)), "{problem}");
        }
    }
    let problem = think(&set, "nobody", &walk(80, 0.0, 1)).unwrap_err();
    assert!(matches!(problem, Problem::Unready(_)), "{problem}");
}

#[test]
fn the_online_model_learns_what_can_be_learnt() {
    let mut set = set();
    let (up, down) = (walk(80, 0.5, 2), walk(80, -0.5, 2));
    let before = forecast(&set, "online-logistic", &up);
    assert_eq!((before.confidence, before.bias), (0.5, Some(0.0)));
    teach(&mut set, 400, 1);
    let (rising, falling) = (
        forecast(&set, "online-logistic", &up),
        forecast(&set, "online-logistic", &down),
    );
    assert_eq!(
        (rising.direction, falling.direction),
        (Direction::Up, Direction::Down)
    );
    assert!(
        rising.confidence > 0.85 && falling.confidence > 0.85,
        "{rising:?}"
    );
    let largest = |f: &Forecast| {
        let by = |a: &&Feature, b: &&Feature| a.contribution.abs().total_cmp(&b.contribution.abs());
        f.features.iter().max_by(by).unwrap().name.clone()
    };
    assert_eq!(largest(&rising), "slope");
    assert!(
        rising.reasoning.contains("up with probability 0.8"),
        "{}",
        rising.reasoning
    );
    assert!(rising.reasoning.contains("slope"), "{}", rising.reasoning);
}

#[test]
fn the_seed_alone_decides_the_order_of_learning() {
    let learnt = |seed| {
        let mut set = set();
        teach(&mut set, 40, seed);
        json(&set)
    };
    assert_eq!(learnt(7), learnt(7));
    assert_ne!(learnt(7), learnt(8 << 32));
}

#[test]
fn a_snapshot_keeps_everything_exactly() {
    let mut set = set();
    teach(&mut set, 40, 3);
    set.switch_off(&id("momentum"), "for a test".to_owned());
    let text = json(&set);
    let mut back: ModelSet = serde_json::from_str(&text).unwrap();
    assert_eq!((&back, json(&back)), (&set, text));
    teach(&mut set, 10, 4);
    teach(&mut back, 10, 4);
    assert_eq!(back, set);
}

#[test]
fn a_broken_model_harms_no_other() {
    let (mut set, market) = (set(), walk(80, 0.1, 3));
    for (name, broken, words) in [
        ("panics", Broken::Panics, "it panicked: on purpose"),
        ("nan", Broken::NotANumber, "NaN is no probability"),
        ("sure", Broken::TooSure, "1.5 is no probability"),
    ] {
        set.add_broken(id(name), broken);
        let Err(Problem::Fault(fault)) = think(&set, name, &market) else {
            panic!("{name} is no fault");
        };
        assert!(fault.contains(words), "{fault}");
        set.switch_off(&id(name), fault.clone());
        assert_eq!(set.states().last().unwrap().fault, Some(fault));
        assert!(matches!(
            think(&set, name, &market),
            Err(Problem::Unready(_))
        ));
    }
    set.add_broken(id("learns"), Broken::PanicsLearning);
    let decision = decision(Vec::new());
    let lesson = Lesson {
        decision: &decision,
        went_up: true,
        seed: 1,
    };
    assert!(matches!(
        set.learn(&id("learns"), &lesson),
        Err(Problem::Fault(_))
    ));
    assert_eq!(set.learn(&id("panics"), &lesson), Ok(()));
    assert_eq!(set.learn(&id("nobody"), &lesson), Ok(()));
    let running: Vec<_> = set.running().iter().map(ModelId::to_string).collect();
    assert_eq!(
        running,
        ["momentum", "mean-reversion", "online-logistic", "learns"]
    );
    for model in &running[..3] {
        forecast(&set, model, &market);
    }
}

#[test]
fn weights_that_are_not_finite_are_a_fault_and_are_not_kept() {
    let mut config = ModelsConfig::default();
    config.learning.rate = f64::MAX;
    let mut set = ModelSet::new(&config);
    let decision = decision(named([1e300; FEATURE_COUNT]));
    let lesson = Lesson {
        decision: &decision,
        went_up: true,
        seed: 1,
    };
    let fault = set.learn(&id("online-logistic"), &lesson).unwrap_err();
    assert!(
        matches!(&fault, Problem::Fault(words) if words.contains("finite")),
        "{fault}"
    );
    assert!(serde_json::from_str::<ModelSet>(&json(&set)).is_ok());
}

#[test]
fn a_new_configuration_keeps_what_was_learnt() {
    let mut set = set();
    teach(&mut set, 20, 5);
    set.switch_off(&id("momentum"), "for a test".to_owned());
    let market = walk(80, 0.3, 4);
    let before = forecast(&set, "online-logistic", &market);
    let mut config = ModelsConfig {
        built_in: vec![BuiltIn::OnlineLogistic, BuiltIn::Momentum],
        onnx: [(id("file"), PathBuf::from("a.onnx"))].into(),
        ..ModelsConfig::default()
    };
    config.learning.rate = 0.5;
    set.configure(&config);
    assert_eq!(forecast(&set, "online-logistic", &market), before);
    assert_eq!(set.running(), [id("online-logistic"), id("file")]);
    let once = json(&set);
    set.configure(&config);
    assert_eq!(json(&set), once);
    teach(&mut set, 1, 6);
    assert_ne!(
        forecast(&set, "online-logistic", &market),
        before,
        "by its new rate"
    );
    set.switch_off(&id("file"), "broken".to_owned());
    config.onnx = [(id("file"), PathBuf::from("b.onnx"))].into();
    set.configure(&config);
    assert_eq!(
        set.running(),
        [id("online-logistic"), id("file")],
        "another file is another model"
    );
    set.configure(&ModelsConfig::default());
    assert_eq!(set.running(), [id("mean-reversion"), id("online-logistic")]);
}

#[test]
fn a_model_outside_is_asked_and_its_answer_is_taken() {
    let config = ModelsConfig {
        onnx: [(id("file"), PathBuf::from("a.onnx"))].into(),
        ..ModelsConfig::default()
    };
    let (set, market, symbol) = (ModelSet::new(&config), walk(80, 0.2, 5), symbol());
    let view = View {
        market: &market,
        symbol: &symbol,
        horizon: horizon(),
    };
    let Ok(Thought::Ask(features)) = set.think(&id("file"), &view) else {
        panic!("it asks nothing");
    };
    let inside = forecast(&set, "online-logistic", &market);
    let same = inside.features.iter().zip(&features);
    assert!(same.clone().count() == FEATURE_COUNT);
    assert!(
        same.into_iter()
            .all(|(feature, asked)| feature.value as f32 == *asked)
    );

    let conclude = |result| set.conclude(&id("file"), &view, &features, &result);
    let down = conclude(InferenceResult::Probability(0.25)).unwrap();
    assert_eq!((down.direction, down.confidence), (Direction::Down, 0.75));
    assert_eq!((down.bias, down.features.len()), (None, FEATURE_COUNT));
    assert_eq!(down.features[0].value, f64::from(features[0]));
    for (result, words) in [
        (InferenceResult::Probability(1.5), "1.5 is no probability"),
        (InferenceResult::NotANumber, "not a number"),
        (InferenceResult::TimedOut { after_ms: 250 }, "250 ms"),
        (
            InferenceResult::Panicked {
                message: "oh".to_owned(),
            },
            "panicked: oh",
        ),
        (
            InferenceResult::Failed {
                message: "oh".to_owned(),
            },
            "failed: oh",
        ),
    ] {
        let Err(Problem::Fault(fault)) = conclude(result) else {
            panic!("{words}: no fault");
        };
        assert!(fault.contains(words), "{fault}");
    }
    let answer = InferenceResult::Probability(0.5);
    let mistaken = set.conclude(&id("momentum"), &view, &features, &answer);
    assert!(matches!(mistaken, Err(Problem::Fault(_))));
}

/// The eight features of a market, checked against their formulas by hand where that is short.
#[test]
fn the_features_are_what_they_are_called() {
    let symbol = symbol();
    let features_of = |market: &Market| {
        let view = View {
            market,
            symbol: &symbol,
            horizon: horizon(),
        };
        features(&view).unwrap()
    };
    // Log price: up by 1 and 3 thousandths in turn, 60 times.
    let path = (0..=60).map(|n| f64::from(2 * n - n % 2) / 1_000.0);
    let (values, series) = features_of(&market(path.map(f64::exp)));
    let near = |value: f64, expected: f64| (value - expected).abs() < 1e-6;
    let sigma = 0.001 * (60.0_f64 / 59.0).sqrt();
    assert!(near(series.volatility, sigma), "{}", series.volatility);
    let [momentum, z_score, rsi, macd, cci, slope, volatility, flow] = values;
    assert_eq!((momentum, rsi), (3.0, 3.0), "all up");
    assert!((1.6..1.8).contains(&z_score) && cci > 1.5, "{values:?}");
    assert_eq!((macd, slope), (3.0, 3.0), "far up");
    // Ten returns of ±1 thousandth around their mean.
    let expected = 2.0 * ((10.0_f64 / 9.0).sqrt() * 0.001 / sigma).ln();
    assert!(
        (volatility - expected).abs() < 1e-5,
        "{volatility} {expected}"
    );
    assert_eq!(flow, 0.0, "no candle, no flow");

    // Over many walks the directional ones are centred, of the documented size, and in bounds.
    let walks = 400;
    let (mut sums, mut squares) = ([0.0; FEATURE_COUNT], [0.0; FEATURE_COUNT]);
    for seed in 0..walks {
        let (values, _) = features_of(&walk(120, 0.0, seed * 7_919 + 1));
        for (place, value) in values.into_iter().enumerate() {
            assert!((-3.0..=3.0).contains(&value));
            sums[place] += value;
            squares[place] += value * value;
        }
    }
    for place in 0..6 {
        let name = FEATURE_NAMES[place];
        let mean = sums[place] / walks as f64;
        let size = (squares[place] / walks as f64).sqrt();
        println!("{name}: mean {mean:+.2}, size {size:.2}");
        assert!(mean.abs() < 0.25, "{name}: {mean}");
        assert!((0.6..1.8).contains(&size), "{name}: {size}");
    }
}

/// The documentation for those who train models says what the code's says.
#[test]
fn the_table_of_features_stands_in_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let (code, guide) = (
        read("src/engine/models/features.rs"),
        read("docs/MODELS.md"),
    );
    let rows: Vec<&str> = code
        .lines()
        .filter_map(|line| line.strip_prefix("//! ").filter(|row| row.starts_with('|')))
        .collect();
    assert_eq!(rows.len(), 2 + FEATURE_COUNT);
    assert!(
        guide.contains(&rows.join("\n")),
        "docs/MODELS.md has another table"
    );
    for (place, name) in FEATURE_NAMES.iter().enumerate() {
        assert!(rows[2 + place].starts_with(&format!("| {place} | `{name}` |")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn contributions_and_bias_are_the_log_odds(
        rate in 0.0..1e6_f64,
        l2 in 0.0..1.0_f64,
        lessons in prop::collection::vec(
            (prop::array::uniform8(-3.0..3.0_f64), any::<bool>(), any::<u64>()),
            0..60,
        ),
        seed in any::<u64>(),
    ) {
        let mut config = ModelsConfig::default();
        config.learning.rate = rate;
        config.learning.l2 = l2;
        let mut set = ModelSet::new(&config);
        for (values, went_up, seed) in lessons {
            let decision = decision(named(values));
            let lesson = Lesson { decision: &decision, went_up, seed };
            set.learn(&id("online-logistic"), &lesson).unwrap();
        }
        for model in set.running() {
            let forecast = forecast(&set, model.as_str(), &walk(70, 0.2, seed));
            prop_assert!(forecast.confidence >= 0.5 && forecast.confidence <= 1.0 - 1e-6);
            prop_assert!(gap(&forecast) <= 1e-9, "{} of {:?}", gap(&forecast), forecast);
        }
    }
}
