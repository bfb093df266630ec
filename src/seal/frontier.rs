//! The growing edge of the tree: the roots of its complete subtrees, from left to right. They are at
//! most one for each bit of the size, and all that an append or a root needs.

use super::hash::{Hash, empty_root, parent_hash};

/// The root of a complete subtree: of the `2^level` leaves from `index * 2^level` on. Level 0 is a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub level: u32,
    pub index: u64,
    pub hash: Hash,
}

impl Node {
    /// The node above two neighbours; `None` where they are not a left one and its right one.
    pub fn above(left: &Self, right: &Self) -> Option<Self> {
        let are_pair = left.level == right.level
            && left.index.is_multiple_of(2)
            && right.index == left.index + 1;
        are_pair.then(|| Self {
            level: left.level + 1,
            index: left.index / 2,
            hash: parent_hash(&left.hash, &right.hash),
        })
    }

    /// The leaves below it.
    fn width(&self) -> u64 {
        1 << self.level
    }
}

/// Where each complete subtree of the leaves from `begin` to before `end` stands, as level and index:
/// as few as there can be, from left to right.
pub fn cover(begin: u64, end: u64) -> Vec<(u32, u64)> {
    let mut parts = Vec::new();
    let mut at = begin;
    while at < end {
        // As large as its place allows, and no further than the end.
        let level = at.trailing_zeros().min((end - at).ilog2());
        parts.push((level, at >> level));
        at += 1 << level;
    }
    parts
}

/// The compact form of a tree, from its first leaf on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// From the largest to the smallest, left to right.
    nodes: Vec<Node>,
}

impl Frontier {
    /// The frontier of a tree of `size` leaves from the hashes of [`cover`]`(0, size)`, in that order.
    /// `None` where there are not as many as there must be.
    pub fn from_hashes(size: u64, hashes: &[Hash]) -> Option<Self> {
        let places = cover(0, size);
        (places.len() == hashes.len()).then(|| Self {
            size,
            nodes: places
                .into_iter()
                .zip(hashes)
                .map(|((level, index), hash)| Node {
                    level,
                    index,
                    hash: *hash,
                })
                .collect(),
        })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// What [`Frontier::from_hashes`] takes.
    pub fn hashes(&self) -> Vec<Hash> {
        self.nodes.iter().map(|node| node.hash).collect()
    }

    /// Adds a leaf. What is given are the subtrees that are complete by it, the leaf first.
    pub fn append(&mut self, leaf: Hash) -> Vec<Node> {
        let leaf = Node {
            level: 0,
            index: self.size,
            hash: leaf,
        };
        self.join(leaf)
    }

    /// Adds all leaves of a complete subtree, known by their root alone. False where it does not stand
    /// right behind the last leaf.
    pub fn append_subtree(&mut self, level: u32, index: u64, hash: Hash) -> bool {
        let stands_here = level < 53 && index.checked_shl(level) == Some(self.size);
        // A larger one than the last complete one would leave a hole in the frontier.
        if !stands_here || !self.size.is_multiple_of(1 << level) {
            return false;
        }
        self.join(Node { level, index, hash });
        true
    }

    fn join(&mut self, node: Node) -> Vec<Node> {
        self.size += node.width();
        let mut complete = vec![node];
        let mut last = node;
        while let Some(above) = self.nodes.last().and_then(|left| Node::above(left, &last)) {
            self.nodes.pop();
            complete.push(above);
            last = above;
        }
        self.nodes.push(last);
        complete
    }

    /// RFC 6962's tree head of the leaves so far.
    pub fn root(&self) -> Hash {
        let hashes = self.nodes.iter().map(|node| node.hash);
        root_of(hashes).unwrap_or_else(empty_root)
    }
}

/// The root above complete subtrees that stand beside each other, from left to right and each smaller
/// than the one before it.
pub(super) fn root_of(hashes: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    hashes
        .rev()
        .reduce(|right, left| parent_hash(&left, &right))
}
