//! Pages of other origins: the ones that the configuration lists may use the API with a token, others not
//! at all.

use serde_json::json;

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
