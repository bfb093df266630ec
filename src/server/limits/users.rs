//! How many sockets each user has open, wherever they come from. A place is given back by dropping it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Refusal;
use crate::auth::{Authority, Principal};
use crate::domain::{SessionId, UserName};

/// Whose requests and sockets are counted together, from all addresses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserKey {
    User(UserName),
    /// Who joined by a link. Each is one of its own: many may have it, and none of them is to use up what
    /// its owner needs.
    Observer(SessionId),
}

impl UserKey {
    /// `None` for whoever has not said who it is: there is only its address.
    pub fn of(principal: &Principal) -> Option<Self> {
        match (&principal.authority, principal.scopes) {
            (Authority::Anonymous, _) => None,
            (Authority::Session { id, .. }, Some(_)) => Some(Self::Observer(id.clone())),
            (Authority::Session { .. } | Authority::Token { .. }, _) => {
                Some(Self::User(principal.name.clone()))
            }
        }
    }
}

/// The open sockets by user; who has none is not in it.
pub struct Users {
    most: NonZeroU32,
    open: Mutex<HashMap<UserKey, u32>>,
}

/// One socket of a user.
pub struct UserPlace {
    users: Arc<Users>,
    key: UserKey,
}

impl Users {
    pub fn new(most: NonZeroU32) -> Self {
        Self {
            most,
            open: Mutex::default(),
        }
    }

    pub fn socket(self: &Arc<Self>, key: UserKey) -> Result<UserPlace, Refusal> {
        let mut open = self.open.lock();
        let count = open.get(&key).copied().unwrap_or_default();
        if count >= self.most.get() {
            return Err(Refusal::UserSockets);
        }
        open.insert(key.clone(), count + 1);
        drop(open);
        let users = Arc::clone(self);
        Ok(UserPlace { users, key })
    }
}

impl UserPlace {
    pub fn is_of(&self, key: &UserKey) -> bool {
        self.key == *key
    }
}

impl Drop for UserPlace {
    fn drop(&mut self) {
        let mut open = self.users.open.lock();
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Role, Scope, Scopes};

    #[test]
    fn sockets_are_counted_until_they_are_dropped() {
        let users = Arc::new(Users::new(NonZeroU32::new(2).unwrap()));
        let key = |name: &str| UserKey::User(name.parse().unwrap());
        let (first, second) = (users.socket(key("ada")), users.socket(key("ada")));
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(users.socket(key("ada")).err(), Some(Refusal::UserSockets));
        assert!(users.socket(key("eve")).is_ok(), "somebody else");
        drop(first);
        let third = users.socket(key("ada"));
        assert!(third.is_ok());
        drop((second, third));
        assert!(users.open.lock().is_empty());
    }

    #[test]
    fn observers_of_one_link_are_not_its_owner() {
        let session = |id: &str| Authority::Session {
            id: id.repeat(SessionId::LENGTH).parse().unwrap(),
            until: None,
        };
        let principal = |scopes, authority| Principal {
            name: "ada".parse().unwrap(),
            role: Role::Viewer,
            scopes,
            authority,
        };
        let read = Some(Scopes::of(&[Scope::Read]));
        let owner = UserKey::of(&principal(None, session("2")));
        let [one, other] = ["3", "4"].map(|id| UserKey::of(&principal(read, session(id))));
        assert!(owner != one && one != other && one.is_some());
        assert_eq!(UserKey::of(&Principal::anonymous(Role::Viewer)), None);
    }
}
