//! Calibration over time: what was right against what was promised.

use super::{HEIGHT, Scale, polyline, time_axis, time_labels};
use crate::app::format;
use crate::domain::{CalibrationPoint, TimeUs};

#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPlot {
    pub hit_rate: String,
    pub confidence: String,
    pub levels: Vec<String>,
    pub times: Vec<String>,
    pub words: String,
}

/// `None` where there is no point; a single one is drawn as a line of its height.
pub fn history(points: &[CalibrationPoint]) -> Option<HistoryPlot> {
    let last = points.last()?;
    let one = [*last, *last];
    let points = if points.len() == 1 { &one } else { points };
    let values = points
        .iter()
        .flat_map(|point| [point.hit_rate, point.confidence]);
    let scale = Scale::over(values, HEIGHT)?;
    let times: Vec<TimeUs> = points.iter().map(|point| point.time).collect();
    let (first, end) = (*times.first()?, *times.last()?);
    let x = |place: usize| match end.since(first) {
        0 => place as f64 * super::WIDTH,
        _ => time_axis(first, end)(times[place]),
    };
    let line = |read: fn(&CalibrationPoint) -> f64| {
        let along = points.iter().enumerate();
        polyline(along.map(|(place, point)| (x(place), scale.y(read(point)))))
    };
    Some(HistoryPlot {
        hit_rate: line(|point| point.hit_rate),
        confidence: line(|point| point.confidence),
        levels: scale
            .ticks(5)
            .map(|value| format!("{} %", format::float(value * 100.0, 1)))
            .collect(),
        words: format!(
            "Share that was right against mean confidence, from {} to {} UTC: at the end {} against {}.",
            format::axis_time(first, 0),
            format::axis_time(end, 0),
            format::fraction(last.hit_rate),
            format::fraction(last.confidence),
        ),
        times: time_labels(&times, |time| format::axis_time(time, 0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_share_a_scale_and_one_point_is_a_line() {
        let point = |time, hit_rate, confidence| CalibrationPoint {
            time: TimeUs(time),
            hit_rate,
            confidence,
            brier: 0.2,
        };
        let plot = history(&[point(0, 0.5, 0.6), point(10, 0.7, 0.6)]).unwrap();
        assert_eq!(plot.hit_rate, "0.0,286.4 1000.0,13.6 ");
        assert_eq!(plot.confidence, "0.0,150.0 1000.0,150.0 ");
        assert!(
            plot.words.contains("70.00 % against 60.00 %"),
            "{}",
            plot.words
        );
        let single = history(&[point(5, 0.5, 0.6)]).unwrap();
        assert!(single.hit_rate.starts_with("0.0,") && single.hit_rate.contains(" 1000.0,"));
        assert_eq!(history(&[]), None);
    }
}
