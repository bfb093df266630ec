//! The fields of a form by their names, and the text that they are sent as.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::domain::Rejection;

/// Fields by name. Of several with one name the last counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// A field that is filled in.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The names of the fields that are there, filled in or not.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
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

/// What stands for itself in every part of an address and in a form (RFC 3986, "unreserved").
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A text as it can stand in an address or a form.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
