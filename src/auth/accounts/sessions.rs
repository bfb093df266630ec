//! Sessions: how they begin and end. [`sign_in`], [`join`] and [`refresh`] are the ways to one; what it allows
//! is looked up at each check.

pub mod join;
pub mod refresh;
pub mod sign_in;

use std::net::IpAddr;

use super::users::named;
use super::{Accounts, entry, note};
use crate::auth::secret::new_session_id;
use crate::auth::{Actor, AuthError, Authority, Password, Principal, Secret, jwt};
use crate::domain::time::MINUTE;
use crate::domain::{AuditAction, Role, SessionId, SessionInfo, TimeUs, TokenId, UserName, Via};
use crate::store::accounts::{NewSession, SecretHash, SessionRow, Tx, UserRow};

/// Characters of a user agent that are kept.
const LONGEST_AGENT: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub address: IpAddr,
    pub agent: String,
}

/// A password, and the one that is to take its place.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    pub current: Password,
    pub new: Password,
}

/// A session with what its holder needs.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub principal: Principal,
    /// The access token: a JWT.
    pub access: Secret,
    pub access_expires: TimeUs,
    /// Good for one use.
    pub refresh: Secret,
    pub refresh_expires: TimeUs,
}

/// What a session is begun with.
struct Terms {
    cap: Option<Role>,
    token: Option<TokenId>,
    expires: TimeUs,
    most: u32,
}

impl Accounts {
    /// Ends one's own session.
    pub async fn sign_out(
        &self,
        session: &SessionId,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        self.end(session, AuditAction::SignedOut, by, now).await
    }

    /// Ends somebody's session.
    pub async fn end_session(
        &self,
        session: &SessionId,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        self.end(session, AuditAction::SessionRevoked, by, now)
            .await
    }

    /// Ends all sessions of a user.
    pub async fn sign_out_everywhere(
        &self,
        user: &UserName,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        let mut tx = self.0.db.begin().await?;
        let ended = end_all(&mut tx, user, by, now).await;
        self.settle(&mut tx, ended.map(|user| ((), user)), now)
            .await
    }

    /// A user's sessions that go on, the one that was seen last first.
    pub async fn sessions(
        &self,
        user: &UserName,
        now: TimeUs,
    ) -> Result<Vec<SessionInfo>, AuthError> {
        let mut tx = self.0.db.read().await?;
        let found = of_user(&mut tx, user, now).await;
        let (user, sessions) = tx.settle(found).await?;
        Ok(sessions.into_iter().map(|row| info(&user, row)).collect())
    }

    async fn end(
        &self,
        session: &SessionId,
        action: AuditAction,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        let mut tx = self.0.db.begin().await?;
        let ended = end_one(&mut tx, session, action, by, now).await;
        self.settle(&mut tx, ended.map(|user| ((), user)), now)
            .await
    }

    /// The tokens of a session that is in memory by now.
    fn signed_in(
        &self,
        session: &SessionRow,
        refresh: Secret,
        now: TimeUs,
    ) -> Result<SignedIn, AuthError> {
        let keys = self.0.keys.read();
        let until = session.expires.min(now.plus(self.0.config.access()));
        let (access, access_expires) = jwt::issue(&keys, session.user, &session.id, now, until)?;
        let directory = self.0.directory.read();
        let gone = |_| AuthError::NoSession(session.id.clone());
        let mut principal = directory
            .session(&session.id, Some(session.user), None, now)
            .map_err(gone)?;
        // Of a session that is about to end it may have expired by now.
        principal.authority = Authority::Session {
            id: session.id.clone(),
            until: Some(access_expires),
        };
        Ok(SignedIn {
            principal,
            access,
            access_expires,
            refresh,
            refresh_expires: session.expires,
        })
    }
}

/// Whoever has not shown yet who they are.
fn stranger(from: &Origin) -> Actor {
    Actor {
        who: None,
        via: Via::None,
        address: Some(from.address),
    }
}

/// A session with its refresh token, and its user.
type Begun = ((SessionRow, Secret), UserRow);

async fn begin(
    tx: &mut Tx<'_>,
    user: UserRow,
    terms: Terms,
    action: AuditAction,
    from: &Origin,
    now: TimeUs,
) -> Result<Begun, AuthError> {
    let refresh = Secret::random();
    let row = SessionRow {
        id: new_session_id(),
        user: user.id,
        cap: terms.cap,
        made_at: now,
        last_seen: now.floor(MINUTE),
        address: from.address.to_canonical().to_string(),
        agent: agent(from),
        expires: terms.expires,
        token: terms.token,
    };
    let new = NewSession {
        refresh: SecretHash::of(refresh.expose()),
        most: terms.most,
        row: row.clone(),
    };
    tx.add_session(&new).await?;
    let by = Actor {
        who: Some(user.name.clone()),
        via: match row.token {
            Some(_) => Via::Token,
            None => Via::Session,
        },
        address: Some(from.address),
    };
    let mut entry = entry(&by, action, &row.id, now);
    entry.detail = row
        .token
        .as_ref()
        .map(|token| format!("with token {token}"));
    note(tx, entry).await?;
    Ok(((row, refresh), user))
}

async fn end_one(
    tx: &mut Tx<'_>,
    id: &SessionId,
    action: AuditAction,
    by: &Actor,
    now: TimeUs,
) -> Result<UserRow, AuthError> {
    let no_session = || AuthError::NoSession(id.clone());
    let session = tx.session(id, now).await?.ok_or_else(no_session)?;
    let user = tx.user_with(session.user).await?.ok_or_else(no_session)?;
    tx.end_session(id, now).await?;
    let mut entry = entry(by, action, id, now);
    entry.detail = Some(format!("of {}", user.name));
    note(tx, entry).await?;
    Ok(user)
}

async fn end_all(
    tx: &mut Tx<'_>,
    name: &UserName,
    by: &Actor,
    now: TimeUs,
) -> Result<UserRow, AuthError> {
    let user = named(tx, name).await?;
    let ended = tx.end_sessions_of(user.id, now).await?;
    let mut entry = entry(by, AuditAction::SignedOutEverywhere, name, now);
    entry.detail = Some(format!("{ended} sessions"));
    note(tx, entry).await?;
    Ok(user)
}

async fn of_user(
    tx: &mut Tx<'_>,
    name: &UserName,
    now: TimeUs,
) -> Result<(UserRow, Vec<SessionRow>), AuthError> {
    let user = named(tx, name).await?;
    let sessions = tx.sessions_of(user.id, now).await?;
    Ok((user, sessions))
}

/// What the browser or program calls itself, cut, on one line.
fn agent(from: &Origin) -> String {
    let shown = from.agent.chars().filter(|c| !c.is_control());
    shown.take(LONGEST_AGENT).collect()
}

fn info(user: &UserRow, row: SessionRow) -> SessionInfo {
    SessionInfo {
        id: row.id,
        user: user.name.clone(),
        role: row.cap.map_or(user.role, |cap| cap.min(user.role)),
        made_at: row.made_at,
        last_seen: row.last_seen,
        address: row.address,
        agent: row.agent,
        expires: row.expires,
        token: row.token,
    }
}
