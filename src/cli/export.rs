//! `plainsight export`: a part of the sealed log as a bundle that anybody can check. It only reads, and
//! may run beside the server.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use super::Failure;
use super::args::ExportArgs;
use crate::audit::bundle::{BundleWriter, FORMAT, Manifest};
use crate::domain::TimeUs;
use crate::seal::{Hash, LogEntry, SignedHead};
use crate::store::{Journal, Reader, StoreError};

/// Entries that are read at once.
const PAGE: u64 = 1_000;

/// What a bundle will hold.
struct Part {
    first: u64,
    end: u64,
    /// The heads of what is in it; the last one covers all of it.
    heads: Vec<SignedHead>,
    covering: SignedHead,
}

/// Writes the bundle and says what is in it.
pub fn run(args: &ExportArgs) -> Result<(), Failure> {
    if !Journal::is_in(&args.data) {
        let what = format!("{}: there is no journal", args.data.display());
        return Err(Failure::Usage(what));
    }
    if args.from.zip(args.to).is_some_and(|(from, to)| from > to) {
        return Err(Failure::Usage("--from is after --to".to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    runtime.block_on(export(args))
}

async fn export(args: &ExportArgs) -> Result<(), Failure> {
    let reader = Reader::open(&args.data).await.map_err(store)?;
    let part = choose(&reader, args).await?;
    // Under another name until it is whole: nobody finds half of a bundle.
    let draft = args.bundle.with_added_extension("part");
    let written = write(&reader, &part, args, &draft).await;
    let renamed = written.and_then(|()| {
        std::fs::rename(&draft, &args.bundle).map_err(|error| failed(&args.bundle, error))
    });
    if renamed.is_err() {
        // Of no use any more, where it is there at all.
        let _ = std::fs::remove_file(&draft);
    }
    renamed?;
    println!(
        "{}: {}, {} signed heads, key {}",
        args.bundle.display(),
        super::verify::entries(part.first, part.end - part.first),
        part.heads.len(),
        part.covering.key
    );
    Ok(())
}

/// The entries of the time that is asked for, as far as a head covers them.
async fn choose(reader: &Reader, args: &ExportArgs) -> Result<Part, Failure> {
    let newest = reader.newest_head().await.map_err(store)?;
    let newest =
        newest.ok_or_else(|| Failure::Failed("no head of the log is signed yet".to_owned()))?;
    let first = match args.from {
        Some(from) => first_not(reader, newest.size, |time| time < from).await?,
        None => 0,
    };
    let end = match args.to {
        Some(to) => first_not(reader, newest.size, |time| time <= to).await?,
        None => newest.size,
    };
    let first = first.min(end);
    let covering = reader.head_covering(end).await.map_err(store)?;
    let covering = covering.unwrap_or(newest);
    let mut heads = reader.heads_between(first, end).await.map_err(store)?;
    if heads.last() != Some(&covering) {
        heads.push(covering.clone());
    }
    Ok(Part {
        first,
        end,
        heads,
        covering,
    })
}

/// The first entry below `size` whose market time is not so; time never goes back.
async fn first_not(
    reader: &Reader,
    size: u64,
    is_before: impl Fn(TimeUs) -> bool,
) -> Result<u64, Failure> {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        let entries = reader.log_entries(middle, middle).await.map_err(store)?;
        let time = entries.first().and_then(time_of).ok_or_else(|| {
            Failure::Failed(format!(
                "entry {middle} cannot be read; plainsight verify says more"
            ))
        })?;
        if is_before(time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn time_of(entry: &LogEntry) -> Option<TimeUs> {
    let value: serde_json::Value = serde_json::from_str(&entry.canonical).ok()?;
    value.get("time")?.as_i64().map(TimeUs)
}

async fn write(
    reader: &Reader,
    part: &Part,
    args: &ExportArgs,
    draft: &Path,
) -> Result<(), Failure> {
    let file = File::create(draft).map_err(|error| failed(draft, error))?;
    let mut bundle =
        BundleWriter::new(BufWriter::new(file)).map_err(|error| failed(draft, error))?;
    let mut next = part.first;
    while next < part.end {
        let last = (next + PAGE).min(part.end) - 1;
        let entries = reader.log_entries(next, last).await.map_err(store)?;
        if entries.len() as u64 != last + 1 - next {
            let what = format!(
                "entries between {next} and {last} are missing; plainsight verify says more"
            );
            return Err(Failure::Failed(what));
        }
        for entry in &entries {
            bundle.entry(entry).map_err(|error| failed(draft, error))?;
        }
        next = last + 1;
    }
    let manifest = Manifest {
        format: FORMAT,
        from: args.from,
        to: args.to,
        first: part.first,
        end: part.end,
        key: part.covering.key,
        before: reader.log_cover(0, part.first).await.map_err(store)?,
        heads: part.heads.len() as u64,
        covered: part.covering.size,
        after: reader
            .log_cover(part.end, part.covering.size)
            .await
            .map_err(store)?,
        checksum: Hash([0; 32]),
    };
    let file = bundle
        .finish(&part.heads, manifest)
        .map_err(|error| failed(draft, error))?;
    let file = file
        .into_inner()
        .map_err(|error| failed(draft, error.into_error()))?;
    file.sync_all().map_err(|error| failed(draft, error))
}

fn store(error: StoreError) -> Failure {
    Failure::Failed(error.to_string())
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("{}: {error}", path.display()))
}
