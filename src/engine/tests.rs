//! The engine as a whole: determinism across a snapshot, accounting, decisions, refusals.

mod agent;
mod orders;

use proptest::prelude::*;

use super::*;
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{
    BotCommand, Decimal, Direction, MarketTrade, MetricId, NewDecision, NewOrder, Outcome,
    ReportedFill, Side, Window,
};

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

/// A price path that moves a little each 400 ms, the same at every call.
fn trade(step: i64) -> Input {
    let wave = (step * 7919 % 1009) - 504 + (step / 50 % 40) * 30;
    Input::Market(MarketEvent::Trade(MarketTrade {
        symbol: symbol(),
        id: u64::try_from(step).unwrap() + 1,
        price: Decimal::new(4_200_000 + wave * 3, 2),
        quantity: Decimal::new(1 + step % 500, 3),
        count: 1,
        taker: if step % 3 == 0 { Side::Sell } else { Side::Buy },
        time: TimeUs(MINUTE + step * 400_000),
    }))
}

fn engine() -> Engine {
    Engine::new(EngineConfig {
        symbols: vec![symbol()],
        ..EngineConfig::default()
    })
}

fn run(engine: &mut Engine, steps: std::ops::Range<i64>) -> Vec<Record> {
    steps
        .flat_map(|step| engine.process(engine.seq().next(), &trade(step)).records)
        .collect()
}

fn bot_input(bot: &str, command: BotCommand) -> Input {
    Input::Bot {
        bot: bot.parse().unwrap(),
        command: Box::new(command),
    }
}

#[test]
fn a_snapshot_with_the_journals_events_continues_exactly() {
    let mut whole = engine();
    let before = run(&mut whole, 0..4_000);
    let snapshot = serde_json::to_string(&whole).unwrap();
    let after = run(&mut whole, 4_000..8_000);
    assert!(
        after
            .iter()
            .any(|record| matches!(record.event, Event::Fill(_))),
        "the agent trades"
    );
    assert!(after.iter().any(
        |record| matches!(&record.event, Event::Decision(d) if d.outcome != Outcome::Pending)
    ));

    let mut restored: Engine = serde_json::from_str(&snapshot).unwrap();
    for record in before {
        restored.restore(record.event);
    }
    assert_eq!(run(&mut restored, 4_000..8_000), after);
    assert_eq!(
        restored.portfolio(&BotId::paper()),
        whole.portfolio(&BotId::paper())
    );
    assert_eq!(
        restored.performance(&BotId::paper()),
        whole.performance(&BotId::paper())
    );
}

#[test]
fn every_event_has_a_canonical_form_that_reads_back() {
    let mut engine = engine();
    for record in run(&mut engine, 0..4_000) {
        let line = eventlog::canonical(&record).unwrap();
        assert_eq!(serde_json::from_slice::<Record>(&line).unwrap(), record);
    }
}

#[test]
fn samples_carry_buy_and_hold_and_what_was_done() {
    let mut engine = engine();
    let records = run(&mut engine, 0..8_000);
    let samples: Vec<_> = records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Equity {
                point, activity, ..
            } => Some((point, activity)),
            _ => None,
        })
        .collect();
    let price_at = |time: TimeUs| {
        let mut newest_first = records.iter().rev();
        let mark = newest_first.find_map(|record| match &record.event {
            Event::Mark { price, second, .. } if *second < time => Some(*price),
            _ => None,
        });
        mark.unwrap()
    };
    let first = samples[0].0;
    for (point, _) in &samples {
        let grown = first.equity * price_at(point.time) / price_at(first.time);
        let off = point.benchmark.unwrap() - grown;
        assert!(off.abs() < Decimal::new(1, 7), "{point:?}: {grown}");
    }
    let (last, activity) = samples.last().unwrap();
    assert!(activity.fees > Decimal::ZERO && activity.traded > Decimal::ZERO);
    assert_eq!(samples.len(), 53);

    let performance = engine.performance(&BotId::paper()).unwrap();
    let all = &performance.windows[&Window::All];
    assert_eq!(all.fees_paid, performance.fees_paid);
    assert_eq!(all.value(MetricId::Turnover), performance.turnover);
    let exposure = all.metrics[&MetricId::Exposure];
    assert_eq!(exposure.n, 53);
    assert!(exposure.value.is_some_and(|share| share > 0.0));
    assert_eq!(all.metrics[&MetricId::Beta].n, 52);
    let held = all.value(MetricId::BenchmarkReturn).unwrap();
    let expected = money_f64(last.benchmark.unwrap() / first.equity) - 1.0;
    assert!((held - expected).abs() < 1e-9, "{held} {expected}");
}

#[test]
fn marks_are_one_a_second_at_the_last_price() {
    let mut engine = engine();
    let records = run(&mut engine, 0..50);
    let marks: Vec<_> = records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Mark { price, second, .. } => Some((second.0 / SECOND, *price)),
            _ => None,
        })
        .collect();
    assert_eq!(marks.len(), 19);
    let Input::Market(MarketEvent::Trade(third)) = trade(2) else {
        unreachable!()
    };
    assert_eq!(marks[0], (60, third.price));
}

#[test]
fn a_decision_is_judged_by_the_last_price_at_its_horizon() {
    let mut engine = engine();
    run(&mut engine, 0..10);
    let decision = NewDecision {
        id: Some("mine-1".parse().unwrap()),
        model: "m".parse().unwrap(),
        symbol: symbol(),
        direction: Direction::Up,
        confidence: 0.7,
        price_target: None,
        horizon: "4s".parse().unwrap(),
        flat_band: None,
        features: Vec::new(),
        bias: None,
        reasoning: String::new(),
        action: None,
    };
    let input = bot_input("other", BotCommand::Decision(decision));
    let made = engine.process(engine.seq().next(), &input);
    assert_eq!(
        made.reply,
        Ok(Accepted::Recorded {
            id: "mine-1".into()
        })
    );
    let again = engine.process(engine.seq().next(), &input);
    assert_eq!(
        again.reply,
        Ok(Accepted::Duplicate {
            id: "mine-1".into()
        })
    );
    assert!(again.records.is_empty());

    // Made at step 9; due 10 steps later, at step 19's own time: that price counts.
    let records = run(&mut engine, 10..22);
    let resolved = records
        .iter()
        .find_map(|record| match &record.event {
            Event::Decision(decision) if decision.id.as_str() == "mine-1" => Some(decision),
            _ => None,
        })
        .unwrap();
    let price = |step| match trade(step) {
        Input::Market(MarketEvent::Trade(trade)) => money_f64(trade.price),
        _ => unreachable!(),
    };
    let expected = price(19) / price(9) - 1.0;
    assert_eq!(resolved.realised_return, Some(expected));
    assert_eq!(
        resolved.outcome,
        if expected > 0.0 {
            Outcome::Correct
        } else {
            Outcome::Incorrect
        }
    );
}

fn money_f64(price: Decimal) -> f64 {
    crate::domain::money::to_f64(price)
}

#[test]
fn an_order_beyond_the_account_is_refused_with_a_code() {
    let mut engine = engine();
    run(&mut engine, 0..3);
    let order = |quantity: i64, symbol: Symbol| {
        bot_input(
            "paper",
            BotCommand::SubmitOrder(NewOrder {
                client_order_id: Some("c-1".into()),
                ..NewOrder::market(symbol, Side::Buy, quantity.into())
            }),
        )
    };
    let mut send = |input: Input| engine.process(engine.seq().next(), &input).reply;
    assert_eq!(
        send(order(3, symbol())).unwrap_err().code,
        "insufficient_funds"
    );
    assert_eq!(
        send(order(0, symbol())).unwrap_err().code,
        "invalid_quantity"
    );
    assert_eq!(
        send(order(1, "NOPE".parse().unwrap())).unwrap_err().code,
        "unknown_symbol"
    );
    assert!(matches!(send(order(1, symbol())), Ok(Accepted::Order(_))));
    assert!(
        matches!(send(order(1, symbol())), Ok(Accepted::Duplicate { .. })),
        "the client id is known"
    );
}

fn fills() -> impl Strategy<Value = Vec<(bool, u32, u32, u32)>> {
    prop::collection::vec(
        (
            any::<bool>(),
            1..500_000_u32,
            1..9_000_000_u32,
            0..1_000_u32,
        ),
        1..60,
    )
}

proptest! {
    /// cash + Σ value = equity, realised + unrealised − fees = equity − deposits, Σ fills = position:
    /// exactly, after every fill, whatever the sequence.
    #[test]
    fn accounting_holds_exactly(fills in fills(), cash in 0..1_000_000_i64) {
        let mut engine = engine();
        run(&mut engine, 0..2);
        let bot: BotId = "outside".parse().unwrap();
        let mut send = |command| engine.process(engine.seq().next(), &bot_input("outside", command)).records;
        if cash > 0 {
            send(BotCommand::Deposit(crate::domain::bot::Deposit { id: "d".into(), amount: cash.into() }));
        }
        let mut gross = Decimal::ZERO;
        for (index, (buy, quantity, price, fee)) in fills.into_iter().enumerate() {
            let records = send(BotCommand::Fill(ReportedFill {
                id: format!("f{index}").parse().unwrap(),
                symbol: symbol(),
                side: if buy { Side::Buy } else { Side::Sell },
                quantity: Decimal::new(quantity.into(), 5),
                price: Decimal::new(price.into(), 2),
                fee: Decimal::new(fee.into(), 4),
                liquidity: None,
                order: None,
                decision: None,
                time: None,
            }));
            let Event::Fill(fill) = &records[0].event else { panic!("{records:?}") };
            gross += fill.realised_pnl;
        }
        let portfolio = engine.portfolio(&bot).unwrap();
        prop_assert_eq!(&portfolio.invariant, &Invariant::Holds);
        prop_assert_eq!(portfolio.realised_pnl, gross.normalize());
        let positions = engine.positions(&bot).unwrap();
        let value: Decimal = positions.iter().map(|position| position.value).sum();
        prop_assert_eq!((portfolio.cash + value).normalize(), portfolio.equity);
    }
}
