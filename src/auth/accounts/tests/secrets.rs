//! Secrets are shown nowhere, and no text that somebody shows can do harm.

use std::io::Write;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tracing_subscriber::fmt::MakeWriter;

use super::fixture::{Fixture, NOW, here, name, password};
use crate::auth::{Actor, NewUser};
use crate::domain::Role;

/// What was traced.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<u8>>>);

impl Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Traced {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_traced_shown_or_kept() {
    let traced = Traced::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(traced.clone())
        .finish();
    // Of all threads: the database has one of its own.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let fixture = Fixture::new().await;
    let accounts = &fixture.accounts;
    let signed_in = fixture.sign_in(NOW).await;
    let token = fixture.token("read", None).await;
    let joined = accounts
        .join(token.text.expose(), &here(), NOW)
        .await
        .unwrap();
    let carried = fixture.refresh(&signed_in, NOW).await.unwrap();
    let again = NewUser {
        name: name("ada"),
        role: Role::Viewer,
        password: password(),
    };
    let shown_user = format!("{again:?}");
    let error = accounts
        .add_user(again, &Actor::cli(), NOW)
        .await
        .unwrap_err();
    let shown = format!(
        "{accounts:?} {signed_in:?} {token:?} {joined:?} {carried:?} {shown_user} {error} {error:?}"
    );
    let traced = String::from_utf8(traced.0.lock().unwrap().clone()).unwrap();
    assert!(
        traced.contains("INSERT INTO users"),
        "statements are traced: {traced}"
    );

    let mut secrets = vec![
        password().expose().to_owned(),
        token.text.expose()[12..].to_owned(),
    ];
    for session in [&signed_in, &joined, &carried] {
        secrets.push(session.access.expose().to_owned());
        secrets.push(session.refresh.expose().to_owned());
    }
    for secret in &secrets {
        assert!(!traced.contains(secret) && !shown.contains(secret));
    }
    let mut files = 0;
    for entry in std::fs::read_dir(fixture.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        files += 1;
        for secret in &secrets {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{}: a secret in clear", path.display());
        }
    }
    assert!(files >= 3, "the database, its log and the keys");
}

/// Texts that come near to tokens.
fn near_tokens(good: Vec<String>) -> impl Strategy<Value = String> {
    let changed = (
        prop::sample::select(good),
        any::<prop::sample::Index>(),
        any::<char>(),
    )
        .prop_map(|(text, place, c)| {
            let mut chars: Vec<char> = text.chars().collect();
            let place = place.index(chars.len());
            chars[place] = if chars[place] == c { '\u{0}' } else { c };
            chars.into_iter().collect()
        });
    prop_oneof![
        any::<String>(),
        ".*".prop_map(|text| format!("ps_{text}")),
        "ps_[a-z2-9]{8}_[A-Za-z0-9_-]{43}",
        r"[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,80}",
        changed,
    ]
}

#[test]
fn no_text_that_is_not_ours_is_taken() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (fixture, good) = runtime.block_on(async {
        let fixture = Fixture::new().await;
        let signed_in = fixture.sign_in(NOW).await;
        let token = fixture.token("read", None).await;
        let good = [signed_in.access, token.text].map(|secret| secret.expose().to_owned());
        (fixture, good.to_vec())
    });
    for text in &good {
        assert!(fixture.accounts.check(text, NOW).is_ok());
    }
    proptest!(ProptestConfig::with_cases(1_000), |(text in near_tokens(good))| {
        prop_assert!(fixture.accounts.check(&text, NOW).is_err());
    });
    let long = "x".repeat(1_000_000);
    assert!(fixture.accounts.check(&long, NOW).is_err());
}
