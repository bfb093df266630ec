//! Every address and every page, asked for by everybody.

use std::collections::BTreeSet;

use plainsight::app::routes::Page;
use plainsight::auth::Anonymous;
use plainsight::server::access::ROUTES;
use plainsight::server::config::Config;

use super::callers::{Callers, Who};
use super::expected::{self, ABOUT_ONESELF, Group, Outcome, outcome};
use crate::answer::Answer;
use crate::harness::TestServer;

/// A server and everybody who comes to it. Only on one of them may a [`Who::Local`] look.
pub async fn server(anonymous: Option<Anonymous>) -> (TestServer, Callers) {
    let change = |config: &mut Config| {
        config.auth.anonymous = anonymous;
        config.agent.enabled = false;
    };
    TestServer::start_after(change, async |accounts, data| {
        Callers::make(accounts, data).await
    })
    .await
}

impl TestServer {
    async fn ask(&self, callers: &Callers, who: Who, method: &str, path: &str) -> Answer {
        let request = self.unknown(method, path);
        let request = match callers.bearer(who) {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        };
        self.send(request).await
    }
}

fn filled_in(path: &str) -> String {
    path.replace("{id}", "none-such")
        .replace("{symbol}", "BTCUSDT")
        .replace("{bot}", "door-bot")
        .replace("{name}", "nobody")
}

/// What is wrong with an answer of an address, if anything.
fn fault(door: &str, group: Group, who: Who, answer: &Answer) -> Option<String> {
    let about_oneself = ABOUT_ONESELF.iter().find(|(known, _)| *known == door);
    let is_right = match (about_oneself, outcome(group, who)) {
        (Some(("GET /v1/auth/me", _)), _) if expected::is_bad(who) => {
            answer.status == 401 && answer.json()["code"] == "bad_token"
        }
        (Some((_, expected)), _) => expected.contains(&answer.status),
        (None, Outcome::Passes) => !matches!(answer.status, 401 | 403) && answer.status < 500,
        (None, Outcome::SignInFirst) => {
            answer.status == 401 && answer.json()["code"] == "sign_in_first"
        }
        (None, Outcome::BadToken) => answer.status == 401 && answer.json()["code"] == "bad_token",
        (None, Outcome::Forbidden) => answer.status == 403 && answer.json()["code"] == "forbidden",
    };
    (!is_right).then(|| format!("{who:?} {door}: {} {}", answer.status, answer.text))
}

fn page_fault(path: &str, group: Group, who: Who, answer: &Answer) -> Option<String> {
    let is_right = match outcome(group, who) {
        Outcome::Passes => answer.status == 200 && answer.text.contains("plainsight-boot"),
        Outcome::SignInFirst | Outcome::BadToken => {
            let leads = answer.header("location");
            answer.status == 303 && leads.is_some_and(|leads| leads.starts_with("/login?next=%2F"))
        }
        // Said by a page that shows nothing of the bots.
        Outcome::Forbidden => {
            let is_told = answer.text.contains("you may not do this");
            answer.status == 403 && is_told && !answer.text.contains("plainsight-boot")
        }
    };
    (!is_right).then(|| format!("{who:?} {path}: {} {}", answer.status, answer.text))
}

/// Every door, for these.
async fn walk(server: &TestServer, callers: &Callers, everybody: &[Who]) -> Vec<String> {
    let mut faults = Vec::new();
    for (group, pages) in expected::PAGES {
        for path in pages {
            for who in everybody {
                let answer = server.ask(callers, *who, "GET", path).await;
                faults.extend(page_fault(path, group, *who, &answer));
            }
        }
    }
    let mut doors: Vec<(Group, &str)> = Vec::new();
    for (group, routes) in expected::ROUTES {
        doors.extend(routes.iter().map(|door| (group, *door)));
    }
    // What ends sessions comes last.
    doors.sort_by_key(|(_, door)| {
        (
            door.ends_with("/logout"),
            door.ends_with("logout_everywhere"),
        )
    });
    for (group, door) in doors {
        let (method, path) = door.split_once(' ').unwrap();
        for who in everybody {
            let answer = server.ask(callers, *who, method, &filled_in(path)).await;
            faults.extend(fault(door, group, *who, &answer));
        }
    }
    faults
}

/// Nothing is mounted that nobody has thought about, and nothing is thought about that is not mounted.
#[test]
fn every_door_is_expected() {
    let mounted: BTreeSet<String> = ROUTES
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let lists = expected::ROUTES.iter().flat_map(|(_, doors)| *doors);
    let listed: Vec<String> = lists.map(|door| (*door).to_owned()).collect();
    assert_eq!(
        listed.len(),
        mounted.len(),
        "each stands in exactly one group"
    );
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), mounted);

    let lists = expected::PAGES.iter().flat_map(|(_, pages)| *pages);
    let listed: BTreeSet<&str> = lists.copied().collect();
    for page in Page::ALL {
        assert!(listed.contains(page.path()), "{}", page.path());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_through_the_doors_that_are_theirs() {
    let (server, callers) = server(Some(Anonymous::None)).await;
    let everybody: Vec<Who> = Who::ALL.into_iter().filter(|w| *w != Who::Local).collect();
    let faults = walk(&server, &callers, &everybody).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_from_this_machine_may_look_by_default() {
    let (server, callers) = server(None).await;
    // What is shown and is no good is not as if nothing were shown.
    let everybody = [Who::Local, Who::Observer, Who::OtherKey, Who::ExpiredToken];
    let faults = walk(&server, &callers, &everybody).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_is_not_served_to_anybody() {
    let (server, callers) = server(Some(Anonymous::None)).await;
    for (method, path) in [
        ("GET", "/v1/nothing"),
        ("GET", "/v1"),
        ("GET", "/v1/ws/x"),
        ("GET", "/v1/auth"),
        ("GET", "/parts/nothing"),
        ("GET", "/parts"),
        ("GET", "/data"),
        ("GET", "/data/session.keys"),
        ("GET", "/session.keys"),
        ("GET", "/accounts.db"),
        ("GET", "/plainsight.db"),
        ("GET", "/.git/config"),
        ("GET", "/.env"),
        ("GET", "/Leptos.toml"),
        ("GET", "/..%2fLeptos.toml"),
        ("GET", "/%2e%2e%2fdata%2fsession.keys"),
        ("GET", "/pkg/..%2f..%2f..%2fLeptos.toml"),
        ("GET", "/users/ada"),
        ("GET", "/nothing"),
        ("POST", "/nothing"),
        ("TRACE", "/"),
        ("TRACE", "/v1/portfolio"),
        ("OPTIONS", "/"),
        ("OPTIONS", "/v1/orders"),
        ("OPTIONS", "/v1/users"),
        ("PUT", "/v1/users"),
        ("DELETE", "/v1/users"),
        ("POST", "/settings"),
        ("POST", "/v1/audit"),
    ] {
        for who in [Who::Nobody, Who::Viewer, Who::Admin, Who::Trades] {
            let answer = server.ask(&callers, who, method, path).await;
            let status = answer.status;
            // A reader who has not signed in is led to do so first.
            let leads = answer.header("location");
            let is_led = status == 303 && leads.is_some_and(|at| at.starts_with("/login?next="));
            assert!(
                (400..500).contains(&status) || is_led && method == "GET",
                "{who:?} {method} {path}: {status}"
            );
            // A page that says that there is none shows the bots' state beside it.
            let may_look = outcome(Group::Looking, who) == Outcome::Passes;
            let is_page = answer.text.contains("plainsight-boot");
            assert!(
                may_look || !is_page,
                "{who:?} {method} {path}: {}",
                answer.text
            );
        }
    }
}

/// A token for orders alone gives orders, and sees nothing by the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_orders_is_shown_no_page() {
    let (server, callers) = server(Some(Anonymous::None)).await;
    for path in ["/trade", "/positions"] {
        let sent = server.ask(&callers, Who::Trades, "POST", path).await;
        assert!((400..500).contains(&sent.status), "{sent:?}");
        assert!(!sent.text.contains("plainsight-boot"), "{sent:?}");
    }
}
