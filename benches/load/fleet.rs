//! All clients of a run, on one thread: one poll, one buffer, one clock reading for each read.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;

use crate::Failure;
use crate::args::FleetArgs;
use crate::connection::{Connection, Phase};
use crate::process;
use crate::shared::Shared;
use crate::target::Target;

/// Connections that are opened at once; a listener's queue takes about a thousand.
const OPENING: usize = 256;
/// How long opening all connections may take.
const OPEN_WITHIN: Duration = Duration::from_secs(60);
/// A connection that failed on its way back is opened again after this.
const AGAIN: Duration = Duration::from_millis(100);

/// The clients of a run.
pub struct Fleet {
    poll: Poll,
    events: Events,
    target: Target,
    connections: Vec<Connection>,
    pub shared: Shared,
}

impl Fleet {
    /// Prepares the connections, of which the last `slow` never read; none is opened yet.
    pub fn new(args: &FleetArgs, slow: usize) -> Result<Self, Failure> {
        process::allow_files(args.clients)?;
        Ok(Self {
            poll: Poll::new().map_err(Failure::io("poll"))?,
            events: Events::with_capacity(4096),
            target: args.url.clone(),
            connections: (0..args.clients)
                .map(|index| Connection::new(index + slow >= args.clients))
                .collect(),
            shared: Shared::new(args)?,
        })
    }

    /// Opens all connections, some at a time, and waits until each is subscribed. Gives the seconds
    /// that it took.
    ///
    /// # Errors
    /// When a connection is refused or all are not there in time: figures of fewer clients than were
    /// asked for would mislead.
    pub fn open_all(&mut self) -> Result<f64, Failure> {
        self.shared.start_joining();
        let mut opened = 0;
        while self.shared.joined < self.connections.len() {
            while opened < self.connections.len() && opened - self.shared.joined < OPENING {
                self.open(opened)?;
                opened += 1;
            }
            self.step(Duration::from_millis(100))?;
            let failed = self.shared.failed > 0 || self.shared.started.elapsed() > OPEN_WITHIN;
            let (joined, wanted) = (self.shared.joined, self.connections.len());
            let tally = self.shared.tally(false);
            if failed || !tally.errors.is_empty() {
                let (closes, errors) = (&tally.closes, &tally.errors);
                return Err(Failure::Told(format!(
                    "only {joined} of {wanted} clients subscribed: {closes:?} {errors:?}"
                )));
            }
        }
        Ok(self.shared.started.elapsed().as_secs_f64())
    }

    /// Cuts all connections at once with a reset, and opens all again at once, each to resume where
    /// it stood. Gives the time that each took from the cut until it was answered, once all are back
    /// or the time is over.
    pub fn cut_all(&mut self, within: Duration) -> Result<Histogram<u64>, Failure> {
        self.shared.start_joining();
        for connection in &mut self.connections {
            if let Some(stream) = connection.stream.take() {
                // No time to linger: a reset, as from a machine that was restarted.
                let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            }
            connection.phase = Phase::Ended;
            connection.returns = true;
        }
        for index in 0..self.connections.len() {
            self.open(index)?;
        }
        let mut looked = Instant::now();
        while self.shared.joined < self.connections.len() && self.shared.started.elapsed() < within
        {
            self.step(Duration::from_millis(20))?;
            if looked.elapsed() > AGAIN {
                looked = Instant::now();
                self.reopen_ended()?;
            }
        }
        Ok(self.shared.joins.clone())
    }

    /// Receives for a while; `each` is called about every 250 ms.
    pub fn receive(
        &mut self,
        duration: Duration,
        mut each: impl FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let until = Instant::now() + duration;
        let mut next = Instant::now();
        loop {
            let now = Instant::now();
            if now >= until {
                return Ok(());
            }
            if now >= next {
                each()?;
                next = now + Duration::from_millis(250);
            }
            self.step(next.min(until) - now)?;
        }
    }

    /// Lets the slow ones read at last, to see how they ended; gives how many are still connected.
    pub fn look_at_parked(&mut self, duration: Duration) -> Result<usize, Failure> {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            if connection.phase == Phase::Parked
                && let Some(stream) = &mut connection.stream
            {
                connection.phase = Phase::Live;
                let registered =
                    self.poll
                        .registry()
                        .register(stream, Token(index), Interest::READABLE);
                registered.map_err(Failure::io("poll"))?;
            }
        }
        self.receive(duration, || Ok(()))?;
        let slow = self.connections.iter().filter(|connection| connection.slow);
        Ok(slow
            .filter(|connection| connection.phase == Phase::Live)
            .count())
    }

    /// How many of those who read do not have the newest publication that anybody has.
    pub fn behind(&mut self) -> usize {
        let head = self.shared.tally(false).head;
        let readers = self
            .connections
            .iter()
            .filter(|connection| !connection.slow);
        readers.filter(|connection| connection.seen < head).count()
    }

    pub fn live(&self) -> usize {
        let phases = self.connections.iter().map(|connection| connection.phase);
        phases.filter(|phase| *phase == Phase::Live).count()
    }

    fn open(&mut self, index: usize) -> Result<(), Failure> {
        let mut stream = self.target.connect(index).map_err(Failure::io("connect"))?;
        let both = Interest::READABLE | Interest::WRITABLE;
        let registered = self
            .poll
            .registry()
            .register(&mut stream, Token(index), both);
        registered.map_err(Failure::io("poll"))?;
        self.connections[index].open(stream);
        Ok(())
    }

    fn reopen_ended(&mut self) -> Result<(), Failure> {
        for index in 0..self.connections.len() {
            if self.connections[index].phase == Phase::Ended {
                self.open(index)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, timeout: Duration) -> Result<(), Failure> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(Failure::Io("poll", error));
            }
            _ => {}
        }
        for event in &self.events {
            let connection = &mut self.connections[event.token().0];
            connection.on_event(event, &mut self.shared);
            if connection.phase == Phase::Parked
                && let Some(stream) = &mut connection.stream
            {
                // Already out when it was parked before; nothing is lost by asking again.
                let _ = self.poll.registry().deregister(stream);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
