//! What an operation answers when it does not do what it was asked: one shape for all of them.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::schemas::Schemas;

/// What went wrong (RFC 9457), as [`crate::server::error`] writes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Absent: `about:blank`.
    r#type: Option<String>,
    /// The status in words.
    title: Option<String>,
    status: u16,
    /// For people.
    detail: String,
    /// Stable, for programs.
    code: String,
    /// What of the request is at fault, where it is one field.
    field: Option<String>,
}

/// What a status means here.
fn meaning(status: u16) -> &'static str {
    match status {
        400 => "It cannot be read; `field` names what is at fault.",
        401 => "Who asks has not said who it is, or could not prove it.",
        403 => "Who asks may not do this, or not from this page or address.",
        404 => "There is no such thing.",
        408 => "The body took too long to come.",
        409 => "Things are not so that it could be done.",
        413 => "The body is larger than is allowed.",
        422 => "It can be read but not be done; `code` and `field` say why.",
        429 => "Too much, too fast: again after `Retry-After` seconds.",
        503 => "It cannot be done now: again after `Retry-After` seconds.",
        _ => "It was not done.",
    }
}

/// The response of a status.
pub fn response(status: u16, schemas: &mut Schemas) -> Value {
    let problem = schemas.of::<Problem>();
    let mut response = json!({
        "description": meaning(status),
        "content": { "application/problem+json": { "schema": problem } },
    });
    if matches!(status, 429 | 503) {
        response["headers"] = json!({
            "Retry-After": { "description": "Seconds.", "schema": { "type": "integer", "minimum": 1 } },
        });
    }
    response
}
