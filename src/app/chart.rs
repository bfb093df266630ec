//! Geometry of the charts that are drawn as SVG: pure functions from figures to paths, so that
//! server and browser draw the same. A plot is 1000 wide and stretches to its place; its labels are
//! text beside it.

use std::fmt::Write as _;

use crate::app::format;
use crate::domain::money::to_f64;
use crate::domain::{Candle, EquityPoint, TimeUs};

/// Width and height of a plot, in its own units.
pub const WIDTH: f64 = 1_000.0;
pub const HEIGHT: f64 = 300.0;

/// A scale from values to heights, larger values higher.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    low: f64,
    high: f64,
    height: f64,
}

impl Scale {
    /// Over all `values`, with a little air; a flat line runs in the middle.
    fn over(values: impl Iterator<Item = f64>, height: f64) -> Option<Self> {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return None;
        }
        let air = match (high - low) * 0.05 {
            air if air > 0.0 => air,
            _ => (high.abs() * 0.001).max(0.5),
        };
        Some(Self {
            low: low - air,
            high: high + air,
            height,
        })
    }

    fn y(self, value: f64) -> f64 {
        (self.high - value) / (self.high - self.low) * self.height
    }

    /// Values at equal distances, from the top down.
    fn ticks(self, count: u32) -> impl Iterator<Item = f64> {
        let step = (self.high - self.low) / f64::from(count - 1);
        (0..count).map(move |tick| self.high - step * f64::from(tick))
    }
}

/// Values with their times: first, middle, last, as labels under a plot.
fn time_labels(times: &[TimeUs], write: impl Fn(TimeUs) -> String) -> Vec<String> {
    match times {
        [] => Vec::new(),
        [only] => vec![write(*only)],
        [first, .., last] => vec![write(*first), write(times[times.len() / 2]), write(*last)],
    }
}

/// The equity curve with its drawdown below.
#[derive(Debug, Clone, PartialEq)]
pub struct EquityPlot {
    /// `points` of a polyline, and the same closed down to the bottom.
    pub line: String,
    pub area: String,
    /// What was paid in, as a polyline.
    pub deposits: String,
    /// The drawdown as an area hanging from zero, in a plot of its own.
    pub drawdown: String,
    /// Equity at equal distances, from the top down.
    pub levels: Vec<String>,
    pub deepest: String,
    pub times: Vec<String>,
    /// One sentence for those who do not see it.
    pub words: String,
}

/// Height of the drawdown's plot.
pub const DRAWDOWN_HEIGHT: f64 = 60.0;

pub fn equity(points: &[EquityPoint], write: impl Fn(TimeUs) -> String) -> Option<EquityPlot> {
    let (first, last) = (points.first()?, points.last()?);
    let values: Vec<f64> = points.iter().map(|point| to_f64(point.equity)).collect();
    let paid: Vec<f64> = points.iter().map(|point| to_f64(point.deposits)).collect();
    let scale = Scale::over(values.iter().copied(), HEIGHT)?;
    let x = time_axis(first.time, last.time);
    let polyline = |values: &[f64], y: &dyn Fn(f64) -> f64| {
        let mut out = String::with_capacity(values.len() * 14);
        for (point, value) in points.iter().zip(values) {
            let _ = write!(out, "{:.1},{:.1} ", x(point.time), y(*value));
        }
        out
    };
    let line = polyline(&values, &|value| scale.y(value));
    let falls: Vec<f64> = points
        .iter()
        .map(|point| point.drawdown.unwrap_or(0.0))
        .collect();
    let deepest = falls.iter().copied().fold(0.0, f64::min);
    let depth = if deepest < 0.0 { deepest } else { -1.0 };
    let drawdown = polyline(&falls, &|value| value / depth * DRAWDOWN_HEIGHT);
    let (from, to) = (x(first.time), x(last.time));
    let gain = last.equity - first.equity;
    Some(EquityPlot {
        area: format!("{from:.1},{HEIGHT} {line}{to:.1},{HEIGHT}"),
        deposits: polyline(&paid, &|value| scale.y(value).clamp(-10.0, HEIGHT + 10.0)),
        drawdown: format!("{from:.1},0 {drawdown}{to:.1},0"),
        levels: scale
            .ticks(5)
            .map(|value| format::float(value, 2))
            .collect(),
        deepest: format::signed_fraction(deepest),
        times: time_labels(
            &points.iter().map(|point| point.time).collect::<Vec<_>>(),
            &write,
        ),
        words: format!(
            "Equity from {} to {}, {} since then, deepest drawdown {}, {} to {}.",
            format::money(first.equity),
            format::money(last.equity),
            format::signed_money(gain),
            format::fraction(deepest),
            write(first.time),
            write(last.time),
        ),
        line,
    })
}

fn time_axis(first: TimeUs, last: TimeUs) -> impl Fn(TimeUs) -> f64 {
    let span = last.since(first).max(1) as f64;
    move |time: TimeUs| time.since(first) as f64 / span * WIDTH
}

/// Candles as paths: one for the wicks and one for the bodies of each colour.
#[derive(Debug, Clone, PartialEq)]
pub struct CandlePlot {
    pub up_wicks: String,
    pub up_bodies: String,
    pub down_wicks: String,
    pub down_bodies: String,
    pub levels: Vec<String>,
    pub times: Vec<String>,
    pub words: String,
}

/// The newest `count` candles.
pub fn candles(
    all: &[Candle],
    count: usize,
    write: impl Fn(TimeUs) -> String,
) -> Option<CandlePlot> {
    let shown = &all[all.len().saturating_sub(count)..];
    let (first, last) = (shown.first()?, shown.last()?);
    let bounds = shown
        .iter()
        .flat_map(|candle| [to_f64(candle.low), to_f64(candle.high)]);
    let scale = Scale::over(bounds, HEIGHT)?;
    let step = WIDTH / shown.len() as f64;
    let mut plot = CandlePlot {
        up_wicks: String::new(),
        up_bodies: String::new(),
        down_wicks: String::new(),
        down_bodies: String::new(),
        levels: scale
            .ticks(5)
            .map(|value| {
                crate::domain::Decimal::try_from(value)
                    .map_or_else(|_| String::new(), format::price)
            })
            .collect(),
        times: time_labels(
            &shown.iter().map(|c| c.open_time).collect::<Vec<_>>(),
            &write,
        ),
        words: format!(
            "{} candles of {} from {} to {}: last {}.",
            first.symbol,
            first.interval,
            write(first.open_time),
            write(last.open_time),
            format::price(last.close),
        ),
    };
    for (place, candle) in shown.iter().enumerate() {
        let is_up = candle.close >= candle.open;
        let (wicks, bodies) = if is_up {
            (&mut plot.up_wicks, &mut plot.up_bodies)
        } else {
            (&mut plot.down_wicks, &mut plot.down_bodies)
        };
        let middle = (place as f64 + 0.5) * step;
        let (high, low) = (scale.y(to_f64(candle.high)), scale.y(to_f64(candle.low)));
        let (open, close) = (scale.y(to_f64(candle.open)), scale.y(to_f64(candle.close)));
        let (top, height) = (open.min(close), (open - close).abs().max(1.0));
        let (left, width) = (middle - step * 0.35, step * 0.7);
        let _ = write!(wicks, "M{middle:.1} {high:.1}V{low:.1}");
        let _ = write!(
            bodies,
            "M{left:.1} {top:.1}h{width:.1}v{height:.1}h-{width:.1}z"
        );
    }
    Some(plot)
}

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

    fn point(time: i64, equity: i64, drawdown: f64) -> EquityPoint {
        EquityPoint {
            time: TimeUs(time),
            equity: Decimal::from(equity),
            deposits: Decimal::from(100),
            drawdown: Some(drawdown),
        }
    }

    fn plain(time: TimeUs) -> String {
        time.micros().to_string()
    }

    #[test]
    fn nothing_makes_no_plot_and_one_point_makes_a_flat_one() {
        assert_eq!(equity(&[], plain), None);
        let plot = equity(&[point(5, 100, 0.0)], plain).unwrap();
        assert_eq!(plot.line, "0.0,150.0 ");
        assert_eq!(plot.times, ["5"]);
    }

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

    #[test]
    fn more_equity_is_higher_and_the_deepest_drawdown_reaches_the_bottom() {
        let plot = equity(&[point(0, 100, 0.0), point(10, 80, -0.2)], plain).unwrap();
        assert!(
            plot.line.starts_with("0.0,13.6 1000.0,286.4"),
            "{}",
            plot.line
        );
        assert!(plot.drawdown.contains("1000.0,60.0"), "{}", plot.drawdown);
        assert_eq!(plot.deepest, "−20.00 %");
        assert!(plot.words.contains("−20.00 since then"), "{}", plot.words);
    }
}
