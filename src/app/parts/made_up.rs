//! Values to draw in tests: nothing that ever happened.

use std::collections::BTreeMap;

use super::About;
use crate::domain::time::MINUTE;
use crate::domain::{
    Action, AgentPhase, AgentStep, BotId, CalibrationPoint, Candle, ConfidenceBin, Decision,
    DecisionDetail, Direction, Evidence, Feature, Fill, FillSource, Interval, Liquidity,
    MarketState, ModelState, Models, Order, OrderStatus, OrderType, Outcome, Regime, Score,
    ScoreId, Side, Symbol, TimeInForce, TimeUs, Verdict, VerdictSource,
};

/// 2024-01-01 00:00 UTC.
const START: TimeUs = TimeUs(1_704_067_200_000_000);

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

pub fn decision() -> Decision {
    let feature = |name: &str, value, contribution| Feature {
        name: name.to_owned(),
        value,
        contribution,
    };
    let features = vec![
        feature("momentum", 0.5, 0.25),
        feature("taker_flow", -0.8, -0.4),
    ];
    let made_at = START.plus(5 * MINUTE);
    Decision {
        id: "dec-7-1".parse().unwrap(),
        bot: BotId::paper(),
        model: "momentum-reversion".parse().unwrap(),
        symbol: symbol(),
        made_at,
        direction: Direction::Up,
        confidence: 1.0 / (1.0 + (-0.05_f64).exp()),
        price_at: Some(42_000.into()),
        price_target: Some(42_050.into()),
        horizon: "5m".parse().unwrap(),
        resolves_at: made_at.plus(5 * MINUTE),
        flat_band: 0.0,
        features,
        bias: Some(0.2),
        reasoning: "<b>because</b>".to_owned(),
        action: Action::Orders(vec!["ord-7-1".parse().unwrap()]),
        outcome: Outcome::Correct,
        realised_return: Some(0.001),
        verdict: Some(Verdict {
            price: 42_042.into(),
            time: made_at.plus(5 * MINUTE - 1),
            source: VerdictSource::Print,
        }),
        resolved_at: Some(made_at.plus(5 * MINUTE)),
    }
}

pub fn about() -> About {
    let decision = decision();
    let step = |from, to, took_us| AgentStep {
        bot: BotId::paper(),
        from,
        to,
        symbol: Some(symbol()),
        reason: "for a reason".to_owned(),
        took_us,
        time: decision.made_at,
    };
    let steps = vec![
        step(AgentPhase::Orient, AgentPhase::Decide, Some(1_234.0)),
        step(AgentPhase::Decide, AgentPhase::Act, None),
    ];
    let order = Order {
        id: "ord-7-1".parse().unwrap(),
        client_order_id: None,
        bot: BotId::paper(),
        symbol: symbol(),
        side: Side::Buy,
        order_type: OrderType::Market,
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        quantity: 1.into(),
        price: None,
        stop_price: None,
        trail_amount: None,
        trail_percent: None,
        activation_price: None,
        reduce_only: false,
        status: OrderStatus::Filled,
        filled_quantity: 1.into(),
        average_price: Some(42_001.into()),
        link: None,
        trigger: None,
        decision: Some(decision.id.clone()),
        reason: None,
        created_at: decision.made_at,
        updated_at: decision.made_at,
    };
    let fill = Fill {
        id: "trade-8-1".parse().unwrap(),
        bot: BotId::paper(),
        order: Some(order.id.clone()),
        decision: Some(decision.id.clone()),
        symbol: symbol(),
        side: Side::Buy,
        quantity: 1.into(),
        price: 42_001.into(),
        value: 42_001.into(),
        fee: 42.into(),
        liquidity: Liquidity::Taker,
        slippage: 0.into(),
        realised_pnl: 0.into(),
        cash: 0.into(),
        evidence: Evidence::Trade {
            id: 9,
            price: 42_001.into(),
            quantity: 1.into(),
        },
        source: FillSource::Paper,
        time: decision.made_at.plus(MINUTE),
    };
    About {
        detail: DecisionDetail {
            decision,
            steps,
            orders: vec![order],
            fills: vec![fill],
        },
        candles: (0..12).map(candle).collect(),
    }
}

fn candle(minute: i64) -> Candle {
    let open_time = START.plus(minute * MINUTE);
    Candle {
        symbol: symbol(),
        interval: Interval::M1,
        open_time,
        close_time: open_time.plus(MINUTE - 1),
        open: (42_000 + minute).into(),
        high: (42_010 + minute).into(),
        low: (41_990 + minute).into(),
        close: (42_005 - minute).into(),
        volume: 1.into(),
        quote_volume: 42_000.into(),
        trades: 1,
        taker_buy_volume: 1.into(),
        taker_buy_quote_volume: 42_000.into(),
        closed: true,
    }
}

fn score(model: &str, part: Option<&str>, n: u64, hits: u64) -> Score {
    let bin = |n: u64, confidence: f64, mean_return: f64| ConfidenceBin {
        n,
        hits: n * 4 / 7,
        confidence: (n > 0).then_some(confidence),
        low: (n > 0).then_some(0.4),
        high: (n > 0).then_some(0.7),
        mean_return: (n > 0).then_some(mean_return),
    };
    let mut bins = vec![ConfidenceBin::default(); 10];
    bins[5] = bin(n - n / 3, 0.55, 0.0004);
    bins[6] = bin(n / 3, 0.63, -0.0002);
    let point = |place: i64| CalibrationPoint {
        time: START.plus(place * 60 * MINUTE),
        hit_rate: 0.5 + 0.01 * place as f64,
        confidence: 0.56,
        brier: 0.24,
    };
    Score {
        model: model.parse().unwrap(),
        symbol: part.map(|_| symbol()),
        horizon: part.map(|horizon| horizon.parse().unwrap()),
        pending: 4,
        unresolvable: 1,
        n,
        hits,
        hit_rate: Some(hits as f64 / n as f64),
        low: Some(0.5),
        high: Some(0.64),
        brier: Some(0.24),
        reliability: Some(0.001),
        resolution: Some(0.002),
        uncertainty: Some(0.2449),
        within: Some(-0.0039),
        log_loss: Some(0.68),
        ece: Some(0.02),
        mean_return: Some(0.0002),
        bins,
        history: match part {
            None => (0..6).map(point).collect(),
            Some(_) => Vec::new(),
        },
    }
}

pub fn models() -> Models {
    let state = |model: &str, fault: Option<&str>| ModelState {
        model: model.parse().unwrap(),
        about: format!("What {model} is."),
        fault: fault.map(str::to_owned),
    };
    let scores = [
        score("momentum-reversion", None, 210, 120),
        score("momentum-reversion", Some("5m"), 210, 120),
        score("few", None, 12, 6),
    ];
    let scores = scores.map(|score| {
        let id = match (&score.symbol, score.horizon) {
            (Some(symbol), Some(horizon)) => ScoreId::of(&score.model, symbol, horizon),
            _ => ScoreId::total(&score.model),
        };
        (id, score)
    });
    let market = MarketState {
        regime: Some(Regime::TrendUp),
        trend: Some(1.2),
        hour_volatility: Some(0.5),
        volatility: Some(0.4),
    };
    Models {
        bot: BotId::paper(),
        models: vec![
            state("momentum-reversion", None),
            state("onnx", Some("it answered with NaN")),
        ],
        scores: BTreeMap::from(scores),
        unscored: 3,
        markets: BTreeMap::from([(symbol(), market)]),
        risk: Some(-0.021),
        time: START,
    }
}
