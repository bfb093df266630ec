//! Users, tokens and sessions as they are listed: nothing here is a secret.

use serde::{Deserialize, Serialize};

use super::{Role, Scopes, UserName, words};
use crate::domain::{SessionId, TimeUs, TokenId};

words! {
    /// Whether a user may come in.
    Standing "standing" {
        Active "active",
        /// Neither password nor tokens are taken; nothing is deleted.
        Disabled "disabled",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct UserInfo {
    pub name: UserName,
    pub role: Role,
    pub standing: Standing,
    /// Wall time.
    pub made_at: TimeUs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    pub id: TokenId,
    pub user: UserName,
    pub scopes: Scopes,
    pub made_at: TimeUs,
    /// Absent: never.
    pub expires: Option<TimeUs>,
    pub revoked_at: Option<TimeUs>,
    /// What its maker wrote about it; may be empty.
    pub note: String,
}

/// A session that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SessionInfo {
    pub id: SessionId,
    pub user: UserName,
    /// What it allows now.
    pub role: Role,
    pub made_at: TimeUs,
    /// To the minute.
    pub last_seen: TimeUs,
    /// IP address and user agent of where it was last refreshed.
    pub address: String,
    pub agent: String,
    pub expires: TimeUs,
    /// The token that it was exchanged for, where it was.
    pub token: Option<TokenId>,
}
