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

use super::layout::{Layout, Row, Source};
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

#[derive(Debug)]
pub struct Series {
    file: String,
    has_dates: bool,
    rows: Vec<Row>,
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
