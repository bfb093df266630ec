//! Databases that somebody has altered.

use std::path::PathBuf;
use std::sync::OnceLock;

use plainsight::audit::{Place, Report};
use plainsight::store::sealed::inspect::inspect;
use proptest::prelude::*;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;

struct Made {
    runtime: Runtime,
    data: PathBuf,
    entries: u64,
    _home: TempDir,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data");
        let runtime = Runtime::new().unwrap();
        runtime.block_on(real(&data));
        let report = runtime.block_on(inspect(&data, None)).unwrap();
        assert!(report.is_clean(), "{:?}", report.faults);
        assert!(report.entries > 200 && report.unsigned == 0, "{report:?}");
        Made {
            runtime,
            data,
            entries: report.entries,
            _home: home,
        }
    })
}

/// A copy, altered by a statement that is given the value of a column with one bit turned round.
struct Alteration {
    table: &'static str,
    column: &'static str,
    row: String,
}

impl Alteration {
    fn report(&self, byte: usize, bit: u32) -> Report {
        let made = made();
        let copy = TempDir::new().unwrap();
        let file = copy.path().join("plainsight.db");
        std::fs::copy(made.data.join("plainsight.db"), &file).unwrap();
        made.runtime.block_on(async {
            let options = SqliteConnectOptions::new()
                .filename(&file)
                .foreign_keys(false);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            self.alter(&mut connection, byte, bit).await;
            connection.close().await.unwrap();
            inspect(copy.path(), None).await.unwrap()
        })
    }

    async fn alter(&self, connection: &mut SqliteConnection, byte: usize, bit: u32) {
        let Self { table, column, row } = self;
        // SQLite itself would refuse a text that is no JSON; somebody with a hex editor is not asked.
        let by_json =
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%json_extract%'";
        let indexes: Vec<String> = sqlx::query_scalar(by_json)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        for index in indexes {
            let drop = AssertSqlSafe(format!("DROP INDEX {index}"));
            sqlx::query(drop).execute(&mut *connection).await.unwrap();
        }
        let select = format!("SELECT {column} FROM {table} WHERE {row}");
        let found = sqlx::query(AssertSqlSafe(select))
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        let update = AssertSqlSafe(format!(
            "UPDATE OR REPLACE {table} SET {column} = ? WHERE {row}"
        ));
        let update = sqlx::query(update);
        let update = match found.try_get::<Vec<u8>, _>(0) {
            Ok(mut bytes) => {
                let at = byte % bytes.len();
                bytes[at] ^= 1_u8 << bit;
                update.bind(bytes)
            }
            // Sizes and places are below 2^16 here; a flip of the sign is a flip too.
            Err(_) => {
                update.bind(found.get::<i64, _>(0) ^ (1 << [0, 1, 2, 3, 8, 20, 40, 63][byte % 8]))
            }
        };
        update.execute(connection).await.unwrap();
    }
}

fn event_of(entry: u64) -> String {
    format!("(seq, idx) = (SELECT seq, event FROM log_entries WHERE idx = {entry})")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_of_an_event_is_found_and_its_entry_named(at: u64, byte: usize, bit in 0_u32..8) {
        let entry = at % made().entries;
        let change = Alteration { table: "events", column: "body", row: event_of(entry) };
        let report = change.report(byte, bit);
        let named = report.faults.iter().any(|fault| fault.place == Place::Entry(entry));
        prop_assert!(named, "entry {}: {:?}", entry, report.faults);
    }

    #[test]
    fn a_flipped_bit_of_a_leaf_or_an_inner_node_is_found_and_named(level in 0_u32..6, at: u64, byte: usize, bit in 0_u32..8) {
        let index = at % (made().entries >> level);
        let row = format!("level = {level} AND idx = {index}");
        let report = Alteration { table: "log_nodes", column: "hash", row }.report(byte, bit);
        let named = report.faults.iter().any(|fault| match fault.place {
            Place::Entry(entry) => level == 0 && entry == index,
            Place::Node { level: l, index: i } => (l, i) == (level, index) || (l, i) == (level + 1, index / 2),
            _ => false,
        });
        prop_assert!(named, "{} {}: {:?}", level, index, report.faults);
    }

    #[test]
    fn a_flipped_bit_of_the_list_of_entries_is_found_and_named(column in 0_usize..3, at: u64, byte: usize) {
        let entry = at % made().entries;
        let column = ["idx", "seq", "event"][column];
        let row = format!("idx = {entry}");
        let report = Alteration { table: "log_entries", column, row }.report(byte, 0);
        let named = report.faults.iter().any(|fault| names_entry(fault, entry, 0));
        prop_assert!(named, "{} of {}: {:?}", column, entry, report.faults);
    }

    #[test]
    fn a_flipped_bit_of_a_head_is_found_and_named(column in 0_usize..5, at: u64, byte: usize, bit in 0_u32..8) {
        let column = ["size", "root", "time", "key", "signature"][column];
        let place = at % 20;
        let row = format!("size = (SELECT size FROM tree_heads ORDER BY size LIMIT 1 OFFSET {place})");
        let report = Alteration { table: "tree_heads", column, row }.report(byte, bit);
        let named = report.faults.iter().any(|fault| matches!(fault.place, Place::Head(_)));
        prop_assert!(named, "{}: {:?}", column, report.faults);
    }
}

/// What a statement does to a copy, and what is said of it.
fn after(statements: &[&'static str]) -> Report {
    let made = made();
    let copy = TempDir::new().unwrap();
    let file = copy.path().join("plainsight.db");
    std::fs::copy(made.data.join("plainsight.db"), &file).unwrap();
    made.runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(&file);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        for statement in statements {
            sqlx::query(*statement)
                .execute(&mut connection)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
        inspect(copy.path(), None).await.unwrap()
    })
}

#[test]
fn what_is_taken_out_or_put_in_is_told() {
    let event =
        "DELETE FROM events WHERE (seq, idx) = (SELECT seq, event FROM log_entries WHERE idx = 50)";
    let entry = "DELETE FROM log_entries WHERE idx = 50";
    let leaf = "DELETE FROM log_nodes WHERE level = 0 AND idx = 50";
    for statements in [
        &[event][..],
        &[entry],
        &[leaf],
        &[event, entry],
        &[event, entry, leaf],
    ] {
        let report = after(statements);
        let told = report
            .faults
            .iter()
            .any(|fault| fault.kind == FaultKind::Removed && names_entry(fault, 50, 0));
        assert!(told, "{statements:?}: {:?}", report.faults);
    }
    let put_in = "INSERT INTO events (seq, idx, kind, key, received, body)
                  SELECT seq, idx + 1000, kind, key, received, body FROM events
                  WHERE kind = 'fill' LIMIT 1";
    assert!(kinds(&after(&[put_in]).faults).contains(&FaultKind::Added));
    let refiled = "UPDATE events SET kind = 'note'
                   WHERE (seq, idx) = (SELECT seq, event FROM log_entries WHERE idx = 50)";
    let report = after(&[refiled]);
    assert!(
        report
            .faults
            .iter()
            .any(|fault| fault.place == Place::Entry(50)),
        "{:?}",
        report.faults
    );
    let cut = [
        "DELETE FROM log_nodes WHERE level = 0 AND idx >= 100",
        "DELETE FROM log_nodes WHERE level > 0 AND (idx + 1) << level > 100",
        "DELETE FROM events WHERE EXISTS
         (SELECT 1 FROM log_entries l WHERE l.idx >= 100 AND l.seq = events.seq AND l.event = events.idx)",
        "DELETE FROM log_entries WHERE idx >= 100",
    ];
    let report = after(&cut);
    assert_eq!(
        kinds(&report.faults),
        [FaultKind::Truncated],
        "{:?}",
        report.faults
    );
    assert_eq!(
        kinds(&after(&["DELETE FROM tree_heads"]).faults),
        [FaultKind::Removed]
    );
}

/// Somebody who changes the text and all nodes above it is told between which heads.
#[test]
fn a_tree_that_was_made_anew_does_not_give_the_signed_roots() {
    let made = made();
    let copy = TempDir::new().unwrap();
    let file = copy.path().join("plainsight.db");
    std::fs::copy(made.data.join("plainsight.db"), &file).unwrap();
    let options = SqliteConnectOptions::new().filename(&file);
    made.runtime.block_on(async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        for statement in [
            "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '\"symbol\":\"BTCUSDT\"', '\"symbol\":\"BTCUSDC\"') AS BLOB)
             WHERE (seq, idx) = (SELECT seq, event FROM log_entries WHERE idx = 77)",
            "DELETE FROM log_nodes",
            "DELETE FROM log_entries",
            "CREATE TABLE kept AS SELECT * FROM tree_heads",
            "DELETE FROM tree_heads",
        ] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        // Opened, it is sealed from the start, as if it never had been.
        let identity = Identity { feed: "test".into(), seed: 1, symbols: "BTCUSDT".into() };
        let (journal, reader) = Journal::open(copy.path(), &identity, Durability::Process).await.unwrap();
        journal.close().await.unwrap();
        drop(reader);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("INSERT INTO tree_heads SELECT * FROM kept").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
    let report = made.runtime.block_on(inspect(copy.path(), None)).unwrap();
    // What is said of the decision later on may not fit any more either; no text is at odds with its leaf.
    let changed: Vec<_> = report
        .faults
        .iter()
        .filter(|fault| fault.kind == FaultKind::Changed)
        .collect();
    let [
        Fault {
            place: Place::Entries(first, last),
            ..
        },
    ] = changed[..]
    else {
        panic!("{:?}", report.faults);
    };
    let (first, last) = (*first, *last);
    assert!(
        (first..=last).contains(&77) && last - first < made.entries / 4,
        "{first} to {last}"
    );
}
