//! The fields of a form by their names, and the text that they are sent as.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::Rejection;

/// Fields by name. Of several with one name the last counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// A field that is filled in.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// A field that may be empty.
    pub fn optional<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Rejection> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error| {
            let shown: String = text.chars().take(40).collect();
            Rejection::field(
                format!("invalid_{name}"),
                name,
                format!("{shown:?} cannot be read: {error}"),
            )
        })
    }

    /// A field that must be there.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Rejection> {
        self.optional(name)?.ok_or_else(|| {
            Rejection::field(format!("missing_{name}"), name, format!("{name} is needed"))
        })
    }
}

/// A text as it can stand in an address or a form.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `+` is a space and `%41` an `A`; what is no such code stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let code = text
            .get(place + 1..place + 3)
            .filter(|_| *byte == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, code) {
            (_, Some(code)) => {
                out.push(code);
                place += 2;
            }
            (b'+', None) => out.push(b' '),
            (other, None) => out.push(*other),
        }
        place += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
