//! The load tool: many clients of the native protocol on one thread, or of the five dialects, and a server to
//! measure the former against. It is a program of its own, so that the server's processor time stays the server's.

mod args;
mod clients;
mod connection;
mod dialects;
mod fleet;
mod flood;
mod pacer;
mod process;
mod scan;
mod server;
mod shared;
mod storm;
mod tally;
mod target;
mod websocket;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};

/// Why a run ended without figures.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}: {1}")]
    Io(&'static str, std::io::Error),
    #[error("{0}")]
    Told(String),
}

impl Failure {
    /// Says what was being done when it failed.
    pub fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io(what, error)
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Clients(args) => clients::run(&args),
        Command::Storm(args) => storm::run(&args),
        Command::Flood(args) => flood::run(&args),
        Command::Dialects(args) => dialects::run(&args),
        Command::Server(args) => server::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("plainsight-load: {failure}");
            ExitCode::FAILURE
        }
    }
}
