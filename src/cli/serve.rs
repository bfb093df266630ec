//! `plainsight serve`: configuration with the flags laid over it, logging, signals.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::Failure;
use super::args::ServeArgs;
use crate::server::config::{Config, LogConfig};
use crate::server::serve::serve;

pub fn run(args: ServeArgs) -> Result<(), Failure> {
    let mut config =
        Config::load(args.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()))?;
    lay_over(&mut config, args);
    start_log(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let told = shutdown.clone();
        let mut terminate =
            signal(SignalKind::terminate()).map_err(|error| Failure::Failed(error.to_string()))?;
        let mut interrupt =
            signal(SignalKind::interrupt()).map_err(|error| Failure::Failed(error.to_string()))?;
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("shutting down");
            told.cancel();
        });
        let scheme = match config.server.tls_cert {
            Some(_) => "https",
            None => "http",
        };
        let serving = serve(config, shutdown, |ready| {
            tracing::info!("Plainsight is on {scheme}://{}", ready.address);
            if let Some(password) = ready.first_password {
                // Not by the log, which may be kept.
                println!(
                    "The first start: sign in as \"admin\" with the password {} (it is shown this once)",
                    password.expose()
                );
            }
        });
        serving.await.map_err(|error| {
            let text = error.to_string();
            if error.is_usage() {
                Failure::Usage(text)
            } else {
                Failure::Failed(text)
            }
        })
    })
}

fn lay_over(config: &mut Config, args: ServeArgs) {
    if let Some(addr) = args.addr {
        config.server.addr = addr;
    }
    if args.tls_cert.is_some() {
        config.server.tls_cert = args.tls_cert;
    }
    if args.tls_key.is_some() {
        config.server.tls_key = args.tls_key;
    }
    if let Some(data) = args.data {
        config.store.data = data;
    }
    if let Some(feed) = args.feed {
        config.feed.source = feed;
    }
    if let Some(symbols) = args.symbols {
        config.feed.symbols = symbols;
    }
    if let Some(seed) = args.seed {
        config.feed.seed = seed;
    }
    if let Some(speed) = args.speed {
        config.feed.speed = speed.to_string();
    }
}

/// Whatever the filter says: the WebSocket library writes at `trace` every message that it reads, and there
/// are tokens in them.
fn may_be_told(metadata: &Metadata<'_>) -> bool {
    *metadata.level() != Level::TRACE || !metadata.target().starts_with("tungstenite")
}

fn start_log(config: &LogConfig) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| Failure::Usage(format!("configuration: log.filter: {error}")))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.json {
        true => lines.json().boxed(),
        false => lines.boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .with(filter_fn(may_be_told))
        .init();
    Ok(())
}
