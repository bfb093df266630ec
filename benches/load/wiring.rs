//! Where the synthetic topic meets the hub: the real hub, socket threads and handshake, over a host
//! that has no engine and no journal.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Extension, Request};
use axum::response::IntoResponse as _;
use axum::routing::get;
use bytes::Bytes;
use futures::future::BoxFuture;
use plainsight::auth::{Actor, Authority, Denied, Principal};
use plainsight::domain::Role;
use plainsight::domain::{Rejection, Seq};
use plainsight::hub::{Backfill, BackfillFailed, Hub, Item, Publisher as HubPublisher};
use plainsight::server::caller::Caller;
use plainsight::server::clock::wall_time;
use plainsight::server::config::{LimitsConfig, ServerConfig};
use plainsight::server::error::AppError;
use plainsight::server::limits::{ConnectionPlace, Limits};
use plainsight::server::listen::Door;
use plainsight::server::monitor::Counters;
use plainsight::server::network::Client;
use plainsight::server::origin::Sender;
use plainsight::server::serve::listen;
use plainsight::server::socket;
use plainsight::server::socket::host::{Host, Refused};
use plainsight::server::socket::shards::Sockets;
use plainsight::wire::frame::{Ask, Reply};
use plainsight::wire::{Content, Epoch, Payload, Stream, Topic};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::Failure;
use crate::pacer::Publish;

/// Gives the paced messages to the hub: all that are due at one moment together, as a batch of the
/// engine.
pub struct Publisher {
    publisher: HubPublisher,
    due: Vec<Item>,
}

impl Publish for Publisher {
    fn publish(&mut self, offset: u64, data: &str) {
        self.due.push(Item {
            topic: Topic::Bench,
            offset: Some(offset),
            seq: Seq(offset),
            t_source: None,
            t_received: wall_time(),
            data: Content::Event(Payload::Bench(data.to_owned())),
        });
    }

    fn flush(&mut self) {
        let due = std::mem::take(&mut self.due);
        if let Some(seq) = due.last().map(|item| item.seq) {
            self.publisher.publish(due, seq, wall_time());
        }
    }
}

/// A host of sockets and nothing else.
struct Bare {
    hub: Arc<Hub>,
    config: ServerConfig,
    counters: Counters,
    limits: Arc<Limits>,
    clients: AtomicU64,
    store_queries: AtomicU64,
}

impl Host for Bare {
    fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }

    fn config(&self) -> &ServerConfig {
        &self.config
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn rate_hz(&self, _: Stream) -> Option<f64> {
        None
    }

    fn shutdown(&self) -> CancellationToken {
        CancellationToken::new()
    }

    fn came(&self) {
        self.clients.fetch_add(1, Ordering::Relaxed);
    }

    fn left(&self) {
        self.clients.fetch_sub(1, Ordering::Relaxed);
    }

    fn panicked(&self, task: &str) {
        eprintln!("plainsight-load: {task} has panicked");
    }

    fn check(&self, _: &str) -> Result<Principal, Denied> {
        Err(Denied::Unknown)
    }

    fn still_holds(&self, _: &Authority) -> Result<Principal, Denied> {
        Ok(Principal::anonymous(Role::Viewer))
    }

    fn command(&self, _: Ask, _: Actor) -> BoxFuture<'_, Result<Reply, Refused>> {
        Box::pin(async {
            Err(Refused {
                rejection: Rejection::new("not_supported", "there is no engine here"),
                temporary: false,
            })
        })
    }

    fn past(&self, _: Backfill) -> BoxFuture<'_, Result<Vec<(u64, Bytes)>, BackfillFailed>> {
        self.store_queries.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// The server that was started.
pub struct Serving(Arc<Bare>);

impl Serving {
    /// What the server counted, for the line at its end: `store_queries` says how often the journal
    /// was asked.
    pub fn figures(&self) -> Value {
        let counted = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.0.counters;
        json!({
            "store_queries": counted(&self.0.store_queries),
            "frames_out": counted(&counters.frames_out),
            "writes": counted(&counters.writes),
            "lags": counted(&counters.lags),
            "slow_closes": counted(&counters.slow_closes),
            "resumed": counted(&counters.resumed),
            "resyncs": counted(&counters.resyncs),
        })
    }
}

/// Starts hub and socket on `port`.
///
/// # Errors
/// The port cannot be had, or there is no thread.
pub async fn start(port: u16) -> Result<(Publisher, Serving), Failure> {
    let hub = Arc::new(Hub::default());
    let mut publisher = HubPublisher::new(Arc::clone(&hub));
    publisher.create(&Topic::Bench, Epoch(rand::random()), 0);
    // Everybody comes from this machine here.
    let limits = Arc::new(Limits::new(LimitsConfig::roomy(), usize::MAX));
    let bare = Arc::new(Bare {
        hub,
        config: ServerConfig::default(),
        counters: Counters::default(),
        limits: Arc::clone(&limits),
        clients: AtomicU64::new(0),
        store_queries: AtomicU64::new(0),
    });
    let host: Arc<dyn Host> = bare.clone();
    let (sockets, threads) = Sockets::open(0);
    threads.start(&host).map_err(Failure::io("threads"))?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let listener = listen(address).map_err(|error| Failure::Told(error.to_string()))?;
    let among = Arc::clone(&limits);
    let upgrade = move |Extension(client): Extension<Client>,
                        Extension(connection): Extension<Arc<ConnectionPlace>>,
                        request: Request| async move {
        match among.socket(&client, None, connection) {
            Ok(place) => {
                let caller = Caller {
                    principal: Ok(Some(Principal::anonymous(Role::Viewer))),
                    client,
                    sender: Sender::Program,
                    agent: String::new(),
                };
                socket::open(&sockets, caller, place, request)
            }
            Err(refusal) => AppError::from(refusal).into_response(),
        }
    };
    let door = Door {
        listener,
        router: Router::new().route("/v1/ws", get(upgrade)),
        limits,
        tls: None,
    };
    tokio::spawn(door.serve(CancellationToken::new()));
    let publisher = Publisher {
        publisher,
        due: Vec::new(),
    };
    Ok((publisher, Serving(bare)))
}
