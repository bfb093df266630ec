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
mod sums;
mod thin;
pub mod trades;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;

pub use history::EquityHistory;
pub use hold::BuyAndHold;
pub use thin::thin;

use crate::domain::money::to_f64;
use crate::domain::performance::Basis;
use crate::domain::{Decimal, EquityPoint, RoundTrip, TimeUs, WindowMetrics};
use history::Usage;

/// The simple returns between consecutive equity points, and when each was made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Returns {
    /// The moment the first return counts from.
    pub start: TimeUs,
    /// The end of each period.
    pub times: Vec<TimeUs>,
    pub values: Vec<f64>,
    /// Those of buy-and-hold over the same periods, where it has one.
    pub benchmark: Vec<Option<f64>>,
}

impl Returns {
    /// A period that began with no equity, or less than none, has no return and is left out.
    ///
    /// `points` are oldest first and the first is only the base. Each step is one period however
    /// long it took: a gap in the samples is not filled.
    pub fn of(points: &[EquityPoint]) -> Self {
        let mut returns = Self::default();
        for pair in points.windows(2) {
            let [before, after] = pair else { continue };
            let Some(value) = step(before, after) else {
                continue;
            };
            if returns.values.is_empty() {
                returns.start = before.time;
            }
            returns.times.push(after.time);
            returns.values.push(value);
            returns.benchmark.push(benchmark_step(before, after));
        }
        returns
    }

    /// The returns and those of buy-and-hold, over the periods that have both.
    pub fn pairs(&self) -> (Vec<f64>, Vec<f64>) {
        let pairs = self.values.iter().zip(&self.benchmark);
        pairs.filter_map(|(r, b)| Some((*r, (*b)?))).unzip()
    }
}

/// r = (E_t − ΔD − E_{t−1}) / E_{t−1}, where ΔD is what was deposited in the period (negative:
/// withdrawn), taken to have come at its end.
pub fn step(before: &EquityPoint, after: &EquityPoint) -> Option<f64> {
    change(before, before.equity, after, after.equity)
}

/// The same of buy-and-hold, which has the same deposits.
fn benchmark_step(before: &EquityPoint, after: &EquityPoint) -> Option<f64> {
    change(before, before.benchmark?, after, after.benchmark?)
}

fn change(before: &EquityPoint, from: Decimal, after: &EquityPoint, to: Decimal) -> Option<f64> {
    if from <= Decimal::ZERO {
        return None;
    }
    let value = gain(before, from, after, to) / to_f64(from);
    value.is_finite().then_some(value)
}

/// What the period earned. Exact, so that a small return is not lost between two large equities;
/// in f64 only for amounts whose difference a Decimal cannot hold.
fn gain(before: &EquityPoint, from: Decimal, after: &EquityPoint, to: Decimal) -> f64 {
    let exact = after
        .deposits
        .checked_sub(before.deposits)
        .and_then(|deposited| to.checked_sub(deposited))
        .and_then(|kept| kept.checked_sub(from));
    exact.map_or_else(
        || {
            let deposited = to_f64(after.deposits) - to_f64(before.deposits);
            to_f64(to) - deposited - to_f64(from)
        },
        to_f64,
    )
}

/// The figures of one window.
///
/// `points`: its equity, oldest first, the first being the base. `usage`: what was held and traded
/// in it. `trips`: the round trips that closed in it, in the order of their closing.
pub fn metrics<'a>(
    points: &[EquityPoint],
    basis: Basis,
    usage: &Usage,
    trips: impl IntoIterator<Item = &'a RoundTrip> + Clone,
) -> WindowMetrics {
    let periods = f64::from(basis.periods_per_year());
    let made = Returns::of(points);
    let (r, b) = made.pairs();
    let mut metrics = figures::of_returns(&made.values, made.start, &made.times, periods);
    metrics.extend(figures::of_pairs(&r, &b, periods));
    metrics.extend(figures::of_usage(usage));
    metrics.extend(figures::of_trades(&trades::trade_statistics(trips.clone())));
    let earned: Vec<_> = trips.into_iter().map(RoundTrip::net_pnl).collect();
    WindowMetrics {
        basis,
        periods_per_year: basis.periods_per_year(),
        n: made.values.len() as u64,
        fees_paid: usage.fees.normalize(),
        metrics,
        pnl_distribution: distribution::distribution(&earned),
    }
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
        metrics(points, basis, &Usage::default(), [])
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
