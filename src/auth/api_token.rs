//! API tokens as text: `ps_<id>_<secret>`. The id is shown in lists, the secret is 256 random bits.

use super::Secret;
use crate::domain::TokenId;
use crate::store::accounts::SecretHash;

const PREFIX: &str = "ps_";

/// What every API token begins with.
pub(super) fn is_one(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// The token's text, and what is kept of its secret.
pub(super) fn make(id: &TokenId) -> (Secret, SecretHash) {
    let secret = Secret::random();
    let text = Secret::new(format!("{PREFIX}{id}_{}", secret.expose()));
    (text, SecretHash::of(secret.expose()))
}

/// The id and the secret's hash, of a text that looks like a token.
pub(super) fn read(text: &str) -> Option<(TokenId, SecretHash)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    // 43 characters of base64url.
    let is_secret = secret.len() == 43
        && secret
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let id = id.parse().ok()?;
    is_secret.then(|| (id, SecretHash::of(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::secret::new_token_id;

    #[test]
    fn a_token_reads_back() {
        let id = new_token_id();
        let (text, hash) = make(&id);
        assert!(is_one(text.expose()));
        let (same, read_hash) = read(text.expose()).unwrap();
        assert_eq!((same, read_hash.matches(&hash)), (id, true));
        for wrong in [
            "ps_",
            "ps_abc_def",
            "",
            &text.expose()[1..],
            &format!("{}x", text.expose()),
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
