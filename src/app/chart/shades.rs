//! Where the data was not whole, shaded behind the candles.

use std::fmt::Write as _;

use super::{HEIGHT, WIDTH};
use crate::domain::{Candle, TimeUs};

/// A stretch of time in which the data was not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shade {
    pub from: TimeUs,
    pub to: TimeUs,
    /// Whether what was missing was fetched afterwards.
    pub healed: bool,
}

/// The newest `count` candles' shades as a path of full height. A stretch without a candle is a line
/// where it would be.
pub fn shades(all: &[Candle], count: usize, shades: &[Shade], healed: bool) -> String {
    let shown = &all[all.len().saturating_sub(count)..];
    let mut path = String::new();
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return path;
    };
    let step = WIDTH / shown.len() as f64;
    for shade in shades.iter().filter(|shade| shade.healed == healed) {
        if shade.to < first.open_time || shade.from > last.close_time {
            continue;
        }
        let left = shown.partition_point(|candle| candle.close_time < shade.from);
        let right = shown.partition_point(|candle| candle.open_time <= shade.to);
        let x = left as f64 * step;
        let width = (right.saturating_sub(left) as f64 * step).max(2.0);
        let _ = write!(path, "M{x:.1} 0h{width:.1}v{HEIGHT}h-{width:.1}z");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decimal;

    #[test]
    fn a_shade_covers_its_candles_and_is_a_line_where_there_are_none() {
        let candle = |minute: i64| {
            let open_time = TimeUs(minute * 60_000_000);
            Candle {
                symbol: "BTCUSDT".parse().unwrap(),
                interval: crate::domain::Interval::M1,
                open_time,
                close_time: open_time.plus(59_999_999),
                open: Decimal::ONE,
                high: Decimal::ONE,
                low: Decimal::ONE,
                close: Decimal::ONE,
                volume: Decimal::ONE,
                quote_volume: Decimal::ONE,
                trades: 1,
                taker_buy_volume: Decimal::ONE,
                taker_buy_quote_volume: Decimal::ONE,
                closed: true,
            }
        };
        let all: Vec<_> = [0, 1, 2, 3, 8].map(candle).into();
        let shade = |from: i64, to: i64| Shade {
            from: TimeUs(from * 1_000_000),
            to: TimeUs(to * 1_000_000),
            healed: false,
        };
        let path = |shade| shades(&all, 10, &[shade], false);
        assert_eq!(path(shade(70, 130)), "M200.0 0h400.0v300h-400.0z");
        assert_eq!(path(shade(250, 400)), "M800.0 0h2.0v300h-2.0z");
        assert_eq!(path(shade(600, 700)), "");
        assert_eq!(shades(&all, 10, &[shade(70, 130)], true), "");
        assert_eq!(shades(&all, 1, &[shade(70, 130)], false), "");
    }
}
