//! One writer for many connections. Every connection that has everything is *in step*, in a group
//! with all that follow the same channels: what is published is gathered into one message for the
//! group, finished once, and written to each member directly. A connection that joins, resumes or
//! cannot be written to stands *apart* with a cursor for each topic, is brought up to date from the
//! topics themselves (what memory has no more comes from the journal), and falls into step again.
//! So nothing is queued for anybody: a slow reader costs its cursors and the rest of one write.
//!
//! Without I/O, clock or randomness of its own: times are handed in (since some beginning), bytes
//! go out through [`Wire`]. Not shared between threads: it belongs to the one that writes.

mod catch_up;
mod conn;
mod groups;
mod join;
mod message;
mod round;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::inbox::Inbox;
use super::{Channel, Hub};
use crate::wire::{CloseCode, Encoding, Epoch, ServerFrame, Topic};

pub use crate::wire::frame::LagRule;
pub use conn::{ConnId, Wire, Written};
pub use join::{Follow, Wish};

use conn::{Conn, Following};
use groups::Groups;

/// Limits and intervals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FanoutConfig {
    /// Log publications that wait for a slow reader, bytes: beyond the first limit they are skipped
    /// and told with `lag`, beyond the second the connection is closed.
    pub soft_bytes: u64,
    pub hard_bytes: u64,
    /// A write that moves nothing for so long ends the connection.
    pub stall: Duration,
    /// Between two heartbeats; each connection has its own rhythm within a fifth of it.
    pub ping: Duration,
    /// How long after a heartbeat a word of the client may take.
    pub pong: Duration,
    /// Seed of the heartbeats' rhythms.
    pub seed: u64,
}

impl Default for FanoutConfig {
    fn default() -> Self {
        Self {
            soft_bytes: 256 * 1024,
            hard_bytes: 1024 * 1024,
            stall: Duration::from_secs(10),
            ping: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            seed: 0,
        }
    }
}

/// A channel with what becomes of it when its reader is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Subscription {
    channel: Channel,
    lag: LagRule,
}

/// Why the fan-out has given up a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The transport takes nothing any more.
    Gone,
    /// It was closed with this code.
    Closed(CloseCode),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub conn: ConnId,
    pub end: End,
}

/// Publications of a log that memory has no more, to be read from the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    pub conn: ConnId,
    pub topic: Topic,
    pub epoch: Epoch,
    pub encoding: Encoding,
    pub first: u64,
    pub last: u64,
}

/// The journal could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackfillFailed;

/// What was done since it was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub frames: u64,
    pub bytes: u64,
    pub writes: u64,
    /// Times that publications were skipped for a slow reader.
    pub lags: u64,
    pub slow_closes: u64,
    /// Resumes that memory answered, and those that needed the journal.
    pub resumed: u64,
    pub backfills: u64,
    pub resyncs: u64,
}

#[derive(Debug)]
pub struct Fanout<W> {
    hub: Arc<Hub>,
    inbox: Arc<Inbox>,
    config: FanoutConfig,
    conns: Vec<Option<Conn<W>>>,
    free: Vec<u32>,
    opened: u32,
    groups: Groups,
    /// Channels that are listened to: how many connections follow each, and where those in step stand.
    channels: HashMap<Channel, Followed>,
    /// Connections that want a turn in the next round.
    pending: Vec<ConnId>,
    pings: BTreeSet<(Duration, ConnId)>,
    stalls: BTreeSet<(Duration, ConnId)>,
    limits_checked: Duration,
    blocked: Vec<ConnId>,
    ended: Vec<Ended>,
    backfills: Vec<Backfill>,
    stats: Stats,
    random: u64,
}

#[derive(Debug)]
struct Followed {
    users: usize,
    head: u64,
}

impl<W: Wire> Fanout<W> {
    pub fn new(hub: Arc<Hub>, config: FanoutConfig) -> Self {
        let inbox = hub.inbox();
        Self {
            random: config.seed,
            hub,
            inbox,
            config,
            conns: Vec::new(),
            free: Vec::new(),
            opened: 0,
            groups: Groups::default(),
            channels: HashMap::new(),
            pending: Vec::new(),
            pings: BTreeSet::new(),
            stalls: BTreeSet::new(),
            limits_checked: Duration::ZERO,
            blocked: Vec::new(),
            ended: Vec::new(),
            backfills: Vec::new(),
            stats: Stats::default(),
        }
    }

    /// Where publications arrive: to be waited for.
    pub fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    /// Takes a connection in. It follows nothing yet.
    pub fn open(&mut self, wire: W, encoding: Encoding, now: Duration) -> ConnId {
        self.opened = self.opened.wrapping_add(1);
        let generation = self.opened;
        let conn = Conn {
            generation,
            wire,
            encoding,
            unpacks: false,
            following: Following::Apart(Vec::new()),
            every_market: None,
            control: Vec::new(),
            replies: Vec::new(),
            rest: Bytes::new(),
            stalled: None,
            heard: now,
            ping_at: now,
            is_pending: false,
            is_over: false,
        };
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.conns.push(None);
                // A process has far fewer file descriptors than this counts.
                (self.conns.len() - 1) as u32
            }
        };
        self.conns[slot as usize] = Some(conn);
        ConnId { slot, generation }
    }

    /// The client has said hello, and whether it can unpack what is packed: from now on its heart
    /// beats.
    pub fn greet(&mut self, id: ConnId, unpacks: bool, now: Duration) {
        let ping_at = now + self.jittered(self.config.ping);
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        conn.unpacks = unpacks;
        let before = std::mem::replace(&mut conn.ping_at, ping_at);
        self.pings.remove(&(before, id));
        self.pings.insert((ping_at, id));
    }

    /// Lets go of a connection.
    pub fn close(&mut self, id: ConnId) {
        let topics = self.step_apart(id);
        for subscription in topics {
            self.unuse(subscription.channel);
        }
        let Some(conn) = self.conn(id) else { return };
        let (ping_at, stalled) = (conn.ping_at, conn.stalled);
        self.pings.remove(&(ping_at, id));
        if let Some(since) = stalled {
            self.stalls.remove(&(since, id));
        }
        self.conns[id.slot as usize] = None;
        self.free.push(id.slot);
    }

    /// The client said something: it is there.
    pub fn heard(&mut self, id: ConnId, now: Duration) {
        if let Some(conn) = self.conn_mut(id) {
            conn.heard = now;
        }
    }

    /// Answers a client. Written by [`Fanout::flush`], or with what follows in the next round.
    pub fn reply(&mut self, id: ConnId, frame: &ServerFrame) {
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        match conn.encoding.server::<Bytes>(frame) {
            Ok(bytes) => conn.replies.push(bytes),
            Err(error) => tracing::error!(%error, "a frame could not be written"),
        }
    }

    /// Finished bytes of the transport, as a pong.
    pub fn control(&mut self, id: ConnId, bytes: Bytes) {
        if let Some(conn) = self.conn_mut(id) {
            conn.control.push(bytes);
        }
    }

    /// Says why and ends the connection, after what was answered before. Whether it arrives is not
    /// waited for.
    pub fn end(&mut self, id: ConnId, code: u16, reason: &str, now: Duration) {
        self.write_answers(id, now);
        if let Some(conn) = self.conn_mut(id)
            && !conn.is_over
        {
            conn.is_over = true;
            if conn.rest.is_empty() {
                let _ = conn.wire.write(&message::close(code, reason));
            }
        }
    }

    /// Connections that could not take all: [`Fanout::writable`] is to be called when they can.
    pub fn take_blocked(&mut self) -> Vec<ConnId> {
        std::mem::take(&mut self.blocked)
    }

    /// Connections that are over for a reason of the fan-out's own. Each is still to be closed.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// What is to be read from the journal; answered by [`Fanout::backfilled`].
    pub fn take_backfills(&mut self) -> Vec<Backfill> {
        std::mem::take(&mut self.backfills)
    }

    pub fn take_stats(&mut self) -> Stats {
        std::mem::take(&mut self.stats)
    }

    /// Whether a round has something to do besides publications.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    fn conn(&self, id: ConnId) -> Option<&Conn<W>> {
        let conn = self.conns.get(id.slot as usize)?.as_ref()?;
        (conn.generation == id.generation).then_some(conn)
    }

    fn conn_mut(&mut self, id: ConnId) -> Option<&mut Conn<W>> {
        find(&mut self.conns, id)
    }

    fn want_turn(&mut self, id: ConnId) {
        if let Some(conn) = self.conn_mut(id)
            && !conn.is_pending
        {
            conn.is_pending = true;
            self.pending.push(id);
        }
    }

    /// The connection is over.
    fn give_up(&mut self, id: ConnId, end: End) {
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        if conn.is_over {
            return;
        }
        conn.is_over = true;
        if let End::Closed(code) = end
            && conn.rest.is_empty()
        {
            let _ = conn.wire.write(&message::close_with(code));
        }
        if end == End::Closed(CloseCode::TooSlow) {
            self.stats.slow_closes += 1;
        }
        self.ended.push(Ended { conn: id, end });
    }

    /// Something within a fifth of `interval`, each time another (xorshift, Marsaglia 2003).
    fn jittered(&mut self, interval: Duration) -> Duration {
        let mut x = self.random ^ 0x9e37_79b9_7f4a_7c15;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random = x;
        let part = (x >> 40) as f64 / f64::from(1u32 << 24);
        interval.mul_f64(0.8 + 0.4 * part)
    }
}

/// The connection with this id, unless another one has its place by now.
fn find<W>(conns: &mut [Option<Conn<W>>], id: ConnId) -> Option<&mut Conn<W>> {
    let conn = conns.get_mut(id.slot as usize)?.as_mut()?;
    (conn.generation == id.generation).then_some(conn)
}

impl<W> Drop for Fanout<W> {
    fn drop(&mut self) {
        self.hub.forget(&self.inbox);
    }
}
