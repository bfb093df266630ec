//! A disk that is full: everything stands still and says so, nothing is lost, and it goes on by
//! itself when there is space again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use plainsight::wire::{ClientFrame, Payload};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Socket, wish, with_history};
use crate::dialects::Plain;
use crate::harness::{PATIENCE, TestServer, until};
use crate::journal::JournalFile;
use crate::pages::check_account;
use crate::program::{Ran, plainsight, run};

/// A disk of our own, made of memory. Only root may mount it.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<Self> {
        let place = TempDir::new().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(place.path())
            .output();
        mounted
            .is_ok_and(|mounted| mounted.status.success())
            .then(|| Self(place))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read_only(&self, yes: bool) {
        let options = if yes { "remount,ro" } else { "remount,rw" };
        let mounted = Command::new("mount")
            .args(["-o", options])
            .arg(self.path())
            .status();
        assert!(mounted.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The directory is removed after this, and must be empty of it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// What leaves no space, and how space is made again.
enum Squeeze {
    /// A file that takes all that is left of a small disk.
    Ballast { file: PathBuf },
    /// The system lets no file of the process grow beyond a limit.
    Limit,
}

impl Squeeze {
    fn apply(&self, pid: u32) {
        match self {
            Self::Ballast { file } => {
                let mut ballast = std::fs::File::create(file).unwrap();
                while std::io::Write::write(&mut ballast, &[0; 4_096]).is_ok() {}
            }
            Self::Limit => limit(pid, "65536"),
        }
    }

    fn release(&self, pid: u32) {
        match self {
            Self::Ballast { file } => std::fs::remove_file(file).unwrap(),
            Self::Limit => limit(pid, "unlimited"),
        }
    }
}

/// Bytes that a file of the process may have; the hard limit is left alone, so that the soft one
/// can be lifted again.
fn limit(pid: u32, bytes: &str) {
    let set = Command::new("prlimit")
        .args(["--pid", &pid.to_string(), &format!("--fsize={bytes}:")])
        .status();
    assert!(set.expect("prlimit is part of util-linux").success());
}

fn note(id: &str) -> Value {
    json!([{"type": "note", "id": id, "text": "x"}])
}

/// Takes the space away, looks at everything that must say so, and gives it back.
async fn outage(server: TestServer, squeeze: Squeeze) {
    server
        .report("mine", note("before").as_array().unwrap())
        .await;
    let mut socket = Socket::hello(&server).await;
    socket
        .subscribe(vec![
            wish("health"),
            wish("alerts"),
            with_history("agent:mine", 10),
            wish("trades:paper"),
        ])
        .await;
    let mut agent = Plain::open(&server, "/api/v1/bot/ws").await;
    squeeze.apply(server.pid());
    let refused = until("the server is not ready", async || {
        let answer = server.get("/ready").await;
        (answer.status == 503).then_some(answer)
    })
    .await;
    let problems = refused.json()["problems"].to_string();
    assert!(problems.contains("journal cannot be written"), "{problems}");
    assert!(refused.header("retry-after").is_some());

    assert_stands_still(&server).await;
    assert_refuses(&server, &mut socket).await;
    let is_told = |frame: &Value| frame["event"] == "error" && frame["data"]["code"] == "not_ready";
    let told = agent.find("that figures stand still", is_told).await;
    let message = told["data"]["message"].to_string();
    assert!(message.contains("journal cannot be written"), "{told}");
    let health = loop {
        if let Payload::Health(health) = socket.told("health").await.1
            && !health.journal.writable
        {
            break health;
        }
    };
    assert!(
        !health.ready
            && health.journal.problem.is_some()
            && health.journal.unwritable_since.is_some()
    );
    for path in ["/", "/system"] {
        let page = server.get(path).await;
        assert_eq!(page.status, 200, "what is known can still be read");
        let (shown, _) = page.text.split_once("plainsight-boot").unwrap();
        assert!(
            shown.contains("the journal cannot be written"),
            "{path} says it"
        );
    }

    squeeze.release(server.pid());
    let is_news = |frame: &Value| frame["event"] == "portfolio_update";
    agent.find("that the stream goes on", is_news).await;
    until("it goes on by itself", async || {
        (server.get("/ready").await.status == 200).then_some(())
    })
    .await;
    let Payload::Alert(alert) = socket.told("alerts").await.1 else {
        panic!("an alert is an alert");
    };
    assert_eq!(alert.code, "journal_unavailable");
    assert_eq!(json!(alert.severity), "critical");
    server
        .report("mine", note("after").as_array().unwrap())
        .await;
    let seq = server.health().await.seq;
    until("the market goes on", async || {
        (server.health().await.seq.0 > seq.0 + 100).then_some(())
    })
    .await;

    let told = server.health().await.seq.0;
    let traded = socket.since("trades:paper").offset;
    let stopped = server.stop().await;
    let data = stopped.config.store.data.clone();
    let mut journal = JournalFile::of_the_dead(&data).await;
    for name in ["trades:paper", "orders:paper", "decisions:paper", "alerts"] {
        assert!(!journal.topic(name).await.is_empty(), "{name}");
    }
    assert!(
        journal.head().await >= told,
        "nothing that was told is lost"
    );
    assert!(journal.topic("trades:paper").await.len() as u64 >= traded);
    let notes = journal.topic("agent:mine").await;
    assert_eq!(notes.len(), 2, "what was refused was not done: {notes:?}");
    // It starts again: all that it makes anew is what the journal holds.
    let mut stopped = stopped;
    "0.000001".clone_into(&mut stopped.config.feed.speed);
    let server = stopped.start_program().await;
    check_account(&server, "paper").await;
    server.stop().await;
}

async fn assert_stands_still(server: &TestServer) {
    let seqs = async || {
        (
            server.health().await.seq,
            server.get("/v1/portfolio").await.seq(),
        )
    };
    let before = (seqs().await, server.health().await.journal.retries);
    until("it has tried again twice", async || {
        (server.health().await.journal.retries >= before.1 + 2).then_some(())
    })
    .await;
    assert_eq!(seqs().await, before.0, "the engine stands still");
    let head = JournalFile::open(server.data()).await.head().await;
    assert_eq!(head, before.0.0.0, "all that was told is on the disk");
}

async fn assert_refuses(server: &TestServer, socket: &mut Socket) {
    let order = json!({"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.001"});
    let refused = server.post("/v1/orders", &order).await;
    refused.problem(503, "journal_unavailable");
    assert!(refused.header("retry-after").is_some());
    let report = server.post("/v1/bots/mine/events", &note("during")).await;
    report.problem(503, "journal_unavailable");
    let id = socket.next_id();
    let order = serde_json::from_value(order).unwrap();
    socket
        .send(&ClientFrame::Order {
            id,
            bot: None,
            order,
        })
        .await;
    let error = socket.error().await;
    assert_eq!(
        (error.id, error.code.as_str(), error.temporary),
        (Some(id), "journal_unavailable", true)
    );
    assert!(error.retry_ms.is_some());
    let known: Vec<Value> = server.read("/v1/trades").await;
    assert!(!known.is_empty(), "reading goes on");
}

/// A market that writes much, and has traded.
async fn busy(data: Option<&Path>, before: Option<&str>) -> TestServer {
    let server = TestServer::program(&[("PLAINSIGHT_STORE__SNAPSHOT_MS", "2000")], |config| {
        "100".clone_into(&mut config.feed.speed);
        if let Some(data) = data {
            config.store.data = data.join("data");
        }
    })
    .await;
    let server = match before {
        Some(before) => server.stop().await.start_program_after(before).await,
        None => server,
    };
    until("the built-in bot has traded", async || {
        (server.portfolio("paper").await.fills > 3).then_some(())
    })
    .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_halts_and_space_goes_on() {
    let Some(disk) = SmallDisk::mount(24) else {
        println!(
            "skipped: no disk can be mounted here; the test of a limited file stands for this one"
        );
        return;
    };
    let server = busy(Some(disk.path()), None).await;
    let file = disk.path().join("ballast");
    outage(server, Squeeze::Ballast { file }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_grow_halts_and_space_goes_on() {
    // Without this the system would kill the process instead of failing its writes.
    let server = busy(None, Some("trap '' XFSZ")).await;
    outage(server, Squeeze::Limit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_the_disk_is_full_loses_nothing() {
    let server = busy(None, Some("trap '' XFSZ")).await;
    server
        .report("mine", note("before").as_array().unwrap())
        .await;
    Squeeze::Limit.apply(server.pid());
    until("the server is not ready", async || {
        (server.get("/ready").await.status == 503).then_some(())
    })
    .await;
    server
        .post("/v1/bots/mine/events", &note("during"))
        .await
        .problem(503, "journal_unavailable");
    let server = server.kill().start_program().await;
    server
        .report("mine", note("during").as_array().unwrap())
        .await;
    let stopped = server.stop().await;
    let mut journal = JournalFile::of_the_dead(&stopped.config.store.data).await;
    assert_eq!(journal.topic("agent:mine").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_does_not_hold_up_a_shutdown() {
    let server = busy(None, Some("trap '' XFSZ")).await;
    Squeeze::Limit.apply(server.pid());
    until("the server is not ready", async || {
        (server.get("/ready").await.status == 503).then_some(())
    })
    .await;
    let stopping = tokio::time::timeout(PATIENCE, server.stop()).await;
    let server = stopping.expect("it does not end").start_program().await;
    assert!(server.health().await.ready);
}

fn serve_on(data: &Path) -> Ran {
    let mut command = plainsight(["serve", "--addr", "127.0.0.1:0", "--data"]);
    command.arg(data).env("PLAINSIGHT_LOG__FILTER", "off");
    run(command)
}

#[track_caller]
fn assert_refused(data: &Path) {
    let ran = serve_on(data);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(matches!(ran.code, Some(1 | 2)), "{:?}", ran.code);
    assert!(
        ran.stderr.contains(data.to_str().unwrap()),
        "{}",
        ran.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_written_is_refused_in_one_line() {
    assert_refused(Path::new("/proc/plainsight"));
    if let Some(disk) = SmallDisk::mount(8) {
        let new = disk.path().join("new");
        disk.read_only(true);
        assert_refused(&new);
        disk.read_only(false);
        let server = busy(Some(disk.path()), None).await;
        let stopped = server.stop().await;
        disk.read_only(true);
        assert_refused(&stopped.config.store.data);
        disk.read_only(false);
        let server = stopped.start_program().await;
        assert!(server.health().await.ready, "nothing is damaged");
        server.stop().await;
    } else {
        let home = TempDir::new().unwrap();
        let mode = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(home.path(), permissions).unwrap();
        };
        mode(0o555);
        assert_refused(&home.path().join("new"));
        mode(0o755);
    }
}
