//! Proofs of RFC 6962 §2.1: that an entry is in a tree, and that a tree is the beginning of a later one.
//! ct-merkle says which nodes a proof has and holds it against the roots; here are their bounds and
//! where those nodes are kept.

use ct_merkle::{ConsistencyProof as Consistency, InclusionProof as Inclusion, RootHash};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::frontier::{cover, root_of};
use super::{Hash, MAX_SIZE, leaf_hash};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("the sizes or the index of the proof are out of bounds")]
    OutOfBounds,
    #[error("the entry does not give the leaf hash of the proof")]
    OtherLeaf,
    #[error("the proof does not lead to the root")]
    OtherRoot,
}

/// That the entry `index` is in the tree of the first `size` entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InclusionProof {
    pub index: u64,
    pub size: u64,
    pub leaf_hash: Hash,
    /// The siblings on the way from the leaf to the root.
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// Whether an entry with this canonical text is in the tree with this root.
    ///
    /// # Errors
    /// It is not proved.
    pub fn verify(&self, canonical: &[u8], root: &Hash) -> Result<(), ProofError> {
        if self.index >= self.size || self.size > MAX_SIZE {
            return Err(ProofError::OutOfBounds);
        }
        if leaf_hash(canonical) != self.leaf_hash {
            return Err(ProofError::OtherLeaf);
        }
        let proof = Inclusion::<Sha256>::try_from_bytes(joined(&self.path));
        let proof = proof.map_err(|_| ProofError::OtherRoot)?;
        root_hash(root, self.size)
            .verify_inclusion(&canonical, self.index, &proof)
            .map_err(|_| ProofError::OtherRoot)
    }
}

/// That the tree of the first `first` entries is the beginning of the one of the first `second`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConsistencyProof {
    pub first: u64,
    pub second: u64,
    pub path: Vec<Hash>,
}

impl ConsistencyProof {
    /// Whether the tree with `second_root` continues the one with `first_root`.
    ///
    /// # Errors
    /// It is not proved. Of an empty tree nothing can be: every tree continues it.
    pub fn verify(&self, first_root: &Hash, second_root: &Hash) -> Result<(), ProofError> {
        if self.first == 0 || self.first > self.second || self.second > MAX_SIZE {
            return Err(ProofError::OutOfBounds);
        }
        let proof = Consistency::<Sha256>::try_from_bytes(joined(&self.path));
        let proof = proof.map_err(|_| ProofError::OtherRoot)?;
        root_hash(second_root, self.second)
            .verify_consistency(&root_hash(first_root, self.first), &proof)
            .map_err(|_| ProofError::OtherRoot)
    }
}

fn joined(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| hash.0).collect()
}

fn root_hash(root: &Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new(root.0.into(), size)
}

/// One hash of a path: of the leaves from `begin` to before `end`. It is kept where their number is a
/// power of two, and else made of the complete subtrees that are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    begin: u64,
    end: u64,
}

impl Step {
    /// ct-merkle numbers nodes from left to right, leaves even; the trailing ones are the level.
    fn of(node: u64, size: u64) -> Self {
        let level = node.trailing_ones();
        let begin = (node >> (level + 1)) << level;
        Self {
            begin,
            end: (begin + (1 << level)).min(size),
        }
    }

    /// The complete subtrees that it is made of, as level and index.
    pub fn parts(self) -> Vec<(u32, u64)> {
        cover(self.begin, self.end)
    }

    /// Its hash, from those of [`Step::parts`].
    pub fn hash(parts: &[Hash]) -> Option<Hash> {
        root_of(parts.iter().copied())
    }
}

/// What the path of an inclusion proof is made of. `None` for an index that the tree does not have.
pub fn inclusion_steps(index: u64, size: u64) -> Option<Vec<Step>> {
    if index >= size || size > MAX_SIZE {
        return None;
    }
    let nodes = ct_merkle::indices_for_inclusion_proof(size, index);
    Some(nodes.into_iter().map(|node| Step::of(node, size)).collect())
}

/// What the path of a consistency proof is made of. `None` for sizes of which nothing can be proved.
pub fn consistency_steps(first: u64, second: u64) -> Option<Vec<Step>> {
    if first == 0 || first > second || second > MAX_SIZE {
        return None;
    }
    let nodes = ct_merkle::indices_for_consistency_proof(first, second - first);
    Some(
        nodes
            .into_iter()
            .map(|node| Step::of(node, second))
            .collect(),
    )
}
