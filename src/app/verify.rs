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
use crate::seal::{ConsistencyProof, Hash, InclusionProof, LogEntry, SignedHead};
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
    let id = encoded(decision.id.as_str());
    let path = format!("/v1/log/entries?bot={}&id={id}", decision.bot);
    let mut entries: Vec<LogEntry> = match http::get(&path).await {
        // It was sealed before it was shown.
        Err(Failure::Refused(why)) if why.code == "not_found" => Vec::new(),
        found => found?,
    };
    // Ids of decisions, orders and fills are names of their own.
    entries.retain(|entry| text::is_decision(&entry.canonical));
    entries.sort_by_key(|entry| entry.index);
    let head: SignedHead = http::get("/v1/log/sth").await?;
    let outcome = story(&entries, decision)?;
    for entry in &entries {
        text::says(&entry.canonical, decision).map_err(|field| {
            Trouble::Broken(format!(
                "entry {} says another {field} than this page",
                entry.index
            ))
        })?;
    }
    if outcome && decision.outcome == Outcome::Pending {
        // It came between two looks; a page that never learns of it stays unverified.
        let why = "its outcome is sealed and not yet on this page".to_owned();
        return Err(Trouble::Unknown(why));
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
    let continues = continued(&head).await?;
    Ok(Evidence {
        entries: entries.iter().map(|entry| entry.index).collect(),
        head,
        signature,
        continues,
    })
}

/// Whether the entries tell an outcome. They must be what the log has of a decision: it, sealed when it was
/// made and not later, and behind that at most one outcome, not before its time.
fn story(entries: &[LogEntry], decision: &Decision) -> Result<bool, Trouble> {
    let broken = |what: &str| Err(Trouble::Broken(what.to_owned()));
    let Some((made, outcomes)) = entries.split_first() else {
        return broken("the log has no entry of this decision");
    };
    if text::is_resolved(&made.canonical) || !text::is_of(&made.canonical, decision.made_at) {
        return broken("it was not sealed when it was made");
    }
    match outcomes {
        [] if decision.outcome == Outcome::Pending => Ok(false),
        [] => broken("the log has no entry of its outcome"),
        [outcome]
            if text::is_resolved(&outcome.canonical)
                && text::is_not_before(&outcome.canonical, decision.resolves_at) =>
        {
            Ok(true)
        }
        [_] => broken("its outcome was sealed before its time"),
        _ => broken("the log has more than one outcome of it"),
    }
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

/// Holds the head against the one that was seen last, and remembers the larger of them.
async fn continued(head: &SignedHead) -> Result<Option<u64>, Trouble> {
    let Some(known) = Remembered::read() else {
        Remembered::of(head).write();
        return Ok(None);
    };
    if known.key != head.key {
        return Err(Trouble::Broken(format!(
            "this is another log than the one that this browser knows here: its key is {}, and was {}",
            head.key, known.key
        )));
    }
    // Another tab may have seen a newer head meanwhile.
    let is_newer = head.size > known.size;
    let (first, second) = match is_newer {
        true => ((known.size, known.root), (head.size, head.root)),
        false => ((head.size, head.root), (known.size, known.root)),
    };
    let does = match first.0 {
        0 => true,
        size if size == second.0 => first.1 == second.1,
        _ => continues(first, second).await?,
    };
    if !does {
        return Err(Trouble::Broken(format!(
            "the log, of {} entries now, does not continue the one of {} that this browser saw",
            head.size, known.size
        )));
    }
    if is_newer {
        Remembered::of(head).write();
    }
    Ok(Some(first.0))
}

async fn continues(first: (u64, Hash), second: (u64, Hash)) -> Result<bool, Trouble> {
    let path = format!("/v1/log/consistency?first={}&second={}", first.0, second.0);
    let proof: ConsistencyProof = match http::get(&path).await {
        // It has no longer so many entries.
        Err(Failure::Refused(_)) => return Ok(false),
        found => found?,
    };
    let is_asked = (proof.first, proof.second) == (first.0, second.0);
    Ok(is_asked && proof.verify(&first.1, &second.1).is_ok())
}

/// Forgets the log that this browser knows here: the next one that it sees is the one.
pub fn forget() {
    Remembered::forget();
}
