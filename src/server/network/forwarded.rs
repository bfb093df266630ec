//! What proxies write into a request: `X-Forwarded-For`, `X-Forwarded-Proto`, and RFC 7239's `Forwarded`,
//! which counts where the first one is not there. Whether they are to be believed is not known here.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

const FORWARDED: &str = "forwarded";
const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// Whoever writes one of these has passed a request on.
const SIGNS: [&str; 6] = [
    FORWARDED,
    FORWARDED_FOR,
    FORWARDED_PROTO,
    "x-forwarded-host",
    "x-real-ip",
    "via",
];

pub fn is_forwarded(headers: &HeaderMap) -> bool {
    SIGNS.iter().any(|name| headers.contains_key(*name))
}

/// Who asked whom, the nearest last; `None` where it is no address. A list may come in several lines.
pub fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if headers.contains_key(FORWARDED_FOR) {
        return items(headers, FORWARDED_FOR).map(address).collect();
    }
    let elements = items(headers, FORWARDED);
    elements
        .map(|element| address(parameter(element, "for")?))
        .collect()
}

/// Whether the client's own connection was secure, as the nearest proxy says; `None` where it does not.
pub fn is_secure(headers: &HeaderMap) -> Option<bool> {
    let scheme = match items(headers, FORWARDED_PROTO).last() {
        Some(scheme) => scheme,
        None if headers.contains_key(FORWARDED_FOR) => return None,
        None => parameter(items(headers, FORWARDED).last()?, "proto")?,
    };
    Some(scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss"))
}

fn items<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines
        // A line that is no text says nothing, but it was there.
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .map(str::trim)
}

/// A parameter of one element: `for=192.0.2.1;proto=https`.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    named
        .next()
        .map(|(_, value)| value.trim().trim_matches('"'))
}

/// An address, with or without port and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let parsed = bare.parse().ok();
    let address = parsed.or_else(|| text.parse().ok().map(|at: SocketAddr| at.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}
