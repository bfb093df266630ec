//! What is asked of the sealed log: entries by place and by id, heads, and proofs from the few stored
//! nodes that they need.

use std::collections::HashMap;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::SealError;
use super::heads::head_of;
use crate::domain::{BotId, Seq};
use crate::seal::proof::{Step, consistency_steps, inclusion_steps};
use crate::seal::{ConsistencyProof, Hash, InclusionProof, LogEntry, SignedHead, cover};
use crate::store::journal::{FILE, sql_int};
use crate::store::{Reader, StoreError};

/// The most entries of one id that are given: an order that is amended for ever has no end of states.
const OF_ONE_ID: i64 = 1_000;

impl Reader {
    /// Opens the journal of a directory to read it, beside a server that writes it or without one.
    ///
    /// # Errors
    /// There is no journal, or it cannot be read.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(directory.join(FILE))
            .create_if_missing(false)
            .read_only(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        Ok(Self::new(pool))
    }

    /// Entries that were committed.
    pub async fn log_size(&self) -> Result<u64, StoreError> {
        let size: i64 = sqlx::query_scalar("SELECT coalesce(max(idx) + 1, 0) FROM log_entries")
            .fetch_one(self.pool())
            .await?;
        Ok(size.cast_unsigned())
    }

    /// The entries from `first` to `last`, both included, as far as they are there.
    pub async fn log_entries(&self, first: u64, last: u64) -> Result<Vec<LogEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT l.idx, n.hash, e.body FROM log_entries l
             JOIN events e ON e.seq = l.seq AND e.idx = l.event
             JOIN log_nodes n ON n.level = 0 AND n.idx = l.idx
             WHERE l.idx BETWEEN ? AND ? ORDER BY l.idx",
        )
        .bind(sql_int(first))
        .bind(sql_int(last))
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(entry_of).collect()
    }

    /// The entries of a decision, an order or a fill by its id, in order, of one bot or of all.
    pub async fn log_entries_of(
        &self,
        bot: Option<&BotId>,
        id: &str,
    ) -> Result<Vec<LogEntry>, StoreError> {
        // Three searches by index; one with OR would read all of the log.
        let rows = sqlx::query(
            "WITH found(seq, idx) AS (
               SELECT seq, idx FROM events WHERE kind = 'decision'
                 AND json_extract(CAST(body AS TEXT), '$.event.decision.id') = ?1
               UNION ALL SELECT seq, idx FROM events WHERE kind = 'order'
                 AND json_extract(CAST(body AS TEXT), '$.event.order.id') = ?1
               UNION ALL SELECT seq, idx FROM events WHERE kind = 'fill'
                 AND json_extract(CAST(body AS TEXT), '$.event.fill.id') = ?1)
             SELECT l.idx, n.hash, e.body FROM found f
             JOIN events e ON e.seq = f.seq AND e.idx = f.idx
             JOIN log_entries l ON l.seq = f.seq AND l.event = f.idx
             JOIN log_nodes n ON n.level = 0 AND n.idx = l.idx
             WHERE ?2 IS NULL OR ?2 IN (json_extract(CAST(e.body AS TEXT), '$.event.decision.bot'),
                                        json_extract(CAST(e.body AS TEXT), '$.event.order.bot'),
                                        json_extract(CAST(e.body AS TEXT), '$.event.fill.bot'))
             ORDER BY l.idx LIMIT ?3",
        )
        .bind(id)
        .bind(bot.map(BotId::as_str))
        .bind(OF_ONE_ID)
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(entry_of).collect()
    }

    /// Which entry an event is, by its seq and place.
    pub async fn log_index(&self, seq: Seq, event: u32) -> Result<Option<u64>, StoreError> {
        let index: Option<i64> =
            sqlx::query_scalar("SELECT idx FROM log_entries WHERE seq = ? AND event = ?")
                .bind(sql_int(seq.0))
                .bind(i64::from(event))
                .fetch_optional(self.pool())
                .await?;
        Ok(index.map(i64::cast_unsigned))
    }

    /// Which entry has a leaf hash.
    pub async fn log_index_of_leaf(&self, hash: &Hash) -> Result<Option<u64>, StoreError> {
        let index: Option<i64> =
            sqlx::query_scalar("SELECT idx FROM log_nodes WHERE level = 0 AND hash = ?")
                .bind(hash.0.to_vec())
                .fetch_optional(self.pool())
                .await?;
        Ok(index.map(i64::cast_unsigned))
    }

    /// The newest signed head.
    pub async fn newest_head(&self) -> Result<Option<SignedHead>, StoreError> {
        Ok(self.heads(1).await?.into_iter().next())
    }

    /// The newest `count` signed heads, newest first.
    pub async fn heads(&self, count: u32) -> Result<Vec<SignedHead>, StoreError> {
        let rows = sqlx::query(
            "SELECT size, root, time, key, signature FROM tree_heads ORDER BY size DESC LIMIT ?",
        )
        .bind(i64::from(count))
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(head_of).collect()
    }

    /// The head that was signed at exactly `size` entries.
    pub async fn head_of_size(&self, size: u64) -> Result<Option<SignedHead>, StoreError> {
        let rows = self.heads_between(size, size).await?;
        Ok(rows.into_iter().next())
    }

    /// The first head of at least `size` entries.
    pub async fn head_covering(&self, size: u64) -> Result<Option<SignedHead>, StoreError> {
        let row = sqlx::query(
            "SELECT size, root, time, key, signature FROM tree_heads WHERE size >= ? ORDER BY size LIMIT 1",
        )
        .bind(sql_int(size))
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(head_of).transpose()
    }

    /// The heads of `first` to `last` entries, both included, oldest first.
    pub async fn heads_between(
        &self,
        first: u64,
        last: u64,
    ) -> Result<Vec<SignedHead>, StoreError> {
        let rows = sqlx::query(
            "SELECT size, root, time, key, signature FROM tree_heads WHERE size BETWEEN ? AND ? ORDER BY size",
        )
        .bind(sql_int(first))
        .bind(sql_int(last))
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(head_of).collect()
    }

    /// That the entry `index` is among the first `size`. `None` where the log has no such tree or entry.
    pub async fn inclusion_proof(
        &self,
        index: u64,
        size: u64,
    ) -> Result<Option<InclusionProof>, StoreError> {
        let Some(steps) = inclusion_steps(index, size) else {
            return Ok(None);
        };
        if size > self.log_size().await? {
            return Ok(None);
        }
        let nodes = self.nodes(&steps, Some((0, index))).await?;
        Ok(Some(InclusionProof {
            index,
            size,
            leaf_hash: nodes.get(0, index)?,
            path: nodes.path(&steps)?,
        }))
    }

    /// That the first `first` entries are the beginning of the first `second`. `None` where the log has
    /// no such trees, or nothing can be proved of them.
    pub async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<Option<ConsistencyProof>, StoreError> {
        let Some(steps) = consistency_steps(first, second) else {
            return Ok(None);
        };
        if second > self.log_size().await? {
            return Ok(None);
        }
        let path = self.nodes(&steps, None).await?.path(&steps)?;
        Ok(Some(ConsistencyProof {
            first,
            second,
            path,
        }))
    }

    /// The roots of the complete subtrees of the entries from `begin` to before `end`: see [`cover`].
    pub async fn log_cover(&self, begin: u64, end: u64) -> Result<Vec<Hash>, StoreError> {
        let places = cover(begin, end);
        let nodes = self.nodes_at(&places).await?;
        let hashes = places
            .iter()
            .map(|(level, index)| nodes.get(*level, *index));
        Ok(hashes.collect::<Result<_, _>>()?)
    }

    async fn nodes(&self, steps: &[Step], also: Option<(u32, u64)>) -> Result<Nodes, StoreError> {
        let parts = steps.iter().flat_map(|step| step.parts());
        let places: Vec<_> = parts.chain(also).collect();
        self.nodes_at(&places).await
    }

    /// All of them by one statement.
    async fn nodes_at(&self, places: &[(u32, u64)]) -> Result<Nodes, StoreError> {
        if places.is_empty() {
            return Ok(Nodes(HashMap::new()));
        }
        let mut query = QueryBuilder::<Sqlite>::new("WITH wanted(level, idx) AS (");
        query.push_values(places, |mut row, (level, index)| {
            row.push_bind(i64::from(*level)).push_bind(sql_int(*index));
        });
        query.push(
            ") SELECT n.level, n.idx, n.hash FROM wanted w
             CROSS JOIN log_nodes n ON n.level = w.level AND n.idx = w.idx",
        );
        let rows = query.build().fetch_all(self.pool()).await?;
        let nodes = rows.iter().filter_map(|row| {
            let level = u32::try_from(row.get::<i64, _>("level")).ok()?;
            let index = row.get::<i64, _>("idx").cast_unsigned();
            Some(((level, index), Hash::from_slice(row.get("hash"))?))
        });
        Ok(Nodes(nodes.collect()))
    }
}

/// Stored nodes by their level and index.
struct Nodes(HashMap<(u32, u64), Hash>);

impl Nodes {
    fn get(&self, level: u32, index: u64) -> Result<Hash, SealError> {
        let hash = self.0.get(&(level, index)).copied();
        hash.ok_or(SealError::NoNode { level, index })
    }

    fn path(&self, steps: &[Step]) -> Result<Vec<Hash>, SealError> {
        steps.iter().map(|step| self.step(*step)).collect()
    }

    fn step(&self, step: Step) -> Result<Hash, SealError> {
        let parts = step.parts();
        let hashes = parts.iter().map(|(level, index)| self.get(*level, *index));
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        Step::hash(&hashes).ok_or(SealError::Torn { what: "the tree" })
    }
}

fn entry_of(row: &SqliteRow) -> Result<LogEntry, StoreError> {
    let read = || {
        Some(LogEntry {
            index: row.get::<i64, _>("idx").cast_unsigned(),
            leaf_hash: Hash::from_slice(row.get("hash"))?,
            canonical: String::from_utf8(row.get("body")).ok()?,
        })
    };
    Ok(read().ok_or(SealError::Torn { what: "an entry" })?)
}
