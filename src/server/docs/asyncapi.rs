//! The AsyncAPI document: which sockets there are and what is said on them.
//!
//! A protocol adds its socket by [`AsyncApi::add_channel`]; the schemas of its frames it takes in with
//! [`AsyncApi::schemas`], or writes them down.

use serde_json::{Map, Value, json};

use super::deltas;
use super::frames::{self, Frame};
use super::schemas::Schemas;
use crate::wire::frame::{API_VERSION, SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD};

/// The whole document.
pub fn document() -> Value {
    let mut document = AsyncApi::default();
    let native = native(&mut document.schemas);
    document.add_channel(native);
    document.into_value()
}

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

fn native(schemas: &mut Schemas) -> Channel {
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

/// A document in the making.
#[derive(Debug, Default)]
pub struct AsyncApi {
    pub schemas: Schemas,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
}

impl AsyncApi {
    pub fn add_channel(&mut self, channel: Channel) {
        let name = channel.name;
        let said = self.add_messages(&format!("{name}.client"), channel.said);
        let heard = self.add_messages(&format!("{name}.server"), channel.heard);
        let mut messages = Map::new();
        for id in said.iter().chain(&heard) {
            let reference = json!({ "$ref": format!("#/components/messages/{id}") });
            messages.insert(id.clone(), reference);
        }
        let place = format!("#/channels/{name}");
        let all = |ids: &[String]| -> Value {
            let of_channel = ids
                .iter()
                .map(|id| json!({ "$ref": format!("{place}/messages/{id}") }));
            of_channel.collect()
        };
        for (action, what, ids) in [("receive", "said", &said), ("send", "heard", &heard)] {
            let operation = json!({
                "action": action,
                "channel": { "$ref": place },
                "messages": all(ids),
            });
            self.operations.insert(format!("{name}.{what}"), operation);
        }
        self.channels.insert(
            name.to_owned(),
            json!({
                "address": channel.address,
                "title": channel.title,
                "description": channel.about,
                "messages": messages,
                "bindings": { "ws": { "method": "GET" } },
            }),
        );
    }

    fn add_messages(&mut self, prefix: &str, frames: Vec<Frame>) -> Vec<String> {
        let mut ids = Vec::new();
        for Frame { name, schema } in frames {
            let id = format!("{prefix}.{name}");
            let message = json!({
                "name": name,
                "contentType": "application/json",
                "payload": schema,
            });
            self.messages.insert(id.clone(), message);
            ids.push(id);
        }
        ids
    }

    pub fn into_value(mut self) -> Value {
        self.schemas.written_whole();
        // A delta may leave out what its value always has.
        deltas::insert(&mut self.schemas);
        json!({
            "asyncapi": "3.0.0",
            "info": {
                "title": "Plainsight",
                "version": API_VERSION,
                "description": "What goes over the sockets. The server is the application: it receives what \
                                clients say and sends what they hear. REST is described by `/docs/openapi.json`.",
                "license": { "name": "MIT OR Apache-2.0" },
            },
            "defaultContentType": "application/json",
            "servers": {
                "here": {
                    "host": "{host}",
                    "protocol": "ws",
                    "description": "The server that this document comes from; `wss` where it has TLS.",
                    "variables": { "host": { "default": "localhost:3000" } },
                },
            },
            "channels": self.channels,
            "operations": self.operations,
            "components": {
                "messages": self.messages,
                "schemas": self.schemas.into_value(),
            },
        })
    }
}
