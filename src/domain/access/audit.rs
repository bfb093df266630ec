//! What was done by whom, kept for ever. An entry never holds a secret.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{UserName, words};
use crate::domain::TimeUs;

/// The place of an entry in the audit: counted from 1, never used twice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct AuditId(pub i64);

impl FromStr for AuditId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

words! {
    /// By what means somebody did something.
    Via "way in" {
        /// Signed in, in a browser or a program.
        Session "session",
        /// With an API token.
        Token "token",
        /// On the command line of the server's machine.
        Cli "cli",
        /// Without having signed in, or the server by itself.
        None "none",
    }
}

words! {
    AuditAction "action" {
        SignedIn "signed_in",
        SignInFailed "sign_in_failed",
        SignedOut "signed_out",
        SignedOutEverywhere "signed_out_everywhere",
        /// A refresh token came again long after it was used: somebody has a copy of it.
        RefreshReused "refresh_reused",
        /// A token was exchanged for a session.
        Joined "joined",
        UserAdded "user_added",
        UserDisabled "user_disabled",
        UserEnabled "user_enabled",
        PasswordChanged "password_changed",
        RoleChanged "role_changed",
        TokenCreated "token_created",
        TokenRevoked "token_revoked",
        /// Ended by somebody else than who was signed in.
        SessionRevoked "session_revoked",
        Order "order",
        OrderAmended "order_amended",
        OrderCancelled "order_cancelled",
        PositionClosed "position_closed",
        Killed "killed",
        Paused "paused",
        Resumed "resumed",
        SettingChanged "setting_changed",
    }
}

/// One thing that was done, or tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    pub id: AuditId,
    /// Wall time.
    pub time: TimeUs,
    /// Absent where nobody had signed in.
    pub who: Option<UserName>,
    pub by: Via,
    /// The IP address that it came from; absent on the command line.
    pub address: Option<String>,
    pub action: AuditAction,
    /// What it was done to: a user, a token, an order.
    pub subject: Option<String>,
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_written_in_snake_case() {
        let entry = AuditEntry {
            id: AuditId(1),
            time: TimeUs(2),
            who: None,
            by: Via::Cli,
            address: None,
            action: AuditAction::SignedOutEverywhere,
            subject: Some("ada".into()),
            detail: None,
        };
        let text = serde_json::to_string(&entry).unwrap();
        assert!(text.contains(r#""by":"cli""#), "{text}");
        assert!(
            text.contains(r#""action":"signed_out_everywhere""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<AuditEntry>(&text).unwrap(), entry);
        for action in AuditAction::ALL {
            assert_eq!(action.as_str().parse::<AuditAction>().unwrap(), *action);
        }
    }
}
