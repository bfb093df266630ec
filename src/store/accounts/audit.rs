//! The audit: it only grows, and the table itself sees to that.

use sqlx::Row as _;

use super::{AccountsError, Tx, optional_word, word};
use crate::domain::{AuditAction, AuditEntry, AuditId, TimeUs, UserName, Via};

/// An entry to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub time: TimeUs,
    pub who: Option<UserName>,
    pub by: Via,
    pub address: Option<String>,
    pub action: AuditAction,
    pub subject: Option<String>,
    pub detail: Option<String>,
}

impl Tx<'_> {
    pub async fn add_audit(&mut self, row: &AuditRow) -> Result<AuditId, AccountsError> {
        let added = sqlx::query(
            "INSERT INTO audit (time, who, via, address, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.time.micros())
        .bind(row.who.as_ref().map(UserName::as_str))
        .bind(row.by.as_str())
        .bind(row.address.as_deref())
        .bind(row.action.as_str())
        .bind(row.subject.as_deref())
        .bind(row.detail.as_deref())
        .execute(self.connection())
        .await?;
        Ok(AuditId(added.last_insert_rowid()))
    }

    /// The newest `limit` entries before one, newest first.
    pub async fn audit_page(
        &mut self,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AccountsError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?")
            .bind(before.map_or(i64::MAX, |id| id.0))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditEntry {
                    id: AuditId(row.try_get("id")?),
                    time: TimeUs(row.try_get("time")?),
                    who: optional_word(row, "who")?,
                    by: word(row, "via")?,
                    address: row.try_get("address")?,
                    action: word(row, "action")?,
                    subject: row.try_get("subject")?,
                    detail: row.try_get("detail")?,
                })
            })
            .collect()
    }
}
