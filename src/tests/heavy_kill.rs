//! `kill -9` under load, again and again on one data directory: what anybody was told is true for
//! ever, and told once. That the server starts again proves the rest, since it compares what it
//! makes anew with the journal's tail and would stop at the first difference.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plainsight::domain::{Invariant, TimeUs};
use plainsight::server::config::Config;
use plainsight::wire::frame::Since;
use plainsight::wire::{ClientFrame, Content, Epoch, Push, ServerFrame};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::client::{Socket, after, topic, wish};
use crate::harness::{Stopped, TestServer};
use crate::journal::JournalFile;
use crate::pages::check_account;
use crate::program::signal;

const KILLS: u32 = 20;
/// Requests that are acknowledged before each kill, and how long they may take.
const WORK: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);
const LOGS: [&str; 4] = [
    "trades:paper",
    "decisions:paper",
    "trades:load",
    "agent:load",
];

/// What a client was told at an offset: everything but when this copy was sent.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    epoch: Epoch,
    seq: u64,
    t_source: Option<TimeUs>,
    t_received: TimeUs,
    data: Content,
}

/// All that a client was ever told.
#[derive(Default)]
struct Memory(BTreeMap<&'static str, BTreeMap<u64, Told>>);

impl Memory {
    fn note(&mut self, push: Push) {
        let name = LOGS
            .into_iter()
            .find(|name| topic(name) == push.topic)
            .unwrap();
        assert_eq!(push.first, push.last, "a log leaves nothing out");
        let told = Told {
            epoch: push.epoch,
            seq: push.seq.0,
            t_source: push.t_source,
            t_received: push.t_received,
            data: push.data,
        };
        let known = self
            .0
            .entry(name)
            .or_default()
            .insert(push.last, told.clone());
        assert!(
            known.is_none_or(|known| known == told),
            "{name} {}: {told:?}",
            push.last
        );
    }

    fn count(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// From the first offset on, or where nothing is known from the start.
    fn epoch(&self, name: &str) -> Option<Epoch> {
        self.0.get(name)?.values().next().map(|told| told.epoch)
    }
}

/// A bot that reports one fill and one note in each request, and repeats what was not acknowledged.
#[derive(Default)]
struct Load {
    next: u64,
    acknowledged: BTreeSet<u64>,
}

impl Load {
    fn events(number: u64) -> Value {
        let side = if number.is_multiple_of(2) {
            "buy"
        } else {
            "sell"
        };
        json!([
            {"type": "fill", "id": format!("f{number}"), "symbol": "BTCUSDT", "side": side,
             "quantity": "0.001", "price": "40000", "fee": "0.04"},
            {"type": "note", "id": format!("n{number}"), "text": format!("fill {number}")},
        ])
    }

    /// Goes on until the server is gone; counts in `progress` what was acknowledged meanwhile.
    async fn report(&mut self, server: &TestServer, progress: watch::Sender<usize>) {
        loop {
            let request = server.request("POST", "/v1/bots/load/events");
            let answer = server
                .try_send(request.json(&Self::events(self.next)))
                .await;
            match answer {
                Ok(answer) if answer.status == 200 => {
                    assert_eq!(answer.json()["rejected"], 0, "{answer:?}");
                    self.acknowledged.insert(self.next);
                    self.next += 1;
                    progress.send_modify(|acknowledged| *acknowledged += 1);
                }
                // It may have been recorded all the same: the next server is asked with the same ids.
                _ => return,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Reads everything since what is known and what comes live, until the server is gone.
async fn listen(mut socket: Socket, memory: &mut Memory) {
    let topics = LOGS.map(
        |name| match memory.0.get(name).and_then(|told| told.last_key_value()) {
            Some((offset, told)) => after(
                name,
                Since {
                    epoch: told.epoch,
                    offset: *offset,
                },
            ),
            None => wish(name),
        },
    );
    let id = socket.next_id();
    socket
        .send(&ClientFrame::Subscribe {
            id,
            topics: topics.to_vec(),
        })
        .await;
    while let Ok(frame) = socket.heard().await {
        match frame {
            ServerFrame::Push(push) => memory.note(*push),
            ServerFrame::Resync(resync) => panic!("a log starts again: {resync:?}"),
            _ => {}
        }
    }
}

/// Runs under load for `time`, and for as long as it takes to get some work done, and is killed.
async fn run_and_kill(
    server: TestServer,
    time: Duration,
    memory: &mut Memory,
    load: &mut Load,
) -> Stopped {
    let pid = server.pid();
    // Greeted before the clock runs: a slow machine may need all of that time for it.
    let socket = Socket::hello(&server).await;
    let (progress, mut acknowledged) = watch::channel(0);
    tokio::join!(
        listen(socket, memory),
        load.report(&server, progress),
        async {
            tokio::time::sleep(time).await;
            // On a slow machine the time alone may not be enough for a single answer.
            let enough = acknowledged.wait_for(|acknowledged| *acknowledged >= WORK);
            let enough = tokio::time::timeout(PATIENCE, enough).await;
            assert!(enough.is_ok(), "no work done in {PATIENCE:?}");
            signal(pid, "KILL");
        }
    );
    server.kill()
}

/// Everything that was told is still there, the same, and nothing twice.
async fn check_memory(server: &TestServer, memory: &mut Memory) {
    let mut socket = Socket::hello(server).await;
    for name in LOGS {
        let Some(epoch) = memory.epoch(name) else {
            continue;
        };
        let reply = socket
            .subscribe(vec![after(name, Since { epoch, offset: 0 })])
            .await;
        assert_eq!(
            reply.topics[0].epoch, epoch,
            "{name} is the log that it was"
        );
        let ServerFrame::Resumed(resumed) = socket.control().await else {
            panic!("{name} cannot be read from its beginning");
        };
        assert!(
            resumed.to >= *memory.0[name].last_key_value().unwrap().0,
            "{name}: {resumed:?}"
        );
        for offset in 1..=resumed.to {
            let push = socket.push(name).await;
            assert_eq!(push.last, offset, "{name}");
            memory.note(push);
        }
        socket.unsubscribe(name).await;
    }
}

async fn check_accounts(server: &TestServer, load: &Load) {
    for bot in ["paper", "load"] {
        let portfolio = server.portfolio(bot).await;
        assert_eq!(portfolio.invariant, Invariant::Holds, "{portfolio:?}");
    }
    let fills = server.portfolio("load").await.fills;
    let acknowledged = load.acknowledged.len() as u64;
    // The one that was under way when the server died may count or not.
    assert!(
        (acknowledged..=acknowledged + 1).contains(&fills),
        "{fills} of {acknowledged}"
    );
}

fn quick(config: &mut Config) {
    "60".clone_into(&mut config.feed.speed);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_under_load_lose_nothing_and_double_nothing() {
    let mut memory = Memory::default();
    let mut load = Load::default();
    let mut made_again = 0;
    let snapshots = [("PLAINSIGHT_STORE__SNAPSHOT_MS", "700")];
    let mut server = TestServer::program(&snapshots, quick).await;
    // The topics of the bot exist once it has said something.
    server
        .report("load", Load::events(0).as_array().unwrap())
        .await;
    for kill in 0..KILLS {
        let time = Duration::from_millis(u64::from(150 + kill * 379 % 1_500));
        let mut stopped = run_and_kill(server, time, &mut memory, &mut load).await;
        let (snapshot, head) = JournalFile::of_the_dead(&stopped.config.store.data)
            .await
            .reach()
            .await;
        made_again += head - snapshot;
        if kill % 4 == 3 {
            // Also while it is starting.
            stopped = stopped
                .start_and_kill(Duration::from_millis(u64::from(30 + kill * 13)))
                .await;
        }
        server = stopped.start_program().await;
        check_memory(&server, &mut memory).await;
        check_accounts(&server, &load).await;
    }
    let server = server.stop().await.start_program().await;
    check_memory(&server, &mut memory).await;
    let stopped = server.stop().await;

    let mut journal = JournalFile::of_the_dead(&stopped.config.store.data).await;
    for name in LOGS {
        let events = journal.topic(name).await;
        assert!(events.len() >= memory.0[name].len(), "{name}");
    }
    let fills = journal.topic("trades:load").await.len();
    assert!(load.acknowledged.len() > 20 && fills >= load.acknowledged.len());
    assert!(memory.0["trades:paper"].len() > 5 && memory.0["decisions:paper"].len() > 100);
    assert!(made_again > 0, "no start had anything to make again");
    println!(
        "{KILLS} kills: {} publications told, {} requests acknowledged, {made_again} inputs made again",
        memory.count(),
        load.acknowledged.len()
    );
    check_accounts_at_rest(stopped, fills).await;
}

/// With a feed that stands still nothing moves between two answers.
async fn check_accounts_at_rest(mut stopped: Stopped, fills: usize) {
    "0.000001".clone_into(&mut stopped.config.feed.speed);
    let server = stopped.start_program().await;
    check_account(&server, "paper").await;
    check_account(&server, "load").await;
    assert_eq!(server.portfolio("load").await.fills, fills as u64);
    server.stop().await;
}
