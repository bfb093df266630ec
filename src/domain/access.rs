//! Who somebody is and what they may do: users, roles and scopes. What happened to them is in
//! [`audit`], how they are listed in [`info`].
//!
//! A value of these types is always a valid one: parsing and deserialising check the rules.

pub mod audit;
pub mod info;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::InvalidId;

/// A word that is none of those that stand for something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: it is one of {words}")]
pub struct InvalidWord {
    what: &'static str,
    text: String,
    words: String,
}

/// Declares an enum whose values are words; text, JSON and tables have the same ones.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident $what:literal { $($(#[$of_value:meta])* $value:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        pub enum $name {
            $(
                $(#[$of_value])*
                #[cfg_attr(feature = "ssr", schema(rename = $word))]
                #[serde(rename = $word)]
                $value,
            )*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$value,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::access::InvalidWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut all = Self::ALL.iter().copied();
                all.find(|value| value.as_str() == text)
                    .ok_or_else(|| $crate::domain::access::invalid_word($what, text, &[$($word,)*]))
            }
        }
    };
}
use words;

fn invalid_word(what: &'static str, text: &str, words: &[&str]) -> InvalidWord {
    InvalidWord {
        what,
        text: text.chars().take(80).collect(),
        words: words.join(", "),
    }
}

words! {
    /// What a user may do. Each may do all that the ones before it may.
    Role "role" {
        /// Sees everything.
        Viewer "viewer",
        /// Trades, and reports for bots.
        Operator "operator",
        /// Changes users, tokens and settings.
        Admin "admin",
    }
}

words! {
    /// What a token may be used for.
    Scope "scope" {
        Read "read",
        Trade "trade",
        /// Reports of outside bots.
        Ingest "ingest",
    }
}

impl Role {
    /// All that the role allows a token to do.
    pub fn scopes(self) -> Scopes {
        match self {
            Self::Viewer => Scopes::of(&[Scope::Read]),
            Self::Operator | Self::Admin => Scopes::of(Scope::ALL),
        }
    }
}

/// A set of scopes: in JSON a list, in text `read,trade`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(value_type = Vec<Scope>))]
#[serde(from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Scopes(u8);

impl Scopes {
    pub fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().fold(0, |bits, scope| bits | bit(*scope)))
    }

    pub fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// What is in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        let all = Scope::ALL.iter().copied();
        all.filter(move |scope| self.contains(*scope))
    }
}

fn bit(scope: Scope) -> u8 {
    1 << scope as u8
}

impl From<Vec<Scope>> for Scopes {
    fn from(list: Vec<Scope>) -> Self {
        Self::of(&list)
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.iter().collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromStr for Scopes {
    type Err = InvalidWord;

    fn from_str(text: &str) -> Result<Self, InvalidWord> {
        let scopes: Result<Vec<Scope>, _> =
            text.split(',').map(|word| word.trim().parse()).collect();
        Ok(scopes?.into())
    }
}

/// The number of a user; it stays when the name is told differently.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user's name, in lower case whatever it was written in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(value_type = String, example = "ada", pattern = "^[A-Za-z][A-Za-z0-9._-]{0,31}$"))]
#[serde(try_from = "String", into = "String")]
pub struct UserName(Arc<str>);

/// What whoever has not signed in is called. Nobody can have it as a name.
const ANONYMOUS: &str = "anonymous";

impl UserName {
    pub const LONGEST: usize = 32;

    pub fn anonymous() -> Self {
        Self(Arc::from(ANONYMOUS))
    }

    /// Who is made at the first start.
    pub fn admin() -> Self {
        Self(Arc::from("admin"))
    }

    pub fn is_anonymous(&self) -> bool {
        &*self.0 == ANONYMOUS
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let is_valid = (1..=Self::LONGEST).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if is_valid {
            Ok(Self(Arc::from(text.to_ascii_lowercase())))
        } else {
            let rule = "1 to 32 of a-z, 0-9, '.', '_' and '-', the first a letter";
            Err(InvalidId::new("user name", text, rule))
        }
    }
}

impl TryFrom<String> for UserName {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_include_the_ones_before_them() {
        assert!(Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
        assert!(!Role::Viewer.scopes().contains(Scope::Trade));
        assert!(Role::Admin.scopes().contains(Scope::Ingest));
    }

    #[test]
    fn scopes_are_a_list_in_json_and_words_in_text() {
        let scopes: Scopes = "trade, read,trade".parse().unwrap();
        assert_eq!(scopes.to_string(), "read,trade");
        assert_eq!(
            serde_json::to_string(&scopes).unwrap(),
            r#"["read","trade"]"#
        );
        assert_eq!(
            serde_json::from_str::<Scopes>(r#"["trade","read"]"#).unwrap(),
            scopes
        );
        assert_eq!(scopes.and(Role::Viewer.scopes()).to_string(), "read");
        let error = "read,write".parse::<Scopes>().unwrap_err().to_string();
        assert_eq!(
            error,
            r#""write" is no scope: it is one of read, trade, ingest"#
        );
        assert!("".parse::<Scopes>().is_err());
    }

    #[test]
    fn names_are_lower_case_and_begin_with_a_letter() {
        let name: UserName = "Ada.L-1_x".parse().unwrap();
        assert_eq!(name.as_str(), "ada.l-1_x");
        let longest = "a".repeat(32);
        assert!(longest.parse::<UserName>().is_ok());
        for wrong in ["", "1a", ".a", "a b", "ä", "a@b", &format!("{longest}a")] {
            assert!(wrong.parse::<UserName>().is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<UserName>(r#""no spaces""#).is_err());
    }

    #[test]
    fn words_read_back_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>().unwrap(), *role);
            assert_eq!(serde_json::to_string(role).unwrap(), format!("\"{role}\""));
        }
        assert!("Admin".parse::<Role>().is_err());
    }
}
