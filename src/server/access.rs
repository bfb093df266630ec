//! Who may do what, in one table. The router ([`super::router`]) is built from it, and socket commands,
//! topics and pages ask it, so that nothing can be mounted without a role.
//!
//! Until sign-in exists there is one implicit principal: an operator where the connection comes from
//! this machine, a viewer from anywhere else.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use super::error::AppError;
use crate::app::routes::Page;
use crate::wire::{ClientFrame, Stream, Topic};

/// What a principal may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Anybody, also without a principal: whether the machine is up.
    Anyone,
    Viewer,
    Operator,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub name: &'static str,
    pub role: Role,
}

impl Principal {
    fn implicit(peer: Option<SocketAddr>) -> Self {
        match peer {
            Some(peer) if peer.ip().to_canonical().is_loopback() => Self {
                name: "operator",
                role: Role::Operator,
            },
            _ => Self {
                name: "viewer",
                role: Role::Viewer,
            },
        }
    }

    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0);
        Ok(Self::implicit(peer))
    }
}

/// What an address leads to. The router has a handler for each, or does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    Health,
    Ready,
    Metrics,
    Socket,
    Portfolio,
    Positions,
    Performance,
    Candles,
    Trades,
    Decisions,
    Orders,
    SubmitOrder,
    CancelOrder,
    BotEvents,
}

/// One address of the server.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub endpoint: Endpoint,
    pub method: &'static str,
    pub path: &'static str,
    pub role: Role,
}

const fn route(method: &'static str, path: &'static str, role: Role, endpoint: Endpoint) -> Route {
    Route {
        endpoint,
        method,
        path,
        role,
    }
}

/// Every address but the pages' and the files'.
pub const ROUTES: [Route; 14] = [
    route("GET", "/health", Role::Anyone, Endpoint::Health),
    route("GET", "/ready", Role::Anyone, Endpoint::Ready),
    route("GET", "/metrics", Role::Viewer, Endpoint::Metrics),
    route("GET", "/v1/ws", Role::Viewer, Endpoint::Socket),
    route("GET", "/v1/portfolio", Role::Viewer, Endpoint::Portfolio),
    route("GET", "/v1/positions", Role::Viewer, Endpoint::Positions),
    route(
        "GET",
        "/v1/performance",
        Role::Viewer,
        Endpoint::Performance,
    ),
    route("GET", "/v1/candles", Role::Viewer, Endpoint::Candles),
    route("GET", "/v1/trades", Role::Viewer, Endpoint::Trades),
    route("GET", "/v1/decisions", Role::Viewer, Endpoint::Decisions),
    route("GET", "/v1/orders", Role::Viewer, Endpoint::Orders),
    route("POST", "/v1/orders", Role::Operator, Endpoint::SubmitOrder),
    route(
        "DELETE",
        "/v1/orders/{id}",
        Role::Operator,
        Endpoint::CancelOrder,
    ),
    route(
        "POST",
        "/v1/bots/{bot}/events",
        Role::Operator,
        Endpoint::BotEvents,
    ),
];

/// Pages are for whoever may see.
pub fn page_role(_: Page) -> Role {
    Role::Viewer
}

/// What a topic shows is for whoever may see.
pub fn topic_role(topic: &Topic) -> Role {
    match topic.stream() {
        Stream::Market
        | Stream::Candles
        | Stream::Trades
        | Stream::Orders
        | Stream::Positions
        | Stream::Working
        | Stream::Portfolio
        | Stream::Decisions
        | Stream::Agent
        | Stream::Performance
        | Stream::Equity
        | Stream::Health
        | Stream::Alerts
        | Stream::Quality => Role::Viewer,
    }
}

/// What a frame on the native socket asks for.
pub fn command_role(frame: &ClientFrame) -> Role {
    match frame {
        ClientFrame::Hello { .. }
        | ClientFrame::Subscribe { .. }
        | ClientFrame::Unsubscribe { .. }
        | ClientFrame::Ping { .. } => Role::Viewer,
        ClientFrame::Order { .. } | ClientFrame::Cancel { .. } => Role::Operator,
    }
}
