//! Texts that must not be seen: they are shown nowhere by accident, and wiped when they are dropped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::domain::ids::ID_ALPHABET;
use crate::domain::{SessionId, TokenId};

/// Declares a text that must not be seen.
macro_rules! hidden {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            pub fn new(text: String) -> Self {
                Self(Zeroizing::new(text))
            }

            /// The text itself.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

hidden!(
    /// What a person signs in with.
    Password
);
hidden!(
    /// A token that is handed out once: whoever has it may use it.
    Secret
);

/// Characters of a password that is made here: 100 bits.
const MADE_PASSWORD: usize = 20;

impl Password {
    /// A password that nobody can guess.
    pub fn random() -> Self {
        Self::new(drawn(MADE_PASSWORD))
    }
}

impl Secret {
    /// 256 random bits as 43 characters of base64url.
    pub fn random() -> Self {
        let bits = Zeroizing::new(rand::random::<[u8; 32]>());
        Self::new(URL_SAFE_NO_PAD.encode(bits.as_slice()))
    }
}

/// Characters of [`ID_ALPHABET`], 5 random bits each.
pub(super) fn drawn(length: usize) -> String {
    let draw = || ID_ALPHABET[usize::from(rand::random::<u8>()) % ID_ALPHABET.len()];
    (0..length).map(|_| char::from(draw())).collect()
}

/// Declares how an id is drawn. The alphabet and the length are the id's own, so that it is always valid;
/// drawing on says so to the compiler without a panic.
macro_rules! draw_id {
    ($function:ident, $id:ident) => {
        pub(super) fn $function() -> $id {
            loop {
                if let Ok(id) = drawn($id::LENGTH).parse() {
                    return id;
                }
            }
        }
    };
}
draw_id!(new_token_id, TokenId);
draw_id!(new_session_id, SessionId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_random_and_not_shown() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.expose(), other.expose());
        assert_eq!(
            format!("{one:?} {:?}", Password::random()),
            "Secret(..) Password(..)"
        );
        assert_eq!(Password::random().expose().len(), 20);
        assert_ne!(new_token_id(), new_token_id());
        assert_eq!(new_session_id().as_str().len(), SessionId::LENGTH);
    }
}
