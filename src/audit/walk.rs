//! One way through a log, from its first entry to its last: each entry against its leaf hash, all of them
//! against the signed roots on the way.
//!
//! Two frontiers grow side by side, one of the leaf hashes as they are listed and one of what the texts
//! give. A head that has the root of either is kept: where they part, the entry itself is named already.
//! Where neither has a head's root, the fault lies between it and the last head that was kept.

use std::collections::BTreeSet;

use super::heads::trusted;
use super::story::{Stated, Story};
use super::{FaultKind, Place, Report};
use crate::seal::{Frontier, Hash, PublicKey, SignedHead, cover, leaf_hash};

/// Gaps of more than this are told as one range alone: who fills them later is told as an addition.
const REMEMBERED: u64 = 10_000;

/// An entry that waits.
struct Held {
    index: u64,
    listed: Option<Hash>,
    canonical: Option<String>,
}

pub struct Walk {
    report: Report,
    story: Story,
    listed: Frontier,
    content: Frontier,
    /// The index that comes next.
    next: u64,
    /// Indices that were passed over; they may come later.
    missing: BTreeSet<u64>,
    /// An entry that bears another number than the one that is due, until the one behind it is here.
    held: Option<Held>,
    /// After a gap no root can be computed any more.
    broken: bool,
    heads: std::vec::IntoIter<SignedHead>,
    next_head: Option<SignedHead>,
    /// Where the last root was as it was signed.
    kept: u64,
    /// Heads since then that have another root.
    other_roots: Vec<u64>,
}

impl Walk {
    /// Begins behind `before`, the entries that are not looked at.
    pub fn new(before: Frontier, heads: Vec<SignedHead>, key: &PublicKey) -> Self {
        let mut report = Report {
            first: before.size(),
            key: Some(*key),
            ..Report::default()
        };
        let mut heads = trusted(heads, key, &mut report).into_iter();
        let mut walk = Self {
            story: Story::default(),
            next: before.size(),
            missing: BTreeSet::new(),
            held: None,
            broken: false,
            next_head: heads.next(),
            heads,
            kept: before.size(),
            other_roots: Vec::new(),
            content: before.clone(),
            listed: before,
            report,
        };
        while let Some(head) = walk.next_head.take_if(|head| head.size < walk.kept) {
            let what = "it is of before the first entry";
            walk.fault(FaultKind::Added, Place::Head(head.size), what);
            walk.next_head = walk.heads.next();
        }
        walk.check_heads();
        walk
    }

    pub fn fault(&mut self, kind: FaultKind, place: Place, what: impl Into<String>) {
        self.report.fault(kind, place, what);
    }

    /// The index that is due, with nothing waiting.
    pub fn next_index(&mut self) -> u64 {
        self.settle();
        self.next
    }

    fn settle(&mut self) {
        if let Some(held) = self.held.take() {
            self.take(held.index, held.listed, held.canonical.as_deref());
        }
    }

    /// Takes an entry: its leaf hash as it is listed, and its text, as far as they are there. What is
    /// given is what it says of itself, where it stands in its place.
    pub fn entry(
        &mut self,
        index: u64,
        listed: Option<Hash>,
        canonical: Option<&str>,
    ) -> Option<Stated> {
        if let Some(held) = self.held.take() {
            if index == self.next + 1 && held.index != index {
                // All around it is in its place: it is this one's number that is wrong, nothing else.
                let what = format!("it bears the number {}", held.index);
                self.fault(FaultKind::Reordered, Place::Entry(self.next), what);
                self.take(self.next, held.listed, held.canonical.as_deref());
            } else {
                self.take(held.index, held.listed, held.canonical.as_deref());
            }
        }
        if index != self.next {
            self.held = Some(Held {
                index,
                listed,
                canonical: canonical.map(str::to_owned),
            });
            return None;
        }
        self.take(index, listed, canonical)
    }

    fn take(
        &mut self,
        index: u64,
        listed: Option<Hash>,
        canonical: Option<&str>,
    ) -> Option<Stated> {
        let place = Place::Entry(index);
        if index < self.next {
            let what = if self.missing.remove(&index) {
                format!("it stands behind entry {}", self.next - 1)
            } else {
                "it comes a second time".to_owned()
            };
            self.fault(FaultKind::Reordered, place, what);
            return None;
        }
        if index > self.next {
            self.skip(index);
        }
        self.next = index.saturating_add(1);
        self.report.entries += 1;
        let given = canonical.map(|text| leaf_hash(text.as_bytes()));
        match (listed, given) {
            (Some(listed), Some(given)) if listed != given => {
                let what = "its text does not give its leaf hash";
                self.fault(FaultKind::Changed, place, what);
            }
            (None, _) => self.fault(FaultKind::Removed, place, "its leaf hash is missing"),
            (_, None) => self.fault(FaultKind::Removed, place, "its text is missing"),
            _ => {}
        }
        if let (false, Some(leaf)) = (self.broken, listed.or(given)) {
            self.listed.append(leaf);
            self.content.append(given.unwrap_or(leaf));
            self.check_heads();
        }
        let begins = self.report.first == 0;
        canonical.and_then(|text| self.story.entry(index, text, begins, &mut self.report))
    }

    fn skip(&mut self, index: u64) {
        self.broken = true;
        let end = index.min(self.next.saturating_add(REMEMBERED));
        self.missing.extend(self.next..end);
        if end < index {
            let place = Place::Entries(end, index - 1);
            self.fault(FaultKind::Removed, place, "they are missing");
        }
    }

    /// Holds the heads of as many entries as there are now against the roots.
    fn check_heads(&mut self) {
        let size = self.listed.size();
        while let Some(head) = self.next_head.take_if(|head| head.size == size) {
            if head.root == self.listed.root() || head.root == self.content.root() {
                for other in std::mem::take(&mut self.other_roots) {
                    let what = "the key has signed a root that the log never had";
                    self.fault(FaultKind::Changed, Place::Head(other), what);
                }
                self.kept = size;
                self.report.sealed_to = Some(size);
            } else {
                self.other_roots.push(size);
            }
            self.next_head = self.heads.next();
        }
    }

    /// Ends the walk. `after` are the subtrees of the entries from the last one to before `covered`, which
    /// are not here: they lead to the head that covers the last ones.
    pub fn finish(mut self, covered: u64, after: &[Hash]) -> Report {
        self.settle();
        let end = self.next;
        self.tell_missing();
        if !self.broken && covered > end {
            let places = cover(end, covered);
            if places.len() == after.len() {
                for ((level, index), hash) in places.into_iter().zip(after) {
                    self.listed.append_subtree(level, index, *hash);
                    self.content.append_subtree(level, index, *hash);
                }
                self.check_heads();
            } else {
                let what = format!("it has other nodes than lead from {end} to {covered} entries");
                self.fault(FaultKind::Changed, Place::Manifest, what);
            }
        }
        if let Some(first) = self.other_roots.first().copied() {
            let last = first.min(end).saturating_sub(1).max(self.kept);
            let what = format!(
                "what stands here does not give the root that was signed at {first} entries"
            );
            self.fault(FaultKind::Changed, Place::Entries(self.kept, last), what);
        }
        if let (Some(head), false) = (self.next_head.take(), self.broken) {
            let what = format!("a head was signed of {} entries, {end} are here", head.size);
            self.fault(FaultKind::Truncated, Place::Head(head.size), what);
        }
        let sealed = self.report.sealed_to.unwrap_or(self.report.first);
        self.report.unsigned = end.saturating_sub(sealed);
        self.report
    }

    fn tell_missing(&mut self) {
        let missing = std::mem::take(&mut self.missing);
        let mut run: Option<(u64, u64)> = None;
        for index in missing.into_iter().chain([u64::MAX]) {
            match &mut run {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => {
                    if let Some((first, last)) = run.replace((index, index)) {
                        let place = Place::Entries(first, last);
                        self.fault(FaultKind::Removed, place, "missing from the sequence");
                    }
                }
            }
        }
    }
}
