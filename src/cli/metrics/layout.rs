//! Which column is what, and what a row says.

use csv::StringRecord;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::series::SeriesError;
use crate::domain::TimeUs;

/// A row of the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub date: Option<TimeUs>,
    pub value: Option<f64>,
}

/// What is read, for faults to say where they are.
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub bytes: &'a [u8],
}

/// Where things stand in a row.
pub(super) struct Layout {
    columns: Vec<String>,
    value: usize,
    pub date: Option<usize>,
    pub has_header: bool,
}

impl Layout {
    /// From the first row: a header if it names a column, or if nothing in it is a number or a date.
    pub fn of(first: &StringRecord, source: &Source<'_>) -> Result<Self, SeriesError> {
        let cells: Vec<&str> = first.iter().collect();
        let named = |name: &str| {
            cells
                .iter()
                .position(|cell| cell.eq_ignore_ascii_case(name))
        };
        let is_data = |cell: &&str| cell.parse::<f64>().is_ok() || date(cell).is_some();
        let has_header =
            named("return").is_some() || named("date").is_some() || !cells.iter().any(is_data);
        let by_look = || cells.iter().position(|cell| date(cell).is_some());
        let date = if has_header { named("date") } else { by_look() };
        let others: Vec<usize> = (0..cells.len()).filter(|at| Some(*at) != date).collect();
        let value = match (named("return"), others.as_slice()) {
            (Some(value), _) => value,
            (None, [only]) => *only,
            _ => {
                return Err(SeriesError::NoColumn {
                    file: source.file.to_owned(),
                    columns: format!("{cells:?}"),
                });
            }
        };
        let columns = if has_header {
            cells.iter().map(|cell| (*cell).to_owned()).collect()
        } else {
            let name = |at| if Some(at) == date { "date" } else { "return" };
            (0..cells.len()).map(|at| name(at).to_owned()).collect()
        };
        Ok(Self {
            columns,
            value,
            date,
            has_header,
        })
    }

    pub fn row(&self, record: &StringRecord, source: &Source<'_>) -> Result<Row, SeriesError> {
        if record.len() != self.columns.len() {
            return Err(SeriesError::Columns {
                file: source.file.to_owned(),
                line: source.line(record),
                columns: record.len(),
                expected: self.columns.len(),
            });
        }
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let when = match self.date {
            Some(at) => Some(date(cell(at)).ok_or_else(|| {
                self.fault(
                    record,
                    source,
                    self.date,
                    "is not a date as 2024-01-31 or 2024-01-31T12:00:00Z",
                )
            })?),
            None => None,
        };
        let value = match cell(self.value) {
            "" => None,
            text => {
                let fault = |what| self.fault(record, source, Some(self.value), what);
                let value: f64 = text.parse().map_err(|_| fault("is not a number"))?;
                if !value.is_finite() {
                    return Err(fault("is not finite"));
                }
                Some(value)
            }
        };
        Ok(Row { date: when, value })
    }

    pub fn fault(
        &self,
        record: &StringRecord,
        source: &Source<'_>,
        column: Option<usize>,
        what: &'static str,
    ) -> SeriesError {
        let at = column.unwrap_or_default();
        SeriesError::Value {
            file: source.file.to_owned(),
            line: source.line(record),
            column: self.columns.get(at).cloned().unwrap_or_default(),
            value: record.get(at).unwrap_or_default().to_owned(),
            what,
        }
    }
}

impl Source<'_> {
    /// The record's line, from 1. What the reader tells is where it began to look for it, which may
    /// be an empty line before.
    fn line(&self, record: &StringRecord) -> usize {
        let place = record.position().map_or(0, |position| position.byte());
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let (before, rest) = self.bytes.split_at(place.min(self.bytes.len()));
        let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let skipped = breaks.filter(|byte| **byte == b'\n').count();
        before.iter().filter(|byte| **byte == b'\n').count() + skipped + 1
    }
}

/// A day, or an instant; without a zone it is UTC.
fn date(text: &str) -> Option<TimeUs> {
    let instant = match Date::parse(text, format_description!("[year]-[month]-[day]")) {
        Ok(day) => day.midnight().assume_utc(),
        Err(_) => {
            let text = text.replacen(' ', "T", 1);
            let zoned = OffsetDateTime::parse(&text, &Rfc3339);
            zoned
                .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
                .ok()?
        }
    };
    i64::try_from(instant.unix_timestamp_nanos() / 1_000)
        .ok()
        .map(TimeUs)
}
