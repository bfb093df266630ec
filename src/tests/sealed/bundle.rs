//! Bundles that somebody has altered.

use std::io::{Cursor, Read as _, Write as _};
use std::sync::OnceLock;

use plainsight::audit::{FaultKind, Place, Report, bundle};
use plainsight::domain::TimeUs;
use plainsight::seal::leaf_hash;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const FILES: [&str; 3] = ["manifest.json", "entries.jsonl", "heads.jsonl"];

/// The three files of a bundle as bytes.
#[derive(Clone, PartialEq)]
struct Raw([Vec<u8>; 3]);

impl Raw {
    fn read(zip: &[u8]) -> Self {
        let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        Self(FILES.map(|name| {
            let mut bytes = Vec::new();
            zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        }))
    }

    fn zip(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in FILES.iter().zip(&self.0) {
            // Stored, not packed: the altered copies are many.
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Stored);
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn verify(&self) -> Report {
        bundle::verify(Cursor::new(self.zip()), None)
    }

    fn lines(&self, file: usize) -> Vec<String> {
        let text = String::from_utf8(self.0[file].clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn with_lines(&self, file: usize, lines: &[impl AsRef<[u8]>]) -> Self {
        let mut raw = self.clone();
        raw.0[file] = lines
            .iter()
            .flat_map(|line| [line.as_ref(), b"\n"].concat())
            .collect();
        raw
    }

    fn parsed(&self) -> Lines {
        let parse = |file| self.lines(file);
        Lines {
            manifest: serde_json::from_str(&parse(0)[0]).unwrap(),
            entries: parse(1)
                .iter()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            heads: parse(2)
                .iter()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        }
    }
}

impl Lines {
    fn with_entries(&self, raw: &Raw) -> Raw {
        let lines: Vec<String> = self
            .entries
            .iter()
            .map(|entry| serde_json::to_string(entry).unwrap())
            .collect();
        raw.with_lines(1, &lines)
    }

    fn with_heads(&self, raw: &Raw) -> Raw {
        let lines: Vec<String> = self
            .heads
            .iter()
            .map(|head| serde_json::to_string(head).unwrap())
            .collect();
        raw.with_lines(2, &lines)
    }
}

/// A bundle of the middle of the log, and one of all of it, made by the program.
fn bundles() -> &'static (Raw, Raw) {
    static MADE: OnceLock<(Raw, Raw)> = OnceLock::new();
    MADE.get_or_init(|| {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data");
        // A runtime of its own, beside the one that a test may have.
        std::thread::scope(|scope| {
            let writing = || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(real(&data));
            };
            scope.spawn(writing).join().unwrap();
        });
        let made = |name: &str, more: &[&str]| {
            let path = home.path().join(name);
            let ran = export(&data, &path, more);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
            let ran = verify(&[path.to_str().unwrap()]);
            assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
            Raw::read(&std::fs::read(path).unwrap())
        };
        let part = [
            "--from",
            "2024-01-01T00:40:00Z",
            "--to",
            "2024-01-01T01:10:00Z",
        ];
        (made("part.zip", &part), made("all.zip", &[]))
    })
}

/// The text of a field of a line, and where it stands.
fn field(line: &str, name: &str) -> (usize, usize) {
    let value: Value = serde_json::from_str(line).unwrap();
    let text = format!("\"{name}\":{}", value[name]);
    let at = line
        .find(&text)
        .unwrap_or_else(|| panic!("{text} is not in the line"));
    (at + name.len() + 3, at + text.len())
}

/// The line with one bit of the field's text turned round.
fn flip_field(line: &str, name: &str, byte: usize, bit: u32) -> Vec<u8> {
    let (begin, end) = field(line, name);
    let value = flipped(&line[begin..end], byte, bit);
    [&line.as_bytes()[..begin], &value, &line.as_bytes()[end..]].concat()
}

/// The place of an entry of each kind, further and further on.
fn place_of_kind(entries: &[LogEntry], kind: usize, at: usize) -> usize {
    let wanted = ["decision", "order", "fill"][kind % 3];
    let of_kind: Vec<usize> = (0..entries.len())
        .filter(|place| kind_of(&entries[*place]) == wanted)
        .collect();
    of_kind[at % of_kind.len()]
}

#[test]
fn a_bundle_that_nobody_altered_is_clean() {
    let (part, all) = bundles();
    for raw in [part, all] {
        let report = raw.verify();
        assert!(report.is_clean(), "{:?}", report.faults);
        assert!(
            report.entries > 100 && report.heads > 5 && report.decisions > 20,
            "{report:?}"
        );
        assert!(report.outcomes > 20, "{report:?}");
    }
    assert!(part.verify().first > 0 && part.verify().of_earlier > 0);
    assert_eq!(all.verify().of_earlier, 0);
    let lines = part.parsed();
    let time = |entry: &LogEntry| {
        serde_json::from_str::<Value>(&entry.canonical).unwrap()["time"]
            .as_i64()
            .unwrap()
    };
    let (from, to) = (&lines.manifest["from"], &lines.manifest["to"]);
    let asked = from.as_i64().unwrap()..=to.as_i64().unwrap();
    assert!(
        lines
            .entries
            .iter()
            .all(|entry| asked.contains(&time(entry)))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_of_an_entry_is_found_and_the_entry_named(
        whole: bool, name in 0_usize..3, kind in 0_usize..3, at: usize, byte: usize, bit in 0_u32..8,
    ) {
        let raw = if whole { &bundles().1 } else { &bundles().0 };
        let parsed = raw.parsed();
        let place = place_of_kind(&parsed.entries, kind, at);
        let mut lines: Vec<Vec<u8>> = raw.lines(1).into_iter().map(String::into_bytes).collect();
        let name = ["index", "leaf_hash", "canonical"][name];
        lines[place] = flip_field(&raw.lines(1)[place], name, byte, bit);
        let report = raw.with_lines(1, &lines).verify();
        let index = parsed.entries[place].index;
        let named = report.faults.iter().any(|fault| names_entry(fault, index, place as u64 + 1));
        prop_assert!(named, "entry {} {}: {:?}", index, name, report.faults);
    }

    #[test]
    fn a_flipped_bit_of_a_head_is_found_and_the_head_named(
        whole: bool, name in 0_usize..5, at: usize, byte: usize, bit in 0_u32..8,
    ) {
        let raw = if whole { &bundles().1 } else { &bundles().0 };
        let text = raw.lines(2);
        let place = at % text.len();
        let name = ["size", "root", "time", "key", "signature"][name];
        let mut lines: Vec<Vec<u8>> = text.iter().cloned().map(String::into_bytes).collect();
        lines[place] = flip_field(&text[place], name, byte, bit);
        let size = |line: &[u8]| serde_json::from_slice::<SignedHead>(line).ok().map(|head| head.size);
        let sizes = [size(text[place].as_bytes()), size(&lines[place])];
        let report = raw.with_lines(2, &lines).verify();
        let named = report.faults.iter().any(|fault| match &fault.place {
            Place::Head(size) => sizes.contains(&Some(*size)),
            Place::Line { file, line } => *file == "heads.jsonl" && *line == place as u64 + 1,
            _ => false,
        });
        prop_assert!(named, "{} of {:?}: {:?}", name, sizes, report.faults);
    }

    #[test]
    fn a_flipped_bit_of_the_manifest_is_found(whole: bool, byte: usize, bit in 0_u32..8, name in 0_usize..11) {
        let raw = if whole { &bundles().1 } else { &bundles().0 };
        let line = &raw.lines(0)[0];
        let names = ["format", "from", "to", "first", "end", "key", "before", "heads", "covered", "after", "checksum"];
        let report = raw.with_lines(0, &[flip_field(line, names[name], byte, bit)]).verify();
        let named = report.faults.iter().any(|fault| fault.place == Place::Manifest);
        prop_assert!(named, "{}: {:?}", names[name], report.faults);
    }

    /// Wherever it is in the file as it lies on the disk.
    #[test]
    fn a_flipped_bit_of_the_content_of_a_file_is_found(file in 0_usize..3, byte: usize, bit in 0_u32..8) {
        let mut raw = bundles().0.clone();
        let at = byte % raw.0[file].len();
        raw.0[file][at] ^= 1_u8 << bit;
        prop_assert!(!raw.verify().is_clean(), "{} at {}", FILES[file], at);
    }

    /// As somebody would do it: the text and its leaf hash, so that they agree. The heads tell where.
    #[test]
    fn an_entry_that_is_changed_with_its_leaf_hash_is_found_between_two_heads(whole: bool, at: usize) {
        let raw = if whole { &bundles().1 } else { &bundles().0 };
        let mut lines = raw.parsed();
        let place = at % lines.entries.len();
        let entry = &mut lines.entries[place];
        let index = entry.index;
        let text = entry.canonical.replacen("BTCUSDT", "BTCUSDC", 1);
        entry.leaf_hash = leaf_hash(text.as_bytes());
        entry.canonical = text;
        let after = lines.heads.iter().map(|head| head.size).find(|size| *size > index).unwrap();
        let report = lines.with_entries(raw).verify();
        let named = report.faults.iter().any(|fault| {
            matches!(fault.place, Place::Entries(first, last)
                if (first..=last).contains(&index) && last < after && fault.kind == FaultKind::Changed)
        });
        prop_assert!(named, "entry {}: {:?}", index, report.faults);
    }
}

#[test]
fn removed_reordered_and_truncated_are_told_apart() {
    let (part, all) = bundles();
    for raw in [part, all] {
        let lines = raw.parsed();
        let middle = lines.entries.len() / 2;
        let index = lines.entries[middle].index;

        let mut removed = lines.clone();
        removed.entries.remove(middle);
        let report = removed.with_entries(raw).verify();
        assert_eq!(
            kinds(&report.faults),
            [FaultKind::Removed],
            "{:?}",
            report.faults
        );
        assert_eq!(report.faults[0].place, Place::Entries(index, index));

        // The gap closed: what follows bears other numbers.
        for entry in &mut removed.entries[middle..] {
            entry.index -= 1;
        }
        let report = removed.with_entries(raw).verify();
        assert!(
            report
                .faults
                .iter()
                .any(|fault| fault.kind == FaultKind::Truncated)
        );
        assert!(
            report
                .faults
                .iter()
                .any(|fault| names_entry(fault, index, 0))
        );

        let mut swapped = lines.clone();
        swapped.entries.swap(middle, middle + 1);
        let report = swapped.with_entries(raw).verify();
        assert!(
            kinds(&report.faults).contains(&FaultKind::Reordered),
            "{:?}",
            report.faults
        );
        assert!(
            report
                .faults
                .iter()
                .any(|fault| names_entry(fault, index, 0))
        );

        // Swapped for good, with numbers that fit.
        swapped.entries[middle].index = index;
        swapped.entries[middle + 1].index = index + 1;
        let report = swapped.with_entries(raw).verify();
        assert!(
            kinds(&report.faults).contains(&FaultKind::Reordered),
            "{:?}",
            report.faults
        );
        assert!(
            kinds(&report.faults).contains(&FaultKind::Changed),
            "and no signed root fits"
        );

        let mut twice = lines.clone();
        twice.entries.insert(middle, twice.entries[middle].clone());
        let report = twice.with_entries(raw).verify();
        assert_eq!(
            kinds(&report.faults),
            [FaultKind::Reordered],
            "{:?}",
            report.faults
        );

        let mut short = lines.clone();
        short.entries.truncate(middle);
        let report = short.with_entries(raw).verify();
        assert!(
            kinds(&report.faults).contains(&FaultKind::Truncated),
            "{:?}",
            report.faults
        );

        let mut headless = lines.clone();
        headless.heads.remove(headless.heads.len() / 2);
        let report = headless.with_heads(raw).verify();
        assert_eq!(
            kinds(&report.faults),
            [FaultKind::Removed],
            "{:?}",
            report.faults
        );
    }
}

/// A log that somebody made up from the start, signed with a key that is not the reader's.
#[test]
fn another_key_is_told() {
    let (part, _) = bundles();
    let other = "ab".repeat(32).parse().unwrap();
    let report = bundle::verify(Cursor::new(part.zip()), Some(other));
    let heads = part.parsed().heads;
    for head in &heads {
        let told = report.faults.iter().any(|fault| {
            fault.kind == FaultKind::WrongKey && fault.place == Place::Head(head.size)
        });
        assert!(told, "{:?}", report.faults);
    }
    let own = bundle::verify(Cursor::new(part.zip()), Some(heads[0].key));
    assert!(own.is_clean(), "{:?}", own.faults);
}

/// What the chain of hashes alone would let pass: a log that was written wrongly in the first place.
#[test]
fn what_is_dated_back_is_told() {
    use plainsight::audit::Walk;
    use plainsight::seal::{Frontier, PublicKey};

    let told = |records: &[Value]| {
        let mut walk = Walk::new(Frontier::default(), Vec::new(), &PublicKey([0; 32]));
        for (index, record) in records.iter().enumerate() {
            let text = serde_json_canonicalizer::to_string(record).unwrap();
            walk.entry(index as u64, Some(leaf_hash(text.as_bytes())), Some(&text));
        }
        let report = walk.finish(records.len() as u64, &[]);
        let faults = report.faults.into_iter();
        faults
            .map(|fault| (fault.kind, fault.place, fault.what))
            .collect::<Vec<_>>()
    };
    let decision = |seq: i64, time: i64, outcome: &str, confidence: f64| {
        json!({"seq": seq, "index": 0, "time": time, "event": {"decision": {
            "id": "d-1", "bot": "paper", "made_at": 1_000, "resolves_at": 61_000, "confidence": confidence,
            "outcome": outcome, "realised_return": if outcome == "pending" { Value::Null } else { json!(0.5) },
            "resolved_at": if outcome == "pending" { Value::Null } else { json!(time) },
        }}})
    };
    let fill = |seq: i64, time: i64| json!({"seq": seq, "index": 0, "time": time, "event": {"fill": {"id": "f"}}});
    let made = decision(1, 1_000, "pending", 0.7);
    assert_eq!(
        told(&[made.clone(), decision(2, 61_000, "correct", 0.7)]),
        []
    );
    let cases = [
        (
            vec![fill(1, 2_000), fill(2, 1_999)],
            1,
            "market time goes back",
        ),
        (
            vec![decision(2, 61_000, "correct", 0.7)],
            0,
            "not sealed before",
        ),
        (
            vec![made.clone(), decision(2, 61_000, "correct", 0.9)],
            1,
            "another prediction",
        ),
        (
            vec![made.clone(), decision(2, 60_999, "correct", 0.7)],
            1,
            "before its time",
        ),
        (vec![decision(1, 5_000, "pending", 0.7)], 0, "made at"),
        (
            vec![made.clone(), decision(2, 1_000, "pending", 0.9)],
            1,
            "made before",
        ),
    ];
    for (records, entry, why) in cases {
        let told = told(&records);
        assert_eq!(told.len(), 1, "{why}: {told:?}");
        let (kind, place, what) = &told[0];
        assert_eq!((*kind, place), (FaultKind::BackDated, &Place::Entry(entry)));
        assert!(what.contains(why), "{what}");
    }
    // And of heads: signed with the very key, but dated before a smaller one.
    let home = TempDir::new().unwrap();
    let key = LogKey::open(home.path(), None).unwrap();
    let root = plainsight::seal::empty_root();
    let heads = vec![key.sign(1, root, TimeUs(10)), key.sign(2, root, TimeUs(9))];
    let report = Walk::new(Frontier::default(), heads, &key.public()).finish(0, &[]);
    let back = report
        .faults
        .iter()
        .find(|fault| fault.kind == FaultKind::BackDated);
    assert_eq!(back.unwrap().place, Place::Head(2));
}

#[test]
fn a_text_that_is_not_canonical_is_told() {
    let (_, all) = bundles();
    let mut lines = all.parsed();
    let entry = &mut lines.entries[3];
    entry.canonical = entry.canonical.replacen(":", ": ", 1);
    entry.leaf_hash = leaf_hash(entry.canonical.as_bytes());
    let report = lines.with_entries(all).verify();
    let told = report
        .faults
        .iter()
        .find(|fault| fault.kind == FaultKind::NotCanonical);
    assert_eq!(told.unwrap().place, Place::Entry(3));
}

#[test]
fn the_program_tells_by_its_exit_code() {
    let home = TempDir::new().unwrap();
    let path = |name: &str| home.path().join(name);
    let (part, _) = bundles();
    let mut bad = part.clone();
    let last = bad.0[1].len() - 9;
    bad.0[1][last] ^= 1;
    std::fs::write(path("good.zip"), part.zip()).unwrap();
    std::fs::write(path("bad.zip"), bad.zip()).unwrap();
    std::fs::write(path("no.zip"), "no zip").unwrap();
    let good = path("good.zip");
    let good = good.to_str().unwrap();
    let ran = verify(&[good]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.contains("nothing is wrong"), "{}", ran.stdout);
    let ran = verify(&[path("bad.zip").to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    let index = part.parsed().entries.last().unwrap().index;
    assert!(
        ran.stdout.contains(&format!("changed: entry {index}: ")),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stderr.lines().count(), 1);
    assert_eq!(verify(&[path("no.zip").to_str().unwrap()]).code, Some(1));
    let key = "ab".repeat(32);
    assert_eq!(verify(&[good, "--key", &key]).code, Some(1));
    let empty = home.path().to_str().unwrap();
    for wrong in [
        &[][..],
        &["/nowhere.zip"],
        &["--data", empty],
        &[good, "--data", empty],
        &[good, "--key", "ab"],
    ] {
        let ran = verify(wrong);
        assert_eq!(
            (ran.code, ran.stderr.lines().count()),
            (Some(2), 1),
            "{wrong:?}: {}",
            ran.stderr
        );
    }
    let out = path("out.zip");
    for wrong in [
        &["--from", "yesterday"][..],
        &["--from", "2024-01-02", "--to", "2024-01-01"],
    ] {
        assert_eq!(export(home.path(), &out, wrong).code, Some(2));
    }
    assert_eq!(
        export(home.path(), &out, &[]).code,
        Some(2),
        "there is no journal"
    );
    assert!(!out.exists());
}
