//! Who may do what, in one table. The router ([`super::router`]) is built from it, and socket commands,
//! topics and pages ask it, so that nothing can be mounted without a role.
//!
//! Until sign-in exists there is one implicit principal: an operator where the connection comes from
//! this machine and was not made by another site's page in this machine's browser, else a viewer.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use super::error::AppError;
use super::network::Client;
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
    fn implicit(client: Option<&Client>, headers: &HeaderMap) -> Self {
        let is_local = client.is_some_and(Client::is_local);
        if is_local && is_addressed_here(headers) && is_of_this_site(headers) {
            Self {
                name: "operator",
                role: Role::Operator,
            }
        } else {
            Self {
                name: "viewer",
                role: Role::Viewer,
            }
        }
    }

    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }
}

/// Whether the request names this machine. A name of the world that leads to a loopback address is
/// somebody's trick to reach us from a browser here.
fn is_addressed_here(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, header::HOST) else {
        return true;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Browsers say which site's page sends a request or opens a socket. Programs say nothing.
fn is_of_this_site(headers: &HeaderMap) -> bool {
    if !headers.contains_key(header::ORIGIN) {
        return true;
    }
    let site = text(headers, header::ORIGIN).and_then(|origin| origin.split_once("://"));
    site.is_some_and(|(_, site)| text(headers, header::HOST) == Some(site))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let client = parts.extensions.get::<Client>();
        Ok(Self::implicit(client, &parts.headers))
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
    Decision,
    Models,
    Orders,
    OpenOrders,
    Order,
    ExplainOrder,
    CheckOrder,
    Working,
    Instruments,
    Ledger,
    LogHead,
    LogEntries,
    LogProof,
    LogConsistency,
    SubmitOrder,
    SubmitOco,
    AmendOrder,
    CancelOrder,
    CancelOrders,
    ClosePosition,
    Kill,
    Pause,
    Resume,
    BotEvents,
    /// What a page's form sends.
    Form,
    /// What the server draws of a page, anew.
    DecisionsPart,
    DecisionPart,
    ModelsPart,
    LimitsPart,
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

/// Every address but the pages' and the files'; what their forms are sent to is here.
pub const ROUTES: [Route; 40] = [
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
    route(
        "GET",
        "/v1/decisions/{id}",
        Role::Viewer,
        Endpoint::Decision,
    ),
    route("GET", "/v1/models", Role::Viewer, Endpoint::Models),
    route("GET", "/v1/orders", Role::Viewer, Endpoint::Orders),
    route("GET", "/v1/orders/open", Role::Viewer, Endpoint::OpenOrders),
    route("GET", "/v1/orders/{id}", Role::Viewer, Endpoint::Order),
    route(
        "GET",
        "/v1/orders/{id}/explain",
        Role::Viewer,
        Endpoint::ExplainOrder,
    ),
    route("GET", "/v1/working", Role::Viewer, Endpoint::Working),
    route(
        "GET",
        "/v1/instruments",
        Role::Viewer,
        Endpoint::Instruments,
    ),
    route("GET", "/v1/ledger", Role::Viewer, Endpoint::Ledger),
    route("GET", "/v1/log/sth", Role::Viewer, Endpoint::LogHead),
    route("GET", "/v1/log/entries", Role::Viewer, Endpoint::LogEntries),
    route("GET", "/v1/log/proof", Role::Viewer, Endpoint::LogProof),
    route(
        "GET",
        "/v1/log/consistency",
        Role::Viewer,
        Endpoint::LogConsistency,
    ),
    route(
        "POST",
        "/v1/orders/check",
        Role::Viewer,
        Endpoint::CheckOrder,
    ),
    route("POST", "/v1/orders", Role::Operator, Endpoint::SubmitOrder),
    route(
        "POST",
        "/v1/orders/oco",
        Role::Operator,
        Endpoint::SubmitOco,
    ),
    route(
        "PATCH",
        "/v1/orders/{id}",
        Role::Operator,
        Endpoint::AmendOrder,
    ),
    route(
        "DELETE",
        "/v1/orders/{id}",
        Role::Operator,
        Endpoint::CancelOrder,
    ),
    route(
        "DELETE",
        "/v1/orders",
        Role::Operator,
        Endpoint::CancelOrders,
    ),
    route(
        "POST",
        "/v1/positions/{symbol}/close",
        Role::Operator,
        Endpoint::ClosePosition,
    ),
    route("POST", "/v1/kill", Role::Operator, Endpoint::Kill),
    route("POST", "/v1/pause", Role::Operator, Endpoint::Pause),
    route("POST", "/v1/resume", Role::Operator, Endpoint::Resume),
    route(
        "POST",
        "/v1/bots/{bot}/events",
        Role::Operator,
        Endpoint::BotEvents,
    ),
    route("POST", "/trade", Role::Operator, Endpoint::Form),
    route("POST", "/positions", Role::Operator, Endpoint::Form),
    route(
        "GET",
        "/parts/decisions",
        Role::Viewer,
        Endpoint::DecisionsPart,
    ),
    route(
        "GET",
        "/parts/decisions/{id}",
        Role::Viewer,
        Endpoint::DecisionPart,
    ),
    route("GET", "/parts/models", Role::Viewer, Endpoint::ModelsPart),
    route("GET", "/parts/limits", Role::Viewer, Endpoint::LimitsPart),
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
        | Stream::Models
        | Stream::Equity
        | Stream::Health
        | Stream::Alerts
        | Stream::Quality
        | Stream::Bench => Role::Viewer,
    }
}

/// What a frame on the native socket asks for.
pub fn command_role(frame: &ClientFrame) -> Role {
    match frame {
        ClientFrame::Hello { .. }
        | ClientFrame::Subscribe { .. }
        | ClientFrame::Unsubscribe { .. }
        | ClientFrame::Ping { .. } => Role::Viewer,
        ClientFrame::Order { .. }
        | ClientFrame::Oco { .. }
        | ClientFrame::Amend { .. }
        | ClientFrame::Cancel { .. }
        | ClientFrame::CancelAll { .. }
        | ClientFrame::Close { .. }
        | ClientFrame::Kill { .. }
        | ClientFrame::Pause { .. }
        | ClientFrame::Resume { .. } => Role::Operator,
    }
}
