//! Every way in which an access token can be wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::auth::AuthConfig;
use crate::domain::time::DAY;

const NOW: TimeUs = TimeUs(1_700_000_000 * SECOND);
const EXPIRES: TimeUs = TimeUs(1_700_000_900 * SECOND);

fn session() -> SessionId {
    "abcdefgh23456789".parse().unwrap()
}

fn keys(directory: &TempDir, now: TimeUs) -> Keys {
    Keys::open(directory.path(), &AuthConfig::default(), now).unwrap()
}

fn good(keys: &Keys) -> String {
    let (token, expires) = issue(keys, UserId(7), &session(), NOW, EXPIRES.plus(1)).unwrap();
    assert_eq!(expires, EXPIRES);
    token.expose().to_owned()
}

fn claims() -> Value {
    json!({"iss": "plainsight", "aud": "plainsight", "sub": "7", "sid": session(),
           "iat": 1_700_000_000, "exp": 1_700_000_900, "jti": "abc"})
}

/// A token signed with our own key, with one claim changed; without a value it is left out.
fn with(keys: &Keys, claim: &str, value: Option<Value>) -> String {
    let mut claims = claims();
    let claims = claims.as_object_mut().unwrap();
    claims.remove(claim);
    claims.extend(value.map(|value| (claim.to_owned(), value)));
    sign(keys, Algorithm::HS256, &claims)
}

fn sign(keys: &Keys, algorithm: Algorithm, claims: &impl Serialize) -> String {
    let (kid, key) = keys.signing();
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, key).unwrap()
}

/// A part of a token by hand.
fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_good_token_is_read() {
    let directory = TempDir::new().unwrap();
    let keys = keys(&directory, NOW);
    let said = Said {
        user: UserId(7),
        session: session(),
        expires: EXPIRES,
    };
    assert_eq!(read(&keys, &good(&keys), NOW), Ok(said.clone()));
    assert_eq!(
        read(&keys, &good(&keys), EXPIRES.plus(-1)),
        Ok(said.clone())
    );
    // What the other tests change.
    assert_eq!(
        read(&keys, &sign(&keys, Algorithm::HS256, &claims()), NOW),
        Ok(said)
    );
}

#[test]
fn an_expired_token_is_refused_to_the_second() {
    let directory = TempDir::new().unwrap();
    let keys = keys(&directory, NOW);
    assert_eq!(read(&keys, &good(&keys), EXPIRES), Err(Denied::Expired));
    let long_ago = with(&keys, "exp", Some(json!(1)));
    assert_eq!(read(&keys, &long_ago, NOW), Err(Denied::Expired));
}

#[test]
fn another_algorithm_is_refused() {
    let directory = TempDir::new().unwrap();
    let keys = keys(&directory, NOW);
    let kid = keys.signing().0;
    let body = part(&claims());
    for alg in ["none", "None", "NONE", "nOnE"] {
        let head = part(&json!({"alg": alg, "typ": "JWT", "kid": kid}));
        for signature in ["", "AAAA"] {
            let token = format!("{head}.{body}.{signature}");
            assert_eq!(read(&keys, &token, NOW), Err(Denied::Malformed), "{alg}");
        }
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = sign(&keys, algorithm, &claims());
        assert_eq!(
            read(&keys, &token, NOW),
            Err(Denied::Unknown),
            "{algorithm:?}"
        );
    }
    // The signature of a good one under a head that names another algorithm.
    let token = good(&keys);
    let rest = token.split_once('.').unwrap().1;
    let head = part(&json!({"alg": "RS256", "typ": "JWT", "kid": kid}));
    assert_eq!(
        read(&keys, &format!("{head}.{rest}"), NOW),
        Err(Denied::Unknown)
    );
}

#[test]
fn another_key_is_refused_whatever_its_name() {
    let (directory, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (own, foreign) = (keys(&directory, NOW), keys(&elsewhere, NOW));
    assert_eq!(
        read(&own, &good(&foreign), NOW),
        Err(Denied::Unknown),
        "unknown kid"
    );
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(own.signing().0.to_owned());
    let forged = encode(&header, &claims(), foreign.signing().1).unwrap();
    assert_eq!(
        read(&own, &forged, NOW),
        Err(Denied::Unknown),
        "our kid, their key"
    );
    let empty = encode(&header, &claims(), &EncodingKey::from_secret(b"")).unwrap();
    assert_eq!(
        read(&own, &empty, NOW),
        Err(Denied::Unknown),
        "an empty key"
    );
    header.kid = None;
    let nameless = encode(&header, &claims(), own.signing().1).unwrap();
    assert_eq!(read(&own, &nameless, NOW), Err(Denied::Unknown), "no kid");
}

#[test]
fn a_token_for_others_or_with_less_in_it_is_refused() {
    let directory = TempDir::new().unwrap();
    let keys = keys(&directory, NOW);
    for claim in ["aud", "iss"] {
        let token = with(&keys, claim, Some(json!("somebody else")));
        assert_eq!(read(&keys, &token, NOW), Err(Denied::Unknown), "{claim}");
    }
    for claim in ["aud", "iss", "sub", "sid", "exp", "iat", "jti"] {
        let token = with(&keys, claim, None);
        assert!(read(&keys, &token, NOW).is_err(), "without {claim}");
    }
    for (claim, value) in [
        ("sub", json!("root")),
        ("sid", json!("../../etc")),
        ("exp", json!("never")),
        ("exp", json!(1e300)),
    ] {
        let token = with(&keys, claim, Some(value));
        assert_eq!(read(&keys, &token, NOW), Err(Denied::Malformed), "{claim}");
    }
}

#[test]
fn a_tampered_token_is_refused() {
    let directory = TempDir::new().unwrap();
    let keys = keys(&directory, NOW);
    let token = good(&keys);
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims = claims();
    claims["sub"] = json!("1");
    let forged = format!("{}.{}.{}", parts[0], part(&claims), parts[2]);
    assert_eq!(read(&keys, &forged, NOW), Err(Denied::Unknown));
    for shorter in 0..token.len() {
        assert!(
            read(&keys, &token[..shorter], NOW).is_err(),
            "cut to {shorter}"
        );
    }
    let other = if parts[2].starts_with('A') { "B" } else { "A" };
    let forged = format!("{}.{}.{other}{}", parts[0], parts[1], &parts[2][1..]);
    assert_eq!(read(&keys, &forged, NOW), Err(Denied::Unknown));
}

#[test]
fn tokens_live_through_a_rotation_and_not_longer() {
    let directory = TempDir::new().unwrap();
    let before = keys(&directory, NOW.plus(-30 * DAY));
    let token = good(&before);
    let after = keys(&directory, NOW);
    assert_ne!(before.signing().0, after.signing().0);
    assert!(read(&after, &token, NOW).is_ok());
    let lasting = with(&before, "exp", Some(json!(4_000_000_000_u64)));
    assert!(read(&after, &lasting, EXPIRES.plus(-1)).is_ok());
    assert_eq!(read(&after, &lasting, EXPIRES), Err(Denied::Unknown));
}
