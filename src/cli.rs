//! The command line. A wrong flag or configuration is one clear line on standard error and exit
//! code 2; whatever fails later is one line and exit code 1.

mod accounts;
mod args;
mod export;
mod metrics;
mod replay;
mod serve;
mod token;
mod user;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::{Cli, Command, ServeArgs};

/// Runs what the arguments ask for.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let result = match cli.command {
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Metrics(args)) => metrics::run(&args),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::User(args)) => user::run(args.command),
        Some(Command::Token(args)) => token::run(args.command),
        Some(Command::Serve(args)) => serve::run(args),
        None => serve::run(cli.serve),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("plainsight: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// clap's own answer, cut to one line where it is an error: help and version go out whole.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Nothing can be done about a closed standard output.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    // What it is, and on lines of their own the names that it is about.
    let paragraph = text.lines().take_while(|line| !line.trim().is_empty());
    let line = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
    eprintln!(
        "plainsight: {} (see --help)",
        line.trim_start_matches("error: ")
    );
    ExitCode::from(2)
}

/// Why a command ended badly.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The user must change something: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// Something went wrong on the way: exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
        }
    }
}
