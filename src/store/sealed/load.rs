//! The log as it is found at a start: its frontier is read from the stored nodes and held against the
//! entries, the events and the newest head. A journal of before the log was sealed is sealed from its
//! first event on, once.

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::heads;
use super::{Growth, SealError};
use crate::domain::Seq;
use crate::seal::{Frontier, Hash, SignedHead};
use crate::store::StoreError;
use crate::store::journal::sql_int;

/// Events that are read at once when a journal is sealed.
const PAGE: i64 = 4_096;

/// The frontier of what was committed, and the newest head.
pub async fn load(
    connection: &mut SqliteConnection,
) -> Result<(Frontier, Option<SignedHead>), StoreError> {
    let newest = heads::newest(connection).await?;
    let (count, size): (i64, i64) =
        sqlx::query_as("SELECT count(*), coalesce(max(idx) + 1, 0) FROM log_entries")
            .fetch_one(&mut *connection)
            .await?;
    let events = count_events(connection).await?;
    let size = size.cast_unsigned();
    if size == 0 && events > 0 && newest.is_none() {
        return Ok((seal_from_the_start(connection).await?, None));
    }
    if count.cast_unsigned() != size || size != events {
        let entries = count.cast_unsigned();
        return Err(SealError::OtherCount { entries, events }.into());
    }
    if let Some(newest) = &newest {
        let is_here = newest.size <= size
            && frontier_of(connection, newest.size).await?.root() == newest.root;
        if !is_here {
            return Err(SealError::OtherRoot { size: newest.size }.into());
        }
    }
    Ok((frontier_of(connection, size).await?, newest))
}

async fn count_events(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE kind IN ('decision', 'order', 'fill')",
    )
    .fetch_one(connection)
    .await?;
    Ok(count.cast_unsigned())
}

/// The frontier of the first `size` entries, from the stored nodes.
async fn frontier_of(connection: &mut SqliteConnection, size: u64) -> Result<Frontier, StoreError> {
    let mut hashes = Vec::new();
    for (level, index) in crate::seal::cover(0, size) {
        let hash: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT hash FROM log_nodes WHERE level = ? AND idx = ?")
                .bind(i64::from(level))
                .bind(sql_int(index))
                .fetch_optional(&mut *connection)
                .await?;
        let hash = hash.and_then(|hash| Hash::from_slice(&hash));
        hashes.push(hash.ok_or(SealError::NoNode { level, index })?);
    }
    // There is a hash for each part, so there is a frontier.
    let frontier = Frontier::from_hashes(size, &hashes);
    Ok(frontier.ok_or(SealError::Torn { what: "the tree" })?)
}

async fn seal_from_the_start(connection: &mut SqliteConnection) -> Result<Frontier, StoreError> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut *connection)
        .await?;
    let sealed = seal_pages(connection).await;
    let end = if sealed.is_ok() { "COMMIT" } else { "ROLLBACK" };
    sqlx::query(end).execute(connection).await?;
    if let Ok(frontier) = &sealed {
        tracing::info!(entries = frontier.size(), "sealed what the journal had");
    }
    sealed
}

async fn seal_pages(connection: &mut SqliteConnection) -> Result<Frontier, StoreError> {
    let mut frontier = Frontier::default();
    let mut after = (-1_i64, -1_i64);
    loop {
        let rows = sqlx::query(
            "SELECT seq, idx, body FROM events WHERE kind IN ('decision', 'order', 'fill')
             AND (seq, idx) > (?, ?) ORDER BY seq, idx LIMIT ?",
        )
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        let mut growth = Growth::of(&frontier);
        for row in &rows {
            after = (row.get("seq"), row.get("idx"));
            let event = u32::try_from(after.1).map_err(|_| SealError::Torn {
                what: "an event's place",
            })?;
            growth.add_entry(Seq(after.0.cast_unsigned()), event, row.get("body"));
        }
        frontier = growth.write(connection).await?;
        if rows.is_empty() {
            return Ok(frontier);
        }
    }
}
