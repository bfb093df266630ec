//! Whatever REST is asked, it answers as the document says: no 5xx, no undocumented status, type, header or
//! shape. schemathesis thinks the questions up from the document: valid ones, broken ones, and the ids that
//! it has been told.

use std::process::Command;

use plainsight::auth::{Actor, NewUser, Password};
use plainsight::domain::Role;
use plainsight::server::clock::wall_time;
use plainsight::server::docs::openapi;
use serde_json::{Value, json};

use crate::clients::tool;
use crate::harness::{PASSWORD, TestServer};

/// Tries what `more` selects as whoever has the token; gives schemathesis's report.
async fn tried(server: &TestServer, bearer: &str, more: &[&str]) -> Option<Value> {
    let program = ".tools/venv/bin/schemathesis";
    let program = tool(program, "which tries what the document says")?;
    let root = env!("CARGO_MANIFEST_DIR");
    let home = server.data().parent().unwrap();
    let report = home.join("schemathesis.json");
    let mut command = Command::new(program);
    command
        .arg("--config-file")
        .arg(format!("{root}/src/tests/documents/schemathesis.toml"))
        .args(["run", &server.url("/docs/openapi.json"), "--no-color"])
        .args(["--header", &format!("Authorization: Bearer {bearer}")])
        .arg("--report-json-path")
        .arg(&report)
        .args(more)
        // Where it may leave what it likes.
        .current_dir(home);
    let running = tokio::task::spawn_blocking(move || command.output());
    let output = running.await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{complaint}");
    let report = std::fs::read(report).unwrap();
    Some(serde_json::from_slice(&report).unwrap())
}

/// The operations of which at least one question was a good one, of all that were to be tried.
#[track_caller]
fn done(report: &Value, operations: usize) -> usize {
    assert_eq!(report["complete"], true, "{report}");
    assert_eq!(report["operations"]["tested"], operations, "{report}");
    let per_operation = report["test_cases"]["generated"].as_u64().unwrap();
    let per_operation = per_operation / u64::try_from(operations).unwrap();
    assert!(per_operation >= 20, "{per_operation} questions for each");
    let is_accepted = |phases: &&Value| {
        let mut phases = phases.as_object().unwrap().values();
        phases.any(|phase| phase["accepted"].as_u64().unwrap() > 0)
    };
    let operations = report["valid_rates"].as_object().unwrap().values();
    operations.filter(is_accepted).count()
}

/// What the document describes, where `is_wanted` says so of its path and its group.
fn described(is_wanted: impl Fn(&str, &Value) -> bool) -> usize {
    let document = openapi::document();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().values();
        operations.filter(|operation| is_wanted(path, &operation["tags"][0]))
    });
    operations.count()
}

/// Everything, with every scope that a token may have; of what is for people it may see that it may not.
#[tokio::test(flavor = "multi_thread")]
async fn heavy_an_operators_token_is_answered_as_described() {
    let server = TestServer::still(|_| ()).await;
    let all = described(|_, _| true);
    if let Some(report) = tried(&server, &server.token, &[]).await {
        let (done, people) = (done(&report, all), described(|_, group| group == "people"));
        // One in five may need what cannot be guessed.
        assert!(done >= (all - people) * 4 / 5, "{done} of {all}: {report}");
    }
}

/// What is for people, as an administrator who has signed in; not what would end the session.
#[tokio::test(flavor = "multi_thread")]
async fn heavy_an_administrator_is_answered_as_described() {
    let (server, ()) = TestServer::start_after(
        |_| (),
        async |accounts, _| {
            let user = NewUser {
                name: "boss".parse().unwrap(),
                role: Role::Admin,
                password: Password::new(PASSWORD.to_owned()),
            };
            accounts
                .add_user(user, &Actor::cli(), wall_time())
                .await
                .unwrap();
        },
    )
    .await;
    let credentials = json!({"username": "boss", "password": PASSWORD});
    let session = server.post("/v1/auth/login", &credentials).await.json();
    let token = session["tokens"]["access_token"].as_str().unwrap();
    let ends_it = |path: &str| path.contains("logout") || path.contains("sessions/");
    let people = described(|path, group| group == "people" && !ends_it(path));
    let more = [
        "--include-tag",
        "people",
        "--exclude-path-regex",
        "logout|sessions/",
    ];
    if let Some(report) = tried(&server, token, &more).await {
        let done = done(&report, people);
        assert!(done >= people / 2, "{done} of {people}: {report}");
    }
}
