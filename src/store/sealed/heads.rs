//! Signed heads on their way to the disk and back. A head is only ever made of what was committed, and
//! is pressed onto the disk together with it: what was signed survives a loss of power.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{LogKey, SealError};
use crate::domain::TimeUs;
use crate::seal::{Hash, PublicKey, Signature, SignedHead};
use crate::store::journal::sql_int;
use crate::store::{Durability, Journal, StoreError};

pub(super) async fn newest(
    connection: &mut SqliteConnection,
) -> Result<Option<SignedHead>, StoreError> {
    let row = sqlx::query(
        "SELECT size, root, time, key, signature FROM tree_heads ORDER BY size DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(head_of).transpose()
}

pub(super) fn head_of(row: &SqliteRow) -> Result<SignedHead, StoreError> {
    let read = || {
        Some(SignedHead {
            size: u64::try_from(row.get::<i64, _>("size")).ok()?,
            root: Hash::from_slice(row.get("root"))?,
            time: TimeUs(row.get("time")),
            key: PublicKey::from_slice(row.get("key"))?,
            signature: Signature::from_slice(row.get("signature"))?,
        })
    };
    Ok(read().ok_or(SealError::Torn {
        what: "a signed head",
    })?)
}

impl Journal {
    /// Entries of the sealed log.
    pub fn log_size(&self) -> u64 {
        self.log.size()
    }

    /// The newest head that was signed.
    pub fn newest_head(&self) -> Option<&SignedHead> {
        self.newest_head.as_ref()
    }

    /// Signs a head of what is on the disk, if the log has grown since the last one or there is none.
    /// A clock that was set back does not date a head before the one before it.
    pub async fn sign_head(
        &mut self,
        key: &LogKey,
        now: TimeUs,
    ) -> Result<Option<SignedHead>, StoreError> {
        let newest = self.newest_head.as_ref();
        if newest.is_some_and(|newest| newest.size == self.log.size()) {
            return Ok(None);
        }
        let time = newest.map_or(now, |newest| now.max(newest.time));
        let head = key.sign(self.log.size(), self.log.root(), time);
        // One fsync takes with it all that was committed before.
        self.execute("PRAGMA synchronous = FULL").await?;
        let inserted = self.insert_head(&head).await;
        if self.durability == Durability::Process {
            self.execute("PRAGMA synchronous = NORMAL").await?;
        }
        inserted?;
        self.newest_head = Some(head.clone());
        Ok(Some(head))
    }

    async fn insert_head(&mut self, head: &SignedHead) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tree_heads (size, root, time, key, signature) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(sql_int(head.size))
        .bind(head.root.0.to_vec())
        .bind(head.time.micros())
        .bind(head.key.0.to_vec())
        .bind(head.signature.0.to_vec())
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }
}
