//! No secret is written down anywhere: not in the log at its most talkative, not in the data directory, not
//! in what is answered to who fails. The program itself is asked, with secrets in every place that takes one
//! and in some that do not.

mod dialects;

use std::path::{Path, PathBuf};

use plainsight::auth::Password;
use plainsight::domain::{Role, Scope};
use plainsight::server::clock::wall_time;
use plainsight::server::config::Config;
use reqwest::RequestBuilder;
use serde_json::json;

use super::people::{Filled as _, add_with, here, token};
use crate::answer::Answer;
use crate::client::Socket;
use crate::harness::{PASSWORD, TestServer};

const ADA: &str = "Quagga-at-the-Waterhole";

/// What must be found nowhere, with what it is.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn keep(&mut self, what: &'static str, text: &str) -> String {
        // Of a token also the part that is secret, of an access token also what proves it.
        let of_api = text
            .strip_prefix("ps_")
            .and_then(|rest| rest.split_once('_'));
        if let Some((_, part)) = of_api.or(text.rsplit_once('.')) {
            self.0.push((what, part.to_owned()));
        }
        self.0.push((what, text.to_owned()));
        text.to_owned()
    }

    /// The ones that are in a text.
    fn within(&self, bytes: &[u8]) -> Vec<&'static str> {
        let is_there = |secret: &str| contains(bytes, secret.as_bytes());
        let found = self.0.iter().filter(|(_, secret)| is_there(secret));
        found.map(|(what, _)| *what).collect()
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes
        .windows(wanted.len())
        .any(|window| window[0] == wanted[0] && window == wanted)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// A text of the form of a token that is nobody's.
fn made_up(letter: &str) -> String {
    format!("ps_zzzzzzzz_{}", letter.repeat(43))
}

/// Sends a request that must fail; its answer must not say what was sent.
async fn fails(server: &TestServer, secrets: &Secrets, request: RequestBuilder) -> Answer {
    let answer = server.send(request).await;
    assert!((300..500).contains(&answer.status), "{answer:?}");
    let headers = format!("{:?}", answer.headers);
    let told = [
        secrets.within(answer.text.as_bytes()),
        secrets.within(headers.as_bytes()),
    ];
    assert_eq!(told.concat(), Vec::<&str>::new(), "{answer:?}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_down() {
    let mut secrets = Secrets::default();
    let first = secrets.keep("ada's password", ADA);
    let change = |config: &mut Config| config.agent.enabled = false;
    let started = TestServer::start_after(change, async |accounts, _| {
        add_with(accounts, "ada", Role::Admin, ADA).await;
    });
    let stopped = started.await.0.stop().await;
    let directory = stopped.config.store.data.clone();
    let log = directory.with_file_name("program.log");
    let before = format!(
        "export PLAINSIGHT_LOG__FILTER=trace; exec >'{}' 2>&1",
        log.display()
    );
    let server = stopped.start_program_after(&before).await;
    secrets.keep("the operator's token", &server.token);
    secrets.keep("the operator's password", PASSWORD);

    passwords(&server, &mut secrets, &first).await;
    tokens(&server, &mut secrets).await;
    dialects::ways_in(&server, &mut secrets).await;
    sessions(&server, &mut secrets).await;

    let stopped = server.stop().await;
    let log = std::fs::read(&log).unwrap();
    let text = String::from_utf8_lossy(&log);
    assert!(
        text.contains("TRACE") && text.contains("said hello"),
        "the log is not talkative"
    );
    for line in text.lines() {
        assert_eq!(
            secrets.within(line.as_bytes()),
            Vec::<&str>::new(),
            "log: {line}"
        );
    }
    let files = files(&directory);
    for name in ["plainsight.db", "accounts.db"] {
        assert!(files.iter().any(|file| file.ends_with(name)), "{files:?}");
    }
    for file in &files {
        let told = secrets.within(&std::fs::read(file).unwrap());
        assert_eq!(told, Vec::<&str>::new(), "{}", file.display());
    }
    drop(stopped);
}

/// Passwords, right ones, wrong ones, new ones, and one in the wrong field.
async fn passwords(server: &TestServer, secrets: &mut Secrets, first: &str) {
    let wrong = secrets.keep("a wrong password", "Aardvark-in-the-Dark");
    let misplaced = secrets.keep("a password as a name", "Pangolin under the Stairs");
    let sign_in = |user: &str, password: &str| {
        let body = json!({"username": user, "password": password});
        server.unknown("POST", "/v1/auth/login").json(&body)
    };
    fails(server, secrets, sign_in("ada", &wrong)).await;
    fails(server, secrets, sign_in(&misplaced, "x")).await;
    let form = server.page_request("POST", "/login", "");
    let form = form.filled(&[("username", "ada"), ("password", wrong.as_str())]);
    fails(server, secrets, form).await;
    let body = format!(r#"{{"username":"ada","password":"{wrong}"#);
    let cut = server.unknown("POST", "/v1/auth/login").body(body);
    fails(server, secrets, cut).await;

    let signed_in = server.send(sign_in("ada", first)).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let given = signed_in.json();
    let access = given["tokens"]["access_token"].as_str().unwrap();
    let access = secrets.keep("an access token", access);
    let refresh = given["tokens"]["refresh_token"].as_str().unwrap();
    let refresh = secrets.keep("a refresh token", refresh);
    let second = secrets.keep("nina's password", "Okapi-on-the-Balcony");
    let nina = json!({"name": "nina", "role": "viewer", "password": second});
    let add = || {
        server
            .unknown("POST", "/v1/users")
            .bearer_auth(&access)
            .json(&nina)
    };
    assert_eq!(server.send(add()).await.status, 201);
    fails(server, secrets, add()).await;
    let third = secrets.keep("nina's next password", "Narwhal-in-the-Attic");
    let change = json!({"password": third});
    let change = server
        .unknown("PATCH", "/v1/users/nina")
        .bearer_auth(&access)
        .json(&change);
    assert_eq!(server.send(change).await.status, 204);
    let short = secrets.keep("a password that is too short", "Yapok-9");
    let change = json!({"current": first, "password": short});
    let change = server
        .unknown("POST", "/v1/auth/password")
        .bearer_auth(&access)
        .json(&change);
    fails(server, secrets, change).await;
    let page = server
        .unknown("POST", "/account")
        .bearer_auth(&access)
        .filled(&[
            ("command", "password"),
            ("current", wrong.as_str()),
            ("password", short.as_str()),
        ]);
    fails(server, secrets, page).await;

    let body = json!({"refresh_token": refresh});
    let renew = server.unknown("POST", "/v1/auth/refresh").json(&body);
    let renewed = server.send(renew).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    for kind in ["access_token", "refresh_token"] {
        secrets.keep(
            "a renewed token",
            renewed.json()["tokens"][kind].as_str().unwrap(),
        );
    }
    let out = server
        .unknown("POST", "/v1/auth/logout")
        .bearer_auth(&access);
    assert_eq!(server.send(out).await.status, 204);
    let gone = server.unknown("GET", "/v1/users").bearer_auth(&access);
    fails(server, secrets, gone).await;
}

/// API tokens, good and bad, in headers, frames, forms and where they do not belong.
async fn tokens(server: &TestServer, secrets: &mut Secrets) {
    let accounts = server.accounts().await;
    let made = token(&accounts, "nina", &[Scope::Read]).await;
    let good = secrets.keep("a token", made.text.expose());
    crate::harness::until("the token is known", async || {
        let asked = server.unknown("GET", "/v1/auth/me").bearer_auth(&good);
        (server.send(asked).await.status == 200).then_some(())
    })
    .await;
    let bad = secrets.keep("a token in a header", &made_up("A"));
    for scheme in ["Bearer", "bearer", "Basic", "Token"] {
        let header = format!("{scheme} {bad}");
        let asked = server
            .unknown("GET", "/v1/users")
            .header("authorization", header);
        fails(server, secrets, asked).await;
    }
    let bad = secrets.keep("a token in a cookie", &made_up("B"));
    let cookies = format!("plainsight_access={bad}; plainsight_refresh={bad}");
    fails(
        server,
        secrets,
        server.page_request("GET", "/v1/users", &cookies),
    )
    .await;
    let bad = secrets.keep("a token in a link", &made_up("C"));
    let join = server
        .page_request("POST", "/join", "")
        .filled(&[("token", bad.as_str())]);
    fails(server, secrets, join).await;
    let join = server
        .page_request("POST", "/join", "")
        .filled(&[("token", good.as_str())]);
    let joined = server.send(join).await;
    assert_eq!(joined.status, 303, "{joined:?}");
    for (pair, _) in super::sessions::cookies_set(&joined) {
        secrets.keep("an observer's cookie", pair.split_once('=').unwrap().1);
    }
    let body = json!({"refresh_token": secrets.keep("a false refresh token", &made_up("D"))});
    let renew = server.unknown("POST", "/v1/auth/refresh").json(&body);
    fails(server, secrets, renew).await;

    let in_hello = secrets.keep("a token in hello", &made_up("E"));
    let mut socket = Socket::open_with(server, &[]).await;
    socket.say_hello(Some(&in_hello), Vec::new()).await;
    assert_eq!(socket.closed().await, 4500);
    let header = format!(
        "Bearer {}",
        secrets.keep("a socket's header", &made_up("F"))
    );
    let mut socket = Socket::open_with(server, &[("authorization", &header)]).await;
    socket.say_hello(None, Vec::new()).await;
    assert_eq!(socket.closed().await, 4500);
    let mut socket = Socket::open_with(server, &[]).await;
    socket.say_hello(Some(&good), Vec::new()).await;
    socket.frame().await;
    let in_auth = secrets.keep("a token in auth", &made_up("G"));
    for frame in [
        json!({"type": "auth", "id": 1, "token": in_auth}),
        json!({"type": "auth", "id": 2, "token": [in_auth]}),
        json!({"type": "auth", "token": in_auth}),
    ] {
        socket.text(&frame.to_string()).await;
        let error = socket.error().await;
        assert_eq!(secrets.within(error.message.as_bytes()), Vec::<&str>::new());
    }
    let again = json!({"type": "auth", "id": 3, "token": good});
    socket.text(&again.to_string()).await;
    socket.ok(3).await;
    socket.close().await;

    // One that was revoked.
    let ada = sign_in_by_hand(server, secrets).await;
    let path = format!("/v1/tokens/{}", made.id);
    let revoke = server.unknown("DELETE", &path).bearer_auth(&ada);
    assert_eq!(server.send(revoke).await.status, 204);
    let asked = server.unknown("GET", "/v1/portfolio").bearer_auth(&good);
    fails(server, secrets, asked).await;
}

/// A session of ada's, begun outside the server.
async fn sign_in_by_hand(server: &TestServer, secrets: &mut Secrets) -> String {
    let accounts = server.accounts().await;
    let password = Password::new(ADA.to_owned());
    let signed_in = accounts
        .sign_in("ada", password, &here(), wall_time())
        .await;
    let signed_in = signed_in.unwrap();
    secrets.keep("a session's refresh token", signed_in.refresh.expose());
    let access = secrets.keep("a session's access token", signed_in.access.expose());
    crate::harness::until("the session is known", async || {
        let asked = server.unknown("GET", "/v1/auth/me").bearer_auth(&access);
        (server.send(asked).await.status == 200).then_some(())
    })
    .await;
    access
}

/// A page's cookies and what the pages about people show.
async fn sessions(server: &TestServer, secrets: &mut Secrets) {
    let access = sign_in_by_hand(server, secrets).await;
    let create = server
        .unknown("POST", "/tokens")
        .bearer_auth(&access)
        .filled(&[
            ("command", "create"),
            ("user", "nina"),
            ("scope_read", "on"),
            ("days", "7"),
        ]);
    let made = server.send(create).await;
    assert_eq!(made.status, 200, "{made:?}");
    let (_, rest) = made.text.split_once(r#"class="secret">"#).unwrap();
    secrets.keep("a token of a page", rest.split('<').next().unwrap());
    let cookies = format!("plainsight_access={access}");
    for path in [
        "/",
        "/account",
        "/users",
        "/tokens",
        "/settings",
        "/v1/audit",
        "/v1/users",
        "/v1/tokens",
        "/v1/auth/sessions",
        "/v1/auth/me",
        "/metrics",
        "/health",
        "/system",
    ] {
        let page = server
            .send(server.page_request("GET", path, &cookies))
            .await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        assert_eq!(
            secrets.within(page.text.as_bytes()),
            Vec::<&str>::new(),
            "{path}"
        );
    }
}
