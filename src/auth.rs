//! Who comes in, and what they may do. [`Accounts`] is the one handle: users, tokens and sessions are
//! changed through it, each change with its entry in the audit, and every request is checked by it
//! from memory.
//!
//! Tables are `crate::store::accounts`'s; cookies, headers and addresses are the server's. The wall clock
//! comes in as `now`, so that every rule of time can be tried out. No secret is ever in an error, a
//! `Debug` text or a trace.

pub mod accounts;
mod api_token;
pub mod attempts;
pub mod config;
mod directory;
mod jwt;
mod keys;
mod passwords;
pub mod principal;
pub mod secret;

use std::path::PathBuf;

use crate::domain::{SessionId, TokenId, UserName};
use crate::store::accounts::AccountsError;

pub use accounts::sessions::join::JoinError;
pub use accounts::sessions::refresh::RefreshError;
pub use accounts::sessions::sign_in::SignInError;
pub use accounts::sessions::{Origin, PasswordChange, SignedIn};
pub use accounts::tokens::{NewSecret, NewToken};
pub use accounts::users::NewUser;
pub use accounts::{Accounts, NewAudit};
pub use config::{Anonymous, AuthConfig};
pub use passwords::PasswordError;
pub use principal::{Actor, Authority, Denied, Principal};
pub use secret::{Password, Secret};

/// Why accounts could not be opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error(transparent)]
    Store(#[from] AccountsError),
    #[error("{}: {error}", .path.display())]
    KeyFile {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "{}: others may read it (mode {mode:o}), and could sign in as anybody: chmod 600 it, or delete it and everybody signs in anew",
        .path.display()
    )]
    KeysOpen { path: PathBuf, mode: u32 },
    #[error("{}: no signing keys are in it; delete it, and everybody signs in anew", .path.display())]
    NoKeys { path: PathBuf },
    #[error("auth.{key} must be from {least} to {most}")]
    Config {
        key: &'static str,
        least: u64,
        most: u64,
    },
    #[error("an access token could not be signed")]
    Signing,
    #[error(transparent)]
    Hashing(#[from] PasswordError),
    #[error("there is no user {0}")]
    NoUser(UserName),
    #[error("there is no token {0}")]
    NoToken(TokenId),
    #[error("there is no session {0} that goes on")]
    NoSession(SessionId),
    #[error("there is a user {0} already")]
    NameTaken(UserName),
    #[error("{0} is what whoever has not signed in is called: choose another name")]
    NameReserved(UserName),
    #[error("a password has at least {0} characters")]
    PasswordShort(usize),
    #[error("a password has at most {0} bytes")]
    PasswordLong(usize),
    #[error("{0} is the last admin who may sign in")]
    LastAdmin(UserName),
    #[error("a token needs a scope")]
    NoScopes,
    #[error("a token cannot have expired when it is made")]
    ExpiresPast,
    #[error("there may be at most {most} {what}")]
    TooMany { what: &'static str, most: usize },
}

impl AuthError {
    /// Whether the caller asked for something that cannot be, so that asking again does not help.
    pub fn is_mistake(&self) -> bool {
        !matches!(
            self,
            Self::Store(_) | Self::KeyFile { .. } | Self::Signing | Self::Hashing(_)
        )
    }
}
