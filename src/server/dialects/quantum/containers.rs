//! How many containers run on this machine, as Docker or Podman says on its socket. Not known where no
//! socket is there, or where it may not be read.

use std::path::{Path, PathBuf};
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
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while state
        .shutdown
        .run_until_cancelled(tick.tick())
        .await
        .is_some()
    {
        let mut found = None;
        for socket in &sockets {
            found = count(socket).await;
            if found.is_some() {
                break;
            }
        }
        *state.outside.containers.lock() = found;
    }
}

/// A new client each time: the socket may have been made anew.
async fn count(socket: &Path) -> Option<usize> {
    if !socket.exists() {
        return None;
    }
    let client = Client::builder().unix_socket(socket).timeout(PATIENCE);
    let asked = client.build().ok()?.get(RUNNING).send().await;
    let told = asked.and_then(reqwest::Response::error_for_status);
    match told {
        Ok(told) => told
            .json::<Vec<IgnoredAny>>()
            .await
            .ok()
            .map(|all| all.len()),
        Err(error) => {
            tracing::debug!(%error, socket = %socket.display(), "containers cannot be counted");
            None
        }
    }
}
