//! Configuration: flags win over `PLAINSIGHT_SECTION__KEY`, these over Leptos.toml, that over the
//! defaults here. Unknown names are errors, because a misspelt limit is no limit.

mod feed;
mod limits;
mod server;
mod streams;

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::auth::AuthConfig;
use crate::engine::config::{AgentConfig, ExchangeConfig};
use crate::wire::Backoff;

pub use super::dialects::{DialectsConfig, RedisConfig};
pub use feed::FeedConfig;
pub use limits::LimitsConfig;
pub use server::ServerConfig;
pub use streams::{Rate, StreamsConfig};

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "Leptos.toml";

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: {error}", .path.display())]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("configuration: {0}")]
    Invalid(String),
}

/// How hard a commit is pressed onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Survives the death of the process; a loss of power may take the last commits.
    Normal,
    /// Survives a loss of power as well.
    Full,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    pub data: PathBuf,
    pub synchronous: Synchronous,
    /// Wall time between two snapshots, ms.
    pub snapshot_ms: u32,
    /// Wall time between two signed heads of the sealed log, ms.
    pub head_ms: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            synchronous: Synchronous::Normal,
            snapshot_ms: 10_000,
            head_ms: 60_000,
        }
    }
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// As `tracing` filters are written: `info`, `plainsight=debug,info`.
    pub filter: String,
    pub json: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            json: false,
        }
    }
}

/// Everything. Other tables of the file belong to other tools.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    pub server: ServerConfig,
    pub limits: LimitsConfig,
    pub store: StoreConfig,
    pub feed: FeedConfig,
    pub exchange: ExchangeConfig,
    pub agent: AgentConfig,
    pub streams: StreamsConfig,
    pub client: Backoff,
    pub auth: AuthConfig,
    pub dialects: DialectsConfig,
    pub redis: RedisConfig,
    pub log: LogConfig,
}

/// The tables that the file may have; `package` is Leptos's own.
const TABLES: [&str; 13] = [
    "dialects", "package", "server", "limits", "store", "feed", "exchange", "agent", "streams",
    "client", "auth", "log", "redis",
];

/// What variables of the environment begin with that set a key; others that do are for other programs.
const PREFIX: &str = "PLAINSIGHT_";

/// A misspelt table is as silent in the environment as it would be in the file.
fn check_names(names: impl IntoIterator<Item = String>) -> Result<(), ConfigError> {
    for name in names {
        let upper = name.to_uppercase();
        let Some(rest) = upper.strip_prefix(PREFIX) else {
            continue;
        };
        let (table, key) = match rest.split_once("__") {
            Some((table, key)) => (table.to_lowercase(), Some(key)),
            None => (rest.to_lowercase(), None),
        };
        let is_known = TABLES.contains(&table.as_str());
        if key.is_some() && !is_known {
            let why = format!("{name}: there is no table [{table}]");
            return Err(ConfigError::Invalid(why));
        }
        if key.is_none() && is_known {
            let why = format!("{name} sets nothing: a key is set by {name}__KEY");
            return Err(ConfigError::Invalid(why));
        }
    }
    Ok(())
}

impl Config {
    /// Reads the file and the environment. A file that was asked for must be there; the default one
    /// need not.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => {
                // By its path, so that an error names the file.
                let toml = Toml::file_exact(path);
                if let Ok(tables) =
                    Figment::from(Toml::string(&text)).extract::<figment::value::Dict>()
                    && let Some(unknown) = tables
                        .keys()
                        .find(|table| !TABLES.contains(&table.as_str()))
                {
                    return Err(ConfigError::Invalid(format!(
                        "{}: unknown table [{unknown}]",
                        path.display()
                    )));
                }
                figment = figment.merge(toml);
            }
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(ConfigError::Unreadable {
                    path: path.to_owned(),
                    error,
                });
            }
        }
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        check_names(names)?;
        let environment = Env::prefixed(PREFIX)
            .filter(|key| key.as_str().contains("__"))
            .split("__");
        let config: Self = figment.merge(environment).extract().map_err(|error| {
            let first = error.into_iter().next();
            ConfigError::Invalid(
                first.map_or_else(|| "unreadable".to_owned(), |error| one_line(&error)),
            )
        })?;
        Ok(config)
    }
}

/// Without the picture of the place that the TOML parser draws.
fn one_line(error: &figment::Error) -> String {
    let text = error.to_string();
    let is_picture = |line: &&str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        rest.starts_with('|')
    };
    text.lines()
        .filter(|line| !is_picture(line))
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests;
