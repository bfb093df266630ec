//! A long curve in few points. Invariant: what is left is in the order it was in, with both ends.

use crate::domain::EquityPoint;

/// At most `max_points` of the points, oldest first: the first and the last of all, and of each of
/// the evenly cut stretches between them its last and its lowest, so that no fall is smoothed away.
/// With room for one point it is the last.
pub fn thin(points: &[EquityPoint], max_points: usize) -> Vec<EquityPoint> {
    thin_refs(&points.iter().collect::<Vec<_>>(), max_points)
}

pub(super) fn thin_refs(points: &[&EquityPoint], max_points: usize) -> Vec<EquityPoint> {
    let kept = |points: &[&EquityPoint]| points.iter().map(|point| (*point).clone()).collect();
    if points.len() <= max_points {
        return kept(points);
    }
    let [first, between @ .., last] = points else {
        return kept(&points[points.len() - max_points..]);
    };
    match max_points {
        0 => return Vec::new(),
        1 => return vec![(*last).clone()],
        _ => {}
    }
    let stretches = (max_points - 2) / 2;
    let mut thinned = vec![*first];
    for stretch in 0..stretches {
        let cut = |stretch: usize| stretch * between.len() / stretches;
        let stretch = &between[cut(stretch)..cut(stretch + 1)];
        let lowest = stretch.iter().min_by_key(|point| point.equity);
        thinned.extend(lowest);
        let end = stretch.last();
        thinned.extend(end.filter(|end| lowest.is_none_or(|lowest| lowest.time < end.time)));
    }
    thinned.push(last);
    kept(&thinned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Decimal, TimeUs};

    fn point(time: i64, equity: i64) -> EquityPoint {
        EquityPoint {
            time: TimeUs(time),
            equity: Decimal::from(equity),
            deposits: Decimal::from(1_000),
            drawdown: None,
            benchmark: None,
            rolling_sharpe: None,
        }
    }

    #[test]
    fn thinning_keeps_the_ends_and_the_lows() {
        let points: Vec<_> = (0..1_000)
            .map(|i| point(i, if i == 617 { 1 } else { 1_000 + i }))
            .collect();
        for max in 0..200 {
            let thinned = thin(&points, max);
            assert!(thinned.len() <= max);
            assert!(thinned.windows(2).all(|pair| pair[0].time < pair[1].time));
            if max >= 2 {
                assert_eq!(thinned[0], points[0]);
                assert_eq!(thinned.last(), points.last());
            }
            if max >= 4 {
                assert!(thinned.contains(&points[617]));
            }
        }
        assert_eq!(thin(&points, 1_000), points);
        assert_eq!(thin(&points[..2], 1), points[1..2]);
        assert!(thin(&points[..1], 0).is_empty());
        assert!(thin(&[], 3).is_empty());
    }
}
