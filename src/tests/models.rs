//! Models that run outside the core, in the whole program: asked, answered, journalled, repeated.

use std::path::PathBuf;

use plainsight::domain::Decision;
use serde_json::Value;

use crate::harness::{TestServer, until};
use crate::market;
use crate::program::{plainsight, run};

/// A model of ours for tests; `make_onnx.py` beside it has made it.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/tests/models/{name}.onnx"))
}

async fn decisions_of(server: &TestServer, model: &str) -> Vec<Decision> {
    let mut decisions: Vec<Decision> = server.read("/v1/decisions?limit=500").await;
    decisions.retain(|decision| decision.model.as_str() == model);
    decisions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_from_a_file_decides_and_a_crash_repeats_its_answers() {
    let path = file("logistic");
    let environment = [
        (
            "PLAINSIGHT_AGENT__MODELS__ONNX__OUTSIDE",
            path.to_str().unwrap(),
        ),
        ("PLAINSIGHT_AGENT__MODELS__TIMEOUT_MS", "20000"),
        // Nothing but the journal to start again from.
        ("PLAINSIGHT_STORE__SNAPSHOT_MS", "600000"),
    ];
    let server = TestServer::program(&environment, |config| {
        "50".clone_into(&mut config.feed.speed);
    })
    .await;
    let decided = until("the model decides", async || {
        let decisions = decisions_of(&server, "outside").await;
        (decisions.len() >= 3).then_some(decisions)
    })
    .await;
    for decision in &decided {
        assert!((0.5..=1.0).contains(&decision.confidence), "{decision:?}");
        assert_eq!(decision.features.len(), 8);
    }
    let again = server.kill().start_program().await;
    let known = decisions_of(&again, "outside").await;
    for decision in decided {
        let same = known.iter().find(|known| known.id == decision.id).unwrap();
        assert_eq!(
            (same.confidence, same.made_at, &same.features),
            (decision.confidence, decision.made_at, &decision.features)
        );
    }
}

#[test]
fn a_file_that_is_no_model_is_refused_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    let mut command = plainsight(["serve", "--addr", "127.0.0.1:0", "--data"]);
    command.arg(home.path().join("data"));
    command.env("PLAINSIGHT_AGENT__MODELS__ONNX__OUTSIDE", file!());
    let ran = run(command);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("models.rs"), "{}", ran.stderr);
}

#[test]
fn a_replay_waits_for_its_models_and_comes_out_the_same_each_time() {
    let home = tempfile::tempdir().unwrap();
    let day = home.path().join("BTCUSDT-aggTrades.csv");
    std::fs::write(&day, market::agg_trades(20_000)).unwrap();
    let config = home.path().join("plainsight.toml");
    let onnx = file("mlp");
    std::fs::write(
        &config,
        format!("[agent.models]\nonnx = {{ outside = {onnx:?} }}\ntimeout_ms = 20000\n"),
    )
    .unwrap();
    let replay = |more: &[&str]| {
        let mut command = plainsight(["replay"]);
        command.arg(&day).arg("--config").arg(&config).args(more);
        let ran = run(command);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        ran.stdout
    };
    let hash = |text: String| -> String {
        let summary: Value = serde_json::from_str(&text).unwrap();
        summary["event_log_hash"].as_str().unwrap().to_owned()
    };
    assert_eq!(hash(replay(&[])), hash(replay(&[])));
    let report = replay(&["--report"]);
    let row = report
        .lines()
        .find(|line| line.starts_with("outside "))
        .unwrap();
    assert!(row.split_whitespace().count() > 5, "{report}");
}
