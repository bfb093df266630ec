//! Users: adding and changing them. Nobody is deleted, so that the audit's names keep their meaning.

use super::{Accounts, entry, note};
use crate::auth::{Actor, AuthError, Password};
use crate::domain::{AuditAction, Role, Standing, TimeUs, UserId, UserInfo, UserName, Via};
use crate::store::accounts::{Tx, UserRow};

/// Users there may be.
const MOST_USERS: usize = 1_000;
/// Bytes of the longest password.
pub(super) const LONGEST_PASSWORD: usize = 1_024;

/// A user to add.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: UserName,
    pub role: Role,
    pub password: Password,
}

impl Accounts {
    /// At the first start: makes `admin` with a password of its own and gives that; `None` where there are
    /// users already.
    pub async fn make_first_admin(&self, now: TimeUs) -> Result<Option<Password>, AuthError> {
        if !self.users().await?.is_empty() {
            return Ok(None);
        }
        let password = Password::random();
        let new = NewUser {
            name: UserName::admin(),
            role: Role::Admin,
            password: password.clone(),
        };
        let by = Actor {
            who: None,
            via: Via::None,
            address: None,
        };
        match self.add_user(new, &by, now).await {
            Ok(_) => Ok(Some(password)),
            // Another process was faster.
            Err(AuthError::NameTaken(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds a user.
    ///
    /// # Errors
    /// The name is taken or reserved, the password too short.
    pub async fn add_user(
        &self,
        new: NewUser,
        by: &Actor,
        now: TimeUs,
    ) -> Result<UserInfo, AuthError> {
        if new.name.is_anonymous() {
            return Err(AuthError::NameReserved(new.name));
        }
        self.check_password(&new.password)?;
        let password = self.0.passwords.hash(new.password).await?;
        let row = UserRow {
            id: UserId::default(),
            name: new.name,
            role: new.role,
            standing: Standing::Active,
            password,
            made_at: now,
        };
        let mut tx = self.0.db.begin().await?;
        let added = add(&mut tx, row, by, now).await;
        self.settle(&mut tx, added, now).await
    }

    /// Gives a user another password. All their sessions end: whoever knew the old one is out.
    pub async fn set_password(
        &self,
        name: &UserName,
        password: Password,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        self.check_password(&password)?;
        let password = self.0.passwords.hash(password).await?;
        let change = Change::Password(password);
        self.change_user(name, change, by, now).await
    }

    /// Lets a user in no more, or again. Who is disabled is signed out everywhere; their tokens work again
    /// when they are enabled.
    pub async fn set_standing(
        &self,
        name: &UserName,
        standing: Standing,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        let change = Change::Standing(standing);
        self.change_user(name, change, by, now).await
    }

    /// Gives a user another role, in sessions and tokens that there are as well.
    pub async fn set_role(
        &self,
        name: &UserName,
        role: Role,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        self.change_user(name, Change::Role(role), by, now).await
    }

    /// Every user, by name.
    pub async fn users(&self) -> Result<Vec<UserInfo>, AuthError> {
        let mut tx = self.0.db.read().await?;
        let users = tx.users().await;
        let users = tx.settle(users).await?;
        Ok(users.iter().map(info).collect())
    }

    fn check_password(&self, password: &Password) -> Result<(), AuthError> {
        let least = self.0.config.password_min;
        if password.expose().chars().count() < least {
            return Err(AuthError::PasswordShort(least));
        }
        if password.expose().len() > LONGEST_PASSWORD {
            return Err(AuthError::PasswordLong(LONGEST_PASSWORD));
        }
        Ok(())
    }

    async fn change_user(
        &self,
        name: &UserName,
        change: Change,
        by: &Actor,
        now: TimeUs,
    ) -> Result<(), AuthError> {
        let mut tx = self.0.db.begin().await?;
        let changed = change_in(&mut tx, name, change, by, now).await;
        self.settle(&mut tx, changed.map(|user| ((), user)), now)
            .await
    }
}

/// What changes of a user.
enum Change {
    /// The hash of a new one.
    Password(String),
    Standing(Standing),
    Role(Role),
}

async fn add(
    tx: &mut Tx<'_>,
    row: UserRow,
    by: &Actor,
    now: TimeUs,
) -> Result<(UserInfo, UserRow), AuthError> {
    let users = tx.users().await?;
    if users.iter().any(|user| user.name == row.name) {
        return Err(AuthError::NameTaken(row.name));
    }
    if users.len() >= MOST_USERS {
        return Err(AuthError::TooMany {
            what: "users",
            most: MOST_USERS,
        });
    }
    let row = tx.add_user(row).await?;
    let mut entry = entry(by, AuditAction::UserAdded, &row.name, now);
    entry.detail = Some(format!("role {}", row.role));
    note(tx, entry).await?;
    Ok((info(&row), row))
}

async fn change_in(
    tx: &mut Tx<'_>,
    name: &UserName,
    change: Change,
    by: &Actor,
    now: TimeUs,
) -> Result<UserRow, AuthError> {
    let user = named(tx, name).await?;
    let mut changed = user.clone();
    let (action, detail) = match change {
        Change::Password(password) => {
            changed.password = password;
            (AuditAction::PasswordChanged, None)
        }
        Change::Standing(standing) => {
            changed.standing = standing;
            let action = match standing {
                Standing::Active => AuditAction::UserEnabled,
                Standing::Disabled => AuditAction::UserDisabled,
            };
            (action, None)
        }
        Change::Role(role) => {
            changed.role = role;
            let detail = format!("{} to {role}", user.role);
            (AuditAction::RoleChanged, Some(detail))
        }
    };
    if changed == user {
        return Ok(user);
    }
    if is_admin(&user) && !is_admin(&changed) {
        let all = tx.users().await?;
        if all.iter().filter(|user| is_admin(user)).count() == 1 {
            return Err(AuthError::LastAdmin(user.name));
        }
    }
    tx.change_user(&changed).await?;
    if changed.password != user.password || changed.standing == Standing::Disabled {
        tx.end_sessions_of(user.id, now).await?;
    }
    let mut entry = entry(by, action, name, now);
    entry.detail = detail;
    note(tx, entry).await?;
    Ok(changed)
}

/// A user who must be there.
pub(super) async fn named(tx: &mut Tx<'_>, name: &UserName) -> Result<UserRow, AuthError> {
    let user = tx.user_named(name).await?;
    user.ok_or_else(|| AuthError::NoUser(name.clone()))
}

fn is_admin(user: &UserRow) -> bool {
    user.role == Role::Admin && user.standing == Standing::Active
}

fn info(row: &UserRow) -> UserInfo {
    UserInfo {
        name: row.name.clone(),
        role: row.role,
        standing: row.standing,
        made_at: row.made_at,
    }
}
