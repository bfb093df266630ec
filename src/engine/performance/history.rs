//! A bot's equity over time, in bounded memory: 30 days of minutes, and the end of every day.
//! Invariant: points are in strictly rising time. The days grow by one point a day, and by nothing
//! else.

use std::collections::VecDeque;

use super::returns::sharpe;
use super::thin::thin_refs;
use super::usage::{Sums, Usage};
use super::{Returns, Step, months};
use crate::domain::money::to_f64;
use crate::domain::performance::{Basis, MonthReturn};
use crate::domain::time::{DAY, HOUR};
use crate::domain::{Activity, Decimal, EquityPoint, TimeUs, Window};

/// 30 days of samples taken each 60 s.
const SAMPLES: usize = 43_200;
/// Day ends that a window must hold before its figures are of days.
const FEWEST_DAYS: usize = 3;
/// The rolling Sharpe ratio is of so many returns, a day of them, and at least of an hour's.
const ROLLING: usize = 1_440;
const FEWEST_ROLLING: usize = 60;

/// A sample with what it brought since the one before.
#[derive(Debug, Clone)]
struct Sample {
    point: EquityPoint,
    step: Step,
    sums: Sums,
}

/// The last sample of a day with what the day brought.
#[derive(Debug, Clone)]
struct Day {
    end: EquityPoint,
    step: Step,
}

/// Refilled from the journal by pushing its points again.
#[derive(Debug, Clone, Default)]
pub struct EquityHistory {
    /// The first point of all: where the first day counts from.
    origin: Option<EquityPoint>,
    samples: VecDeque<Sample>,
    /// Of the running day the end is the last sample so far.
    days: Vec<Day>,
    peak: Option<Decimal>,
}

impl EquityHistory {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a sample. One that is not later than the last is ignored: it was seen before.
    pub fn push(&mut self, point: EquityPoint, activity: Activity) {
        if self.last().is_some_and(|last| point.time <= last.time) {
            return;
        }
        self.peak = Some(self.high_water(point.equity, point.deposits));
        if self.origin.is_none() {
            self.origin = Some(point.clone());
        }
        self.push_day(&point);
        let sample = match self.samples.back() {
            Some(last) => Sample {
                step: Step::between(&last.point, &point),
                sums: last.sums.next(&last.point, point.time, activity),
                point,
            },
            None => Sample {
                step: Step::default(),
                sums: Sums::first(activity),
                point,
            },
        };
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    fn push_day(&mut self, point: &EquityPoint) {
        let today = point.time.floor(DAY);
        self.days.pop_if(|day| day.end.time.floor(DAY) == today);
        let before = self.days.last().map(|day| &day.end);
        let before = before.or(self.origin.as_ref());
        // The first sample of all begins a day and ends none yet.
        let step = before.filter(|before| before.time < point.time);
        self.days.push(Day {
            end: point.clone(),
            step: step.map_or_else(Step::default, |before| Step::between(before, point)),
        });
    }

    /// The rolling Sharpe ratio with a point that is about to be pushed.
    pub fn rolling_sharpe(&self, next: &EquityPoint) -> Option<f64> {
        let newest = self.last().map(|last| Step::between(last, next));
        let skipped = (self.samples.len() + 1).saturating_sub(ROLLING);
        let steps = self.samples.range(skipped..).map(|sample| sample.step);
        let returns: Vec<f64> = steps.chain(newest).filter_map(|step| step.own).collect();
        if returns.len() < FEWEST_ROLLING {
            return None;
        }
        sharpe(&returns, Basis::Intraday.periods_per_year().into())
    }

    /// What was held and traded in the window that ends at `now`, when the account is worth `equity`
    /// and stands at `activity`. A window that reaches back to the first sample holds all there was.
    pub fn usage(&self, window: Window, now: TimeUs, equity: Decimal, activity: Activity) -> Usage {
        let began = self.origin.as_ref().map(|origin| origin.time);
        let from = window.micros().map(|span| now.plus(-span));
        let from = from.filter(|from| began.is_some_and(|began| began < *from));
        let first = from.map(|from| self.first_at(from));
        let base = first.and_then(|first| self.samples.get(first));
        match (self.samples.back(), first, base) {
            (Some(end), None, _) => end.sums.since(None, equity, activity),
            (Some(end), _, Some(base)) => end.sums.since(Some(&base.sums), equity, activity),
            // Nothing was sampled in it.
            _ => Usage::default(),
        }
    }

    /// The returns of the months so far.
    pub fn months(&self) -> Vec<MonthReturn> {
        months::months(&self.daily(self.days.iter()))
    }

    fn first_at(&self, from: TimeUs) -> usize {
        self.samples
            .partition_point(|sample| sample.point.time < from)
    }

    /// Samples after `since`, oldest first.
    pub fn samples_since(&self, since: TimeUs) -> impl Iterator<Item = &EquityPoint> {
        let first = self
            .samples
            .partition_point(|sample| sample.point.time <= since);
        self.samples.range(first..).map(|sample| &sample.point)
    }

    pub fn last(&self) -> Option<&EquityPoint> {
        self.samples.back().map(|sample| &sample.point)
    }

    /// The highest equity so far. A deposit or withdrawal scales it as it scales the equity, so
    /// that taking money out is not a loss.
    pub fn peak(&self) -> Option<Decimal> {
        self.peak
    }

    /// The drawdown of a point that is about to be pushed: zero or negative, undefined before any
    /// equity.
    pub fn drawdown(&self, equity: Decimal, deposits: Decimal) -> Option<f64> {
        let peak = self.high_water(equity, deposits);
        if peak <= Decimal::ZERO {
            return None;
        }
        let share = to_f64(equity) / to_f64(peak);
        share.is_finite().then_some((share - 1.0).min(0.0))
    }

    /// The peak, were this the next point.
    fn high_water(&self, equity: Decimal, deposits: Decimal) -> Decimal {
        let (Some(peak), Some(last)) = (self.peak, self.last()) else {
            return equity;
        };
        if deposits == last.deposits {
            return peak.max(equity);
        }
        // The flow comes at the end of its period, as it does in the returns.
        let earned = deposits
            .checked_sub(last.deposits)
            .and_then(|deposited| equity.checked_sub(deposited));
        let scaled = earned
            .filter(|earned| *earned > Decimal::ZERO)
            .and_then(|earned| peak.max(earned).checked_mul(equity)?.checked_div(earned));
        scaled.map_or(equity, |peak| peak.max(equity))
    }

    /// The returns in the window that ends at `now` and what they are of: minutes, or days. 1h and
    /// 24h are of minutes; the others of days once they hold at least three day ends, of the minutes
    /// that are kept until then.
    pub fn returns(&self, window: Window, now: TimeUs) -> (Basis, Returns) {
        let from = window.micros();
        let from = from.map_or(TimeUs(i64::MIN), |span| now.plus(-span));

        if !matches!(window, Window::H1 | Window::H24) {
            let within = |day: &&Day| from <= day.end.time && day.end.time <= now;
            let days = self.days.iter().filter(within);
            if days.clone().count() >= FEWEST_DAYS {
                // A day whose beginning is not in the window is only the base of the next.
                let starts = self
                    .origin
                    .as_ref()
                    .is_some_and(|origin| from <= origin.time);
                return (Basis::Daily, self.daily(days.skip(usize::from(!starts))));
            }
        }
        let first = self.first_at(from);
        let end = self
            .samples
            .partition_point(|sample| sample.point.time <= now);
        let mut within = self.samples.range(first..end.max(first));
        let start = within.next().map(|base| base.point.time);
        let steps = within.map(|sample| (sample.point.time, sample.step));
        let returns = Returns::from_steps(start.unwrap_or_default(), steps);
        (Basis::Intraday, returns)
    }

    fn daily<'a>(&self, days: impl Iterator<Item = &'a Day>) -> Returns {
        let mut days = days.peekable();
        let first = days.peek().map(|day| day.end.time).unwrap_or_default();
        let before = self.days.partition_point(|day| day.end.time < first);
        let start = match before.checked_sub(1) {
            Some(before) => self.days.get(before).map(|day| day.end.time),
            None => self.origin.as_ref().map(|origin| origin.time),
        };
        let steps = days.map(|day| (day.end.time, day.step));
        Returns::from_steps(start.unwrap_or_default(), steps)
    }

    /// The last point at or before 00:00 UTC of the day of `now`: what the day's P&L counts from.
    pub fn start_of_day(&self, now: TimeUs) -> Option<&EquityPoint> {
        let midnight = now.floor(DAY);
        let sample = self
            .samples
            .partition_point(|kept| kept.point.time <= midnight);
        if let Some(before) = sample.checked_sub(1) {
            return self.samples.get(before).map(|kept| &kept.point);
        }
        let day = self.days.partition_point(|day| day.end.time <= midnight);
        let before = day.checked_sub(1).and_then(|before| self.days.get(before));
        before.map(|day| &day.end)
    }

    /// The whole curve in at most `max_points` points, each part [thinned](super::thin()) by itself:
    /// the newest hour and day keep more of theirs than what is older, so that short windows have a
    /// curve as well.
    pub fn curve(&self, max_points: usize) -> Vec<EquityPoint> {
        let Some(kept_from) = self.samples.front().map(|sample| sample.point.time) else {
            return Vec::new();
        };
        let before = |point: &&EquityPoint| point.time < kept_from;
        let origin = self.origin.iter().filter(before);
        let days = self.days.iter().map(|day| &day.end).filter(before);
        let mut points: Vec<&EquityPoint> = origin.chain(days).collect();
        points.extend(self.samples.iter().map(|sample| &sample.point));
        points.dedup_by_key(|point| point.time);
        let newest = self.last().map(|last| last.time).unwrap_or_default();
        let from = |span: i64| points.partition_point(|point| point.time <= newest.plus(-span));
        let (older, rest) = points.split_at(from(DAY));
        let (day, hour) = rest.split_at(from(HOUR) - older.len());
        if points.len() <= max_points || max_points < 20 {
            return thin_refs(&points, max_points);
        }
        let for_hour = hour.len().min(max_points * 15 / 100);
        let for_older = older.len().min(max_points * 45 / 100);
        // What one part does not need is for the others.
        let for_day = day.len().min(max_points - for_hour - for_older);
        let for_hour = hour.len().min(max_points - for_older - for_day);
        let for_older = older.len().min(max_points - for_hour - for_day);
        let mut curve = thin_refs(older, for_older);
        curve.extend(thin_refs(day, for_day));
        curve.extend(thin_refs(hour, for_hour));
        curve
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::time::MINUTE;

    fn point(time: i64, equity: i64) -> EquityPoint {
        EquityPoint {
            time: TimeUs(time),
            equity: Decimal::from(equity),
            deposits: Decimal::from(1_000),
            drawdown: None,
            benchmark: None,
            rolling_sharpe: None,
        }
    }

    /// A sample each `step` from 0 to `until`; equity counts them from 1,000.
    fn history(until: i64, step: i64) -> EquityHistory {
        let mut history = EquityHistory::new();
        for i in 0..=until / step {
            history.push(point(i * step, 1_000 + i), Activity::default());
        }
        history
    }

    fn times(points: &[EquityPoint]) -> Vec<i64> {
        points.iter().map(|point| point.time.0).collect()
    }

    /// Where the returns count from, and the ends of their periods.
    fn moments(made: &Returns) -> Vec<i64> {
        let ends = made.times.iter().map(|time| time.0);
        [made.start.0].into_iter().chain(ends).collect()
    }

    #[test]
    fn memory_is_bounded() {
        let history = history(32 * DAY, MINUTE);
        assert_eq!(history.samples.len(), SAMPLES);
        assert_eq!(history.days.len(), 33);
        assert_eq!(history.days[0].end.time, TimeUs(DAY - MINUTE));
        assert_eq!(history.days[32].end.time, TimeUs(32 * DAY));
    }

    #[test]
    fn what_was_seen_is_ignored() {
        let mut history = history(HOUR, MINUTE);
        let before = history.curve(1_000);
        history.push(point(HOUR, 5), Activity::default());
        history.push(point(HOUR / 2, 5_000), Activity::default());
        assert_eq!(history.curve(1_000), before);
        assert_eq!(history.peak(), Some(Decimal::from(1_060)));
    }

    #[test]
    fn short_windows_are_of_minutes() {
        let history = history(5 * DAY, MINUTE);
        let now = TimeUs(5 * DAY);
        for (window, count) in [(Window::H1, 60), (Window::H24, 1_440)] {
            let (basis, made) = history.returns(window, now);
            assert_eq!((basis, made.values.len()), (Basis::Intraday, count));
            assert_eq!(made.times.last(), Some(&now));
            assert_eq!(made.start, now.plus(-window.micros().unwrap()));
        }
    }

    #[test]
    fn long_windows_are_of_days_once_there_are_three() {
        let now = TimeUs(2 * DAY - HOUR);
        let young = history(now.0, HOUR);
        assert_eq!(young.returns(Window::D7, now).0, Basis::Intraday);
        assert_eq!(young.returns(Window::All, now).1.values.len(), 47);

        let now = TimeUs(2 * DAY + HOUR);
        let older = history(now.0, HOUR);
        let (basis, made) = older.returns(Window::D7, now);
        assert_eq!(basis, Basis::Daily);
        // Where it began, two ended days, and the running one.
        assert_eq!(
            moments(&made),
            [0, DAY - HOUR, 2 * DAY - HOUR, 2 * DAY + HOUR]
        );
    }

    #[test]
    fn a_week_has_seven_daily_returns() {
        let history = history(40 * DAY + 5 * HOUR, HOUR);
        let now = TimeUs(40 * DAY + 5 * HOUR);
        assert_eq!(history.returns(Window::D7, now).1.values.len(), 7);
        assert_eq!(history.returns(Window::D30, now).1.values.len(), 30);
        assert_eq!(history.returns(Window::All, now).1.values.len(), 41);
        // Seen from earlier, later points do not exist.
        let (_, made) = history.returns(Window::H1, TimeUs(30 * DAY));
        assert_eq!(moments(&made), [30 * DAY - HOUR, 30 * DAY]);
    }

    #[test]
    fn the_day_starts_at_midnight_utc() {
        let history = history(3 * DAY, HOUR);
        let start = |now| history.start_of_day(TimeUs(now)).map(|point| point.time.0);
        assert_eq!(start(2 * DAY + 5 * HOUR), Some(2 * DAY));
        assert_eq!(start(2 * DAY), Some(2 * DAY));
        assert_eq!(start(9 * DAY), Some(3 * DAY));
        assert_eq!(start(-HOUR), None);

        let mut late = EquityHistory::new();
        late.push(point(HOUR, 1), Activity::default());
        assert_eq!(late.start_of_day(TimeUs(2 * HOUR)), None);
        late.push(point(DAY + HOUR, 1), Activity::default());
        assert_eq!(
            late.start_of_day(TimeUs(DAY + HOUR)).unwrap().time,
            TimeUs(HOUR)
        );
    }

    #[test]
    fn drawdown_is_against_the_peak_and_survives_a_withdrawal() {
        let decimal = |value: i64| Decimal::from(value);
        let mut history = EquityHistory::new();
        assert_eq!(history.drawdown(decimal(0), decimal(0)), None);
        assert_eq!(history.drawdown(decimal(10), decimal(10)), Some(0.0));
        history.push(point(0, 1_000), Activity::default());
        history.push(point(1, 1_200), Activity::default());
        assert_eq!(history.drawdown(decimal(900), decimal(1_000)), Some(-0.25));
        history.push(point(2, 900), Activity::default());
        // Half is taken out: still a quarter below the peak, which is now 600.
        let half = EquityPoint {
            deposits: decimal(550),
            ..point(3, 450)
        };
        assert_eq!(history.drawdown(half.equity, half.deposits), Some(-0.25));
        history.push(half, Activity::default());
        assert_eq!(history.peak(), Some(decimal(600)));
    }

    #[test]
    fn the_curve_reaches_back_beyond_the_samples() {
        let history = history(32 * DAY, MINUTE);
        let curve = history.curve(500);
        assert!(curve.len() <= 500 && curve.len() > 400);
        assert_eq!(curve[0].time, TimeUs(0));
        assert_eq!(curve.last().unwrap().time, TimeUs(32 * DAY));
        // An hour has a curve, and a day.
        let since = |span| {
            let times = curve.iter().map(|point| point.time);
            times.filter(|time| *time > TimeUs(32 * DAY - span)).count()
        };
        assert_eq!(since(HOUR), 60);
        assert!(since(DAY) > 200, "{}", since(DAY));
        assert!(curve.len() - since(DAY) > 200);
        assert_eq!(times(&history.curve(1)), [32 * DAY]);
        assert!(EquityHistory::new().curve(9).is_empty());
    }
}
