//! The pages about people as a browser without scripts uses them: plain forms, with cookies.

use plainsight::auth::Accounts;
use plainsight::domain::Role;

use super::people::{Filled as _, add, cookies_of, in_s, sign_in};
use super::sessions::{carried, cookies_set, server};
use crate::answer::Answer;
use crate::harness::{PASSWORD, TestServer};

async fn people(accounts: &Accounts) {
    add(accounts, "vera", Role::Viewer).await;
    add(accounts, "ada", Role::Admin).await;
}

impl TestServer {
    /// Sends a form of one of our pages and does not follow where it leads.
    async fn submit(&self, path: &str, cookies: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.page_request("POST", path, cookies);
        self.send(request.filled(fields)).await
    }

    async fn page(&self, path: &str, cookies: &str) -> Answer {
        let page = self.send(self.page_request("GET", path, cookies)).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        page
    }
}

fn leads_to(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("location").unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_to_where_one_wanted_to_go() {
    let server = server(people).await;
    let asked = server
        .send(server.unknown("GET", "/trades?bot=paper"))
        .await;
    assert_eq!(
        leads_to(&asked),
        (303, "/login?next=%2Ftrades%3Fbot%3Dpaper")
    );
    let page = server.page("/login?next=%2Ftrades%3Fbot%3Dpaper", "").await;
    assert!(page.text.starts_with("<!DOCTYPE html>"), "{page:?}");
    assert!(
        page.text
            .contains(r#"name="next" value="/trades?bot=paper""#)
    );
    assert!(
        !page.text.contains("plainsight-boot"),
        "it shows no figures"
    );

    let wrong = [
        ("username", "vera"),
        ("password", "wrong"),
        ("next", "/trades"),
    ];
    let wrong = server.submit("/login", "", &wrong).await;
    assert_eq!((wrong.status, cookies_set(&wrong).len()), (401, 0));
    assert!(wrong.text.contains("name or password is wrong"));
    assert!(wrong.text.contains(r#"value="vera""#) && wrong.text.contains(r#"value="/trades""#));

    for (next, place) in [
        ("/trades?bot=paper", "/trades?bot=paper"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let fields = [("username", "vera"), ("password", PASSWORD), ("next", next)];
        let signed_in = server.submit("/login", "", &fields).await;
        assert_eq!(leads_to(&signed_in), (303, place), "{next}");
        assert_eq!(cookies_set(&signed_in).len(), 2, "{next}");
    }
    // What is typed stays text.
    let script = [
        ("username", "\"><script>alert(1)</script>"),
        ("password", "x"),
    ];
    let script = server.submit("/login", "", &script).await;
    assert!(!script.text.contains("<script>alert(1)"), "{script:?}");
    // Another site's form signs nobody in: they would act under its name without knowing.
    let form = server
        .unknown("POST", "/login")
        .header("origin", "https://evil.example");
    let form = form.filled(&[("username", "vera"), ("password", PASSWORD)]);
    server.send(form).await.problem(403, "other_origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_account_is_managed_by_forms() {
    let server = server(people).await;
    let [one, two] = [
        server.sign_in_on_page("vera").await,
        server.sign_in_on_page("vera").await,
    ];
    let page = server.page("/account", &one).await;
    assert!(page.text.contains("vera") && page.text.contains("viewer"));
    assert!(
        !page.text.contains("href=\"/users\""),
        "what is for admins is not offered"
    );
    assert!(
        page.text.contains("end_session"),
        "the other session can be ended"
    );

    // Its button ends the other session.
    let (_, button) = page.text.split_once(r#"value="end_session""#).unwrap();
    let (_, about) = button.split_once(r#"name="about" value=""#).unwrap();
    let (about, _) = about.split_once('"').unwrap();
    let fields = [("command", "end_session"), ("about", about)];
    let ended = server.submit("/account", &one, &fields).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    assert!(ended.text.contains("The session has ended."));
    assert_eq!(
        leads_to(
            &server
                .send(server.page_request("GET", "/account", &two))
                .await
        )
        .0,
        303
    );

    let wrong = [
        ("command", "password"),
        ("current", "wrong"),
        ("password", "a new password"),
    ];
    let refused = server.submit("/account", &one, &wrong).await;
    assert_eq!(refused.status, 401);
    assert!(
        refused.text.contains("name or password is wrong"),
        "{refused:?}"
    );
    let right = [
        ("command", "password"),
        ("current", PASSWORD),
        ("password", "a new password"),
    ];
    let changed = server.submit("/account", &one, &right).await;
    assert_eq!(leads_to(&changed), (303, "/account"));
    let cookies = carried(&changed);
    server.page("/account", &cookies).await;

    let dance = server
        .submit("/account", &cookies, &[("command", "dance")])
        .await;
    assert_eq!(dance.status, 422);
    assert!(dance.text.starts_with("<!DOCTYPE html>") && dance.text.contains("no command"));
    let out = server.submit("/logout", &cookies, &[]).await;
    assert_eq!(leads_to(&out), (303, "/login"));
    let taken_back = carried(&out);
    let mut pairs: Vec<_> = taken_back.split("; ").collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        ["plainsight_access=", "plainsight_refresh="],
        "{out:?}"
    );
    let gone = server
        .send(server.page_request("GET", "/account", &cookies))
        .await;
    assert_eq!(leads_to(&gone), (303, "/login?next=%2Faccount"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_manages_users_by_forms() {
    let server = server(people).await;
    let ada = server.sign_in_on_page("ada").await;
    let add = |name: &'static str, password: &'static str| {
        [
            ("command", "add"),
            ("name", name),
            ("role", "viewer"),
            ("password", password),
        ]
    };
    let added = server.submit("/users", &ada, &add("nina", PASSWORD)).await;
    assert_eq!(added.status, 200, "{added:?}");
    assert!(added.text.contains("nina is a user now."));
    for (name, password, status, words) in [
        ("nina", PASSWORD, 409, "there is a user nina already"),
        ("anna", "short", 422, "a password has at least"),
        ("a b", PASSWORD, 422, "role=\"alert\""),
        ("", PASSWORD, 422, "role=\"alert\""),
    ] {
        let refused = server.submit("/users", &ada, &add(name, password)).await;
        assert_eq!(refused.status, status, "{name:?}: {refused:?}");
        assert!(refused.text.contains(words), "{name:?}: {refused:?}");
    }
    let nina = server.sign_in_on_page("nina").await;
    let about = |command: &'static str| {
        [
            ("command", command),
            ("about", "nina"),
            ("role", "operator"),
        ]
    };
    let raised = server.submit("/users", &ada, &about("role")).await;
    assert!(raised.text.contains("nina is operator now."), "{raised:?}");
    let me = server
        .send(server.page_request("GET", "/v1/auth/me", &nina))
        .await;
    assert_eq!(me.json()["role"], "operator");
    let disabled = server.submit("/users", &ada, &about("disable")).await;
    assert!(
        disabled.text.contains("nina is disabled now."),
        "{disabled:?}"
    );
    server
        .sign_in("nina", PASSWORD)
        .await
        .problem(403, "user_disabled");
    let gone = server
        .send(server.page_request("GET", "/v1/auth/me", &nina))
        .await;
    assert!(gone.json()["name"].is_null(), "{gone:?}");
    server.submit("/users", &ada, &about("enable")).await;
    let another = [
        ("command", "password"),
        ("about", "nina"),
        ("password", "given by an admin"),
    ];
    let another = server.submit("/users", &ada, &another).await;
    assert!(
        another.text.contains("nina has a new password."),
        "{another:?}"
    );
    assert_eq!(
        server.sign_in("nina", "given by an admin").await.status,
        200
    );
    // Nobody locks everybody out.
    let last = [("command", "disable"), ("about", "ada")];
    let last = server.submit("/users", &ada, &last).await;
    assert_eq!(last.status, 409);
    assert!(last.text.contains("last admin"), "{last:?}");
    let by_vera = server.sign_in_on_page("vera").await;
    let by_vera = server.submit("/users", &by_vera, &about("disable")).await;
    assert_eq!(by_vera.status, 403, "{by_vera:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once() {
    let server = server(people).await;
    let ada = server.sign_in_on_page("ada").await;
    let create = |scope: &'static str| {
        [
            ("command", "create"),
            ("user", "ada"),
            (scope, "on"),
            ("days", "7"),
            ("note", "for a <b>"),
        ]
    };
    let mut shown = Vec::new();
    for (scope, has_link) in [("scope_read", true), ("scope_trade", false)] {
        let made = server.submit("/tokens", &ada, &create(scope)).await;
        assert_eq!(made.status, 200, "{made:?}");
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let (_, rest) = made.text.split_once(r#"class="secret">"#).unwrap();
        let token = rest.split('<').next().unwrap().to_owned();
        assert!(token.starts_with("ps_"), "{token}");
        let link = format!("{}#{token}", server.url("/join"));
        assert_eq!(made.text.contains(&link), has_link);
        // It stands in what is shown, not in what the browser's code is handed.
        let (_, boot) = made.text.split_once("id=\"plainsight-boot\"").unwrap();
        assert!(!boot.contains(&token), "{boot}");
        assert!(made.text.contains("for a &lt;b&gt;"), "a note stays text");
        let secret = token.splitn(3, '_').nth(2).unwrap().to_owned();
        shown.push((token, secret));
    }
    let trades = server
        .unknown("POST", "/v1/resume")
        .bearer_auth(&shown[1].0);
    assert_ne!(server.send(trades).await.status, 401);
    for path in [
        "/tokens",
        "/parts/tokens",
        "/v1/tokens",
        "/settings",
        "/v1/audit",
    ] {
        let page = server.page(path, &ada).await;
        for (token, secret) in &shown {
            assert!(!page.text.contains(secret), "{path}");
            let id = token.split('_').nth(1).unwrap();
            assert!(page.text.contains(id), "{path}: it is listed");
        }
    }
    let id = shown[1].0.split('_').nth(1).unwrap();
    let revoke = [("command", "revoke"), ("about", id)];
    let revoked = server.submit("/tokens", &ada, &revoke).await;
    assert!(
        revoked
            .text
            .contains(&format!("The token {id} is revoked.")),
        "{revoked:?}"
    );
    let trades = server
        .unknown("POST", "/v1/resume")
        .bearer_auth(&shown[1].0);
    server.send(trades).await.problem(401, "bad_token");
    for (field, value) in [("days", "soon"), ("user", "nobody"), ("scope_read", "")] {
        let mut fields = create("scope_read").to_vec();
        match value {
            "" => fields.retain(|(name, _)| *name != field),
            value => fields.push((field, value)),
        }
        let refused = server.submit("/tokens", &ada, &fields).await;
        assert!((400..500).contains(&refused.status), "{field}: {refused:?}");
        assert!(
            refused.text.contains("role=\"alert\""),
            "{field}: {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_a_page() {
    let server = server(people).await;
    let ada = server.sign_in_on_page("ada").await;
    let page = server.page("/settings", &ada).await;
    let (shown, _) = page.text.split_once("id=\"plainsight-boot\"").unwrap();
    for words in [
        "signed in",
        "user added",
        "127.0.0.1",
        "vera",
        "cli",
        "session",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// A form sent with cookies whose access token has run out is carried out, and its answer brings new ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_carried_out_with_a_session_that_is_renewed_on_the_way() {
    let server = server(people).await;
    let accounts = server.accounts().await;
    let old = sign_in(&accounts, "ada", in_s(-3_600)).await;
    let fields = [("command", "role"), ("about", "vera"), ("role", "operator")];
    let done = server.submit("/users", &cookies_of(&old), &fields).await;
    assert_eq!(
        (done.status, cookies_set(&done).len()),
        (200, 2),
        "{done:?}"
    );
    assert!(done.text.contains("vera is operator now."));
    // Signing out on the way takes the cookies back, also those that were just made.
    let old = sign_in(&accounts, "ada", in_s(-3_600)).await;
    let out = server.submit("/logout", &cookies_of(&old), &[]).await;
    let carried = carried(&out);
    let mut pairs: Vec<_> = carried.split("; ").collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        ["plainsight_access=", "plainsight_refresh="],
        "{out:?}"
    );
}
