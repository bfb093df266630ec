//! Sessions: signing in, being carried on by refresh tokens, joining with a token, and ending. What a
//! session may do is looked up at each check; here is only who has one.

use std::net::IpAddr;

use super::users::{LONGEST_PASSWORD, named};
use super::{Accounts, NewAudit, entry, note};
use crate::auth::passwords::PasswordError;
use crate::auth::secret::new_session_id;
use crate::auth::{Actor, AuthError, Authority, Denied, Password, Principal, Secret, jwt};
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{
    AuditAction, Role, Scope, SessionId, SessionInfo, Standing, TimeUs, TokenId, UserName, Via,
};
use crate::store::accounts::{
    AccountsError, NewSession, RefreshRow, SecretHash, SessionRow, Tx, UserRow,
};

/// How long a refresh token that was used is taken once more, µs: two pages of one browser may refresh at the
/// same time.
const GRACE: i64 = 10 * SECOND;
/// Sessions of a user that go on, signed in and joined with tokens; beyond that the ones that were longest
/// unused end.
const MOST_SIGNED_IN: u32 = 50;
const MOST_JOINED: u32 = 1_000;
/// Characters of a user agent that are kept.
const LONGEST_AGENT: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub address: IpAddr,
    pub agent: String,
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

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("this is no refresh token of ours")]
    Unknown,
    #[error("this refresh token has expired")]
    Expired,
    #[error("the session has ended")]
    Ended,
    #[error("this refresh token was used before: its session has been ended, sign in again")]
    Reused,
    #[error("the user is disabled")]
    Disabled,
    #[error(transparent)]
    Failed(#[from] AuthError),
}

#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("only an API token can be joined with")]
    NotAToken,
    #[error("the token has no scope to read")]
    MayNotRead,
    #[error(transparent)]
    Failed(#[from] AuthError),
}

impl From<AccountsError> for SignInError {
    fn from(error: AccountsError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<AccountsError> for RefreshError {
    fn from(error: AccountsError) -> Self {
        Self::Failed(error.into())
    }
}

/// What a session is begun with.
struct Terms {
    cap: Option<Role>,
    token: Option<TokenId>,
    expires: TimeUs,
    most: u32,
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
        self.begin_signed_in(user, from, now).await
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
            most: MOST_SIGNED_IN,
        };
        let begun = begin(&mut tx, user, terms, AuditAction::SignedIn, from, now).await;
        let (session, refresh) = self.settle(&mut tx, begun, now).await?;
        drop(tx);
        Ok(self.signed_in(&session, refresh, now)?)
    }

    /// Carries a session on with its refresh token, which is good for one use. Used again within 10 s it gives
    /// another one; later somebody has a copy of it, and the session ends.
    pub async fn refresh(
        &self,
        refresh: &str,
        from: &Origin,
        now: TimeUs,
    ) -> Result<SignedIn, RefreshError> {
        let hash = SecretHash::of(refresh);
        let mut tx = self.0.db.begin().await?;
        let carried = carry_on(&mut tx, &hash, self.0.config.refresh(), from, now).await;
        let (carried, user) = match carried {
            Ok(carried) => carried,
            Err(error) => return tx.settle(Err(error)).await,
        };
        let carried = self.settle(&mut tx, Ok((carried, user)), now).await?;
        drop(tx);
        let (session, refresh) = carried.ok_or(RefreshError::Reused)?;
        Ok(self.signed_in(&session, refresh, now)?)
    }

    /// Exchanges a token that may read for a viewer's session, which ends with the token.
    pub async fn join(
        &self,
        token: &str,
        from: &Origin,
        now: TimeUs,
    ) -> Result<SignedIn, JoinError> {
        let principal = self.check(token, now)?;
        let Authority::Token { id } = &principal.authority else {
            return Err(JoinError::NotAToken);
        };
        if !principal.has(Scope::Read) {
            return Err(JoinError::MayNotRead);
        }
        let mut tx = self.0.db.begin().await.map_err(AuthError::from)?;
        let begun = join_in(&mut tx, id, self.0.config.refresh(), from, now).await;
        let begun = match begun {
            Ok(Some(begun)) => Ok(begun),
            // Since the check it was revoked by another process.
            Ok(None) => {
                let nothing: Result<(), AuthError> = Ok(());
                tx.settle(nothing).await?;
                return Err(Denied::Revoked.into());
            }
            Err(error) => Err(error),
        };
        let (session, refresh) = self.settle(&mut tx, begun, now).await?;
        drop(tx);
        Ok(self.signed_in(&session, refresh, now)?)
    }

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
        let principal = directory
            .session(&session.id, Some(session.user), Some(access_expires), now)
            .map_err(gone)?;
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

fn actor(user: &UserRow, from: &Origin) -> Actor {
    Actor {
        who: Some(user.name.clone()),
        via: Via::Session,
        address: Some(from.address),
    }
}

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
    let mut entry = entry(&actor(&user, from), action, &row.id, now);
    entry.detail = row
        .token
        .as_ref()
        .map(|token| format!("with token {token}"));
    note(tx, entry).await?;
    Ok(((row, refresh), user))
}

/// A session with its new refresh token, and its user; without a session if it was ended for a refresh token that
/// came again too late.
type Carried = (Option<(SessionRow, Secret)>, UserRow);

async fn carry_on(
    tx: &mut Tx<'_>,
    hash: &SecretHash,
    lasts: i64,
    from: &Origin,
    now: TimeUs,
) -> Result<Carried, RefreshError> {
    let used: RefreshRow = tx.refresh_token(hash).await?.ok_or(RefreshError::Unknown)?;
    let session = tx.session(&used.session, now).await?;
    let mut session = session.ok_or(RefreshError::Ended)?;
    let user = tx.user_with(session.user).await?;
    let user = user.ok_or(RefreshError::Ended)?;
    if user.standing == Standing::Disabled {
        return Err(RefreshError::Disabled);
    }
    if used.used_at.is_some_and(|at| now.since(at) > GRACE) {
        tx.end_session(&session.id, now).await?;
        let mut entry = entry(
            &stranger(from),
            AuditAction::RefreshReused,
            &session.id,
            now,
        );
        entry.detail = Some(format!("of {}; the session was ended", user.name));
        note(tx, entry).await?;
        return Ok((None, user));
    }
    if now.since(used.issued) >= lasts {
        return Err(RefreshError::Expired);
    }
    let refresh = Secret::random();
    let successor = SecretHash::of(refresh.expose());
    tx.exchange_refresh(&used, &successor, now).await?;
    session.last_seen = session.last_seen.max(now.floor(MINUTE));
    session.address = from.address.to_canonical().to_string();
    session.agent = agent(from);
    // A joined session ends with its token.
    session.expires = match &session.token {
        Some(id) => {
            let token = tx.token(id).await?;
            let end = token.and_then(|token| token.expires);
            end.map_or(now.plus(lasts), |end| end.min(now.plus(lasts)))
        }
        None => now.plus(lasts),
    };
    tx.carry_on(&session).await?;
    Ok((Some((session, refresh)), user))
}

async fn join_in(
    tx: &mut Tx<'_>,
    id: &TokenId,
    lasts: i64,
    from: &Origin,
    now: TimeUs,
) -> Result<Option<Begun>, AuthError> {
    let token = tx.token(id).await?;
    let Some(token) = token.filter(|token| token.revoked_at.is_none()) else {
        return Ok(None);
    };
    let Some(user) = tx.user_with(token.user).await? else {
        return Ok(None);
    };
    let end = now.plus(lasts);
    let terms = Terms {
        cap: Some(Role::Viewer),
        expires: token.expires.map_or(end, |expires| expires.min(end)),
        token: Some(token.id),
        most: MOST_JOINED,
    };
    begin(tx, user, terms, AuditAction::Joined, from, now)
        .await
        .map(Some)
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
