//! The doors for who is nobody yet: signing in, and joining by a link; and the way out. Their pages show nothing of the bots
//! and open no socket.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;

use crate::app;
use crate::app::parts::people;
use crate::auth::{Password, SignedIn};
use crate::server::caller::{Caller, cookies};
use crate::server::clock::wall_time;
use crate::server::error::AppError;
use crate::server::rest::{Body, body};
use crate::server::safety;
use crate::server::state::AppState;
use crate::wire::form::{Fields, encoded};

/// `GET /login?next=`.
pub async fn sign_in_page(RawQuery(query): RawQuery) -> Response {
    let fields = Fields::parse(&query.unwrap_or_default());
    let next = local(fields.get("next"));
    page("Sign in", people::sign_in(next, "", None))
}

/// `POST /login`.
pub async fn sign_in_form(
    State(state): State<AppState>,
    caller: Caller,
    given: Body,
) -> Result<Response, AppError> {
    let fields = Fields::parse(&String::from_utf8_lossy(&body(given)?));
    let next = local(fields.get("next")).to_owned();
    let name = fields.get("username").unwrap_or_default().trim().to_owned();
    let password = Password::new(fields.get("password").unwrap_or_default().to_owned());
    let signed_in = state
        .accounts
        .sign_in(&name, password, &caller.origin(), wall_time())
        .await;
    Ok(match signed_in.map_err(AppError::from) {
        Ok(signed_in) => go(&caller, &signed_in, &next),
        Err(error) => {
            let html = people::sign_in(&next, &name, Some(error.detail()));
            again(&error, page("Sign in", html))
        }
    })
}

/// `POST /logout`: for whoever is in, observers too.
pub async fn sign_out_form(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, AppError> {
    if let Some(session) = caller.session() {
        let by = caller.actor();
        state.accounts.sign_out(session, &by, wall_time()).await?;
    }
    Ok(signed_out(&caller))
}

/// The cookies are taken back.
pub fn signed_out(caller: &Caller) -> Response {
    let jar = cookies::clear(CookieJar::new(), caller.client.is_secure);
    let location = [(header::LOCATION, HeaderValue::from_static("/login"))];
    (StatusCode::SEE_OTHER, jar, location).into_response()
}

/// `GET /join`: the token follows a `#` and is not sent with this.
pub async fn join_page() -> Response {
    page("Join", people::join(None))
}

/// `POST /join`.
pub async fn join_form(
    State(state): State<AppState>,
    caller: Caller,
    given: Body,
) -> Result<Response, AppError> {
    let fields = Fields::parse(&String::from_utf8_lossy(&body(given)?));
    let token = fields.get("token").unwrap_or_default().trim();
    let token = token.trim_start_matches('#');
    let joined = state
        .accounts
        .join(token, &caller.origin(), wall_time())
        .await;
    Ok(match joined.map_err(AppError::from) {
        Ok(signed_in) => go(&caller, &signed_in, "/"),
        Err(error) => {
            let html = people::join(Some(error.detail()));
            again(&error, page("Join", html))
        }
    })
}

/// What a reader is answered whom a page is not for. Who has not signed in is led to do so, and from there
/// back to what was asked for; anybody else is told.
pub fn turned_away(error: &AppError, asked: &Uri) -> Response {
    if !matches!(error, AppError::SignInFirst | AppError::BadToken(_)) {
        return again(
            error,
            page("Not allowed", people::not_allowed(error.detail())),
        );
    }
    let asked = asked.path_and_query().map(|asked| asked.as_str());
    let next = encoded(local(asked));
    let address = format!("/login?next={next}");
    let location = HeaderValue::from_str(&address).unwrap_or(HeaderValue::from_static("/login"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// An address of ours: a form must not lead anybody elsewhere.
fn local(next: Option<&str>) -> &str {
    next.filter(|next| {
        next.starts_with('/')
            && !next.starts_with("//")
            && !next.contains(['\\', '\r', '\n', '\t'])
            && next.is_ascii()
    })
    .unwrap_or("/")
}

fn go(caller: &Caller, signed_in: &SignedIn, next: &str) -> Response {
    let jar = cookies::put(CookieJar::new(), signed_in, caller.client.is_secure);
    let location = HeaderValue::from_str(next).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, jar, [(header::LOCATION, location)]).into_response()
}

fn again(error: &AppError, mut page: Response) -> Response {
    *page.status_mut() = error.status();
    if let Some(seconds) = error.retry_after() {
        page.headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    page
}

/// A page without figures and without a socket.
fn page(title: &'static str, html: String) -> Response {
    let (document, policy) = safety::with_nonce(|nonce| app::entry_document(title, html, nonce));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, document).into_response()
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_led_elsewhere() {
        for (next, leads) in [
            (Some("/orders?x=1"), "/orders?x=1"),
            (Some("//evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("/a\r\nSet-Cookie: x"), "/"),
            (Some(""), "/"),
            (None, "/"),
        ] {
            assert_eq!(local(next), leads);
        }
    }
}
