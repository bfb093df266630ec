//! The newest head of a log that this browser has seen, kept in its storage by the log's key: a log that
//! was rewritten since does not continue it.

use crate::seal::{Hash, PublicKey, SignedHead};

#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    pub size: u64,
    pub root: Hash,
}

impl Remembered {
    pub fn of(head: &SignedHead) -> Self {
        Self {
            size: head.size,
            root: head.root,
        }
    }

    pub fn read(key: &PublicKey) -> Option<Self> {
        let text = storage()?.get_item(&name(key)).ok()??;
        let (size, root) = text.split_once(' ')?;
        Some(Self {
            size: size.parse().ok()?,
            root: root.parse().ok()?,
        })
    }

    /// A browser that keeps nothing has nothing to compare the next time.
    pub fn write(&self, key: &PublicKey) {
        if let Some(storage) = storage() {
            let _ = storage.set_item(&name(key), &format!("{} {}", self.size, self.root));
        }
    }
}

fn name(key: &PublicKey) -> String {
    format!("plainsight.log.{key}")
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}
