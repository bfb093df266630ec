use tempfile::TempDir;

use super::*;
use crate::domain::time::DAY;
use crate::domain::{AuditAction, Role, SessionId, Standing, TokenId, UserId, UserName, Via};

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

async fn open(directory: &TempDir) -> AccountsDb {
    AccountsDb::open(directory.path()).await.unwrap()
}

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

fn ada() -> UserRow {
    UserRow {
        id: UserId::default(),
        name: name("ada"),
        role: Role::Operator,
        standing: Standing::Active,
        password: "$argon2id$hush".into(),
        made_at: NOW,
    }
}

async fn add_ada(db: &AccountsDb) -> UserRow {
    let mut tx = db.begin().await.unwrap();
    let added = tx.add_user(ada()).await;
    tx.settle(added).await.unwrap()
}

fn session(user: &UserRow, number: u32, made_at: TimeUs, expires: TimeUs) -> NewSession {
    let id: String = format!("{number:0>16}").replace('0', "a").replace('1', "b");
    NewSession {
        row: SessionRow {
            id: id.parse().unwrap(),
            user: user.id,
            cap: None,
            made_at,
            last_seen: made_at,
            address: "127.0.0.1".into(),
            agent: "test".into(),
            expires,
            token: None,
        },
        refresh: SecretHash::of(&id),
        most: 3,
    }
}

async fn begin_session(db: &AccountsDb, new: &NewSession) {
    let mut tx = db.begin().await.unwrap();
    let added = tx.add_session(new).await;
    tx.settle(added).await.unwrap();
}

async fn users(db: &AccountsDb) -> Vec<UserRow> {
    let mut tx = db.read().await.unwrap();
    let users = tx.users().await;
    tx.settle(users).await.unwrap()
}

fn signed_in(subject: &str) -> AuditRow {
    AuditRow {
        time: NOW,
        who: Some(name("ada")),
        by: Via::Session,
        address: Some("127.0.0.1".into()),
        action: AuditAction::SignedIn,
        subject: Some(subject.into()),
        detail: None,
    }
}

#[tokio::test]
async fn what_was_committed_is_there_when_it_is_opened_again() {
    let directory = TempDir::new().unwrap();
    let db = open(&directory).await;
    let ada = add_ada(&db).await;
    db.close().await.unwrap();
    let db = open(&directory).await;
    assert_eq!(users(&db).await, std::slice::from_ref(&ada));
    let mut tx = db.read().await.unwrap();
    assert_eq!(tx.user_with(ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(tx.user_named(&name("bob")).await.unwrap(), None);
    assert!(!format!("{ada:?}").contains("hush"));
}

#[tokio::test]
async fn a_change_that_is_left_or_refused_leaves_nothing_and_nobody_waits_for_it() {
    let directory = TempDir::new().unwrap();
    let (db, other) = (open(&directory).await, open(&directory).await);
    let mut tx = db.begin().await.unwrap();
    tx.add_user(ada()).await.unwrap();
    let refused: Result<(), AccountsError> = Err(AccountsError::Content { what: "a test" });
    assert!(tx.settle(refused).await.is_err());
    drop(tx);
    // Another process may write at once.
    add_ada(&other).await;
    let mut left = db.begin().await.unwrap();
    left.add_user(UserRow {
        name: name("bob"),
        ..ada()
    })
    .await
    .unwrap();
    drop(left);
    assert_eq!(users(&db).await.len(), 1);
}

#[tokio::test]
async fn only_what_others_committed_is_news() {
    let directory = TempDir::new().unwrap();
    let (db, other) = (open(&directory).await, open(&directory).await);
    let read_all = async || {
        let mut tx = db.read().await.unwrap();
        let all = tx.everything(NOW).await;
        tx.settle(all).await.unwrap().len()
    };
    assert_eq!(read_all().await, 0);
    assert!(!db.has_news().await.unwrap());
    add_ada(&db).await;
    assert!(!db.has_news().await.unwrap());
    let mut tx = other.begin().await.unwrap();
    let noted = tx.add_audit(&signed_in("x")).await;
    tx.settle(noted).await.unwrap();
    drop(tx);
    assert!(db.has_news().await.unwrap());
    assert!(db.has_news().await.unwrap(), "until it is read");
    assert_eq!(read_all().await, 1);
    assert!(!db.has_news().await.unwrap());
}

#[tokio::test]
async fn the_audit_only_grows() {
    let directory = TempDir::new().unwrap();
    let db = open(&directory).await;
    let mut tx = db.begin().await.unwrap();
    for number in 0..5 {
        tx.add_audit(&signed_in(&number.to_string())).await.unwrap();
    }
    let done: Result<(), AccountsError> = Ok(());
    tx.settle(done).await.unwrap();
    drop(tx);
    for statement in [
        "UPDATE audit SET who = 'eve'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 5",
        "REPLACE INTO audit (id, time, via, action) VALUES (1, 0, 'none', 'killed')",
    ] {
        let mut inner = db.lock().await;
        let tried = sqlx::query(statement).execute(&mut inner.connection).await;
        let error = tried.unwrap_err().to_string();
        assert!(error.contains("audit"), "{statement}: {error}");
    }
    let mut tx = db.read().await.unwrap();
    let page = tx.audit_page(None, 2).await.unwrap();
    let subjects: Vec<_> = page
        .iter()
        .filter_map(|entry| entry.subject.clone())
        .collect();
    assert_eq!(subjects, ["4", "3"]);
    let older = tx.audit_page(Some(page[1].id), 10).await.unwrap();
    assert_eq!(older.len(), 3);
    assert_eq!(older[2].who, Some(name("ada")));
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    let directory = TempDir::new().unwrap();
    let db = open(&directory).await;
    add_ada(&db).await;
    let mode = |file: &str| {
        let path = directory.path().join(file);
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    for file in [FILE, "accounts.db-wal", "accounts.db-shm"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    db.close().await.unwrap();
    let path = directory.path().join(FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    open(&directory).await;
    assert_eq!(mode(FILE), 0o600);
}

#[tokio::test]
async fn beyond_so_many_sessions_the_longest_unused_end() {
    let directory = TempDir::new().unwrap();
    let db = open(&directory).await;
    let ada = add_ada(&db).await;
    for number in 2..7 {
        let made = NOW.plus(i64::from(number));
        begin_session(&db, &session(&ada, number, made, made.plus(DAY))).await;
    }
    let mut tx = db.read().await.unwrap();
    let left = tx.sessions_of(ada.id, NOW.plus(100)).await.unwrap();
    let ids: Vec<String> = left.iter().map(|row| row.id.to_string()).collect();
    let expected = ["6", "5", "4"].map(|number| format!("{}{number}", "a".repeat(15)));
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn what_is_of_no_use_is_deleted_and_the_rest_stays() {
    let directory = TempDir::new().unwrap();
    let db = open(&directory).await;
    let ada = add_ada(&db).await;
    begin_session(&db, &session(&ada, 2, NOW, NOW.plus(DAY))).await;
    let going_on = session(&ada, 3, NOW, NOW.plus(9 * DAY));
    begin_session(&db, &going_on).await;
    let token = |id: &str, expires: Option<TimeUs>, revoked_at: Option<TimeUs>| TokenRow {
        id: id.parse().unwrap(),
        user: ada.id,
        secret: SecretHash::of(id),
        scopes: "read".parse().unwrap(),
        made_at: NOW,
        expires,
        revoked_at,
        note: String::new(),
    };
    let ended = NOW.plus(DAY);
    let mut tx = db.begin().await.unwrap();
    for row in [
        token("endures2", None, None),
        token("expired2", Some(ended), None),
        token("rev2ked2", None, Some(ended)),
        token("stays234", Some(NOW.plus(9 * DAY)), None),
    ] {
        tx.add_token(&row).await.unwrap();
    }
    let used = tx.refresh_token(&going_on.refresh).await.unwrap().unwrap();
    let next = SecretHash::of("next");
    tx.exchange_refresh(&used, &next, NOW).await.unwrap();
    let horizon = NOW.plus(2 * DAY);
    let tidied = tx
        .tidy(Horizons {
            sessions: horizon,
            refreshes: horizon,
            tokens: horizon,
        })
        .await;
    assert_eq!(tx.settle(tidied).await.unwrap(), 4);
    let ids: Vec<TokenId> = tx
        .tokens_of(ada.id)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(
        ids,
        ["endures2".parse().unwrap(), "stays234".parse().unwrap()]
    );
    let all = tx.sessions_of(ada.id, NOW).await.unwrap();
    let ids: Vec<&SessionId> = all.iter().map(|row| &row.id).collect();
    assert_eq!(ids, [&going_on.row.id]);
    assert!(tx.refresh_token(&going_on.refresh).await.unwrap().is_none());
    assert!(tx.refresh_token(&next).await.unwrap().is_some());
    let first = SecretHash::of(&format!("{}2", "a".repeat(15)));
    assert!(
        tx.refresh_token(&first).await.unwrap().is_none(),
        "went with its session"
    );
}
