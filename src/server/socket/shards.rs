//! The threads that carry sockets, seen from outside: a connection is given to one of them after its
//! handshake and stays there. What a thread does is in [`super::shard`].

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio_util::sync::DropGuard;

use super::host::Host;
use super::relay::relay;
use super::shard::Shard;
use crate::server::caller::Caller;
use crate::server::limits::SocketPlace;
use crate::server::listen::line::Transport;
use crate::wire::Encoding;

/// The most threads: a machine has other work as well.
const MAX_THREADS: usize = 4;

/// What a connection brings from its handshake.
pub struct Opening {
    /// Bytes that came with it already.
    pub read: Bytes,
    pub caller: Caller,
    pub encoding: Encoding,
    /// The client's browser is to save data: conflated topics come at half their rate.
    pub saves_data: bool,
    /// Given back when the socket is closed.
    pub place: Arc<SocketPlace>,
    /// Of a socket that came by TLS: dropping it ends what carries its bytes.
    pub relayed: Option<DropGuard>,
}

/// A connection between two runtimes.
pub(super) type Passed = (std::net::TcpStream, Opening);

/// All threads, as those see them who have connections to give.
#[derive(Clone)]
pub struct Sockets {
    doors: Arc<[mpsc::UnboundedSender<Passed>]>,
    next: Arc<AtomicUsize>,
}

/// The threads' other side: connections may come already, but nobody takes them in yet.
pub struct Threads {
    arrivals: Vec<mpsc::UnboundedReceiver<Passed>>,
}

/// The threads at work.
pub struct Running(Vec<std::thread::JoinHandle<()>>);

impl Threads {
    /// Takes connections in. The threads end, with all their connections, when the host shuts down.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(self, host: &Arc<dyn Host>) -> std::io::Result<Running> {
        let mut running = Vec::new();
        for (number, arrivals) in self.arrivals.into_iter().enumerate() {
            let host = Arc::clone(host);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let work = move || {
                let shard = Rc::new(Shard::new(Arc::clone(&host)));
                let served = std::panic::AssertUnwindSafe(|| {
                    LocalSet::new().block_on(&runtime, shard.run(arrivals));
                });
                if std::panic::catch_unwind(served).is_err() {
                    host.panicked("sockets");
                }
            };
            let name = format!("sockets-{number}");
            running.push(std::thread::Builder::new().name(name).spawn(work)?);
        }
        Ok(Running(running))
    }
}

impl Running {
    /// Waits until every thread has ended.
    pub async fn ended(self) {
        let joined = tokio::task::spawn_blocking(|| {
            for thread in self.0 {
                // Its panic was told when it happened.
                let _ = thread.join();
            }
        });
        let _ = joined.await;
    }
}

impl Sockets {
    /// `threads` is how many there are to be; 0: one for each processor.
    pub fn open(threads: usize) -> (Self, Threads) {
        let wanted = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let (doors, arrivals): (Vec<_>, Vec<_>) = (0..wanted.clamp(1, MAX_THREADS))
            .map(|_| mpsc::unbounded_channel())
            .unzip();
        let sockets = Self {
            doors: doors.into(),
            next: Arc::default(),
        };
        (sockets, Threads { arrivals })
    }

    /// Gives a connection to the next thread.
    pub fn take(&self, transport: Transport, mut opening: Opening) {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(door) = self.doors.get(next % self.doors.len().max(1)) else {
            return;
        };
        // It leaves this runtime; the other one takes it in. At a shutdown nobody does.
        let stream = match transport {
            Transport::Plain(stream) => stream.into_std(),
            Transport::Tls(stream) => {
                relay(*stream, opening.place.connection()).map(|(stream, guard)| {
                    opening.relayed = Some(guard);
                    stream
                })
            }
        };
        match stream {
            Ok(stream) => drop(door.send((stream, opening))),
            Err(error) => tracing::warn!(%error, "a connection was lost on its way"),
        }
    }
}
