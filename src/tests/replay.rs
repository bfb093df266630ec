//! The command line: `plainsight replay` over files with faults, and what is asked for wrongly.

use std::path::Path;

use plainsight::domain::Record;
use plainsight::seal::{Frontier, is_sealed, leaf_hash};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::market::{START_MS, agg_trades};
use crate::program::{plainsight, run};

/// A file of a hundred good rows with `faults` behind the fiftieth.
fn with_faults(path: &Path, faults: &[&[u8]]) {
    let text = agg_trades(100);
    let rows: Vec<&str> = text.lines().collect();
    let (before, after) = rows.split_at(50);
    let good = |rows: &[&str]| {
        rows.iter()
            .flat_map(|row| [row.as_bytes(), b"\n"])
            .collect::<Vec<_>>()
            .concat()
    };
    let mut bytes = good(before);
    for fault in faults {
        bytes.extend_from_slice(fault);
        bytes.push(b'\n');
    }
    bytes.extend(good(after));
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn corrupt_rows_are_counted_and_named_and_the_rest_is_replayed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("BTCUSDT-aggTrades.csv");
    let time = START_MS + 49_500;
    let row = |price: &str, quantity: &str| format!("51,{price},{quantity},51,51,{time},True,True");
    let huge = "9".repeat(40);
    let long = "7".repeat(70_000);
    let faults = [
        ("1,2,3".to_owned(), "3 columns"),
        (row("abc", "1"), "price \"abc\""),
        (row("-42000.00", "1"), "price \"-42000.00\""),
        (row(&huge, "1"), "price \"9999"),
        (row("42000.00", "-0.5"), "quantity \"-0.5\""),
        (row("42000.00", "NaN"), "quantity \"NaN\""),
        (row("42000.00\0", "1"), "NUL"),
        (
            format!("51,1,1,51,51,{},True,True", START_MS),
            "time runs backwards",
        ),
        (long, "longer than 64 KiB"),
        (
            row("42000.00", "1").replace("True,True", "maybe,True"),
            "isBuyerMaker",
        ),
    ];
    let bytes: Vec<&[u8]> = faults.iter().map(|(line, _)| line.as_bytes()).collect();
    with_faults(&path, &bytes);

    let events = home.path().join("events.jsonl");
    let mut command = plainsight(["replay"]);
    command.arg(&path).arg("--events").arg(&events);
    let ran = run(command);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&summary["rows"], &summary["rejected_rows"]),
        (&100.into(), &faults.len().into())
    );
    let told: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(told.len(), faults.len(), "{}", ran.stderr);
    for (index, ((_, why), line)) in faults.iter().zip(told).enumerate() {
        let place = format!("BTCUSDT-aggTrades.csv:{}: ", 51 + index);
        assert!(
            line.contains(&place) && line.contains(why),
            "{place}{why}: {line}"
        );
    }
    let log = std::fs::read(&events).unwrap();
    let mut sealed = Frontier::default();
    for line in log
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let record: Record = serde_json::from_slice(line).unwrap();
        if is_sealed(&record.event) {
            sealed.append(leaf_hash(line));
        }
    }
    assert_eq!(summary["log_size"], sealed.size());
    assert_eq!(summary["log_root"], sealed.root().to_string());
    assert_eq!(summary["event_log_hash"], hex::encode(Sha256::digest(&log)));
    let faults_logged = String::from_utf8(log)
        .unwrap()
        .matches("\"quality\":")
        .count();
    assert_eq!(faults_logged, faults.len(), "and each is an event");
}

#[test]
fn a_report_is_tables_that_end_in_the_hashes() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("BTCUSDT-aggTrades.csv");
    // Twenty minutes and more, so that decisions of five are resolved.
    std::fs::write(&path, agg_trades(3_000)).unwrap();
    let told = |flags: &[&str]| {
        let mut command = plainsight(["replay"]);
        command.arg(&path).args(flags);
        let ran = run(command);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    let summary: Value = serde_json::from_str(&told(&[])).unwrap();
    assert!(summary["decisions"].as_u64().unwrap() > 100);
    let report = told(&["--report"]);
    let lines: Vec<&str> = report.lines().collect();
    assert!(lines[0].starts_with("model "), "{report}");
    let totals: Vec<Vec<&str>> = lines[1..4]
        .iter()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let mut decided = 0;
    for total in &totals {
        assert_eq!(total[1..3], ["all", "all"], "{report}");
        let count = |column: usize| total[column].parse::<u64>().unwrap();
        assert!(count(3) > 30, "{report}");
        assert_eq!(count(5), 0, "nothing is pending when the data is over");
        decided += count(3) + count(4);
    }
    // What is resolved or unresolvable is all that was decided.
    assert_eq!(decided, summary["decisions"].as_u64().unwrap(), "{report}");
    for name in ["event_log_hash", "log_root"] {
        let line = format!("{name} {}", summary[name].as_str().unwrap());
        assert!(lines.contains(&line.as_str()), "{line}");
    }
}

#[test]
fn invalid_text_is_a_fault_of_its_row_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("BTCUSDT-aggTrades.csv");
    with_faults(&path, &[b"\xFF\xFE,\x80", b"", b"\"51,\"\"42"]);
    let mut command = plainsight(["replay"]);
    command.arg(&path);
    let ran = run(command);
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&summary["rows"], &summary["rejected_rows"]),
        (&100.into(), &2.into())
    );
    assert_eq!(
        ran.stderr.lines().count(),
        2,
        "an empty line is none: {}",
        ran.stderr
    );
}

#[test]
fn what_is_asked_for_wrongly_is_one_line_and_exit_code_2() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("BTCUSDT-aggTrades.csv", &agg_trades(10));
    let nonsense = file("nonsense.csv", "these,are\nno,prices\n");
    let misspelt = file("misspelt.toml", "[feed]\nsead = 1\n");
    let mistyped = file("mistyped.toml", "[server]\nping_ms = \"often\"\n");
    let broken = file("broken.toml", "[feed\n");
    let data = file("a-file", "");
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let empty = empty.to_str().unwrap();
    let replay_of_nothing = format!("replay:{empty}");
    let cases: [(&[&str], &str); 18] = [
        (&["--sped", "2"], "--sped"),
        (&["dance"], "dance"),
        (&["replay"], "PATH"),
        (&["replay", "/nowhere.zip"], "/nowhere.zip"),
        (&["replay", empty], empty),
        (&["replay", &nonsense], "nonsense.csv"),
        (&["replay", &good, "--seed", "one"], "--seed"),
        (&["replay", &good, "--speed=-1"], "--speed"),
        (&["replay", &good, "--symbols", "btc"], "--symbols"),
        (
            &["replay", &good, "--events", "/nowhere/events"],
            "/nowhere/events",
        ),
        (
            &["replay", &good, "--config", "/nowhere.toml"],
            "/nowhere.toml",
        ),
        (&["replay", &good, "--config", &misspelt], "sead"),
        (&["serve", "--config", &mistyped], "ping_ms"),
        (&["serve", "--config", &broken], "broken.toml"),
        (&["serve", "--addr", "nowhere"], "--addr"),
        (&["serve", "--feed", "dice"], "dice"),
        (&["serve", "--feed", "bitstamp"], "bitstamp"),
        (&["serve", "--feed", &replay_of_nothing], empty),
    ];
    for (arguments, word) in cases {
        let mut command = plainsight(arguments.iter().copied());
        if arguments[0] == "serve" {
            // A port that is free, and data that is nobody's: nothing of it may be reached.
            command.args(if arguments.contains(&"--addr") {
                &[]
            } else {
                &["--addr", "127.0.0.1:0"][..]
            });
            command.arg("--data").arg(home.path().join("data"));
        }
        let ran = run(command);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert_eq!(
            ran.stderr.lines().count(),
            1,
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(word), "{arguments:?}: {}", ran.stderr);
    }
    let mut command = plainsight(["serve", "--addr", "127.0.0.1:0", "--data", &data]);
    command.env("PLAINSIGHT_LOG__FILTER", "off");
    let ran = run(command);
    assert_ne!(ran.code, Some(0));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("a-file"), "{}", ran.stderr);
}

#[test]
fn help_and_version_are_no_errors() {
    for (flag, word) in [
        ("--help", "replay"),
        ("--version", env!("CARGO_PKG_VERSION")),
    ] {
        let ran = run(plainsight([flag]));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(ran.stdout.contains(word), "{}", ran.stdout);
    }
}

#[test]
fn the_environment_configures_and_flags_win() {
    let home = tempfile::tempdir().unwrap();
    let wrong = |name: &str, value: &str, word: &str| {
        let mut command = plainsight(["serve", "--addr", "127.0.0.1:0", "--data"]);
        command.arg(home.path().join("data")).env(name, value);
        let ran = run(command);
        assert_eq!(
            (ran.code, ran.stderr.lines().count()),
            (Some(2), 1),
            "{}",
            ran.stderr
        );
        let told = ran.stderr.to_lowercase();
        assert!(told.contains(word), "{told}");
    };
    wrong("PLAINSIGHT_FEED__SOURCE", "dice", "dice");
    wrong("PLAINSIGHT_SERVER__PING_MS", "often", "ping_ms");
    wrong("PLAINSIGHT_SERVER__PINGMS", "5", "pingms");
    wrong("PLAINSIGHT_LOG__FILTER", "=!", "filter");
    let path = home.path().join("BTCUSDT-aggTrades.csv");
    std::fs::write(&path, agg_trades(10)).unwrap();
    let mut command = plainsight(["replay"]);
    command.arg(&path).args(["--symbols", "ETHUSDT"]);
    command.env("PLAINSIGHT_FEED__SYMBOLS", "[BTCUSDT]");
    let ran = run(command);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("ETHUSDT"), "{}", ran.stdout);
}
