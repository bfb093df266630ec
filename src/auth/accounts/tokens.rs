//! API tokens: made, listed, revoked. A token's secret is given once and kept nowhere.

use super::users::named;
use super::{Accounts, entry, note};
use crate::auth::secret::new_token_id;
use crate::auth::{Actor, AuthError, Secret, api_token};
use crate::domain::{AuditAction, Scopes, TimeUs, TokenId, TokenInfo, UserName};
use crate::store::accounts::{TokenRow, Tx, UserRow};

/// Tokens that a user may have, with those that ended lately.
const MOST_TOKENS: usize = 1_000;
/// Characters of a note: more is cut.
const LONGEST_NOTE: usize = 200;

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    pub user: UserName,
    pub scopes: Scopes,
    /// `None`: never.
    pub expires: Option<TimeUs>,
    /// What it is for, in its maker's words.
    pub note: String,
}

/// A token that was made; its text is not to be had again.
#[derive(Debug, Clone)]
pub struct NewSecret {
    pub id: TokenId,
    pub text: Secret,
}

impl Accounts {
    /// Makes a token. It may do what its scopes say, as far as its user's role goes.
    ///
    /// # Errors
    /// There is no such user, it has no scope, or its time is over.
    pub async fn create_token(
        &self,
        new: NewToken,
        by: &Actor,
        now: TimeUs,
    ) -> Result<NewSecret, AuthError> {
        if new.scopes.is_empty() {
            return Err(AuthError::NoScopes);
        }
        if new.expires.is_some_and(|expires| expires <= now) {
            return Err(AuthError::ExpiresPast);
        }
        let mut tx = self.0.db.begin().await?;
        let made = create(&mut tx, new, by, now).await;
        self.settle(&mut tx, made, now).await
    }

    /// Revokes a token and ends the sessions that it was exchanged for.
    pub async fn revoke_token(
        &self,
        id: &TokenId,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        let mut tx = self.0.db.begin().await?;
        let revoked = revoke(&mut tx, id, by, now).await;
        self.settle(&mut tx, revoked.map(|user| ((), user)), now)
            .await
    }

    /// Every token, by user; ended ones for another 30 days.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>, AuthError> {
        let mut tx = self.0.db.read().await?;
        let tokens = all(&mut tx).await;
        tx.settle(tokens).await
    }
}

async fn create(
    tx: &mut Tx<'_>,
    new: NewToken,
    by: &Actor,
    now: TimeUs,
) -> Result<(NewSecret, UserRow), AuthError> {
    let user = named(tx, &new.user).await?;
    if tx.tokens_of(user.id).await?.len() >= MOST_TOKENS {
        return Err(AuthError::TooMany {
            what: "tokens of a user",
            most: MOST_TOKENS,
        });
    }
    let mut id = new_token_id();
    while tx.token(&id).await?.is_some() {
        id = new_token_id();
    }
    let (text, secret) = api_token::make(&id);
    let row = TokenRow {
        id: id.clone(),
        user: user.id,
        secret,
        scopes: new.scopes,
        made_at: now,
        expires: new.expires,
        revoked_at: None,
        note: new.note.chars().take(LONGEST_NOTE).collect(),
    };
    tx.add_token(&row).await?;
    let mut entry = entry(by, AuditAction::TokenCreated, &id, now);
    let until = match new.expires {
        Some(expires) => format!("until {expires}"),
        None => "without end".to_owned(),
    };
    entry.detail = Some(format!("for {}, {}, {until}", user.name, new.scopes));
    note(tx, entry).await?;
    Ok((NewSecret { id, text }, user))
}

async fn revoke(
    tx: &mut Tx<'_>,
    id: &TokenId,
    by: &Actor,
    now: TimeUs,
) -> Result<UserRow, AuthError> {
    let no_token = || AuthError::NoToken(id.clone());
    let token = tx.token(id).await?.ok_or_else(no_token)?;
    let user = tx.user_with(token.user).await?.ok_or_else(no_token)?;
    if token.revoked_at.is_none() {
        tx.revoke_token(id, now).await?;
        let mut entry = entry(by, AuditAction::TokenRevoked, id, now);
        entry.detail = Some(format!("of {}", user.name));
        note(tx, entry).await?;
    }
    Ok(user)
}

async fn all(tx: &mut Tx<'_>) -> Result<Vec<TokenInfo>, AuthError> {
    let mut all = Vec::new();
    for user in tx.users().await? {
        let tokens = tx.tokens_of(user.id).await?;
        all.extend(tokens.into_iter().map(|token| TokenInfo {
            id: token.id,
            user: user.name.clone(),
            scopes: token.scopes,
            made_at: token.made_at,
            expires: token.expires,
            revoked_at: token.revoked_at,
            note: token.note,
        }));
    }
    Ok(all)
}
