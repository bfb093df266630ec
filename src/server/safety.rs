//! What every answer tells a browser to refuse: scripts that are not ours, frames around us, guesses at
//! a file's kind. The pages' own policy names the one-time word ([`Nonce`]) of their inline scripts; every
//! other answer may load nothing at all.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::network::Client;

/// Nothing is loaded, framed or sent from what is no page: JSON, files, redirects.
const BARE: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The page about the API: what comes with it, which sets styles by itself and draws from `data:`, and the
/// API itself, which is called from it.
pub const DOCS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
);

/// Who came with TLS once comes with it for so long, s: two years.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What is the same for every answer.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    // An address can name a bot, an order, a model: it is for nobody else.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    // For browsers that do not know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), \
             midi=(), display-capture=(), browsing-topics=()",
        ),
    ),
];

/// Lays the headers over whatever comes out.
pub async fn headers(request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().copied();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if client.is_some_and(|client| client.is_secure) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(BARE));
    response
}

/// The policy of a page whose inline scripts carry `nonce`. `reload` is where the development server
/// tells of a new build.
fn policy(nonce: &str, reload: Option<&str>) -> String {
    let reload = reload
        .map(|source| format!(" {source}"))
        .unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A document with a one-time word of its own, and the policy that goes with it.
pub fn with_nonce(document: impl FnOnce(&str) -> String) -> (String, HeaderValue) {
    let nonce = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        rand::random::<[u8; 16]>(),
    );
    let policy = HeaderValue::from_str(&policy(&nonce, None));
    (
        document(&nonce),
        policy.unwrap_or(HeaderValue::from_static(BARE)),
    )
}

/// Gives the page that is being rendered its policy. Called where the page's context is at hand.
pub fn guard_page(options: &LeptosOptions) {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let reload = std::env::var_os("LEPTOS_WATCH").map(|_| {
        let port = options.reload_external_port.unwrap_or(options.reload_port);
        format!("ws://{}:{port}", options.site_addr.ip())
    });
    // A nonce is Base64: it is a header's value.
    if let Ok(value) = HeaderValue::from_str(&policy(&nonce, reload.as_deref())) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, value);
    }
}
