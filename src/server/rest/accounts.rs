//! Signing in and out, one's sessions, and for admins users, tokens and the audit.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Body, Params, Segment, body, json, params, segment};
use crate::auth::{AuthError, NewToken, NewUser, Password, PasswordChange, SignedIn};
use crate::domain::{AuditId, Role, Scopes, SessionId, Standing, TimeUs, TokenId, UserName};
use crate::server::caller::{Caller, cookies};
use crate::server::clock::wall_time;
use crate::server::error::AppError;
use crate::server::origin::Sender;
use crate::server::state::AppState;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    username: String,
    password: String,
}

/// What a program is given that signed in. A page's script gets its tokens as cookies, which it cannot
/// read.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub struct Session {
    name: UserName,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens>,
    /// When the access token ends.
    expires: TimeUs,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SessionTokens)]
pub struct Tokens {
    token_type: &'static str,
    access_token: String,
    refresh_token: String,
}

/// `POST /v1/auth/login {username, password}`.
pub async fn sign_in(
    State(state): State<AppState>,
    caller: Caller,
    credentials: Body,
) -> Result<Response, AppError> {
    let Credentials { username, password } = json(&body(credentials)?)?;
    let signed_in = state
        .accounts
        .sign_in(
            &username,
            Password::new(password),
            &caller.origin(),
            wall_time(),
        )
        .await?;
    Ok(begun(&caller, signed_in))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    refresh_token: String,
}

/// `POST /v1/auth/refresh {refresh_token}`; a page's script sends none, its cookie is enough.
pub async fn refresh(
    State(state): State<AppState>,
    caller: Caller,
    jar: CookieJar,
    given: Body,
) -> Result<Response, AppError> {
    let given = body(given)?;
    let token = match given.is_empty() {
        false => json::<RefreshBody>(&given)?.refresh_token,
        true => {
            let carried = cookies::read(&jar).filter(|_| caller.sender == Sender::OurPage);
            let refresh = carried.and_then(|carried| carried.refresh);
            refresh.ok_or(AppError::SignInFirst)?.to_owned()
        }
    };
    let signed_in = state
        .accounts
        .refresh(&token, &caller.origin(), wall_time())
        .await?;
    Ok(begun(&caller, signed_in))
}

fn begun(caller: &Caller, signed_in: SignedIn) -> Response {
    let session = |tokens| Session {
        name: signed_in.principal.name.clone(),
        role: signed_in.principal.role,
        tokens,
        expires: signed_in.access_expires,
    };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if caller.sender == Sender::OurPage {
        let jar = cookies::put(CookieJar::new(), &signed_in, caller.client.is_secure);
        return (jar, no_store, Json(session(None))).into_response();
    }
    let tokens = Tokens {
        token_type: "Bearer",
        access_token: signed_in.access.expose().to_owned(),
        refresh_token: signed_in.refresh.expose().to_owned(),
    };
    (no_store, Json(session(Some(tokens)))).into_response()
}

/// `POST /v1/auth/logout`: ends the session that asks.
pub async fn sign_out(State(state): State<AppState>, caller: Caller) -> Result<Response, AppError> {
    if let Some(session) = caller.session() {
        state
            .accounts
            .sign_out(session, &caller.actor(), wall_time())
            .await?;
    }
    let jar = cookies::clear(CookieJar::new(), caller.client.is_secure);
    Ok((jar, StatusCode::NO_CONTENT).into_response())
}

/// `POST /v1/auth/logout_everywhere`: ends all sessions of who asks.
pub async fn sign_out_everywhere(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, AppError> {
    let name = person(&caller)?;
    state
        .accounts
        .sign_out_everywhere(&name, &caller.actor(), wall_time())
        .await?;
    let jar = cookies::clear(CookieJar::new(), caller.client.is_secure);
    Ok((jar, StatusCode::NO_CONTENT).into_response())
}

/// Who asks, where it is a person with a session.
pub fn person(caller: &Caller) -> Result<UserName, AppError> {
    let principal = caller.principal().ok_or(AppError::SignInFirst)?;
    Ok(principal.name.clone())
}

#[derive(Serialize, ToSchema)]
pub struct Me {
    name: Option<UserName>,
    role: Option<Role>,
    scopes: Option<Scopes>,
}

/// `GET /v1/auth/me`: who asks, as we see it.
pub async fn me(caller: Caller) -> Result<Response, AppError> {
    let name = caller.visitor();
    let principal = caller
        .principal
        .map_err(|denied| AppError::BadToken(denied.to_string()))?;
    Ok(Json(Me {
        name,
        role: principal.as_ref().map(|principal| principal.role),
        scopes: principal.and_then(|principal| principal.scopes),
    })
    .into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    current: String,
    password: String,
}

/// `POST /v1/auth/password {current, password}`: one's own. All sessions end, and a new one begins.
pub async fn change_password(
    State(state): State<AppState>,
    caller: Caller,
    given: Body,
) -> Result<Response, AppError> {
    let NewPassword { current, password } = json(&body(given)?)?;
    let change = PasswordChange {
        current: Password::new(current),
        new: Password::new(password),
    };
    let signed_in = own_password(&state, &caller, change).await?;
    Ok(begun(&caller, signed_in))
}

/// Gives who asks another password, once the one that they have is known.
pub async fn own_password(
    state: &AppState,
    caller: &Caller,
    change: PasswordChange,
) -> Result<SignedIn, AppError> {
    let (name, by, from) = (person(caller)?, caller.actor(), caller.origin());
    let changed = state
        .accounts
        .change_own_password(&name, change, &by, &from, wall_time())
        .await?;
    Ok(changed)
}

/// `GET /v1/auth/sessions`: one's own.
pub async fn sessions(State(state): State<AppState>, caller: Caller) -> Result<Response, AppError> {
    let sessions = state
        .accounts
        .sessions(&person(&caller)?, wall_time())
        .await?;
    Ok(Json(sessions).into_response())
}

/// `DELETE /v1/auth/sessions/{id}`: one of one's own.
pub async fn end_session(
    State(state): State<AppState>,
    caller: Caller,
    id: Segment,
) -> Result<Response, AppError> {
    let id = segment(id)?
        .parse()
        .map_err(|error| AppError::bad_field("invalid_id", "id", format!("{error}")))?;
    end_own_session(&state, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends a session of who asks; another one's is as if it were not there.
pub async fn end_own_session(
    state: &AppState,
    caller: &Caller,
    id: &SessionId,
) -> Result<(), AppError> {
    let now = wall_time();
    let own = state.accounts.sessions(&person(caller)?, now).await?;
    if !own.iter().any(|session| session.id == *id) {
        return Err(AuthError::NoSession(id.clone()).into());
    }
    Ok(state.accounts.end_session(id, &caller.actor(), now).await?)
}

/// `GET /v1/users`.
pub async fn users(State(state): State<AppState>) -> Result<Response, AppError> {
    Ok(Json(state.accounts.users().await?).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    name: UserName,
    role: Role,
    password: String,
}

/// `POST /v1/users {name, role, password}`.
pub async fn add_user(
    State(state): State<AppState>,
    caller: Caller,
    given: Body,
) -> Result<Response, AppError> {
    let AddUser {
        name,
        role,
        password,
    } = json(&body(given)?)?;
    let user = NewUser {
        name,
        role,
        password: Password::new(password),
    };
    state
        .accounts
        .add_user(user, &caller.actor(), wall_time())
        .await?;
    Ok(StatusCode::CREATED.into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    role: Option<Role>,
    password: Option<String>,
    standing: Option<Standing>,
}

/// `PATCH /v1/users/{name} {role?, password?, standing?}`.
pub async fn change_user(
    State(state): State<AppState>,
    caller: Caller,
    name: Segment,
    given: Body,
) -> Result<Response, AppError> {
    let name = user_name(&segment(name)?)?;
    let change: UserChange = json(&body(given)?)?;
    let (by, now) = (caller.actor(), wall_time());
    if let Some(role) = change.role {
        state.accounts.set_role(&name, role, &by, now).await?;
    }
    if let Some(password) = change.password {
        let password = Password::new(password);
        state
            .accounts
            .set_password(&name, password, &by, now)
            .await?;
    }
    if let Some(standing) = change.standing {
        state
            .accounts
            .set_standing(&name, standing, &by, now)
            .await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn user_name(text: &str) -> Result<UserName, AppError> {
    text.parse()
        .map_err(|error| AppError::bad_field("invalid_name", "name", format!("{error}")))
}

/// `GET /v1/tokens`.
pub async fn tokens(State(state): State<AppState>) -> Result<Response, AppError> {
    Ok(Json(state.accounts.tokens().await?).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    user: UserName,
    scopes: Scopes,
    /// `None`: never.
    expires: Option<TimeUs>,
    #[serde(default)]
    note: String,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    id: TokenId,
    /// Said this once.
    token: String,
}

/// `POST /v1/tokens {user, scopes, expires?, note?}`: the token itself is said this once.
pub async fn create_token(
    State(state): State<AppState>,
    caller: Caller,
    given: Body,
) -> Result<Response, AppError> {
    let asked: CreateToken = json(&body(given)?)?;
    let token = NewToken {
        user: asked.user,
        scopes: asked.scopes,
        expires: asked.expires,
        note: asked.note,
    };
    let made = state
        .accounts
        .create_token(token, &caller.actor(), wall_time())
        .await?;
    let created = CreatedToken {
        id: made.id,
        token: made.text.expose().to_owned(),
    };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(created)).into_response())
}

/// `DELETE /v1/tokens/{id}`.
pub async fn revoke_token(
    State(state): State<AppState>,
    caller: Caller,
    id: Segment,
) -> Result<Response, AppError> {
    let id: TokenId = segment(id)?
        .parse()
        .map_err(|error| AppError::bad_field("invalid_id", "id", format!("{error}")))?;
    state
        .accounts
        .revoke_token(&id, &caller.actor(), wall_time())
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Only entries before this one.
    before: Option<AuditId>,
    /// 100 where absent, 500 at most.
    limit: Option<u32>,
}

/// Entries of a page of the audit, at most.
const AUDIT_PAGE: u32 = 500;

/// `GET /v1/audit?before=&limit=`: the newest first.
pub async fn audit(
    State(state): State<AppState>,
    query: Params<AuditQuery>,
) -> Result<Response, AppError> {
    let AuditQuery { before, limit } = params(query)?;
    let limit = limit.unwrap_or(100).clamp(1, AUDIT_PAGE);
    let entries = state.accounts.audit_page(before, limit).await?;
    Ok(Json(entries).into_response())
}
