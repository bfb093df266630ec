//! What every door asks for, group by group, written down by hand. An address that is in the server's table
//! and in none of these lists fails the test, and so does one that is here and not there.

use super::callers::Who;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// For everybody.
    Open,
    /// For who may look.
    Looking,
    Trading,
    Reporting,
    /// For who has signed in as a person.
    Own,
    /// For admins.
    Managing,
}

use Group::{Looking, Managing, Open, Own, Reporting, Trading};

pub const ROUTES: [(Group, &[&str]); 6] = [
    (
        Open,
        &[
            "GET /health",
            "GET /docs",
            "GET /docs/{file}",
            "GET /docs/openapi.json",
            "GET /docs/asyncapi.json",
            "GET /ready",
            "GET /v1/ws",
            "GET /login",
            "GET /join",
            "GET /v1/auth/me",
            "POST /v1/auth/login",
            "POST /v1/auth/refresh",
            "POST /login",
            "POST /join",
            "POST /v1/auth/logout",
            "POST /logout",
            "GET /socket.io/",
            "POST /socket.io/",
            "GET /api/v1/health",
            "GET /stream/health",
        ],
    ),
    (
        Looking,
        &[
            "GET /metrics",
            "GET /v1/portfolio",
            "GET /v1/positions",
            "GET /v1/performance",
            "GET /v1/candles",
            "GET /v1/trades",
            "GET /v1/decisions",
            "GET /v1/decisions/{id}",
            "GET /v1/models",
            "GET /v1/orders",
            "GET /v1/orders/open",
            "GET /v1/orders/{id}",
            "GET /v1/orders/{id}/explain",
            "GET /v1/working",
            "GET /v1/instruments",
            "GET /v1/ledger",
            "GET /v1/log/sth",
            "GET /v1/log/entries",
            "GET /v1/log/proof",
            "GET /v1/log/consistency",
            "POST /v1/orders/check",
            "GET /parts/decisions",
            "GET /parts/decisions/{id}",
            "GET /parts/models",
            "GET /parts/limits",
            "GET /api/portfolio",
            "GET /api/portfolio/positions",
            "GET /api/trades",
            "GET /api/ai/decisions",
            "GET /api/ai/models",
            "GET /api/performance",
            "GET /api/performance/equity-curve",
            "GET /api/stats",
            "GET /api/v1/bot/ws",
            "GET /api/v1/bot/ws/portfolio",
            "GET /api/v1/bot/ws/positions",
            "GET /api/v1/bot/ws/decisions",
            "GET /api/v1/status",
            "GET /api/v1/bot/status",
            "GET /api/v1/bot/positions",
            "GET /api/v1/decisions",
            "GET /ws",
            "GET /api/ws/realtime",
            "GET /stream/live",
        ],
    ),
    (
        Trading,
        &[
            "POST /v1/orders",
            "POST /v1/orders/oco",
            "PATCH /v1/orders/{id}",
            "DELETE /v1/orders/{id}",
            "DELETE /v1/orders",
            "POST /v1/positions/{symbol}/close",
            "POST /v1/kill",
            "POST /v1/pause",
            "POST /v1/resume",
            "POST /trade",
            "POST /positions",
        ],
    ),
    (Reporting, &["POST /v1/bots/{bot}/events"]),
    (
        Own,
        &[
            "POST /v1/auth/password",
            "GET /v1/auth/sessions",
            "DELETE /v1/auth/sessions/{id}",
            "POST /account",
            "GET /parts/account",
            // It ends the sessions of who asks: nothing may come after it.
            "POST /v1/auth/logout_everywhere",
        ],
    ),
    (
        Managing,
        &[
            "GET /v1/users",
            "POST /v1/users",
            "PATCH /v1/users/{name}",
            "GET /v1/tokens",
            "POST /v1/tokens",
            "DELETE /v1/tokens/{id}",
            "GET /v1/audit",
            "POST /users",
            "POST /tokens",
            "GET /parts/users",
            "GET /parts/tokens",
            "GET /parts/settings",
        ],
    ),
];

pub const PAGES: [(Group, &[&str]); 3] = [
    (
        Looking,
        &[
            "/",
            "/market",
            "/market/BTCUSDT",
            "/trade",
            "/trades",
            "/positions",
            "/decisions",
            "/decisions/none-such",
            "/models",
            "/performance",
            "/system",
        ],
    ),
    (Own, &["/account"]),
    (Managing, &["/users", "/tokens", "/settings"]),
];

/// Doors that are open, but are themselves about who one is: what each answers to an empty body.
pub const ABOUT_ONESELF: [(&str, &[u16]); 8] = [
    ("POST /v1/auth/login", &[400]),
    ("POST /v1/auth/refresh", &[401]),
    // After a few of them one waits.
    ("POST /login", &[401, 429]),
    ("POST /join", &[401]),
    ("POST /logout", &[303]),
    // Not a word of Engine.IO.
    ("GET /socket.io/", &[400]),
    ("POST /socket.io/", &[400]),
    // Of who shows nothing, or something good.
    ("GET /v1/auth/me", &[200]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Through the door, whatever is said behind it.
    Passes,
    /// 401, and for a page 303 to where one signs in.
    SignInFirst,
    /// 401: what was shown is no good. A page leads to where one signs in.
    BadToken,
    Forbidden,
}

pub fn outcome(group: Group, who: Who) -> Outcome {
    let gets_in = match group {
        Open => true,
        Looking => matches!(
            who,
            Who::Local | Who::Viewer | Who::Operator | Who::Admin | Who::Observer | Who::Reads
        ),
        Trading => matches!(who, Who::Operator | Who::Admin | Who::Trades),
        Reporting => matches!(who, Who::Operator | Who::Admin | Who::Ingests),
        Own => matches!(who, Who::Viewer | Who::Operator | Who::Admin),
        Managing => who == Who::Admin,
    };
    match who {
        _ if gets_in => Outcome::Passes,
        Who::Nobody | Who::Local => Outcome::SignInFirst,
        Who::Viewer
        | Who::Operator
        | Who::Admin
        | Who::Observer
        | Who::Reads
        | Who::Trades
        | Who::Ingests => Outcome::Forbidden,
        Who::ExpiredToken
        | Who::RevokedToken
        | Who::DisabledToken
        | Who::DisabledSession
        | Who::ExpiredSession
        | Who::EndedSession
        | Who::NoAlgorithm
        | Who::OtherKey
        | Who::OtherAudience
        | Who::ChangedPayload
        | Who::MadeUpSession
        | Who::Nonsense => Outcome::BadToken,
    }
}

/// Whether what is shown is worth nothing anywhere.
pub fn is_bad(who: Who) -> bool {
    outcome(Managing, who) == Outcome::BadToken
}
