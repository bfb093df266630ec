//! The clients in `clients/`: their types are made of the server's documents, and are up to date.
//!
//! Where a type has changed, `PLAINSIGHT_CLIENTS=write cargo nextest run clients::` writes them anew.

mod model;
mod python;
mod run;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use model::Api;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a generated file with what it must be, or writes it.
fn up_to_date(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("PLAINSIGHT_CLIENTS").is_some_and(|word| word == "write") {
        std::fs::write(&file, text).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let hint = "`PLAINSIGHT_CLIENTS=write cargo nextest run clients::` writes it anew";
    assert!(found == text, "{path} is out of date: {hint}");
}

#[test]
fn generated_types_are_up_to_date() {
    let api = Api::read();
    up_to_date("clients/typescript/plainsight.ts", &typescript::write(&api));
    up_to_date("clients/python/plainsight_types.py", &python::write(&api));
}

/// The program, where the set-up has put it; without it the test is skipped, but not where all must run.
pub fn tool(path: &str, what: &str) -> Option<PathBuf> {
    let tool = root().join(path);
    if tool.exists() {
        return Some(tool);
    }
    skipped(&format!("there is no {path}, {what}"));
    None
}

fn skipped(why: &str) {
    let hint = "`scripts/setup.sh test` installs it";
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{why}: {hint}"
    );
    eprintln!("skipped: {why}: {hint}");
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn told(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

/// The types, and what a program does with them: frames are told apart by their `type`, pushes by topic and kind.
#[test]
fn typescript_compiles() {
    let Some(tsc) = tool("node_modules/.bin/tsc", "the TypeScript compiler") else {
        return;
    };
    let checked = run(Command::new(tsc).current_dir(root()).args([
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--target",
        "es2022",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
        "--ignoreConfig",
        "clients/typescript/example.ts",
    ]));
    assert!(checked.status.success(), "{}", told(&checked));
}
