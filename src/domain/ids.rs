//! Names and numbers of things. The core's own ids derive from the input's [`Seq`], so that the
//! same inputs give the same ids; an outside bot's ids are its own and are unique within the bot.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The number of an input of the engine: contiguous from 1, the clock of everything that follows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} {text:?} is not valid: {rule}")]
pub struct InvalidId {
    what: &'static str,
    text: String,
    rule: &'static str,
}

impl InvalidId {
    pub(super) fn new(what: &'static str, text: &str, rule: &'static str) -> Self {
        let text = text.chars().take(80).collect();
        Self { what, text, rule }
    }
}

/// Declares a cheap-to-clone text id; the pattern is its rule for the API's documents, and one that there is on
/// every server may be their example. Parsing and deserialising check the rule, so that a value of the type is
/// always a valid one.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident $(= $example:literal)?, $what:literal, $rule:literal, $pattern:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "ssr", schema(value_type = String, pattern = $pattern $(, example = $example)?))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(InvalidId::new($what, text, $rule))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
    };
}

fn printable(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

text_id!(
    /// An instrument, as the exchange writes it: `BTCUSDT`.
    Symbol = "BTCUSDT", "symbol", "2 to 20 upper-case letters and digits", "^[A-Z0-9]{2,20}$",
    |text| (2..=20).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
);
text_id!(
    /// A bot. The built-in one is `paper`.
    BotId = "paper", "bot", "1 to 32 of a-z, 0-9, '-' and '_', the first a letter or digit",
    "^[a-z0-9][a-z0-9_-]{0,31}$",
    |text| (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
        && !text.starts_with(['-', '_'])
);
text_id!(
    /// An order: `ord-<seq>-<n>` here, or an outside bot's own.
    OrderId, "order id", "1 to 64 printable ASCII characters without spaces", "^[!-~]{1,64}$",
    |text| printable(text, 64)
);
text_id!(
    /// A fill: `trade-<seq>-<n>` here, or an outside bot's own.
    FillId, "trade id", "1 to 64 printable ASCII characters without spaces", "^[!-~]{1,64}$",
    |text| printable(text, 64)
);
text_id!(
    /// A decision: `dec-<seq>-<n>` here, or an outside bot's own.
    DecisionId, "decision id", "1 to 64 printable ASCII characters without spaces", "^[!-~]{1,64}$",
    |text| printable(text, 64)
);
text_id!(
    /// An alert: `alert-<seq>-<n>`.
    AlertId, "alert id", "1 to 64 printable ASCII characters without spaces", "^[!-~]{1,64}$",
    |text| printable(text, 64)
);
text_id!(
    /// The model that took a decision.
    ModelId, "model", "1 to 64 printable ASCII characters without spaces", "^[!-~]{1,64}$",
    |text| printable(text, 64)
);

/// What ids that are drawn at random are made of: small letters and digits that are hard to mistake.
pub const ID_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

fn drawn(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| ID_ALPHABET.contains(&byte))
}

text_id!(
    /// An API token. It is no secret: the token's text begins with it.
    TokenId, "token id", "8 small letters and digits", "^[a-km-np-z2-9]{8}$",
    |text| drawn(text, TokenId::LENGTH)
);
text_id!(
    /// A session of somebody who signed in. It is no secret.
    SessionId, "session id", "16 small letters and digits", "^[a-km-np-z2-9]{16}$",
    |text| drawn(text, SessionId::LENGTH)
);

impl TokenId {
    pub const LENGTH: usize = 8;
}

impl SessionId {
    pub const LENGTH: usize = 16;
}

/// Hands out the core's own ids while one input is processed.
#[derive(Debug, Clone, Copy)]
pub struct IdSource {
    seq: Seq,
    used: u32,
}

impl IdSource {
    pub fn new(seq: Seq) -> Self {
        Self { seq, used: 0 }
    }

    fn next(&mut self, prefix: &str) -> Arc<str> {
        self.used += 1;
        Arc::from(format!("{prefix}-{}-{}", self.seq, self.used))
    }

    pub fn order(&mut self) -> OrderId {
        OrderId(self.next("ord"))
    }

    pub fn fill(&mut self) -> FillId {
        FillId(self.next("trade"))
    }

    pub fn decision(&mut self) -> DecisionId {
        DecisionId(self.next("dec"))
    }

    pub fn alert(&mut self) -> AlertId {
        AlertId(self.next("alert"))
    }
}

impl BotId {
    /// The built-in bot.
    pub fn paper() -> Self {
        Self(Arc::from("paper"))
    }
}

impl ModelId {
    /// The name of a model of ours, known when the program is written.
    pub fn built_in(name: &'static str) -> Self {
        debug_assert!(printable(name, 64));
        Self(Arc::from(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_is_refused_with_its_rule_also_in_json() {
        assert!("BTCUSDT".parse::<Symbol>().is_ok());
        assert!("btcusdt".parse::<Symbol>().is_err());
        assert!("-x".parse::<BotId>().is_err());
        let error = serde_json::from_str::<BotId>("\"No Spaces\"").unwrap_err();
        assert!(error.to_string().contains("a-z"), "{error}");
    }

    #[test]
    fn ids_derive_from_the_seq() {
        let mut ids = IdSource::new(Seq(7));
        assert_eq!(ids.order().as_str(), "ord-7-1");
        assert_eq!(ids.fill().as_str(), "trade-7-2");
    }
}
