//! Five older dashboards' protocols, so that their clients work unchanged. Each dialect is one file that
//! translates: what the hub has into its frames, what its clients say into our commands. None computes a
//! figure, stores anything or asks a clock for one; [`View`] is all that they see. (Quantum Trader's figures may
//! come from Redis; they are read [outside](quantum::Outside) as well.)
//!
//! What happens is translated once for all clients of a dialect: its [`caster`] task asks the hub, its
//! [`Voice`](caster::Voice) makes [`Said`](caster::Said) of it, and each connection picks what it listens to
//! ([`session`]; Socket.IO has its own in [`transparency`]).

pub mod caster;
pub mod config;
pub mod figures;
pub mod finance;
mod names;
mod page;
pub mod quantum;
pub mod session;
pub mod trading;
pub mod transparency;
pub mod updates;
mod view;

use std::sync::Arc;

use axum::http::{HeaderMap, Uri, header};

use super::state::AppState;
use crate::wire::form::Fields;
use caster::Caster;

pub use config::DialectsConfig;
pub use quantum::{Outside, RedisConfig};
pub use transparency::Namespace;
pub use view::View;

/// What is known of a dialect.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// As its own documents call the system.
    pub name: &'static str,
    /// Its sockets.
    pub sockets: &'static [&'static str],
    /// Its REST face.
    pub rest: &'static [&'static str],
    /// Clients that the tests connect with, unchanged.
    pub clients: &'static [&'static str],
}

/// Their names.
pub const TRANSPARENCY: &str = "Transparency Dashboard";
pub const FINANCE: &str = "Finance Feedback Engine";
pub const UPDATES: &str = "Real-time Data Updates";
pub const TRADING: &str = "AI-Trading";
pub const QUANTUM: &str = "Quantum Trader";

/// All of them, in the order of the documents.
pub const DIALECTS: [Dialect; 5] = [
    Dialect {
        name: TRANSPARENCY,
        sockets: &["/socket.io"],
        rest: &[
            "/health",
            "/api/portfolio",
            "/api/portfolio/positions",
            "/api/trades",
            "/api/ai/decisions",
            "/api/ai/models",
            "/api/performance",
            "/api/performance/equity-curve",
            "/api/stats",
        ],
        clients: &["python-socketio", "socket.io-client"],
    },
    Dialect {
        name: FINANCE,
        sockets: &[
            "/api/v1/bot/ws",
            "/api/v1/bot/ws/portfolio",
            "/api/v1/bot/ws/positions",
            "/api/v1/bot/ws/decisions",
        ],
        rest: &[
            "/api/v1/status",
            "/api/v1/bot/status",
            "/api/v1/bot/positions",
            "/api/v1/decisions",
            "/api/v1/health",
        ],
        clients: &["websockets", "websocket-client", "browser WebSocket"],
    },
    Dialect {
        name: UPDATES,
        sockets: &["/ws"],
        rest: &[],
        clients: &["websockets", "browser WebSocket"],
    },
    Dialect {
        name: TRADING,
        sockets: &["/api/ws/realtime"],
        rest: &[],
        clients: &["websockets", "browser WebSocket"],
    },
    Dialect {
        name: QUANTUM,
        sockets: &["/stream/live"],
        rest: &["/stream/health"],
        clients: &["websockets", "websocket-client", "browser WebSocket"],
    },
];

/// Whether an address belongs to one of them: their clients have more ways to say who they are, and their
/// pages ran on another port.
pub fn is_theirs(path: &str) -> bool {
    let is_at = |root: &&str| {
        let rest = path.strip_prefix(*root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ["/socket.io", "/api", "/ws", "/stream"].iter().any(is_at)
}

/// Whether an address belongs to one of them or is one that they share with us.
pub fn is_face(path: &str) -> bool {
    is_theirs(path) || DIALECTS.iter().any(|dialect| dialect.rest.contains(&path))
}

/// Whether an address carries a socket by single requests.
pub fn is_polled(path: &str) -> bool {
    path.starts_with("/socket.io")
}

/// The token of a request in the ways that their browsers have, which cannot set a header: a subprotocol
/// behind `bearer`, or `?token=`. Addresses are written into no log.
pub fn credential(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
    let mut offered = offered
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim);
    if offered.any(|name| name.eq_ignore_ascii_case(session::BEARER))
        && let Some(token) = offered.next()
    {
        return Some(token.to_owned());
    }
    Fields::parse(uri.query()?).get("token").map(str::to_owned)
}

/// The casters of all dialects.
pub struct Casters {
    pub transparency: Caster,
    pub finance: Caster,
    pub updates: Caster,
    pub trading: Caster,
    pub quantum: Caster,
}

impl Casters {
    pub fn new() -> Self {
        Self {
            transparency: Caster::new(),
            finance: Caster::new(),
            updates: Caster::new(),
            trading: Caster::new(),
            quantum: Caster::new(),
        }
    }
}

impl Default for Casters {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a task; that it panicked is known.
fn keep(state: &AppState, task: impl Future<Output = ()> + Send + 'static) {
    let (task, monitor) = (tokio::spawn(task), Arc::clone(&state.monitor));
    tokio::spawn(async move {
        if task.await.is_err() {
            monitor.task_panicked("dialects");
        }
    });
}

/// Starts the casters' tasks; they end at a shutdown.
pub fn start(state: &AppState) {
    state.socket_io.start(state);
    quantum::start(state);
    let view = || View::new(state.clone());
    let dialects = &state.config.dialects;
    let casters = &state.casters;
    casters
        .transparency
        .start(view(), transparency::Voice::new(&dialects.transparency));
    casters
        .finance
        .start(view(), finance::Voice::new(&dialects.finance));
    casters
        .updates
        .start(view(), updates::Voice::new(&dialects.updates));
    casters
        .trading
        .start(view(), trading::Voice::new(&dialects.trading));
    casters
        .quantum
        .start(view(), quantum::Voice::new(&dialects.quantum));
}
