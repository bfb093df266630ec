//! Holds a decision that is shown against the sealed log, in the browser: nothing that the server says of
//! it is believed. The entry's text must say what the page says, its hash must lead to the root, the root
//! must be signed, and the log must continue the one that this browser saw before.
//!
//! Only the browser ever runs this.

mod remembered;
mod signature;
mod text;

use crate::app::http::{self, Failure};
use crate::domain::{Decision, Outcome};
use crate::seal::{ConsistencyProof, InclusionProof, LogEntry, SignedHead};
use crate::wire::form::encoded;
use remembered::Remembered;

/// What came of holding a decision against the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// It is in the log; the next signed head will cover it.
    NotYet {
        index: u64,
        size: u64,
    },
    Verified(Box<Evidence>),
    /// Something is not as it should be, and what.
    Broken(String),
    /// It could not be looked at, and why.
    Unknown(String),
}

/// What speaks for a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Its entries: the decision as it was made, and its outcome where it has one.
    pub entries: Vec<u64>,
    pub head: SignedHead,
    pub signature: Signed,
    /// The size of the log that this browser saw before, which this one continues.
    pub continues: Option<u64>,
}

/// Whether the head's signature is its key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Yes,
    /// This browser, or a page that did not come by HTTPS, cannot check it.
    CannotTell,
}

/// Why there is no evidence.
enum Trouble {
    Broken(String),
    Unknown(String),
    NotYet { index: u64, size: u64 },
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Unknown(failure.to_string())
    }
}

/// Checks all there is to check.
pub async fn verify(decision: &Decision) -> Finding {
    match check(decision).await {
        Ok(evidence) => Finding::Verified(Box::new(evidence)),
        Err(Trouble::Broken(what)) => Finding::Broken(what),
        Err(Trouble::Unknown(why)) => Finding::Unknown(why),
        Err(Trouble::NotYet { index, size }) => Finding::NotYet { index, size },
    }
}

async fn check(decision: &Decision) -> Result<Evidence, Trouble> {
    let path = format!(
        "/v1/log/entries?bot={}&id={}",
        decision.bot,
        encoded(decision.id.as_str())
    );
    let mut entries: Vec<LogEntry> = http::get(&path).await?;
    // Ids of decisions, orders and fills are names of their own.
    entries.retain(|entry| text::is_decision(&entry.canonical));
    let head: SignedHead = http::get("/v1/log/sth").await?;
    if entries.is_empty() {
        return Err(Trouble::Broken(
            "the log has no entry of this decision".to_owned(),
        ));
    }
    for entry in &entries {
        text::says(&entry.canonical, decision).map_err(|field| {
            Trouble::Broken(format!(
                "entry {} says another {field} than this page",
                entry.index
            ))
        })?;
    }
    let told = entries
        .iter()
        .any(|entry| text::is_resolved(&entry.canonical));
    if decision.outcome != Outcome::Pending && !told {
        return Err(Trouble::Broken(
            "the log has no entry of its outcome".to_owned(),
        ));
    }
    if let Some(entry) = entries.iter().find(|entry| entry.index >= head.size) {
        let (index, size) = (entry.index, head.size);
        return Err(Trouble::NotYet { index, size });
    }
    for entry in &entries {
        included(entry, &head).await?;
    }
    let signature = match signature::check(&head).await {
        Some(false) => {
            let what = "the head is not signed by the log's key".to_owned();
            return Err(Trouble::Broken(what));
        }
        Some(true) => Signed::Yes,
        None => Signed::CannotTell,
    };
    let continues = remembered(&head).await?;
    Ok(Evidence {
        entries: entries.iter().map(|entry| entry.index).collect(),
        head,
        signature,
        continues,
    })
}

/// Whether the entry's text leads to the head's root.
async fn included(entry: &LogEntry, head: &SignedHead) -> Result<(), Trouble> {
    let path = format!("/v1/log/proof?index={}&size={}", entry.index, head.size);
    let proof: InclusionProof = http::get(&path).await?;
    let place = (proof.index, proof.size);
    if place != (entry.index, head.size) {
        return Err(Trouble::Broken(format!(
            "no proof of entry {} was given",
            entry.index
        )));
    }
    let proved = proof.verify(entry.canonical.as_bytes(), &head.root);
    proved.map_err(|error| Trouble::Broken(format!("entry {}: {error}", entry.index)))
}

/// Holds the head against the one that was seen last, and remembers it.
async fn remembered(head: &SignedHead) -> Result<Option<u64>, Trouble> {
    let Some(known) = Remembered::read(&head.key) else {
        Remembered::of(head).write(&head.key);
        return Ok(None);
    };
    if known.size > head.size {
        return Err(Trouble::Broken(format!(
            "the log has {} entries; this browser saw it with {}",
            head.size, known.size
        )));
    }
    if known.size == head.size {
        return if known.root == head.root {
            Ok(Some(known.size))
        } else {
            Err(rewritten(known.size))
        };
    }
    if known.size > 0 {
        let path = format!(
            "/v1/log/consistency?first={}&second={}",
            known.size, head.size
        );
        let proof: ConsistencyProof = http::get(&path).await?;
        let sizes = (proof.first, proof.second);
        if sizes != (known.size, head.size) || proof.verify(&known.root, &head.root).is_err() {
            return Err(rewritten(known.size));
        }
    }
    Remembered::of(head).write(&head.key);
    Ok(Some(known.size))
}

fn rewritten(size: u64) -> Trouble {
    Trouble::Broken(format!(
        "the log does not continue the one of {size} entries that this browser saw"
    ))
}
