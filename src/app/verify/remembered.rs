//! The newest head that this browser has seen of this server's log, kept in its storage: a log that was
//! rewritten since does not continue it, and one with another key is another one.

use crate::seal::{Hash, PublicKey, SignedHead};

#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    pub key: PublicKey,
    pub size: u64,
    pub root: Hash,
}

const NAME: &str = "plainsight.log";

impl Remembered {
    pub fn of(head: &SignedHead) -> Self {
        Self {
            key: head.key,
            size: head.size,
            root: head.root,
        }
    }

    pub fn read() -> Option<Self> {
        let text = storage()?.get_item(NAME).ok()??;
        let mut words = text.split(' ');
        Some(Self {
            key: words.next()?.parse().ok()?,
            size: words.next()?.parse().ok()?,
            root: words.next()?.parse().ok()?,
        })
    }

    /// A browser that keeps nothing has nothing to compare the next time.
    pub fn write(&self) {
        if let Some(storage) = storage() {
            let text = format!("{} {} {}", self.key, self.size, self.root);
            let _ = storage.set_item(NAME, &text);
        }
    }

    pub fn forget() {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(NAME);
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}
