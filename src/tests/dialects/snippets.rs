//! What the five systems' own documents show of a client, as short as it stands there, each a test.
//! The snippets are cases of `clients/snippets.py`.

use serde_json::json;

use super::{python, ran, server};
use crate::harness::TestServer;

/// Runs one against a server that is started for it.
async fn snippet(name: &str, server: impl Future<Output = TestServer>) {
    if let Some(python) = python() {
        ran(&server.await, &python, "snippets.py", &[name]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transparency_subscribes_and_receives() {
    snippet("transparency", server()).await;
}

/// Its figures are those of a bot that reports: they hold still until it does.
#[tokio::test(flavor = "multi_thread")]
async fn finance_is_silent_when_nothing_changes() {
    let reported = async {
        let server = TestServer::still(|config| {
            config.dialects.bot = "mine".parse().unwrap();
        })
        .await;
        let deposit = json!({"type": "deposit", "id": "first", "amount": "10000"});
        let answer = server.report("mine", &[deposit]).await;
        server.portfolio_after("mine", answer.seq()).await;
        server
    };
    snippet("finance", reported).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_strings_as_a_dashboard_shows_them() {
    snippet("updates", TestServer::still(|_| ())).await;
}

/// As fast as life: it is there that a price must come within a second.
#[tokio::test(flavor = "multi_thread")]
async fn trading_has_prices_within_a_second() {
    snippet("trading", TestServer::start(|_| ())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quantum_has_five_messages_in_a_row() {
    snippet("quantum", TestServer::still(|_| ())).await;
}
