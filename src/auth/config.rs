//! `[auth]` of the configuration.

use serde::{Deserialize, Serialize};

use super::AuthError;
use crate::domain::time::{DAY, SECOND};

/// What somebody may do who has not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anonymous {
    /// Look.
    Viewer,
    /// Nothing.
    None,
}

/// `[auth]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// Absent: a viewer where the server listens for this machine alone and the request comes from it, else
    /// nothing.
    pub anonymous: Option<Anonymous>,
    /// Listen for other machines although nothing encrypts what passes: passwords and tokens can be read
    /// on the way.
    pub allow_plaintext: bool,
    /// How long an access token is good for, s.
    pub access_s: u32,
    /// How long a session lasts without being refreshed, days.
    pub refresh_days: u32,
    /// How long a key signs access tokens, days.
    pub key_days: u32,
    /// Characters of the shortest password.
    pub password_min: usize,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            anonymous: None,
            allow_plaintext: false,
            access_s: 900,
            refresh_days: 30,
            key_days: 30,
            password_min: 10,
        }
    }
}

impl AuthConfig {
    /// Whether all of it makes sense.
    ///
    /// # Errors
    /// The first key that does not, with what it may be.
    pub fn check(&self) -> Result<(), AuthError> {
        for (key, value, least, most) in [
            ("access_s", u64::from(self.access_s), 30, 86_400),
            ("refresh_days", u64::from(self.refresh_days), 1, 3_650),
            ("key_days", u64::from(self.key_days), 1, 3_650),
            ("password_min", self.password_min as u64, 1, 256),
        ] {
            if !(least..=most).contains(&value) {
                return Err(AuthError::Config { key, least, most });
            }
        }
        Ok(())
    }

    /// In µs.
    pub(super) fn access(&self) -> i64 {
        i64::from(self.access_s) * SECOND
    }

    /// In µs.
    pub(super) fn refresh(&self) -> i64 {
        i64::from(self.refresh_days) * DAY
    }

    /// In µs.
    pub(super) fn key_life(&self) -> i64 {
        i64::from(self.key_days) * DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_by_default_and_what_is_misspelt_is_an_error() {
        let config: AuthConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(config, AuthConfig::default());
        let open: AuthConfig = serde_json::from_str(r#"{"anonymous":"viewer"}"#).unwrap();
        assert_eq!(open.anonymous, Some(Anonymous::Viewer));
        assert!(serde_json::from_str::<AuthConfig>(r#"{"acess_s":1}"#).is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_limits() {
        assert!(AuthConfig::default().check().is_ok());
        let hasty = AuthConfig {
            key_days: 0,
            ..AuthConfig::default()
        };
        let error = hasty.check().unwrap_err().to_string();
        assert_eq!(error, "auth.key_days must be from 1 to 3650");
    }
}
