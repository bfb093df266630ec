//! How many round trips earned how much: a bar for each bin.

use std::fmt::Write as _;

use super::{HEIGHT, WIDTH};
use crate::app::format;
use crate::domain::Decimal;
use crate::domain::performance::Distribution;

/// A bin in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its ends, the upper one not included.
    pub range: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct BarPlot {
    /// The bars of gains and of losses, as paths.
    pub up: String,
    pub down: String,
    /// Counts, from the top down.
    pub levels: Vec<String>,
    /// The lower end of the first bin and the upper end of the last.
    pub ends: Vec<String>,
    pub bars: Vec<Bar>,
    pub words: String,
}

/// `None` where there is nothing to count.
pub fn bars(distribution: &Distribution) -> Option<BarPlot> {
    let counts = &distribution.counts;
    let most = *counts.iter().max()?;
    let step = WIDTH / counts.len() as f64;
    let edge = |place: usize| {
        let along = distribution.width.checked_mul(Decimal::from(place));
        along
            .and_then(|along| along.checked_add(distribution.from))
            .map_or_else(|| format::NONE.to_owned(), format::quantity)
    };
    let (mut up, mut down) = (String::new(), String::new());
    let mut bars = Vec::new();
    let mut lost = 0;
    for (place, count) in counts.iter().enumerate() {
        let below = distribution.width.checked_mul(Decimal::from(place));
        let is_loss = below
            .and_then(|below| below.checked_add(distribution.from))
            .is_some_and(|from| from < Decimal::ZERO);
        lost += if is_loss { *count } else { 0 };
        // Air at the top, so that the tallest is not the frame.
        let height = *count as f64 / most as f64 * HEIGHT * 0.95;
        let (left, width) = (place as f64 * step + step * 0.05, step * 0.9);
        let out = if is_loss { &mut down } else { &mut up };
        let _ = write!(
            out,
            "M{left:.1} {HEIGHT}v-{height:.1}h{width:.1}v{height:.1}z"
        );
        bars.push(Bar {
            range: format!("{} to {}", edge(place), edge(place + 1)),
            count: *count,
        });
    }
    let all: u64 = counts.iter().sum();
    Some(BarPlot {
        up,
        down,
        levels: vec![format::count(most), "0".to_owned()],
        ends: vec![edge(0), edge(counts.len())],
        words: format!(
            "Net P&L of {} round trips in bins of {}: {} lost, {} came out even or won.",
            format::count(all),
            format::quantity(distribution.width),
            format::count(lost),
            format::count(all - lost),
        ),
        bars,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_left_of_zero() {
        let plot = bars(&Distribution {
            from: Decimal::from(-5),
            width: Decimal::from(5),
            counts: vec![1, 4],
        })
        .unwrap();
        assert_eq!(plot.down, "M25.0 300v-71.2h450.0v71.2z");
        assert_eq!(plot.up, "M525.0 300v-285.0h450.0v285.0z");
        assert_eq!(plot.ends, ["-5", "5"].map(|end| end.replace('-', "−")));
        assert_eq!(plot.bars[1].range, "0 to 5");
        assert!(plot.words.contains("5 round trips"), "{}", plot.words);
        assert_eq!(bars(&Distribution::default()), None);
    }
}
