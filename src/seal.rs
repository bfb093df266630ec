//! The sealed log: every decision, order and fill is a leaf of one Merkle tree (RFC 6962), so that none
//! of them can be changed, taken out or put in without the tree's root being another one.
//!
//! [`Hash`] is what nodes are known by, [`Frontier`] grows the tree in O(log n) memory, [`proof`] holds
//! an entry or an older tree against a root, [`answer`] is what REST says of it all. It is pure and the
//! same in the browser. Who keeps the nodes is `store::sealed`, who looks for faults is `audit`.

pub mod answer;
mod frontier;
mod hash;
pub mod proof;

use crate::domain::Event;

pub use answer::{LogEntry, SignedHead};
pub use frontier::{Frontier, Node, cover};
pub use hash::{Hash, NotHex, PublicKey, Signature, empty_root, leaf_hash};
pub use proof::{ConsistencyProof, InclusionProof, ProofError};

/// The most entries of a log: sizes and indices stay exact as numbers of JSON.
pub const MAX_SIZE: u64 = 1 << 53;

/// Whether an event is an entry of the log.
pub fn is_sealed(event: &Event) -> bool {
    matches!(event, Event::Decision(_) | Event::Order(_) | Event::Fill(_))
}

#[cfg(test)]
mod tests;
