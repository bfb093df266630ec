//! What the forms about people ask for, and their answers.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;

use super::super::pages;
use super::entry::signed_out;
use crate::app::parts::people::Said;
use crate::app::routes::Page;
use crate::auth::{NewToken, NewUser, Password, PasswordChange, SignedIn};
use crate::domain::time::DAY;
use crate::domain::{Rejection, Scope, Scopes, Standing};
use crate::server::caller::{Caller, cookies};
use crate::server::clock::wall_time;
use crate::server::error::AppError;
use crate::server::rest::accounts::{end_own_session, own_password, person};
use crate::server::state::AppState;
use crate::wire::form::Fields;

/// What a form led to.
enum Done {
    Said(Said),
    SignedOut,
    /// A session took the place of the one that asked.
    Began(SignedIn),
}

fn done(words: impl Into<String>) -> Done {
    Done::Said(Said::Done(words.into()))
}

/// `POST /account`, `/users`, `/tokens`.
pub async fn form(State(state): State<AppState>, caller: Caller, request: Request) -> Response {
    let (parts, content) = request.into_parts();
    let page = Page::of_path(parts.uri.path());
    let body = Request::from_parts(parts.clone(), content);
    let fields = match crate::server::rest::body(Bytes::from_request(body, &state).await) {
        Ok(body) => Fields::parse(&String::from_utf8_lossy(&body)),
        Err(error) => return error.into_response(),
    };
    let command = fields.get("command").unwrap_or_default();
    let carried_out = match page {
        Some(Page::Account) => own(&state, &caller, command, &fields).await,
        Some(Page::Users) => users(&state, &caller, command, &fields).await,
        Some(Page::Tokens) => tokens(&state, &caller, command, &fields, &parts.headers).await,
        _ => Err(AppError::MethodNotAllowed),
    };
    let (status, said) = match carried_out {
        Ok(Done::SignedOut) => {
            return signed_out(&caller);
        }
        Ok(Done::Began(signed_in)) => {
            let jar = cookies::put(CookieJar::new(), &signed_in, caller.client.is_secure);
            let back = [(header::LOCATION, HeaderValue::from_static("/account"))];
            return (StatusCode::SEE_OTHER, jar, back).into_response();
        }
        Ok(Done::Said(said)) => (StatusCode::OK, said),
        Err(error) => (error.status(), Said::Refused(error.detail())),
    };
    let request = Request::from_parts(parts, axum::body::Body::empty());
    let mut response = pages::render_people(state, caller, page, Some(said), request).await;
    *response.status_mut() = status;
    response
}

async fn own(
    state: &AppState,
    caller: &Caller,
    command: &str,
    fields: &Fields,
) -> Result<Done, AppError> {
    let (name, by, now) = (person(caller)?, caller.actor(), wall_time());
    let accounts = &state.accounts;
    match command {
        "sign_out_everywhere" => {
            accounts.sign_out_everywhere(&name, &by, now).await?;
            Ok(Done::SignedOut)
        }
        "end_session" => {
            let session = fields.parsed("about")?;
            end_own_session(state, caller, &session).await?;
            Ok(done("The session has ended."))
        }
        "password" => {
            let change = PasswordChange {
                current: password(fields, "current"),
                new: password(fields, "password"),
            };
            own_password(state, caller, change).await.map(Done::Began)
        }
        other => Err(unknown(other)),
    }
}

async fn users(
    state: &AppState,
    caller: &Caller,
    command: &str,
    fields: &Fields,
) -> Result<Done, AppError> {
    let (by, now) = (caller.actor(), wall_time());
    let accounts = &state.accounts;
    match command {
        "add" => {
            let user = NewUser {
                name: fields.parsed("name")?,
                role: fields.parsed("role")?,
                password: password(fields, "password"),
            };
            let words = format!("{} is a user now.", user.name);
            accounts.add_user(user, &by, now).await?;
            Ok(done(words))
        }
        "role" => {
            let (name, role) = (fields.parsed("about")?, fields.parsed("role")?);
            accounts.set_role(&name, role, &by, now).await?;
            Ok(done(format!("{name} is {role} now.")))
        }
        "disable" | "enable" => {
            let name = fields.parsed("about")?;
            let standing = match command {
                "disable" => Standing::Disabled,
                _ => Standing::Active,
            };
            accounts.set_standing(&name, standing, &by, now).await?;
            Ok(done(format!("{name} is {standing} now.")))
        }
        "password" => {
            let name = fields.parsed("about")?;
            let new = password(fields, "password");
            accounts.set_password(&name, new, &by, now).await?;
            Ok(done(format!("{name} has a new password.")))
        }
        other => Err(unknown(other)),
    }
}

async fn tokens(
    state: &AppState,
    caller: &Caller,
    command: &str,
    fields: &Fields,
    headers: &axum::http::HeaderMap,
) -> Result<Done, AppError> {
    let (by, now) = (caller.actor(), wall_time());
    match command {
        "create" => {
            let all = Scope::ALL.iter().copied();
            let chosen: Vec<Scope> = all
                .filter(|scope| fields.get(&format!("scope_{scope}")).is_some())
                .collect();
            let scopes = Scopes::of(&chosen);
            let days: Option<i64> = match fields.get("days") {
                Some("never") => None,
                _ => Some(fields.parsed("days")?),
            };
            let token = NewToken {
                user: fields.parsed("user")?,
                scopes,
                expires: days.map(|days| now.plus(days.clamp(1, 3_650) * DAY)),
                note: fields.get("note").unwrap_or_default().to_owned(),
            };
            let made = state.accounts.create_token(token, &by, now).await?;
            let host = headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            let scheme = if caller.client.is_secure {
                "https"
            } else {
                "http"
            };
            let link = host
                .filter(|_| chosen == [Scope::Read])
                .map(|host| format!("{scheme}://{host}/join#{}", made.text.expose()));
            Ok(Done::Said(Said::Token {
                text: made.text.expose().to_owned(),
                link,
            }))
        }
        "revoke" => {
            let id = fields.parsed("about")?;
            state.accounts.revoke_token(&id, &by, now).await?;
            Ok(done(format!("The token {id} is revoked.")))
        }
        other => Err(unknown(other)),
    }
}

fn password(fields: &Fields, name: &str) -> Password {
    Password::new(fields.get(name).unwrap_or_default().to_owned())
}

fn unknown(command: &str) -> AppError {
    let shown: String = command.chars().take(40).collect();
    Rejection::field(
        "unknown_command",
        "command",
        format!("there is no command {shown:?}"),
    )
    .into()
}
