//! Whose page sends a request. A browser lends a visitor's cookies to any site that asks, and opens
//! sockets for any page: what changes something, and every socket, must come from our own pages, from an
//! origin that the configuration lists, or from a program.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use serde::{Deserialize, Deserializer, Serialize, de};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::config::ServerConfig;
use super::dialects;
use super::network::Client;
use super::rest::{DUPLICATE, IDEMPOTENCY_KEY, NEXT_BEFORE, SEQ};

/// `[server] allowed_origins`: `scheme://host[:port]`, as browsers send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let rest = ["http://", "https://"]
            .into_iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let is_origin = rest.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.contains(['/', '*', '?', '#', '@'])
                && rest == rest.to_lowercase()
        });
        if is_origin {
            Ok(Self(text))
        } else {
            Err(de::Error::custom(format!(
                "{text:?} is no origin: scheme, host and port, as https://example.org"
            )))
        }
    }
}

impl Origin {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lets the pages of listed origins read answers, and this machine's pages those that are for them
/// ([`is_neighbour`]); no other page can. They come with tokens: cookies do not count for them.
pub fn cors(server: &ServerConfig) -> CorsLayer {
    let server = server.clone();
    let may_read = move |origin: &HeaderValue, asked: &Parts| {
        let mut listed = server.allowed_origins.iter();
        let client = asked.extensions.get::<Client>();
        let path = asked.uri.path();
        listed.any(|listed| listed.as_str() == origin)
            || client.is_some_and(|client| is_neighbour(origin, path, *client, &server))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(may_read))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, IDEMPOTENCY_KEY])
        .expose_headers([SEQ, header::RETRY_AFTER, DUPLICATE, NEXT_BEFORE])
        .max_age(PREFLIGHT)
}

/// Whether a page of this machine, on whichever port, asks this machine for what the older dashboards' pages ask
/// for: these ran on another port than their API.
pub fn is_neighbour(
    origin: &HeaderValue,
    path: &str,
    client: Client,
    server: &ServerConfig,
) -> bool {
    let is_here = client.is_local() && server.addr.ip().is_loopback();
    is_here && dialects::is_face(path) && names_loopback(origin)
}

fn names_loopback(origin: &HeaderValue) -> bool {
    let uri = origin
        .to_str()
        .ok()
        .and_then(|text| text.parse::<Uri>().ok());
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    is_loopback_name(host)
}

/// Whether a host is this machine itself, by a name that nobody can give to another one.
pub fn is_loopback_name(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// How long a browser need not ask again whether it may ask.
const PREFLIGHT: Duration = Duration::from_secs(600);

/// Where a request comes from, as far as browsers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// One of our own pages.
    OurPage,
    /// A page of an origin that is listed.
    ListedPage,
    /// A program, or a visitor who typed the address.
    Program,
    /// Something of another site that leads here, as a link does. It cannot read the answer.
    Link,
    /// Another site's page.
    OtherPage,
}

impl Sender {
    /// `client` is who sent the request: over TLS our own pages came by TLS as well. Without it the scheme says
    /// nothing, for a proxy may have taken it off.
    pub fn of(headers: &HeaderMap, allowed: &[Origin], client: Client) -> Self {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return match text(headers, SEC_FETCH_SITE) {
                Some("same-origin") => Self::OurPage,
                None | Some("none") => Self::Program,
                Some(_) => Self::Link,
            };
        };
        let Ok(origin) = origin.to_str() else {
            return Self::OtherPage;
        };
        let is_ours = origin.split_once("://").is_some_and(|(scheme, site)| {
            text(headers, header::HOST) == Some(site) && (scheme == "https" || !client.is_secure)
        });
        if is_ours {
            Self::OurPage
        } else if allowed.iter().any(|allowed| allowed.as_str() == origin) {
            Self::ListedPage
        } else {
            Self::OtherPage
        }
    }

    /// Whether a cookie of the request counts. Browsers say where a form comes from: what does not say
    /// it, and changes something, has no business with a cookie.
    pub fn may_use_cookies(self, changes: Changes) -> bool {
        match self {
            Self::OurPage => true,
            Self::Program | Self::Link => changes == Changes::Nothing,
            Self::ListedPage | Self::OtherPage => false,
        }
    }

    /// Whether such a request may be made at all without a token; one that opens a socket, with a token as well: any
    /// page can write one into an address.
    pub fn may_ask(self, changes: Changes) -> bool {
        match self {
            Self::OurPage | Self::ListedPage | Self::Program => true,
            Self::Link | Self::OtherPage => changes == Changes::Nothing,
        }
    }
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    Nothing,
    Something,
    /// It opens a socket, which can change something; or is one that polls.
    Socket,
}

impl Changes {
    pub fn of(request: &Request) -> Self {
        let is_safe = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        );
        if request.headers().contains_key(header::UPGRADE)
            || dialects::is_polled(request.uri().path())
        {
            Self::Socket
        } else if is_safe {
            Self::Nothing
        } else {
            Self::Something
        }
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const CLIENT: Client = Client {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        is_secure: false,
        is_forwarded: false,
    };

    fn sender(origin: Option<&'static str>, site: Option<&'static str>, client: Client) -> Sender {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("bot.example:3000"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        if let Some(site) = site {
            headers.insert(SEC_FETCH_SITE, HeaderValue::from_static(site));
        }
        let listed = [Origin("https://desk.example".to_owned())];
        Sender::of(&headers, &listed, client)
    }

    #[test]
    fn a_page_is_ours_by_its_whole_origin() {
        let secure = Client {
            is_secure: true,
            ..CLIENT
        };
        for (origin, client, expected) in [
            ("http://bot.example:3000", CLIENT, Sender::OurPage),
            // A proxy that is not known to us has taken TLS off.
            ("https://bot.example:3000", CLIENT, Sender::OurPage),
            ("https://bot.example:3000", secure, Sender::OurPage),
            ("http://bot.example:3000", secure, Sender::OtherPage),
            ("http://bot.example:3001", CLIENT, Sender::OtherPage),
            ("http://bot.example", CLIENT, Sender::OtherPage),
            ("http://evil.example", CLIENT, Sender::OtherPage),
            ("null", CLIENT, Sender::OtherPage),
            ("", CLIENT, Sender::OtherPage),
            ("https://desk.example", CLIENT, Sender::ListedPage),
            ("http://desk.example", CLIENT, Sender::OtherPage),
        ] {
            assert_eq!(sender(Some(origin), None, client), expected, "{origin}");
        }
    }

    #[test]
    fn without_an_origin_a_browser_says_whose_page_it_is() {
        for (site, expected) in [
            (None, Sender::Program),
            (Some("none"), Sender::Program),
            (Some("same-origin"), Sender::OurPage),
            (Some("same-site"), Sender::Link),
            (Some("cross-site"), Sender::Link),
        ] {
            assert_eq!(sender(None, site, CLIENT), expected, "{site:?}");
        }
    }

    #[test]
    fn only_our_pages_change_something_with_a_cookie() {
        let all = [
            Sender::OurPage,
            Sender::ListedPage,
            Sender::Program,
            Sender::Link,
            Sender::OtherPage,
        ];
        let changing = all.map(|sender| sender.may_use_cookies(Changes::Something));
        assert_eq!(changing, [true, false, false, false, false]);
        let reading = all.map(|sender| sender.may_use_cookies(Changes::Nothing));
        assert_eq!(reading, [true, false, true, true, false]);
        let asking = all.map(|sender| sender.may_ask(Changes::Something));
        assert_eq!(asking, [true, true, true, false, false]);
        let opening = all.map(|sender| sender.may_ask(Changes::Socket));
        assert_eq!(opening, asking);
        let by_cookie = all.map(|sender| sender.may_use_cookies(Changes::Socket));
        assert_eq!(by_cookie, changing);
    }

    #[test]
    fn what_is_no_origin_is_not_listed() {
        let read = |text: &str| serde_json::from_value::<Origin>(text.into());
        assert!(read("https://desk.example:8443").is_ok());
        for text in [
            "*",
            "desk.example",
            "https://",
            "https://desk.example/",
            "https://Desk.example",
            "null",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
