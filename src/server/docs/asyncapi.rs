//! The AsyncAPI document: how it is made of the sockets that there are ([`channels`]).

use serde_json::{Map, Value, json};

use super::channels::{self, Channel};
use super::deltas;
use super::frames::Frame;
use super::schemas::Schemas;
use crate::wire::frame::API_VERSION;

/// The whole document.
pub fn document() -> Value {
    of(channels::all)
}

/// The same of our own socket alone.
pub fn native() -> Value {
    of(|schemas| vec![channels::native(schemas)])
}

fn of(channels: impl FnOnce(&mut Schemas) -> Vec<Channel>) -> Value {
    let mut document = AsyncApi::default();
    for channel in channels(&mut document.schemas) {
        document.add_channel(channel);
    }
    document.into_value()
}

/// A document in the making.
#[derive(Debug, Default)]
struct AsyncApi {
    schemas: Schemas,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
}

impl AsyncApi {
    fn add_channel(&mut self, channel: Channel) {
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
            // On some sockets a client has nothing to say.
            if ids.is_empty() {
                continue;
            }
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

    fn into_value(mut self) -> Value {
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
