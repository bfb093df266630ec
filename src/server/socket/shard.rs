//! One thread's connections. The thread has a runtime of its own: connections are read by tasks of
//! their own and written by its one [`Fanout`], so that nothing of a connection is shared between
//! threads and a publication wakes a thread, not its connections.
//!
//! When a round of writing took a while, the next one waits as long, but not more than
//! [`GATHER`]: under load what is published meanwhile goes out in one write for each connection, and
//! an idle server waits for nothing. Alerts do not wait.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::host::{Host, fanout_config};
use super::session::{self, Session};
use super::shards::Passed;
use crate::hub::{ConnId, End, Fanout, Stats, Wire, Written};
use crate::server::access::Need;
use crate::server::caller::Caller;
use crate::server::clock::wall_time;
use crate::server::limits::SocketPlace;
use crate::server::monitor::Counters;
use crate::wire::CloseCode;

/// The longest that publications wait to be gathered.
const GATHER: Duration = Duration::from_millis(10);
/// How often slower readers are looked after.
const RELEASE: Duration = Duration::from_millis(25);
/// How often it is looked whether connections may stay.
const LOOK: Duration = Duration::from_secs(1);
/// How long a connection that was told to go may take to do so.
const FAREWELL: Duration = Duration::from_secs(1);
/// What the system may keep of what a client has not read, bytes: a reader that has stopped is
/// noticed by what it was not sent.
pub(super) const SEND_BUFFER: usize = 128 * 1024;

/// The writing half of a connection.
pub(super) struct Line(Rc<TcpStream>);

impl Wire for Line {
    fn write(&mut self, bytes: &[u8]) -> Written {
        // The runtime lets nobody write before it has seen an event of a new connection; the system
        // knows better. Where it says no, the runtime is asked as well, so that it waits for the next.
        let sent = socket2::SockRef::from(&*self.0).send(bytes);
        let sent = match sent {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => self.0.try_write(bytes),
            sent => sent,
        };
        match sent {
            Ok(0) => Written::Gone,
            Ok(count) => Written::Bytes(count),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Written::Blocked,
            Err(_) => Written::Gone,
        }
    }
}

/// What is known here of an open connection.
struct Open {
    stream: Rc<TcpStream>,
    place: Arc<SocketPlace>,
    /// Who it is, as of the last look.
    caller: Rc<RefCell<Caller>>,
}

/// One thread's connections.
pub(super) struct Shard {
    pub(super) host: Arc<dyn Host>,
    fanout: RefCell<Fanout<Line>>,
    streams: RefCell<HashMap<ConnId, Open>>,
    began: Instant,
    /// Connections want a turn, or something is due earlier than before.
    wake: Notify,
}

/// Lets go of a connection however its session ends.
struct Leaving {
    shard: Rc<Shard>,
    id: ConnId,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.shard.streams.borrow_mut().remove(&self.id);
        self.shard.with(|fanout, _| fanout.close(self.id));
        self.shard.host.left();
    }
}

impl Shard {
    pub(super) fn new(host: Arc<dyn Host>) -> Self {
        let config = fanout_config(host.config(), rand::random());
        Self {
            fanout: RefCell::new(Fanout::new(host.hub(), config)),
            streams: RefCell::default(),
            host,
            began: Instant::now(),
            wake: Notify::new(),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Works on the fan-out, and does what follows from it.
    pub(super) fn with<T>(
        self: &Rc<Self>,
        work: impl FnOnce(&mut Fanout<Line>, Duration) -> T,
    ) -> T {
        let done = work(&mut self.fanout.borrow_mut(), self.now());
        self.follow_up();
        done
    }

    /// Does what the fan-out has asked for. Apart from [`Shard::with`], which exists once for each
    /// kind of work.
    fn follow_up(self: &Rc<Self>) {
        let mut fanout = self.fanout.borrow_mut();
        let blocked = fanout.take_blocked();
        let ended = fanout.take_ended();
        let backfills = fanout.take_backfills();
        let stats = fanout.take_stats();
        let is_pending = fanout.is_pending();
        drop(fanout);
        for id in blocked {
            self.await_writable(id);
        }
        for ended in ended {
            if ended.end == End::Closed(CloseCode::TooSlow) {
                self.strike(ended.conn);
            }
            self.hang_up(ended.conn);
        }
        for wanted in backfills {
            let shard = Rc::clone(self);
            tokio::task::spawn_local(async move {
                let (conn, topic) = (wanted.conn, wanted.topic.clone());
                let read = shard.host.past(wanted).await;
                shard.with(|fanout, _| fanout.backfilled(conn, &topic, read));
            });
        }
        self.count(stats);
        if is_pending {
            self.wake.notify_one();
        }
    }

    fn count(&self, stats: Stats) {
        let counters = self.host.counters();
        for (counter, by) in [
            (&counters.frames_out, stats.frames),
            (&counters.bytes_out, stats.bytes),
            (&counters.writes, stats.writes),
            (&counters.lags, stats.lags),
            (&counters.slow_closes, stats.slow_closes),
            (&counters.resumed, stats.resumed),
            (&counters.backfills, stats.backfills),
            (&counters.resyncs, stats.resyncs),
        ] {
            if by > 0 {
                Counters::add(counter, by);
            }
        }
    }

    /// The connection is closed for not reading.
    fn strike(&self, id: ConnId) {
        if let Some(open) = self.streams.borrow().get(&id) {
            open.place.strike();
        }
    }

    fn stream(&self, id: ConnId) -> Option<Rc<TcpStream>> {
        let streams = self.streams.borrow();
        streams.get(&id).map(|open| Rc::clone(&open.stream))
    }

    fn await_writable(self: &Rc<Self>, id: ConnId) {
        let Some(stream) = self.stream(id) else {
            return;
        };
        let shard = Rc::clone(self);
        tokio::task::spawn_local(async move {
            if stream.writable().await.is_ok() {
                shard.with(|fanout, now| fanout.writable(id, now));
            }
            // Something may be due earlier now.
            shard.wake.notify_one();
        });
        self.wake.notify_one();
    }

    /// Nothing more is written to the connection: whoever reads from it sees its end, at the latest
    /// after a while.
    pub(super) fn hang_up(self: &Rc<Self>, id: ConnId) {
        let Some(stream) = self.stream(id) else {
            return;
        };
        let _ = socket2::SockRef::from(&*stream).shutdown(std::net::Shutdown::Write);
        tokio::task::spawn_local(async move {
            tokio::time::sleep(FAREWELL).await;
            let _ = socket2::SockRef::from(&*stream).shutdown(std::net::Shutdown::Both);
        });
    }

    pub(super) async fn run(self: Rc<Self>, mut arrivals: mpsc::UnboundedReceiver<Passed>) {
        let inbox = self.fanout.borrow().inbox();
        let shutdown = self.host.shutdown();
        let mut release = tokio::time::interval(RELEASE);
        release.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut rests_until = Duration::ZERO;
        loop {
            let now = self.now();
            let due = self.fanout.borrow().next_due();
            let due = due.map_or(FAREWELL, |due| due.saturating_sub(now));
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(passed) = arrivals.recv() => {
                    self.take(passed);
                    continue;
                }
                () = inbox.wait() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(due) => {
                    self.with(|fanout, now| fanout.tick(now, wall_time()));
                }
                _ = look.tick() => {
                    self.look_after_callers();
                    continue;
                }
                _ = release.tick() => {
                    self.host.hub().release(wall_time());
                    continue;
                }
            }
            let rest = rests_until.saturating_sub(self.now());
            if !rest.is_zero() && !inbox.is_urgent() {
                tokio::time::sleep(rest).await;
            }
            let began = self.now();
            self.with(|fanout, now| fanout.round(now));
            let ended = self.now();
            rests_until = ended + (ended - began).min(GATHER);
            // Whoever has something to say is heard between two rounds.
            tokio::task::yield_now().await;
        }
        self.close_all().await;
    }

    /// Ends the connections of who may no longer see; others go on with what they may now.
    fn look_after_callers(self: &Rc<Self>) {
        let mut over = Vec::new();
        for (id, open) in &*self.streams.borrow() {
            let mut caller = open.caller.borrow_mut();
            let Some(principal) = caller.principal() else {
                continue;
            };
            let holds = self.host.still_holds(&principal.authority);
            let may_see = holds
                .as_ref()
                .is_ok_and(|now| Need::See.is_met_by(Some(now)));
            caller.principal = holds.map(Some);
            if !may_see {
                over.push(*id);
            }
        }
        let code = CloseCode::TokenExpired;
        for id in over {
            self.with(|fanout, now| fanout.end(id, code.code(), code.reason(), now));
            self.hang_up(id);
        }
    }

    fn take(self: &Rc<Self>, (stream, opening): Passed) {
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => Rc::new(stream),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken in");
                return;
            }
        };
        // Small messages go at once; both are wishes only.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&*stream).set_send_buffer_size(SEND_BUFFER);
        let line = Line(Rc::clone(&stream));
        let id = self.with(|fanout, now| fanout.open(line, opening.encoding, now));
        let caller = Rc::new(RefCell::new(opening.caller.clone()));
        let open = Open {
            stream: Rc::clone(&stream),
            place: Arc::clone(&opening.place),
            caller: Rc::clone(&caller),
        };
        self.streams.borrow_mut().insert(id, open);
        self.host.came();
        let session = Session::new(Rc::clone(self), id, stream, opening, caller);
        let leaving = Leaving {
            shard: Rc::clone(self),
            id,
        };
        tokio::task::spawn_local(async move {
            session.run().await;
            drop(leaving);
        });
    }

    /// Tells every client that the server goes and when to come back, and waits a little until they
    /// have gone.
    async fn close_all(self: &Rc<Self>) {
        let ids: Vec<ConnId> = self.streams.borrow().keys().copied().collect();
        for id in ids {
            session::say_goodbye(self, id);
        }
        let deadline = Instant::now() + 2 * FAREWELL;
        while !self.streams.borrow().is_empty() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
