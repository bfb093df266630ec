//! What goes wrong at an edge, and its one mapping to a status and a code (RFC 9457).

mod accounts;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use problem_details::ProblemDetails;
use serde::Serialize;

use super::handle::Unavailable;
use super::limits::Refusal;
use crate::auth::AuthError;
use crate::domain::Rejection;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("{message}")]
    BadRequest {
        code: &'static str,
        field: Option<String>,
        message: String,
    },
    #[error("{0}")]
    NotFound(String),
    #[error("you may not do this")]
    Forbidden,
    #[error("sign in first")]
    SignInFirst,
    #[error("name or password is wrong")]
    WrongCredentials,
    /// Why the token that was shown is no good.
    #[error("{0}")]
    BadToken(String),
    /// Another site's page asks, or a browser that does not say whose page it is.
    #[error("this may only be asked by our own pages, or with a token")]
    OtherOrigin,
    #[error("too many attempts: wait {seconds} s")]
    Wait { seconds: u64 },
    /// Users, tokens and sessions cannot be read or changed now.
    #[error(transparent)]
    Accounts(AuthError),
    #[error("this address does not take that method")]
    MethodNotAllowed,
    #[error("the body is larger than is allowed")]
    TooLarge,
    #[error("the body took too long to come")]
    SlowBody,
    /// A limit was met.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The engine refused a command.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that cannot be: said in the log, not to the client.
    #[error("{0}")]
    Internal(String),
}

/// The members that stand beside RFC 9457's own.
#[derive(Debug, Clone, Default, Serialize)]
struct Extensions {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl AppError {
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::BadRequest {
            code,
            field: None,
            message: message.into(),
        }
    }

    pub fn bad_field(code: &'static str, field: &'static str, message: impl Into<String>) -> Self {
        Self::BadRequest {
            code,
            field: Some(field.to_owned()),
            message: message.into(),
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::OtherOrigin => StatusCode::FORBIDDEN,
            Self::SignInFirst | Self::BadToken(_) | Self::WrongCredentials => {
                StatusCode::UNAUTHORIZED
            }
            Self::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Refused(Refusal::Denied) => StatusCode::FORBIDDEN,
            Self::Refused(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Rejected(rejection) => match rejection.code.as_str() {
                "unknown_order" | "unknown_decision" | "no_user" | "no_token" | "no_session" => {
                    StatusCode::NOT_FOUND
                }
                "user_disabled" => StatusCode::FORBIDDEN,
                // Nothing is wrong with the request, but things are not so that it could be done.
                "order_not_open" | "already_triggered" | "illegal_transition" | "no_position"
                | "trading_halted" | "name_taken" | "last_admin" => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            },
            Self::Unavailable(_) | Self::Store(_) | Self::Accounts(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Stable, for programs.
    pub fn code(&self) -> &str {
        match self {
            Self::BadRequest { code, .. } => code,
            Self::NotFound(_) => "not_found",
            Self::Forbidden => "forbidden",
            Self::SignInFirst => "sign_in_first",
            Self::WrongCredentials => "wrong_credentials",
            Self::Accounts(_) => "accounts_unavailable",
            Self::BadToken(_) => "bad_token",
            Self::OtherOrigin => "other_origin",
            Self::Wait { .. } => "too_many_attempts",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::SlowBody => "slow_body",
            Self::Refused(refusal) => refusal.code(),
            Self::Rejected(rejection) => &rejection.code,
            Self::Unavailable(unavailable) => unavailable.code(),
            Self::Store(_) => Unavailable::Journal.code(),
            Self::Internal(_) => "internal",
        }
    }

    /// What of the request is at fault.
    pub fn field(&self) -> Option<String> {
        match self {
            Self::BadRequest { field, .. } => field.clone(),
            Self::Rejected(rejection) => rejection.field.clone(),
            _ => None,
        }
    }
}

impl AppError {
    /// Trying the very same again later may help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Store(_) | Self::Accounts(_) | Self::Wait { .. } => true,
            Self::Refused(refusal) => refusal.retry().is_some(),
            _ => false,
        }
    }

    /// When to try again, in whole seconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Wait { seconds } => Some(*seconds),
            Self::Refused(refusal) => {
                let millis = refusal.retry()?.as_millis().div_ceil(1_000);
                Some(u64::try_from(millis).unwrap_or(u64::MAX).max(1))
            }
            error => (error.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1),
        }
    }

    /// For people; what only the log is to know is left out.
    pub fn detail(&self) -> String {
        match self {
            Self::Internal(_) => "something went wrong on the server; it is in its log".to_owned(),
            Self::Store(_) => "the journal cannot be read".to_owned(),
            Self::Accounts(_) => "users and tokens cannot be read or changed now".to_owned(),
            error => error.to_string(),
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(error = %self, http.status = status.as_u16(), "a request failed");
        }
        let (detail, retry_after) = (self.detail(), self.retry_after());
        let extensions = Extensions {
            code: self.code().to_owned(),
            field: self.field(),
        };
        let problem = ProblemDetails::from_status_code(status)
            .with_detail(detail)
            .with_extensions(extensions);
        let mut response = problem.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
