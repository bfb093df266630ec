//! Whose page sends a request. A browser lends a visitor's cookies to any site that asks, and opens
//! sockets for any page: what changes something, and every socket, must come from our own pages, from an
//! origin that the configuration lists, or from a program.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, Method, header};
use serde::{Deserialize, Deserializer, Serialize, de};

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
    pub fn of(headers: &HeaderMap, allowed: &[Origin]) -> Self {
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
        let site = origin.split_once("://").map(|(_, site)| site);
        if site.is_some() && site == text(headers, header::HOST) {
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

    /// Whether such a request may be made at all without saying in a header of its own who makes it.
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
    /// It changes something, or opens a socket that can.
    Something,
}

impl Changes {
    pub fn of(request: &Request) -> Self {
        let is_safe = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        );
        if is_safe && !request.headers().contains_key(header::UPGRADE) {
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
