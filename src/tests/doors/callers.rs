//! Everybody who may come, with what each shows.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use plainsight::auth::{Accounts, Actor, NewToken};
use plainsight::domain::{Role, Scope, Scopes, Standing};
use plainsight::server::clock::wall_time;
use serde_json::{Value, json};

use super::people::{add, here, in_s, name, sign_in, token};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Shows nothing, where nobody may look without signing in.
    Nobody,
    /// Shows nothing, on the server's own machine, as it is configured by default.
    Local,
    Viewer,
    Operator,
    Admin,
    /// Joined by a link.
    Observer,
    /// An admin's token with one scope.
    Reads,
    Trades,
    Ingests,
    ExpiredToken,
    RevokedToken,
    /// A token and a session of users who were disabled.
    DisabledToken,
    DisabledSession,
    /// A session of the past, whose access token has run out.
    ExpiredSession,
    EndedSession,
    NoAlgorithm,
    OtherKey,
    OtherAudience,
    /// An admin's claims under a viewer's signature.
    ChangedPayload,
    /// Rightly signed, for ever, in the name of a session that there never was.
    MadeUpSession,
    Nonsense,
}

impl Who {
    pub const ALL: [Self; 21] = [
        Self::Nobody,
        Self::Local,
        Self::Viewer,
        Self::Operator,
        Self::Admin,
        Self::Observer,
        Self::Reads,
        Self::Trades,
        Self::Ingests,
        Self::ExpiredToken,
        Self::RevokedToken,
        Self::DisabledToken,
        Self::DisabledSession,
        Self::ExpiredSession,
        Self::EndedSession,
        Self::NoAlgorithm,
        Self::OtherKey,
        Self::OtherAudience,
        Self::ChangedPayload,
        Self::MadeUpSession,
        Self::Nonsense,
    ];
}

/// What each of them shows as a bearer.
pub struct Callers(BTreeMap<Who, String>);

impl Callers {
    pub fn bearer(&self, who: Who) -> Option<&str> {
        self.0.get(&who).map(String::as_str)
    }

    /// Makes them all. `data` is where the server's keys are.
    pub async fn make(accounts: &Accounts, data: &Path) -> Self {
        let (cli, now) = (Actor::cli(), wall_time());
        for (user, role) in [
            ("vera", Role::Viewer),
            ("otto", Role::Operator),
            ("ada", Role::Admin),
            // Whose link is joined with: nobody else ends its sessions.
            ("lena", Role::Admin),
            ("dora", Role::Admin),
        ] {
            add(accounts, user, role).await;
        }
        let mut shown = BTreeMap::new();
        let mut show = |who, text: &str| assert!(shown.insert(who, text.to_owned()).is_none());

        let viewer = sign_in(accounts, "vera", now).await;
        show(Who::Viewer, viewer.access.expose());
        let operator = sign_in(accounts, "otto", now).await;
        show(Who::Operator, operator.access.expose());
        let admin = sign_in(accounts, "ada", now).await;
        show(Who::Admin, admin.access.expose());
        let old = sign_in(accounts, "lena", in_s(-3_600)).await;
        show(Who::ExpiredSession, old.access.expose());
        let ended = sign_in(accounts, "lena", now).await;
        show(Who::EndedSession, ended.access.expose());
        let session = super::people::session_of(&ended);
        accounts.end_session(&session, &cli, now).await.unwrap();
        let disabled = sign_in(accounts, "dora", now).await;
        show(Who::DisabledSession, disabled.access.expose());
        let disabled = token(accounts, "dora", Scope::ALL).await;
        show(Who::DisabledToken, disabled.text.expose());
        let dora = name("dora");
        let off = accounts.set_standing(&dora, Standing::Disabled, &cli, now);
        off.await.unwrap();

        let link = token(accounts, "lena", &[Scope::Read]).await;
        let joined = accounts.join(link.text.expose(), &here(), now).await;
        show(Who::Observer, joined.unwrap().access.expose());
        for (who, scope) in [
            (Who::Reads, Scope::Read),
            (Who::Trades, Scope::Trade),
            (Who::Ingests, Scope::Ingest),
        ] {
            show(who, token(accounts, "ada", &[scope]).await.text.expose());
        }
        let expired = NewToken {
            user: name("ada"),
            scopes: Scopes::of(Scope::ALL),
            expires: Some(in_s(-60)),
            note: String::new(),
        };
        let expired = accounts.create_token(expired, &cli, in_s(-120)).await;
        show(Who::ExpiredToken, expired.unwrap().text.expose());
        let revoked = token(accounts, "ada", Scope::ALL).await;
        accounts.revoke_token(&revoked.id, &cli, now).await.unwrap();
        show(Who::RevokedToken, revoked.text.expose());

        let forged = Forge::new(admin.access.expose(), data);
        show(Who::NoAlgorithm, &forged.without_algorithm());
        let other = EncodingKey::from_secret(&[7; 32]);
        show(Who::OtherKey, &forged.signed(&forged.claims, &other));
        show(
            Who::OtherAudience,
            &forged.with("aud", json!("elsewhere")).0,
        );
        let nobodys = forged.with("sid", json!("0123456789abcdef"));
        show(Who::MadeUpSession, &nobodys.0);
        let [head, claims, _] = parts(admin.access.expose());
        let [_, _, seal] = parts(viewer.access.expose());
        show(Who::ChangedPayload, &format!("{head}.{claims}.{seal}"));
        show(Who::Nonsense, "ps_what_is_this");
        Self(shown)
    }
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

/// Makes false tokens of a true one.
struct Forge {
    header: Header,
    claims: Value,
    /// The server's own.
    key: EncodingKey,
}

/// A token that was signed with the server's own key.
struct Signed(String);

impl Forge {
    fn new(token: &str, data: &Path) -> Self {
        let claims = URL_SAFE_NO_PAD.decode(parts(token)[1]).unwrap();
        let keys = std::fs::read_to_string(data.join("session.keys")).unwrap();
        let keys: Value = serde_json::from_str(&keys).unwrap();
        let newest = keys.as_array().unwrap().last().unwrap();
        let secret = newest["secret"].as_str().unwrap();
        let forge = Self {
            header: decode_header(token).unwrap(),
            claims: serde_json::from_slice(&claims).unwrap(),
            key: EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(secret).unwrap()),
        };
        // Else what is tried is only that another key is refused.
        let again = forge.signed(&forge.claims, &forge.key);
        assert_eq!(forge.header.alg, Algorithm::HS256);
        assert_eq!(decode_header(&again).unwrap(), forge.header);
        forge
    }

    fn signed(&self, claims: &Value, key: &EncodingKey) -> String {
        encode(&self.header, claims, key).unwrap()
    }

    /// The same with another claim, under the right signature.
    fn with(&self, claim: &str, value: Value) -> Signed {
        let mut claims = self.claims.clone();
        assert!(claims[claim].is_string(), "{claims}");
        claims[claim] = value;
        Signed(self.signed(&claims, &self.key))
    }

    fn without_algorithm(&self) -> String {
        let kid = self.header.kid.as_deref().unwrap();
        let header = json!({"alg": "none", "typ": "JWT", "kid": kid});
        let coded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", coded(&header), coded(&self.claims))
    }
}
