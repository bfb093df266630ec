//! A stand-in for Binance on this machine: speaks its protocol, plays a recorded market, and does
//! on cue everything that the real one may do wrong.
//!
//! The market goes on like a real one: what a connection does not hear is lost to it. REST answers
//! are as of what was played, whether anybody heard it or not.

mod rest;
mod socket;
mod tape;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use parking_lot::Mutex;
use plainsight::feed::BinanceConfig;
use tokio::sync::{Notify, mpsc};

use self::tape::Exchange;
pub use self::tape::{Line, Tape};

/// What goes wrong when a line's turn comes.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The line is sent to nobody.
    Lose,
    /// It is sent twice.
    Duplicate,
    /// It is sent after the next one of its stream.
    Swap,
    /// Something that nobody can read is sent first.
    Malformed(String),
    /// Every connection is cut without a word; this line and so many after it are lost, then the
    /// market waits for somebody to listen.
    Cut { lose: usize },
    /// As at 24 hours: closed with a close frame, and the market waits for nobody.
    Close,
    /// The shutdown event; the connections that heard it are closed so much later.
    Shutdown(Duration),
    /// The connections that are open stay open and hear nothing more.
    Mute,
}

/// How the stand-in is to behave.
#[derive(Debug, Clone)]
pub struct Script {
    /// Market seconds a second; `None` is as fast as the listeners read.
    pub speed: Option<f64>,
    pub faults: BTreeMap<usize, Fault>,
    pub ping_every: Duration,
    /// So many subscriptions are refused.
    pub refusals: u32,
    /// So many requests for a snapshot are answered with 429.
    pub limited: u32,
    /// Whether it has `/api/v3/historicalTrades`.
    pub has_history: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            speed: None,
            faults: BTreeMap::new(),
            ping_every: Duration::from_millis(50),
            refusals: 0,
            limited: 0,
            has_history: true,
        }
    }
}

/// What was noticed of those who connected.
#[derive(Debug, Default, Clone)]
pub struct Noticed {
    pub connections: u32,
    /// When each request came that a connection sent.
    pub requests: Vec<(u32, Instant)>,
    pub pings: u32,
    /// Pongs with the payload of a ping.
    pub pongs: u32,
    /// REST requests by path.
    pub asked: BTreeMap<&'static str, u32>,
}

/// What is sent to a connection.
#[derive(Debug)]
enum Order {
    Text(String),
    Close,
    Cut,
}

/// One that listens.
struct Listener {
    streams: BTreeSet<String>,
    /// Whether data comes in the combined form.
    combined: bool,
    orders: mpsc::Sender<Order>,
    muted: bool,
}

struct State {
    script: Script,
    exchange: Exchange,
    listeners: BTreeMap<u32, Listener>,
    noticed: Noticed,
}

type Shared = Arc<(Mutex<State>, Notify)>;

pub struct StandIn {
    pub addr: SocketAddr,
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
    player: tokio::task::JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.player.abort();
        self.server.abort();
    }
}

impl StandIn {
    /// Listens, and plays the tape from when somebody has subscribed to all of its streams.
    pub async fn start(tape: Tape, script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let addr = listener.local_addr().unwrap();
        let state = State {
            script: script.clone(),
            exchange: Exchange::new(&tape),
            listeners: BTreeMap::new(),
            noticed: Noticed::default(),
        };
        let shared: Shared = Arc::new((Mutex::new(state), Notify::new()));
        let router = Router::new()
            .route("/stream", get(socket::combined))
            .route("/ws", get(socket::raw))
            .route("/api/v3/depth", get(rest::depth))
            .route("/api/v3/exchangeInfo", get(rest::exchange_info))
            .route("/api/v3/klines", get(rest::klines))
            .route("/api/v3/historicalTrades", get(rest::historical_trades))
            .route("/api/v3/trades", get(rest::recent_trades))
            .route("/api/v3/aggTrades", get(rest::agg_trades))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let player = tokio::spawn(play(tape, script, Arc::clone(&shared)));
        Self {
            addr,
            shared,
            server,
            player,
        }
    }

    /// A configuration that finds it, and waits for nothing longer than a test should.
    pub fn config(&self) -> BinanceConfig {
        BinanceConfig {
            ws_url: format!("ws://{}", self.addr),
            rest_url: format!("http://{}", self.addr),
            backoff_ms: 20,
            backoff_cap_ms: 200,
            connect_every_ms: 10,
            overlap_ms: 300,
            ..BinanceConfig::default()
        }
    }

    pub fn noticed(&self) -> Noticed {
        self.shared.0.lock().noticed.clone()
    }
}

/// Waits until somebody listens to every stream of the tape.
async fn somebody(shared: &Shared, streams: &BTreeSet<String>) {
    loop {
        let changed = shared.1.notified();
        let heard = {
            let state = shared.0.lock();
            let mut listeners = state.listeners.values();
            listeners.any(|listener| !listener.muted && listener.streams.is_superset(streams))
        };
        if heard {
            return;
        }
        let _ = tokio::time::timeout(Duration::from_millis(20), changed).await;
    }
}

async fn play(tape: Tape, script: Script, shared: Shared) {
    let streams = tape.streams();
    somebody(&shared, &streams).await;
    let mut origin: Option<(u64, Instant)> = None;
    let mut lose = 0_usize;
    let mut swapped: VecDeque<(String, Line)> = VecDeque::new();
    for (index, line) in tape.lines.iter().enumerate() {
        if let Some(speed) = script.speed {
            let (first, start) = *origin.get_or_insert((line.at_ns, Instant::now()));
            let after = line.at_ns.saturating_sub(first) as f64 / 1e9 / speed;
            tokio::time::sleep_until((start + Duration::from_secs_f64(after)).into()).await;
        }
        shared.0.lock().exchange.happen(line);
        let fault = script.faults.get(&index);
        if lose > 0 {
            lose -= 1;
            if lose == 0 {
                somebody(&shared, &streams).await;
            }
            continue;
        }
        match fault {
            None => send(&shared, line).await,
            Some(Fault::Lose) => {}
            Some(Fault::Duplicate) => {
                send(&shared, line).await;
                send(&shared, line).await;
            }
            Some(Fault::Swap) => {
                swapped.push_back((line.stream.clone(), line.clone()));
                continue;
            }
            Some(Fault::Malformed(text)) => {
                order_all(&shared, || Order::Text(text.clone())).await;
                send(&shared, line).await;
            }
            Some(Fault::Cut { lose: lines }) => {
                order_all(&shared, || Order::Cut).await;
                forget(&shared);
                lose = lines.saturating_sub(1);
                if lose == 0 {
                    somebody(&shared, &streams).await;
                }
            }
            Some(Fault::Close) => {
                order_all(&shared, || Order::Close).await;
                forget(&shared);
                somebody(&shared, &streams).await;
                send(&shared, line).await;
            }
            Some(Fault::Shutdown(after)) => {
                let numbers: Vec<_> = shared.0.lock().listeners.keys().copied().collect();
                let event = r#"{"e":"serverShutdown","E":1723161255208}"#;
                order_all(&shared, || Order::Text(event.to_owned())).await;
                let (later, after) = (Arc::clone(&shared), *after);
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    for number in numbers {
                        let gone = later.0.lock().listeners.remove(&number);
                        if let Some(listener) = gone {
                            let _ = listener.orders.send(Order::Close).await;
                        }
                    }
                });
                send(&shared, line).await;
            }
            Some(Fault::Mute) => {
                for listener in shared.0.lock().listeners.values_mut() {
                    listener.muted = true;
                }
                somebody(&shared, &streams).await;
            }
        }
        if let Some(place) = swapped
            .iter()
            .position(|(stream, _)| *stream == line.stream)
            && let Some((_, earlier)) = swapped.remove(place)
        {
            send(&shared, &earlier).await;
        }
    }
}

fn forget(shared: &Shared) {
    shared.0.lock().listeners.clear();
}

/// Sends a line to those who asked for its stream; waits for slow ones.
async fn send(shared: &Shared, line: &Line) {
    let wanted: Vec<_> = {
        let state = shared.0.lock();
        let listening =
            |listener: &&Listener| !listener.muted && listener.streams.contains(&line.stream);
        let listeners = state.listeners.values().filter(listening);
        listeners
            .map(|listener| (listener.orders.clone(), listener.combined))
            .collect()
    };
    for (orders, combined) in wanted {
        let text = if combined {
            format!(r#"{{"stream":"{}","data":{}}}"#, line.stream, line.data)
        } else {
            line.data.clone()
        };
        // Whoever is gone does not hear it.
        let _ = orders.send(Order::Text(text)).await;
    }
}

async fn order_all(shared: &Shared, order: impl Fn() -> Order) {
    let all: Vec<_> = {
        let state = shared.0.lock();
        state
            .listeners
            .values()
            .map(|listener| listener.orders.clone())
            .collect()
    };
    for orders in all {
        let _ = orders.send(order()).await;
    }
}
