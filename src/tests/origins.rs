//! Pages of other origins: the ones that the configuration lists may use the API with a token, others not
//! at all.

use plainsight::server::dialects::DIALECTS;
use serde_json::json;

use crate::answer::Answer;
use crate::harness::TestServer;

const LISTED: &str = "https://desk.example";

async fn server() -> TestServer {
    TestServer::still(|config| {
        let origins = json!([LISTED]);
        config.server.allowed_origins = serde_json::from_value(origins).unwrap();
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_page_reads_with_a_token_and_never_by_cookie() {
    let server = server().await;
    let asked = server
        .unknown("OPTIONS", "/v1/orders")
        .header("origin", LISTED)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let asked = server.send(asked).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    assert_eq!(asked.header("access-control-allow-origin"), Some(LISTED));
    assert_eq!(asked.header("access-control-allow-credentials"), None);
    let read = server
        .request("GET", "/v1/portfolio")
        .header("origin", LISTED);
    let read = server.send(read).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.header("access-control-allow-origin"), Some(LISTED));
    let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.01"});
    let cookies = server.cookies().await;
    let by_cookie = server
        .unknown("POST", "/v1/orders")
        .header("origin", LISTED)
        .header("cookie", cookies)
        .json(&order);
    server.send(by_cookie).await.problem(401, "sign_in_first");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_reads_nothing() {
    let server = server().await;
    for origin in ["https://evil.example", "null"] {
        let read = server
            .request("GET", "/v1/portfolio")
            .header("origin", origin);
        let read = server.send(read).await;
        assert_eq!(read.header("access-control-allow-origin"), None, "{origin}");
    }
    let unlisted = TestServer::still(|_| ()).await;
    let read = unlisted
        .request("GET", "/v1/portfolio")
        .header("origin", LISTED);
    let read = unlisted.send(read).await;
    assert_eq!(read.header("access-control-allow-origin"), None);
    assert_eq!(read.header("cache-control"), Some("no-store"));
}

/// What a browser asks before a page of `origin` may say who it is.
async fn preflight(server: &TestServer, path: &str, origin: &str) -> Option<String> {
    let asked = server
        .unknown("OPTIONS", path)
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization");
    let answer = server.send(asked).await;
    let allowed = answer.header("access-control-allow-origin");
    allowed.map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_this_machine_reads_what_older_dashboards_had() {
    let neighbour = "http://localhost:5173";
    for server in [TestServer::still(|_| ()).await, server().await] {
        for path in [
            "/api/portfolio",
            "/api/v1/status",
            "/stream/health",
            "/health",
        ] {
            let allowed = preflight(&server, path, neighbour).await;
            assert_eq!(allowed.as_deref(), Some(neighbour), "{path}");
            let read = server.request("GET", path).header("origin", neighbour);
            let read = server.send(read).await;
            assert_eq!(read.status, 200, "{path}");
            assert_eq!(
                read.header("access-control-allow-origin"),
                Some(neighbour),
                "{path}"
            );
            assert_eq!(preflight(&server, path, "https://evil.example").await, None);
        }
        assert_eq!(preflight(&server, "/v1/portfolio", neighbour).await, None);
    }
}

/// The handshake of a socket: 101 where it would have opened.
async fn upgrade(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut asked = server.unknown("GET", path);
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        asked = asked.header(name, value);
    }
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    server.send(asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_socket_of_a_dialect_opens_for_another_sites_page_whatever_it_brings() {
    let server = server().await;
    let token = server.token.as_str();
    let sockets = DIALECTS.iter().flat_map(|dialect| dialect.sockets);
    for path in sockets {
        // Socket.IO: its transport by WebSocket, and the same by single requests.
        let (socket, polling) = match *path {
            "/socket.io" => (
                "/socket.io/?EIO=4&transport=websocket&".to_owned(),
                Some("/socket.io/?EIO=4&transport=polling&"),
            ),
            path => (format!("{path}?"), None),
        };
        let with_token = format!("{socket}token={token}");
        let offered = format!("bearer, {token}");
        for (origin, status) in [
            ("https://evil.example", 403),
            ("null", 403),
            (LISTED, 101),
            ("http://localhost:5173", 101),
        ] {
            let by_address = upgrade(&server, &with_token, &[("origin", origin)]).await;
            assert_eq!(by_address.status, status, "{path} {origin}");
            let headers = [("origin", origin), ("sec-websocket-protocol", &offered)];
            let by_protocol = upgrade(&server, &socket, &headers).await;
            assert_eq!(by_protocol.status, status, "{path} {origin}");
            if let Some(polling) = polling {
                let asked = server.unknown("GET", &format!("{polling}token={token}"));
                let answer = server.send(asked.header("origin", origin)).await;
                let status = if status == 101 { 200 } else { status };
                assert_eq!(answer.status, status, "{polling} {origin}");
            }
        }
        // A program needs no origin, with a token.
        assert_eq!(upgrade(&server, &with_token, &[]).await.status, 101);
        // A cookie counts for our own pages alone.
        let cookies = server.cookies().await;
        let own = server.url("");
        for (headers, status) in [
            (vec![("cookie", cookies.as_str())], 403),
            (
                vec![("cookie", cookies.as_str()), ("origin", own.as_str())],
                101,
            ),
        ] {
            let opened = upgrade(&server, &socket, &headers).await;
            assert_eq!(opened.status, status, "{path} {opened:?}");
            if let Some(polling) = polling {
                let mut asked = server.unknown("GET", polling);
                for (name, value) in headers {
                    asked = asked.header(name, value);
                }
                let status = if status == 101 { 200 } else { status };
                assert_eq!(server.send(asked).await.status, status, "{polling}");
            }
        }
    }
}
