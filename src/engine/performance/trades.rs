//! What the round trips earned, net of fees.
//!
//! A win is above zero, a loss below; a trip that came out even is neither, but counts among all
//! closed. Van Tharp's expectancy and SQN, Kelly (1956).

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::sums::{defined, deviation, gains_and_losses, mean, ratio};
use super::trips::Trip;

/// What round trips, or returns taken as such, come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TradeStatistics {
    pub n: usize,
    pub win_rate: Option<f64>,
    pub profit_factor: Option<f64>,
    pub payoff: Option<f64>,
    pub expectancy: Option<f64>,
    pub expectancy_ratio: Option<f64>,
    pub kelly: Option<f64>,
    pub sqn: Option<f64>,
    pub p_value: Option<f64>,
    pub average_holding_s: Option<f64>,
    pub average_mae: Option<f64>,
    pub average_mfe: Option<f64>,
    pub longest_winning_streak: u64,
    pub longest_losing_streak: u64,
}

/// The figures of the trips that closed in a window, in the order of their closing.
pub fn trade_statistics(trips: &[Trip]) -> TradeStatistics {
    let all = |of: fn(&Trip) -> f64| trips.iter().map(of).collect::<Vec<f64>>();
    TradeStatistics {
        average_holding_s: mean(&all(|trip| trip.holding_s)),
        average_mae: mean(&all(|trip| trip.mae)),
        average_mfe: mean(&all(|trip| trip.mfe)),
        ..pnl_statistics(&all(|trip| trip.net_pnl))
    }
}

/// The figures that need only what each trade earned, oldest first, in the quote currency (or as
/// returns: only the expectancy has a unit). Holding times and excursions are left undefined.
pub fn pnl_statistics(pnl: &[f64]) -> TradeStatistics {
    TradeStatistics {
        n: pnl.len(),
        win_rate: win_rate(pnl),
        profit_factor: profit_factor(pnl),
        payoff: payoff(pnl),
        expectancy: expectancy(pnl),
        expectancy_ratio: expectancy_ratio(pnl),
        kelly: kelly(pnl),
        sqn: sqn(pnl),
        p_value: p_value(pnl),
        average_holding_s: None,
        average_mae: None,
        average_mfe: None,
        longest_winning_streak: longest_streak(pnl, |earned| earned > 0.0),
        longest_losing_streak: longest_streak(pnl, |earned| earned < 0.0),
    }
}

/// Wins / all closed. At least one trade.
pub fn win_rate(pnl: &[f64]) -> Option<f64> {
    ratio(count(pnl, |earned| earned > 0.0), pnl.len() as f64)
}

/// Σ wins / |Σ losses|. At least one loss.
pub fn profit_factor(pnl: &[f64]) -> Option<f64> {
    let (won, lost) = gains_and_losses(pnl);
    ratio(won, lost)
}

/// Average win / |average loss|. At least one of each.
pub fn payoff(pnl: &[f64]) -> Option<f64> {
    let (won, lost) = gains_and_losses(pnl);
    let average_win = ratio(won, count(pnl, |earned| earned > 0.0))?;
    let average_loss = ratio(lost, count(pnl, |earned| earned < 0.0))?;
    ratio(average_win, average_loss)
}

/// W·average win − L·|average loss| with W, L the shares of wins and losses among all closed: the
/// mean of a trade. At least one trade.
pub fn expectancy(pnl: &[f64]) -> Option<f64> {
    mean(pnl)
}

/// (1 + payoff)·W − 1: expectancy for each unit of the average loss. At least one win and one loss.
pub fn expectancy_ratio(pnl: &[f64]) -> Option<f64> {
    defined((1.0 + payoff(pnl)?) * win_rate(pnl)? - 1.0)
}

/// Kelly's share of the capital, (b·w − (1 − w)) / b with b the payoff and w the win rate;
/// negative: do not play. At least one win and one loss.
pub fn kelly(pnl: &[f64]) -> Option<f64> {
    let (payoff, won) = (payoff(pnl)?, win_rate(pnl)?);
    ratio(payoff * won - (1.0 - won), payoff)
}

/// System quality number √n·mean/sd. At least two trades that did not all earn the same.
pub fn sqn(pnl: &[f64]) -> Option<f64> {
    let per_trade = ratio(mean(pnl)?, deviation(pnl)?)?;
    defined((pnl.len() as f64).sqrt() * per_trade)
}

/// Two-sided p of Student's one-sample t-test of the mean against zero, n − 1 degrees of freedom;
/// its t is the SQN. As [`sqn`].
pub fn p_value(pnl: &[f64]) -> Option<f64> {
    let t = sqn(pnl)?;
    let student = StudentsT::new(0.0, 1.0, (pnl.len() - 1) as f64).ok()?;
    // The lower tail, as 1 − cdf(|t|) has no digits left where it matters.
    defined((2.0 * student.cdf(-t.abs())).clamp(0.0, 1.0))
}

fn count(pnl: &[f64], which: impl Fn(f64) -> bool) -> f64 {
    pnl.iter().filter(|earned| which(**earned)).count() as f64
}

fn longest_streak(pnl: &[f64], which: impl Fn(f64) -> bool) -> u64 {
    let (mut longest, mut running) = (0, 0);
    for earned in pnl {
        running = if which(*earned) { running + 1 } else { 0 };
        longest = longest.max(running);
    }
    longest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::time::SECOND;
    use crate::domain::{Decimal, RoundTrip, Side, TimeUs};

    fn close(actual: Option<f64>, expected: f64) {
        let actual = actual.expect("defined");
        assert!((actual - expected).abs() < 1e-12, "{actual} {expected}");
    }

    #[test]
    fn the_figures_of_six_trades() {
        let found = pnl_statistics(&[30.0, 10.0, 0.0, -20.0, -5.0, 15.0]);
        assert_eq!(found.n, 6);
        close(found.win_rate, 0.5);
        close(found.profit_factor, 55.0 / 25.0);
        close(found.payoff, (55.0 / 3.0) / 12.5);
        close(found.expectancy, 5.0);
        let payoff = 22.0 / 15.0;
        close(found.expectancy_ratio, (1.0 + payoff) * 0.5 - 1.0);
        close(found.kelly, (payoff * 0.5 - 0.5) / payoff);
        assert_eq!(found.longest_winning_streak, 2);
        assert_eq!(found.longest_losing_streak, 2);
    }

    #[test]
    fn the_t_test_agrees_with_tables() {
        // One degree of freedom is Cauchy's distribution: t = 2 here, p = 1 − (2/π)·atan(2).
        close(sqn(&[1.0, 3.0]), 2.0);
        close(
            p_value(&[1.0, 3.0]),
            1.0 - 2.0 / std::f64::consts::PI * 2.0_f64.atan(),
        );
        // Two degrees: p = 1 − t / √(2 + t²).
        let t = sqn(&[1.0, 2.0, 6.0]).unwrap();
        close(p_value(&[1.0, 2.0, 6.0]), 1.0 - t / (2.0 + t * t).sqrt());
        close(p_value(&[-1.0, 1.0]), 1.0);
    }

    #[test]
    fn what_needs_both_is_undefined_without_one() {
        let won = pnl_statistics(&[1.0, 2.0]);
        assert_eq!(won.win_rate, Some(1.0));
        for figure in [
            won.profit_factor,
            won.payoff,
            won.kelly,
            won.expectancy_ratio,
        ] {
            assert_eq!(figure, None);
        }
        let lost = pnl_statistics(&[-1.0, -2.0]);
        assert_eq!(lost.profit_factor, Some(0.0));
        assert_eq!(lost.payoff, None);
        let same = pnl_statistics(&[2.0, 2.0]);
        assert_eq!((same.sqn, same.p_value), (None, None));
        let none = pnl_statistics(&[]);
        assert_eq!((none.n, none.win_rate, none.expectancy), (0, None, None));
    }

    #[test]
    fn round_trips_are_net_of_fees() {
        let trip = |realised: i64, fees: i64, seconds: i64| RoundTrip {
            bot: "paper".parse().unwrap(),
            symbol: "BTCUSDT".parse().unwrap(),
            side: Side::Buy,
            quantity: Decimal::ONE,
            opened_at: TimeUs(SECOND),
            closed_at: TimeUs(SECOND + seconds * SECOND),
            realised_pnl: Decimal::from(realised),
            fees: Decimal::from(fees),
            mae: Decimal::from(-realised),
            mfe: Decimal::from(realised),
        };
        let trips = [trip(3, 1, 10), trip(1, 2, 30)].map(|trip| Trip::from(&trip));
        let found = trade_statistics(&trips);
        assert_eq!(found.n, 2);
        assert_eq!(found.win_rate, Some(0.5));
        assert_eq!(found.expectancy, Some(0.5));
        assert_eq!(found.average_holding_s, Some(20.0));
        assert_eq!(found.average_mae, Some(-2.0));
        assert_eq!(found.average_mfe, Some(2.0));
        assert_eq!(trade_statistics(&[]).average_holding_s, None);
    }
}
