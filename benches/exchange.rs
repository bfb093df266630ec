//! The synchronous core: what a tick costs with many resting orders, how long the core takes from a
//! tick to what it triggers, and the revaluation of a thousand positions.
//!
//! Criterion measures what is a mean; the reaction is a distribution, so `main` times each tick by
//! itself and prints its percentiles as one line of JSON for `benches/report.py`.

#![allow(clippy::expect_used)] // a bench that cannot begin has nothing to say

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use plainsight::domain::{
    BotCommand, BotId, Decimal, Event, Input, MarketEvent, MarketTrade, NewOrder, OrderStatus,
    OrderType, ReportedFill, Side, Symbol, TimeUs,
};
use plainsight::engine::Engine;
use plainsight::engine::config::EngineConfig;
use plainsight::feed::{Feed as _, FeedItem, ReplayFeed, ReplayOptions};

/// The market stands about here; ticks of the benches stay within ± 20.
const PRICE: i64 = 42_000;
const DAY: &str =
    "../shared/data/binance_aggtrades_btcusdt_20240101/BTCUSDT-aggTrades-2024-01-01.zip";

fn btc() -> Symbol {
    "BTCUSDT".parse().expect("a symbol")
}

fn trade(step: i64, price: Decimal) -> Input {
    Input::Market(MarketEvent::Trade(MarketTrade {
        symbol: btc(),
        id: step.unsigned_abs(),
        price,
        quantity: Decimal::new(5, 1),
        count: 1,
        taker: if step % 2 == 0 { Side::Buy } else { Side::Sell },
        time: TimeUs(1_700_000_000_000_000 + step * 10_000),
    }))
}

/// A walk that touches nothing: it comes back to where it was, and to new bests of some minutes.
fn tick(step: i64) -> Input {
    let wave = (step * 7919 % 1009) - 504;
    trade(step, Decimal::new(PRICE * 100 + wave * 3, 2))
}

fn engine() -> Engine {
    let mut config = EngineConfig {
        symbols: vec![btc()],
        ..EngineConfig::default()
    };
    config.agent.enabled = false;
    config.exchange.initial_cash = Decimal::from(1_000_000_000_000_i64);
    Engine::new(config)
}

fn send(engine: &mut Engine, input: &Input) -> Vec<Event> {
    let processed = engine.process(engine.seq().next(), input);
    processed.reply.expect("it is taken");
    let events = processed.records.into_iter();
    events.map(|record| record.event).collect()
}

fn order(index: i64) -> NewOrder {
    let side = if index % 2 == 0 {
        Side::Buy
    } else {
        Side::Sell
    };
    let quantity = Decimal::new(1, 3);
    // From 1 % to about 20 % away.
    let away = Decimal::new(100 + index * 37 % 1_900, 4);
    let near = |sign: i64| {
        (Decimal::from(PRICE) * (Decimal::ONE + side.signed(away) * Decimal::from(sign)))
            .round_dp(2)
    };
    let market = NewOrder::market(btc(), side, quantity);
    match index % 10 {
        // One in ten trails.
        0 => NewOrder {
            order_type: OrderType::TrailingStop,
            trail_percent: Some((away * Decimal::ONE_HUNDRED).round_dp(2)),
            ..market
        },
        1..=5 => NewOrder::limit(btc(), side, quantity, near(-1)),
        _ => NewOrder {
            order_type: OrderType::Stop,
            stop_price: Some(near(1)),
            ..market
        },
    }
}

/// An engine with so many resting orders, accepted while the market moves.
fn resting(count: i64) -> (Engine, i64) {
    let mut engine = engine();
    let mut step = 0;
    send(&mut engine, &tick(step));
    for index in 0..count {
        if index % 100 == 0 {
            step += 1;
            send(&mut engine, &tick(step));
        }
        send(&mut engine, &bot(BotCommand::SubmitOrder(order(index))));
    }
    assert_eq!(engine.open_orders(&BotId::paper()).len() as i64, count);
    (engine, step)
}

fn bot(command: BotCommand) -> Input {
    Input::Bot {
        bot: BotId::paper(),
        command: Box::new(command),
    }
}

fn ticks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick");
    group.throughput(Throughput::Elements(1));
    for count in [0, 1_000, 10_000, 100_000] {
        let (mut engine, mut step) = resting(count);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| {
                step += 1;
                black_box(engine.process(engine.seq().next(), &tick(step)))
            });
        });
    }
    group.finish();
}

fn revaluation(criterion: &mut Criterion) {
    let symbols: Vec<Symbol> = (0..1_000)
        .map(|index| format!("S{index}USDT").parse().expect("a symbol"))
        .collect();
    let mut engine = engine();
    for (index, symbol) in symbols.iter().enumerate() {
        let Input::Market(MarketEvent::Trade(print)) = tick(index as i64) else {
            return;
        };
        let print = MarketTrade {
            symbol: symbol.clone(),
            ..print
        };
        send(&mut engine, &Input::Market(MarketEvent::Trade(print)));
        let fill = ReportedFill {
            id: format!("f{index}").parse().expect("an id"),
            symbol: symbol.clone(),
            side: Side::Buy,
            quantity: Decimal::new(123, 3),
            price: Decimal::from(PRICE),
            fee: Decimal::ONE,
            liquidity: None,
            order: None,
            decision: None,
            time: None,
        };
        send(&mut engine, &bot(BotCommand::Fill(fill)));
    }
    let paper = BotId::paper();
    criterion.bench_function("revaluation/1000", |bencher| {
        bencher.iter(|| black_box((engine.positions(&paper), engine.portfolio(&paper))));
    });
}

/// The recorded day with 10,000 conditional orders, of which the day triggers some.
fn recorded_day(criterion: &mut Criterion) {
    if !Path::new(DAY).exists() {
        eprintln!("the recorded day is not here: {DAY}");
        return;
    }
    let options = ReplayOptions {
        path: DAY.into(),
        symbols: Vec::new(),
        resume: None,
    };
    let mut feed = ReplayFeed::open(options).expect("it is read");
    let mut inputs = Vec::new();
    while let Some(item) = feed.next() {
        if let FeedItem::Market(event) = item {
            inputs.push(Input::Market(event));
        }
    }
    let mut group = criterion.benchmark_group("recorded_day");
    group.throughput(Throughput::Elements(inputs.len() as u64));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    for count in [0, 10_000] {
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter_batched(
                || {
                    let mut engine = engine();
                    send(&mut engine, &inputs[0]);
                    for index in 0..count {
                        // The day opens at 42,283.58: some of these are refused for being reached.
                        let command = bot(BotCommand::SubmitOrder(order(index)));
                        let _ = engine.process(engine.seq().next(), &command);
                    }
                    engine
                },
                |mut engine| {
                    for input in &inputs[1..] {
                        black_box(engine.process(engine.seq().next(), input));
                    }
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// From a tick's arrival in the core to the events that it triggers, with 10,000 orders resting: a
/// ladder of stops under the market, of which each tick takes one step.
fn reaction() -> String {
    const STEPS: i64 = 5_000;
    let (mut engine, mut step) = resting(10_000 - STEPS);
    for rung in 0..STEPS {
        let stop = NewOrder {
            order_type: OrderType::Stop,
            stop_price: Some(Decimal::new(PRICE * 100 - 3_000 - rung, 2)),
            ..NewOrder::market(btc(), Side::Sell, Decimal::new(1, 3))
        };
        send(&mut engine, &bot(BotCommand::SubmitOrder(stop)));
    }
    let mut micros = Vec::new();
    for rung in 0..STEPS {
        step += 1;
        let input = trade(step, Decimal::new(PRICE * 100 - 3_000 - rung, 2));
        let begun = Instant::now();
        let processed = engine.process(engine.seq().next(), &input);
        let took = begun.elapsed();
        let reacted = processed.records.iter().any(|record| {
            matches!(&record.event, Event::Order(order) if order.status == OrderStatus::Triggered)
        });
        assert!(reacted, "each tick triggers one");
        micros.push(took.as_secs_f64() * 1e6);
    }
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    format!(
        r#"{{"reaction_us":{{"p50":{:.1},"p99":{:.1},"max":{:.1},"n":{}}}}}"#,
        at(0.5),
        at(0.99),
        at(1.0),
        micros.len()
    )
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    ticks(&mut criterion);
    revaluation(&mut criterion);
    recorded_day(&mut criterion);
    criterion.final_summary();
    println!("{}", reaction());
}
