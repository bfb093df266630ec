//! Hashes of passwords: Argon2id with the parameters that OWASP recommends. A hash takes 19 MiB and some
//! of a processor, so that few are made at a time, away from the threads that serve, and few wait.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::Password;

/// KiB of memory, passes over it, and lanes.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that are made at a time, and how many may wait or be made.
const RUNNING: usize = 2;
const ADMITTED: usize = 64;

/// What the password of somebody who does not exist is held against, for the same time: no password
/// has this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("too many sign in at once: try again in a moment")]
    Busy,
    #[error("a password could not be hashed")]
    Failed,
}

/// Owned by `Accounts`.
pub(super) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    pub(super) fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING)),
            admitted: Arc::new(Semaphore::new(ADMITTED)),
        }
    }

    /// The hash as a PHC string, with a salt of its own.
    pub(super) async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        self.run(move || {
            let hash: phc::PasswordHash = argon2()?
                .hash_password(password.expose().as_bytes())
                .map_err(|_| PasswordError::Failed)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password has this hash; without a hash no, after the same time.
    pub(super) async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.run(move || {
            let hash = hash.as_deref().unwrap_or(NOBODY);
            let hash = phc::PasswordHash::new(hash).map_err(|_| PasswordError::Failed)?;
            let verified = argon2()?.verify_password(password.expose().as_bytes(), &hash);
            Ok(verified.is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| PasswordError::Busy)?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Failed)?;
        // The work goes on when nobody waits for it any more, and so it keeps its places.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((running, admitted));
            result
        });
        done.await.map_err(|_| PasswordError::Failed)?
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|_| PasswordError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::new();
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        let other = passwords.hash(password("correct horse")).await.unwrap();
        assert_ne!(hash, other, "each has its own salt");
        // The part before the salt: somebody who does not exist costs the same.
        let parameters = "$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(
            hash.starts_with(parameters) && NOBODY.starts_with(parameters),
            "{hash}"
        );
        assert_eq!(hash.len(), NOBODY.len());
        let right = passwords.verify(password("correct horse"), Some(hash.clone()));
        assert!(right.await.unwrap());
        assert!(
            !passwords
                .verify(password("wrong"), Some(hash))
                .await
                .unwrap()
        );
        assert!(!passwords.verify(password(""), None).await.unwrap());
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_sent_away() {
        let passwords = Passwords::new();
        let places = Arc::clone(&passwords.admitted);
        let all = places.acquire_many_owned(u32::try_from(ADMITTED).unwrap());
        let all = all.await.unwrap();
        let refused = passwords.hash(password("correct horse")).await;
        assert_eq!(refused, Err(PasswordError::Busy));
        drop(all);
        assert!(passwords.hash(password("correct horse")).await.is_ok());
    }
}
