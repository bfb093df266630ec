//! The tables of sessions and of the refresh tokens that carry them on.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{AccountsError, SecretHash, Tx, optional_word, word};
use crate::domain::{Role, SessionId, TimeUs, TokenId, UserId};

/// Refresh tokens of one session that are kept, used ones among them.
const REFRESHES_KEPT: i64 = 5_000;

/// A session that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    pub id: SessionId,
    pub user: UserId,
    /// The most that it allows; `None`: all that its user's role does.
    pub cap: Option<Role>,
    pub made_at: TimeUs,
    pub last_seen: TimeUs,
    pub address: String,
    pub agent: String,
    pub expires: TimeUs,
    /// The token that it was exchanged for.
    pub token: Option<TokenId>,
}

/// A session to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub row: SessionRow,
    /// Its first refresh token.
    pub refresh: SecretHash,
    /// Sessions of its kind that its user may have: beyond that, those that were longest unused end.
    pub most: u32,
}

/// A refresh token as it stands in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshRow {
    pub id: i64,
    pub session: SessionId,
    pub issued: TimeUs,
    pub used_at: Option<TimeUs>,
}

impl Tx<'_> {
    pub async fn add_session(&mut self, new: &NewSession) -> Result<(), AccountsError> {
        let row = &new.row;
        sqlx::query(
            "INSERT INTO sessions (id, user, cap, made_at, last_seen, address, agent, expires, token)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.as_str())
        .bind(row.user.0)
        .bind(row.cap.map(Role::as_str))
        .bind(row.made_at.micros())
        .bind(row.last_seen.micros())
        .bind(&row.address)
        .bind(&row.agent)
        .bind(row.expires.micros())
        .bind(row.token.as_ref().map(TokenId::as_str))
        .execute(self.connection())
        .await?;
        sqlx::query(
            "UPDATE sessions SET ended_at = ?1 WHERE id IN (
               SELECT id FROM sessions
               WHERE user = ?2 AND ended_at IS NULL AND expires > ?1 AND (token IS NULL) = ?3
               ORDER BY id = ?4 DESC, last_seen DESC, made_at DESC LIMIT -1 OFFSET ?5)",
        )
        .bind(row.made_at.micros())
        .bind(row.user.0)
        .bind(row.token.is_none())
        .bind(row.id.as_str())
        .bind(i64::from(new.most))
        .execute(self.connection())
        .await?;
        self.add_refresh(&row.id, &new.refresh, row.made_at).await?;
        Ok(())
    }

    /// A user's sessions that go on, in the order in which they were last seen, newest first.
    pub async fn sessions_of(
        &mut self,
        user: UserId,
        now: TimeUs,
    ) -> Result<Vec<SessionRow>, AccountsError> {
        let rows = sqlx::query(
            "SELECT * FROM sessions WHERE user = ? AND ended_at IS NULL AND expires > ?
             ORDER BY last_seen DESC, made_at DESC",
        )
        .bind(user.0)
        .bind(now.micros())
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(session).collect()
    }

    /// A session, if it goes on.
    pub async fn session(
        &mut self,
        id: &SessionId,
        now: TimeUs,
    ) -> Result<Option<SessionRow>, AccountsError> {
        let row =
            sqlx::query("SELECT * FROM sessions WHERE id = ? AND ended_at IS NULL AND expires > ?")
                .bind(id.as_str())
                .bind(now.micros())
                .fetch_optional(self.connection())
                .await?;
        row.as_ref().map(session).transpose()
    }

    pub async fn end_session(&mut self, id: &SessionId, now: TimeUs) -> Result<(), AccountsError> {
        sqlx::query("UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL")
            .bind(now.micros())
            .bind(id.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Ends all sessions of a user; says how many there were.
    pub async fn end_sessions_of(
        &mut self,
        user: UserId,
        now: TimeUs,
    ) -> Result<u64, AccountsError> {
        let ended = sqlx::query(
            "UPDATE sessions SET ended_at = ?1 WHERE user = ?2 AND ended_at IS NULL AND expires > ?1",
        )
        .bind(now.micros())
        .bind(user.0)
        .execute(self.connection())
        .await?;
        Ok(ended.rows_affected())
    }

    /// Carries a session on: when and from where it was seen, and how long it lasts now.
    pub async fn carry_on(&mut self, row: &SessionRow) -> Result<(), AccountsError> {
        sqlx::query(
            "UPDATE sessions SET last_seen = ?, address = ?, agent = ?, expires = ? WHERE id = ?",
        )
        .bind(row.last_seen.micros())
        .bind(&row.address)
        .bind(&row.agent)
        .bind(row.expires.micros())
        .bind(row.id.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Notes when sessions were last seen.
    pub async fn note_seen(&mut self, seen: &[(SessionId, TimeUs)]) -> Result<(), AccountsError> {
        for (id, time) in seen {
            sqlx::query("UPDATE sessions SET last_seen = max(last_seen, ?) WHERE id = ?")
                .bind(time.micros())
                .bind(id.as_str())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    pub async fn refresh_token(
        &mut self,
        secret: &SecretHash,
    ) -> Result<Option<RefreshRow>, AccountsError> {
        let row =
            sqlx::query("SELECT id, session, issued, used_at FROM refreshes WHERE secret = ?")
                .bind(secret.bytes())
                .fetch_optional(self.connection())
                .await?;
        let Some(row) = row else { return Ok(None) };
        let used_at: Option<i64> = row.try_get("used_at")?;
        Ok(Some(RefreshRow {
            id: row.try_get("id")?,
            session: word(&row, "session")?,
            issued: TimeUs(row.try_get("issued")?),
            used_at: used_at.map(TimeUs),
        }))
    }

    /// Exchanges a refresh token for another one. Only its first exchange is noted.
    pub async fn exchange_refresh(
        &mut self,
        used: &RefreshRow,
        successor: &SecretHash,
        now: TimeUs,
    ) -> Result<(), AccountsError> {
        let next = self.add_refresh(&used.session, successor, now).await?;
        sqlx::query(
            "UPDATE refreshes SET used_at = ?, successor = ? WHERE id = ? AND used_at IS NULL",
        )
        .bind(now.micros())
        .bind(next)
        .bind(used.id)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn add_refresh(
        &mut self,
        session: &SessionId,
        secret: &SecretHash,
        now: TimeUs,
    ) -> Result<i64, AccountsError> {
        let added = sqlx::query("INSERT INTO refreshes (secret, session, issued) VALUES (?, ?, ?)")
            .bind(secret.bytes())
            .bind(session.as_str())
            .bind(now.micros())
            .execute(self.connection())
            .await?;
        sqlx::query(
            "DELETE FROM refreshes WHERE session = ?1 AND id <=
               (SELECT id FROM refreshes WHERE session = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )
        .bind(session.as_str())
        .bind(REFRESHES_KEPT)
        .execute(self.connection())
        .await?;
        Ok(added.last_insert_rowid())
    }
}

fn session(row: &SqliteRow) -> Result<SessionRow, AccountsError> {
    Ok(SessionRow {
        id: word(row, "id")?,
        user: UserId(row.try_get("user")?),
        cap: optional_word(row, "cap")?,
        made_at: TimeUs(row.try_get("made_at")?),
        last_seen: TimeUs(row.try_get("last_seen")?),
        address: row.try_get("address")?,
        agent: row.try_get("agent")?,
        expires: TimeUs(row.try_get("expires")?),
        token: optional_word(row, "token")?,
    })
}
