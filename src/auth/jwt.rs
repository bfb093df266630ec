//! Access tokens: JWTs that say which session somebody is in, good for minutes. One algorithm, one issuer
//! and one audience are taken, no leeway is given, and what a token says about itself chooses no more than
//! which of our own keys it is held against.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::secret::{Secret, drawn};
use super::{AuthError, Denied};
use crate::domain::time::SECOND;
use crate::domain::{SessionId, TimeUs, UserId};

/// Who makes the tokens, and who they are for.
const PLAINSIGHT: &str = "plainsight";
/// Characters of a token's own id.
const JTI: usize = 16;

/// What is said. Times are seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: SessionId,
    iat: i64,
    exp: i64,
    jti: String,
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) expires: TimeUs,
}

/// Signs an access token; with it the time at which it expires, a whole second that is not after
/// `expires`.
pub(super) fn issue(
    keys: &Keys,
    user: UserId,
    session: &SessionId,
    now: TimeUs,
    expires: TimeUs,
) -> Result<(Secret, TimeUs), AuthError> {
    let claims = Claims {
        iss: PLAINSIGHT.to_owned(),
        aud: PLAINSIGHT.to_owned(),
        sub: user.to_string(),
        sid: session.clone(),
        iat: now.micros().div_euclid(SECOND),
        exp: expires.micros().div_euclid(SECOND),
        jti: drawn(JTI),
    };
    let (kid, key) = keys.signing();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(kid.to_owned());
    let token = encode(&header, &claims, key).map_err(|_| AuthError::Signing)?;
    Ok((Secret::new(token), expires.floor(SECOND)))
}

/// Reads an access token, if it is one of ours and has not expired.
pub(super) fn read(keys: &Keys, token: &str, now: TimeUs) -> Result<Said, Denied> {
    let header = decode_header(token).map_err(|_| Denied::Malformed)?;
    let kid = header.kid.as_deref().ok_or(Denied::Unknown)?;
    let key = keys.verifying(kid, now).ok_or(Denied::Unknown)?;
    let claims = decode::<Claims>(token, key, &validation())
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidToken
            | ErrorKind::Base64(_)
            | ErrorKind::Json(_)
            | ErrorKind::Utf8(_) => Denied::Malformed,
            _ => Denied::Unknown,
        })?
        .claims;
    let expires = TimeUs(claims.exp.saturating_mul(SECOND));
    if now >= expires {
        return Err(Denied::Expired);
    }
    let user = claims.sub.parse().map_err(|_| Denied::Malformed)?;
    Ok(Said {
        user: UserId(user),
        session: claims.sid,
        expires,
    })
}

/// All but the expiry, which is held against the `now` that is given.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[PLAINSIGHT]);
    validation.set_audience(&[PLAINSIGHT]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation
}

#[cfg(test)]
mod tests;
