//! How what the round trips earned is spread.

use crate::domain::Decimal;
use crate::domain::money::to_f64;
use crate::domain::performance::Distribution;

/// About so many bins cover the range.
const BINS: u32 = 12;
/// Powers of ten that a width may have: fine enough for one unit of any quote currency.
const FINEST: i32 = -8;
const COARSEST: i32 = 27;

/// Bins of 1, 2 or 5 times a power of ten, with zero on an edge. Empty where there is nothing, and
/// where a Decimal cannot hold the range.
pub fn distribution(earned: &[Decimal]) -> Distribution {
    spread(earned).unwrap_or_default()
}

fn spread(earned: &[Decimal]) -> Option<Distribution> {
    let (low, high) = (*earned.iter().min()?, *earned.iter().max()?);
    let range = high.checked_sub(low)?;
    // Equal amounts have no range: their size gives the scale.
    let range = if range.is_zero() { high.abs() } else { range };
    let width = width(to_f64(range) / f64::from(BINS))?;
    let from = low.checked_div(width)?.floor().checked_mul(width)?;
    let bins = usize::try_from(high.checked_sub(from)?.checked_div(width)?.floor()).ok()? + 1;
    let edges: Vec<Decimal> = (0..=bins)
        .map(|place| width.checked_mul(place.into())?.checked_add(from))
        .collect::<Option<_>>()?;
    let (start, step) = (to_f64(from), to_f64(width));
    let mut counts = vec![0; bins];
    for value in earned {
        // A float finds the bin, or its neighbour; the exact edges decide.
        let mut place = ((to_f64(*value) - start) / step) as usize;
        place = place.min(bins - 1);
        while place > 0 && *value < edges[place] {
            place -= 1;
        }
        while place + 1 < bins && *value >= edges[place + 1] {
            place += 1;
        }
        counts[place] += 1;
    }
    Some(Distribution {
        from: from.normalize(),
        width,
        counts,
    })
}

/// The least allowed width that is not below `least`.
fn width(least: f64) -> Option<Decimal> {
    if least == 0.0 {
        return Some(Decimal::ONE);
    }
    let power = least.log10().floor();
    let power = if power.is_finite() {
        (power as i32).clamp(FINEST, COARSEST)
    } else {
        return None;
    };
    [1, 2, 5, 10]
        .into_iter()
        .filter_map(|step| scaled(step, power))
        .find(|width| to_f64(*width) >= least)
}

fn scaled(step: i64, power: i32) -> Option<Decimal> {
    let step = Decimal::from(step);
    let ten = Decimal::TEN;
    let mut factor = Decimal::ONE;
    for _ in 0..power.unsigned_abs() {
        factor = factor.checked_mul(ten)?;
    }
    let width = if power < 0 {
        step.checked_div(factor)?
    } else {
        step.checked_mul(factor)?
    };
    Some(width.normalize())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    fn of(earned: &[i64]) -> (String, String, Vec<u64>) {
        let earned: Vec<_> = earned.iter().map(|value| Decimal::new(*value, 2)).collect();
        let found = distribution(&earned);
        (
            found.from.to_string(),
            found.width.to_string(),
            found.counts,
        )
    }

    #[test]
    fn bins_have_round_edges() {
        // −1.20 … 3.00: 4.20 / 12 = 0.35 → 0.5.
        let (from, width, counts) = of(&[-120, -1, 0, 49, 50, 300]);
        assert_eq!((from.as_str(), width.as_str()), ("-1.5", "0.5"));
        assert_eq!(counts, [1, 0, 1, 2, 1, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn one_amount_and_nothing() {
        assert_eq!(of(&[]).2, Vec::<u64>::new());
        assert_eq!(of(&[0, 0]), ("0".to_owned(), "1".to_owned(), vec![2]));
        let (from, width, counts) = of(&[700, 700, 700]);
        assert_eq!((from.as_str(), width.as_str()), ("7", "1"));
        assert_eq!(counts, [3]);
    }

    proptest! {
        #[test]
        fn every_trip_is_in_one_bin(earned in prop::collection::vec((any::<i64>(), 0_u32..20), 1..60)) {
            let earned: Vec<_> = earned.into_iter().map(|(value, scale)| Decimal::new(value, scale)).collect();
            let found = distribution(&earned);
            prop_assert_eq!(found.counts.iter().sum::<u64>(), earned.len() as u64);
            prop_assert!(found.counts.len() <= BINS as usize + 2);
            prop_assert!((found.from / found.width).fract().is_zero());
            for (place, count) in found.counts.iter().enumerate() {
                let from = found.from + found.width * Decimal::from(place);
                let within = earned.iter().filter(|value| from <= **value && **value < from + found.width);
                prop_assert_eq!(within.count() as u64, *count);
            }
        }

        #[test]
        fn no_amount_is_too_large(values in prop::collection::vec(prop_oneof![Just(Decimal::MIN), Just(Decimal::MAX), Just(Decimal::new(1, 28)), Just(Decimal::ZERO)], 0..5)) {
            prop_assert!(distribution(&values).counts.len() <= BINS as usize + 2);
        }
    }
}
