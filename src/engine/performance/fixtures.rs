//! Published values. The definitions are those of the module documentation; where a library has
//! others for a figure, that figure is not compared.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod empyrical;
mod jquantstats;
mod vetted;

use std::path::Path;

use serde_json::Value;

use super::risk::{Tails, cvar_parametric, var_parametric};
use super::{drawdown, moments, returns, trades};

/// Where the series that are too long for the repository lie; none of them is ours.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/golden_metrics");

/// Reads a file of the folder. Without the folder the test is skipped, loudly; in CI it fails.
fn read(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(FOLDER).join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "{}: {error}", path.display());
            eprintln!("skipped: no {name} in {FOLDER}");
            None
        }
    }
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

/// quantstats 0.0.86 and empyrical-reloaded 0.7.1 agree with these to 1e-12.
#[test]
fn golden_vector() {
    const P: f64 = 365.0;
    let r: Vec<f64> = (0..90)
        .map(|i| f64::from((7_919 * i + 13) % 1_009 - 480) / 20_000.0)
        .collect();
    let r = r.as_slice();
    let under_water = drawdown::drawdowns(r).unwrap();
    let tails = Tails::new(r);
    let as_trades = trades::pnl_statistics(r);
    for (what, actual, expected) in [
        ("total", returns::total_return(r), 0.0980615992064717),
        ("CAGR", returns::cagr(r, P), 0.461382339677187),
        ("volatility", returns::volatility(r, P), 0.28076488894655),
        ("Sharpe", returns::sharpe(r, P), 1.49068971873121),
        ("Sortino", returns::sortino(r, P), 2.2510631369934),
        (
            "max drawdown",
            drawdown::max_drawdown(&under_water),
            -0.0492613365466085,
        ),
        ("Calmar", drawdown::calmar(r, P), 9.36601343003861),
        ("Omega", returns::omega(r), 1.19867167196073),
        ("gain/pain", returns::gain_to_pain(r), 0.19867167196073),
        ("Ulcer", drawdown::ulcer(&under_water), 0.0208048070480036),
        ("VaR historical", tails.var_historical(), -0.02201),
        ("VaR parametric", var_parametric(r), -0.0230259475362011),
        ("CVaR historical", tails.cvar_historical(), -0.02301),
        ("CVaR parametric", cvar_parametric(r), -0.0291667667539122),
        ("tail", tails.tail_ratio(), 1.07723761926397),
        ("skew", moments::skew(r), -0.042973997529516),
        ("kurtosis", moments::excess_kurtosis(r), -1.19628412270761),
        ("PSR", moments::psr(r), 0.768653522990666),
        ("stability", returns::stability(r), 0.610593537568245),
        ("win rate", returns::period_win_rate(r), 0.533333333333333),
        ("payoff", as_trades.payoff, 1.04883771296564),
        ("Kelly", as_trades.kelly, 0.0883963703525255),
        ("profit factor", as_trades.profit_factor, 1.19867167196073),
    ] {
        assert_close(what, actual, expected, 1e-12);
    }
}
