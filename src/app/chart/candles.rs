//! Candles as paths.

use std::fmt::Write as _;

use super::{HEIGHT, Scale, WIDTH, time_labels};
use crate::app::format;
use crate::domain::money::to_f64;
use crate::domain::{Candle, TimeUs};

/// Candles as paths: one for the wicks and one for the bodies of each colour.
#[derive(Debug, Clone, PartialEq, Default)]
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
        ..CandlePlot::default()
    };
    for (place, candle) in shown.iter().enumerate() {
        let middle = (place as f64 + 0.5) * step;
        draw(&mut plot, candle, scale, middle, step);
    }
    Some(plot)
}

/// Adds a candle around `middle`, in a place of width `step`.
pub(super) fn draw(plot: &mut CandlePlot, candle: &Candle, scale: Scale, middle: f64, step: f64) {
    let is_up = candle.close >= candle.open;
    let (wicks, bodies) = if is_up {
        (&mut plot.up_wicks, &mut plot.up_bodies)
    } else {
        (&mut plot.down_wicks, &mut plot.down_bodies)
    };
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
