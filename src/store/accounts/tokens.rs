//! The table of API tokens.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{AccountsError, SecretHash, Tx, word};
use crate::domain::{Scopes, TimeUs, TokenId, UserId};

/// A token as it stands in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRow {
    pub id: TokenId,
    pub user: UserId,
    pub secret: SecretHash,
    pub scopes: Scopes,
    pub made_at: TimeUs,
    /// `None`: never.
    pub expires: Option<TimeUs>,
    pub revoked_at: Option<TimeUs>,
    pub note: String,
}

impl Tx<'_> {
    pub async fn add_token(&mut self, row: &TokenRow) -> Result<(), AccountsError> {
        sqlx::query(
            "INSERT INTO tokens (id, user, secret, scopes, made_at, expires, revoked_at, note)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.as_str())
        .bind(row.user.0)
        .bind(row.secret.bytes())
        .bind(row.scopes.to_string())
        .bind(row.made_at.micros())
        .bind(row.expires.map(TimeUs::micros))
        .bind(row.revoked_at.map(TimeUs::micros))
        .bind(&row.note)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Revokes a token and ends the sessions that it was exchanged for.
    pub async fn revoke_token(&mut self, id: &TokenId, now: TimeUs) -> Result<(), AccountsError> {
        for statement in [
            "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            "UPDATE sessions SET ended_at = ? WHERE token = ? AND ended_at IS NULL",
        ] {
            sqlx::query(statement)
                .bind(now.micros())
                .bind(id.as_str())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    pub async fn token(&mut self, id: &TokenId) -> Result<Option<TokenRow>, AccountsError> {
        let row = sqlx::query("SELECT * FROM tokens WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(self.connection())
            .await?;
        row.as_ref().map(token).transpose()
    }

    /// A user's tokens, also ended ones, oldest first.
    pub async fn tokens_of(&mut self, user: UserId) -> Result<Vec<TokenRow>, AccountsError> {
        let rows = sqlx::query("SELECT * FROM tokens WHERE user = ? ORDER BY made_at, id")
            .bind(user.0)
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(token).collect()
    }
}

fn token(row: &SqliteRow) -> Result<TokenRow, AccountsError> {
    let expires: Option<i64> = row.try_get("expires")?;
    let revoked_at: Option<i64> = row.try_get("revoked_at")?;
    Ok(TokenRow {
        id: word(row, "id")?,
        user: UserId(row.try_get("user")?),
        secret: SecretHash::read(row)?,
        scopes: word(row, "scopes")?,
        made_at: TimeUs(row.try_get("made_at")?),
        expires: expires.map(TimeUs),
        revoked_at: revoked_at.map(TimeUs),
        note: row.try_get("note")?,
    })
}
