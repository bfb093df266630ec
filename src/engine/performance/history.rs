//! A bot's equity over time, in bounded memory: 30 days of minutes, and the end of every day.
//! Invariant: points are in strictly rising time. The days grow by one point a day, and by nothing
//! else.

use std::collections::VecDeque;

use super::returns::sharpe;
use super::sums::defined;
use super::thin::thin_refs;
use super::{months, step};
use crate::domain::money::to_f64;
use crate::domain::performance::{Basis, MonthReturn};
use crate::domain::time::DAY;
use crate::domain::{Activity, Decimal, EquityPoint, TimeUs, Window};

/// 30 days of samples taken each 60 s.
const SAMPLES: usize = 43_200;
/// Day ends that a window must hold before its figures are of days.
const FEWEST_DAYS: usize = 3;
/// The rolling Sharpe ratio is of so many returns, a day of them, and at least of an hour's.
const ROLLING: usize = 1_440;
const FEWEST_ROLLING: usize = 60;
/// Exposure is summed in this fixed point: the sum over a stretch is then exact, whatever came
/// before it, and a restart changes no digit.
const EXPOSURE_UNIT: f64 = 1e12;

/// A sample with sums from the first of all to it: what lies between two is their difference.
#[derive(Debug, Clone)]
struct Kept {
    point: EquityPoint,
    activity: Activity,
    /// ∫ Σ|position| / equity dt, in units × µs, over the µs in which there was equity.
    exposed: i128,
    measured_us: i64,
    /// Samples so far, with this one.
    count: usize,
}

/// What was held and traded in a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Time-weighted Σ|position| / equity: each sample stands until the next.
    pub exposure: Option<f64>,
    /// Σ|fill value| / equity at the end.
    pub turnover: Option<f64>,
    pub fees: Decimal,
    /// Samples in the window.
    pub samples: usize,
}

/// Refilled from the journal by pushing its points again.
#[derive(Debug, Clone, Default)]
pub struct EquityHistory {
    /// The first point of all: where the first day counts from.
    origin: Option<EquityPoint>,
    samples: VecDeque<Kept>,
    /// The last sample of each UTC day; of the running day the last so far.
    days: Vec<EquityPoint>,
    peak: Option<Decimal>,
    /// The newest returns, for the rolling Sharpe ratio.
    returns: VecDeque<f64>,
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
        if let Some(value) = self.last().and_then(|last| step(last, &point)) {
            if self.returns.len() == ROLLING {
                self.returns.pop_front();
            }
            self.returns.push_back(value);
        }
        match self.days.last_mut() {
            Some(end) if end.time.floor(DAY) == point.time.floor(DAY) => *end = point.clone(),
            _ => self.days.push(point.clone()),
        }
        let kept = self.summed(point, activity);
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(kept);
    }

    /// The sums go on from the last sample, whose exposure stood until now.
    fn summed(&self, point: EquityPoint, activity: Activity) -> Kept {
        let Some(last) = self.samples.back() else {
            return Kept {
                point,
                activity,
                exposed: 0,
                measured_us: 0,
                count: 1,
            };
        };
        let (mut exposed, mut measured_us) = (last.exposed, last.measured_us);
        if last.point.equity > Decimal::ZERO {
            let share = to_f64(last.activity.invested) / to_f64(last.point.equity);
            let lasted = point.time.since(last.point.time);
            // A float that is too large becomes the largest integer.
            let share = (share * EXPOSURE_UNIT).round() as i128;
            exposed = exposed.saturating_add(share.saturating_mul(lasted.into()));
            measured_us = measured_us.saturating_add(lasted);
        }
        Kept {
            point,
            activity,
            exposed,
            measured_us,
            count: last.count + 1,
        }
    }

    /// The rolling Sharpe ratio with a point that is about to be pushed.
    pub fn rolling_sharpe(&self, next: &EquityPoint) -> Option<f64> {
        let newest = self.last().and_then(|last| step(last, next));
        let room = ROLLING - usize::from(newest.is_some());
        let skipped = self.returns.len().saturating_sub(room);
        let returns: Vec<f64> = self
            .returns
            .range(skipped..)
            .copied()
            .chain(newest)
            .collect();
        if returns.len() < FEWEST_ROLLING {
            return None;
        }
        sharpe(&returns, Basis::Intraday.periods_per_year().into())
    }

    /// What was held and traded in the window that ends at `now`, when the account is worth `equity`
    /// and stands at `activity`. Whole as long as its beginning is kept: the window over all time
    /// counts from the first sample, the others from their first.
    pub fn usage(&self, window: Window, now: TimeUs, equity: Decimal, activity: Activity) -> Usage {
        let from = window.micros().map(|span| now.plus(-span));
        let began = self.origin.as_ref().map(|origin| origin.time);
        // A window that reaches back to the start has everything since then in it.
        let from = from.filter(|from| began.is_some_and(|began| began < *from));
        let first = from.map_or(0, |from| {
            self.samples.partition_point(|kept| kept.point.time < from)
        });
        let base = from.and_then(|_| self.samples.get(first));
        let end = self
            .samples
            .back()
            .filter(|end| from.is_none_or(|from| end.point.time >= from));
        let spent = |now: Decimal, of: fn(&Activity) -> Decimal| {
            let before = base.map_or(Decimal::ZERO, |kept| of(&kept.activity));
            now.checked_sub(before).unwrap_or_default()
        };
        let exposure = end.and_then(|end| {
            let (exposed, lasted) = base.map_or((0, 0), |kept| (kept.exposed, kept.measured_us));
            let lasted = (end.measured_us - lasted) as f64;
            let exposed = end.exposed.saturating_sub(exposed) as f64;
            (lasted > 0.0)
                .then(|| exposed / EXPOSURE_UNIT / lasted)
                .and_then(defined)
        });
        let traded = spent(activity.traded, |activity| activity.traded);
        Usage {
            exposure,
            turnover: (equity > Decimal::ZERO && end.is_some())
                .then(|| to_f64(traded) / to_f64(equity))
                .and_then(defined),
            fees: spent(activity.fees, |activity| activity.fees),
            samples: end.map_or(0, |end| end.count + 1 - base.map_or(1, |kept| kept.count)),
        }
    }

    /// The returns of the months so far.
    pub fn months(&self) -> Vec<MonthReturn> {
        let first = self.days.first().map(|day| day.time);
        let origin = self
            .origin
            .iter()
            .filter(|origin| Some(origin.time) < first);
        months::months(&origin.chain(&self.days).cloned().collect::<Vec<_>>())
    }

    /// Samples after `since`, oldest first.
    pub fn samples_since(&self, since: TimeUs) -> impl Iterator<Item = &EquityPoint> {
        let first = self
            .samples
            .partition_point(|kept| kept.point.time <= since);
        self.samples.range(first..).map(|kept| &kept.point)
    }

    pub fn last(&self) -> Option<&EquityPoint> {
        self.samples.back().map(|kept| &kept.point)
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

    /// The points of the window that ends at `now` and what they are: a minute apart, or days. The
    /// first is the base. 1h and 24h are of minutes; the others of days once they hold at least
    /// three day ends, of the minutes that are kept until then.
    pub fn window(&self, window: Window, now: TimeUs) -> (Basis, Vec<EquityPoint>) {
        let from = window
            .micros()
            .map_or(TimeUs(i64::MIN), |span| now.plus(-span));
        let within = |point: &&EquityPoint| from <= point.time && point.time <= now;

        if !matches!(window, Window::H1 | Window::H24) {
            let mut days: Vec<_> = self.days.iter().filter(within).cloned().collect();
            if days.len() >= FEWEST_DAYS {
                // Without it the first day would be a base and its profit in no figure.
                let origin = self.origin.iter().filter(within);
                let mut origin = origin.filter(|origin| origin.time < days[0].time).cloned();
                if let Some(origin) = origin.next() {
                    days.insert(0, origin);
                }
                return (Basis::Daily, days);
            }
        }
        let first = self.samples.partition_point(|kept| kept.point.time < from);
        let end = self.samples.partition_point(|kept| kept.point.time <= now);
        let kept = self.samples.range(first..end.max(first));
        (
            Basis::Intraday,
            kept.map(|kept| kept.point.clone()).collect(),
        )
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
        let day = self.days.partition_point(|point| point.time <= midnight);
        day.checked_sub(1).and_then(|before| self.days.get(before))
    }

    /// The whole curve in at most `max_points` points: see [`thin`](super::thin()).
    pub fn curve(&self, max_points: usize) -> Vec<EquityPoint> {
        let Some(kept_from) = self.samples.front().map(|kept| kept.point.time) else {
            return Vec::new();
        };
        let before = |point: &&EquityPoint| point.time < kept_from;
        let origin = self.origin.iter().filter(before);
        let days = self.days.iter().filter(before);
        let mut points: Vec<&EquityPoint> = origin.chain(days).collect();
        points.extend(self.samples.iter().map(|kept| &kept.point));
        points.dedup_by_key(|point| point.time);
        thin_refs(&points, max_points)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::time::{HOUR, MINUTE};

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

    #[test]
    fn memory_is_bounded() {
        let history = history(32 * DAY, MINUTE);
        assert_eq!(history.samples.len(), SAMPLES);
        assert_eq!(history.days.len(), 33);
        assert_eq!(history.days[0].time, TimeUs(DAY - MINUTE));
        assert_eq!(history.days[32].time, TimeUs(32 * DAY));
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
        for (window, count) in [(Window::H1, 61), (Window::H24, 1_441)] {
            let (basis, points) = history.window(window, now);
            assert_eq!((basis, points.len()), (Basis::Intraday, count));
            assert_eq!(points.last().unwrap().time, now);
        }
    }

    #[test]
    fn long_windows_are_of_days_once_there_are_three() {
        let now = TimeUs(2 * DAY - HOUR);
        let young = history(now.0, HOUR);
        assert_eq!(young.window(Window::D7, now).0, Basis::Intraday);
        assert_eq!(young.window(Window::All, now).1.len(), 48);

        let now = TimeUs(2 * DAY + HOUR);
        let older = history(now.0, HOUR);
        let (basis, points) = older.window(Window::D7, now);
        assert_eq!(basis, Basis::Daily);
        // Where it began, two ended days, and the running one.
        assert_eq!(
            times(&points),
            [0, DAY - HOUR, 2 * DAY - HOUR, 2 * DAY + HOUR]
        );
    }

    #[test]
    fn a_week_has_seven_daily_returns() {
        let history = history(40 * DAY + 5 * HOUR, HOUR);
        let now = TimeUs(40 * DAY + 5 * HOUR);
        assert_eq!(history.window(Window::D7, now).1.len(), 8);
        assert_eq!(history.window(Window::D30, now).1.len(), 31);
        assert_eq!(history.window(Window::All, now).1.len(), 42);
        // Seen from earlier, later points do not exist.
        let (_, points) = history.window(Window::H1, TimeUs(30 * DAY));
        assert_eq!(times(&points), [30 * DAY - HOUR, 30 * DAY]);
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
        assert_eq!(times(&history.curve(1)), [32 * DAY]);
        assert!(EquityHistory::new().curve(9).is_empty());
    }
}
