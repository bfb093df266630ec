//! How well a bot did: its [`Metrics`] from its equity and its round trips.
//!
//! Pure functions over slices; statistics are f64, and no figure of money comes out of here.
//! Invariant: a figure is a finite number or `None`. It is `None` when there are fewer values than
//! its documented minimum, when its denominator is zero, or when f64 cannot hold it. Inputs are
//! taken to be finite.

pub mod benchmark;
pub mod distribution;
pub mod drawdown;
pub mod figures;
pub mod history;
pub mod hold;
pub mod moments;
pub mod months;
pub mod returns;
pub mod risk;
mod steps;
pub(super) mod sums;
mod thin;
pub mod trades;
mod trips;
mod usage;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;

pub use history::EquityHistory;
pub use hold::BuyAndHold;
pub use steps::{Returns, Step};
pub use thin::thin;
pub use trips::{Trip, TripHistory};
pub use usage::Usage;

use std::collections::BTreeMap;

use crate::domain::performance::{Basis, Distribution};
use crate::domain::{Activity, Decimal, EquityPoint, TimeUs, Window, WindowMetrics};
use distribution::distribution;
use figures::Figures;

/// Round trips that the statistics look back on.
pub const TRIPS_KEPT: usize = 10_000;

/// What a look at a bot's performance is made from.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub history: &'a EquityHistory,
    pub trips: &'a TripHistory,
    /// What the account is worth, and what was done in it, now.
    pub equity: Decimal,
    pub activity: Activity,
}

/// The figures of every window that ends at `now`.
///
/// Each is computed anew from at most a day of minutes, three days of them, or the ends of days, and
/// at most [`TRIPS_KEPT`] round trips: returns are made once, when a sample is taken. Windows that
/// hold the very same returns or trips, as all long ones do at first, share their figures.
pub fn windows(standing: &Standing<'_>, now: TimeUs) -> BTreeMap<Window, WindowMetrics> {
    let mut returned: Option<((Basis, Returns), Figures)> = None;
    let mut traded: Option<(usize, Figures, Distribution)> = None;
    let mut windows = BTreeMap::new();
    for window in Window::ALL {
        let made = standing.history.returns(window, now);
        let of_returns = match returned.take() {
            Some((known, figures)) if known == made => (known, figures),
            _ => {
                let figures = figures_of(&made.1, made.0);
                (made, figures)
            }
        };
        let since = window.micros();
        let since = since.map_or(TimeUs(i64::MIN), |span| now.plus(-span));
        let trips = standing.trips.since(since);
        // Each window holds the trips of the shorter ones: as many are the same ones.
        let of_trips = match traded.take() {
            Some(known) if known.0 == trips.len() => known,
            _ => trips_of(&trips),
        };
        let usage = standing
            .history
            .usage(window, now, standing.equity, standing.activity);
        windows.insert(window, put_together(&of_returns, &usage, &of_trips));
        returned = Some(of_returns);
        traded = Some(of_trips);
    }
    windows
}

fn figures_of(made: &Returns, basis: Basis) -> Figures {
    let periods = f64::from(basis.periods_per_year());
    let (r, b) = made.pairs();
    let mut figures = figures::of_returns(&made.values, made.start, &made.times, periods);
    figures.extend(figures::of_pairs(&r, &b, periods));
    figures
}

fn trips_of(trips: &[Trip]) -> (usize, Figures, Distribution) {
    let statistics = trades::trade_statistics(trips);
    let earned: Vec<_> = trips.iter().map(|trip| trip.earned).collect();
    (
        trips.len(),
        figures::of_trades(&statistics),
        distribution(&earned),
    )
}

fn put_together(
    ((basis, made), of_returns): &((Basis, Returns), Figures),
    usage: &Usage,
    (_, of_trades, pnl_distribution): &(usize, Figures, Distribution),
) -> WindowMetrics {
    let mut metrics = of_returns.clone();
    metrics.extend(figures::of_usage(usage));
    metrics.extend(of_trades);
    WindowMetrics {
        basis: *basis,
        periods_per_year: basis.periods_per_year(),
        n: made.values.len() as u64,
        fees_paid: usage.fees.normalize(),
        metrics,
        pnl_distribution: pnl_distribution.clone(),
    }
}

/// The figures of one window: of its equity, oldest first, the first point being the base, of what
/// was held and traded in it, and of the round trips that closed in it.
pub fn metrics(
    points: &[EquityPoint],
    basis: Basis,
    usage: &Usage,
    trips: &[Trip],
) -> WindowMetrics {
    let made = Returns::of(points);
    let figures = figures_of(&made, basis);
    put_together(&((basis, made), figures), usage, &trips_of(trips))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::MetricId;
    use crate::domain::time::MINUTE;

    fn point(minute: i64, equity: i64, deposits: i64) -> EquityPoint {
        EquityPoint {
            time: TimeUs(minute * MINUTE),
            equity: Decimal::from(equity),
            deposits: Decimal::from(deposits),
            drawdown: None,
            benchmark: None,
            rolling_sharpe: None,
        }
    }

    fn figures(points: &[EquityPoint], basis: Basis) -> WindowMetrics {
        metrics(points, basis, &Usage::default(), &[])
    }

    #[test]
    fn a_deposit_is_not_a_return() {
        let points = [
            point(0, 100, 100),
            point(1, 150, 150),
            point(2, 165, 150),
            point(3, 65, 50),
        ];
        let metrics = figures(&points, Basis::Intraday);
        assert_eq!(Returns::of(&points).values, [0.0, 0.1, 0.0]);
        assert_eq!(metrics.value(MetricId::MaxDrawdown), Some(0.0));
        assert_eq!(metrics.value(MetricId::MaxDrawdownDuration), Some(0.0));
        assert!((metrics.value(MetricId::TotalReturn).unwrap() - 0.1).abs() < 1e-15);
    }

    #[test]
    fn periods_without_equity_have_no_return() {
        let points = [
            point(0, 0, 0),
            point(1, 100, 100),
            point(2, 110, 100),
            point(3, -5, 100),
            point(4, 50, 155),
            point(5, 55, 155),
        ];
        let returns = Returns::of(&points);
        assert_eq!(returns.start, TimeUs(MINUTE));
        assert_eq!(
            returns.times,
            [2, 3, 5].map(|minute| TimeUs(minute * MINUTE))
        );
        let metrics = figures(&points, Basis::Intraday);
        // Nothing compounds from below zero.
        assert_eq!(metrics.value(MetricId::TotalReturn), None);
        assert_eq!(metrics.value(MetricId::MaxDrawdown), None);
        assert_eq!(metrics.n, 3);
    }

    #[test]
    fn time_under_water_is_measured_from_the_peak_to_the_recovery() {
        let path = [100, 120, 90, 110, 120, 119, 130, 117];
        let points: Vec<_> = (0..).zip(path).map(|(t, e)| point(t, e, 100)).collect();
        let metrics = figures(&points, Basis::Intraday);
        assert_eq!(metrics.value(MetricId::MaxDrawdownDuration), Some(180.0));
        assert!((metrics.value(MetricId::MaxDrawdown).unwrap() + 0.25).abs() < 1e-15);
        assert!((metrics.value(MetricId::CurrentDrawdown).unwrap() + 0.1).abs() < 1e-15);
    }

    #[test]
    fn buy_and_hold_is_compared_over_the_periods_that_have_it() {
        let holding = [None, Some(100), Some(110), Some(161), None];
        let points: Vec<_> = (0..)
            .zip(holding)
            .map(|(t, worth)| EquityPoint {
                benchmark: worth.map(Decimal::from),
                // 40 are brought in the third minute.
                ..point(t, 100 + t + 40 * (t / 3), 100 + 40 * (t / 3))
            })
            .collect();
        let made = Returns::of(&points);
        let b: Vec<f64> = made.benchmark.iter().map(|b| b.unwrap_or(9.0)).collect();
        assert_eq!(b, [9.0, 0.1, 0.1, 9.0]);
        let metrics = figures(&points, Basis::Intraday);
        assert_eq!(metrics.metrics[&MetricId::Beta].n, 2);
        assert_eq!(metrics.n, 4);
        assert!((metrics.value(MetricId::BenchmarkReturn).unwrap() - 0.21).abs() < 1e-12);
        assert_eq!(metrics.value(MetricId::Beta), None);
    }

    #[test]
    fn nothing_gives_nothing() {
        for points in [vec![], vec![point(0, 100, 100)]] {
            let metrics = figures(&points, Basis::Daily);
            assert_eq!(metrics.n, 0);
            assert_eq!(metrics.value(MetricId::TotalReturn), None);
            assert_eq!(metrics.value(MetricId::MaxDrawdownDuration), None);
        }
    }

    #[test]
    fn amounts_at_the_edge_of_decimal_do_not_panic() {
        let mut points = [point(0, 1, 0), point(1, 1, 0), point(2, 1, 0)];
        points[1].equity = Decimal::MAX;
        points[2].equity = Decimal::MIN;
        points[2].deposits = Decimal::MAX;
        assert_eq!(figures(&points, Basis::Daily).n, 2);
    }

    /// Not a benchmark: an O(n²) step would take minutes here.
    #[test]
    fn a_month_of_minutes_is_quick() {
        let points: Vec<_> = (0..43_200)
            .map(|t| point(t, 1_000_000 + (t * 7_919) % 10_007, 1_000_000))
            .collect();
        let began = std::time::Instant::now();
        let metrics = figures(&points, Basis::Intraday);
        let took = began.elapsed();
        assert_eq!(metrics.n, 43_199);
        assert!(took.as_secs() < 2, "took {took:?}");
        eprintln!("metrics over 43,200 points: {took:?}");
    }
}
