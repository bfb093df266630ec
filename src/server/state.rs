//! What every handler can reach.

use std::sync::Arc;

use leptos::prelude::LeptosOptions;
use tokio_util::sync::CancellationToken;

use super::config::Config;
use super::dialects::{Casters, Namespace, Outside};
use super::handle::EngineHandle;
use super::limits::Limits;
use super::monitor::Monitor;
use super::socket::shards::Sockets;
use crate::auth::Accounts;
use crate::hub::Hub;
use crate::store::Reader;
use crate::wire::{ClientConfig, Stream, StreamRate};

#[derive(Clone)]
pub struct AppState(Arc<Inner>);

pub struct Inner {
    pub config: Config,
    pub hub: Arc<Hub>,
    /// Users, tokens, sessions, and the audit.
    pub accounts: Accounts,
    pub reader: Reader,
    pub engine: EngineHandle,
    pub monitor: Arc<Monitor>,
    pub leptos: LeptosOptions,
    pub sockets: Sockets,
    /// What the dialects say, and their Socket.IO.
    pub casters: Casters,
    pub socket_io: Namespace,
    pub outside: Outside,
    pub limits: Arc<Limits>,
    /// Sockets end when it is cancelled.
    pub shutdown: CancellationToken,
}

impl AppState {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What a page must know to behave as configured.
    pub fn client_config(&self) -> ClientConfig {
        let streams = Stream::ALL
            .into_iter()
            .filter_map(|stream| {
                let rate = self.config.streams.rate(stream)?;
                Some(StreamRate {
                    stream,
                    cadence_ms: rate.cadence_ms,
                    budget_ms: rate.budget_ms,
                })
            })
            .collect();
        ClientConfig {
            backoff: self.config.client.clone(),
            streams,
            linger_ms: 5_000,
            keep_ms: 300_000,
        }
    }
}

impl std::ops::Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
