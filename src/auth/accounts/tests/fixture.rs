//! Accounts in a directory of their own, with one user.

use tempfile::TempDir;

use crate::auth::{
    Accounts, Actor, AuthConfig, Authority, NewSecret, NewToken, NewUser, Origin, Password,
    RefreshError, SignedIn,
};
use crate::domain::{Role, SessionId, Standing, TimeUs, UserName};

pub const NOW: TimeUs = TimeUs(1_700_000_040_000_000);
pub const ADDRESS: &str = "192.0.2.1";

/// Where ada sits.
pub fn here() -> Origin {
    Origin {
        address: ADDRESS.parse().unwrap(),
        agent: "a browser".into(),
    }
}

pub fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

pub fn password() -> Password {
    Password::new("correct horse battery".into())
}

pub struct Fixture {
    pub accounts: Accounts,
    pub directory: TempDir,
}

impl Fixture {
    pub async fn empty() -> Self {
        let directory = TempDir::new().unwrap();
        let accounts = Accounts::open(directory.path(), &AuthConfig::default(), NOW)
            .await
            .unwrap();
        Self {
            accounts,
            directory,
        }
    }

    /// With ada, an operator.
    pub async fn new() -> Self {
        let fixture = Self::empty().await;
        let ada = NewUser {
            name: name("ada"),
            role: Role::Operator,
            password: password(),
        };
        let added = fixture.accounts.add_user(ada, &Actor::cli(), NOW).await;
        assert_eq!(added.unwrap().role, Role::Operator);
        fixture
    }

    pub async fn sign_in(&self, now: TimeUs) -> SignedIn {
        self.accounts
            .sign_in("ada", password(), &here(), now)
            .await
            .unwrap()
    }

    pub async fn refresh(&self, session: &SignedIn, now: TimeUs) -> Result<SignedIn, RefreshError> {
        let refresh = session.refresh.expose();
        self.accounts.refresh(refresh, &here(), now).await
    }

    pub async fn token(&self, scopes: &str, expires: Option<TimeUs>) -> NewSecret {
        let new = NewToken {
            user: name("ada"),
            scopes: scopes.parse().unwrap(),
            expires,
            note: "a test".into(),
        };
        self.accounts
            .create_token(new, &Actor::cli(), NOW)
            .await
            .unwrap()
    }

    pub async fn stand(&self, standing: Standing) {
        let ada = name("ada");
        self.accounts
            .set_standing(&ada, standing, &Actor::cli(), NOW)
            .await
            .unwrap();
    }

    pub fn id(session: &SignedIn) -> SessionId {
        match &session.principal.authority {
            Authority::Session { id, .. } => id.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// What was done, oldest first.
    pub async fn actions(&self) -> Vec<String> {
        let page = self.accounts.audit_page(None, 1_000).await.unwrap();
        let actions = page.iter().rev().map(|entry| entry.action.to_string());
        actions.collect()
    }
}
