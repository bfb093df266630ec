//! Signing in with a password. Which of name and password was wrong is not to be found out, neither by what is
//! said nor by how long it takes.

use super::{Origin, PasswordChange, SignedIn, Terms, begin, stranger};
use crate::auth::accounts::users::LONGEST_PASSWORD;
use crate::auth::accounts::{Accounts, NewAudit};
use crate::auth::{Actor, AuthError, Password, PasswordError};
use crate::domain::{AuditAction, Standing, TimeUs, UserName};
use crate::store::accounts::{AccountsError, UserRow};

/// Sessions of a user who signed in that go on; beyond that the ones that were longest unused end.
const MOST: u32 = 50;

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("name or password is wrong")]
    Wrong,
    #[error("too many failed attempts: wait {seconds} s")]
    Wait { seconds: u64 },
    /// Said to nobody who does not know the password.
    #[error("the user is disabled")]
    Disabled,
    #[error("too many sign in at once: try again in a moment")]
    Busy,
    #[error(transparent)]
    Failed(#[from] AuthError),
}

impl From<AccountsError> for SignInError {
    fn from(error: AccountsError) -> Self {
        Self::Failed(error.into())
    }
}

impl Accounts {
    /// Signs a user in with their password.
    ///
    /// # Errors
    /// Name or password is wrong, too many attempts failed, or the user is disabled. Which of name and
    /// password was wrong is not to be found out, by time neither.
    pub async fn sign_in(
        &self,
        name: &str,
        password: Password,
        from: &Origin,
        now: TimeUs,
    ) -> Result<SignedIn, SignInError> {
        let user = self.prove(name, password, from, now).await?;
        self.begin_signed_in(user, from, now).await
    }

    /// Gives a user another password, once the one that they have is known. All their sessions end, and a new
    /// one begins.
    ///
    /// # Errors
    /// As for signing in, or the new password will not do.
    pub async fn change_own_password(
        &self,
        name: &UserName,
        change: PasswordChange,
        by: &Actor,
        from: &Origin,
        now: TimeUs,
    ) -> Result<SignedIn, SignInError> {
        self.prove(name.as_str(), change.current, from, now).await?;
        self.set_password(name, change.new.clone(), by, now).await?;
        self.sign_in(name.as_str(), change.new, from, now).await
    }

    /// The user whose password it is.
    async fn prove(
        &self,
        name: &str,
        password: Password,
        from: &Origin,
        now: TimeUs,
    ) -> Result<UserRow, SignInError> {
        let name: Option<UserName> = name.trim().parse().ok();
        let begun = self
            .0
            .attempts
            .lock()
            .begin(from.address, name.as_ref(), now);
        begun.map_err(|seconds| SignInError::Wait { seconds })?;
        let taken_back = |error: AuthError| {
            let mut attempts = self.0.attempts.lock();
            attempts.take_back(from.address, name.as_ref());
            match error {
                AuthError::Hashing(PasswordError::Busy) => SignInError::Busy,
                error => SignInError::Failed(error),
            }
        };
        let user = match &name {
            Some(name) => self.user(name).await.map_err(taken_back)?,
            None => None,
        };
        let fits = password.expose().len() <= LONGEST_PASSWORD;
        let hash = user
            .as_ref()
            .filter(|_| fits)
            .map(|user| user.password.clone());
        let password = if fits {
            password
        } else {
            Password::new(String::new())
        };
        let verified = self.0.passwords.verify(password, hash).await;
        let is_right = verified.map_err(|error| taken_back(error.into()))?;
        let Some(user) = user.filter(|_| is_right) else {
            return Err(self
                .failed(name.as_ref(), SignInError::Wrong, from, now)
                .await);
        };
        self.0.attempts.lock().succeeded(from.address, &user.name);
        if user.standing == Standing::Disabled {
            let error = SignInError::Disabled;
            return Err(self.failed(Some(&user.name), error, from, now).await);
        }
        Ok(user)
    }

    async fn begin_signed_in(
        &self,
        user: UserRow,
        from: &Origin,
        now: TimeUs,
    ) -> Result<SignedIn, SignInError> {
        let mut tx = self.0.db.begin().await?;
        let current = tx.user_with(user.id).await;
        // While the password was looked at, it may have been changed.
        let current = match current {
            Ok(current) => current.filter(|current| {
                (&current.password, current.standing) == (&user.password, Standing::Active)
            }),
            Err(error) => return tx.settle(Err(error.into())).await,
        };
        let Some(user) = current else {
            return tx.settle(Err(SignInError::Wrong)).await;
        };
        let terms = Terms {
            cap: None,
            token: None,
            expires: now.plus(self.0.config.refresh()),
            most: MOST,
        };
        let begun = begin(&mut tx, user, terms, AuditAction::SignedIn, from, now).await;
        let (session, refresh) = self.settle(&mut tx, begun, now).await?;
        drop(tx);
        Ok(self.signed_in(&session, refresh, now)?)
    }

    /// A user as the database has them now: the command line may just have changed them.
    async fn user(&self, name: &UserName) -> Result<Option<UserRow>, AuthError> {
        let mut tx = self.0.db.read().await?;
        let user = tx.user_named(name).await;
        Ok(tx.settle(user).await?)
    }

    /// Notes a failed attempt. A name that is nobody's is not written down: it may be a password in the
    /// wrong field.
    async fn failed(
        &self,
        name: Option<&UserName>,
        error: SignInError,
        from: &Origin,
        now: TimeUs,
    ) -> SignInError {
        let known = match name {
            Some(name) => self.user(name).await,
            None => Ok(None),
        };
        let subject = match known {
            Ok(user) => user.map(|user| user.name.to_string()),
            Err(error) => return error.into(),
        };
        let attempt = NewAudit {
            time: now,
            by: stranger(from),
            action: AuditAction::SignInFailed,
            subject,
            detail: Some(error.to_string()),
        };
        match self.audit(attempt).await {
            Ok(_) => error,
            Err(error) => error.into(),
        }
    }
}
