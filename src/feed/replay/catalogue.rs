//! What there is to replay: finds the files, the members of archives, and for each its symbol,
//! its format and when it starts. Reads no more than the beginning of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::container::{Container, members};
use super::row::Format;
use super::rows::{Rows, detect};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Extent, FeedNotice, MarketEvent, QualityKind, Symbol, TimeUs};
use crate::feed::{FeedError, FeedItem};

/// Lines that are looked at to learn what a file is and when it starts.
const PROBED_LINES: u64 = 1_000;
/// With more files than this the identity holds their hash in place of their names.
const NAMED_FILES: usize = 4;

/// One stream of rows of one symbol.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// `x.csv` or `x.zip/member.csv`: the source that notices name.
    pub name: String,
    pub path: PathBuf,
    pub container: Container,
    pub symbol: Symbol,
    pub format: Format,
    /// Length of a bar, µs, where the file name says it.
    pub step: Option<i64>,
    /// No item is earlier. `i64::MIN` where the beginning does not tell.
    pub start: TimeUs,
}

#[derive(Debug)]
pub(super) struct Catalogue {
    /// In the order of their names.
    pub parts: Vec<Part>,
    pub symbols: Vec<Symbol>,
    /// What is there and is not replayed, and why.
    pub left_out: Vec<FeedNotice>,
    pub identity: String,
    /// Of all files, packed.
    pub bytes: u64,
}

struct Found {
    path: PathBuf,
    file: String,
    size: u64,
}

/// A part before its rows were looked at.
struct Candidate {
    name: String,
    /// The name that says the symbol.
    label: String,
    path: PathBuf,
    container: Container,
}

pub(super) fn read(path: &Path, wanted: &[Symbol]) -> Result<Catalogue, FeedError> {
    let found = find(path)?;
    let identity = identity(&found);
    let bytes = found.iter().map(|file| file.size).sum();
    let mut candidates = Vec::new();
    for file in &found {
        candidates.extend(expand(file)?);
    }
    let named = assign(path, candidates, wanted)?;
    let mut parts = Vec::with_capacity(named.len());
    for (candidate, symbol) in named {
        parts.push(probe(candidate, symbol)?);
    }
    let (parts, left_out) = finest(parts);
    let symbols: BTreeSet<_> = parts.iter().map(|part| part.symbol.clone()).collect();
    Ok(Catalogue {
        parts,
        symbols: symbols.into_iter().collect(),
        left_out,
        identity,
        bytes,
    })
}

/// The file, or those of the directory that a replay can read, in the order of their names.
fn find(path: &Path) -> Result<Vec<Found>, FeedError> {
    let failed = |source: io::Error| FeedError::Io {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        let file = file_name(path);
        if extension(&file).is_none() {
            return Err(FeedError::UnknownFormat {
                path: path.to_owned(),
                why: "the name must end in .csv, .csv.gz or .zip".to_owned(),
            });
        }
        return Ok(vec![Found {
            path: path.to_owned(),
            file,
            size: metadata.len(),
        }]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let file = file_name(&entry.path());
        let metadata = fs::metadata(entry.path()).map_err(failed)?;
        if metadata.is_file() && !file.starts_with('.') && extension(&file).is_some() {
            found.push(Found {
                path: entry.path(),
                file,
                size: metadata.len(),
            });
        }
    }
    if found.is_empty() {
        return Err(FeedError::EmptyDirectory {
            path: path.to_owned(),
        });
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn extension(file: &str) -> Option<&'static str> {
    let lower = file.to_ascii_lowercase();
    [".csv", ".csv.gz", ".zip"]
        .into_iter()
        .find(|extension| lower.ends_with(extension))
}

fn identity(found: &[Found]) -> String {
    let files: Vec<_> = found
        .iter()
        .map(|file| format!("{}:{}", file.file, file.size))
        .collect();
    let all = files.join(",");
    if files.len() <= NAMED_FILES {
        return format!("replay:{all}");
    }
    let bytes: u64 = found.iter().map(|file| file.size).sum();
    let hash = hex::encode(&Sha256::digest(all.as_bytes())[..16]);
    format!("replay:{} files:{bytes}:{hash}", files.len())
}

fn expand(file: &Found) -> Result<Vec<Candidate>, FeedError> {
    let candidate = |name: String, label: &str, container| Candidate {
        name,
        label: label.to_owned(),
        path: file.path.clone(),
        container,
    };
    match extension(&file.file) {
        Some(".zip") => {
            let members = members(&file.path)?;
            let single = members.len() == 1;
            let of_member = |(member, container): (String, Container)| {
                // The archive's name speaks for its one member.
                let label = if single { &file.file } else { &member };
                candidate(format!("{}/{member}", file.file), label, container)
            };
            Ok(members.into_iter().map(of_member).collect())
        }
        Some(".csv.gz") => Ok(vec![candidate(
            file.file.clone(),
            &file.file,
            Container::Gzip,
        )]),
        _ => Ok(vec![candidate(
            file.file.clone(),
            &file.file,
            Container::Plain,
        )]),
    }
}

/// The part of a name before the first `-`, `.` or `_`, where it can be a symbol.
fn symbol_of(label: &str) -> Option<Symbol> {
    let label = label.rsplit('/').next()?;
    let first = label.split(['-', '.', '_']).next()?;
    first.to_ascii_uppercase().parse().ok()
}

/// Gives each candidate its symbol. One wanted symbol renames the only one there is; otherwise the
/// wanted ones are picked.
fn assign(
    path: &Path,
    candidates: Vec<Candidate>,
    wanted: &[Symbol],
) -> Result<Vec<(Candidate, Symbol)>, FeedError> {
    let refused = |why: String| FeedError::Symbols {
        path: path.to_owned(),
        why,
    };
    let there: BTreeSet<_> = candidates.iter().map(|one| symbol_of(&one.label)).collect();
    if let ([only], 1) = (wanted, there.len()) {
        return Ok(candidates
            .into_iter()
            .map(|one| (one, only.clone()))
            .collect());
    }
    for symbol in wanted {
        if !there.contains(&Some(symbol.clone())) {
            let names: Vec<_> = there.iter().flatten().map(Symbol::as_str).collect();
            return Err(refused(format!(
                "no data of {symbol}, only of {}",
                names.join(", ")
            )));
        }
    }
    let mut named = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        match symbol_of(&candidate.label) {
            Some(symbol) if wanted.is_empty() || wanted.contains(&symbol) => {
                named.push((candidate, symbol));
            }
            None if wanted.is_empty() => {
                let name = &candidate.name;
                return Err(refused(format!(
                    "the name {name} tells no symbol; give one"
                )));
            }
            _ => {}
        }
    }
    Ok(named)
}

/// What the words of a file name say of its kind, and of the length of its bars in µs.
fn kind_of(name: &str) -> (Option<&'static str>, Option<i64>) {
    let mut kind = None;
    let mut step = None;
    for word in name.split(['-', '_', '.', '/', ' ']) {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "aggtrades" => kind = kind.or(Some("aggTrades")),
            "trades" => kind = kind.or(Some("trades")),
            "klines" => kind = kind.or(Some("klines")),
            _ => step = step.or(interval(&lower)),
        }
    }
    if kind.is_none() && step.is_some() {
        kind = Some("klines");
    }
    (kind, step)
}

fn interval(word: &str) -> Option<i64> {
    if word == "1mo" {
        return Some(30 * DAY);
    }
    let unit = match word.chars().last()? {
        's' => SECOND,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    let count: i64 = word[..word.len() - 1].parse().ok()?;
    (1..=1_000).contains(&count).then_some(count * unit)
}

fn probe(candidate: Candidate, symbol: Symbol) -> Result<Part, FeedError> {
    let failed = |source: io::Error| FeedError::Io {
        path: candidate.path.clone(),
        source,
    };
    let open = || {
        candidate
            .container
            .open(&candidate.path, Arc::default())
            .map_err(failed)
    };
    let (kind, step) = kind_of(&candidate.name);
    let Some(format) = detect(open()?, kind, &symbol, PROBED_LINES) else {
        return Err(FeedError::UnknownFormat {
            path: candidate.path.clone(),
            why: format!(
                "{} has no row of trades, aggTrades or klines",
                candidate.name
            ),
        });
    };
    let reader = open()?;
    let mut part = Part {
        name: candidate.name,
        path: candidate.path,
        container: candidate.container,
        symbol,
        format,
        step,
        start: TimeUs(i64::MIN),
    };
    let mut rows = Rows::new(reader, part.clone());
    let mut items = Vec::new();
    while rows.line() < PROBED_LINES && rows.step(&mut items) {}
    let events = items.iter().filter_map(|item| match item {
        FeedItem::Market(event) => Some(event),
        FeedItem::Notice(_) => None,
    });
    if let Some(first) = events.clone().next() {
        part.start = first.time();
    }
    // The shortest bar: one before a hole in the data may look longer.
    part.step = step.or(events
        .filter_map(|event| match event {
            MarketEvent::Bar(bar) => Some(bar.close_time.since(bar.open_time) + 1),
            _ => None,
        })
        .min());
    Ok(part)
}

/// Of each symbol only the finest kind of data, and no file in two containers: the others show the
/// same market again.
fn finest(parts: Vec<Part>) -> (Vec<Part>, Vec<FeedNotice>) {
    let grain = |part: &Part| {
        let rank = Format::ALL
            .iter()
            .position(|format| format.name() == part.format.name());
        let step = match part.format {
            Format::Klines | Format::Candles => part.step,
            Format::Trades | Format::AggTrades => None,
        };
        (rank, step)
    };
    let mut best = BTreeMap::new();
    for part in &parts {
        let best = best
            .entry(part.symbol.clone())
            .or_insert_with(|| grain(part));
        *best = grain(part).min(*best);
    }
    let mut stems: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut left_out = Vec::new();
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        let file = file_name(&part.path);
        let stem = file[..file.len() - extension(&file).map_or(0, str::len)].to_owned();
        let first = stems.entry(stem).or_insert_with(|| part.path.clone());
        let why = if *first != part.path {
            format!("not replayed: {} is the same", file_name(first))
        } else if best.get(&part.symbol) != Some(&grain(&part)) {
            format!("not replayed: there is finer data of {}", part.symbol)
        } else {
            kept.push(part);
            continue;
        };
        left_out.push(FeedNotice {
            kind: QualityKind::SourceEnded,
            symbol: Some(part.symbol),
            source: part.name,
            line: None,
            message: why,
            extent: Extent::default(),
        });
    }
    (kept, left_out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_symbol_kind_and_step() {
        assert_eq!(
            symbol_of("BTCUSDT-aggTrades-2024-01-01.zip")
                .unwrap()
                .as_str(),
            "BTCUSDT"
        );
        assert_eq!(symbol_of("dir/ethusdt_1d.csv").unwrap().as_str(), "ETHUSDT");
        assert_eq!(symbol_of("-x.csv"), None);
        assert_eq!(
            kind_of("BTCUSDT-aggTrades-2024-01-01.zip"),
            (Some("aggTrades"), None)
        );
        assert_eq!(
            kind_of("BTCUSDT-trades-2024-01.csv"),
            (Some("trades"), None)
        );
        assert_eq!(
            kind_of("BTCUSDT-1m-2024-01-01.csv.gz"),
            (Some("klines"), Some(MINUTE))
        );
        assert_eq!(
            kind_of("coinbase_btcusd_4h_2016.csv"),
            (Some("klines"), Some(4 * HOUR))
        );
        assert_eq!(
            kind_of("BTCUSDT-1mo-2024-02.zip"),
            (Some("klines"), Some(30 * DAY))
        );
        assert_eq!(kind_of("prices.csv"), (None, None));
    }

    #[test]
    fn a_long_list_of_files_has_a_short_identity() {
        let file = |n: usize| Found {
            path: PathBuf::new(),
            file: format!("BTCUSDT-{n}.zip"),
            size: 10,
        };
        let two: Vec<_> = (0..2).map(file).collect();
        assert_eq!(identity(&two), "replay:BTCUSDT-0.zip:10,BTCUSDT-1.zip:10");
        let many: Vec<_> = (0..400).map(file).collect();
        assert!(identity(&many).starts_with("replay:400 files:4000:"));
        assert!(identity(&many).len() < 80);
    }
}
