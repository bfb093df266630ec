//! What the dialect shows that the hub does not have, as it was found last. Tasks look it up; no frame waits
//! for them.

use parking_lot::Mutex;

use super::redis::Reading;
use super::{containers, redis};
use crate::feed::binance::install_crypto;
use crate::server::dialects::keep;
use crate::server::state::AppState;

#[derive(Debug, Default)]
pub struct Outside {
    /// `None` while Redis is away, and where none is configured.
    pub(super) redis: Mutex<Option<Reading>>,
    pub(super) containers: Mutex<Option<usize>>,
}

pub fn start(state: &AppState) {
    install_crypto();
    // The first look has nothing to compare with.
    state.monitor.machine();
    if let Some(url) = state.config.redis.url.clone() {
        keep(state, redis::follow(url, state.clone()));
    }
    let sockets = state.config.dialects.quantum.container_sockets.clone();
    keep(state, containers::follow(sockets, state.clone()));
}
