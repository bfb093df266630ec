//! The arguments, as clap reads them.

mod accounts;
mod time;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::domain::{Symbol, TimeUs};
use crate::feed::Speed;
use crate::seal::PublicKey;

pub use accounts::{
    CreateToken, DataArgs, ListArgs, PasswordArgs, TokenArgs, TokenCommand, UserArgs, UserCommand,
};

#[derive(Debug, Parser)]
#[command(
    name = "plainsight",
    version,
    about,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Without a command: serve.
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the dashboard and the API (the default).
    Serve(ServeArgs),
    /// Run the engine offline over recorded data, as fast as it goes, and print what came of it.
    Replay(ReplayArgs),
    /// Print every metric of a series of returns as one JSON object.
    Metrics(MetricsArgs),
    /// Write a part of the sealed log to a file that anybody can verify.
    Export(ExportArgs),
    /// Check a bundle or a data directory: exit code 0 is fine, 1 is not, 2 is a wrong call.
    Verify(VerifyArgs),
    /// Add and change users; a server that runs takes it in within two seconds.
    User(UserArgs),
    /// Make and revoke API tokens.
    Token(TokenArgs),
}

/// Flags win over environment variables (PLAINSIGHT_SECTION__KEY), these over Leptos.toml.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, value_name = "IP:PORT")]
    pub addr: Option<SocketAddr>,
    /// PEM file of the certificate chain: HTTPS. It is read anew when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Directory of the journal.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where prices come from: simulated, replay:PATH or binance.
    #[arg(long, value_name = "FEED")]
    pub feed: Option<String>,
    /// Symbols, separated by commas.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Option<Vec<Symbol>>,
    /// Seed of the simulated feed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Market seconds a second, or max.
    #[arg(long, value_name = "X|max")]
    pub speed: Option<Speed>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A dump (.csv, .csv.gz, .zip) or a directory of dumps.
    pub path: PathBuf,
    /// Seed of whatever is drawn at random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Market seconds a second, or max.
    #[arg(long, value_name = "X|max", default_value = "max")]
    pub speed: Speed,
    /// Symbols, separated by commas; without it all there are.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<Symbol>,
    /// Write the event log to this file, one canonical JSON event a line.
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// Print the models' scores as tables instead of the JSON object.
    #[arg(long)]
    pub report: bool,
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct MetricsArgs {
    /// CSV with a column `return`, header and a column `date` optional; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub returns: PathBuf,
    /// The benchmark's returns, aligned by date where both files have dates, else by row.
    #[arg(long, value_name = "FILE")]
    pub benchmark: Option<PathBuf>,
    /// Periods in a year.
    #[arg(long, value_name = "P", default_value = "365", value_parser = periods)]
    pub periods: f64,
    /// Print formula, n and the reason of what is undefined as well.
    #[arg(long)]
    pub explain: bool,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Directory of the journal.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Market time of the first entry: RFC 3339, or a date (from its first moment, UTC).
    #[arg(long, value_name = "TIME", value_parser = time::from)]
    pub from: Option<TimeUs>,
    /// Market time of the last entry, included: RFC 3339, or a date (to its last moment, UTC).
    #[arg(long, value_name = "TIME", value_parser = time::to)]
    pub to: Option<TimeUs>,
    /// The file to write.
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A bundle that `export` wrote.
    #[arg(value_name = "BUNDLE", required_unless_present = "data")]
    pub bundle: Option<PathBuf>,
    /// Check the journal in this directory instead.
    #[arg(long, value_name = "DIR", conflicts_with = "bundle")]
    pub data: Option<PathBuf>,
    /// The public key that you trust, in hex; without it the one that the heads name.
    #[arg(long, value_name = "HEX")]
    pub key: Option<PublicKey>,
}

fn periods(text: &str) -> Result<f64, String> {
    let periods: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if periods.is_finite() && periods > 0.0 {
        Ok(periods)
    } else {
        Err("must be above 0".to_owned())
    }
}
