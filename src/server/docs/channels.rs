//! Which sockets there are, and what is said and heard on each: the native one, and those of the older
//! dashboards, a file for each dialect. What their messages bring is described by the types that are written;
//! the few words around it stand here, and tests hold them against what sockets really get.

mod finance;
mod quantum;
mod trading;
mod transparency;
mod updates;

use serde_json::{Map, Value, json};

use super::frames::{self, Frame};
use super::schemas::Schemas;
use crate::wire::frame::{SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD};

/// A socket.
pub struct Channel {
    /// What it is called in the document.
    pub name: &'static str,
    /// Its path.
    pub address: &'static str,
    pub title: &'static str,
    pub about: String,
    /// What a client says, and what it hears.
    pub said: Vec<Frame>,
    pub heard: Vec<Frame>,
}

pub fn all(schemas: &mut Schemas) -> Vec<Channel> {
    let mut all = vec![native(schemas), transparency::channel(schemas)];
    all.extend(finance::channels(schemas));
    all.extend([
        updates::channel(schemas),
        trading::channel(schemas),
        quantum::channel(schemas),
    ]);
    all
}

pub fn native(schemas: &mut Schemas) -> Channel {
    let about = format!(
        "Subprotocol `{SUBPROTOCOL_JSON}`, also where none is asked for: frames are JSON objects with a \
         `type`, one or several in a message, one per line. (`{SUBPROTOCOL_POSTCARD}` is the same in bytes, for \
         the pages.) Say `hello` within 5 s, with a token where `Authorization: Bearer` had none; the answer is \
         `welcome`. Each command has an `id` and gets one `ok` or `error`. A push continues its topic iff \
         `first ≤ last_seen + 1 ≤ last`; else subscribe again with `since` from where you stand."
    );
    Channel {
        name: "native",
        address: "/v1/ws",
        title: "The native protocol, v1",
        about,
        said: frames::client(schemas),
        heard: frames::server(schemas),
    }
}

/// How a client of an older dashboard says who it is.
const TOKENS: &str = "A token is given as `Authorization: Bearer`, as the subprotocols `bearer, <token>`, or as \
                      `?token=`.";

/// An object with these fields.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields = fields.map(|(name, schema)| (name.to_owned(), schema));
    json!({ "type": "object", "properties": Map::from_iter(fields) })
}

/// The same of what a client says, who may leave out what is not required.
fn wish<const N: usize>(required: &[&str], fields: [(&str, Value); N]) -> Value {
    let mut schema = object(fields);
    schema["required"] = json!(required);
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn word(word: &str) -> Value {
    json!({ "type": "string", "const": word })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}
