//! Reads a bundle that nobody vouches for, line by line, and says all that is wrong with it.

use std::io::{BufRead, BufReader, Read, Seek};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zip::ZipArchive;

use super::{ENTRIES, FORMAT, HEADS, MANIFEST, Manifest};
use crate::audit::{FaultKind, Place, Report, Walk};
use crate::seal::{Frontier, LogEntry, MAX_SIZE, PublicKey, SignedHead};

/// The longest line that is read. No entry is anywhere near it.
const MAX_LINE: u64 = 16 << 20;
/// What the manifest may have: a tree has at most 53 nodes on each of its sides.
const MAX_NODES: usize = 2 * 53;

/// Checks a bundle against the key that its reader trusts; without one, against the bundle's own.
pub fn verify<R: Read + Seek>(file: R, key: Option<PublicKey>) -> Report {
    let mut report = Report::default();
    let unreadable = |mut report: Report, what: String| {
        report.fault(FaultKind::Unreadable, Place::Log, what);
        report
    };
    let mut zip = match ZipArchive::new(file) {
        Ok(zip) => zip,
        Err(error) => return unreadable(report, format!("not a bundle: {error}")),
    };
    let files = [MANIFEST, ENTRIES, HEADS];
    for name in zip.file_names().flatten() {
        if !files.contains(&&*name) {
            let what = format!("{name} does not belong to a bundle");
            report.fault(FaultKind::Added, Place::Log, what);
        }
    }
    let manifest = match read_manifest(&mut zip) {
        Ok(manifest) => manifest,
        Err(what) => {
            report.fault(FaultKind::Unreadable, Place::Manifest, what);
            return report;
        }
    };
    let mut heads = Vec::new();
    let told = each_line(&mut zip, HEADS, |line, text| {
        match exact::<SignedHead>(text) {
            Ok(head) => heads.push(head),
            Err((kind, what)) => report.fault(kind, Place::Line { file: HEADS, line }, what),
        }
    });
    if let Err(what) = told {
        report.fault(FaultKind::Unreadable, Place::Log, what);
    }
    check_manifest(&manifest, key, &mut report);
    let before = Frontier::from_hashes(manifest.first, &manifest.before).unwrap_or_default();
    if before.size() != manifest.first {
        let what = format!("its nodes are not those of {} entries", manifest.first);
        report.fault(FaultKind::Changed, Place::Manifest, what);
    }
    check_heads(&manifest, &heads, &mut report);
    let walk = Walk::new(before, heads, &key.unwrap_or(manifest.key));
    let found = walk_entries(&mut zip, walk, &manifest);
    report.absorb(found);
    report
}

fn walk_entries<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    mut walk: Walk,
    manifest: &Manifest,
) -> Report {
    let mut early = 0_u64;
    let told = each_line(zip, ENTRIES, |line, text| match exact::<LogEntry>(text) {
        Ok(entry) if entry.index >= manifest.end => {
            let what = format!("the manifest ends before {}", manifest.end);
            walk.fault(FaultKind::Added, Place::Entry(entry.index), what);
        }
        Ok(entry) => {
            early += u64::from(entry.index < manifest.first);
            walk.entry(entry.index, Some(entry.leaf_hash), Some(&entry.canonical));
        }
        Err((kind, what)) => walk.fault(
            kind,
            Place::Line {
                file: ENTRIES,
                line,
            },
            what,
        ),
    });
    if let Err(what) = told {
        walk.fault(FaultKind::Unreadable, Place::Log, what);
    }
    let reached = walk.next_index();
    if reached < manifest.end {
        let place = Place::Entries(reached, manifest.end - 1);
        walk.fault(
            FaultKind::Truncated,
            place,
            "the manifest says that they are here",
        );
    }
    let whole = reached == manifest.end && early == 0;
    let after = if whole { &manifest.after[..] } else { &[] };
    let covered = if whole { manifest.covered } else { reached };
    walk.finish(covered, after)
}

fn read_manifest<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<Manifest, String> {
    let mut manifest = Err("it is empty".to_owned());
    each_line(zip, MANIFEST, |line, text| {
        manifest = match line {
            1 => exact::<Manifest>(text).map_err(|(_, what)| what),
            _ => Err("it has more than one line".to_owned()),
        };
    })?;
    let manifest = manifest?;
    if manifest.format != FORMAT {
        return Err(format!(
            "format {}; this version reads {FORMAT}",
            manifest.format
        ));
    }
    let nodes = manifest.before.len() + manifest.after.len();
    let in_order = manifest.first <= manifest.end && manifest.end <= manifest.covered;
    if !in_order || manifest.covered > MAX_SIZE || nodes > MAX_NODES {
        return Err("its sizes are not those of a log".to_owned());
    }
    Ok(manifest)
}

fn check_manifest(manifest: &Manifest, key: Option<PublicKey>, report: &mut Report) {
    if manifest.checksum != manifest.computed_checksum() {
        let what = "it does not give its own checksum";
        report.fault(FaultKind::Changed, Place::Manifest, what);
    }
    if let Some(key) = key
        && key != manifest.key
    {
        let what = format!("it names the key {}, not {key}", manifest.key);
        report.fault(FaultKind::WrongKey, Place::Manifest, what);
    }
}

fn check_heads(manifest: &Manifest, heads: &[SignedHead], report: &mut Report) {
    if heads.len() as u64 != manifest.heads {
        let what = format!(
            "{} signed heads; the manifest says {}",
            heads.len(),
            manifest.heads
        );
        report.fault(FaultKind::Removed, Place::Log, what);
    }
    if !heads.iter().any(|head| head.size == manifest.covered) {
        let what = "the signed head that covers the last entries is missing";
        report.fault(FaultKind::Removed, Place::Head(manifest.covered), what);
    }
}

/// Reads a value that is written in the one way that this program writes it.
fn exact<T: Serialize + DeserializeOwned>(text: &[u8]) -> Result<T, (FaultKind, String)> {
    let value: T =
        serde_json::from_slice(text).map_err(|error| (FaultKind::Unreadable, error.to_string()))?;
    if serde_json::to_vec(&value).ok().as_deref() != Some(text) {
        let what = "it says it in another way than it was written".to_owned();
        return Err((FaultKind::NotCanonical, what));
    }
    Ok(value)
}

fn each_line<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    name: &'static str,
    mut each: impl FnMut(u64, &[u8]),
) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{name}: {error}");
    let file = zip.by_name(name).map_err(|error| failed(&error))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let mut limited = (&mut reader).take(MAX_LINE);
        let read = limited
            .read_until(b'\n', &mut line)
            .map_err(|error| failed(&error))?;
        if read == 0 {
            break;
        }
        if line.pop() != Some(b'\n') {
            return Err(format!("{name}: line {number} has no end"));
        }
        each(number, &line);
    }
    Ok(())
}
