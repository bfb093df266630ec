//! Configuration: flags win over `PLAINSIGHT_SECTION__KEY`, these over Leptos.toml, that over the
//! defaults here. Unknown names are errors, because a misspelt limit is no limit.

mod limits;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use serde::{Deserialize, Deserializer, Serialize};

use super::origin::Origin;
use crate::auth::AuthConfig;
use crate::domain::Symbol;
use crate::engine::config::{AgentConfig, ExchangeConfig};
use crate::feed::BinanceConfig;
use crate::wire::{Backoff, Stream};

pub use super::dialects::{DialectsConfig, RedisConfig};
pub use limits::LimitsConfig;

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

/// `[server]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    pub addr: SocketAddr,
    /// PEM files of the certificate chain and its key: both, for HTTPS, or neither.
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// How long a client may take to say hello, and between two heartbeats, ms.
    pub hello_timeout_ms: u32,
    pub ping_ms: u32,
    /// How long after a heartbeat a word of the client may take, ms.
    pub pong_timeout_ms: u32,
    /// Threads that carry sockets; 0: one for each processor, at most four.
    pub socket_threads: usize,
    /// Open connections of all addresses, sockets included.
    pub max_connections: usize,
    pub max_subscriptions: usize,
    pub max_history: u32,
    /// Origins whose pages may use the API: `https://example.org`. Our own need no mention.
    pub allowed_origins: Vec<Origin>,
    /// Bytes of a REST body.
    pub max_body_bytes: usize,
    /// What may wait for one slow reader before it is skipped and told so, bytes.
    pub lag_bytes: usize,
    /// What may wait of what is never skipped, bytes, and how long one write may take, ms: beyond
    /// that the connection is closed.
    pub max_queue_bytes: usize,
    pub write_timeout_ms: u32,
    /// How long a shutdown waits for what is under way, ms.
    pub shutdown_ms: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 3000)),
            tls_cert: None,
            tls_key: None,
            hello_timeout_ms: 5_000,
            ping_ms: 25_000,
            pong_timeout_ms: 10_000,
            socket_threads: 0,
            max_connections: 10_000,
            max_subscriptions: 200,
            max_history: 500,
            allowed_origins: Vec::new(),
            max_body_bytes: 1024 * 1024,
            lag_bytes: 256 * 1024,
            max_queue_bytes: 1024 * 1024,
            write_timeout_ms: 10_000,
            shutdown_ms: 5_000,
        }
    }
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

/// `[feed]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// `simulated`, `replay:PATH` or `binance`.
    pub source: String,
    /// Empty: what the source has by itself.
    pub symbols: Vec<Symbol>,
    pub seed: u64,
    /// Market seconds a second, or `max`. A live feed has its own.
    #[serde(deserialize_with = "with_or_without_quotes")]
    pub speed: String,
    /// A recorded answer of Binance's `exchangeInfo` (.json, .json.gz): the filters on orders, for a
    /// feed that knows none.
    pub exchange_info: Option<PathBuf>,
    pub binance: BinanceConfig,
}

fn with_or_without_quotes<'de, D: Deserializer<'de>>(given: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number or \"max\" was expected")]
    enum Given {
        Text(String),
        Number(f64),
    }
    Ok(match Given::deserialize(given)? {
        Given::Text(text) => text,
        Given::Number(number) => number.to_string(),
    })
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            source: "simulated".to_owned(),
            symbols: Vec::new(),
            seed: 1,
            speed: "1".to_owned(),
            exchange_info: None,
            binance: BinanceConfig::default(),
        }
    }
}

/// Cadence and age budget of one stream, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub cadence_ms: u32,
    pub budget_ms: u32,
}

/// `[streams]`: the conflated streams. The others come when they happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamsConfig {
    pub market: Rate,
    pub candles: Rate,
    pub positions: Rate,
    pub working: Rate,
    pub portfolio: Rate,
    pub performance: Rate,
    pub models: Rate,
    pub equity: Rate,
    pub health: Rate,
}

impl Default for StreamsConfig {
    fn default() -> Self {
        let rate = |cadence_ms, budget_ms| Rate {
            cadence_ms,
            budget_ms,
        };
        Self {
            market: rate(100, 2_000),
            candles: rate(250, 5_000),
            positions: rate(250, 2_000),
            working: rate(250, 2_000),
            portfolio: rate(250, 2_000),
            performance: rate(1_000, 5_000),
            models: rate(1_000, 5_000),
            // A sample a minute of market time: it has no age of its own.
            equity: rate(1_000, 0),
            health: rate(1_000, 5_000),
        }
    }
}

impl StreamsConfig {
    /// `None` for log streams.
    pub fn rate(&self, stream: Stream) -> Option<Rate> {
        match stream {
            Stream::Market => Some(self.market),
            Stream::Candles => Some(self.candles),
            Stream::Positions => Some(self.positions),
            Stream::Working => Some(self.working),
            Stream::Portfolio => Some(self.portfolio),
            Stream::Performance => Some(self.performance),
            Stream::Models => Some(self.models),
            Stream::Equity => Some(self.equity),
            Stream::Health => Some(self.health),
            Stream::Trades
            | Stream::Orders
            | Stream::Decisions
            | Stream::Agent
            | Stream::Alerts
            | Stream::Quality
            | Stream::Bench => None,
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
        let environment = Env::prefixed("PLAINSIGHT_")
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
mod tests {
    use super::*;
    use crate::engine::config::BuiltIn;

    fn load(text: &str) -> Result<Config, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::load(Some(file.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_file_overrides_the_defaults() {
        let config =
            load("[feed]\nseed = 7\n[streams]\nmarket = { cadence_ms = 50, budget_ms = 9 }\n")
                .unwrap();
        assert_eq!(config.feed.seed, 7);
        for (written, speed) in [("60", "60"), ("0.5", "0.5"), ("\"max\"", "max")] {
            let config = load(&format!("[feed]\nspeed = {written}\n")).unwrap();
            assert_eq!(config.feed.speed, speed);
        }
        assert_eq!(config.feed.source, "simulated");
        assert_eq!(
            config.streams.market,
            Rate {
                cadence_ms: 50,
                budget_ms: 9
            }
        );
        assert_eq!(config.streams.health, StreamsConfig::default().health);
    }

    #[test]
    fn what_is_misspelt_or_mistyped_is_one_line_that_names_it() {
        for (text, word) in [
            ("[feeed]\n", "feeed"),
            ("[feed]\nsead = 1\n", "sead"),
            ("[feed]\nspeed = true\n", "a number or"),
            ("[server]\naddr = \"nowhere\"\n", "addr"),
            ("[limits]\ndeny = [\"10.0.0.0/40\"]\n", "10.0.0.0/40"),
            ("[limits]\nrequests_per_s = 0\n", "requests_per_s"),
            (
                "[redis]\nurl = \"localhost\"\n",
                "not the address of a Redis",
            ),
            ("[feed]\nsymbols = [\"btc\"]\n", "upper-case"),
            ("[feed\n", "line 1, column 6 invalid table header"),
            ("[agent.models]\nbuilt_in = [\"oracle\"]\n", "oracle"),
            (
                "[agent.models]\nbuilt_in = [\"momentum\", \"momentum\"]\n",
                "momentum is named twice",
            ),
            (
                "[agent.models]\nonnx = { momentum = \"a.onnx\" }\n",
                "momentum: that one is built in",
            ),
            ("[agent.models.learning]\nl3 = 1\n", "l3"),
            ("[agent.models.learning]\nrate = -1.0\n", "rate"),
            ("[agent.models.learning]\ndecay = nan\n", "decay"),
        ] {
            let error = load(text).unwrap_err();
            assert!(
                error.contains(word) && !error.contains('\n'),
                "{text:?}: {error:?}"
            );
        }
    }

    #[test]
    fn models_are_chosen_by_name() {
        let config = load(
            "[agent.models]\nbuilt_in = [\"online-logistic\"]\nonnx = { mine = \"a/b.onnx\" }\n\
             learning = { rate = 0.5 }\n",
        )
        .unwrap();
        let models = config.agent.models;
        assert_eq!(models.built_in, [BuiltIn::OnlineLogistic]);
        assert_eq!(models.onnx[&"mine".parse().unwrap()], Path::new("a/b.onnx"));
        assert_eq!((models.learning.rate, models.learning.l2), (0.5, 0.3));
        assert_eq!(models.timeout(), std::time::Duration::from_millis(250));
    }

    #[test]
    fn the_projects_own_file_is_valid() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_FILE);
        Config::load(Some(&path)).unwrap();
    }

    /// Every key of these tables stands in the file, commented out: with what it says all is at its default. (Two
    /// files of TLS, which have none, are shown by their names.)
    #[test]
    fn the_projects_own_file_tells_the_server_and_its_limits() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_FILE);
        let text = std::fs::read_to_string(path).unwrap();
        let told = |table: &str, next: &str| {
            let (_, text) = text.split_once(&format!("\n[{table}]\n")).unwrap();
            let (text, _) = text.split_once(&format!("\n[{next}]")).unwrap();
            let is_key = |line: &&str| line.split(' ').nth(1) == Some("=");
            let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
            let keys: Vec<&str> = lines.filter(is_key).collect();
            let read = load(&format!("[{table}]\n{}\n", keys.join("\n"))).unwrap();
            (keys.len(), read)
        };
        let all = |table: serde_json::Value| table.as_object().unwrap().len();

        let (count, read) = told("limits", "store");
        assert_eq!(count, all(serde_json::json!(LimitsConfig::default())));
        assert_eq!(read.limits, LimitsConfig::default());

        let (count, read) = told("server", "auth");
        assert_eq!(count, all(serde_json::json!(ServerConfig::default())));
        let without_files = ServerConfig {
            tls_cert: None,
            tls_key: None,
            ..read.server
        };
        assert_eq!(without_files, ServerConfig::default());
    }

    /// Every key of `[agent.models]` stands in the file, commented out, at its default.
    #[test]
    fn the_projects_own_file_tells_the_models_defaults() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_FILE);
        let text = std::fs::read_to_string(path).unwrap();
        let (_, tables) = text.split_once("[agent.models]\n").unwrap();
        let (tables, _) = tables.split_once("\n[streams]").unwrap();
        let is_key = |line: &&str| {
            line.split_once(" = ")
                .is_some_and(|(key, _)| !key.contains(' '))
        };
        let keys: Vec<&str> = tables
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .filter(|line| is_key(line) || line.starts_with('['))
            .collect();
        assert_eq!(keys.len(), 7, "{keys:?}");
        let told = load(&format!("[agent.models]\n{}\n", keys.join("\n"))).unwrap();
        assert_eq!(told.agent.models, AgentConfig::default().models);
    }
}
