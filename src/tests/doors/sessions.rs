//! Sessions over HTTP: signing in and out, refreshing by the way, changing the password, waiting after
//! failures, and the link for observers.

use plainsight::auth::{Accounts, Anonymous};
use plainsight::domain::{Role, Scope, SessionInfo};
use plainsight::server::clock::wall_time;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::people::{Filled as _, add, cookies_of, here, in_s, name, sign_in, token};
use crate::answer::Answer;
use crate::harness::{PASSWORD, TestServer};

/// A server for people who have all signed in.
pub async fn server(before: impl AsyncFnOnce(&Accounts)) -> TestServer {
    let change = |config: &mut plainsight::server::config::Config| {
        config.auth.anonymous = Some(Anonymous::None);
        config.agent.enabled = false;
    };
    let before = async |accounts: &Accounts, _: &std::path::Path| before(accounts).await;
    TestServer::start_after(change, before).await.0
}

async fn with_vera() -> TestServer {
    server(async |accounts| add(accounts, "vera", Role::Viewer).await).await
}

/// The cookies that an answer sets, as `name=value`, with what else is said of each.
pub fn cookies_set(answer: &Answer) -> Vec<(String, String)> {
    let lines = answer.headers.get_all("set-cookie").iter();
    lines
        .map(|line| {
            let (pair, rest) = line.to_str().unwrap().split_once(';').unwrap();
            (pair.to_owned(), rest.to_lowercase())
        })
        .collect()
}

/// The same as a browser sends them back.
pub fn carried(answer: &Answer) -> String {
    let pairs: Vec<_> = cookies_set(answer)
        .into_iter()
        .map(|(pair, _)| pair)
        .collect();
    pairs.join("; ")
}

fn takes_back(answer: &Answer) -> bool {
    let set = cookies_set(answer);
    set.len() == 2
        && set
            .iter()
            .all(|(pair, rest)| pair.ends_with('=') && rest.contains("max-age=0"))
}

impl TestServer {
    /// A request as a page's script or form sends it.
    pub fn page_request(&self, method: &str, path: &str, cookies: &str) -> RequestBuilder {
        let request = self.unknown(method, path).header("origin", self.url(""));
        match cookies {
            "" => request,
            cookies => request.header("cookie", cookies),
        }
    }

    pub async fn sign_in(&self, user: &str, password: &str) -> Answer {
        let credentials = json!({"username": user, "password": password});
        let request = self.unknown("POST", "/v1/auth/login").json(&credentials);
        self.send(request).await
    }

    pub async fn sign_in_on_page(&self, user: &str) -> String {
        let credentials = json!({"username": user, "password": PASSWORD});
        let request = self.page_request("POST", "/v1/auth/login", "");
        let answer = self.send(request.json(&credentials)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        carried(&answer)
    }

    async fn status(&self, request: RequestBuilder) -> u16 {
        self.send(request).await.status
    }

    /// Whether these cookies are somebody's.
    async fn is_signed_in(&self, cookies: &str) -> bool {
        let me = self
            .send(self.page_request("GET", "/v1/auth/me", cookies))
            .await;
        assert_eq!(me.status, 200, "{me:?}");
        me.json()["name"].is_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_gets_cookies_and_a_program_tokens() {
    let server = with_vera().await;
    let credentials = json!({"username": "vera", "password": PASSWORD});
    let request = server.page_request("POST", "/v1/auth/login", "");
    let page = server.send(request.json(&credentials)).await;
    assert_eq!(page.status, 200, "{page:?}");
    let set = cookies_set(&page);
    assert_eq!(set.len(), 2, "{set:?}");
    for (_, rest) in &set {
        assert!(
            rest.contains("httponly") && rest.contains("samesite=lax"),
            "{rest}"
        );
        assert!(
            rest.contains("path=/") && rest.contains("max-age="),
            "{rest}"
        );
        assert!(!rest.contains("domain"), "{rest}");
    }
    assert_eq!(
        page.json()["tokens"],
        Value::Null,
        "a script is told no token"
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let cookies = carried(&page);
    let seen = server
        .send(server.page_request("GET", "/v1/portfolio", &cookies))
        .await;
    assert_eq!(seen.status, 200, "{seen:?}");

    let program = server.sign_in("vera", PASSWORD).await;
    assert_eq!((program.status, cookies_set(&program).len()), (200, 0));
    let said = program.json();
    assert_eq!(
        (&said["name"], &said["role"]),
        (&json!("vera"), &json!("viewer"))
    );
    let access = said["tokens"]["access_token"].as_str().unwrap();
    let me = server.unknown("GET", "/v1/auth/me").bearer_auth(access);
    assert_eq!(server.send(me).await.json()["name"], "vera");
    // A program carries it on by the token itself.
    let refresh = json!({"refresh_token": said["tokens"]["refresh_token"]});
    let again = server.unknown("POST", "/v1/auth/refresh").json(&refresh);
    let again = server.send(again).await;
    assert_eq!(
        (again.status, cookies_set(&again).len()),
        (200, 0),
        "{again:?}"
    );
    assert_ne!(again.json()["tokens"], said["tokens"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_access_cookie_is_replaced_on_the_way() {
    let server = with_vera().await;
    let accounts = server.accounts().await;
    let old = sign_in(&accounts, "vera", in_s(-3_600)).await;
    let answer = crate::harness::until("the session is known", async || {
        let asked = server.page_request("GET", "/v1/portfolio", &cookies_of(&old));
        let answer = server.send(asked).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    let renewed = carried(&answer);
    assert_eq!(cookies_set(&answer).len(), 2, "{answer:?}");
    assert_ne!(renewed, cookies_of(&old));
    let seen = server
        .send(server.page_request("GET", "/v1/portfolio", &renewed))
        .await;
    assert_eq!(
        (seen.status, cookies_set(&seen).len()),
        (200, 0),
        "{seen:?}"
    );

    // An access token under a key that is not known any more is as good as an expired one.
    let two = sign_in(&accounts, "vera", wall_time()).await;
    let refresh = two.refresh.expose();
    let strange = format!("plainsight_access=aaaa.bbbb.cccc; plainsight_refresh={refresh}");
    let kid = "eyJhbGciOiJIUzI1NiIsImtpZCI6Im5vbmUifQ";
    let unknown = format!("plainsight_access={kid}.e30.AAAA; plainsight_refresh={refresh}");
    let signed_out = server
        .send(server.page_request("GET", "/v1/portfolio", &strange))
        .await;
    assert_eq!(signed_out.status, 401, "{signed_out:?}");
    let carried_on = server
        .send(server.page_request("GET", "/v1/portfolio", &unknown))
        .await;
    assert_eq!(carried_on.status, 200, "{carried_on:?}");
}

/// The clock is moved by whoever holds the accounts: an hour ago the refresh token was used.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_comes_again_late_ends_the_session() {
    let server = with_vera().await;
    let accounts = server.accounts().await;
    let first = sign_in(&accounts, "vera", in_s(-7_200)).await;
    let second = accounts
        .refresh(first.refresh.expose(), &here(), in_s(-3_600))
        .await;
    let second = second.unwrap();
    let by_token = |text: &str| {
        let body = json!({"refresh_token": text});
        server.unknown("POST", "/v1/auth/refresh").json(&body)
    };
    let reused = server.send(by_token(first.refresh.expose())).await;
    reused.problem(401, "bad_token");
    // Whoever had the newer one is out as well.
    let other = server.send(by_token(second.refresh.expose())).await;
    other.problem(401, "bad_token");
    let page = server
        .send(server.page_request("GET", "/v1/auth/me", &cookies_of(&second)))
        .await;
    assert!(
        page.json()["name"].is_null() && takes_back(&page),
        "{page:?}"
    );
    let entries = accounts.audit_page(None, 20).await.unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry.action.as_str() == "refresh_reused")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    let server = server(async |accounts| {
        add(accounts, "vera", Role::Viewer).await;
        add(accounts, "ada", Role::Admin).await;
    })
    .await;
    let [one, two, three] = [
        server.sign_in_on_page("vera").await,
        server.sign_in_on_page("vera").await,
        server.sign_in_on_page("vera").await,
    ];
    let ada = server.sign_in_on_page("ada").await;
    let listed = server
        .send(server.page_request("GET", "/v1/auth/sessions", &one))
        .await;
    let listed: Vec<SessionInfo> = listed.read();
    assert_eq!(listed.len(), 3, "one's own alone");
    assert!(listed.iter().all(|session| session.address == "127.0.0.1"));

    // One of one's own, but nobody else's: an admin's session is as if it were not there.
    let others = server
        .send(server.page_request("GET", "/v1/auth/sessions", &ada))
        .await;
    let others: Vec<SessionInfo> = others.read();
    let path = format!("/v1/auth/sessions/{}", others[0].id);
    let refused = server
        .send(server.page_request("DELETE", &path, &one))
        .await;
    refused.problem(404, "no_session");
    assert!(server.is_signed_in(&ada).await);

    // Ending each by its id ends one each time.
    let path = format!("/v1/auth/sessions/{}", listed[0].id);
    assert_eq!(
        server
            .status(server.page_request("DELETE", &path, &ada))
            .await,
        404
    );
    assert_eq!(
        server
            .status(server.page_request("DELETE", &path, &one))
            .await,
        204
    );
    let mut left = Vec::new();
    for cookies in [&one, &two, &three] {
        if server.is_signed_in(cookies).await {
            left.push(cookies);
        }
    }
    assert_eq!(left.len(), 2);

    let out = server
        .send(server.page_request("POST", "/v1/auth/logout", left[0]))
        .await;
    assert!(out.status == 204 && takes_back(&out), "{out:?}");
    assert!(!server.is_signed_in(left[0]).await);
    assert!(
        server.is_signed_in(left[1]).await,
        "only the one that asked"
    );

    let fourth = server.sign_in_on_page("vera").await;
    let everywhere = server.page_request("POST", "/v1/auth/logout_everywhere", &fourth);
    let out = server.send(everywhere).await;
    assert!(out.status == 204 && takes_back(&out), "{out:?}");
    for cookies in [left[1], &fourth] {
        assert!(!server.is_signed_in(cookies).await);
    }
    assert!(server.is_signed_in(&ada).await, "nobody else's");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_all_other_sessions() {
    let server = with_vera().await;
    let one = server.sign_in_on_page("vera").await;
    let two = server.sign_in_on_page("vera").await;
    let change = |current: &str, new: &str| {
        let body = json!({"current": current, "password": new});
        server
            .page_request("POST", "/v1/auth/password", &one)
            .json(&body)
    };
    let wrong = server
        .send(change("not the password", "another password"))
        .await;
    wrong.problem(401, "wrong_credentials");
    let short = server.send(change(PASSWORD, "short")).await;
    short.problem(422, "unfit_password");
    assert!(
        server.is_signed_in(&two).await,
        "nothing has changed so far"
    );
    let changed = server.send(change(PASSWORD, "another password")).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert!(server.is_signed_in(&carried(&changed)).await);
    for old in [&one, &two] {
        assert!(!server.is_signed_in(old).await);
    }
    let old = server.sign_in("vera", PASSWORD).await;
    old.problem(401, "wrong_credentials");
    assert_eq!(server.sign_in("vera", "another password").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_again_and_again_waits_and_others_do_not() {
    let server = with_vera().await;
    let mut refused = server.sign_in("vera", "wrong").await;
    for _ in 0..10 {
        if refused.status != 401 {
            break;
        }
        refused.problem(401, "wrong_credentials");
        refused = server.sign_in("vera", "wrong").await;
    }
    refused.problem(429, "too_many_attempts");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    // Until then the right password is not even looked at.
    let right = server.sign_in("vera", PASSWORD).await;
    right.problem(429, "too_many_attempts");
    // A form is told the same on its page.
    let form = server
        .page_request("POST", "/login", "")
        .filled(&[("username", "vera")]);
    let form = server.send(form).await;
    assert_eq!(form.status, 429);
    assert!(
        form.header("retry-after").is_some() && form.text.contains("wait"),
        "{form:?}"
    );
    // Nobody is locked out by somebody else's failures.
    let elsewhere = reqwest::Client::builder()
        .no_proxy()
        .local_address("127.0.0.2".parse::<std::net::IpAddr>().unwrap())
        .build()
        .unwrap();
    let credentials = json!({"username": "vera", "password": PASSWORD});
    let request = elsewhere
        .post(server.url("/v1/auth/login"))
        .json(&credentials);
    assert_eq!(server.send(request).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_an_observer_look_and_no_more() {
    let server = server(async |accounts| add(accounts, "ada", Role::Admin).await).await;
    let accounts = server.accounts().await;
    let read = token(&accounts, "ada", &[Scope::Read]).await;
    let trade = token(&accounts, "ada", &[Scope::Trade]).await;
    let page = server.send(server.unknown("GET", "/join")).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("action=\"/join\"") && !page.text.contains("plainsight-boot"));
    let join = |text: &str| {
        server
            .page_request("POST", "/join", "")
            .filled(&[("token", text)])
    };
    let joined = crate::harness::until("the token is known", async || {
        let joined = server.send(join(read.text.expose())).await;
        (joined.status == 303).then_some(joined)
    })
    .await;
    assert_eq!(joined.header("location"), Some("/"));
    let cookies = carried(&joined);
    let get = async |path: &str| {
        server
            .status(server.page_request("GET", path, &cookies))
            .await
    };
    assert_eq!((get("/").await, get("/v1/portfolio").await), (200, 200));
    assert_eq!((get("/account").await, get("/users").await), (403, 403));
    let kill = server
        .send(server.page_request("POST", "/v1/kill", &cookies))
        .await;
    kill.problem(403, "forbidden");
    for wrong in [trade.text.expose(), "nonsense", ""] {
        let refused = server.send(join(wrong)).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert!(cookies_set(&refused).is_empty() && refused.text.contains("role=\"alert\""));
    }
    // The session ends with its token.
    let path = format!("/v1/tokens/{}", read.id);
    let ada = server.sign_in_on_page("ada").await;
    assert_eq!(
        server
            .status(server.page_request("DELETE", &path, &ada))
            .await,
        204
    );
    assert!(!server.is_signed_in(&cookies).await);
    assert_eq!(get("/").await, 303);
    let sessions = accounts.sessions(&name("ada"), wall_time()).await.unwrap();
    assert_eq!(sessions.len(), 1, "ada's own");
}
