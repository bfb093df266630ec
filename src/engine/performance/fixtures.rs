//! Published values. The definitions are those of the module documentation; where a library has
//! others for a figure, that figure is not compared.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod empyrical;
mod jquantstats;
mod vetted;

use serde_json::Value;

use super::figures::of_series;
use super::{drawdown, returns};
use crate::domain::{MetricId, TimeUs};
use crate::recorded::recorded;

/// Reads a file of the golden series, which are too long for the repository; none of them is ours.
fn read(name: &str) -> Option<Vec<u8>> {
    let path = recorded("golden_metrics")?.join(name);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn read_json(name: &str) -> Option<Value> {
    read(name).map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
}

fn assert_close(what: &str, actual: Option<f64>, expected: f64, relative: f64) {
    let actual = actual.unwrap_or_else(|| panic!("{what} is undefined, not {expected}"));
    let scale = expected.abs().max(f64::MIN_POSITIVE);
    let error = (actual - expected).abs() / scale;
    assert!(
        error <= relative || actual == expected,
        "{what}: {actual} is not {expected}: off by {error:e}"
    );
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().expect("numbers");
    values.iter().filter_map(Value::as_f64).collect()
}

fn calmar(r: &[f64], periods: f64) -> Option<f64> {
    let deepest = drawdown::max_drawdown(&drawdown::drawdowns(r)?);
    drawdown::calmar(returns::cagr(r, periods), deepest)
}

/// quantstats 0.0.86 and empyrical-reloaded 0.7.1 agree with these to 1e-12.
#[test]
fn golden_vector() {
    use MetricId as M;
    let r: Vec<f64> = (0..90)
        .map(|i| f64::from((7_919 * i + 13) % 1_009 - 480) / 20_000.0)
        .collect();
    let times: Vec<TimeUs> = (1..=90).map(TimeUs).collect();
    let figures = of_series(&r, &[], TimeUs::ZERO, &times, 365.0);
    for (id, expected) in [
        (M::TotalReturn, 0.0980615992064717),
        (M::Cagr, 0.461382339677187),
        (M::Volatility, 0.28076488894655),
        (M::Sharpe, 1.49068971873121),
        (M::Sortino, 2.2510631369934),
        (M::MaxDrawdown, -0.0492613365466085),
        (M::Calmar, 9.36601343003861),
        (M::Omega, 1.19867167196073),
        (M::GainToPain, 0.19867167196073),
        (M::Ulcer, 0.0208048070480036),
        (M::VarHist, -0.02201),
        (M::VarParam, -0.0230259475362011),
        (M::CvarHist, -0.02301),
        (M::CvarParam, -0.0291667667539122),
        (M::TailRatio, 1.07723761926397),
        (M::Skew, -0.042973997529516),
        (M::Kurtosis, -1.19628412270761),
        (M::Psr, 0.768653522990666),
        (M::Stability, 0.610593537568245),
        (M::PeriodWinRate, 0.533333333333333),
        (M::PeriodPayoff, 1.04883771296564),
        (M::PeriodKelly, 0.0883963703525255),
        (M::WinRate, 0.533333333333333),
        (M::Payoff, 1.04883771296564),
        (M::Kelly, 0.0883963703525255),
        (M::ProfitFactor, 1.19867167196073),
    ] {
        let metric = figures[&id];
        assert_close(id.definition().key, metric.value, expected, 1e-12);
        assert_eq!(metric.n, 90);
    }
}
