//! `plainsight metrics`: every metric of a series of returns, by the code that the engine uses.

mod layout;
mod series;

use std::path::Path;

use serde_json::{Map, Value, json};

use super::Failure;
use super::args::MetricsArgs;
use crate::domain::time::DAY;
use crate::domain::{Metric, TimeUs};
use crate::engine::performance::figures;
use series::{Series, SeriesError};

/// Markets never close here: a year is 365 days, whatever number of periods it is cut into.
const YEAR: f64 = 365.0 * DAY as f64;

/// Prints one JSON object on standard output.
pub fn run(args: &MetricsArgs) -> Result<(), Failure> {
    let usage = |error: SeriesError| Failure::Usage(error.to_string());
    let stdin = Path::new("-");
    if args.returns == stdin && args.benchmark.as_deref() == Some(stdin) {
        let both = "only one of --returns and --benchmark can be standard input";
        return Err(Failure::Usage(both.to_owned()));
    }
    let returns = Series::read(&args.returns).map_err(usage)?;
    let benchmark = args.benchmark.as_deref().map(Series::read).transpose();
    let benchmark = benchmark.map_err(usage)?;

    let r = returns.values();
    let (start, times) = times(&returns, args.periods);
    let mut all = figures::of_series(&r, &[], start, &times, args.periods);
    if let Some(benchmark) = &benchmark {
        let (r, b) = returns.pairs(benchmark).map_err(usage)?;
        all.extend(figures::of_pairs(&r, &b, args.periods));
    }

    let mut object = Map::new();
    object.insert("n".to_owned(), r.len().into());
    object.insert("periods".to_owned(), number(args.periods));
    object.insert("skipped".to_owned(), returns.skipped().into());
    for metric in all.values() {
        let key = metric.formula.definition().key.to_owned();
        object.insert(key, shown(metric, args.explain)?);
    }
    println!("{}", Value::Object(object));
    Ok(())
}

/// The value, or with `explain` what it was made by and from as well.
fn shown(metric: &Metric, explain: bool) -> Result<Value, Failure> {
    if !explain {
        return Ok(metric.value.map_or(Value::Null, number));
    }
    let about = metric.formula.definition();
    let mut explained = json!({
        "formula": about.formula_id,
        "definition": about.formula,
        "unit": about.unit.as_str(),
        "n": metric.n,
        "value": metric.value.map(number),
    });
    if let Some(why) = metric.why_undefined() {
        explained["undefined"] = why.into();
    }
    Ok(explained)
}

/// Shortest text that reads back as the very same float; whole numbers without a fraction.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return json!(value as i64);
    }
    json!(value)
}

/// When each return was made: at its date, else one period after the other. The first counts from a
/// row without a return before it, else from one period earlier.
fn times(series: &Series, periods: f64) -> (TimeUs, Vec<TimeUs>) {
    // A float that is too large becomes the largest integer.
    let period = (YEAR / periods) as i64;
    if let Some((start, dates)) = series.dates() {
        let first = dates.first().copied().unwrap_or_default();
        return (start.unwrap_or(first.plus(-period)), dates);
    }
    let made = 1..=series.values().len() as i64;
    let times = made.map(|place| TimeUs(period.saturating_mul(place)));
    (TimeUs::ZERO, times.collect())
}
