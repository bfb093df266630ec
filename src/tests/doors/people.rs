//! Users, sessions and tokens, made from outside the server as the command line makes them.

use plainsight::auth::{
    Accounts, Actor, Authority, NewSecret, NewToken, NewUser, Origin, Password, SignedIn,
};
use plainsight::domain::{Role, Scope, Scopes, SessionId, TimeUs, UserName};
use plainsight::server::clock::wall_time;
use plainsight::wire::form::encoded;
use reqwest::RequestBuilder;

use crate::harness::PASSWORD;

pub const SECOND: i64 = 1_000_000;

pub fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

pub fn here() -> Origin {
    Origin {
        address: "127.0.0.1".parse().unwrap(),
        agent: "a test".to_owned(),
    }
}

/// A form, filled in.
pub trait Filled {
    fn filled(self, fields: &[(&str, &str)]) -> Self;
}

impl Filled for RequestBuilder {
    fn filled(self, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter();
        let pairs = fields.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(pairs.collect::<Vec<_>>().join("&"))
    }
}

/// Now, moved by some seconds.
pub fn in_s(seconds: i64) -> TimeUs {
    wall_time().plus(seconds * SECOND)
}

/// A user whose password is [`PASSWORD`].
pub async fn add(accounts: &Accounts, user: &str, role: Role) {
    add_with(accounts, user, role, PASSWORD).await;
}

pub async fn add_with(accounts: &Accounts, user: &str, role: Role, password: &str) {
    let new = NewUser {
        name: name(user),
        role,
        password: Password::new(password.to_owned()),
    };
    let added = accounts.add_user(new, &Actor::cli(), wall_time()).await;
    added.unwrap();
}

/// A session that began at `now`.
pub async fn sign_in(accounts: &Accounts, user: &str, now: TimeUs) -> SignedIn {
    let password = Password::new(PASSWORD.to_owned());
    let signed_in = accounts.sign_in(user, password, &here(), now).await;
    signed_in.unwrap()
}

/// A token that never expires.
pub async fn token(accounts: &Accounts, user: &str, scopes: &[Scope]) -> NewSecret {
    let new = NewToken {
        user: name(user),
        scopes: Scopes::of(scopes),
        expires: None,
        note: String::new(),
    };
    let made = accounts.create_token(new, &Actor::cli(), wall_time()).await;
    made.unwrap()
}

pub fn session_of(signed_in: &SignedIn) -> SessionId {
    match &signed_in.principal.authority {
        Authority::Session { id, .. } => id.clone(),
        other => panic!("no session but {other:?}"),
    }
}

/// The cookies of a session, as a browser sends them.
pub fn cookies_of(signed_in: &SignedIn) -> String {
    format!(
        "plainsight_access={}; plainsight_refresh={}",
        signed_in.access.expose(),
        signed_in.refresh.expose()
    )
}
