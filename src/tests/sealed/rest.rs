//! The log as a running server shows it.

use plainsight::audit::is_signed;
use plainsight::domain::{Decision, Outcome};
use plainsight::seal::{ConsistencyProof, InclusionProof, LogEntry, SignedHead};
use plainsight::server::config::Config;

use super::{export, verify};
use crate::harness::{TestServer, until};

fn quick_heads(config: &mut Config) {
    config.store.head_ms = 100;
}

/// The newest head, as soon as it covers this many entries.
async fn head_of(server: &TestServer, size: u64) -> SignedHead {
    until("a head is signed", async || {
        let head: SignedHead = server.read("/v1/log/sth").await;
        (head.size >= size).then_some(head)
    })
    .await
}

async fn prove_consistency(server: &TestServer, first: &SignedHead, second: &SignedHead) {
    let path = format!(
        "/v1/log/consistency?first={}&second={}",
        first.size, second.size
    );
    let proof: ConsistencyProof = server.read(&path).await;
    assert_eq!((proof.first, proof.second), (first.size, second.size));
    proof.verify(&first.root, &second.root).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_proved_to_be_in_the_log() {
    let server = TestServer::still(quick_heads).await;
    let head = head_of(&server, 100).await;
    assert!(is_signed(&head, &head.key));
    let decisions: Vec<Decision> = server.read("/v1/decisions?limit=500").await;
    let judged = |decision: &&Decision| decision.outcome != Outcome::Pending;
    let decision = decisions.iter().find(judged).unwrap();
    let path = format!("/v1/log/entries?id={}&bot=paper", decision.id);
    let entries: Vec<LogEntry> = server.read(&path).await;
    assert_eq!(entries.len(), 2, "as it was made and as it was judged");
    for entry in &entries {
        assert!(
            entry
                .canonical
                .contains(&format!("\"id\":\"{}\"", decision.id))
        );
        let by_index: InclusionProof = server
            .read(&format!(
                "/v1/log/proof?index={}&size={}",
                entry.index, head.size
            ))
            .await;
        let by_hash: InclusionProof = server
            .read(&format!(
                "/v1/log/proof?hash={}&size={}",
                entry.leaf_hash, head.size
            ))
            .await;
        assert_eq!(by_index, by_hash);
        by_index
            .verify(entry.canonical.as_bytes(), &head.root)
            .unwrap();
        let altered = entry.canonical.replace("paper", "papet");
        assert!(by_index.verify(altered.as_bytes(), &head.root).is_err());
    }
    let heads: Vec<SignedHead> = server.read("/v1/log/sth?list=1000").await;
    assert!(heads.contains(&head), "{heads:?}");
    for pair in heads.windows(2).filter(|pair| pair[1].size > 0) {
        prove_consistency(&server, &pair[1], &pair[0]).await;
        let again: SignedHead = server
            .read(&format!("/v1/log/sth?size={}", pair[1].size))
            .await;
        assert_eq!(again, pair[1]);
    }
    let some: Vec<LogEntry> = server.read("/v1/log/entries?start=3&end=7").await;
    assert_eq!(
        some.iter().map(|entry| entry.index).collect::<Vec<_>>(),
        [3, 4, 5, 6, 7]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_wrongly_is_a_problem() {
    let server = TestServer::still(quick_heads).await;
    let head = head_of(&server, 100).await;
    let (size, over) = (head.size, head.size + 1_000_000);
    let hash = "ab".repeat(32);
    let upper = hash.to_uppercase();
    let max = u64::MAX;
    let cases = [
        ("sth?size=x".to_owned(), 400, "invalid_query"),
        (format!("sth?size={over}"), 404, "not_found"),
        (format!("sth?size={max}"), 404, "not_found"),
        ("sth?size=1&list=1".to_owned(), 400, "invalid_query"),
        ("sth?list=0".to_owned(), 400, "invalid_list"),
        ("sth?list=1001".to_owned(), 400, "invalid_list"),
        ("sth?what=1".to_owned(), 400, "invalid_query"),
        ("entries".to_owned(), 400, "invalid_query"),
        ("entries?start=1".to_owned(), 400, "invalid_query"),
        ("entries?start=-1&end=1".to_owned(), 400, "invalid_query"),
        ("entries?start=5&end=4".to_owned(), 400, "invalid_range"),
        ("entries?start=0&end=1000".to_owned(), 400, "invalid_range"),
        (format!("entries?start=0&end={max}"), 400, "invalid_range"),
        (
            format!("entries?start={over}&end={over}"),
            400,
            "invalid_range",
        ),
        ("entries?id=nobody".to_owned(), 404, "not_found"),
        ("entries?id=a&start=1".to_owned(), 400, "invalid_query"),
        ("entries?id=%00'--".to_owned(), 404, "not_found"),
        ("proof".to_owned(), 400, "invalid_query"),
        ("proof?index=0&size=0".to_owned(), 400, "invalid_size"),
        (format!("proof?index=0&size={over}"), 400, "invalid_size"),
        (format!("proof?index=0&size={max}"), 400, "invalid_size"),
        (
            format!("proof?index={size}&size={size}"),
            400,
            "invalid_index",
        ),
        (format!("proof?index={max}"), 400, "invalid_index"),
        (
            "proof?index=99999999999999999999".to_owned(),
            400,
            "invalid_query",
        ),
        (format!("proof?index=0&hash={hash}"), 400, "invalid_query"),
        (format!("proof?hash={hash}"), 404, "not_found"),
        (format!("proof?hash={upper}"), 400, "invalid_hash"),
        ("proof?hash=xyz".to_owned(), 400, "invalid_hash"),
        ("consistency?first=1".to_owned(), 400, "invalid_query"),
        (
            "consistency?first=0&second=5".to_owned(),
            400,
            "invalid_size",
        ),
        (
            "consistency?first=6&second=5".to_owned(),
            400,
            "invalid_size",
        ),
        (
            format!("consistency?first=5&second={over}"),
            400,
            "invalid_size",
        ),
        (
            format!("consistency?first={max}&second={max}"),
            400,
            "invalid_size",
        ),
    ];
    for (path, status, code) in cases {
        let answer = server.get(&format!("/v1/log/{path}")).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        answer.problem(status, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_on_after_a_restart() {
    let server = TestServer::still(quick_heads).await;
    let before = head_of(&server, 100).await;
    let server = server.restart().await;
    let stopped: SignedHead = server.read("/v1/log/sth").await;
    assert!(stopped.size >= before.size);
    server
        .report(
            "mine",
            &[
                serde_json::json!({"type": "fill", "id": "f-1", "symbol": "BTCUSDT", "side": "buy",
                "quantity": "0.01", "price": "42000"}),
            ],
        )
        .await;
    let after = head_of(&server, stopped.size + 1).await;
    assert_eq!(after.key, before.key);
    prove_consistency(&server, &before, &after).await;

    // While it runs: read by others, and written on.
    let bundle = server.data().with_file_name("running.zip");
    let ran = export(server.data(), &bundle, &["--from", "2024-01-01"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let key = after.key.to_string();
    let ran = verify(&[bundle.to_str().unwrap(), "--key", &key]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let data = server.data().to_owned();
    let ran = verify(&["--data", data.to_str().unwrap(), "--key", &key]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let _stopped = server.stop().await;
    let ran = verify(&["--data", data.to_str().unwrap(), "--key", &key]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("; 0 behind it are not signed yet"),
        "{}",
        ran.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_leaves_a_log_that_can_be_checked_and_continued() {
    let quick = [
        ("PLAINSIGHT_STORE__HEAD_MS", "100"),
        ("PLAINSIGHT_STORE__SNAPSHOT_MS", "700"),
    ];
    let server =
        TestServer::program(&quick, |config| "600".clone_into(&mut config.feed.speed)).await;
    let first = head_of(&server, 20).await;
    let mut stopped = server.kill();
    let data = stopped.config.store.data.clone();
    let ran = verify(&["--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    "60".clone_into(&mut stopped.config.feed.speed);
    let server = stopped.start_program().await;
    let second = head_of(&server, first.size + 1).await;
    prove_consistency(&server, &first, &second).await;
    let _stopped = server.stop().await;
    let ran = verify(&["--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}
