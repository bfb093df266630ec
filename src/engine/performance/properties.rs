//! Whatever finite numbers come in, what goes out is finite or undefined, and in its range.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::figures::of_series;
use super::*;
use crate::domain::metric::CATALOGUE;
use crate::domain::{Metric, MetricId, RoundTrip, Side};

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
                benchmark: Some(deposits),
                rolling_sharpe: None,
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

fn check(metric: &Metric) {
    let Some(value) = metric.value else {
        assert!(metric.why_undefined().is_some());
        return;
    };
    let key = metric.formula.definition().key;
    assert!(value.is_finite(), "{key} = {value}");
    use MetricId as M;
    match metric.formula {
        M::WinRate | M::PeriodWinRate | M::Psr | M::Stability | M::PValue => {
            assert!((0.0..=1.0).contains(&value), "{key} = {value}");
        }
        M::MaxDrawdown | M::CurrentDrawdown => assert!(value <= 0.0, "{key} = {value}"),
        M::Volatility
        | M::Ulcer
        | M::Omega
        | M::ProfitFactor
        | M::Payoff
        | M::PeriodPayoff
        | M::TailRatio
        | M::MaxDrawdownDuration
        | M::Exposure
        | M::Turnover => assert!(value >= 0.0, "{key} = {value}"),
        _ => {}
    }
}

proptest! {
    #[test]
    fn metrics_are_finite_or_undefined(points in points(), trips in trips(), daily: bool) {
        let basis = if daily { Basis::Daily } else { Basis::Intraday };
        let window = metrics(&points, basis, &Usage::default(), &trips.iter().map(Trip::from).collect::<Vec<_>>());
        prop_assert_eq!(window.metrics.len(), CATALOGUE.len());
        window.metrics.values().for_each(check);
    }

    #[test]
    fn figures_of_returns_are_finite_or_undefined(r in series(), b in series(), daily: bool) {
        let basis = if daily { Basis::Daily } else { Basis::Intraday };
        let times: Vec<_> = (1..).map(TimeUs).take(r.len()).collect();
        let shared = r.len().min(b.len());
        let of = |r: &[f64], b: &[f64]| {
            of_series(r, b, TimeUs::ZERO, &times[..r.len()], basis.periods_per_year().into())
        };
        of(&r, &[]).values().for_each(check);
        of(&r[..shared], &b[..shared]).values().for_each(check);
    }

    /// Returns that were made sample by sample are those between the points of the window.
    #[test]
    fn kept_returns_are_those_of_the_points(points in points(), trips in trips(), later in 0_i64..200_000_000_000) {
        let mut history = EquityHistory::new();
        let mut kept = TripHistory::default();
        points.iter().for_each(|point| history.push(point.clone(), Activity::default()));
        trips.iter().for_each(|trip| kept.push(trip));
        let now = points.last().map_or(TimeUs::ZERO, |point| point.time).plus(later);
        let standing = Standing { history: &history, trips: &kept, equity: Decimal::ONE, activity: Activity::default() };
        let found = windows(&standing, now);
        for window in Window::ALL {
            let since = window.micros().map_or(TimeUs(i64::MIN), |span| now.plus(-span));
            let mut inside: Vec<_> = points.iter().filter(|point| point.time >= since).cloned().collect();
            let (basis, made) = history.returns(window, now);
            if basis == Basis::Daily {
                let origin = inside.first().filter(|first| Some(first.time) == points.first().map(|p| p.time)).cloned();
                let mut days: Vec<EquityPoint> = Vec::new();
                for point in inside.drain(..) {
                    days.pop_if(|end| end.time.floor(crate::domain::time::DAY) == point.time.floor(crate::domain::time::DAY));
                    days.push(point);
                }
                inside = days;
                if let Some(origin) = origin && origin.time < inside[0].time {
                    inside.insert(0, origin);
                }
            }
            prop_assert_eq!(&made, &Returns::of(&inside), "{}", window);
            let closed: Vec<_> = trips.iter().filter(|trip| trip.closed_at >= since).map(Trip::from).collect();
            let usage = history.usage(window, now, Decimal::ONE, Activity::default());
            prop_assert_eq!(&found[&window], &metrics(&inside, basis, &usage, &closed));
        }
    }

    /// The sums over a stretch are what the samples in it say.
    #[test]
    fn exposure_is_the_mean_over_time(steps in prop::collection::vec((1_i64..600, 1_i64..1_000, 0_i64..3_000), 2..200), from in 0_usize..150) {
        let mut history = EquityHistory::new();
        let mut samples = Vec::new();
        let mut time = TimeUs::ZERO;
        for (lasts, equity, invested) in steps {
            time = time.plus(lasts * crate::domain::time::SECOND);
            let point = EquityPoint {
                time,
                equity: equity.into(),
                deposits: Decimal::ONE,
                drawdown: None,
                benchmark: None,
                rolling_sharpe: None,
            };
            let activity = Activity { invested: invested.into(), ..Activity::default() };
            history.push(point, activity);
            samples.push((time, invested as f64 / equity as f64));
        }
        let now = time.plus(from as i64 * crate::domain::time::MINUTE);
        for window in Window::ALL {
            let since = window.micros().map_or(TimeUs(i64::MIN), |span| now.plus(-span));
            let inside: Vec<_> = samples.iter().filter(|(time, _)| *time >= since).collect();
            let (mut exposed, mut lasted) = (0.0, 0.0);
            for pair in inside.windows(2) {
                let lasts = pair[1].0.since(pair[0].0) as f64;
                exposed += pair[0].1 * lasts;
                lasted += lasts;
            }
            let usage = history.usage(window, now, Decimal::ONE, Activity::default());
            prop_assert_eq!(usage.samples, inside.len());
            match usage.exposure {
                Some(exposure) => prop_assert!((exposure - exposed / lasted).abs() < 1e-9),
                None => prop_assert!(lasted == 0.0),
            }
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
            history.push(point.clone(), Activity::default());
            let usage = history.usage(Window::H1, point.time, point.equity, Activity::default());
            prop_assert!(usage.samples >= 1);
            history.months();
            prop_assert!(history.peak().is_some_and(|peak| peak >= point.equity));
        }
        let end = points.last().map_or(TimeUs::ZERO, |point| point.time);
        for now in [TimeUs(now), end] {
            for window in Window::ALL {
                let (_, made) = history.returns(window, now);
                prop_assert!(made.times.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(made.times.iter().all(|time| made.start < *time && *time <= now));
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
