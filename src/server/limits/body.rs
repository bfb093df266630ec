//! A request's body, read whole before its handler sees it: within a time, and up to the size that the
//! server takes.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequest as _, Request};

use super::{Limits, Why};
use crate::server::error::AppError;
use crate::server::rest;

/// The request with all of its body in memory.
///
/// # Errors
/// The body is too large, takes too long, or ends too early.
pub async fn read(limits: &Limits, request: Request) -> Result<Request, AppError> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let reading = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    match tokio::time::timeout(limits.config.body_timeout(), reading).await {
        Ok(read) => Ok(Request::from_parts(parts, Body::from(rest::body(read)?))),
        Err(_) => {
            limits.counts.add(Why::Body);
            Err(AppError::SlowBody)
        }
    }
}
