//! Clients of the dialects that read too slowly or not at all: they are closed, as on the native socket, and
//! who reads is told everything meanwhile.

use std::ops::Range;
use std::time::Instant;

use futures::future::join_all;
use plainsight::server::config::Config;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::namespace::Namespace;
use super::{Plain, plain_paths};
use crate::client::LOST;
use crate::harness::{PATIENCE, TestServer, until};

/// Fills that are reported at once: no more than may wait for one client of any dialect.
const ROUND: usize = 500;

/// Shows the figures of a bot that reports, which has money.
async fn reporting(change: impl FnOnce(&mut Config)) -> TestServer {
    let server = TestServer::still(|config| {
        config.dialects.bot = "mine".parse().unwrap();
        change(config);
    })
    .await;
    let deposit = json!({"type": "deposit", "id": "d1", "amount": "1000000"});
    server.report("mine", &[deposit]).await;
    server
}

/// Reports fills with these numbers at once.
async fn trade(server: &TestServer, numbers: Range<usize>) {
    let fills: Vec<_> = numbers
        .map(|n| {
            let side = if n % 2 == 0 { "buy" } else { "sell" };
            json!({"type": "fill", "id": format!("f{n}"), "symbol": "BTCUSDT", "side": side,
                   "quantity": "0.1", "price": "42000.5", "fee": "0"})
        })
        .collect();
    server.report("mine", &fills).await;
}

/// The id of the fill that a frame tells of.
fn traded(frame: &Value) -> Option<&str> {
    let name = frame["type"].as_str().or(frame["event"].as_str());
    match name? {
        "trade_update" => frame["data"]["id"].as_str(),
        "trade_executed" => frame["data"]["trade_id"].as_str(),
        _ => None,
    }
}

/// Clients that read all that they are told.
struct Readers {
    plain: Vec<Plain>,
    namespace: Namespace,
}

impl Readers {
    async fn open(server: &TestServer) -> Self {
        let mut namespace = Namespace::open(server).await;
        namespace.subscribe(&["trade_feed"]).await;
        let updates = Plain::updates(server, &["trades"]).await;
        let agent = Plain::open(server, "/api/v1/bot/ws").await;
        Self {
            plain: vec![updates, agent],
            namespace,
        }
    }

    fn len(&self) -> u64 {
        self.plain.len() as u64 + 1
    }

    /// Each of them is told of each of these fills, in order.
    async fn hear(&mut self, numbers: Range<usize>) {
        let Self { plain, namespace } = self;
        let plain = plain.iter_mut().map(async |reader| {
            for n in numbers.clone() {
                let what = format!("f{n}");
                let frame = reader.find(&what, |frame| traded(frame).is_some()).await;
                assert_eq!(traded(&frame), Some(what.as_str()));
            }
        });
        let namespace = async {
            for n in numbers.clone() {
                let trade = namespace.find("trade_feed", |_| true).await;
                assert_eq!(trade["id"], format!("trade-f{n}"));
            }
        };
        tokio::join!(join_all(plain), namespace);
    }

    /// Reports and reads until nobody else is there any more.
    async fn outlast(&mut self, server: &TestServer) {
        let deadline = Instant::now() + PATIENCE;
        for round in 0.. {
            let numbers = round * ROUND..(round + 1) * ROUND;
            tokio::join!(trade(server, numbers.clone()), self.hear(numbers));
            if server.health().await.clients == self.len() {
                return;
            }
            assert!(Instant::now() < deadline, "who reads nothing stays");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_is_closed_and_who_reads_misses_nothing() {
    let server = reporting(|config| config.server.write_timeout_ms = 400).await;
    let mut readers = Readers::open(&server).await;
    let mut updates = Plain::open_narrow(&server, "/ws").await;
    updates
        .say(&json!({"type": "subscribe", "data": {"channels": ["trades"]}}))
        .await;
    let agent = Plain::open_narrow(&server, "/api/v1/bot/ws").await;
    readers.outlast(&server).await;
    for mut narrow in [updates, agent] {
        let end = narrow.closed().await;
        assert!([4008, LOST].contains(&end), "{end}");
    }
}

/// A client that has not been told something is not left in the belief that nothing happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_io_client_that_reads_nothing_is_cut_off() {
    let server = reporting(|config| config.server.write_timeout_ms = 1_000).await;
    let mut readers = Readers::open(&server).await;
    let mut narrow = Namespace::open_narrow(&server).await;
    narrow.subscribe(&["trade_feed"]).await;
    readers.outlast(&server).await;
    narrow.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_answers_is_left() {
    let server = TestServer::still(|config| {
        config.server.ping_ms = 1_000;
        config.server.pong_timeout_ms = 1_000;
    })
    .await;
    // A client that reads answers pings by itself; these do not read.
    let mut silent = Vec::new();
    for path in plain_paths() {
        silent.push((path, Plain::open_narrow(&server, path).await));
    }
    let mut reads = Plain::open(&server, "/ws").await;
    let leaving = async {
        until("they are left", async || {
            (server.health().await.clients == 1).then_some(())
        })
        .await;
        for (path, mut socket) in silent {
            // Read as bytes: a client that reads messages would answer the pings now.
            let mut bytes = Vec::new();
            let read = socket.0.get_mut().read_to_end(&mut bytes);
            // The end may be a reset.
            let _ = timeout(PATIENCE, read).await.expect(path);
            let close = [&4012_u16.to_be_bytes()[..], b"no pong"].concat();
            let told = String::from_utf8_lossy(&bytes);
            assert!(bytes.ends_with(&close), "{path}: {told}");
        }
    };
    tokio::select! {
        code = reads.closed() => panic!("who reads was closed with {code}"),
        () = leaving => {}
    }
    reads.say(&json!({"type": "ping"})).await;
    reads.find("a pong", |frame| frame["type"] == "pong").await;
}
