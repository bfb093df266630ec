//! Signed heads by themselves: by whom they are signed, and whether size and time grow together.

use ed25519_dalek::{Signature, VerifyingKey};

use super::{FaultKind, Place, Report};
use crate::seal::{PublicKey, SignedHead};

/// Whether a head was signed with this key.
pub fn is_signed(head: &SignedHead, key: &PublicKey) -> bool {
    let signature = Signature::from_bytes(&head.signature.0);
    VerifyingKey::from_bytes(&key.0)
        .is_ok_and(|key| key.verify_strict(&head.signed_bytes(), &signature).is_ok())
}

/// The heads whose word counts, smallest first; what is wrong with the others goes into the report.
pub fn trusted(heads: Vec<SignedHead>, key: &PublicKey, report: &mut Report) -> Vec<SignedHead> {
    report.heads = heads.len() as u64;
    let mut trusted: Vec<SignedHead> = Vec::with_capacity(heads.len());
    for head in heads {
        let place = Place::Head(head.size);
        if head.key != *key {
            let what = format!("it is of the key {}, not of {key}", head.key);
            report.fault(FaultKind::WrongKey, place, what);
            continue;
        }
        if !is_signed(&head, key) {
            let what = "its size, root, time or signature is not what was signed";
            report.fault(FaultKind::BadSignature, place, what);
            continue;
        }
        if let Some(last) = trusted.last() {
            if head.size <= last.size {
                let what = format!("it stands behind the head of {} entries", last.size);
                report.fault(FaultKind::Reordered, place.clone(), what);
            }
            if head.time < last.time && head.size >= last.size {
                let what = format!(
                    "it is of {}, the smaller head of {} entries is of {}",
                    head.time, last.size, last.time
                );
                report.fault(FaultKind::BackDated, place, what);
            }
        }
        trusted.push(head);
    }
    trusted.sort_by_key(|head| head.size);
    trusted
}
