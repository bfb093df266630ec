//! What the API says of itself: an OpenAPI document of every address that is for programs ([`openapi`]),
//! an AsyncAPI document of the sockets ([`asyncapi`], [`channels`]), and a page that shows them ([`page`]).
//!
//! Nothing in them is written twice. Which addresses there are and what each needs is read from the access
//! table; [`operations`] says the rest of each. What a value looks like is derived from its type
//! ([`schemas`]), a frame's from its parts ([`frames`]), a delta's from the value that it changes
//! ([`deltas`]). Both documents are made once, at the first request.

pub mod asyncapi;
mod channels;
mod deltas;
mod errors;
mod frames;
pub mod openapi;
mod operation;
mod operations;
mod page;
pub mod schemas;

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

pub use page::{file, page};

static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| openapi::document().to_string().into());
static ASYNCAPI: LazyLock<Bytes> = LazyLock::new(|| asyncapi::document().to_string().into());

/// `GET /docs/openapi.json`.
pub async fn openapi_json() -> Response {
    json(&OPENAPI)
}

/// `GET /docs/asyncapi.json`.
pub async fn asyncapi_json() -> Response {
    json(&ASYNCAPI)
}

fn json(document: &Bytes) -> Response {
    let content_type = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, content_type)], document.clone()).into_response()
}
