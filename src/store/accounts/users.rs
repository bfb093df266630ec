//! The table of users.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{AccountsError, Tx, word};
use crate::domain::{Role, Standing, TimeUs, UserId, UserName};

/// A user as they stand in the table.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    pub id: UserId,
    pub name: UserName,
    pub role: Role,
    pub standing: Standing,
    /// The password's hash.
    pub password: String,
    pub made_at: TimeUs,
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRow")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

impl Tx<'_> {
    /// Adds a user, whose id is given by the table whatever the row says. The name must be free.
    pub async fn add_user(&mut self, row: UserRow) -> Result<UserRow, AccountsError> {
        let added = sqlx::query(
            "INSERT INTO users (name, role, standing, password, made_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(row.name.as_str())
        .bind(row.role.as_str())
        .bind(row.standing.as_str())
        .bind(&row.password)
        .bind(row.made_at.micros())
        .execute(self.connection())
        .await?;
        Ok(UserRow {
            id: UserId(added.last_insert_rowid()),
            ..row
        })
    }

    /// Writes role, standing and password of a user who is there.
    pub async fn change_user(&mut self, row: &UserRow) -> Result<(), AccountsError> {
        sqlx::query("UPDATE users SET role = ?, standing = ?, password = ? WHERE id = ?")
            .bind(row.role.as_str())
            .bind(row.standing.as_str())
            .bind(&row.password)
            .bind(row.id.0)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Every user, by name.
    pub async fn users(&mut self) -> Result<Vec<UserRow>, AccountsError> {
        let rows = sqlx::query("SELECT * FROM users ORDER BY name")
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(user).collect()
    }

    pub async fn user_named(&mut self, name: &UserName) -> Result<Option<UserRow>, AccountsError> {
        let row = sqlx::query("SELECT * FROM users WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(self.connection())
            .await?;
        row.as_ref().map(user).transpose()
    }

    pub async fn user_with(&mut self, id: UserId) -> Result<Option<UserRow>, AccountsError> {
        let row = sqlx::query("SELECT * FROM users WHERE id = ?")
            .bind(id.0)
            .fetch_optional(self.connection())
            .await?;
        row.as_ref().map(user).transpose()
    }
}

fn user(row: &SqliteRow) -> Result<UserRow, AccountsError> {
    Ok(UserRow {
        id: UserId(row.try_get("id")?),
        name: word(row, "name")?,
        role: word(row, "role")?,
        standing: word(row, "standing")?,
        password: row.try_get("password")?,
        made_at: TimeUs(row.try_get("made_at")?),
    })
}
