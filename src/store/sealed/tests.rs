use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;
use crate::audit::{FaultKind, is_signed};
use crate::domain::{Event, Fill, TimeUs};
use crate::seal::{LogEntry, empty_root};
use crate::store::{Batch, Durability, Entry, Identity, Journal, Reader};

async fn open(directory: &TempDir) -> Result<(Journal, Reader), StoreError> {
    let identity = Identity {
        feed: "simulated".into(),
        seed: 1,
        symbols: "BTCUSDT".into(),
    };
    Journal::open(directory.path(), &identity, Durability::Process).await
}

fn fill(seq: u64) -> Entry {
    let fill: Fill = serde_json::from_value(serde_json::json!({
        "id": format!("fill-{seq}-0"), "bot": "paper", "order": null, "decision": null,
        "symbol": "BTCUSDT", "side": "buy", "quantity": "1", "price": "42000", "value": "42000",
        "fee": "42", "liquidity": "taker", "slippage": "0", "realised_pnl": "0", "cash": "0",
        "evidence": "reported", "source": "reported", "time": seq,
    }))
    .unwrap();
    let record = Record {
        seq: Seq(seq),
        index: 0,
        time: TimeUs(seq.cast_signed()),
        event: Event::Fill(fill),
        took_us: None,
    };
    Entry {
        record,
        received: TimeUs(2),
        published: None,
    }
}

fn batch(seqs: std::ops::RangeInclusive<u64>) -> Batch {
    Batch {
        head: Seq(*seqs.end()),
        entries: seqs.map(fill).collect(),
        ..Batch::default()
    }
}

async fn root_of_entries(reader: &Reader) -> Hash {
    let mut frontier = Frontier::default();
    for entry in reader.log_entries(0, u64::MAX).await.unwrap() {
        assert_eq!(leaf_hash(entry.canonical.as_bytes()), entry.leaf_hash);
        frontier.append(entry.leaf_hash);
    }
    frontier.root()
}

use crate::seal::Hash;

async fn execute(directory: &TempDir, statement: &'static str) {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(directory.path().join("plainsight.db"));
    let mut connection = <SqliteConnection as sqlx::Connection>::connect_with(&options)
        .await
        .unwrap();
    sqlx::query(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

#[tokio::test]
async fn the_tree_grows_with_the_journal_and_outlives_a_process_that_dies() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = open(&directory).await.unwrap();
    let key = LogKey::open(directory.path(), None).unwrap();
    let empty = journal.sign_head(&key, TimeUs(10)).await.unwrap().unwrap();
    assert_eq!((empty.size, empty.root), (0, empty_root()));
    journal.append(&batch(1..=5)).await.unwrap();
    let five = journal.sign_head(&key, TimeUs(9)).await.unwrap().unwrap();
    assert_eq!(
        (five.size, five.time),
        (5, TimeUs(10)),
        "the clock was set back"
    );
    assert!(is_signed(&five, &key.public()));
    assert!(journal.sign_head(&key, TimeUs(30)).await.unwrap().is_none());
    journal.append(&batch(6..=7)).await.unwrap();
    // Nothing is closed: as after a kill between two batches.
    drop(journal);

    let (mut journal, reader) = open(&directory).await.unwrap();
    assert_eq!(
        (journal.log_size(), journal.newest_head()),
        (7, Some(&five))
    );
    let key = LogKey::open(directory.path(), Some(five.key)).unwrap();
    journal.append(&batch(8..=20)).await.unwrap();
    let twenty = journal.sign_head(&key, TimeUs(40)).await.unwrap().unwrap();
    assert_eq!(
        (twenty.size, twenty.root),
        (20, root_of_entries(&reader).await)
    );
    for index in 0..20 {
        let entry = &reader.log_entries(index, index).await.unwrap()[0];
        let proof = reader.inclusion_proof(index, 20).await.unwrap().unwrap();
        proof
            .verify(entry.canonical.as_bytes(), &twenty.root)
            .unwrap();
    }
    let proof = reader.consistency_proof(5, 20).await.unwrap().unwrap();
    proof.verify(&five.root, &twenty.root).unwrap();
    for (first, second) in [(0, 5), (6, 5), (5, 21), (5, u64::MAX)] {
        assert!(
            reader
                .consistency_proof(first, second)
                .await
                .unwrap()
                .is_none()
        );
    }
    for (index, size) in [(0, 0), (5, 5), (0, 21), (u64::MAX, u64::MAX)] {
        assert!(reader.inclusion_proof(index, size).await.unwrap().is_none());
    }
    let of_id: Vec<LogEntry> = reader.log_entries_of(None, "fill-3-0").await.unwrap();
    assert_eq!(
        of_id.iter().map(|entry| entry.index).collect::<Vec<_>>(),
        [2]
    );
    assert_eq!(reader.log_index(Seq(3), 0).await.unwrap(), Some(2));
    assert_eq!(
        reader.log_index_of_leaf(&of_id[0].leaf_hash).await.unwrap(),
        Some(2)
    );
    let other = "other".parse().unwrap();
    assert!(
        reader
            .log_entries_of(Some(&other), "fill-3-0")
            .await
            .unwrap()
            .is_empty()
    );
    let heads: Vec<u64> = reader
        .heads(9)
        .await
        .unwrap()
        .iter()
        .map(|head| head.size)
        .collect();
    assert_eq!(heads, [20, 5, 0]);
    journal.close().await.unwrap();
    let report = inspect::inspect(directory.path(), Some(key.public()))
        .await
        .unwrap();
    assert!(report.is_clean(), "{:?}", report.faults);
    assert_eq!((report.entries, report.sealed_to), (20, Some(20)));
}

#[tokio::test]
async fn a_batch_that_fails_leaves_the_tree_as_it_was() {
    let directory = TempDir::new().unwrap();
    let (mut journal, reader) = open(&directory).await.unwrap();
    journal.append(&batch(1..=3)).await.unwrap();
    let before = journal.log.clone();
    let mut broken = batch(4..=6);
    broken.entries.push(fill(1));
    assert!(journal.append(&broken).await.is_err());
    assert_eq!(journal.log, before);
    journal.append(&batch(4..=6)).await.unwrap();
    assert_eq!(journal.log.root(), root_of_entries(&reader).await);
}

#[tokio::test]
async fn a_journal_of_before_the_log_is_sealed_from_its_start() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = open(&directory).await.unwrap();
    journal.append(&batch(1..=9)).await.unwrap();
    let root = journal.log.root();
    journal.close().await.unwrap();
    execute(&directory, "DELETE FROM log_nodes").await;
    execute(&directory, "DELETE FROM log_entries").await;
    let (journal, reader) = open(&directory).await.unwrap();
    assert_eq!((journal.log_size(), journal.log.root()), (9, root));
    assert_eq!(root_of_entries(&reader).await, root);
}

#[tokio::test]
async fn a_log_that_is_not_the_journals_is_not_continued() {
    let cases = [
        ("DELETE FROM events WHERE seq = 9", "9 entries for 8"),
        ("DELETE FROM log_entries WHERE idx = 8", "8 entries for 9"),
        ("DELETE FROM log_nodes WHERE level = 3", "level 3 at 0"),
        (
            "UPDATE log_nodes SET hash = zeroblob(32) WHERE level = 3",
            "head that was signed",
        ),
        ("UPDATE tree_heads SET root = x'00'", "a signed head"),
    ];
    for (change, told) in cases {
        let directory = TempDir::new().unwrap();
        let (mut journal, _) = open(&directory).await.unwrap();
        journal.append(&batch(1..=9)).await.unwrap();
        let key = LogKey::open(directory.path(), None).unwrap();
        journal.sign_head(&key, TimeUs(1)).await.unwrap();
        journal.close().await.unwrap();
        execute(&directory, change).await;
        let error = open(&directory).await.map(drop).unwrap_err();
        assert!(error.to_string().contains(told), "{change}: {error}");
        let report = inspect::inspect(directory.path(), None).await.unwrap();
        assert!(!report.is_clean(), "{change}");
    }
}

#[tokio::test]
async fn a_log_without_a_head_proves_nothing() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = open(&directory).await.unwrap();
    journal.append(&batch(1..=2)).await.unwrap();
    journal.close().await.unwrap();
    let report = inspect::inspect(directory.path(), None).await.unwrap();
    assert_eq!(report.faults[0].kind, FaultKind::Removed);
}

#[test]
fn the_key_is_its_owners_alone_and_never_replaced() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log.key");
    let key = LogKey::open(directory.path(), None).unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert!(!directory.path().join("log.key.new").exists());
    let again = LogKey::open(directory.path(), Some(key.public())).unwrap();
    assert_eq!(again.public(), key.public());

    let refused = |signed| {
        LogKey::open(directory.path(), signed)
            .map(drop)
            .unwrap_err()
    };
    let other = PublicKey([7; 32]);
    assert!(matches!(refused(Some(other)), SealError::OtherKey { .. }));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let error = refused(Some(key.public()));
    assert!(matches!(&error, SealError::KeyOpen { mode: 0o640, .. }) && error.is_usage());
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(&path, "no key").unwrap();
    assert!(matches!(refused(None), SealError::NoKey { .. }));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(refused(Some(other)), SealError::OtherKey { .. }));
}
