//! The equity curve, what buy-and-hold would be worth, and the drawdown.

use super::{HEIGHT, Scale, polyline, time_axis, time_labels};
use crate::app::format;
use crate::domain::money::to_f64;
use crate::domain::{EquityPoint, TimeUs};

/// The equity curve with its drawdown below.
#[derive(Debug, Clone, PartialEq)]
pub struct EquityPlot {
    /// `points` of a polyline, and the same closed down to the bottom.
    pub line: String,
    pub area: String,
    /// What was paid in, as a polyline.
    pub deposits: String,
    /// What buy-and-hold would be worth, as a polyline; empty where there is none.
    pub benchmark: String,
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
    let held: Vec<(TimeUs, f64)> = points
        .iter()
        .filter_map(|point| Some((point.time, to_f64(point.benchmark?))))
        .collect();
    let all = values
        .iter()
        .copied()
        .chain(held.iter().map(|(_, worth)| *worth));
    let scale = Scale::over(all, HEIGHT)?;
    let x = time_axis(first.time, last.time);
    let curve = |values: &[f64], y: &dyn Fn(f64) -> f64| {
        let along = points.iter().zip(values);
        polyline(along.map(|(point, value)| (x(point.time), y(*value))))
    };
    let line = curve(&values, &|value| scale.y(value));
    let falls: Vec<f64> = points
        .iter()
        .map(|point| point.drawdown.unwrap_or(0.0))
        .collect();
    let deepest = falls.iter().copied().fold(0.0, f64::min);
    let depth = if deepest < 0.0 { deepest } else { -1.0 };
    let drawdown = curve(&falls, &|value| value / depth * DRAWDOWN_HEIGHT);
    let (from, to) = (x(first.time), x(last.time));
    let gain = last.equity - first.equity;
    Some(EquityPlot {
        area: format!("{from:.1},{HEIGHT} {line}{to:.1},{HEIGHT}"),
        deposits: curve(&paid, &|value| scale.y(value).clamp(-10.0, HEIGHT + 10.0)),
        benchmark: polyline(held.iter().map(|(time, worth)| (x(*time), scale.y(*worth)))),
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
            "Equity from {} to {}, {} since then, deepest drawdown {}{}, {} to {}.",
            format::money(first.equity),
            format::money(last.equity),
            format::signed_money(gain),
            format::fraction(deepest),
            last.benchmark.map_or_else(String::new, |worth| {
                format!(", bought and held it would be {}", format::money(worth))
            }),
            write(first.time),
            write(last.time),
        ),
        line,
    })
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
            benchmark: None,
            rolling_sharpe: None,
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
        assert!(plot.benchmark.is_empty());
    }

    #[test]
    fn buy_and_hold_is_on_the_same_scale() {
        let mut points = [point(0, 100, 0.0), point(10, 100, 0.0)];
        points[1].benchmark = Some(Decimal::from(120));
        let plot = equity(&points, plain).unwrap();
        assert_eq!(plot.benchmark, "1000.0,13.6 ");
        assert_eq!(plot.line, "0.0,286.4 1000.0,286.4 ");
        assert!(
            plot.words.contains("held it would be 120.00"),
            "{}",
            plot.words
        );
    }
}
