//! The one handle to users, tokens, sessions and the audit. Checks are answered from memory; whatever
//! changes something is in the database, with its entry in the audit, before it is in memory.

pub mod sessions;
pub mod tokens;
pub mod users;
mod watching;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::attempts::Attempts;
use super::directory::Directory;
use super::keys::Keys;
use super::passwords::Passwords;
use super::{Actor, AuthConfig, AuthError, Authority, Denied, Principal, api_token, jwt};
use crate::domain::{AuditAction, AuditEntry, AuditId, Role, TimeUs};
use crate::store::accounts::{AccountsDb, AccountsError, AuditRow, Tx, UserRow, UserRows};

/// The longest text that may be a token, in bytes.
const LONGEST_BEARER: usize = 4_096;
/// Entries of the audit that are given at once.
const AUDIT_PAGE: u32 = 1_000;
/// Characters of a subject and of a detail in the audit: more is cut.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_DETAIL: usize = 2_000;

/// Users, tokens, sessions and the audit of one data directory. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Shared>);

struct Shared {
    data: PathBuf,
    config: AuthConfig,
    db: AccountsDb,
    passwords: Passwords,
    keys: RwLock<Keys>,
    directory: RwLock<Directory>,
    attempts: Mutex<Attempts>,
    changes: watch::Sender<u64>,
}

/// What is to be written into the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudit {
    /// Wall time.
    pub time: TimeUs,
    pub by: Actor,
    pub action: AuditAction,
    pub subject: Option<String>,
    /// For people; never a secret.
    pub detail: Option<String>,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts")
            .field("data", &self.0.data)
            .finish_non_exhaustive()
    }
}

impl Accounts {
    /// Opens or makes the accounts of a data directory. Other processes may have them open as well.
    ///
    /// # Errors
    /// The configuration makes no sense, database or keys cannot be read or written, or others may read the
    /// keys.
    pub async fn open(data: &Path, config: &AuthConfig, now: TimeUs) -> Result<Self, AuthError> {
        config.check()?;
        let db = AccountsDb::open(data).await?;
        let mut tx = db.begin().await?;
        // Within a transaction, so that no two processes make keys at once.
        let keys = Keys::open(data, config, now);
        let keys = tx.settle(keys).await?;
        drop(tx);
        let shared = Shared {
            data: data.to_owned(),
            config: config.clone(),
            db,
            passwords: Passwords::new(),
            keys: RwLock::new(keys),
            directory: RwLock::default(),
            attempts: Mutex::default(),
            changes: watch::Sender::new(0),
        };
        let accounts = Self(Arc::new(shared));
        accounts.reload(now).await?;
        Ok(accounts)
    }

    /// Closes the database if this is the last handle.
    pub async fn close(self) -> Result<(), AuthError> {
        match Arc::into_inner(self.0) {
            Some(shared) => Ok(shared.db.close().await?),
            None => Ok(()),
        }
    }

    /// Whether there are accounts in this directory.
    pub fn are_in(data: &Path) -> bool {
        AccountsDb::is_in(data)
    }

    /// Who shows this access token or API token.
    ///
    /// # Errors
    /// Why it is not good.
    pub fn check(&self, bearer: &str, now: TimeUs) -> Result<Principal, Denied> {
        if bearer.len() > LONGEST_BEARER {
            return Err(Denied::Malformed);
        }
        if api_token::is_one(bearer) {
            let (id, secret) = api_token::read(bearer).ok_or(Denied::Malformed)?;
            return self.0.directory.read().token(&id, Some(&secret), now);
        }
        let said = jwt::read(&self.0.keys.read(), bearer, now)?;
        let directory = self.0.directory.read();
        directory.session(&said.session, Some(said.user), Some(said.expires), now)
    }

    /// Whether what was once checked still holds, and for what.
    ///
    /// # Errors
    /// Why it does not.
    pub fn still_holds(&self, authority: &Authority, now: TimeUs) -> Result<Principal, Denied> {
        match authority {
            // Where it was given it is given: the configuration does not change.
            Authority::Anonymous => Ok(Principal::anonymous(Role::Viewer)),
            Authority::Session { id, until } => {
                self.0.directory.read().session(id, None, *until, now)
            }
            Authority::Token { id } => self.0.directory.read().token(id, None, now),
        }
    }

    /// Ticks when a check that went well may go otherwise now. Time that passes does not tick: an
    /// authority ends by itself as well.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Writes an entry into the audit.
    pub async fn audit(&self, entry: NewAudit) -> Result<AuditId, AuthError> {
        let mut tx = self.0.db.begin().await?;
        let written = tx.add_audit(&row(entry)).await;
        Ok(tx.settle(written).await?)
    }

    /// The newest entries of the audit before one, newest first; at most 1,000.
    pub async fn audit_page(
        &self,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError> {
        let mut tx = self.0.db.read().await?;
        let page = tx.audit_page(before, limit.min(AUDIT_PAGE)).await;
        Ok(tx.settle(page).await?)
    }

    /// Ends a change of one user's: what was done is committed, and in memory before anybody else changes
    /// anything.
    async fn settle<T>(
        &self,
        tx: &mut Tx<'_>,
        done: Result<(T, UserRow), AuthError>,
        now: TimeUs,
    ) -> Result<T, AuthError> {
        let done = match done {
            Ok((value, user)) => tx
                .with_all(user, now)
                .await
                .map(|rows| (value, rows))
                .map_err(AuthError::from),
            Err(error) => Err(error),
        };
        let (value, rows): (T, UserRows) = tx.settle(done).await?;
        let is_changed = self.0.directory.write().replace(rows);
        if is_changed {
            self.tell();
        }
        Ok(value)
    }

    /// Takes in all that is in the database.
    async fn reload(&self, now: TimeUs) -> Result<(), AccountsError> {
        let mut tx = self.0.db.read().await?;
        let all = tx.everything(now).await;
        let all = tx.settle(all).await?;
        let is_changed = self.0.directory.write().replace_all(all);
        if is_changed {
            self.tell();
        }
        Ok(())
    }

    fn tell(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }
}

/// An entry as it is written: cut to what fits.
fn row(entry: NewAudit) -> AuditRow {
    let cut = |text: Option<String>, longest: usize| {
        text.map(|text| text.chars().take(longest).collect())
    };
    AuditRow {
        time: entry.time,
        who: entry.by.who,
        by: entry.by.via,
        address: entry
            .by
            .address
            .map(|address| address.to_canonical().to_string()),
        action: entry.action,
        subject: cut(entry.subject, LONGEST_SUBJECT),
        detail: cut(entry.detail, LONGEST_DETAIL),
    }
}

/// An entry about a subject.
fn entry(by: &Actor, action: AuditAction, subject: impl ToString, now: TimeUs) -> NewAudit {
    NewAudit {
        time: now,
        by: by.clone(),
        action,
        subject: Some(subject.to_string()),
        detail: None,
    }
}

/// Writes an entry within a change.
async fn note(tx: &mut Tx<'_>, entry: NewAudit) -> Result<(), AuthError> {
    tx.add_audit(&row(entry)).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
