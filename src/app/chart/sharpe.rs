//! The rolling Sharpe ratio over time.

use super::{HEIGHT, Scale, polyline, time_axis, time_labels};
use crate::app::format;
use crate::domain::{EquityPoint, TimeUs};

/// A line around zero.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesPlot {
    pub line: String,
    /// The height of zero, as a path.
    pub zero: String,
    pub levels: Vec<String>,
    pub times: Vec<String>,
    /// One sentence for those who do not see it.
    pub words: String,
}

/// The samples that have one; `None` while there is none.
pub fn rolling_sharpe(
    points: &[EquityPoint],
    write: impl Fn(TimeUs) -> String,
) -> Option<SeriesPlot> {
    let (times, values): (Vec<_>, Vec<_>) = points
        .iter()
        .filter_map(|point| Some((point.time, point.rolling_sharpe?)))
        .unzip();
    let (first, last) = (*times.first()?, *times.last()?);
    // Zero is always seen: it is what the ratio is read against.
    let scale = Scale::over(values.iter().copied().chain([0.0]), HEIGHT)?;
    let x = time_axis(first, last);
    let along = times.iter().zip(&values);
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
    Some(SeriesPlot {
        line: polyline(along.map(|(time, value)| (x(*time), scale.y(*value)))),
        zero: format!("M0 {:.1}H1000", scale.y(0.0)),
        levels: scale
            .ticks(5)
            .map(|value| format::float(value, 1))
            .collect(),
        words: format!(
            "Rolling Sharpe ratio {} at the end, between {} and {}, {} to {}.",
            format::float(*values.last()?, 2),
            format::float(low, 2),
            format::float(high, 2),
            write(first),
            write(last),
        ),
        times: time_labels(&times, write),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decimal;

    #[test]
    fn only_what_is_defined_is_drawn_and_zero_is_seen() {
        let points: Vec<_> = [None, Some(2.0), Some(4.0)]
            .into_iter()
            .zip(0..)
            .map(|(rolling_sharpe, time)| EquityPoint {
                time: TimeUs(time),
                equity: Decimal::ONE,
                deposits: Decimal::ONE,
                drawdown: None,
                benchmark: None,
                rolling_sharpe,
            })
            .collect();
        let write = |time: TimeUs| time.micros().to_string();
        let plot = rolling_sharpe(&points, write).unwrap();
        assert_eq!(plot.line, "0.0,150.0 1000.0,13.6 ");
        assert_eq!(plot.zero, "M0 286.4H1000");
        assert_eq!(plot.times, ["1", "2", "2"]);
        assert_eq!(rolling_sharpe(&points[..1], write), None);
    }
}
