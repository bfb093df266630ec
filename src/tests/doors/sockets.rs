//! What becomes of an open socket when the right that it came with ends, is renewed, or changes.

use std::time::{Duration, Instant};

use plainsight::auth::{Accounts, Actor, Anonymous};
use plainsight::domain::{Role, Scope};
use plainsight::server::clock::wall_time;
use plainsight::server::config::Config;
use plainsight::wire::{ClientFrame, Credential, ServerFrame};
use serde_json::json;

use super::people::{add, cookies_of, here, in_s, name, session_of, sign_in, token};
use crate::client::{Socket, wish};
use crate::harness::{GLANCE, TestServer};

/// How long it may take until an open socket knows.
const SOON: Duration = Duration::from_secs(5);
/// How long the tests' access tokens are good for, s: the least that there can be.
const ACCESS_S: u32 = 30;

fn change(config: &mut Config) {
    config.auth.anonymous = Some(Anonymous::None);
    config.auth.access_s = ACCESS_S;
    config.agent.enabled = false;
}

async fn prepare(accounts: &Accounts) {
    add(accounts, "vera", Role::Viewer).await;
    add(accounts, "otto", Role::Operator).await;
}

async fn server() -> TestServer {
    let started = TestServer::start_after(change, async |accounts, _| prepare(accounts).await);
    started.await.0
}

async fn with_token(server: &TestServer, token: &str) -> Socket {
    let mut socket = Socket::open_with(server, &[]).await;
    socket.say_hello(Some(token), Vec::new()).await;
    let frame = socket.frame().await;
    assert!(matches!(frame, ServerFrame::Welcome(_)), "{frame:?}");
    socket
}

/// As a page opens it.
async fn with_cookies(server: &TestServer, cookies: &str) -> Socket {
    let origin = server.url("");
    let headers = [("cookie", cookies), ("origin", origin.as_str())];
    let mut socket = Socket::open_with(server, &headers).await;
    socket.greet(Vec::new()).await;
    socket
}

/// The code of the close, which must come soon.
async fn closed_soon(socket: &mut Socket) -> u16 {
    let closed = tokio::time::timeout(SOON, socket.closed()).await;
    closed.expect("it stays open")
}

/// Until the server has taken in what was done from outside.
async fn known(server: &TestServer, bearer: &str) {
    crate::harness::until("what was made outside is known", async || {
        let asked = server.unknown("GET", "/v1/auth/me").bearer_auth(bearer);
        (server.send(asked).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_its_socket() {
    let server = server().await;
    let accounts = server.accounts().await;
    let read = token(&accounts, "vera", &[Scope::Read]).await;
    let other = token(&accounts, "vera", &[Scope::Read]).await;
    known(&server, other.text.expose()).await;
    let mut revoked = with_token(&server, read.text.expose()).await;
    let mut stays = with_token(&server, other.text.expose()).await;
    revoked.subscribe(vec![wish("health")]).await;
    let cli = Actor::cli();
    accounts
        .revoke_token(&read.id, &cli, wall_time())
        .await
        .unwrap();
    assert_eq!(closed_soon(&mut revoked).await, 4005);
    stays.drain().await;
    // And it does not come back.
    let mut again = Socket::open_with(&server, &[]).await;
    again.say_hello(Some(read.text.expose()), Vec::new()).await;
    assert_eq!(again.closed().await, 4500);
    // Nor does who is disabled stay.
    let off = plainsight::domain::Standing::Disabled;
    let vera = name("vera");
    accounts
        .set_standing(&vera, off, &cli, wall_time())
        .await
        .unwrap();
    assert_eq!(closed_soon(&mut stays).await, 4005);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_ends_its_socket_unless_it_is_renewed() {
    let server = server().await;
    let accounts = server.accounts().await;
    // They were given so long ago that they end in a few seconds.
    let ago = in_s(6 - i64::from(ACCESS_S));
    let one = sign_in(&accounts, "vera", ago).await;
    let two = sign_in(&accounts, "otto", ago).await;
    known(&server, two.access.expose()).await;
    let mut ends = with_token(&server, one.access.expose()).await;
    let mut goes_on = with_token(&server, two.access.expose()).await;
    server.notes("notes", 1..=1).await;
    let begun = goes_on.subscribe(vec![wish("agent:notes")]).await;
    assert_eq!(begun.errors, []);
    server.notes("notes", 2..=5).await;

    let fresh = accounts
        .refresh(two.refresh.expose(), &here(), wall_time())
        .await;
    let fresh = fresh.unwrap();
    let id = goes_on.next_id();
    let token = Credential::new(fresh.access.expose());
    goes_on.send(&ClientFrame::Auth { id, token }).await;
    goes_on.ok(id).await;
    let id = ends.next_id();
    let token = Credential::new("not a token");
    ends.send(&ClientFrame::Auth { id, token }).await;
    assert_eq!(ends.error().await.code, "bad_token");

    assert!(wall_time() < one.access_expires, "the machine is too slow");
    let left = one.access_expires.since(wall_time()).max(0);
    let left = Duration::from_micros(left.cast_unsigned());
    let closed = tokio::time::timeout(left + SOON, ends.closed()).await;
    assert_eq!(closed.expect("it stays open"), 4005);
    assert!(wall_time() >= one.access_expires, "it was closed too early");

    // The renewed one has missed nothing, and misses nothing.
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.notes("notes", 6..=9).await;
    assert_eq!(
        goes_on.offsets("agent:notes", 8).await,
        (2..=9).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pages_socket_lasts_as_long_as_its_session() {
    let server = server().await;
    let accounts = server.accounts().await;
    let ago = in_s(4 - i64::from(ACCESS_S));
    let signed_in = sign_in(&accounts, "vera", ago).await;
    known(&server, signed_in.access.expose()).await;
    let mut socket = with_cookies(&server, &cookies_of(&signed_in)).await;
    server.notes("notes", 1..=1).await;
    let begun = socket.subscribe(vec![wish("agent:notes")]).await;
    assert_eq!(begun.errors, []);
    // Past the end of the access token, and the server's next look at it.
    let end = signed_in.access_expires.plus(2_500_000);
    while wall_time() < end {
        tokio::time::sleep(GLANCE).await;
    }
    let stale = server.unknown("GET", "/v1/portfolio");
    let stale = stale.bearer_auth(signed_in.access.expose());
    server.send(stale).await.problem(401, "bad_token");
    server.notes("notes", 2..=4).await;
    assert_eq!(socket.offsets("agent:notes", 3).await, [2, 3, 4]);
    let session = session_of(&signed_in);
    let ended = accounts
        .end_session(&session, &Actor::cli(), wall_time())
        .await;
    ended.unwrap();
    assert_eq!(closed_soon(&mut socket).await, 4005);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lowered_role_counts_on_an_open_socket() {
    let server = server().await;
    let accounts = server.accounts().await;
    let signed_in = sign_in(&accounts, "otto", wall_time()).await;
    known(&server, signed_in.access.expose()).await;
    let mut socket = with_cookies(&server, &cookies_of(&signed_in)).await;
    let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01", "price": "1"});
    let outcome = async |socket: &mut Socket| {
        let id = socket.next_id();
        let frame = json!({"type": "order", "id": id, "order": order});
        socket.text(&frame.to_string()).await;
        match socket.control().await {
            ServerFrame::Ok(_) => None,
            ServerFrame::Error(error) => Some(error.code),
            other => panic!("{other:?}"),
        }
    };
    let before = outcome(&mut socket).await;
    assert_ne!(before.as_deref(), Some("forbidden"));
    let (otto, cli) = (name("otto"), Actor::cli());
    let lowered = accounts.set_role(&otto, Role::Viewer, &cli, wall_time());
    lowered.await.unwrap();
    let start = Instant::now();
    while outcome(&mut socket).await.as_deref() != Some("forbidden") {
        assert!(start.elapsed() < SOON, "the old role still counts");
        tokio::time::sleep(GLANCE).await;
    }
    // It still looks, and does with a token of somebody else's what that one may.
    socket.subscribe(vec![wish("health")]).await;
    let id = socket.next_id();
    let token = Credential::new(server.token.clone());
    socket.send(&ClientFrame::Auth { id, token }).await;
    socket.ok(id).await;
    let after = outcome(&mut socket).await;
    assert_ne!(after.as_deref(), Some("forbidden"));
}

/// Another site's page cannot open a socket with a visitor's cookies.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_with_cookies_is_for_our_own_pages() {
    let server = server().await;
    let accounts = server.accounts().await;
    let signed_in = sign_in(&accounts, "otto", wall_time()).await;
    known(&server, signed_in.access.expose()).await;
    let cookies = cookies_of(&signed_in);
    for origin in [Some("https://evil.example"), Some("null"), None] {
        let request = server
            .unknown("GET", "/v1/ws")
            .header("cookie", &cookies)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        server.send(request).await.problem(403, "other_origin");
    }
}
