//! The opening handshake (RFC 6455, 4.2): what the client must say, what it is answered, and the
//! connection itself once HTTP has let go of it.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::server::error::AppError;
use crate::server::listen::line::{Line, Transport};
use crate::wire::Encoding;

/// Answers a request to open a socket. `taker` is told what the client asked for and gives who takes
/// the connection, with the bytes that came already.
pub fn answer<T>(request: Request, taker: impl FnOnce(Encoding, bool) -> T) -> Response
where
    T: FnOnce(Transport, Bytes) + Send + 'static,
{
    let (mut parts, _) = request.into_parts();
    let opened = check(&parts.headers).and_then(|key| {
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        Ok((key, upgrade.ok_or("the connection cannot be upgraded")?))
    });
    let (key, upgrade) = match opened {
        Ok(opened) => opened,
        Err(problem) => {
            return AppError::bad("not_a_websocket", problem.to_owned()).into_response();
        }
    };
    let asked = encoding(&parts.headers);
    let saves_data = text(&parts.headers, HeaderName::from_static("save-data"))
        .is_some_and(|value| value.eq_ignore_ascii_case("on"));
    let take = taker(asked.unwrap_or(Encoding::Json), saves_data);
    tokio::spawn(async move {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, "a connection ended in its handshake");
                return;
            }
        };
        match upgraded.downcast::<TokioIo<Line>>() {
            Ok(parts) => take(parts.io.into_inner().into_transport(), parts.read_buf),
            Err(_) => tracing::error!("a socket came by a transport that is not known"),
        }
    });
    accepted(&key, asked)
}

fn accepted(key: &str, encoding: Option<Encoding>) -> Response {
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    // Base64 is a header's value.
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(encoding) = encoding {
        let subprotocol = HeaderValue::from_static(encoding.subprotocol());
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    response
}

/// The client's key, where all that is needed is there.
fn check(headers: &HeaderMap) -> Result<String, &'static str> {
    if !lists(headers, header::CONNECTION, "upgrade") {
        return Err("a WebSocket is opened with the header `Connection: upgrade`");
    }
    if !lists(headers, header::UPGRADE, "websocket") {
        return Err("a WebSocket is opened with the header `Upgrade: websocket`");
    }
    if text(headers, header::SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err("the header `Sec-WebSocket-Version` must be 13");
    }
    let key = text(headers, header::SEC_WEBSOCKET_KEY);
    key.map(str::to_owned)
        .ok_or("the header `Sec-WebSocket-Key` is missing")
}

/// The best encoding among the subprotocols that the client can have.
fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    Encoding::ALL.into_iter().find(|encoding| {
        lists(
            headers,
            header::SEC_WEBSOCKET_PROTOCOL,
            encoding.subprotocol(),
        )
    })
}

/// Whether a header lists a word. It may come in several lines.
fn lists(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(word))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
