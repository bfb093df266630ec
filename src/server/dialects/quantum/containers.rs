//! How many containers run on this machine, as Docker or Podman says on its socket. Not known where no
//! socket is there, or where it may not be read.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Client;
use serde::de::IgnoredAny;
use tokio::time::{MissedTickBehavior, interval};

use crate::server::state::AppState;

const EVERY: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(2);
/// Both speak the same; the host's name says nothing on a socket of this machine.
const RUNNING: &str = "http://localhost/containers/json";

/// Looks until the shutdown.
pub async fn follow(sockets: Vec<PathBuf>, state: AppState) {
    let ways: Vec<Client> = sockets.into_iter().filter_map(way).collect();
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while state
        .shutdown
        .run_until_cancelled(tick.tick())
        .await
        .is_some()
    {
        let mut found = None;
        for way in &ways {
            found = count(way).await.ok();
            if found.is_some() {
                break;
            }
        }
        *state.outside.containers.lock() = found;
    }
}

/// It connects anew for each question: the socket may be another one by then.
fn way(socket: PathBuf) -> Option<Client> {
    let client = Client::builder()
        .unix_socket(socket)
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
        .build();
    client
        .inspect_err(|error| tracing::error!(%error, "containers cannot be counted"))
        .ok()
}

async fn count(way: &Client) -> reqwest::Result<usize> {
    let told = way.get(RUNNING).send().await?.error_for_status()?;
    let running: Vec<IgnoredAny> = told.json().await?;
    Ok(running.len())
}
