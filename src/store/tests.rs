use tempfile::TempDir;

use super::*;
use crate::domain::{Alert, Event, Severity};
use crate::wire::publication;

fn identity(seed: u64) -> Identity {
    Identity {
        feed: "simulated".into(),
        seed,
        symbols: "BTCUSDT".into(),
    }
}

async fn open(directory: &TempDir, seed: u64) -> Result<(Journal, Reader), StoreError> {
    Journal::open(directory.path(), &identity(seed), Durability::Process).await
}

fn entry(seq: u64, message: &str) -> Entry {
    let record = Record {
        seq: Seq(seq),
        index: 0,
        time: TimeUs(1),
        event: Event::Alert(Alert {
            id: format!("alert-{seq}-1").parse().unwrap(),
            severity: Severity::Info,
            code: "test".into(),
            message: message.into(),
            bot: None,
            time: TimeUs(1),
        }),
        took_us: None,
    };
    Entry {
        published: publication(&record),
        received: TimeUs(2),
        record,
    }
}

fn batch(seqs: std::ops::RangeInclusive<u64>) -> Batch {
    Batch {
        head: Seq(*seqs.end()),
        entries: seqs.map(|seq| entry(seq, "hello")).collect(),
        ..Batch::default()
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart_with_its_places() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = open(&directory, 1).await.unwrap();
    let first = journal.append(&batch(1..=3)).await.unwrap();
    assert_eq!(
        first
            .iter()
            .map(|place| place.unwrap().offset)
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    journal.close().await.unwrap();

    let (mut journal, reader) = open(&directory, 1).await.unwrap();
    assert_eq!((journal.head(), journal.events()), (Seq(3), 3));
    let next = journal.append(&batch(4..=4)).await.unwrap()[0].unwrap();
    assert_eq!((next.epoch, next.offset), (first[0].unwrap().epoch, 4));
    let logged = reader
        .range(&Topic::Alerts, Range { first: 2, last: 4 })
        .await
        .unwrap();
    assert_eq!(
        logged
            .iter()
            .map(|logged| logged.record.seq.0)
            .collect::<Vec<_>>(),
        [2, 3, 4]
    );
    let page = reader.page(&Topic::Alerts, Some(3), 10).await.unwrap();
    assert_eq!(
        page.iter()
            .map(|logged| logged.place.offset)
            .collect::<Vec<_>>(),
        [2, 1]
    );
}

#[tokio::test]
async fn a_batch_that_fails_leaves_nothing_behind() {
    let directory = TempDir::new().unwrap();
    let (mut journal, reader) = open(&directory, 1).await.unwrap();
    journal.append(&batch(1..=2)).await.unwrap();
    let mut broken = batch(3..=3);
    broken.entries.push(entry(1, "this seq is taken"));
    assert!(journal.append(&broken).await.is_err());
    assert_eq!(journal.head(), Seq(2));
    let place = journal.append(&batch(3..=3)).await.unwrap()[0].unwrap();
    assert_eq!(place.offset, 3);
    assert_eq!(
        reader.page(&Topic::Alerts, None, 10).await.unwrap().len(),
        3
    );
}

#[tokio::test]
async fn a_directory_is_for_one_process_and_one_run() {
    let directory = TempDir::new().unwrap();
    let (journal, _) = open(&directory, 1).await.unwrap();
    assert!(matches!(
        open(&directory, 1).await,
        Err(StoreError::Locked { .. })
    ));
    journal.close().await.unwrap();
    let error = open(&directory, 2).await.map(drop).unwrap_err();
    assert!(matches!(&error, StoreError::OtherRun { .. }), "{error}");
    assert!(error.to_string().contains("seed 1") && error.to_string().contains("seed 2"));
}

#[tokio::test]
async fn a_live_feeds_inputs_are_kept_until_the_snapshots_cover_them() {
    let directory = TempDir::new().unwrap();
    let (mut journal, reader) = open(&directory, 1).await.unwrap();
    let input = |seq: u64| {
        let input = Input::Alert {
            severity: Severity::Info,
            code: "test".into(),
            message: seq.to_string(),
        };
        (Seq(seq), input)
    };
    for last in [3, 6, 9, 12] {
        let mut batch = batch(last - 2..=last);
        batch.inputs = (last - 2..=last).map(input).collect();
        // Behind the sixth, and in the middle of what follows.
        if last == 6 || last == 9 {
            batch.snapshot = Some(Snapshot {
                seq: Seq(last),
                created: TimeUs(1),
                body: b"{}".to_vec(),
            });
        }
        journal.append(&batch).await.unwrap();
    }
    let seqs = async |after| {
        let inputs = reader.inputs(Seq(after)).await.unwrap();
        inputs.into_iter().map(|(seq, _)| seq.0).collect::<Vec<_>>()
    };
    assert_eq!(seqs(9).await, [10, 11, 12]);
    assert_eq!(
        seqs(7).await,
        [8, 9, 10, 11, 12],
        "the older snapshot can be started from"
    );
    assert_eq!(seqs(0).await[0], 7, "what both cover is gone");
}

#[tokio::test]
async fn a_directory_of_another_format_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let (journal, _) = open(&directory, 1).await.unwrap();
    journal.close().await.unwrap();
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(directory.path().join(journal::FILE));
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options)
        .await
        .unwrap();
    sqlx::query("DELETE FROM meta WHERE key = 'format'")
        .execute(&mut connection)
        .await
        .unwrap();
    let error = open(&directory, 1).await.map(drop).unwrap_err();
    assert!(
        matches!(&error, StoreError::OtherFormat { recorded: 1, .. }),
        "{error}"
    );
}
