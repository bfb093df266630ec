//! Who may do what, in one table. Routers are built from it and socket commands, topics and pages ask
//! it, so that nothing can be mounted without a role.
//!
//! Until sign-in exists there is one implicit principal: an operator where the connection comes from
//! this machine, a viewer from anywhere else.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post};

use super::error::AppError;
use super::state::AppState;
use super::{ingest, pages, rest, socket};
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

/// One address of the server.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub role: Role,
    handler: fn() -> MethodRouter<AppState>,
}

/// Every address but the pages' and the files'.
pub const ROUTES: [Route; 14] = [
    Route {
        method: "GET",
        path: "/health",
        role: Role::Anyone,
        handler: || get(rest::health),
    },
    Route {
        method: "GET",
        path: "/ready",
        role: Role::Anyone,
        handler: || get(rest::ready),
    },
    Route {
        method: "GET",
        path: "/metrics",
        role: Role::Viewer,
        handler: || get(rest::metrics),
    },
    Route {
        method: "GET",
        path: "/v1/ws",
        role: Role::Viewer,
        handler: || get(socket::upgrade),
    },
    Route {
        method: "GET",
        path: "/v1/portfolio",
        role: Role::Viewer,
        handler: || get(rest::portfolio),
    },
    Route {
        method: "GET",
        path: "/v1/positions",
        role: Role::Viewer,
        handler: || get(rest::positions),
    },
    Route {
        method: "GET",
        path: "/v1/performance",
        role: Role::Viewer,
        handler: || get(rest::performance),
    },
    Route {
        method: "GET",
        path: "/v1/candles",
        role: Role::Viewer,
        handler: || get(rest::candles),
    },
    Route {
        method: "GET",
        path: "/v1/trades",
        role: Role::Viewer,
        handler: || get(rest::trades),
    },
    Route {
        method: "GET",
        path: "/v1/decisions",
        role: Role::Viewer,
        handler: || get(rest::decisions),
    },
    Route {
        method: "GET",
        path: "/v1/orders",
        role: Role::Viewer,
        handler: || get(rest::orders),
    },
    Route {
        method: "POST",
        path: "/v1/orders",
        role: Role::Operator,
        handler: || post(rest::submit_order),
    },
    Route {
        method: "DELETE",
        path: "/v1/orders/{id}",
        role: Role::Operator,
        handler: || delete(rest::cancel_order),
    },
    Route {
        method: "POST",
        path: "/v1/bots/{bot}/events",
        role: Role::Operator,
        handler: || post(ingest::events),
    },
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

/// The router of the table and of the pages, each behind its role.
pub fn router(state: &AppState) -> Router<AppState> {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, guarded((route.handler)(), route.role));
    }
    for page in Page::ALL {
        router = router.route(page.path(), guarded(get(pages::page), page_role(page)));
    }
    router = router.route(
        "/market/{symbol}",
        guarded(get(pages::page), page_role(Page::Market)),
    );
    router
        .method_not_allowed_fallback(|| async { AppError::MethodNotAllowed })
        .fallback(pages::files_and_not_found(state))
}

fn guarded(handler: MethodRouter<AppState>, role: Role) -> MethodRouter<AppState> {
    handler.route_layer(middleware::from_fn(
        move |principal: Principal, request: Request, next: Next| async move {
            check(&principal, role, request, next).await
        },
    ))
}

async fn check(principal: &Principal, role: Role, request: Request, next: Next) -> Response {
    if principal.may(role) {
        next.run(request).await
    } else {
        AppError::Forbidden.into_response()
    }
}
