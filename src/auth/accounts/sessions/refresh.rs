//! Carrying a session on: a refresh token is good for one use and gives the next one. Whoever shows one that
//! was used before has a copy of it, or it was copied from them: the session ends.

use super::{Origin, SignedIn, agent, stranger};
use crate::auth::accounts::{Accounts, entry, note};
use crate::auth::{AuthError, Secret};
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{AuditAction, Standing, TimeUs};
use crate::store::accounts::{AccountsError, RefreshRow, SecretHash, SessionRow, Tx, UserRow};

/// How long a refresh token that was used is taken once more, µs: two pages of one browser may refresh at the
/// same time.
const GRACE: i64 = 10 * SECOND;

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

impl From<AccountsError> for RefreshError {
    fn from(error: AccountsError) -> Self {
        Self::Failed(error.into())
    }
}

impl Accounts {
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
