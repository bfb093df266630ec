//! A data directory as an auditor sees it: the journal's events, the leaves, the inner nodes, the list of
//! entries and the signed heads, each against the others. It reads only, within one transaction, so that
//! it may run beside a server.

use std::collections::BTreeMap;
use std::path::Path;

use futures::TryStreamExt as _;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::heads::head_of;
use crate::audit::{FaultKind, Place, Report, Walk};
use crate::seal::{Frontier, Hash, MAX_SIZE, Node, PublicKey, SignedHead};
use crate::store::{Reader, StoreError};

/// Rows of one kind of fault that are read.
const ROWS: i64 = 1_000;

/// Checks the log of a data directory against the key that its reader trusts; without one, against the
/// key that most heads name.
pub async fn inspect(directory: &Path, key: Option<PublicKey>) -> Result<Report, StoreError> {
    let reader = Reader::open(directory).await?;
    let mut connection = reader.pool().acquire().await?;
    // Everything is read as of one moment; the transaction ends with the connection.
    sqlx::query("BEGIN").execute(&mut *connection).await?;
    let mut report = Report::default();
    let heads = read_heads(&mut connection, &mut report).await?;
    if heads.is_empty() {
        let what = "there is no signed head: nothing is proved";
        report.fault(FaultKind::Removed, Place::Log, what);
    }
    let key = key.or_else(|| usual_key(&heads));
    let key = key.unwrap_or(PublicKey([0; 32]));
    let mut walk = Walk::new(Frontier::default(), heads, &key);
    walk_entries(&mut connection, &mut walk).await?;
    let size = walk.next_index();
    report.absorb(walk.finish(size, &[]));
    unlisted_events(&mut connection, &mut report).await?;
    leaves(&mut connection, &mut report).await?;
    inner_nodes(&mut connection, &mut report).await?;
    Ok(report)
}

async fn read_heads(
    connection: &mut SqliteConnection,
    report: &mut Report,
) -> Result<Vec<SignedHead>, StoreError> {
    let rows = sqlx::query("SELECT size, root, time, key, signature FROM tree_heads ORDER BY size")
        .fetch_all(connection)
        .await?;
    let mut heads = Vec::with_capacity(rows.len());
    for row in &rows {
        match head_of(row) {
            Ok(head) => heads.push(head),
            Err(error) => {
                let place = Place::Head(row.get::<i64, _>("size").cast_unsigned());
                report.fault(FaultKind::Unreadable, place, error.to_string());
            }
        }
    }
    Ok(heads)
}

fn usual_key(heads: &[SignedHead]) -> Option<PublicKey> {
    let mut counts = BTreeMap::<PublicKey, usize>::new();
    for head in heads {
        *counts.entry(head.key).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(key, _)| key)
}

async fn walk_entries(
    connection: &mut SqliteConnection,
    walk: &mut Walk,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(
        "SELECT l.idx, l.seq, l.event, e.kind, e.body, n.hash FROM log_entries l
         LEFT JOIN events e ON e.seq = l.seq AND e.idx = l.event
         LEFT JOIN log_nodes n ON n.level = 0 AND n.idx = l.idx ORDER BY l.idx",
    )
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        entry(&row, walk);
    }
    Ok(())
}

fn entry(row: &SqliteRow, walk: &mut Walk) {
    let number = |name: &str| row.get::<i64, _>(name).cast_unsigned();
    let (index, seq, event) = (number("idx"), number("seq"), number("event"));
    if index >= MAX_SIZE {
        let what = format!("event {event} of input {seq} bears a number that no entry has");
        walk.fault(FaultKind::Reordered, Place::Log, what);
        return;
    }
    let leaf = row.get::<Option<&[u8]>, _>("hash");
    let body = row.get::<Option<&[u8]>, _>("body");
    let text = body.map(String::from_utf8_lossy);
    let stated = walk.entry(index, leaf.and_then(Hash::from_slice), text.as_deref());
    let Some(stated) = stated else {
        return;
    };
    if (stated.seq, stated.index) != (seq, event) {
        let what = format!(
            "it stands for event {event} of input {seq}, and says event {} of input {}",
            stated.index, stated.seq
        );
        walk.fault(FaultKind::Changed, Place::Entry(index), what);
    }
    let kind: Option<&str> = row.get("kind");
    if kind != Some(&stated.kind) {
        let what = format!("it is filed as {}", kind.unwrap_or("nothing"));
        walk.fault(FaultKind::Changed, Place::Entry(index), what);
    }
}

/// Decisions, orders and fills that are no entries.
async fn unlisted_events(
    connection: &mut SqliteConnection,
    report: &mut Report,
) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "SELECT e.seq, e.idx FROM events e LEFT JOIN log_entries l ON l.seq = e.seq AND l.event = e.idx
         WHERE e.kind IN ('decision', 'order', 'fill') AND l.idx IS NULL ORDER BY e.seq, e.idx LIMIT ?",
    )
    .bind(ROWS)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let place = Place::Event {
            seq: row.get::<i64, _>("seq").cast_unsigned(),
            index: row.get::<i64, _>("idx").cast_unsigned(),
        };
        report.fault(FaultKind::Added, place, "it is not in the sealed log");
    }
    Ok(())
}

/// Leaves that no entry has: entries that are gone.
async fn leaves(connection: &mut SqliteConnection, report: &mut Report) -> Result<(), StoreError> {
    let indices: Vec<i64> = sqlx::query_scalar(
        "SELECT n.idx FROM log_nodes n LEFT JOIN log_entries l ON l.idx = n.idx
         WHERE n.level = 0 AND l.idx IS NULL ORDER BY n.idx LIMIT ?",
    )
    .bind(ROWS)
    .fetch_all(connection)
    .await?;
    for index in indices {
        let place = Place::Entry(index.cast_unsigned());
        report.fault(
            FaultKind::Removed,
            place,
            "its leaf is there, the entry is not",
        );
    }
    Ok(())
}

/// Each inner node against the two below it, and each two against the one that is to be above them.
async fn inner_nodes(
    connection: &mut SqliteConnection,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(
        "SELECT l.level, l.idx, l.hash AS left_hash, r.hash AS right_hash, p.hash FROM log_nodes l
         JOIN log_nodes r ON r.level = l.level AND r.idx = l.idx + 1
         LEFT JOIN log_nodes p ON p.level = l.level + 1 AND p.idx = l.idx / 2
         WHERE l.idx % 2 = 0 ORDER BY l.level, l.idx",
    )
    .fetch(&mut *connection);
    while let Some(row) = rows.try_next().await? {
        // What no tree has is told of as standing above nothing.
        let Some(level) = u32::try_from(row.get::<i64, _>("level"))
            .ok()
            .filter(|level| *level < 53)
        else {
            continue;
        };
        let index = row.get::<i64, _>("idx").cast_unsigned();
        let hash = |name: &str| row.get::<Option<&[u8]>, _>(name).and_then(Hash::from_slice);
        let below = |index: u64, name: &str| hash(name).map(|hash| Node { level, index, hash });
        let pair = below(index, "left_hash").zip(below(index + 1, "right_hash"));
        let above = pair.and_then(|(left, right)| Node::above(&left, &right));
        let place = Place::Node {
            level: level + 1,
            index: index / 2,
        };
        match (above, hash("hash")) {
            (Some(above), Some(stored)) if above.hash == stored => {}
            (_, None) => report.fault(FaultKind::Removed, place, "the node is missing"),
            (_, Some(_)) => {
                report.fault(FaultKind::Changed, place, "it is not what is below it");
            }
        }
    }
    drop(rows);
    orphans(connection, report).await
}

/// Inner nodes that stand above nothing.
async fn orphans(connection: &mut SqliteConnection, report: &mut Report) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "SELECT p.level, p.idx FROM log_nodes p
         LEFT JOIN log_nodes l ON l.level = p.level - 1 AND l.idx = p.idx * 2
         LEFT JOIN log_nodes r ON r.level = p.level - 1 AND r.idx = p.idx * 2 + 1
         WHERE p.level <> 0 AND (l.hash IS NULL OR r.hash IS NULL) LIMIT ?",
    )
    .bind(ROWS)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let (level, index): (i64, i64) = (row.get("level"), row.get("idx"));
        let what = format!("a node of level {level} at {index} stands above what is not there");
        report.fault(FaultKind::Added, Place::Log, what);
    }
    Ok(())
}
