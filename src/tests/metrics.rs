//! The command line: `plainsight metrics` over series with published figures, and over bad ones.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Ran, plainsight, run};

fn metrics(arguments: &[&str]) -> Ran {
    run(plainsight(
        ["metrics"].into_iter().chain(arguments.iter().copied()),
    ))
}

fn answer(arguments: &[&str]) -> Value {
    let ran = metrics(arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(ran.stdout.lines().count(), 1);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The series that quantstats 0.0.86 and empyrical-reloaded 0.7.1 agree on.
fn golden() -> Vec<f64> {
    (0..90)
        .map(|i| f64::from((7_919 * i + 13) % 1_009 - 480) / 20_000.0)
        .collect()
}

fn write(path: &Path, header: &str, values: &[f64]) -> String {
    let rows: String = values.iter().map(|value| format!("{value}\n")).collect();
    std::fs::write(path, format!("{header}{rows}")).unwrap();
    path.to_str().unwrap().to_owned()
}

const GOLDEN: [(&str, f64); 25] = [
    ("total_return", 0.0980615992064717),
    ("cagr", 0.461382339677187),
    ("volatility", 0.28076488894655),
    ("sharpe", 1.49068971873121),
    ("sortino", 2.2510631369934),
    ("max_drawdown", -0.0492613365466085),
    ("calmar", 9.36601343003861),
    ("omega", 1.19867167196073),
    ("gain_to_pain", 0.19867167196073),
    ("ulcer", 0.0208048070480036),
    ("var_hist", -0.02201),
    ("var_param", -0.0230259475362011),
    ("cvar_hist", -0.02301),
    ("cvar_param", -0.0291667667539122),
    ("tail_ratio", 1.07723761926397),
    ("skew", -0.042973997529516),
    ("kurtosis", -1.19628412270761),
    ("psr", 0.768653522990666),
    ("stability", 0.610593537568245),
    ("period_win_rate", 0.533333333333333),
    ("period_payoff", 1.04883771296564),
    ("period_kelly", 0.0883963703525255),
    ("win_rate", 0.533333333333333),
    ("payoff", 1.04883771296564),
    ("kelly", 0.0883963703525255),
];

#[test]
fn the_golden_vector_by_the_program() {
    let home = tempfile::tempdir().unwrap();
    let file = write(&home.path().join("r.csv"), "return\n", &golden());
    let found = answer(&["--returns", &file]);
    assert_eq!(
        (&found["n"], &found["periods"]),
        (&90.into(), &365.into()),
        "{found}"
    );
    for (key, expected) in GOLDEN {
        let value = found[key].as_f64().unwrap_or_else(|| panic!("{key}"));
        let off = (value - expected).abs() / expected.abs();
        assert!(off <= 1e-12, "{key}: {value} is not {expected}");
    }
    // Without a benchmark there is nothing to compare with, without positions no exposure.
    for key in [
        "beta",
        "alpha",
        "information_ratio",
        "exposure",
        "average_mae",
    ] {
        assert_eq!(found.get(key), Some(&Value::Null), "{key}");
    }
    let text = metrics(&["--returns", &file, "--periods", "365.0"]).stdout;
    assert!(text.contains("\"periods\":365"), "{text}");
    assert!(text.contains("\"max_drawdown_duration_s\":"), "{text}");
}

#[test]
fn a_benchmark_is_aligned_by_row_or_by_date() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let b = golden();
    let r: Vec<f64> = b.iter().map(|b| 2.0 * b - 0.001).collect();
    let returns = write(&at("r.csv"), "", &r);
    let benchmark = write(&at("b.csv"), "return\n", &b);
    let found = answer(&[
        "--returns",
        &returns,
        "--benchmark",
        &benchmark,
        "--periods",
        "252",
    ]);
    let close = |key: &str, expected: f64| {
        let value = found[key].as_f64().unwrap();
        assert!((value - expected).abs() < 1e-12, "{key}: {value}");
    };
    close("beta", 2.0);
    close("alpha", -0.252);
    close("benchmark_return", 0.0980615992064717);
    assert!(found["information_ratio"].is_f64());

    let dated = |name: &str, from: usize, values: &[f64]| {
        let rows = values.iter().enumerate();
        let rows: String = rows
            .map(|(day, value)| format!("2024-01-{:02},{value}\n", from + day))
            .collect();
        std::fs::write(at(name), format!("date,return\n{rows}")).unwrap();
        at(name).to_str().unwrap().to_owned()
    };
    let own = dated("own.csv", 1, &[0.9, 0.1, 0.2, 0.3]);
    let other = dated("other.csv", 2, &[0.05, 0.1, 0.15, 0.9]);
    let found = answer(&["--returns", &own, "--benchmark", &other, "--explain"]);
    assert_eq!(found["beta"]["n"], 3);
    assert_eq!(found["beta"]["formula"], "beta.v1");
    assert!((found["beta"]["value"].as_f64().unwrap() - 2.0).abs() < 1e-12);
    assert_eq!(found["sharpe"]["n"], 4);
    assert_eq!(
        found["sortino"]["undefined"], "no return is negative",
        "{found}"
    );
}

/// Thirty years of SPY as quantstats ships them: the first cell is empty.
#[test]
fn a_published_table_by_the_program() {
    let gz = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/golden_metrics/quantstats_spy_daily_returns.csv.gz");
    let Ok(packed) = std::fs::File::open(&gz) else {
        assert!(
            std::env::var("CI").is_err(),
            "{} is not there",
            gz.display()
        );
        eprintln!("skipped: no {}", gz.display());
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("spy.csv");
    let mut file = std::fs::File::create(&path).unwrap();
    std::io::copy(&mut flate2::read::GzDecoder::new(packed), &mut file).unwrap();
    let found = answer(&["--returns", path.to_str().unwrap(), "--periods", "252"]);
    assert_eq!((&found["n"], &found["skipped"]), (&8_115.into(), &1.into()));
    for (key, expected) in [
        ("total_return", 21.519576482433476),
        ("sharpe", 0.6096159804854409),
        ("sortino", 0.8664064189635271),
        ("max_drawdown", -0.5518942113239609),
        ("omega", 1.1224266176722726),
        ("gain_to_pain", 0.12242661767227266),
        ("payoff", 0.9403076479860596),
        ("profit_factor", 1.1224266176722726),
        ("tail_ratio", 0.9391300278119891),
    ] {
        let value = found[key].as_f64().unwrap();
        let off = (value - expected).abs() / expected.abs();
        assert!(off <= 1e-9, "{key}: {value} is not {expected}");
    }
    let under_water_days = found["max_drawdown_duration_s"].as_f64().unwrap() / 86_400.0;
    assert!(under_water_days.fract() == 0.0 && under_water_days > 1_948.0);
}

#[test]
fn standard_input_and_short_series() {
    let mut command = plainsight(["metrics", "--returns", "-", "--periods", "12"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(b"date,return\n2024-01-31,\n2024-02-29,0.01\n")
        .unwrap();
    drop(stdin);
    let found: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(
        (&found["n"], &found["skipped"], &found["periods"]),
        (&1.into(), &1.into(), &12.into())
    );
    assert!((found["total_return"].as_f64().unwrap() - 0.01).abs() < 1e-15);
    assert_eq!(found["max_drawdown"], 0);
    for key in ["volatility", "sharpe", "skew", "psr", "calmar"] {
        assert_eq!(found.get(key), Some(&Value::Null), "{key}");
    }

    let home = tempfile::tempdir().unwrap();
    let constant = write(&home.path().join("c.csv"), "return\n", &[0.01; 30]);
    let found = answer(&["--returns", &constant]);
    for key in [
        "sharpe", "sortino", "omega", "calmar", "skew", "kurtosis", "psr", "sqn",
    ] {
        assert_eq!(found.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(found["volatility"], 0);
    let none = write(&home.path().join("n.csv"), "date,return\n", &[]);
    let found = answer(&["--returns", &none]);
    assert_eq!((&found["n"], &found["trades"]), (&0.into(), &0.into()));
    assert_eq!(found["total_return"], Value::Null);
}

#[test]
fn bad_input_is_one_line_that_names_its_place_and_exit_code_2() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good.csv", "return\n0.1\n0.2\n");
    let long = file("long.csv", "return\n0.1\n0.2\n0.3\n");
    let empty = file("empty.csv", "");
    let text = file("text.csv", "return\n0.1\nlots\n");
    let infinite = file("infinite.csv", "return\ninf\n");
    let prices = file("prices.csv", "open,close\n1,2\n");
    let folder = home.path().to_str().unwrap();
    let cases: [(&[&str], &str); 11] = [
        (&[], "--returns"),
        (&["--returns", "/nowhere.csv"], "/nowhere.csv"),
        (&["--returns", folder], folder),
        (&["--returns", &empty], "empty.csv is empty"),
        (
            &["--returns", &text],
            "text.csv:3: column \"return\": \"lots\"",
        ),
        (&["--returns", &infinite], "infinite.csv:2: column"),
        (&["--returns", &prices], "no column \"return\""),
        (
            &["--returns", &good, "--benchmark", &long],
            "must have the same number",
        ),
        (&["--returns", &good, "--periods", "0"], "--periods"),
        (&["--returns", &good, "--periods=-5"], "--periods"),
        (&["--returns", "-", "--benchmark", "-"], "standard input"),
    ];
    for (arguments, words) in cases {
        let ran = metrics(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
}
