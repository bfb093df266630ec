//! What the server says of its API is what its API is: the documents against the access table, against the
//! golden vectors, and against what is really answered and pushed.

mod dialects;
mod fuzzed;
mod rest;
mod schemas;
mod socket;

use std::collections::BTreeSet;

use plainsight::server::access::ROUTES;
use plainsight::server::dialects::{DIALECTS, is_theirs};
use plainsight::server::docs::{asyncapi, openapi};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

use crate::harness::TestServer;
use schemas::Document;

/// Every address that is for programs is described, and nothing else is. Socket.IO's own exchange is nobody's
/// to speak by hand; its events are in the other document.
#[test]
fn every_route_for_programs_has_its_operation() {
    let is_for_programs = |path: &str| {
        let is_own = path.starts_with("/v1/") || ["/health", "/ready", "/metrics"].contains(&path);
        is_own || (is_theirs(path) && path != "/socket.io/")
    };
    let routes: BTreeSet<(String, String)> = ROUTES
        .iter()
        .filter(|route| is_for_programs(route.path))
        .map(|route| (route.path.to_owned(), route.method.to_lowercase()))
        .collect();
    let document = openapi::document();
    let mut described = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert((path.clone(), method.clone()));
            assert!(names.insert(operation["operationId"].to_string()), "{path}");
            for field in ["summary", "tags", "responses", "security"] {
                assert!(!operation[field].is_null(), "{method} {path}: {field}");
            }
        }
    }
    assert_eq!(described, routes);
}

/// Each socket of the access table has its channel.
#[test]
fn every_socket_has_its_channel() {
    let document = asyncapi::document();
    let channels = document["channels"].as_object().unwrap().values();
    let described: BTreeSet<&str> = channels
        .map(|channel| channel["address"].as_str().unwrap().trim_end_matches('/'))
        .collect();
    let sockets = DIALECTS.iter().flat_map(|dialect| dialect.sockets);
    let sockets: BTreeSet<&str> = sockets.copied().chain(["/v1/ws"]).collect();
    assert_eq!(described, sockets);
}

#[test]
fn the_documents_have_no_loose_ends() {
    let document = openapi::document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let read = serde_json::from_value::<RefOr<Schema>>(schema.clone());
        assert!(read.is_ok(), "{name}: {schema}");
    }
    Document::of(document).assert_references();
    let document = asyncapi::document();
    assert_eq!(document["asyncapi"], "3.0.0");
    Document::of(document).assert_references();
}

/// Every frame there is, with every field and every kind of delta, is as the document says.
#[test]
fn the_golden_vectors_are_as_described() {
    let document = Document::of(asyncapi::document());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wire/schema/golden.txt");
    let golden = std::fs::read_to_string(golden).unwrap();
    let mut seen = BTreeSet::new();
    let mut side = "";
    for line in golden.lines() {
        if let Some(text) = line.strip_prefix("json ") {
            let frame: Value = serde_json::from_str(text).unwrap();
            if frame["topic"] != "bench" {
                seen.insert(document.check_frame("native", side, &frame));
            }
        } else if let Some((first, _)) = line.split_once(' ').filter(|(word, _)| *word != "hex") {
            side = first;
        }
    }
    let messages = document.messages("native", "client");
    let all = messages.chain(document.messages("native", "server"));
    // Models have no vectors; a real socket shows them.
    let missing = all.filter(|name| !seen.contains(name) && !name.contains(".models_"));
    let missing: Vec<String> = missing.collect();
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "described and not in the vectors"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_no_other_host() {
    let server = TestServer::still(|_| ()).await;
    let page = server.send(server.unknown("GET", "/docs")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("script-src 'self';") && policy.contains("connect-src 'self'"),
        "{policy}"
    );
    let mut asked = 0;
    for part in page.text.split(['"', '\'']) {
        assert!(!part.contains("://") && !part.starts_with("//"), "{part}");
        if part.starts_with("/docs/") {
            let file = server.send(server.unknown("GET", part)).await;
            assert_eq!(file.status, 200, "{part}");
            asked += 1;
        }
    }
    assert_eq!(asked, 6, "{}", page.text);
    for (path, document) in [
        ("/docs/openapi.json", openapi::document()),
        ("/docs/asyncapi.json", asyncapi::document()),
    ] {
        let served = server.send(server.unknown("GET", path)).await;
        assert_eq!(served.json(), document, "{path}");
    }
    for path in ["/docs/index.html", "/docs/..%2fLeptos.toml", "/docs/%FF"] {
        server.get(path).await.problem(404, "not_found");
    }
    // Which dashboards are spoken to, where, and by whom.
    for dialect in DIALECTS {
        let paths = dialect.sockets.iter().chain(dialect.rest);
        for path in paths {
            assert!(
                page.text.contains(&format!("<code>{path}</code>")),
                "{path}"
            );
        }
        for name in dialect.clients.iter().chain([&dialect.name]) {
            assert!(page.text.contains(&format!(">{name}</")), "{name}");
        }
    }
    assert!(!page.text.contains("style=") && !page.text.contains("<style"));
    // All other pages keep theirs.
    let other = server.get("/").await;
    assert!(
        !other
            .header("content-security-policy")
            .unwrap()
            .contains("unsafe-inline")
    );
}
