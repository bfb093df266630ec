//! What `plainsight user` and `plainsight token` have in common. They work on the database itself, also
//! while a server runs on it.

use std::future::Future;

use serde::Serialize;

use super::Failure;
use super::args::DataArgs;
use crate::auth::{Accounts, AuthError};
use crate::server::clock::wall_time;
use crate::server::config::Config;

/// Whether accounts are made where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Make,
    Refuse,
}

/// Does something with the accounts of a data directory, by the rules that its server has.
pub fn with<T, F: Future<Output = Result<T, AuthError>>>(
    args: &DataArgs,
    missing: Missing,
    work: impl FnOnce(Accounts) -> F,
) -> Result<T, Failure> {
    let config =
        Config::load(args.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()))?;
    let data = args.directory.as_ref().unwrap_or(&config.store.data);
    if missing == Missing::Refuse && !Accounts::are_in(data) {
        let what = format!("{}: there are no accounts", data.display());
        return Err(Failure::Usage(what));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let done = runtime.block_on(async {
        let accounts = Accounts::open(data, &config.auth, wall_time()).await?;
        let done = work(accounts.clone()).await;
        let closed = accounts.close().await;
        let value = done?;
        closed.map(|()| value)
    });
    done.map_err(failure)
}

fn failure(error: AuthError) -> Failure {
    if error.is_mistake() {
        Failure::Usage(error.to_string())
    } else {
        Failure::Failed(error.to_string())
    }
}

/// Prints a list as one line of JSON.
pub fn print_json(list: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(list).map_err(|error| Failure::Failed(error.to_string()))?;
    println!("{text}");
    Ok(())
}

/// Prints rows under their heads, in columns.
pub fn print_table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) {
    let mut widths = heads.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths);
        let line: String = padded
            .map(|(cell, width)| format!("{cell:width$}  "))
            .collect();
        println!("{}", line.trim_end());
    };
    print(heads);
    for row in rows {
        print(row.each_ref().map(String::as_str));
    }
}

/// On one line, whatever somebody wrote.
pub fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}
