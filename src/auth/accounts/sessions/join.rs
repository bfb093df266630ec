//! Joining: whoever has a token that may read looks on in a session of their own, as a viewer, for as long as
//! the token is good.

use super::{Begun, Origin, SignedIn, Terms, begin};
use crate::auth::accounts::Accounts;
use crate::auth::{AuthError, Authority, Denied};
use crate::domain::{AuditAction, Role, Scope, TimeUs, TokenId};
use crate::store::accounts::Tx;

/// Sessions that go on of those who joined with a user's tokens; beyond that the ones that were longest unused end.
const MOST: u32 = 1_000;

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

impl Accounts {
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
        most: MOST,
    };
    begin(tx, user, terms, AuditAction::Joined, from, now)
        .await
        .map(Some)
}
