//! Who asks, by what right, and why somebody is turned away.

use std::net::IpAddr;

use crate::domain::{Role, Scope, Scopes, SessionId, TimeUs, TokenId, UserName, Via};

/// Who asks, as of the moment of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `anonymous` for whoever has not signed in.
    pub name: UserName,
    /// The most that is allowed; of a token never more than its scopes are good for.
    pub role: Role,
    /// What a token may do, no more than its user's role allows, or a session that was joined by one; `None`
    /// for a person's session: all that its role does.
    pub scopes: Option<Scopes>,
    pub authority: Authority,
}

/// By what right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    Anonymous,
    Session {
        id: SessionId,
        /// When the access token that was shown expires; `None`: as long as the session goes on.
        until: Option<TimeUs>,
    },
    Token {
        id: TokenId,
    },
}

impl Principal {
    /// Somebody who has not signed in.
    pub fn anonymous(role: Role) -> Self {
        Self {
            name: UserName::anonymous(),
            role,
            scopes: None,
            authority: Authority::Anonymous,
        }
    }

    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }

    /// Whether what the scope stands for is allowed. A token for reports alone may not even read.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes
            .unwrap_or_else(|| self.role.scopes())
            .contains(scope)
    }

    /// The same for as long as the session goes on: for a browser, whose cookie is refreshed while its
    /// socket stays open.
    pub fn as_long_as_the_session(mut self) -> Self {
        if let Authority::Session { until, .. } = &mut self.authority {
            *until = None;
        }
        self
    }

    /// Whoever does something, for the audit.
    pub fn actor(&self, address: Option<IpAddr>) -> Actor {
        let (who, via) = match &self.authority {
            Authority::Anonymous => (None, Via::None),
            Authority::Session { .. } => (Some(self.name.clone()), Via::Session),
            Authority::Token { .. } => (Some(self.name.clone()), Via::Token),
        };
        Actor { who, via, address }
    }
}

/// Who does something, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub who: Option<UserName>,
    pub via: Via,
    pub address: Option<IpAddr>,
}

impl Actor {
    /// Whoever has the server's machine in hand.
    pub fn cli() -> Self {
        Self {
            who: None,
            via: Via::Cli,
            address: None,
        }
    }
}

/// Why somebody is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("this is no token")]
    Malformed,
    #[error("this token is not one of ours")]
    Unknown,
    #[error("this token has expired")]
    Expired,
    #[error("this token was revoked, or its session has ended")]
    Revoked,
    #[error("the user is disabled")]
    Disabled,
}
