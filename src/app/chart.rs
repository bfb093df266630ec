//! Geometry of the charts that are drawn as SVG: pure functions from figures to paths, so that
//! server and browser draw the same. A plot is 1000 wide and stretches to its place; its labels are
//! text beside it.

mod bars;
mod candles;
mod decision;
mod equity;
mod history;
mod shades;
mod sharpe;

use std::fmt::Write as _;

pub use bars::{Bar, BarPlot, bars};
pub use candles::{CandlePlot, candles};
pub use decision::{DecisionPlot, decision};
pub use equity::{DRAWDOWN_HEIGHT, EquityPlot, equity};
pub use history::{HistoryPlot, history};
pub use shades::{Shade, shades};
pub use sharpe::{SeriesPlot, rolling_sharpe};

use crate::domain::TimeUs;

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

fn time_axis(first: TimeUs, last: TimeUs) -> impl Fn(TimeUs) -> f64 {
    let span = last.since(first).max(1) as f64;
    move |time: TimeUs| time.since(first) as f64 / span * WIDTH
}

/// `points` of a polyline.
fn polyline(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut out = String::new();
    for (x, y) in points {
        let _ = write!(out, "{x:.1},{y:.1} ");
    }
    out
}
