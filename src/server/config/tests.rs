use super::*;
use crate::engine::config::BuiltIn;

fn load(text: &str) -> Result<Config, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Config::load(Some(file.path())).map_err(|error| error.to_string())
}

#[test]
fn the_file_overrides_the_defaults() {
    let config =
        load("[feed]\nseed = 7\n[streams]\nmarket = { cadence_ms = 50, budget_ms = 9 }\n").unwrap();
    assert_eq!(config.feed.seed, 7);
    for (written, speed) in [("60", "60"), ("0.5", "0.5"), ("\"max\"", "max")] {
        let config = load(&format!("[feed]\nspeed = {written}\n")).unwrap();
        assert_eq!(config.feed.speed, speed);
    }
    assert_eq!(config.feed.source, "simulated");
    assert_eq!(
        config.streams.market,
        Rate {
            cadence_ms: 50,
            budget_ms: 9
        }
    );
    assert_eq!(config.streams.health, StreamsConfig::default().health);
}

#[test]
fn what_is_misspelt_or_mistyped_is_one_line_that_names_it() {
    for (text, word) in [
        ("[feeed]\n", "feeed"),
        ("[feed]\nsead = 1\n", "sead"),
        ("[feed]\nspeed = true\n", "a number or"),
        ("[server]\naddr = \"nowhere\"\n", "addr"),
        ("[limits]\ndeny = [\"10.0.0.0/40\"]\n", "10.0.0.0/40"),
        ("[limits]\nrequests_per_s = 0\n", "requests_per_s"),
        (
            "[redis]\nurl = \"localhost\"\n",
            "not the address of a Redis",
        ),
        ("[feed]\nsymbols = [\"btc\"]\n", "upper-case"),
        ("[feed\n", "line 1, column 6 invalid table header"),
        ("[agent.models]\nbuilt_in = [\"oracle\"]\n", "oracle"),
        (
            "[agent.models]\nbuilt_in = [\"momentum\", \"momentum\"]\n",
            "momentum is named twice",
        ),
        (
            "[agent.models]\nonnx = { momentum = \"a.onnx\" }\n",
            "momentum: that one is built in",
        ),
        ("[agent.models.learning]\nl3 = 1\n", "l3"),
        ("[agent.models.learning]\nrate = -1.0\n", "rate"),
        ("[agent.models.learning]\ndecay = nan\n", "decay"),
    ] {
        let error = load(text).unwrap_err();
        assert!(
            error.contains(word) && !error.contains('\n'),
            "{text:?}: {error:?}"
        );
    }
}

#[test]
fn a_misspelt_table_in_the_environment_is_named() {
    let check = |name: &str| check_names([name.to_owned()]).map_err(|error| error.to_string());
    for (name, word) in [
        ("PLAINSIGHT_AUTHH__ANONYMOUS", "[authh]"),
        ("PLAINSIGHT_DIALECT__BOT", "[dialect]"),
        ("plainsight_dialect__bot", "[dialect]"),
        ("PLAINSIGHT_FEED", "PLAINSIGHT_FEED__KEY"),
    ] {
        let error = check(name).unwrap_err();
        assert!(error.contains(name) && error.contains(word), "{error}");
    }
    for name in [
        "PLAINSIGHT_AUTH__ANONYMOUS",
        "PLAINSIGHT_DIALECTS__QUANTUM__UNDEFINED",
        "PLAINSIGHT_TOKEN",
        "HOME",
    ] {
        assert_eq!(check(name), Ok(()));
    }
}

#[test]
fn models_are_chosen_by_name() {
    let config = load(
        "[agent.models]\nbuilt_in = [\"online-logistic\"]\nonnx = { mine = \"a/b.onnx\" }\n\
         learning = { rate = 0.5 }\n",
    )
    .unwrap();
    let models = config.agent.models;
    assert_eq!(models.built_in, [BuiltIn::OnlineLogistic]);
    assert_eq!(models.onnx[&"mine".parse().unwrap()], Path::new("a/b.onnx"));
    assert_eq!((models.learning.rate, models.learning.l2), (0.5, 0.3));
    assert_eq!(models.timeout(), std::time::Duration::from_millis(250));
}

#[test]
fn the_projects_own_file_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_FILE);
    Config::load(Some(&path)).unwrap();
}

/// Every key of these tables stands in the file, commented out: with what it says all is at its default. (Two
/// files of TLS, which have none, are shown by their names.)
#[test]
fn the_projects_own_file_tells_every_key_of_these_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_FILE);
    let text = std::fs::read_to_string(path).unwrap();
    let told = |table: &str, next: &str| {
        let (_, text) = text.split_once(&format!("\n[{table}]\n")).unwrap();
        let (text, _) = text.split_once(&format!("\n[{next}]")).unwrap();
        let is_key = |line: &&str| line.split(' ').nth(1) == Some("=");
        let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
        let keys: Vec<&str> = lines.filter(is_key).collect();
        let read = load(&format!("[{table}]\n{}\n", keys.join("\n"))).unwrap();
        (keys.len(), read)
    };
    let all = |table: serde_json::Value| table.as_object().unwrap().len();

    let (count, read) = told("limits", "store");
    assert_eq!(count, all(serde_json::json!(LimitsConfig::default())));
    assert_eq!(read.limits, LimitsConfig::default());

    let (count, read) = told("streams", "client");
    assert_eq!(count, all(serde_json::json!(StreamsConfig::default())));
    assert_eq!(read.streams, StreamsConfig::default());

    let (count, read) = told("server", "auth");
    assert_eq!(count, all(serde_json::json!(ServerConfig::default())));
    let without_files = ServerConfig {
        tls_cert: None,
        tls_key: None,
        ..read.server
    };
    assert_eq!(without_files, ServerConfig::default());
}

/// Every key of `[agent.models]` stands in the file, commented out, at its default.
#[test]
fn the_projects_own_file_tells_the_models_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_FILE);
    let text = std::fs::read_to_string(path).unwrap();
    let (_, tables) = text.split_once("[agent.models]\n").unwrap();
    let (tables, _) = tables.split_once("\n[streams]").unwrap();
    let is_key = |line: &&str| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| !key.contains(' '))
    };
    let keys: Vec<&str> = tables
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter(|line| is_key(line) || line.starts_with('['))
        .collect();
    assert_eq!(keys.len(), 7, "{keys:?}");
    let told = load(&format!("[agent.models]\n{}\n", keys.join("\n"))).unwrap();
    assert_eq!(told.agent.models, AgentConfig::default().models);
}
