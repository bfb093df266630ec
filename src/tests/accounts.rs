//! Users and tokens through the program itself, beside accounts that are open in this process as a server
//! has them.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use plainsight::auth::{Accounts, AuthConfig, Denied, Origin, Password, SignInError};
use plainsight::domain::{AuditAction, Role, Via};
use plainsight::server::clock::wall_time;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::harness::GLANCE;
use crate::program::{Ran, plainsight, run};

/// How long it may take until what another process did counts here.
const SOON: std::time::Duration = std::time::Duration::from_secs(5);

/// A data directory that is not there yet.
struct Directory {
    path: PathBuf,
    _home: TempDir,
}

impl Directory {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        Self {
            path: home.path().join("data"),
            _home: home,
        }
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// The program, with what it reads on standard input.
    fn program(&self, arguments: &str, input: &str) -> Ran {
        let mut words: Vec<&str> = arguments.split_whitespace().collect();
        words.extend(["--data", self.path().to_str().unwrap()]);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(input.as_bytes()).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut command = plainsight(words);
        command.stdin(file);
        run(command)
    }

    /// What it says when all is well.
    fn said(&self, arguments: &str, input: &str) -> String {
        let ran = self.program(arguments, input);
        assert_eq!(ran.code, Some(0), "{arguments}: {}", ran.stderr);
        ran.stdout
    }

    /// What it complains of, on one line, when the user must change something.
    fn refused(&self, arguments: &str, input: &str) -> String {
        let ran = self.program(arguments, input);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{arguments}"
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        ran.stderr
    }

    fn list(&self, what: &str) -> Vec<Value> {
        let said = self.said(&format!("{what} list --json"), "");
        serde_json::from_str(&said).unwrap()
    }

    fn add_ada(&self) {
        let said = self.said(
            "user add Ada --role operator --password-stdin",
            "correct horse battery\n",
        );
        assert_eq!(said, "ada: added as operator\n");
    }

    async fn open(&self) -> Accounts {
        Accounts::open(self.path(), &AuthConfig::default(), wall_time())
            .await
            .unwrap()
    }
}

fn here() -> Origin {
    Origin {
        address: "127.0.0.1".parse().unwrap(),
        agent: "a test".into(),
    }
}

fn password() -> Password {
    Password::new("correct horse battery".into())
}

/// Waits until a check comes out so.
async fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON, "{what}: not within {SOON:?}");
        tokio::time::sleep(GLANCE).await;
    }
}

#[test]
fn users_are_added_listed_and_changed() {
    let directory = Directory::new();
    directory.add_ada();
    let said = directory.said("user add root --role admin --password-stdin", "0123456789");
    assert_eq!(said, "root: added as admin\n");
    assert_eq!(
        directory.said("user role ada viewer", ""),
        "ada: is viewer\n"
    );
    directory.said("user disable ada", "");
    let users = directory.list("user");
    assert_eq!(users.len(), 2);
    assert_eq!(users[0]["name"], "ada");
    assert_eq!(users[0]["role"], "viewer");
    assert_eq!(users[0]["standing"], "disabled");
    assert_eq!(users[1]["standing"], "active");
    directory.said("user enable ada", "");
    let table = directory.said("user list", "");
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].starts_with("NAME  ROLE    STANDING  ADDED"),
        "{table}"
    );
    assert!(
        lines[1].starts_with("ada   viewer  active    20"),
        "{table}"
    );
}

#[test]
fn a_token_stands_alone_on_standard_output() {
    let directory = Directory::new();
    directory.add_ada();
    let made = directory.program(
        "token create --user ada --scope read,ingest --expires 30d --note weekly",
        "",
    );
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let token = made.stdout.trim_end();
    assert_eq!((token.len(), made.stdout.lines().count()), (12 + 43, 1));
    assert!(!made.stderr.contains(&token[12..]) && made.stderr.contains(&token[3..11]));
    directory.said("token create --user ada --scope trade --expires never", "");
    let tokens = directory.list("token");
    assert_eq!(tokens.len(), 2);
    let listed = tokens
        .iter()
        .find(|listed| listed["id"] == token[3..11])
        .unwrap();
    assert_eq!(listed["scopes"], serde_json::json!(["read", "ingest"]));
    assert_eq!(listed["note"], "weekly");
    let lives = listed["expires"].as_i64().unwrap() - listed["made_at"].as_i64().unwrap();
    assert_eq!(lives, 30 * 24 * 3_600 * 1_000_000);
    let revoke = format!("token revoke {}", &token[3..11]);
    assert_eq!(
        directory.said(&revoke, ""),
        format!("{}: revoked\n", &token[3..11])
    );
    let table = directory.said("token list", "");
    assert!(
        table.contains("read,ingest") && table.contains("revoked 20"),
        "{table}"
    );
    assert!(!table.contains(&token[12..]));
}

#[test]
fn what_the_user_must_change_is_one_line_and_exit_code_2() {
    let directory = Directory::new();
    let nothing = directory.refused("user list", "");
    assert!(nothing.contains("there are no accounts"), "{nothing}");
    assert!(!directory.path().join("accounts.db").exists());
    directory.add_ada();
    let long = "x".repeat(2_000);
    for (arguments, input, expected) in [
        ("user add bob --role viewer", "", "--password-stdin"),
        ("user passwd ada", "", "--password-stdin"),
        (
            "user add bob --role viewer --password-stdin",
            "short",
            "at least 10",
        ),
        (
            "user add bob --role viewer --password-stdin",
            &long,
            "at most",
        ),
        (
            "user add bob --role viewer --password-stdin",
            "line one\nline two\n",
            "one line",
        ),
        (
            "user add ada --role viewer --password-stdin",
            "0123456789",
            "already",
        ),
        (
            "user add 1bob --role viewer --password-stdin",
            "0123456789",
            "user name",
        ),
        (
            "user add bob --role king --password-stdin",
            "",
            "viewer, operator, admin",
        ),
        ("user disable bob", "", "no user bob"),
        (
            "token create --user bob --scope read --expires 1d",
            "",
            "no user bob",
        ),
        (
            "token create --user ada --scope write --expires 1d",
            "",
            "read, trade, ingest",
        ),
        (
            "token create --user ada --scope read --expires soon",
            "",
            "30d nor never",
        ),
        (
            "token create --user ada --scope read --expires 0s",
            "",
            "expired",
        ),
        ("token create --user ada --scope read", "", "--expires"),
        ("token revoke abcdefgh", "", "no token abcdefgh"),
        ("token revoke x", "", "token id"),
    ] {
        let line = directory.refused(arguments, input);
        assert!(line.contains(expected), "{arguments}: {line}");
        assert!(input.is_empty() || !line.contains(input), "{line}");
    }
    assert_eq!(directory.list("user").len(), 1);
    assert!(directory.list("token").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_line_does_counts_in_a_server_that_runs() {
    let directory = Directory::new();
    let accounts = directory.open().await;
    let end = CancellationToken::new();
    let watching = tokio::spawn(accounts.clone().watch(wall_time, end.clone()));
    directory.add_ada();
    // Who signs in is looked up in the database itself.
    let signed_in = accounts
        .sign_in("ada", password(), &here(), wall_time())
        .await;
    let access = signed_in.unwrap().access;
    let role = || {
        accounts
            .check(access.expose(), wall_time())
            .map(|ada| ada.role)
    };
    assert_eq!(role(), Ok(Role::Operator));

    let create = "token create --user ada --scope read,trade --expires 1h";
    let token = directory.said(create, "").trim_end().to_owned();
    let check = || accounts.check(&token, wall_time());
    soon("a token", || check().is_ok()).await;
    let mut ticks = accounts.changed();
    directory.said("user role ada viewer", "");
    soon("a lower role", || role() == Ok(Role::Viewer)).await;
    assert!(ticks.has_changed().unwrap());
    ticks.mark_unchanged();
    directory.said(&format!("token revoke {}", &token[3..11]), "");
    soon("a revoked token", || check() == Err(Denied::Revoked)).await;
    directory.said("user disable ada", "");
    soon("a disabled user", || role() == Err(Denied::Disabled)).await;
    let refused = accounts
        .sign_in("ada", password(), &here(), wall_time())
        .await;
    assert!(matches!(refused, Err(SignInError::Disabled)));

    directory.said("user enable ada", "");
    directory.said("user passwd ada --password-stdin", "another password");
    let refused = accounts
        .sign_in("ada", password(), &here(), wall_time())
        .await;
    assert!(matches!(refused, Err(SignInError::Wrong)));
    let new = Password::new("another password".into());
    let signed_in = accounts.sign_in("ada", new, &here(), wall_time()).await;
    assert!(signed_in.is_ok());
    let page = accounts.audit_page(None, 100).await.unwrap();
    let by_hand = page.iter().filter(|entry| entry.by == Via::Cli);
    assert_eq!(by_hand.count(), 7);
    assert!(
        page.iter()
            .any(|entry| entry.action == AuditAction::RoleChanged
                && entry.detail.as_deref() == Some("operator to viewer"))
    );
    end.cancel();
    watching.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_of_one_directory_believe_the_same() {
    let directory = Directory::new();
    directory.add_ada();
    let (one, other) = (directory.open().await, directory.open().await);
    let end = CancellationToken::new();
    let watching = tokio::spawn(other.clone().watch(wall_time, end.clone()));
    let signed_in = one.sign_in("ada", password(), &here(), wall_time()).await;
    let signed_in = signed_in.unwrap();
    let access = signed_in.access.expose();
    let check = || other.check(access, wall_time());
    soon("a session", || check().is_ok()).await;
    let by = signed_in.principal.actor(None);
    one.sign_out_everywhere(&signed_in.principal.name, &by, wall_time())
        .await
        .unwrap();
    assert_eq!(
        one.check(access, wall_time()),
        Err(Denied::Revoked),
        "at once"
    );
    soon("its end", || check() == Err(Denied::Revoked)).await;
    end.cancel();
    watching.await.unwrap();
}

#[test]
fn the_rules_are_those_of_the_configuration() {
    let directory = Directory::new();
    let file = directory.path.with_file_name("own.toml");
    std::fs::write(&file, "[auth]\npassword_min = 30\n").unwrap();
    let add = format!(
        "user add ada --role viewer --password-stdin --config {}",
        file.display()
    );
    let refused = directory.refused(&add, "a password of 27 characters");
    assert!(refused.contains("30 characters"), "{refused}");
    directory.said(&add, "a password of 30 characters ...");
}

#[tokio::test]
async fn what_is_secret_is_nobody_elses_to_read() {
    let directory = Directory::new();
    directory.add_ada();
    let token = directory.said("token create --user ada --scope read --expires never", "");
    let secret = &token.trim_end()[12..];
    let accounts = directory.open().await;
    let joined = accounts.join(token.trim_end(), &here(), wall_time()).await;
    let joined = joined.unwrap();
    let mut files = Vec::new();
    let mode = std::fs::metadata(directory.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700, "the directory is made for its owner");
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
        let bytes = std::fs::read(&path).unwrap();
        for hidden in [
            secret,
            "correct horse battery",
            joined.refresh.expose(),
            joined.access.expose(),
        ] {
            let found = bytes
                .windows(hidden.len())
                .any(|part| part == hidden.as_bytes());
            assert!(!found, "{}: a secret in clear", path.display());
        }
        files.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    files.sort();
    assert!(
        files.contains(&"accounts.db".to_owned()) && files.contains(&"session.keys".to_owned())
    );

    let keys = directory.path().join("session.keys");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = directory.refused("user list", "");
    assert!(
        refused.contains("others may read it (mode 644)"),
        "{refused}"
    );
}
