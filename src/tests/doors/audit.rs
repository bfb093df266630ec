//! Whatever somebody does is in the audit: who, by what means, from where, what, and what came of it.

use std::collections::BTreeSet;

use plainsight::domain::{AuditEntry, Order, Role};
use serde_json::json;

use super::people::{Filled as _, add};
use super::sessions::server;
use crate::client::Socket;
use crate::harness::{OPERATOR, PASSWORD, TestServer};

async fn entries(server: &TestServer, cookies: &str) -> Vec<AuditEntry> {
    let asked = server
        .send(server.page_request("GET", "/v1/audit?limit=500", cookies))
        .await;
    assert_eq!(asked.status, 200, "{asked:?}");
    asked.read()
}

/// What an entry says, but for its id and time: who, by, address, action, subject.
fn told(entry: &AuditEntry) -> [String; 5] {
    let who = entry.who.as_ref().map(ToString::to_string);
    [
        who.unwrap_or_default(),
        entry.by.to_string(),
        entry.address.clone().unwrap_or_default(),
        entry.action.to_string(),
        entry.subject.clone().unwrap_or_default(),
    ]
}

fn row(who: &str, by: &str, action: &str, subject: &str) -> [String; 5] {
    [who, by, "127.0.0.1", action, subject].map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_written_down() {
    let server = server(async |accounts| add(accounts, "ada", Role::Admin).await).await;
    let ada = server.sign_in_on_page("ada").await;
    server
        .sign_in("ada", "wrong")
        .await
        .problem(401, "wrong_credentials");
    server
        .sign_in("who-is-this", PASSWORD)
        .await
        .problem(401, "wrong_credentials");

    let user = json!({"name": "nina", "role": "viewer", "password": PASSWORD});
    let asked = |method: &str, path: &str| server.page_request(method, path, &ada);
    let status = async |request: reqwest::RequestBuilder| server.send(request).await.status;
    assert_eq!(status(asked("POST", "/v1/users").json(&user)).await, 201);
    let change =
        json!({"role": "operator", "password": "another password", "standing": "disabled"});
    assert_eq!(
        status(asked("PATCH", "/v1/users/nina").json(&change)).await,
        204
    );
    let change = json!({"standing": "active"});
    assert_eq!(
        status(asked("PATCH", "/v1/users/nina").json(&change)).await,
        204
    );
    let token = json!({"user": "nina", "scopes": ["read"]});
    let made = server.send(asked("POST", "/v1/tokens").json(&token)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        status(asked("DELETE", &format!("/v1/tokens/{id}"))).await,
        204
    );

    // By a token over REST, by the same over a socket, and by a form of a page.
    crate::harness::until("there are prices", async || {
        let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01",
            "price": "1000", "client_order_id": "audit-1"});
        let sent = server.post("/v1/orders", &order).await;
        (sent.status == 200).then_some(())
    })
    .await;
    let open: Vec<Order> = server.read("/v1/orders/open").await;
    let order = open[0].id.to_string();
    let gone = server.delete(&format!("/v1/orders/{order}")).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    let mut socket = Socket::hello(&server).await;
    socket.text(r#"{"type":"pause","id":1}"#).await;
    socket.ok(1).await;
    let form = asked("POST", "/trade").filled(&[("command", "resume")]);
    assert_eq!(status(form).await, 303);
    assert_eq!(status(asked("POST", "/v1/kill")).await, 200);
    let nothing = server
        .post(
            "/v1/orders",
            &json!({"symbol": "BTCUSDT", "side": "buy",
        "type": "market", "quantity": "0.01"}),
        )
        .await;
    nothing.problem(409, "trading_halted");
    assert_eq!(status(asked("POST", "/v1/auth/logout")).await, 204);

    let ada = server.sign_in_on_page("ada").await;
    let entries = entries(&server, &ada).await;
    let found: BTreeSet<[String; 5]> = entries.iter().map(told).collect();
    for expected in [
        row("", "none", "sign_in_failed", "ada"),
        // A name that is nobody's may be a password in the wrong field.
        row("", "none", "sign_in_failed", ""),
        row("ada", "session", "user_added", "nina"),
        row("ada", "session", "role_changed", "nina"),
        row("ada", "session", "password_changed", "nina"),
        row("ada", "session", "user_disabled", "nina"),
        row("ada", "session", "user_enabled", "nina"),
        row("ada", "session", "token_created", &id),
        row("ada", "session", "token_revoked", &id),
        row(OPERATOR, "token", "order", "paper"),
        row(OPERATOR, "token", "order_cancelled", "paper"),
        row(OPERATOR, "token", "paused", "paper"),
        row("ada", "session", "resumed", "paper"),
        row("ada", "session", "killed", "paper"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:#?}");
    }
    for action in ["signed_in", "signed_out"] {
        let is_hers = |told: &&[String; 5]| told[0] == "ada" && told[3] == action;
        assert!(found.iter().any(|told| is_hers(&told)), "{action}");
    }
    let details: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.detail.clone())
        .collect();
    assert!(
        details
            .iter()
            .any(|detail| detail.contains("limit buy 0.01 BTCUSDT at 1000"))
    );
    assert!(
        details.iter().any(|detail| detail.contains(&order)),
        "{details:#?}"
    );
    assert!(
        details
            .iter()
            .any(|detail| detail.contains("refused: trading_halted"))
    );
    assert!(
        entries.is_sorted_by(|newer, older| newer.id > older.id),
        "the newest first"
    );

    // Page by page, nothing is left out and nothing comes twice.
    let mut paged: Vec<AuditEntry> = Vec::new();
    loop {
        let before = paged.last().map(|entry| format!("&before={}", entry.id));
        let path = format!("/v1/audit?limit=4{}", before.unwrap_or_default());
        let page: Vec<AuditEntry> = server
            .send(server.page_request("GET", &path, &ada))
            .await
            .read();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 4);
        paged.extend(page);
    }
    assert_eq!(paged, entries);
}
