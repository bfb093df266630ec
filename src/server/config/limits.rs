//! `[limits]`: what one address, one user, one connection and one socket may take of the server.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::server::network::Network;

/// `[limits]`. Nobody is exempt, not even this machine: whoever needs more says so here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Who may connect; empty: everybody.
    pub allow: Vec<Network>,
    /// Who may not. It wins over `allow`.
    pub deny: Vec<Network>,
    /// Whose `X-Forwarded-For`, `Forwarded` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Open connections of one address, sockets included. Here and below an IPv6 address is its /64.
    pub connections_per_address: NonZeroU32,
    /// Open sockets of one address.
    pub sockets_per_address: NonZeroU32,
    /// From a request's first byte (of the first request: from the connection) to its last header, ms.
    pub header_timeout_ms: NonZeroU32,
    /// Bytes of a request's line and headers.
    pub max_header_bytes: usize,
    pub max_headers: usize,
    /// From the headers to a body's last byte, ms.
    pub body_timeout_ms: NonZeroU32,
    /// A connection on which nothing moves is closed after this, ms.
    pub idle_ms: NonZeroU32,
    /// Open sockets of one user from all addresses; who joined by a link is one of its own.
    pub sockets_per_user: NonZeroU32,
    /// Requests of one address in the long run, and at once after a rest. Files and `/health` are free.
    pub requests_per_s: NonZeroU32,
    pub request_burst: NonZeroU32,
    /// The same of one user from all addresses.
    pub user_requests_per_s: NonZeroU32,
    pub user_request_burst: NonZeroU32,
    /// Frames of a client on one socket, likewise.
    pub commands_per_s: NonZeroU32,
    pub command_burst: NonZeroU32,
    /// Connections of one address that are closed for abuse within a minute, until it is refused, and for
    /// how long, s.
    pub strikes: NonZeroU32,
    pub ban_s: u32,
}

const fn count(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            trusted_proxies: Vec::new(),
            connections_per_address: count(256),
            sockets_per_address: count(128),
            header_timeout_ms: count(5_000),
            max_header_bytes: 16 * 1024,
            max_headers: 64,
            body_timeout_ms: count(15_000),
            idle_ms: count(75_000),
            sockets_per_user: count(256),
            requests_per_s: count(50),
            request_burst: count(200),
            user_requests_per_s: count(100),
            user_request_burst: count(400),
            commands_per_s: count(50),
            command_burst: count(100),
            strikes: count(20),
            ban_s: 30,
        }
    }
}

impl LimitsConfig {
    /// No limit on what one address may have: for a server that is measured or tested from one.
    pub fn roomy() -> Self {
        Self {
            connections_per_address: NonZeroU32::MAX,
            sockets_per_address: NonZeroU32::MAX,
            sockets_per_user: NonZeroU32::MAX,
            requests_per_s: count(1_000_000),
            request_burst: count(1_000_000),
            user_requests_per_s: count(1_000_000),
            user_request_burst: count(1_000_000),
            commands_per_s: count(1_000_000),
            command_burst: count(1_000_000),
            strikes: NonZeroU32::MAX,
            ..Self::default()
        }
    }

    pub fn header_timeout(&self) -> Duration {
        millis(self.header_timeout_ms)
    }

    pub fn body_timeout(&self) -> Duration {
        millis(self.body_timeout_ms)
    }

    pub fn idle(&self) -> Duration {
        millis(self.idle_ms)
    }

    pub fn ban(&self) -> Duration {
        Duration::from_secs(self.ban_s.into())
    }
}

fn millis(ms: NonZeroU32) -> Duration {
    Duration::from_millis(ms.get().into())
}
