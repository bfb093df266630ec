//! The agent: its loop, its rules, models that fail, models outside the core, and what chance decides.

use super::*;
use crate::domain::{
    Action, AgentPhase, AgentStep, Bar, Decision, Extent, FeedNotice, Horizon, Inference,
    InferenceRequest, InferenceResult, ModelId, VerdictSource,
};
use crate::engine::config::{BuiltIn, ModelsConfig};
use crate::engine::models::Broken;

fn horizons(texts: &[&str]) -> Vec<Horizon> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// An engine whose decisions are judged within a minute.
fn quick(change: impl FnOnce(&mut EngineConfig)) -> Engine {
    let mut config = EngineConfig {
        symbols: vec![symbol()],
        seed: 1,
        ..EngineConfig::default()
    };
    config.agent.horizons = horizons(&["10s", "40s"]);
    change(&mut config);
    Engine::new(config)
}

fn decisions(records: &[Record]) -> Vec<&Decision> {
    records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Decision(decision) => Some(decision.as_ref()),
            _ => None,
        })
        .collect()
}

fn made(records: &[Record]) -> Vec<&Decision> {
    let mut decisions = decisions(records);
    decisions.retain(|decision| decision.outcome == Outcome::Pending);
    decisions
}

fn steps(records: &[Record]) -> Vec<(&AgentStep, Option<f64>)> {
    records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Agent(step) => Some((step, record.took_us)),
            _ => None,
        })
        .collect()
}

fn alerts(records: &[Record]) -> Vec<&str> {
    records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Alert(alert) if alert.code == "model_switched_off" => {
                Some(alert.message.as_str())
            }
            _ => None,
        })
        .collect()
}

#[test]
fn every_model_has_its_turn_and_every_loop_is_whole() {
    use AgentPhase::{Act, Decide, Observe, Orient};
    static TICKS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let mut engine = quick(|_| {});
    engine.set_stopwatch(|| TICKS.fetch_add(1_500, std::sync::atomic::Ordering::Relaxed));
    let records = run(&mut engine, 0..6_000);
    for model in ["momentum", "mean-reversion", "online-logistic"] {
        let own = made(&records);
        let own = own
            .iter()
            .filter(|decision| decision.model.as_str() == model);
        assert!(own.count() > 50, "{model}");
    }
    let mut acted = 0;
    let mut last: Option<(u64, AgentPhase)> = None;
    for record in &records {
        let Event::Agent(step) = &record.event else {
            continue;
        };
        assert_eq!(step.took_us, None, "it is no part of the event");
        assert!(record.took_us.is_some_and(|took| took > 0.0), "{step:?}");
        let from = match last {
            Some((seq, phase)) if seq == record.seq.0 => phase,
            _ => Observe,
        };
        assert_eq!(step.from, from);
        let follows = match step.from {
            Observe => [Orient, Observe],
            Orient => [Decide, Observe],
            Decide => [Act, Observe],
            Act => [Observe, Observe],
        };
        assert!(follows.contains(&step.to), "{step:?}");
        acted += u32::from(step.to == Act);
        last = Some((record.seq.0, step.to));
    }
    assert!(acted > 5, "{acted}");
    assert_eq!(last.unwrap().1, Observe, "the loop is closed");
    assert!(steps(&records).len() > 500);
}

#[test]
fn what_a_rule_forbids_is_recorded_with_the_rule_and_judged_all_the_same() {
    let veto = |change: fn(&mut EngineConfig)| {
        let mut engine = quick(change);
        let records = run(&mut engine, 0..3_000);
        let judged = decisions(&records);
        let judged = judged.iter().filter(|d| d.outcome != Outcome::Pending);
        assert!(judged.count() > 60);
        let mut rules: Vec<String> = made(&records)
            .iter()
            .filter_map(|decision| match &decision.action {
                Action::Vetoed { rule } => Some(rule.clone()),
                _ => None,
            })
            .collect();
        rules.sort();
        rules.dedup();
        let orders = records
            .iter()
            .filter(|record| matches!(record.event, Event::Order(_)))
            .count();
        (rules, orders)
    };
    let (rules, orders) = veto(|config| config.agent.min_confidence = 0.999_999);
    assert_eq!((rules, orders), (vec!["min_confidence".to_owned()], 0));
    let (rules, orders) = veto(|config| {
        (
            config.agent.min_confidence,
            config.agent.max_orders_per_minute,
        ) = (0.5, 0);
    });
    assert_eq!(
        (rules, orders),
        (vec!["max_orders_per_minute".to_owned()], 0)
    );
    let (rules, orders) = veto(|config| {
        (
            config.agent.min_confidence,
            config.agent.max_position_fraction,
        ) = (0.5, Decimal::ZERO);
    });
    assert_eq!((rules, orders), (vec!["max_position".to_owned()], 0));
    let (rules, _) = veto(|config| {
        (config.agent.min_confidence, config.agent.max_drawdown) = (0.5, 0.0);
    });
    assert!(rules.contains(&"max_drawdown".to_owned()), "{rules:?}");
    let (rules, orders) = veto(|config| config.agent.min_confidence = 0.5);
    assert!(rules.contains(&"cooldown".to_owned()), "{rules:?}");
    assert!(orders > 10);
}

#[test]
fn the_orders_of_a_minute_are_counted_over_all_symbols() {
    let mut engine = quick(|config| {
        config.agent.min_confidence = 0.5;
        config.agent.cooldown_s = 0;
        config.agent.max_orders_per_minute = 2;
    });
    let records = run(&mut engine, 0..3_000);
    let ordered: Vec<_> = made(&records)
        .iter()
        .filter(|decision| matches!(decision.action, Action::Orders(_)))
        .map(|decision| decision.made_at)
        .collect();
    assert!(ordered.len() > 10);
    let crowded = ordered
        .windows(3)
        .find(|three| three[2].since(three[0]) < MINUTE);
    assert_eq!(crowded, None);
}

#[test]
fn contributions_and_bias_are_the_log_odds_of_what_was_stored() {
    let mut engine = quick(|config| config.agent.models.built_in = vec![BuiltIn::OnlineLogistic]);
    let records = run(&mut engine, 0..6_000);
    let mut learnt = 0;
    for decision in decisions(&records) {
        let up = match decision.direction {
            Direction::Up => decision.confidence,
            _ => 1.0 - decision.confidence,
        };
        let sum: f64 = decision
            .features
            .iter()
            .map(|feature| feature.contribution)
            .sum();
        let odds = decision.bias.unwrap() + sum;
        assert!((odds - (up / (1.0 - up)).ln()).abs() < 1e-9, "{decision:?}");
        learnt += u32::from(odds != 0.0);
    }
    assert!(learnt > 200, "{learnt}");
}

#[test]
fn a_model_that_fails_is_switched_off_and_told_and_the_others_go_on() {
    for (how, words) in [
        (Broken::Panics, "on purpose"),
        (Broken::NotANumber, "NaN"),
        (Broken::TooSure, "1.5"),
        (Broken::PanicsLearning, "on purpose"),
    ] {
        let mut engine = quick(|_| {});
        engine
            .agent
            .models
            .add_broken("broken".parse().unwrap(), how);
        let records = run(&mut engine, 0..2_000);
        let told = alerts(&records);
        assert_eq!(told.len(), 1, "{how:?}: {told:?}");
        assert!(
            told[0].contains("broken") && told[0].contains(words),
            "{told:?}"
        );
        let models = engine.models(&BotId::paper()).unwrap().models;
        let off: Vec<_> = models
            .iter()
            .filter(|model| model.fault.is_some())
            .collect();
        assert_eq!(off.len(), 1);
        assert_eq!(off[0].model.as_str(), "broken");
        let others = made(&records);
        let others = others
            .iter()
            .filter(|decision| decision.model.as_str() != "broken");
        assert!(others.count() > 60);
    }
}

/// Only a model outside the core.
fn outside(config: &mut EngineConfig) {
    config.agent.models = ModelsConfig {
        built_in: Vec::new(),
        onnx: [("outside".parse().unwrap(), "model.onnx".into())].into(),
        ..ModelsConfig::default()
    };
}

/// Runs until the model is asked.
fn asked(engine: &mut Engine) -> (InferenceRequest, Vec<Record>) {
    let mut records = Vec::new();
    for step in 0.. {
        let mut processed = engine.process(engine.seq().next(), &trade(step));
        records.extend(processed.records);
        if let Some(request) = processed.asks.pop() {
            return (request, records);
        }
    }
    unreachable!()
}

fn answer(request: &InferenceRequest, result: InferenceResult) -> Input {
    Input::Inference(Inference {
        request: request.seq,
        model: request.model.clone(),
        symbol: request.symbol.clone(),
        result,
        took_us: Some(12.5),
    })
}

#[test]
fn a_model_outside_is_asked_and_decides_when_it_answers() {
    let mut engine = quick(outside);
    let (request, before) = asked(&mut engine);
    assert_eq!(request.model.as_str(), "outside");
    assert_eq!(request.seq, engine.seq());
    assert!(request.features.iter().all(|value| value.is_finite()));

    // The question outlives a restart.
    let saved = serde_json::to_string(&engine).unwrap();
    let mut engine: Engine = serde_json::from_str(&saved).unwrap();
    for record in before {
        engine.restore(record.event);
    }
    assert_eq!(engine.unanswered().collect::<Vec<_>>(), [&request]);

    let input = answer(&request, InferenceResult::Probability(0.2));
    let records = engine.process(engine.seq().next(), &input).records;
    let decision = made(&records)[0];
    assert_eq!(decision.model.as_str(), "outside");
    assert_eq!(decision.direction, Direction::Down);
    assert!((decision.confidence - 0.8).abs() < 1e-12);
    assert_eq!(decision.features.len(), request.features.len());
    assert_eq!(steps(&records)[0].1, Some(12.5), "what it took is told");
    assert_eq!(engine.unanswered().count(), 0);

    let again = engine.process(engine.seq().next(), &input);
    assert!(again.records.is_empty(), "nobody waits for it any more");
}

#[test]
fn a_model_outside_that_gives_no_answer_is_switched_off() {
    for (result, words) in [
        (InferenceResult::TimedOut { after_ms: 250 }, "250 ms"),
        (
            InferenceResult::Panicked {
                message: "index out of bounds".into(),
            },
            "index out of bounds",
        ),
        (InferenceResult::NotANumber, "not a number"),
        (InferenceResult::Probability(1.5), "1.5"),
        (
            InferenceResult::Failed {
                message: "no such file".into(),
            },
            "no such file",
        ),
    ] {
        let mut engine = quick(outside);
        let (request, _) = asked(&mut engine);
        let input = answer(&request, result);
        let records = engine.process(engine.seq().next(), &input).records;
        let told = alerts(&records);
        assert!(told.len() == 1 && told[0].contains(words), "{told:?}");
        assert!(made(&records).is_empty());
        let later = run(&mut engine, 3_000..4_000);
        assert!(made(&later).is_empty() && alerts(&later).is_empty());
    }
}

#[test]
fn unanswered_questions_do_not_pile_up() {
    let mut engine = quick(outside);
    run(&mut engine, 0..6_000);
    assert_eq!(engine.unanswered().count(), 16);
}

#[test]
fn the_seed_decides_the_order_of_learning_and_nothing_else_does() {
    let log = |seed: u64| {
        let mut engine = quick(|config| config.seed = seed);
        let records = run(&mut engine, 0..4_000);
        let mut hash = eventlog::EventLogHash::default();
        for record in &records {
            hash.add(&eventlog::canonical(record).unwrap());
        }
        hash.finish()
    };
    assert_eq!(log(1), log(1));
    assert_ne!(log(1), log(2));
}

fn forecast(id: &str, horizon: &str) -> Input {
    bot_input(
        "other",
        BotCommand::Decision(NewDecision {
            id: Some(id.parse().unwrap()),
            model: "m".parse::<ModelId>().unwrap(),
            symbol: symbol(),
            direction: Direction::Up,
            confidence: 0.7,
            price_target: None,
            horizon: horizon.parse().unwrap(),
            flat_band: None,
            features: Vec::new(),
            bias: None,
            reasoning: String::new(),
            action: None,
        }),
    )
}

fn resolved(records: &[Record], id: &str) -> Decision {
    let mut own = decisions(records);
    own.retain(|decision| decision.id.as_str() == id && decision.outcome != Outcome::Pending);
    assert_eq!(own.len(), 1, "{id}");
    own[0].clone()
}

#[test]
fn what_falls_into_a_gap_is_judged_by_a_candle_or_not_at_all() {
    let mut engine = quick(|_| {});
    run(&mut engine, 0..10);
    let last = engine.now();
    for (id, horizon) in [("in-gap", "30s"), ("by-candle", "150s"), ("after", "260s")] {
        engine.process(engine.seq().next(), &forecast(id, horizon));
    }
    // Trades are lost from here to four minutes on; of the second and third minute there are bars.
    let to = last.plus(240 * SECOND);
    let gap = Input::Notice(FeedNotice {
        kind: QualityKind::Gap,
        symbol: Some(symbol()),
        source: "test".into(),
        line: None,
        message: "lost".into(),
        extent: Extent {
            from: Some(last),
            to: Some(to),
            ..Extent::default()
        },
    });
    let bar = |minute: i64, close: i64| {
        let open_time = TimeUs(minute * MINUTE);
        let close = Decimal::from(close);
        Input::Market(MarketEvent::Bar(Bar {
            symbol: symbol(),
            open_time,
            close_time: open_time.plus(MINUTE - 1_000),
            open: close,
            high: close,
            low: close,
            close,
            volume: Decimal::ONE,
            quote_volume: None,
            trades: Some(1),
            taker_buy_volume: None,
            taker_buy_quote_volume: None,
        }))
    };
    assert_eq!(last.floor(MINUTE), TimeUs(MINUTE));
    let mut records = Vec::new();
    for input in [gap, bar(2, 50_000), bar(3, 51_000)] {
        records.extend(engine.process(engine.seq().next(), &input).records);
    }
    records.extend(run(&mut engine, 620..700));
    let in_gap = resolved(&records, "in-gap");
    assert_eq!(
        (in_gap.outcome, in_gap.verdict),
        (Outcome::Unresolvable, None)
    );
    let by_candle = resolved(&records, "by-candle");
    let verdict = by_candle.verdict.unwrap();
    assert_eq!(verdict.source, VerdictSource::Candle);
    assert_eq!(
        verdict.price,
        Decimal::from(50_000),
        "the last one that was over"
    );
    assert!(verdict.time <= by_candle.resolves_at);
    let after = resolved(&records, "after");
    assert_eq!(after.verdict.unwrap().source, VerdictSource::Print);
}
