//! What every check needs, in memory: users, their tokens, and the sessions that go on. It is brought up to
//! the database user by user after each change here, and as a whole after a change elsewhere.
//!
//! What is not here is not valid: nothing is believed for being unknown.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{Authority, Denied, Principal};
use crate::domain::time::MINUTE;
use crate::domain::{Role, Scope, Scopes, SessionId, Standing, TimeUs, TokenId, UserId, UserName};
use crate::store::accounts::{SecretHash, SessionRow, TokenRow, UserRows};

/// Owned by `Accounts`, behind a lock.
#[derive(Debug, Default)]
pub(super) struct Directory {
    users: HashMap<UserId, Held>,
    tokens: HashMap<TokenId, UserId>,
    sessions: HashMap<SessionId, UserId>,
}

/// A user with what is theirs.
#[derive(Debug)]
struct Held {
    name: UserName,
    role: Role,
    standing: Standing,
    tokens: HashMap<TokenId, TokenRow>,
    sessions: HashMap<SessionId, Live>,
}

#[derive(Debug)]
struct Live {
    row: SessionRow,
    /// The minute in which it was last checked, µs.
    seen: AtomicI64,
}

impl Directory {
    /// Takes all in anew. Says whether somebody who passed a check before may be told otherwise now.
    pub(super) fn replace_all(&mut self, all: Vec<UserRows>) -> bool {
        let mut before = std::mem::take(self);
        let mut is_changed = false;
        for rows in all {
            let old = before.users.remove(&rows.user.id);
            is_changed |= self.insert(rows, old);
        }
        is_changed || !before.users.is_empty()
    }

    /// Takes a user in anew, in the same manner.
    pub(super) fn replace(&mut self, rows: UserRows) -> bool {
        let old = self.users.remove(&rows.user.id);
        if let Some(old) = &old {
            for id in old.tokens.keys() {
                self.tokens.remove(id);
            }
            for id in old.sessions.keys() {
                self.sessions.remove(id);
            }
        }
        self.insert(rows, old)
    }

    fn insert(&mut self, rows: UserRows, old: Option<Held>) -> bool {
        let id = rows.user.id;
        let mut held = Held {
            name: rows.user.name,
            role: rows.user.role,
            standing: rows.user.standing,
            tokens: HashMap::new(),
            sessions: HashMap::new(),
        };
        for row in rows.tokens {
            self.tokens.insert(row.id.clone(), id);
            held.tokens.insert(row.id.clone(), row);
        }
        for row in rows.sessions {
            let seen = old.as_ref().and_then(|old| old.sessions.get(&row.id));
            let seen = seen.map_or(0, |live| live.seen.load(Ordering::Relaxed));
            let seen = AtomicI64::new(seen.max(row.last_seen.micros()));
            self.sessions.insert(row.id.clone(), id);
            held.sessions.insert(row.id.clone(), Live { row, seen });
        }
        let is_changed = old.is_some_and(|old| held.differs_from(&old));
        self.users.insert(id, held);
        is_changed
    }

    /// Forgets the sessions that are over by themselves.
    pub(super) fn forget_expired(&mut self, now: TimeUs) {
        for held in self.users.values_mut() {
            held.sessions.retain(|id, live| {
                let goes_on = live.row.expires > now;
                if !goes_on {
                    self.sessions.remove(id);
                }
                goes_on
            });
        }
    }

    /// Sessions that were checked in a later minute than the database knows.
    pub(super) fn seen(&self) -> Vec<(SessionId, TimeUs)> {
        let live = self.users.values().flat_map(|held| held.sessions.values());
        live.filter_map(|live| {
            let seen = TimeUs(live.seen.load(Ordering::Relaxed));
            (seen > live.row.last_seen).then(|| (live.row.id.clone(), seen))
        })
        .collect()
    }

    /// Notes that the database knows them.
    pub(super) fn noted(&mut self, seen: &[(SessionId, TimeUs)]) {
        for (id, time) in seen {
            let user = self.sessions.get(id);
            let held = user.and_then(|user| self.users.get_mut(user));
            if let Some(live) = held.and_then(|held| held.sessions.get_mut(id)) {
                live.row.last_seen = live.row.last_seen.max(*time);
            }
        }
    }

    /// Who is in a session; `user` is who the access token was made for, where one was shown.
    pub(super) fn session(
        &self,
        id: &SessionId,
        user: Option<UserId>,
        until: Option<TimeUs>,
        now: TimeUs,
    ) -> Result<Principal, Denied> {
        if until.is_some_and(|until| now >= until) {
            return Err(Denied::Expired);
        }
        let named = user.and_then(|user| self.users.get(&user));
        if named.is_some_and(|held| held.standing == Standing::Disabled) {
            return Err(Denied::Disabled);
        }
        let owner = self.sessions.get(id).ok_or(Denied::Revoked)?;
        if user.is_some_and(|user| user != *owner) {
            return Err(Denied::Unknown);
        }
        let held = self.users.get(owner).ok_or(Denied::Revoked)?;
        if held.standing == Standing::Disabled {
            return Err(Denied::Disabled);
        }
        let live = held.sessions.get(id).ok_or(Denied::Revoked)?;
        if now >= live.row.expires {
            return Err(Denied::Expired);
        }
        live.seen
            .fetch_max(now.floor(MINUTE).micros(), Ordering::Relaxed);
        Ok(Principal {
            name: held.name.clone(),
            role: live.row.cap.map_or(held.role, |cap| cap.min(held.role)),
            // Who joined by a link is no person: it may read, and nothing is its own.
            scopes: live.row.token.as_ref().map(|_| Scopes::of(&[Scope::Read])),
            authority: Authority::Session {
                id: id.clone(),
                until,
            },
        })
    }

    /// Who has a token; `secret` is the hash of the one that was shown, where one was.
    pub(super) fn token(
        &self,
        id: &TokenId,
        secret: Option<&SecretHash>,
        now: TimeUs,
    ) -> Result<Principal, Denied> {
        let held = self.tokens.get(id).and_then(|user| self.users.get(user));
        let held = held.ok_or(Denied::Unknown)?;
        let row = held.tokens.get(id).ok_or(Denied::Unknown)?;
        if secret.is_some_and(|secret| !secret.matches(&row.secret)) {
            return Err(Denied::Unknown);
        }
        if row.revoked_at.is_some() {
            return Err(Denied::Revoked);
        }
        if row.expires.is_some_and(|expires| now >= expires) {
            return Err(Denied::Expired);
        }
        if held.standing == Standing::Disabled {
            return Err(Denied::Disabled);
        }
        let scopes = row.scopes.and(held.role.scopes());
        Ok(Principal {
            name: held.name.clone(),
            role: role_of(scopes),
            scopes: Some(scopes),
            authority: Authority::Token { id: id.clone() },
        })
    }
}

/// The role that comes nearest to the scopes. No token is an admin's.
fn role_of(scopes: Scopes) -> Role {
    if scopes.contains(Scope::Trade) {
        Role::Operator
    } else {
        Role::Viewer
    }
}

impl Held {
    /// Whether a check that went well with `old` may go otherwise with this. What was added does
    /// not count.
    fn differs_from(&self, old: &Self) -> bool {
        let is_other = (self.role, self.standing) != (old.role, old.standing);
        let mut tokens = old.tokens.iter();
        let mut sessions = old.sessions.iter();
        is_other
            || tokens.any(|(id, row)| self.tokens.get(id) != Some(row))
            || sessions.any(|(id, live)| {
                let same = |own: &Live| own.row.cap == live.row.cap;
                !self.sessions.get(id).is_some_and(same)
            })
    }
}
