//! Instants as microseconds since the Unix epoch, UTC. Whether an instant is market time or wall
//! time is said by the field that holds it, never by the type.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Microseconds in one millisecond, second, minute, hour and day.
pub const MILLI: i64 = 1_000;
pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// An instant: µs since 1970-01-01T00:00:00Z. In JSON a number (exact below 2^53, the year 2255).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct TimeUs(pub i64);

impl TimeUs {
    pub const ZERO: Self = Self(0);

    pub fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    pub fn micros(self) -> i64 {
        self.0
    }

    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The start of the period of `step` µs that holds this instant, counted from the epoch:
    /// UTC seconds, minutes, hours and days all start so.
    pub fn floor(self, step: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(step))
    }

    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant; negative if it is not earlier.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The UTC year and month, 1 to 12; `None` for an instant that the calendar does not reach.
    pub fn year_and_month(self) -> Option<(i32, u8)> {
        let seconds = self.0.div_euclid(SECOND);
        let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?.date();
        Some((date.year(), u8::from(date.month())))
    }

    /// RFC 3339 in UTC with the digits that are needed, as `2024-01-01T00:00:00.001Z`; the plain
    /// number for an instant that the calendar does not reach.
    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|instant| instant.format(&Rfc3339).ok())
            .unwrap_or_else(|| self.0.to_string())
    }
}

impl std::fmt::Display for TimeUs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_start_on_utc_boundaries_also_before_the_epoch() {
        assert_eq!(TimeUs(DAY + 5).floor(DAY), TimeUs(DAY));
        assert_eq!(TimeUs(-1).floor(MINUTE), TimeUs(-MINUTE));
    }

    #[test]
    fn months_are_of_the_utc_calendar() {
        let first = TimeUs::from_millis(1_704_067_200_000);
        assert_eq!(first.year_and_month(), Some((2024, 1)));
        assert_eq!(first.plus(-1).year_and_month(), Some((2023, 12)));
        assert_eq!(TimeUs(i64::MIN).year_and_month(), None);
    }

    #[test]
    fn rfc3339_is_utc() {
        assert_eq!(
            TimeUs::from_millis(1_704_067_200_001).rfc3339(),
            "2024-01-01T00:00:00.001Z"
        );
    }
}
