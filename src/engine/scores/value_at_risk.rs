//! What the portfolio, held as it is now, would have lost: value at risk by historical simulation.
//!
//! Pure functions. A return, not a loss: −0.02 says that on one day of twenty at least 2 % is lost.

use super::market::simple_returns;
use crate::domain::TimeUs;
use crate::engine::performance::risk::Tails;
use crate::engine::performance::sums::{defined, sum};

/// Minutes of a day.
const MINUTES_A_DAY: f64 = 1_440.0;
/// Fewer minutes have no tail.
pub const FEWEST: usize = 30;

/// 1-day 95 % value at risk as a fraction of equity, by historical simulation: today's weights on the
/// returns that were. With w_i the value of each holding (a short's is negative) as a fraction of
/// equity and r_{i,t} its simple return in the minute t, it is the 5th percentile (interpolated
/// linearly) of Σ_i w_i·r_{i,t} over t, times √1440: a day is taken for 1,440 independent minutes.
/// Above zero only where even the bad minutes gained.
///
/// `minute_returns` has a row for each weight; rows are of the same minutes and end together, and what
/// the shortest does not reach is left out. Zero where nothing is held; undefined with fewer than
/// [`FEWEST`] minutes.
pub fn historical_var(weights: &[f64], minute_returns: &[Vec<f64>]) -> Option<f64> {
    if weights.iter().all(|weight| *weight == 0.0) {
        return Some(0.0);
    }
    if weights.len() != minute_returns.len() {
        return None;
    }
    let minutes = minute_returns.iter().map(Vec::len).min()?;
    if minutes < FEWEST {
        return None;
    }
    let rows: Vec<&[f64]> = minute_returns
        .iter()
        .map(|row| &row[row.len() - minutes..])
        .collect();
    let portfolio: Vec<f64> = (0..minutes)
        .map(|t| {
            sum(weights
                .iter()
                .zip(&rows)
                .map(|(weight, row)| weight * row[t]))
        })
        .collect();
    defined(Tails::new(&portfolio).var_historical()? * MINUTES_A_DAY.sqrt())
}

/// Returns over the minutes that every symbol has a close of, one row a symbol. `closes` are by the
/// minute's begin, oldest first.
pub fn common_returns(closes: &[Vec<(TimeUs, f64)>]) -> Vec<Vec<f64>> {
    let Some((first, others)) = closes.split_first() else {
        return Vec::new();
    };
    let mut minutes: Vec<TimeUs> = first.iter().map(|(minute, _)| *minute).collect();
    for row in others {
        let mut row = row.iter().map(|(minute, _)| *minute).peekable();
        minutes.retain(|minute| {
            while row.next_if(|other| other < minute).is_some() {}
            row.peek() == Some(minute)
        });
    }
    let common = |row: &Vec<(TimeUs, f64)>| -> Vec<f64> {
        let mut wanted = minutes.iter().peekable();
        row.iter()
            .filter(|(minute, _)| wanted.next_if_eq(&minute).is_some())
            .map(|(_, close)| *close)
            .collect()
    };
    closes
        .iter()
        .map(|row| simple_returns(&common(row)))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// −0.050, −0.049, … 0.050: 101 returns, of which the 5th percentile is the sixth.
    fn ladder() -> Vec<f64> {
        (0..=100).map(|n| f64::from(n) / 1_000.0 - 0.05).collect()
    }

    #[test]
    fn the_fifth_percentile_of_the_weighted_minutes_scaled_to_a_day() {
        let expected = -0.045 * 1_440_f64.sqrt();
        let close = |weights: &[f64], rows: &[Vec<f64>], expected: f64| {
            let found = historical_var(weights, rows).unwrap();
            assert!(
                (found - expected).abs() < 1e-12,
                "{found} is not {expected}"
            );
        };
        close(&[1.0], &[ladder()], expected);
        close(&[0.5], &[ladder()], expected / 2.0);
        // The ladder is the same upside down, so a short's tail is a long's.
        close(&[-1.0], &[ladder()], expected);
        // What is held against itself carries no risk, what is held twice carries double.
        close(&[1.0, -1.0], &[ladder(), ladder()], 0.0);
        close(&[1.0, 1.0], &[ladder(), ladder()], 2.0 * expected);
        // Rows end together.
        let longer = [vec![-9.0; 7], ladder()].concat();
        close(&[0.5, 0.5], &[longer, ladder()], expected);
    }

    #[test]
    fn nothing_held_is_no_risk_and_too_few_minutes_are_unknown() {
        assert_eq!(historical_var(&[], &[]), Some(0.0));
        assert_eq!(historical_var(&[0.0], &[vec![]]), Some(0.0));
        assert_eq!(historical_var(&[0.1], &[vec![0.01; 29]]), None);
        assert!(historical_var(&[0.1], &[vec![0.01; 30]]).is_some());
        assert_eq!(historical_var(&[0.1], &[]), None);
        assert_eq!(historical_var(&[f64::NAN], &[vec![0.01; 30]]), None);
    }

    #[test]
    fn returns_are_of_the_minutes_that_all_have() {
        let row = |closes: &[(i64, f64)]| -> Vec<(TimeUs, f64)> {
            closes
                .iter()
                .map(|(t, close)| (TimeUs(*t), *close))
                .collect()
        };
        let found = common_returns(&[
            row(&[(1, 100.0), (2, 110.0), (3, 121.0)]),
            row(&[(1, 10.0), (3, 15.0), (4, 30.0)]),
        ]);
        assert!((found[0][0] - 0.21).abs() < 1e-12);
        assert_eq!(found[1], [0.5]);
        assert!(common_returns(&[]).is_empty());
    }
}
