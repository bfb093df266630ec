//! Times as people write them: RFC 3339, or a date of the UTC calendar.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};

use crate::domain::TimeUs;
use crate::domain::time::DAY;

/// A time, of a date its first moment.
pub fn from(text: &str) -> Result<TimeUs, String> {
    read(text, 0)
}

/// A time, of a date its last moment.
pub fn to(text: &str) -> Result<TimeUs, String> {
    read(text, DAY - 1)
}

fn read(text: &str, of_date: i64) -> Result<TimeUs, String> {
    let (instant, more) = match Date::parse(text, format_description!("[year]-[month]-[day]")) {
        Ok(date) => (date.with_time(Time::MIDNIGHT).assume_utc(), of_date),
        Err(_) => {
            let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
                "neither RFC 3339 as 2024-01-31T12:00:00Z nor a date as 2024-01-31".to_owned()
            })?;
            (instant, 0)
        }
    };
    let micros = instant.unix_timestamp_nanos().div_euclid(1_000);
    let micros = i64::try_from(micros).map_err(|error| error.to_string())?;
    Ok(TimeUs(micros).plus(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_are_read() {
        let noon = "2024-01-31T12:00:00Z";
        assert_eq!(from(noon).unwrap().rfc3339(), noon);
        assert_eq!(to(noon), from(noon));
        assert_eq!(from("2024-01-31T13:00:00+01:00"), from(noon));
        assert_eq!(
            from("2024-01-31").unwrap().rfc3339(),
            "2024-01-31T00:00:00Z"
        );
        assert_eq!(
            to("2024-01-31").unwrap().rfc3339(),
            "2024-01-31T23:59:59.999999Z"
        );
        for wrong in [
            "",
            "yesterday",
            "2024-13-01",
            "2024-01-31 12:00",
            "1706702400",
        ] {
            assert!(from(wrong).is_err(), "{wrong}");
        }
    }
}
