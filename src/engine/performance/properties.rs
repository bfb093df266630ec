//! Whatever finite numbers come in, what goes out is finite or undefined, and in its range.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;
use crate::domain::Side;
use crate::domain::performance::TradeStatistics;

/// Ordinary returns, any finite numbers at all, one number repeated, and zeros.
fn series() -> impl Strategy<Value = Vec<f64>> {
    let any = any::<f64>().prop_filter("finite", |value| value.is_finite());
    prop_oneof![
        prop::collection::vec(-0.2..0.2, 0..60),
        prop::collection::vec(-3.0..3.0, 0..10),
        prop::collection::vec(any.clone(), 0..30),
        (any, 0_usize..40).prop_map(|(value, n)| vec![value; n]),
        (-1.0..1.0, 0_usize..400).prop_map(|(value, n)| vec![value; n]),
        (0_usize..40).prop_map(|n| vec![0.0; n]),
    ]
}

fn decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        4 => (-1_000_i64..100_000).prop_map(Decimal::from),
        2 => (any::<i64>(), 0_u32..28).prop_map(|(value, scale)| Decimal::new(value, scale)),
        1 => Just(Decimal::MAX),
        1 => Just(Decimal::MIN),
        1 => Just(Decimal::ZERO),
    ]
}

fn points() -> impl Strategy<Value = Vec<EquityPoint>> {
    let point = (1_i64..100_000_000_000, decimal(), decimal());
    prop::collection::vec(point, 0..40).prop_map(|steps| {
        let mut time = TimeUs::ZERO;
        let point = |(step, equity, deposits)| {
            time = time.plus(step);
            EquityPoint {
                time,
                equity,
                deposits,
                drawdown: None,
            }
        };
        steps.into_iter().map(point).collect()
    })
}

fn trips() -> impl Strategy<Value = Vec<RoundTrip>> {
    let trip = (any::<i64>(), any::<i32>(), any::<i64>(), any::<i64>());
    prop::collection::vec(trip, 0..20).prop_map(|trips| {
        let trip = |(pnl, fees, opened, closed): (i64, i32, i64, i64)| RoundTrip {
            bot: "paper".parse().unwrap(),
            symbol: "BTCUSDT".parse().unwrap(),
            side: Side::Sell,
            quantity: Decimal::ONE,
            opened_at: TimeUs(opened),
            closed_at: TimeUs(closed),
            realised_pnl: Decimal::new(pnl, 8),
            fees: Decimal::new(i64::from(fees), 4),
            mae: Decimal::MIN,
            mfe: Decimal::MAX,
        };
        trips.into_iter().map(trip).collect()
    })
}

/// Every figure with its name. A field that is added to the types does not compile until it is here.
fn figures(metrics: Metrics) -> Vec<(&'static str, Option<f64>)> {
    macro_rules! named {
        ($type:ident of $value:expr; except $($other:ident),*; $($field:ident),*) => {{
            let $type { $($other: _,)* $($field),* } = $value;
            vec![$((stringify!($field), $field)),*]
        }};
    }
    let trades = metrics.trades.clone();
    let mut all = named!(Metrics of metrics; except basis, n, trades;
        total_return, cagr, volatility, sharpe, sortino, max_drawdown, max_drawdown_duration_s,
        current_drawdown, calmar, omega, gain_to_pain, ulcer, var_historical, cvar_historical,
        var_parametric, cvar_parametric, tail_ratio, skew, excess_kurtosis, psr, stability,
        period_win_rate);
    all.extend(named!(TradeStatistics of trades;
        except n, longest_winning_streak, longest_losing_streak;
        win_rate, profit_factor, payoff, expectancy, expectancy_ratio, kelly, sqn, p_value,
        average_holding_s, average_mae, average_mfe));
    all
}

fn check(name: &str, value: Option<f64>) {
    let Some(value) = value else { return };
    assert!(value.is_finite(), "{name} = {value}");
    match name {
        "win_rate" | "period_win_rate" | "psr" | "stability" | "p_value" => {
            assert!((0.0..=1.0).contains(&value), "{name} = {value}");
        }
        "max_drawdown" | "current_drawdown" => assert!(value <= 0.0, "{name} = {value}"),
        "volatility"
        | "ulcer"
        | "omega"
        | "profit_factor"
        | "payoff"
        | "tail_ratio"
        | "max_drawdown_duration_s" => assert!(value >= 0.0, "{name} = {value}"),
        _ => {}
    }
}

proptest! {
    #[test]
    fn metrics_are_finite_or_undefined(points in points(), trips in trips(), daily: bool) {
        let basis = if daily { Basis::Daily } else { Basis::Intraday };
        for (name, value) in figures(metrics(&points, basis, &trips)) {
            check(name, value);
        }
    }

    #[test]
    fn figures_of_returns_are_finite_or_undefined(r in series(), b in series(), daily: bool) {
        let p = periods_per_year(if daily { Basis::Daily } else { Basis::Intraday });
        let down = drawdown::drawdowns(&r).unwrap_or_default();
        let tails = risk::Tails::new(&r);
        for (name, value) in [
            ("total_return", returns::total_return(&r)),
            ("cagr", returns::cagr(&r, p)),
            ("volatility", returns::volatility(&r, p)),
            ("sharpe", returns::sharpe(&r, p)),
            ("sortino", returns::sortino(&r, p)),
            ("omega", returns::omega(&r)),
            ("gain_to_pain", returns::gain_to_pain(&r)),
            ("period_win_rate", returns::period_win_rate(&r)),
            ("stability", returns::stability(&r)),
            ("max_drawdown", drawdown::max_drawdown(&down)),
            ("current_drawdown", drawdown::current_drawdown(&down)),
            ("calmar", drawdown::calmar(&r, p)),
            ("ulcer", drawdown::ulcer(&down)),
            ("skew", moments::skew(&r)),
            ("excess_kurtosis", moments::excess_kurtosis(&r)),
            ("psr", moments::psr(&r)),
            ("var_historical", tails.var_historical()),
            ("cvar_historical", tails.cvar_historical()),
            ("tail_ratio", tails.tail_ratio()),
            ("var_parametric", risk::var_parametric(&r)),
            ("cvar_parametric", risk::cvar_parametric(&r)),
        ] {
            check(name, value);
        }
        let shared = r.len().min(b.len());
        let (r, b) = (&r[..shared], &b[..shared]);
        check("beta", benchmark::beta(r, b));
        check("alpha", benchmark::alpha(r, b, p));
        check("information_ratio", benchmark::information_ratio(r, b));
    }

    #[test]
    fn figures_of_trades_are_finite_or_undefined(pnl in series()) {
        let trades = trades::pnl_statistics(&pnl);
        let mut empty = metrics(&[], Basis::Daily, []);
        empty.trades = trades;
        for (name, value) in figures(empty) {
            check(name, value);
        }
    }

    #[test]
    fn the_worst_are_no_better_than_the_value_at_risk(r in prop::collection::vec(-0.5..0.5, 2..80)) {
        let tails = risk::Tails::new(&r);
        prop_assert!(tails.cvar_historical().unwrap() <= tails.var_historical().unwrap() + 1e-15);
        prop_assert!(risk::cvar_parametric(&r).unwrap() <= risk::var_parametric(&r).unwrap());
    }

    #[test]
    fn a_history_takes_anything(points in points(), now in any::<i64>(), max in 0_usize..50) {
        let mut history = EquityHistory::new();
        for point in &points {
            if let Some(drawdown) = history.drawdown(point.equity, point.deposits) {
                prop_assert!(drawdown <= 0.0 && drawdown.is_finite());
            }
            history.push(point.clone());
            prop_assert!(history.peak().is_some_and(|peak| peak >= point.equity));
        }
        let end = points.last().map_or(TimeUs::ZERO, |point| point.time);
        for now in [TimeUs(now), end] {
            for window in crate::domain::Window::ALL {
                let (_, kept) = history.window(window, now);
                prop_assert!(kept.windows(2).all(|pair| pair[0].time < pair[1].time));
                prop_assert!(kept.iter().all(|point| point.time <= now));
            }
            if let Some(start) = history.start_of_day(now) {
                prop_assert!(start.time <= now);
            }
        }
        let curve = history.curve(max);
        prop_assert!(curve.len() <= max);
        if max >= 2 {
            prop_assert_eq!(curve.first(), points.first());
            prop_assert_eq!(curve.last(), points.last());
        }
    }
}
