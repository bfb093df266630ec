//! The keys that access tokens are signed with, in a file of the data directory that nobody but its owner
//! reads. The newest one signs; one that was replaced is believed as long as what it signed may live.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::secret::{Secret, drawn};
use super::{AuthConfig, AuthError};
use crate::domain::TimeUs;

/// The file in the data directory: a JSON list, oldest first.
const FILE: &str = "session.keys";
/// What is written before it takes the file's name, so that keys are there whole or not at all.
const DRAFT: &str = "session.keys.new";
/// Characters of a key's id.
const KID: usize = 8;
/// Bytes of a key.
const LENGTH: usize = 32;

/// One key as it is in the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    kid: String,
    /// 256 bits in base64url.
    secret: Zeroizing<String>,
    made_at: TimeUs,
}

struct Key {
    kid: String,
    made_at: TimeUs,
    signs: EncodingKey,
    verifies: DecodingKey,
}

/// The keys that are believed, oldest first, never empty.
pub(super) struct Keys {
    newest: Key,
    /// Oldest first, each with when it was replaced.
    replaced: Vec<(Key, TimeUs)>,
    /// How long one is believed after it was replaced, µs.
    overlap: i64,
    /// How long one signs, µs.
    life: i64,
}

impl Keys {
    /// The keys of a data directory, with a new one where there is none or the newest is too old. The
    /// caller sees to it that no other process does the same at the same time.
    pub(super) fn open(
        directory: &Path,
        config: &AuthConfig,
        now: TimeUs,
    ) -> Result<Self, AuthError> {
        let path = directory.join(FILE);
        let (overlap, life) = (config.access(), config.key_life());
        let mut kept = read(&path)?;
        let is_due = kept
            .last()
            .is_none_or(|newest| now.since(newest.made_at) >= life);
        if is_due {
            kept.push(Kept {
                kid: drawn(KID),
                secret: Zeroizing::new(Secret::random().expose().to_owned()),
                made_at: now,
            });
            let replaced_at: Vec<TimeUs> = kept.iter().skip(1).map(|next| next.made_at).collect();
            let mut place = 0;
            kept.retain(|_| {
                let replaced = replaced_at.get(place);
                place += 1;
                replaced.is_none_or(|replaced| now.since(*replaced) < overlap)
            });
            write(directory, &kept).map_err(|error| AuthError::KeyFile {
                path: path.clone(),
                error,
            })?;
        }
        let no_keys = || AuthError::NoKeys { path: path.clone() };
        let keys: Option<Vec<Key>> = kept.iter().map(key).collect();
        let mut keys = keys.ok_or_else(no_keys)?;
        let newest = keys.pop().ok_or_else(no_keys)?;
        let mut until = newest.made_at;
        let mut replaced = Vec::with_capacity(keys.len());
        while let Some(key) = keys.pop() {
            let replaced_at = until;
            until = key.made_at;
            replaced.push((key, replaced_at));
        }
        Ok(Self {
            newest,
            replaced,
            overlap,
            life,
        })
    }

    /// Whether another key should sign by now.
    pub(super) fn is_due(&self, now: TimeUs) -> bool {
        now.since(self.newest.made_at) >= self.life
    }

    /// The key that signs, with its id.
    pub(super) fn signing(&self) -> (&str, &EncodingKey) {
        (&self.newest.kid, &self.newest.signs)
    }

    /// A key that is still believed.
    pub(super) fn verifying(&self, kid: &str, now: TimeUs) -> Option<&DecodingKey> {
        if self.newest.kid == kid {
            return Some(&self.newest.verifies);
        }
        let (key, replaced_at) = self.replaced.iter().find(|(key, _)| key.kid == kid)?;
        (now.since(*replaced_at) < self.overlap).then_some(&key.verifies)
    }
}

fn key(kept: &Kept) -> Option<Key> {
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(kept.secret.as_bytes()).ok()?);
    (secret.len() == LENGTH).then(|| Key {
        kid: kept.kid.clone(),
        made_at: kept.made_at,
        signs: EncodingKey::from_secret(&secret),
        verifies: DecodingKey::from_secret(&secret),
    })
}

/// What is in the file; nothing where there is none.
fn read(path: &PathBuf) -> Result<Vec<Kept>, AuthError> {
    let failed = |error| AuthError::KeyFile {
        path: path.clone(),
        error,
    };
    let text = match fs::read(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(AuthError::KeysOpen {
            path: path.clone(),
            mode,
        });
    }
    // serde's error may quote what it read.
    let kept: Option<Vec<Kept>> = serde_json::from_slice(&text).ok();
    kept.filter(|kept| !kept.is_empty() && kept.iter().all(|kept| key(kept).is_some()))
        .ok_or_else(|| AuthError::NoKeys { path: path.clone() })
}

fn write(directory: &Path, kept: &[Kept]) -> std::io::Result<()> {
    let text = Zeroizing::new(serde_json::to_vec_pretty(kept)?);
    let draft = directory.join(DRAFT);
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft)?;
    // A draft that was there already keeps the mode that it had.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&draft, directory.join(FILE))?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::time::{DAY, SECOND};

    const START: TimeUs = TimeUs(1_700_000_000 * SECOND);

    fn open(directory: &TempDir, now: TimeUs) -> Result<Keys, AuthError> {
        Keys::open(directory.path(), &AuthConfig::default(), now)
    }

    #[test]
    fn a_replaced_key_is_believed_as_long_as_its_tokens_live() {
        let directory = TempDir::new().unwrap();
        let keys = open(&directory, START).unwrap();
        let first = keys.signing().0.to_owned();
        assert!(!keys.is_due(START.plus(30 * DAY - 1)));
        let rotated = START.plus(30 * DAY);
        assert!(keys.is_due(rotated));
        let keys = open(&directory, rotated).unwrap();
        let second = keys.signing().0.to_owned();
        assert_ne!(first, second);
        assert!(
            keys.verifying(&first, rotated.plus(900 * SECOND - 1))
                .is_some()
        );
        assert!(keys.verifying(&first, rotated.plus(900 * SECOND)).is_none());
        assert!(
            keys.verifying(&second, rotated.plus(900 * SECOND))
                .is_some()
        );
        assert!(keys.verifying("another1", rotated).is_none());
        // The next rotation forgets what is not believed any more.
        let keys = open(&directory, rotated.plus(30 * DAY)).unwrap();
        assert!(keys.verifying(&first, rotated.plus(30 * DAY)).is_none());
        let text = fs::read_to_string(directory.path().join(FILE)).unwrap();
        assert!(
            !text.contains(&first) && text.contains(&second),
            "two are left"
        );
    }

    #[test]
    fn keys_are_private_and_stay() {
        let directory = TempDir::new().unwrap();
        let first = open(&directory, START).unwrap().signing().0.to_owned();
        let path = directory.path().join(FILE);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(open(&directory, START.plus(1)).unwrap().signing().0, first);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let Err(error) = open(&directory, START) else {
            panic!("others could read it");
        };
        assert!(error.to_string().contains("mode 640"), "{error}");
    }

    #[test]
    fn a_damaged_file_is_refused_without_being_shown() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(FILE);
        for damaged in [
            "",
            "[]",
            r#"["hush"]"#,
            r#"[{"kid":"a","secret":"hush","made_at":1}]"#,
        ] {
            fs::write(&path, damaged).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let Err(error) = open(&directory, TimeUs(1)) else {
                panic!("{damaged} was taken");
            };
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
            assert_eq!(
                fs::read_to_string(&path).unwrap(),
                damaged,
                "nothing is lost"
            );
        }
    }
}
