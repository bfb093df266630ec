//! Users, tokens, sessions and the audit, in a database of their own beside the journal: the command
//! line changes it while the server runs. All of its SQL is here; what it means is decided in
//! `crate::auth`.
//!
//! Whatever changes something goes through a [`Tx`], which is written whole or not at all.

mod audit;
mod housekeeping;
mod sessions;
mod tokens;
mod users;

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Connection as _, Row as _, SqliteConnection};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Mutex, MutexGuard};

use crate::domain::TimeUs;

pub use audit::AuditRow;
pub use housekeeping::Horizons;
pub use sessions::{NewSession, RefreshRow, SessionRow};
pub use tokens::TokenRow;
pub use users::UserRow;

/// The file in the data directory.
const FILE: &str = "accounts.db";
/// How long a change waits for one of another process.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("{}: {error}", .path.display())]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("accounts: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("accounts: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("accounts: {what} cannot be read")]
    Content { what: &'static str },
}

/// What is kept of a secret: its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Takes the same time whatever the answer is.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn read(row: &SqliteRow) -> Result<Self, AccountsError> {
        let bytes: Vec<u8> = row.try_get("secret")?;
        let what = "a secret's hash";
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| AccountsError::Content { what })
    }
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// A user with all that is theirs: tokens, also ended ones, and the sessions that go on.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRows {
    pub user: UserRow,
    pub tokens: Vec<TokenRow>,
    pub sessions: Vec<SessionRow>,
}

/// The database, over one connection of this process.
#[derive(Debug)]
pub struct AccountsDb {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    connection: SqliteConnection,
    /// A transaction was begun, and is not known to have ended.
    is_open: bool,
    /// A transaction was left before its end was known: it may have been committed.
    is_doubtful: bool,
    /// SQLite's count of other processes' commits, when everything was last read.
    version: i64,
}

impl AccountsDb {
    /// Opens or makes the database in `directory`, for its owner's eyes only.
    pub async fn open(directory: &Path) -> Result<Self, AccountsError> {
        let path = directory.join(FILE);
        let failed = |error| AccountsError::File {
            path: path.clone(),
            error,
        };
        super::make_directory(directory).map_err(failed)?;
        make_private(&path).map_err(failed)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .foreign_keys(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        // Two processes may open a new database at once: the second waits, and finds all done.
        let mut migration = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::migrate!("src/store/accounts/migrations")
            .run(&mut *migration)
            .await?;
        migration.commit().await?;
        let inner = Inner {
            connection,
            is_open: false,
            is_doubtful: false,
            version: 0,
        };
        Ok(Self {
            inner: Mutex::new(inner),
        })
    }

    /// Whether there are accounts in this directory.
    pub fn is_in(directory: &Path) -> bool {
        directory.join(FILE).is_file()
    }

    /// Begins a change. Others, of this process or another, wait until it ends.
    pub async fn begin(&self) -> Result<Tx<'_>, AccountsError> {
        self.transaction("BEGIN IMMEDIATE").await
    }

    /// Begins to read: all that is read is of one moment.
    pub async fn read(&self) -> Result<Tx<'_>, AccountsError> {
        self.transaction("BEGIN").await
    }

    /// Not by sqlx's own transactions, for the reasons that the journal has.
    async fn transaction(&self, begin: &'static str) -> Result<Tx<'_>, AccountsError> {
        let mut inner = self.lock().await;
        let version = inner.data_version().await?;
        inner.is_open = true;
        sqlx::query(begin).execute(&mut inner.connection).await?;
        Ok(Tx { inner, version })
    }

    /// Whether something may have been committed that was not read by [`Tx::everything`] nor
    /// written here.
    pub async fn has_news(&self) -> Result<bool, AccountsError> {
        let mut inner = self.lock().await;
        Ok(inner.data_version().await? != inner.version || inner.is_doubtful)
    }

    /// The connection, in no transaction.
    async fn lock(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().await;
        if inner.is_open {
            // Fails where the commit went through, or SQLite has rolled back by itself.
            let _ = sqlx::query("ROLLBACK").execute(&mut inner.connection).await;
            inner.is_open = false;
        }
        inner
    }

    /// Closes the database: its log is written back into the file.
    pub async fn close(self) -> Result<(), AccountsError> {
        Ok(self.inner.into_inner().connection.close().await?)
    }
}

impl Inner {
    async fn data_version(&mut self) -> Result<i64, AccountsError> {
        let version = sqlx::query_scalar("PRAGMA data_version");
        Ok(version.fetch_one(&mut self.connection).await?)
    }
}

/// A transaction. Dropped before [`Tx::settle`], it has changed nothing.
#[derive(Debug)]
pub struct Tx<'a> {
    inner: MutexGuard<'a, Inner>,
    version: i64,
}

impl Tx<'_> {
    fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.inner.connection
    }

    async fn commit(&mut self) -> Result<(), AccountsError> {
        let was_doubtful = self.inner.is_doubtful;
        // Whoever waits may be gone before the answer comes.
        self.inner.is_doubtful = true;
        sqlx::query("COMMIT").execute(self.connection()).await?;
        self.inner.is_open = false;
        self.inner.is_doubtful = was_doubtful;
        Ok(())
    }

    /// Makes durable what went well and takes back what did not, so that no refused change holds others up.
    /// In this process nobody else writes before the transaction is dropped: what is kept in memory can
    /// be brought up to it in order.
    pub async fn settle<T, E: From<AccountsError>>(
        &mut self,
        result: Result<T, E>,
    ) -> Result<T, E> {
        if result.is_ok() {
            self.commit().await?;
        } else {
            // Fails where SQLite has rolled back by itself; what went wrong is told already.
            let _ = sqlx::query("ROLLBACK").execute(self.connection()).await;
            self.inner.is_open = false;
        }
        result
    }

    /// Every user with all that is theirs, as of `now`.
    pub async fn everything(&mut self, now: TimeUs) -> Result<Vec<UserRows>, AccountsError> {
        let mut all = Vec::new();
        for user in self.users().await? {
            all.push(self.with_all(user, now).await?);
        }
        self.inner.version = self.version;
        self.inner.is_doubtful = false;
        Ok(all)
    }

    /// What is a user's, as of `now`.
    pub async fn with_all(
        &mut self,
        user: UserRow,
        now: TimeUs,
    ) -> Result<UserRows, AccountsError> {
        Ok(UserRows {
            tokens: self.tokens_of(user.id).await?,
            sessions: self.sessions_of(user.id, now).await?,
            user,
        })
    }
}

/// SQLite gives its other files the mode of this one. A file that is there is never opened here: closing it
/// would drop the locks that SQLite holds on it in this process.
fn make_private(path: &Path) -> std::io::Result<()> {
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mode = fs::metadata(path)?.permissions().mode();
            if mode & 0o077 == 0 {
                return Ok(());
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        }
        Err(error) => Err(error),
    }
}

/// A word of a column.
fn word<T: std::str::FromStr>(row: &SqliteRow, column: &'static str) -> Result<T, AccountsError> {
    let text: String = row.try_get(column)?;
    text.parse()
        .map_err(|_| AccountsError::Content { what: column })
}

fn optional_word<T: std::str::FromStr>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, AccountsError> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse())
        .transpose()
        .map_err(|_| AccountsError::Content { what: column })
}

#[cfg(test)]
mod tests;
