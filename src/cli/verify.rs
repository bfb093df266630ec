//! `plainsight verify`: whether a bundle or a data directory is the log that was signed. It needs neither
//! a server nor the network.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::Failure;
use super::args::VerifyArgs;
use crate::audit::{Report, bundle};
use crate::seal::PublicKey;
use crate::store::Journal;
use crate::store::sealed::inspect::inspect;

/// Prints what was looked at, and each fault on a line.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let (name, report) = match (&args.bundle, &args.data) {
        (Some(path), _) => (path, of_bundle(path, args.key)?),
        (None, Some(directory)) => (directory, of_directory(directory, args.key)?),
        (None, None) => {
            let what = "give a bundle, or a data directory with --data";
            return Err(Failure::Usage(what.to_owned()));
        }
    };
    print!("{}", text(&name.display().to_string(), &report, args.key));
    if report.is_clean() {
        return Ok(());
    }
    let count = report.faults.len() as u64 + report.more_faults;
    let what = format!(
        "{}: not the log that was signed, {count} faults",
        name.display()
    );
    Err(Failure::Failed(what))
}

fn of_bundle(path: &Path, key: Option<PublicKey>) -> Result<Report, Failure> {
    let file =
        File::open(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    Ok(bundle::verify(BufReader::new(file), key))
}

fn of_directory(directory: &Path, key: Option<PublicKey>) -> Result<Report, Failure> {
    if !Journal::is_in(directory) {
        let what = format!("{}: there is no journal", directory.display());
        return Err(Failure::Usage(what));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    runtime
        .block_on(inspect(directory, key))
        .map_err(|error| Failure::Failed(error.to_string()))
}

/// What is printed.
fn text(name: &str, report: &Report, trusted: Option<PublicKey>) -> String {
    let mut lines = vec![
        format!(
            "{name}: {}, {} signed heads",
            entries(report.first, report.entries),
            report.heads
        ),
        format!(
            "decisions: {} made, {} judged, of which {} were made before the first entry",
            report.decisions, report.outcomes, report.of_earlier
        ),
    ];
    if let Some(key) = report.key {
        let whose = match trusted {
            Some(_) => "the one that was given",
            None => "by its own word; compare it with one that you trust",
        };
        lines.push(format!("key: {key} ({whose})"));
    }
    match report.sealed_to {
        Some(size) => lines.push(format!(
            "sealed: entries before {size}; {} behind it are not signed yet",
            report.unsigned
        )),
        None => lines.push("sealed: nothing".to_owned()),
    }
    lines.extend(report.faults.iter().map(ToString::to_string));
    if report.more_faults > 0 {
        lines.push(format!("and {} faults more", report.more_faults));
    }
    if report.is_clean() {
        lines.push("nothing is wrong".to_owned());
    }
    lines.join("\n") + "\n"
}

pub(super) fn entries(first: u64, count: u64) -> String {
    match count {
        0 => "no entries".to_owned(),
        1 => format!("entry {first}"),
        _ => format!("entries {first} to {} ({count})", first + count - 1),
    }
}
