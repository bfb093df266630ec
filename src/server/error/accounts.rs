//! What goes wrong with users, tokens and sessions, as problems with codes.

use super::AppError;
use crate::auth::{AuthError, JoinError, RefreshError, SignInError};
use crate::domain::Rejection;

impl From<AuthError> for AppError {
    fn from(error: AuthError) -> Self {
        let code = match &error {
            AuthError::NoUser(_) => "no_user",
            AuthError::NoToken(_) => "no_token",
            AuthError::NoSession(_) => "no_session",
            AuthError::NameTaken(_) => "name_taken",
            AuthError::LastAdmin(_) => "last_admin",
            AuthError::NameReserved(_) => "name_reserved",
            AuthError::PasswordShort(_) | AuthError::PasswordLong(_) => "unfit_password",
            AuthError::NoScopes => "no_scopes",
            AuthError::ExpiresPast => "expires_past",
            AuthError::TooMany { .. } => "too_many",
            _ => return Self::Accounts(error),
        };
        let message = error.to_string();
        let field = match code {
            "unfit_password" => "password",
            "name_taken" | "name_reserved" => "name",
            "no_scopes" => "scopes",
            "expires_past" => "expires",
            _ => return Rejection::new(code, message).into(),
        };
        Rejection::field(code, field, message).into()
    }
}

impl From<SignInError> for AppError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::WrongCredentials,
            SignInError::Wait { seconds } => Self::Wait { seconds },
            SignInError::Disabled => Rejection::new("user_disabled", error.to_string()).into(),
            SignInError::Busy => Self::Wait { seconds: 1 },
            SignInError::Failed(error) => error.into(),
        }
    }
}

impl From<RefreshError> for AppError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Failed(error) => error.into(),
            error => Self::BadToken(error.to_string()),
        }
    }
}

impl From<JoinError> for AppError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Failed(error) => error.into(),
            error => Self::BadToken(error.to_string()),
        }
    }
}
