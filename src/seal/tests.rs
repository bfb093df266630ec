//! Known answers of RFC 6962's reference data, and everything else by proptest.

use proptest::prelude::*;

use super::hash::parent_hash;
use super::proof::{Step, consistency_steps, inclusion_steps};
use super::*;

/// The leaves of the certificate-transparency reference test data.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Roots of the first 0 to 8 of them.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const N0: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const N1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const N01: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const N23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const N45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const N67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const N03: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const N47: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

fn reference(size: usize) -> Vec<Vec<u8>> {
    let leaves = LEAVES[..size].iter();
    leaves.map(|leaf| hex::decode(leaf).unwrap()).collect()
}

fn drawn(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(|leaf| leaf.to_le_bytes().to_vec()).collect()
}

/// RFC 6962's definition, word for word.
fn naive_root(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => leaf_hash(leaf),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            parent_hash(&naive_root(left), &naive_root(right))
        }
    }
}

fn grown(leaves: &[Vec<u8>]) -> Frontier {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(leaf_hash(leaf));
    }
    frontier
}

/// A path as the store makes it, of complete subtrees alone.
fn path(leaves: &[Vec<u8>], steps: Vec<Step>) -> Vec<Hash> {
    let hash = |(level, index): (u32, u64)| {
        let (begin, width) = ((index << level) as usize, 1 << level);
        naive_root(&leaves[begin..begin + width])
    };
    let whole = |step: Step| {
        let parts: Vec<Hash> = step.parts().into_iter().map(hash).collect();
        Step::hash(&parts).unwrap()
    };
    steps.into_iter().map(whole).collect()
}

fn inclusion(leaves: &[Vec<u8>], index: u64, size: u64) -> InclusionProof {
    InclusionProof {
        index,
        size,
        leaf_hash: leaf_hash(&leaves[index as usize]),
        path: path(leaves, inclusion_steps(index, size).unwrap()),
    }
}

fn consistency(leaves: &[Vec<u8>], first: u64, second: u64) -> ConsistencyProof {
    ConsistencyProof {
        first,
        second,
        path: path(leaves, consistency_steps(first, second).unwrap()),
    }
}

fn text(path: &[Hash]) -> Vec<String> {
    path.iter().map(Hash::to_string).collect()
}

#[test]
fn roots_are_the_known_ones() {
    for (size, root) in ROOTS.into_iter().enumerate() {
        let leaves = reference(size);
        assert_eq!(grown(&leaves).root().to_string(), root, "{size}");
        assert_eq!(naive_root(&leaves).to_string(), root, "{size}");
    }
}

#[test]
fn proofs_are_the_known_ones() {
    let inclusions: [(u64, u64, &[&str]); 7] = [
        (0, 1, &[]),
        (0, 2, &[N1]),
        (1, 2, &[N0]),
        (2, 3, &[N01]),
        (1, 5, &[N0, N23, N4]),
        (0, 8, &[N1, N23, N47]),
        (5, 8, &[N4, N67, N03]),
    ];
    for (index, size, known) in inclusions {
        let leaves = reference(size as usize);
        let proof = inclusion(&leaves, index, size);
        assert_eq!(text(&proof.path), known, "{index} of {size}");
        let root = naive_root(&leaves);
        assert_eq!(proof.verify(&leaves[index as usize], &root), Ok(()));
    }
    let consistencies: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (1, 8, &[N1, N23, N47]),
        (2, 5, &[N23, N4]),
        (6, 8, &[N45, N67, N03]),
    ];
    for (first, second, known) in consistencies {
        let leaves = reference(second as usize);
        let proof = consistency(&leaves, first, second);
        assert_eq!(text(&proof.path), known, "{first} in {second}");
        let roots = (naive_root(&leaves[..first as usize]), naive_root(&leaves));
        assert_eq!(proof.verify(&roots.0, &roots.1), Ok(()));
    }
}

#[test]
fn every_proof_of_a_small_tree_verifies_and_none_of_nothing() {
    let all = drawn(40);
    for size in 1..=all.len() as u64 {
        let leaves = &all[..size as usize];
        let root = naive_root(leaves);
        for index in 0..size {
            let proof = inclusion(leaves, index, size);
            assert_eq!(proof.verify(&leaves[index as usize], &root), Ok(()));
        }
        for first in 1..=size {
            let first_root = naive_root(&leaves[..first as usize]);
            assert_eq!(
                consistency(leaves, first, size).verify(&first_root, &root),
                Ok(())
            );
        }
    }
    assert!(inclusion_steps(0, 0).is_none() && inclusion_steps(5, 5).is_none());
    assert!(inclusion_steps(0, u64::MAX).is_none());
    for (first, second) in [(0, 0), (0, 5), (6, 5), (1, u64::MAX)] {
        assert!(consistency_steps(first, second).is_none());
        let path = vec![empty_root(); 3];
        let proof = ConsistencyProof {
            first,
            second,
            path,
        };
        assert!(proof.verify(&empty_root(), &empty_root()).is_err());
    }
    for (index, size) in [
        (0, 0),
        (5, 5),
        (u64::MAX, u64::MAX),
        (u64::MAX - 1, u64::MAX),
    ] {
        let proof = InclusionProof {
            index,
            size,
            leaf_hash: leaf_hash(b""),
            path: Vec::new(),
        };
        assert_eq!(
            proof.verify(b"", &leaf_hash(b"")),
            Err(ProofError::OutOfBounds)
        );
    }
}

#[test]
fn hex_is_lower_case_and_whole() {
    let text = ROOTS[1];
    assert_eq!(text.parse::<Hash>().unwrap().to_string(), text);
    for wrong in [
        &text.to_uppercase(),
        &text[1..],
        "",
        "zz",
        &format!("{text}00"),
    ] {
        assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
    }
}

#[test]
fn what_is_signed_is_canonical() {
    let bytes = answer::head_bytes(
        7,
        &empty_root(),
        crate::domain::TimeUs(1_700_000_000_000_001),
    );
    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let mut sorted: Vec<_> = value.as_object().unwrap().iter().collect();
    sorted.sort_by_key(|(key, _)| key.as_str());
    let parts: Vec<String> = sorted
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        format!("{{{}}}", parts.join(","))
    );
}

proptest! {
    #[test]
    fn a_frontier_has_the_root_of_all_its_leaves(size in 0_u64..300, cut in 0_u64..300) {
        let leaves = drawn(size);
        let frontier = grown(&leaves);
        prop_assert_eq!(frontier.root(), naive_root(&leaves));
        prop_assert_eq!(&Frontier::from_hashes(size, &frontier.hashes()).unwrap(), &frontier);
        // The same tree from its beginning and the complete subtrees behind it.
        let cut = cut.min(size);
        let mut joined = grown(&leaves[..cut as usize]);
        for (level, index) in cover(cut, size) {
            let begin = (index << level) as usize;
            let hash = naive_root(&leaves[begin..begin + (1 << level)]);
            prop_assert!(joined.append_subtree(level, index, hash));
        }
        prop_assert_eq!(joined, frontier);
    }

    #[test]
    fn no_altered_inclusion_proof_verifies(size in 1_u64..300, at in 0_u64..300, what in 0..6, place in 0_usize..64, bit in 0_u32..8) {
        let leaves = drawn(size);
        let index = at % size;
        let mut root = naive_root(&leaves);
        let mut leaf = leaves[index as usize].clone();
        let mut proof = inclusion(&leaves, index, size);
        prop_assert_eq!(proof.verify(&leaf, &root), Ok(()));
        let flip = 1_u8 << bit;
        let other = |value: u64, bound: u64| (value + 1 + place as u64) % bound;
        match what {
            0 => root.0[place % 32] ^= flip,
            1 => leaf[place % 8] ^= flip,
            2 => proof.leaf_hash.0[place % 32] ^= flip,
            3 if !proof.path.is_empty() => {
                let step = place % proof.path.len();
                proof.path[step].0[place % 32] ^= flip;
            }
            4 => { proof.path.pop().map_or_else(|| proof.path.push(root), drop); }
            _ if size > 1 && other(index, size) != index => proof.index = other(index, size),
            _ => proof.path.push(root),
        }
        prop_assert!(proof.verify(&leaf, &root).is_err());
    }

    #[test]
    fn no_altered_consistency_proof_verifies(second in 2_u64..300, at in 0_u64..300, what in 0..4, place in 0_usize..64, bit in 0_u32..8) {
        let leaves = drawn(second);
        let first = 1 + at % (second - 1);
        let (mut early, mut late) = (naive_root(&leaves[..first as usize]), naive_root(&leaves));
        let mut proof = consistency(&leaves, first, second);
        prop_assert_eq!(proof.verify(&early, &late), Ok(()));
        match what {
            0 => early.0[place % 32] ^= 1_u8 << bit,
            1 => late.0[place % 32] ^= 1_u8 << bit,
            2 => {
                let step = place % proof.path.len();
                proof.path[step].0[place % 32] ^= 1_u8 << bit;
            }
            _ => { proof.path.pop(); }
        }
        prop_assert!(proof.verify(&early, &late).is_err());
    }
}
