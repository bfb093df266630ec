//! Tokens as the older dashboards' clients show them: in the address, as a subprotocol, in a packet.

use plainsight::domain::Scope;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use super::{Secrets, fails, made_up};
use crate::dialects::namespace::Namespace;
use crate::dialects::{Plain, plain_paths};
use crate::doors::people::token;
use crate::harness::{TestServer, until};

/// By every way in, with a token that is good and with one that is not.
pub async fn ways_in(server: &TestServer, secrets: &mut Secrets) {
    let accounts = server.accounts().await;
    let made = token(&accounts, "nina", &[Scope::Read]).await;
    let good = secrets.keep("a dialect's token", made.text.expose());
    let bad = secrets.keep("a dialect's false token", &made_up("H"));
    until("the token is known", async || {
        let asked = server.unknown("GET", "/v1/auth/me").bearer_auth(&good);
        (server.send(asked).await.status == 200).then_some(())
    })
    .await;
    for (token, is_good) in [(&good, true), (&bad, false)] {
        for path in plain_paths() {
            let address = format!("ws://{}{path}", server.addr);
            let in_address = format!("{address}?token={token}");
            let in_address = in_address.into_client_request().unwrap();
            opens(secrets, in_address, is_good).await;
            let mut offered = address.into_client_request().unwrap();
            let protocols = format!("bearer, {token}").parse().unwrap();
            offered
                .headers_mut()
                .insert("sec-websocket-protocol", protocols);
            opens(secrets, offered, is_good).await;
        }
        packets(server, secrets, token, is_good).await;
        polls(server, secrets, token, is_good).await;
    }
    for path in [
        format!("/api/portfolio?token={bad}"),
        format!("/api/trades?limit=x&token={good}"),
        format!("/api/v1/bot/ws?token={good}"),
        format!("/socket.io/?EIO=9&transport=polling&token={good}"),
        format!("/socket.io/?EIO=4&transport={good}"),
    ] {
        fails(server, secrets, server.unknown("GET", &path)).await;
    }
    let path = format!("/api/portfolio?token={good}");
    let answer = server.send(server.unknown("GET", &path)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[track_caller]
fn tells_none(secrets: &Secrets, told: &str) {
    assert_eq!(secrets.within(told.as_bytes()), Vec::<&str>::new());
}

async fn opens(secrets: &Secrets, request: Request, is_good: bool) {
    let shown = format!("{request:?}");
    match connect_async(request).await {
        Ok((stream, response)) => {
            assert!(is_good, "it opens: {shown}");
            tells_none(secrets, &format!("{:?}", response.headers()));
            let mut socket = Plain(stream);
            // It is heard, and says what cannot be read of it.
            socket.text(shown).await;
            let _ = socket.0.close(None).await;
            while let Ok(frame) = socket.heard().await {
                tells_none(secrets, &frame.to_string());
            }
        }
        Err(Error::Http(response)) => {
            assert!(!is_good && response.status() == 401, "{response:?}");
            tells_none(secrets, &format!("{response:?}"));
            let body = response.body().as_deref().unwrap_or_default();
            tells_none(secrets, &String::from_utf8_lossy(body));
        }
        Err(error) => panic!("{error}: {shown}"),
    }
}

async fn packets(server: &TestServer, secrets: &Secrets, token: &str, is_good: bool) {
    let expected = if is_good {
        "connected"
    } else {
        "connect_error"
    };
    for shown in [token.to_owned(), format!("Bearer {token}")] {
        let shown = json!({ "token": shown });
        let mut namespace = Namespace::knock(server, &shown).await;
        let told = namespace.find(expected, |_| true).await;
        tells_none(secrets, &told.to_string());
    }
    // What is no text is no token, and is not told to anybody either.
    let mut namespace = Namespace::knock(server, &json!({ "token": [token] })).await;
    let told = namespace.event().await;
    tells_none(secrets, &format!("{told:?}"));
}

/// Once by the address, and once by the packet as well.
async fn polls(server: &TestServer, secrets: &Secrets, token: &str, is_good: bool) {
    for packet in ["40".to_owned(), format!("40{}", json!({ "token": token }))] {
        let path = format!("/socket.io/?EIO=4&transport=polling&token={token}");
        let opened = server.send(server.unknown("GET", &path)).await;
        tells_none(secrets, &format!("{opened:?}"));
        let hello = opened.text.strip_prefix('0').expect("it opens");
        let hello: Value = serde_json::from_str(hello).unwrap();
        let path = format!("{path}&sid={}", hello["sid"].as_str().unwrap());
        let said = server.unknown("POST", &path).body(packet);
        let said = server
            .send(said.header("content-type", "text/plain;charset=UTF-8"))
            .await;
        assert_eq!(said.status, 200, "{said:?}");
        let expected = if is_good { "40" } else { "44" };
        until("it is answered", async || {
            let told = server.send(server.unknown("GET", &path)).await;
            assert_eq!(told.status, 200, "{told:?}");
            tells_none(secrets, &format!("{told:?}"));
            let mut packets = told.text.split('\u{1e}');
            let is_answer = |packet: &str| packet.starts_with(expected);
            packets.any(is_answer).then_some(())
        })
        .await;
    }
}
