//! How well a bot did: its [`Metrics`] from its equity and its round trips.
//!
//! Pure functions over slices; statistics are f64, and no figure of money comes out of here.
//! Invariant: a figure is a finite number or `None`. It is `None` when there are fewer values than
//! its documented minimum, when its denominator is zero, or when f64 cannot hold it. Inputs are
//! taken to be finite.

pub mod benchmark;
pub mod drawdown;
pub mod history;
pub mod moments;
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
pub use thin::thin;

use crate::domain::money::to_f64;
use crate::domain::performance::Basis;
use crate::domain::{Decimal, EquityPoint, Metrics, RoundTrip, TimeUs};

/// Periods in a year: 365 days, or as many minutes as these have. Markets never close here.
pub fn periods_per_year(basis: Basis) -> f64 {
    match basis {
        Basis::Daily => 365.0,
        Basis::Intraday => 525_600.0,
    }
}

/// The simple returns between consecutive equity points, and when each was made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Returns {
    /// The moment the first return counts from.
    pub start: TimeUs,
    /// The end of each period.
    pub times: Vec<TimeUs>,
    pub values: Vec<f64>,
}

impl Returns {
    /// r = (E_t − ΔD − E_{t−1}) / E_{t−1}, where ΔD is what was deposited in the period (negative:
    /// withdrawn), taken to have come at its end. A period that began with no equity, or less than
    /// none, has no return and is left out.
    ///
    /// `points` are oldest first and the first is only the base. Each step is one period however
    /// long it took: a gap in the samples is not filled.
    pub fn of(points: &[EquityPoint]) -> Self {
        let mut returns = Self::default();
        for pair in points.windows(2) {
            let [before, after] = pair else { continue };
            if before.equity <= Decimal::ZERO {
                continue;
            }
            let value = gain(before, after) / to_f64(before.equity);
            if !value.is_finite() {
                continue;
            }
            if returns.values.is_empty() {
                returns.start = before.time;
            }
            returns.times.push(after.time);
            returns.values.push(value);
        }
        returns
    }
}

/// What the period earned. Exact, so that a small return is not lost between two large equities;
/// in f64 only for amounts whose difference a Decimal cannot hold.
fn gain(before: &EquityPoint, after: &EquityPoint) -> f64 {
    let exact = after
        .deposits
        .checked_sub(before.deposits)
        .and_then(|deposited| after.equity.checked_sub(deposited))
        .and_then(|equity| equity.checked_sub(before.equity));
    exact.map_or_else(
        || {
            let deposited = to_f64(after.deposits) - to_f64(before.deposits);
            to_f64(after.equity) - deposited - to_f64(before.equity)
        },
        to_f64,
    )
}

/// The figures of one window.
///
/// `points`: its equity, oldest first, the first being the base. `trips`: the round trips that
/// closed in it, in the order of their closing.
pub fn metrics<'a>(
    points: &[EquityPoint],
    basis: Basis,
    trips: impl IntoIterator<Item = &'a RoundTrip>,
) -> Metrics {
    let periods = periods_per_year(basis);
    let made = Returns::of(points);
    let r = made.values.as_slice();
    let under_water = drawdown::drawdowns(r).unwrap_or_default();
    let tails = risk::Tails::new(r);

    Metrics {
        basis,
        n: r.len() as u64,
        total_return: returns::total_return(r),
        cagr: returns::cagr(r, periods),
        volatility: returns::volatility(r, periods),
        sharpe: returns::sharpe(r, periods),
        sortino: returns::sortino(r, periods),
        max_drawdown: drawdown::max_drawdown(&under_water),
        max_drawdown_duration_s: drawdown::longest_under_water_s(
            made.start,
            &made.times,
            &under_water,
        ),
        current_drawdown: drawdown::current_drawdown(&under_water),
        calmar: drawdown::calmar(r, periods),
        omega: returns::omega(r),
        gain_to_pain: returns::gain_to_pain(r),
        ulcer: drawdown::ulcer(&under_water),
        var_historical: tails.var_historical(),
        cvar_historical: tails.cvar_historical(),
        var_parametric: risk::var_parametric(r),
        cvar_parametric: risk::cvar_parametric(r),
        tail_ratio: tails.tail_ratio(),
        skew: moments::skew(r),
        excess_kurtosis: moments::excess_kurtosis(r),
        psr: moments::psr(r),
        stability: returns::stability(r),
        period_win_rate: returns::period_win_rate(r),
        trades: trades::trade_statistics(trips),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::time::MINUTE;

    fn point(minute: i64, equity: i64, deposits: i64) -> EquityPoint {
        EquityPoint {
            time: TimeUs(minute * MINUTE),
            equity: Decimal::from(equity),
            deposits: Decimal::from(deposits),
            drawdown: None,
        }
    }

    #[test]
    fn a_deposit_is_not_a_return() {
        let points = [
            point(0, 100, 100),
            point(1, 150, 150),
            point(2, 165, 150),
            point(3, 65, 50),
        ];
        let metrics = metrics(&points, Basis::Intraday, []);
        assert_eq!(Returns::of(&points).values, [0.0, 0.1, 0.0]);
        assert_eq!(metrics.max_drawdown, Some(0.0));
        assert_eq!(metrics.max_drawdown_duration_s, Some(0.0));
        assert!((metrics.total_return.unwrap() - 0.1).abs() < 1e-15);
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
        let metrics = metrics(&points, Basis::Intraday, []);
        // Nothing compounds from below zero.
        assert_eq!(metrics.total_return, None);
        assert_eq!(metrics.max_drawdown, None);
        assert_eq!(metrics.n, 3);
    }

    #[test]
    fn time_under_water_is_measured_from_the_peak_to_the_recovery() {
        let path = [100, 120, 90, 110, 120, 119, 130, 117];
        let points: Vec<_> = (0..).zip(path).map(|(t, e)| point(t, e, 100)).collect();
        let metrics = metrics(&points, Basis::Intraday, []);
        assert_eq!(metrics.max_drawdown_duration_s, Some(180.0));
        assert!((metrics.max_drawdown.unwrap() + 0.25).abs() < 1e-15);
        assert!((metrics.current_drawdown.unwrap() + 0.1).abs() < 1e-15);
    }

    #[test]
    fn nothing_gives_nothing() {
        for points in [vec![], vec![point(0, 100, 100)]] {
            let metrics = metrics(&points, Basis::Daily, []);
            assert_eq!(metrics.n, 0);
            assert_eq!(metrics.total_return, None);
            assert_eq!(metrics.max_drawdown_duration_s, None);
        }
    }

    #[test]
    fn amounts_at_the_edge_of_decimal_do_not_panic() {
        let mut points = [point(0, 1, 0), point(1, 1, 0), point(2, 1, 0)];
        points[1].equity = Decimal::MAX;
        points[2].equity = Decimal::MIN;
        points[2].deposits = Decimal::MAX;
        assert_eq!(metrics(&points, Basis::Daily, []).n, 2);
    }

    /// Not a benchmark: an O(n²) step would take minutes here.
    #[test]
    fn a_month_of_minutes_is_quick() {
        let points: Vec<_> = (0..43_200)
            .map(|t| point(t, 1_000_000 + (t * 7_919) % 10_007, 1_000_000))
            .collect();
        let began = std::time::Instant::now();
        let metrics = metrics(&points, Basis::Intraday, []);
        let took = began.elapsed();
        assert_eq!(metrics.n, 43_199);
        assert!(took.as_secs() < 2, "took {took:?}");
        eprintln!("metrics over 43,200 points: {took:?}");
    }
}
