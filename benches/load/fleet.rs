//! All clients of a run, on one thread: one poll, one buffer, one clock reading for each read.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;

use crate::Failure;
use crate::args::FleetArgs;
use crate::connection::{Connection, Phase};
use crate::process;
use crate::scan::Scanner;
use crate::tally::{Tally, histogram};
use crate::target::Target;

/// What one read can bring.
const BUFFER: usize = 256 * 1024;
/// Connections that are opened at once; a listener's queue takes about a thousand.
const OPENING: usize = 256;
/// How long opening all connections may take.
const OPEN_WITHIN: Duration = Duration::from_secs(60);
/// A connection that failed on its way back is opened again after this.
const AGAIN: Duration = Duration::from_millis(100);

/// What all connections use.
#[derive(Debug)]
pub struct Shared {
    pub buffer: Vec<u8>,
    pub scanner: Scanner,
    pub topic: String,
    pub upgrade: String,
    /// µs since the Unix epoch, of the last read.
    pub now: u64,
    tallies: [Tally; 2],
    /// Since `started`: connections that joined, with the time it took, and that failed to.
    joined: usize,
    failed: usize,
    started: Instant,
    joins: Histogram<u64>,
}

impl Shared {
    /// The tally of those who read, or of the slow ones.
    #[inline]
    pub fn tally(&mut self, slow: bool) -> &mut Tally {
        &mut self.tallies[usize::from(slow)]
    }

    #[inline]
    pub fn note_read(&mut self, slow: bool, bytes: usize) {
        self.now = wall_us();
        let tally = self.tally(slow);
        if tally.measuring {
            tally.bytes += bytes as u64;
        }
    }

    pub fn joined(&mut self) {
        self.joined += 1;
        let took = self.started.elapsed().as_micros();
        self.joins
            .saturating_record(u64::try_from(took).unwrap_or(u64::MAX));
    }

    pub fn ended(&mut self, phase: Phase) {
        self.failed += usize::from(phase != Phase::Live);
    }
}

/// Wall time, µs: the server stamps its pushes by the same clock.
fn wall_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

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
            shared: Shared {
                buffer: vec![0; BUFFER],
                scanner: Scanner::new(&args.topic),
                topic: args.topic.clone(),
                upgrade: args.url.upgrade_request(),
                now: wall_us(),
                tallies: [Tally::new()?, Tally::new()?],
                joined: 0,
                failed: 0,
                started: Instant::now(),
                joins: histogram()?,
            },
        })
    }

    /// Opens all connections, some at a time, and waits until each is subscribed. Gives the seconds
    /// that it took.
    ///
    /// # Errors
    /// When a connection is refused or all are not there in time: figures of fewer clients than were
    /// asked for would mislead.
    pub fn open_all(&mut self) -> Result<f64, Failure> {
        self.start_joining()?;
        let mut opened = 0;
        while self.shared.joined < self.connections.len() {
            while opened < self.connections.len() && opened - self.shared.joined < OPENING {
                self.open(opened)?;
                opened += 1;
            }
            self.step(Duration::from_millis(100))?;
            if self.shared.failed > 0 || self.shared.started.elapsed() > OPEN_WITHIN {
                let (joined, closes) = (self.shared.joined, &self.shared.tallies[0].closes);
                let errors = &self.shared.tallies[0].errors;
                return Err(Failure::Told(format!(
                    "only {joined} of {} clients subscribed: {closes:?} {errors:?}",
                    self.connections.len()
                )));
            }
        }
        Ok(self.shared.started.elapsed().as_secs_f64())
    }

    /// Cuts all connections at once with a reset, and opens all again at once, each to resume where
    /// it stood. Gives the time that each took from the cut until it was answered, once all are back
    /// or the time is over.
    pub fn cut_all(&mut self, within: Duration) -> Result<Histogram<u64>, Failure> {
        self.start_joining()?;
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
    pub fn behind(&self) -> usize {
        let head = self.shared.tallies[0].head;
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

    fn start_joining(&mut self) -> Result<(), Failure> {
        (self.shared.joined, self.shared.failed) = (0, 0);
        self.shared.joins = histogram()?;
        self.shared.started = Instant::now();
        Ok(())
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
