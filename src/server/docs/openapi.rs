//! The OpenAPI document, made of the access table. An address for programs is in it as soon as it is in the
//! table and [`operations`] says what it does; without that nothing compiles.

use serde_json::{Map, Value, json};

use super::operations;
use super::schemas::Schemas;
use crate::server::access::{ROUTES, Route};
use crate::server::dialects::is_theirs;
use crate::wire::frame::API_VERSION;

const ABOUT: &str = "Prices, quantities and amounts are decimal numbers in strings, never floats; times are \
µs since 1970-01-01T00:00:00Z. (Older dashboards' addresses, the last groups, have their own forms.) A figure \
that is undefined is null. `Plainsight-Seq` says which input an answer is true at: answers, pushes and pages with the same seq show the same figures. Errors are problems \
(RFC 9457) with a `code`. The sockets are described by `/docs/asyncapi.json`.";

/// The whole document.
pub fn document() -> Value {
    of(ROUTES.iter())
}

/// The same of our own API alone: the older dashboards have clients, and need none of ours.
pub fn native() -> Value {
    of(ROUTES.iter().filter(|route| !is_theirs(route.path)))
}

fn of(routes: impl Iterator<Item = &'static Route>) -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for route in routes {
        if let Some(operation) = operations::of(route.endpoint, &mut schemas) {
            let operation = operation.into_value(route);
            add(&mut paths, route.method, route.path, operation);
        }
    }
    schemas.written_whole();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Plainsight",
            "version": API_VERSION,
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": operations::groups(),
        "paths": paths,
        "components": {
            "schemas": schemas.into_value(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token, as `POST /v1/tokens` makes it.",
                },
                "session": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token that `POST /v1/auth/login` gives a program.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "plainsight_access",
                    "description": "What a page has that signed in; over TLS `__Host-plainsight_access`.",
                },
            },
        },
    })
}

/// Puts an operation at its place.
fn add(paths: &mut Map<String, Value>, method: &str, path: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method.to_lowercase()] = operation;
}
