//! The key that heads are signed with: made at the first start, kept in the data directory, read by
//! nobody but its owner. It is never shown; what is shown is its public half.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};

use super::SealError;
use crate::domain::TimeUs;
use crate::seal::answer::head_bytes;
use crate::seal::{Hash, PublicKey, Signature, SignedHead};

/// The file in the data directory: the secret key in hex, on one line.
const FILE: &str = "log.key";
/// What is written before it takes the key's name, so that a key is there whole or not at all.
const DRAFT: &str = "log.key.new";

/// Signs heads.
pub struct LogKey(SigningKey);

impl LogKey {
    /// The key of a data directory, made if there is none. `signed` is the key of the newest head: with
    /// another one the log cannot be continued.
    ///
    /// # Errors
    /// The file cannot be read or written, others may read it, or it is another key's.
    pub fn open(directory: &Path, signed: Option<PublicKey>) -> Result<Self, SealError> {
        let path = directory.join(FILE);
        let failed = |error| SealError::KeyFile {
            path: path.clone(),
            error,
        };
        let key = match fs::read_to_string(&path) {
            Ok(text) => {
                check_mode(&path)?;
                let mut secret = [0; 32];
                hex::decode_to_slice(text.trim(), &mut secret)
                    .map_err(|_| SealError::NoKey { path: path.clone() })?;
                Self(SigningKey::from_bytes(&secret))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if let Some(signed) = signed {
                    return Err(SealError::OtherKey { path, signed });
                }
                let secret: [u8; 32] = rand::random();
                write(directory, &hex::encode(secret)).map_err(failed)?;
                Self(SigningKey::from_bytes(&secret))
            }
            Err(error) => return Err(failed(error)),
        };
        match signed {
            Some(signed) if signed != key.public() => Err(SealError::OtherKey { path, signed }),
            _ => Ok(key),
        }
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The head of a log as it is.
    pub fn sign(&self, size: u64, root: Hash, time: TimeUs) -> SignedHead {
        let signature = self.0.sign(&head_bytes(size, &root, time));
        SignedHead {
            size,
            root,
            time,
            key: self.public(),
            signature: Signature(signature.to_bytes()),
        }
    }
}

fn write(directory: &Path, text: &str) -> std::io::Result<()> {
    let draft = directory.join(DRAFT);
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    // A draft that was there already keeps the mode that it had.
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&draft, directory.join(FILE))?;
    File::open(directory)?.sync_all()
}

fn check_mode(path: &Path) -> Result<(), SealError> {
    let metadata = fs::metadata(path).map_err(|error| SealError::KeyFile {
        path: path.to_owned(),
        error,
    })?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(SealError::KeyOpen {
        path: path.to_owned(),
        mode,
    })
}
