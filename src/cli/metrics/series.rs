//! A series of returns in a CSV file.
//!
//! One column of numbers is enough. With a header it is the column `return`, or the only one beside
//! `date`; without one, the only column or the one beside the dates. An empty cell is a period whose
//! return is not known: it is left out and counted. Whatever else cannot be read is an error that
//! names its place.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::StringRecord;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::domain::TimeUs;

#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    #[error("{file}: {error}")]
    Open { file: String, error: io::Error },
    #[error("{file}: {error}")]
    Csv { file: String, error: csv::Error },
    #[error("{file} is empty")]
    Empty { file: String },
    #[error("{file}:1: no column \"return\" among {columns}")]
    NoColumn { file: String, columns: String },
    #[error("{file}:{line}: {columns} columns, not {expected}")]
    Columns {
        file: String,
        line: usize,
        columns: usize,
        expected: usize,
    },
    #[error("{file}:{line}: column \"{column}\": {value:?} {what}")]
    Value {
        file: String,
        line: usize,
        column: String,
        value: String,
        what: &'static str,
    },
    #[error(
        "{returns} has {of_returns} rows and {benchmark} has {of_benchmark}: \
         without dates in both they must have the same number"
    )]
    Lengths {
        returns: String,
        of_returns: usize,
        benchmark: String,
        of_benchmark: usize,
    },
    #[error("{returns} and {benchmark} have no date in common")]
    NothingShared { returns: String, benchmark: String },
}

/// Some programs begin a file with it.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A row of the file.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    date: Option<TimeUs>,
    value: Option<f64>,
}

#[derive(Debug)]
pub struct Series {
    file: String,
    has_dates: bool,
    rows: Vec<Row>,
}

/// What is read, for faults to say where they are.
struct Source<'a> {
    file: &'a str,
    bytes: &'a [u8],
}

/// Where things stand in a row.
struct Layout {
    columns: Vec<String>,
    value: usize,
    date: Option<usize>,
    has_header: bool,
}

impl Series {
    /// Reads a file, or standard input if it is `-`.
    pub fn read(path: &Path) -> Result<Self, SeriesError> {
        let mut bytes = Vec::new();
        let (file, read) = if path == Path::new("-") {
            let read = io::stdin().lock().read_to_end(&mut bytes);
            ("standard input".to_owned(), read)
        } else {
            let opened = File::open(path);
            let read = opened.and_then(|mut opened| opened.read_to_end(&mut bytes));
            (path.display().to_string(), read)
        };
        match read {
            Ok(_) => Self::of(&bytes, file),
            Err(error) => Err(SeriesError::Open { file, error }),
        }
    }

    fn of(bytes: &[u8], file: String) -> Result<Self, SeriesError> {
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let source = Source { file: &file, bytes };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let mut layout = None;
        let mut rows: Vec<Row> = Vec::new();
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => return Err(SeriesError::Csv { file, error }),
            };
            let layout = match &layout {
                Some(layout) => layout,
                None => {
                    let found = layout.insert(Layout::of(&record, &source)?);
                    if found.has_header {
                        continue;
                    }
                    found
                }
            };
            let row = layout.row(&record, &source)?;
            let before = rows.last().and_then(|last| last.date);
            if let (Some(before), Some(date)) = (before, row.date)
                && date <= before
            {
                return Err(layout.fault(
                    &record,
                    &source,
                    layout.date,
                    "is not later than the row before",
                ));
            }
            rows.push(row);
        }
        match layout {
            Some(layout) => Ok(Self {
                file,
                has_dates: layout.date.is_some(),
                rows,
            }),
            None => Err(SeriesError::Empty { file }),
        }
    }

    /// The returns that are known.
    pub fn values(&self) -> Vec<f64> {
        self.rows.iter().filter_map(|row| row.value).collect()
    }

    /// Rows without a return.
    pub fn skipped(&self) -> usize {
        self.rows.iter().filter(|row| row.value.is_none()).count()
    }

    /// The dates of the known returns, and of a row without one right before the first.
    pub fn dates(&self) -> Option<(Option<TimeUs>, Vec<TimeUs>)> {
        if !self.has_dates {
            return None;
        }
        let first = self.rows.iter().position(|row| row.value.is_some());
        let start = first
            .and_then(|first| self.rows.get(first.checked_sub(1)?))
            .and_then(|row| row.date);
        let known = self.rows.iter().filter(|row| row.value.is_some());
        Some((start, known.filter_map(|row| row.date).collect()))
    }

    /// Both returns of the periods that have both: of the same date where both files have dates,
    /// else of the same row.
    pub fn pairs(&self, benchmark: &Self) -> Result<(Vec<f64>, Vec<f64>), SeriesError> {
        if self.has_dates && benchmark.has_dates {
            let theirs: BTreeMap<_, _> = benchmark
                .rows
                .iter()
                .filter_map(|row| Some((row.date?, row.value?)))
                .collect();
            let pairs: (Vec<_>, Vec<_>) = self
                .rows
                .iter()
                .filter_map(|row| Some((row.value?, *theirs.get(&row.date?)?)))
                .unzip();
            if pairs.0.is_empty() && !self.rows.is_empty() && !benchmark.rows.is_empty() {
                return Err(SeriesError::NothingShared {
                    returns: self.file.clone(),
                    benchmark: benchmark.file.clone(),
                });
            }
            return Ok(pairs);
        }
        if self.rows.len() != benchmark.rows.len() {
            return Err(SeriesError::Lengths {
                returns: self.file.clone(),
                of_returns: self.rows.len(),
                benchmark: benchmark.file.clone(),
                of_benchmark: benchmark.rows.len(),
            });
        }
        let pairs = self.rows.iter().zip(&benchmark.rows);
        Ok(pairs
            .filter_map(|(own, other)| Some((own.value?, other.value?)))
            .unzip())
    }
}

impl Layout {
    /// From the first row: a header if it names a column, or if nothing in it is a number or a date.
    fn of(first: &StringRecord, source: &Source<'_>) -> Result<Self, SeriesError> {
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

    fn row(&self, record: &StringRecord, source: &Source<'_>) -> Result<Row, SeriesError> {
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

    fn fault(
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn read(text: &str) -> Result<Series, String> {
        Series::of(text.as_bytes(), "x.csv".to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_column_is_found_in_every_shape() {
        for text in [
            "0.5\n\n-0.25\n",
            "return\n0.5\n-0.25",
            "\u{feff}Return\r\n0.5\r\n-0.25\r\n",
            "date,return\n2024-01-01,0.5\n2024-01-02,-0.25\n",
            "Date,Close\n2024-01-01,5e-1\n2024-01-02, -0.25\n",
            "2024-01-01,0.5\n2024-01-02,-0.25\n",
            "0.5,2024-01-01 00:00:00\n-0.25,2024-01-01T12:00:00+02:00\n",
            ",return,other\n0,0.5,x\n1,-0.25,\n",
            "\"spx\"\n\"0.5\"\n\"-0.25\"\n",
        ] {
            assert_eq!(read(text).unwrap().values(), [0.5, -0.25], "{text}");
        }
        assert!(read("return\n").unwrap().values().is_empty());
    }

    #[test]
    fn an_empty_cell_is_no_return() {
        let series = read("date,return\n2024-01-01,\n2024-01-02,0.5\n2024-01-03,\n").unwrap();
        assert_eq!((series.values(), series.skipped()), (vec![0.5], 2));
        let (start, dates) = series.dates().unwrap();
        assert_eq!(start.unwrap().rfc3339(), "2024-01-01T00:00:00Z");
        assert_eq!(dates.len(), 1);
    }

    #[test]
    fn faults_name_their_place() {
        for (text, words) in [
            ("", "x.csv is empty"),
            ("\n\n", "x.csv is empty"),
            (
                "return\nabc\n",
                "x.csv:2: column \"return\": \"abc\" is not a number",
            ),
            (
                "0.1\n\nNaN\n",
                "x.csv:3: column \"return\": \"NaN\" is not finite",
            ),
            (
                "return\ninf\n",
                "x.csv:2: column \"return\": \"inf\" is not finite",
            ),
            ("return\n1%\n", "\"1%\" is not a number"),
            ("return\n1e999\n", "is not finite"),
            (
                "date,return\n2024-01-01,0.1\n2024-01-01,0.1\n",
                "x.csv:3: column \"date\": \"2024-01-01\" is not later",
            ),
            (
                "date,return\n31/01/2024,0.1\n",
                "column \"date\": \"31/01/2024\" is not a date",
            ),
            ("date,return\n2024-01-01\n", "x.csv:2: 1 columns, not 2"),
            (
                "open,close\n1,2\n",
                "x.csv:1: no column \"return\" among [\"open\", \"close\"]",
            ),
            ("1,2\n", "no column \"return\""),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(words), "{text:?}: {told}");
        }
        let invalid = Series::of(b"return\n\xff\n", "x.csv".to_owned());
        assert!(invalid.unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn pairs_are_of_the_same_date_or_the_same_row() {
        let own = read("2024-01-01,0.1\n2024-01-02,\n2024-01-03,0.3\n").unwrap();
        let other = read("2024-01-03,3\n2024-01-04,4\n").unwrap();
        assert_eq!(own.pairs(&other).unwrap(), (vec![0.3], vec![3.0]));
        let rows = read("return\n1\n2\n3\n").unwrap();
        assert_eq!(own.pairs(&rows).unwrap(), (vec![0.1, 0.3], vec![1.0, 3.0]));
        let told = own.pairs(&read("1\n").unwrap()).unwrap_err().to_string();
        assert!(told.contains("3 rows") && told.contains("has 1"), "{told}");
        let later = read("2025-01-01,1\n").unwrap();
        assert!(
            own.pairs(&later)
                .unwrap_err()
                .to_string()
                .contains("no date")
        );
    }
}
