//! What sockets need of the server behind them. The server itself is one host; the load tool runs
//! the same sockets over a hub of its own.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::auth::{Actor, Authority, Denied, Principal};
use crate::domain::Rejection;
use crate::hub::{Backfill, BackfillFailed, FanoutConfig, Hub};
use crate::server::clock::wall_time;
use crate::server::commands::{Done, Outcome, carry_out};
use crate::server::config::ServerConfig;
use crate::server::limits::Limits;
use crate::server::monitor::Counters;
use crate::server::state::AppState;
use crate::store::Range;
use crate::wire::frame::{Ask, Reply};
use crate::wire::{Content, Push, Stream, publication};

/// A command that was refused.
pub struct Refused {
    pub rejection: Rejection,
    /// Trying again later may help.
    pub temporary: bool,
}

pub trait Host: Send + Sync + 'static {
    fn hub(&self) -> Arc<Hub>;
    fn config(&self) -> &ServerConfig;
    fn counters(&self) -> &Counters;
    fn limits(&self) -> &Limits;
    /// How often a conflated stream is published, at most.
    fn rate_hz(&self, stream: Stream) -> Option<f64>;
    /// Cancelled when sockets are to end.
    fn shutdown(&self) -> CancellationToken;
    /// A connection came.
    fn came(&self);
    fn left(&self);
    /// A thread of ours has panicked.
    fn panicked(&self, task: &str);
    /// Who a token speaks for.
    fn check(&self, token: &str) -> Result<Principal, Denied>;
    /// Whether what a connection came with still holds, and what it allows now.
    fn still_holds(&self, authority: &Authority) -> Result<Principal, Denied>;
    /// Has a command carried out for somebody.
    fn command(&self, ask: Ask, by: Actor) -> BoxFuture<'_, Result<Reply, Refused>>;
    /// Reads publications of a log that memory has no more, as frames by their offsets.
    fn past(&self, wanted: Backfill) -> BoxFuture<'_, Result<Vec<(u64, Bytes)>, BackfillFailed>>;
}

/// The limits of a fan-out as they are configured.
pub fn fanout_config(config: &ServerConfig, seed: u64) -> FanoutConfig {
    let millis = |ms: u32| std::time::Duration::from_millis(ms.into());
    FanoutConfig {
        soft_bytes: config.lag_bytes as u64,
        hard_bytes: config.max_queue_bytes as u64,
        stall: millis(config.write_timeout_ms),
        ping: millis(config.ping_ms.max(100)),
        pong: millis(config.pong_timeout_ms),
        seed,
    }
}

impl Host for AppState {
    fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }

    fn config(&self) -> &ServerConfig {
        &self.config.server
    }

    fn counters(&self) -> &Counters {
        &self.monitor.counters
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn rate_hz(&self, stream: Stream) -> Option<f64> {
        let rate = self.config.streams.rate(stream)?;
        Some(1_000.0 / f64::from(rate.cadence_ms.max(1)))
    }

    fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    fn came(&self) {
        self.monitor.client_came();
    }

    fn left(&self) {
        self.monitor.client_left();
    }

    fn panicked(&self, task: &str) {
        self.monitor.task_panicked(task);
    }

    fn check(&self, token: &str) -> Result<Principal, Denied> {
        self.accounts.check(token, wall_time())
    }

    fn still_holds(&self, authority: &Authority) -> Result<Principal, Denied> {
        self.accounts.still_holds(authority, wall_time())
    }

    fn command(&self, ask: Ask, by: Actor) -> BoxFuture<'_, Result<Reply, Refused>> {
        Box::pin(async move {
            match carry_out(self, &by, ask.bot, ask.command).await {
                Ok(outcome) => Ok(reply(ask.id, &outcome)),
                Err(error) => Err(Refused {
                    rejection: Rejection {
                        code: error.code().to_owned(),
                        field: error.field(),
                        message: error.detail(),
                    },
                    temporary: error.is_temporary(),
                }),
            }
        })
    }

    fn past(&self, wanted: Backfill) -> BoxFuture<'_, Result<Vec<(u64, Bytes)>, BackfillFailed>> {
        Box::pin(async move {
            let range = Range {
                first: wanted.first,
                last: wanted.last,
            };
            let logged = self.reader.range(&wanted.topic, range).await;
            let logged = logged.map_err(|error| {
                tracing::error!(%error, topic = %wanted.topic, "the journal could not be read for a resume");
                BackfillFailed
            })?;
            let now = wall_time();
            let frames = logged.into_iter().filter_map(|logged| {
                let (topic, data) = publication(&logged.record)?;
                let offset = logged.place.offset;
                let push = Push {
                    topic,
                    epoch: wanted.epoch,
                    first: offset,
                    last: offset,
                    seq: logged.record.seq,
                    t_source: Some(logged.record.time),
                    t_received: logged.received,
                    t_published: now,
                    data: Content::Event(data),
                };
                Some((offset, wanted.encoding.push(&push).ok()?))
            });
            Ok(frames.collect())
        })
    }
}

/// What a client is answered that gave a command.
fn reply(id: u64, outcome: &Outcome) -> Reply {
    let mut reply = Reply {
        id,
        seq: Some(outcome.seq),
        duplicate: outcome.duplicate,
        ..Reply::default()
    };
    match &outcome.done {
        Done::Order(order) => reply.order = Some(order.id.clone()),
        Done::Orders(_) => {}
        Done::Trading(changed) => reply.trading = Some(changed.state),
    }
    if !matches!(outcome.done, Done::Order(_)) {
        let orders = outcome.done.orders().into_iter();
        reply.orders = orders.map(|order| order.id.clone()).collect();
    }
    reply
}
