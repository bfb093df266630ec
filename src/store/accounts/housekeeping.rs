//! What is of no use any more is deleted, a bounded part at a time. The audit is not touched.

use super::{AccountsError, Tx};
use crate::domain::TimeUs;

/// Rows of each table that are deleted at once.
const PART: i64 = 500;

/// Until when things are of use.
#[derive(Debug, Clone, Copy)]
pub struct Horizons {
    /// Sessions that ended, or would have, before this are deleted with their refresh tokens.
    pub sessions: TimeUs,
    /// Refresh tokens that were used before this.
    pub refreshes: TimeUs,
    /// Tokens that expired or were revoked before this.
    pub tokens: TimeUs,
}

impl Tx<'_> {
    /// Deletes what is older than the horizons; says how much.
    pub async fn tidy(&mut self, horizons: Horizons) -> Result<u64, AccountsError> {
        let parts = [
            (
                "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions
                   WHERE min(expires, coalesce(ended_at, expires)) < ? LIMIT ?)",
                horizons.sessions,
            ),
            (
                "DELETE FROM refreshes WHERE id IN (SELECT id FROM refreshes WHERE used_at < ? LIMIT ?)",
                horizons.refreshes,
            ),
            (
                "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens
                   WHERE min(coalesce(expires, revoked_at), coalesce(revoked_at, expires)) < ?
                     AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.token = tokens.id) LIMIT ?)",
                horizons.tokens,
            ),
        ];
        let mut deleted = 0;
        for (statement, before) in parts {
            let done = sqlx::query(statement)
                .bind(before.micros())
                .bind(PART)
                .execute(self.connection())
                .await?;
            deleted += done.rows_affected();
        }
        Ok(deleted)
    }
}
