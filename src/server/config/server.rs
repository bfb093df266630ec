//! `[server]`: where it listens, and what one socket may ask of it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::server::origin::Origin;

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
