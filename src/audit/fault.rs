//! What is wrong and where, in words for people and kinds for programs.

use std::fmt;

use crate::seal::PublicKey;

/// Faults of one kind that are listed one by one. One cause may have thousands of them, and they must not
/// hide the others.
const LISTED: usize = 50;

/// In which way something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    Changed,
    Removed,
    Added,
    Reordered,
    Truncated,
    WrongKey,
    BadSignature,
    BackDated,
    NotCanonical,
    /// It cannot be read at all.
    Unreadable,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Added => "added",
            Self::Reordered => "reordered",
            Self::Truncated => "truncated",
            Self::WrongKey => "wrong key",
            Self::BadSignature => "bad signature",
            Self::BackDated => "back-dated",
            Self::NotCanonical => "not canonical",
            Self::Unreadable => "unreadable",
        })
    }
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The log as a whole.
    Log,
    Manifest,
    /// One of a bundle's files, and where in it.
    Line {
        file: &'static str,
        line: u64,
    },
    Entry(u64),
    /// Somewhere from the first to the last, both included.
    Entries(u64, u64),
    /// The head that was signed at so many entries.
    Head(u64),
    /// A stored node of the tree.
    Node {
        level: u32,
        index: u64,
    },
    /// An event of the journal, by its input and its place there.
    Event {
        seq: u64,
        index: u64,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("the log"),
            Self::Manifest => f.write_str("manifest.json"),
            Self::Line { file, line } => write!(f, "{file}, line {line}"),
            Self::Entry(index) => write!(f, "entry {index}"),
            Self::Entries(first, last) if first == last => write!(f, "entry {first}"),
            Self::Entries(first, last) => write!(f, "between entries {first} and {last}"),
            Self::Head(size) => write!(f, "head of {size} entries"),
            Self::Node { level, index } => {
                let (first, width) = (index << level, 1_u64 << level);
                write!(
                    f,
                    "node of level {level} at {index} (entries {first} to {})",
                    first + width - 1
                )
            }
            Self::Event { seq, index } => write!(f, "event {index} of input {seq}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    pub place: Place,
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind, self.place, self.what)
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Index of the first entry, and how many there were.
    pub first: u64,
    pub entries: u64,
    /// Heads that were found, and the size of the last one whose root is that of the entries.
    pub heads: u64,
    pub sealed_to: Option<u64>,
    /// Entries behind the last head: in the log, but not signed yet.
    pub unsigned: u64,
    pub decisions: u64,
    pub outcomes: u64,
    /// Outcomes of decisions that were made before the first entry: nothing can be said of them.
    pub of_earlier: u64,
    /// The key that heads were held against.
    pub key: Option<PublicKey>,
    pub faults: Vec<Fault>,
    /// Faults beyond those that are listed.
    pub more_faults: u64,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    pub fn fault(&mut self, kind: FaultKind, place: Place, what: impl Into<String>) {
        let listed = self.faults.iter().filter(|fault| fault.kind == kind);
        if listed.count() < LISTED {
            let what = what.into();
            self.faults.push(Fault { kind, place, what });
        } else {
            self.more_faults += 1;
        }
    }

    /// Takes over what another look has found, behind the faults that are here already.
    pub fn absorb(&mut self, other: Self) {
        let before = std::mem::take(&mut self.faults);
        let more = self.more_faults;
        *self = other;
        self.faults.splice(0..0, before);
        self.more_faults += more;
    }
}
