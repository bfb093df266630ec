//! Who sends a request, found out once for each and before anything else is done with it: by a bearer
//! token, by the session's cookies where the sender may use them ([`super::origin`]), or nobody that we know.
//!
//! A page's access token is short-lived: where it has expired and the refresh token is there, the session
//! is renewed on the way and the answer brings the new cookies.

pub mod cookies;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;

use super::access::Need;
use super::clock::wall_time;
use super::dialects;
use super::error::AppError;
use super::network::Client;
use super::origin::{self, Changes, Sender};
use super::state::AppState;
use crate::auth::{Actor, Anonymous, Authority, Denied, Origin, Principal, RefreshError};
use crate::domain::{Role, SessionId, UserName, Via};

/// Who asks, in the request's extensions.
#[derive(Debug, Clone)]
pub struct Caller {
    /// `None`: nobody that may see anything. An error: somebody who could not prove who it is.
    pub principal: Result<Option<Principal>, Denied>,
    pub client: Client,
    /// Whose page it is.
    pub sender: Sender,
    /// The name that its browser or program gives itself.
    pub agent: String,
}

impl Caller {
    /// Whether a door is open to it.
    ///
    /// # Errors
    /// It must sign in, or may not.
    pub fn check(&self, need: Need) -> Result<(), AppError> {
        if need == Need::Nothing {
            return Ok(());
        }
        let principal = match &self.principal {
            Ok(principal) => principal.as_ref(),
            Err(denied) => return Err(AppError::BadToken(denied.to_string())),
        };
        if need.is_met_by(principal) {
            Ok(())
        } else if principal.is_none_or(|principal| principal.name.is_anonymous()) {
            Err(AppError::SignInFirst)
        } else {
            Err(AppError::Forbidden)
        }
    }

    pub fn may(&self, need: Need) -> bool {
        self.check(need).is_ok()
    }

    pub fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref().ok().and_then(Option::as_ref)
    }

    /// The name to show, where it is a person or a program with one.
    pub fn visitor(&self) -> Option<UserName> {
        let known = self.principal().filter(|known| !known.name.is_anonymous());
        known.map(|known| known.name.clone())
    }

    /// As the audit names it.
    pub fn actor(&self) -> Actor {
        let address = Some(self.client.address);
        match self.principal() {
            Some(principal) => principal.actor(address),
            None => Actor {
                who: None,
                via: Via::None,
                address,
            },
        }
    }

    /// The session that asks, where it is one.
    pub fn session(&self) -> Option<&SessionId> {
        match &self.principal()?.authority {
            Authority::Session { id, .. } => Some(id),
            Authority::Anonymous | Authority::Token { .. } => None,
        }
    }

    /// As a session remembers it.
    pub fn origin(&self) -> Origin {
        Origin {
            address: self.client.address,
            agent: self.agent.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| AppError::Internal("nobody asked who it is".to_owned()))
    }
}

/// Puts the [`Caller`] into the request, and new cookies into the answer.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(client) = request.extensions().get::<Client>().copied() else {
        let error = "nobody looked where a request comes from".to_owned();
        return AppError::Internal(error).into_response();
    };
    let headers = request.headers();
    let is_dialect = dialects::is_theirs(request.uri().path());
    let shown = match bearer(headers) {
        Some(token) => Some(token.to_owned()),
        None if is_dialect => dialects::credential(request.uri(), headers),
        None => None,
    };
    let agent = text(headers, header::USER_AGENT).unwrap_or_default();
    let changes = Changes::of(&request);
    let mut sender = Sender::of(headers, &state.config.server.allowed_origins, client);
    let server = &state.config.server;
    if sender == Sender::OtherPage
        && let Some(origin) = headers.get(header::ORIGIN)
        && origin::is_neighbour(origin, request.uri().path(), client, server)
    {
        sender = Sender::ListedPage;
    }
    let found = match who(&state, (headers, shown), (sender, changes), client, agent).await {
        Ok(found) => found,
        Err(error) => return error.into_response(),
    };
    let caller = Caller {
        principal: found.principal,
        client,
        sender,
        agent: agent.to_owned(),
    };
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    match found.cookies {
        Some(jar) if !response.headers().contains_key(header::SET_COOKIE) => {
            (jar, response).into_response()
        }
        _ => response,
    }
}

struct Found {
    principal: Result<Option<Principal>, Denied>,
    cookies: Option<CookieJar>,
}

impl Found {
    fn known(principal: Option<Principal>) -> Self {
        Self {
            principal: Ok(principal),
            cookies: None,
        }
    }
}

async fn who(
    state: &AppState,
    (headers, shown): (&HeaderMap, Option<String>),
    (sender, changes): (Sender, Changes),
    client: Client,
    agent: &str,
) -> Result<Found, AppError> {
    let is_from_elsewhere = !sender.may_ask(changes);
    if is_from_elsewhere && changes == Changes::Socket {
        return Err(AppError::OtherOrigin);
    }
    if let Some(token) = shown {
        let checked = state.accounts.check(&token, wall_time());
        return Ok(Found {
            principal: checked.map(Some),
            cookies: None,
        });
    }
    if is_from_elsewhere {
        return Err(AppError::OtherOrigin);
    }
    let jar = CookieJar::from_headers(headers);
    let carried = cookies::read(&jar);
    if carried.is_none() || sender == Sender::ListedPage || sender == Sender::OtherPage {
        return Ok(Found::known(anonymous(state, headers, client)));
    }
    if !sender.may_use_cookies(changes) {
        return Err(AppError::OtherOrigin);
    }
    let carried = carried.unwrap_or_default();
    let checked = carried
        .access
        .map(|access| state.accounts.check(access, wall_time()));
    let renewed = match (checked, carried.refresh) {
        (Some(Ok(principal)), _) => {
            return Ok(Found::known(Some(principal.as_long_as_the_session())));
        }
        // A key that was replaced since is not known any more: the refresh token is proof enough.
        (None | Some(Err(Denied::Expired | Denied::Unknown)), Some(refresh)) => {
            let origin = Origin {
                address: client.address,
                agent: agent.to_owned(),
            };
            state.accounts.refresh(refresh, &origin, wall_time()).await
        }
        _ => Err(RefreshError::Unknown),
    };
    Ok(match renewed {
        Ok(signed_in) => Found {
            cookies: Some(cookies::put(CookieJar::new(), &signed_in, client.is_secure)),
            principal: Ok(Some(signed_in.principal.as_long_as_the_session())),
        },
        // That the accounts cannot be changed now ends no session: the cookies stay.
        Err(RefreshError::Failed(error)) => {
            tracing::warn!(%error, "a session cannot be carried on");
            Found::known(anonymous(state, headers, client))
        }
        Err(_) => Found {
            cookies: Some(cookies::clear(CookieJar::new(), client.is_secure)),
            principal: Ok(anonymous(state, headers, client)),
        },
    })
}

/// Who has not said who it is.
fn anonymous(state: &AppState, headers: &HeaderMap, client: Client) -> Option<Principal> {
    let is_here = client.is_local() && is_addressed_here(headers);
    let may_see = match state.config.auth.anonymous {
        Some(Anonymous::Viewer) => true,
        Some(Anonymous::None) => false,
        None => is_here && state.config.server.addr.ip().is_loopback(),
    };
    may_see.then(|| Principal::anonymous(Role::Viewer))
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
    origin::is_loopback_name(name)
}

/// The token of `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
