//! The returns of calendar months.

use super::Returns;
use super::returns::total_return;
use crate::domain::performance::MonthReturn;

/// So many months are kept: ten years.
const KEPT: usize = 120;

/// The returns of each UTC month from those of its days, oldest first.
pub fn months(made: &Returns) -> Vec<MonthReturn> {
    let mut months: Vec<((i32, u8), Vec<f64>)> = Vec::new();
    for (time, value) in made.times.iter().zip(&made.values) {
        let Some(month) = time.year_and_month() else {
            continue;
        };
        match months.last_mut() {
            Some((known, values)) if *known == month => values.push(*value),
            _ => months.push((month, vec![*value])),
        }
    }
    let skipped = months.len().saturating_sub(KEPT);
    let kept = months.into_iter().skip(skipped);
    kept.map(|((year, month), values)| MonthReturn {
        year,
        month,
        value: total_return(&values),
        n: values.len() as u64,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::time::DAY;
    use crate::domain::{Decimal, EquityPoint, TimeUs};

    #[test]
    fn a_month_compounds_its_days() {
        // From noon of 2023-12-30: equity after 0, 1, 2, … days.
        let began = 1_703_937_600_000_000;
        let equity = [100, 110, 121, 242, 121];
        let days: Vec<_> = (0..)
            .zip(equity)
            .map(|(day, equity)| EquityPoint {
                time: TimeUs(began + day * DAY),
                equity: Decimal::from(equity),
                deposits: Decimal::ZERO,
                drawdown: None,
                benchmark: None,
                rolling_sharpe: None,
            })
            .collect();
        let found = months(&Returns::of(&days));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].year, found[0].month, found[0].n), (2023, 12, 1));
        assert!((found[0].value.unwrap() - 0.1).abs() < 1e-15);
        assert_eq!((found[1].year, found[1].month, found[1].n), (2024, 1, 3));
        assert!((found[1].value.unwrap() - 0.1).abs() < 1e-15);
        assert!(months(&Returns::of(&days[..1])).is_empty());
        assert!(months(&Returns::default()).is_empty());
    }
}
