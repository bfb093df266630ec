//! The bytes of the log: hashes, keys and signatures, written in lower-case hex and in no other way, so
//! that two texts of one value are the same text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {digits} digits of lower-case hex")]
pub struct NotHex {
    pub digits: usize,
}

macro_rules! bytes {
    ($(#[$about:meta])* $name:ident, $length:literal) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// The value of these bytes, if there are as many as it has.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotHex;

            fn from_str(text: &str) -> Result<Self, NotHex> {
                let wrong = NotHex { digits: 2 * $length };
                let mut bytes = [0; $length];
                if hex::decode_to_slice(text, &mut bytes).is_err()
                    || text.bytes().any(|byte| byte.is_ascii_uppercase())
                {
                    return Err(wrong);
                }
                Ok(Self(bytes))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotHex;

            fn try_from(text: String) -> Result<Self, NotHex> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

bytes! {
    /// The SHA-256 that a node of the tree is known by.
    Hash, 32
}
bytes! {
    /// The Ed25519 key that heads are held against.
    PublicKey, 32
}
bytes! {
    /// An Ed25519 signature.
    Signature, 64
}

/// RFC 6962's hash of a leaf: of a zero byte and the entry's canonical text.
pub fn leaf_hash(canonical: &[u8]) -> Hash {
    let hasher = Sha256::new_with_prefix([0]).chain_update(canonical);
    Hash(hasher.finalize().into())
}

/// RFC 6962's hash of an inner node: of a byte 1 and what is below it.
pub(super) fn parent_hash(left: &Hash, right: &Hash) -> Hash {
    let hasher = Sha256::new_with_prefix([1]).chain_update(left.0);
    Hash(hasher.chain_update(right.0).finalize().into())
}

/// The root of a log without entries.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}
