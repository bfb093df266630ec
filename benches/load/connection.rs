//! One client: its socket and the messages in it. What they say is [`talk`]'s business.

mod talk;

use std::io::{ErrorKind, Read as _, Write as _};

use mio::event::Event;
use mio::net::TcpStream;

use crate::shared::Shared;
use crate::websocket;

/// Where a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Connecting,
    Upgrading,
    /// Its hello is under way.
    Joining,
    Live,
    /// Subscribed, and never reads again.
    Parked,
    Ended,
}

#[derive(Debug)]
pub struct Connection {
    pub phase: Phase,
    /// A client that never reads once it has subscribed.
    pub slow: bool,
    /// It was cut, and comes back to the place where it stood.
    pub returns: bool,
    pub epoch: String,
    /// It has every publication up to here.
    pub seen: u64,
    pub stream: Option<TcpStream>,
    /// The unfinished frame at the end of the last read.
    tail: Vec<u8>,
    /// What could not be written yet.
    out: Vec<u8>,
}

/// Why a connection ended, in a word.
type End = String;

impl Connection {
    pub fn new(slow: bool) -> Self {
        Self {
            phase: Phase::Ended,
            slow,
            returns: false,
            epoch: String::new(),
            seen: 0,
            stream: None,
            tail: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Starts over on a new connection; what it has seen stays.
    pub fn open(&mut self, stream: TcpStream) {
        self.phase = Phase::Connecting;
        self.stream = Some(stream);
        self.tail.clear();
        self.out.clear();
    }

    /// Carries on after news of its socket.
    pub fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        if matches!(self.phase, Phase::Parked | Phase::Ended) {
            return;
        }
        if let Err(end) = self.carry_on(event, shared) {
            self.end(&end, shared);
        }
    }

    fn end(&mut self, reason: &str, shared: &mut Shared) {
        shared.ended(self.phase);
        shared.tally(self.slow).close(reason);
        self.phase = Phase::Ended;
        self.stream = None;
    }

    fn carry_on(&mut self, event: &Event, shared: &mut Shared) -> Result<(), End> {
        if self.phase == Phase::Connecting && (event.is_writable() || event.is_error()) {
            if let Some(stream) = &self.stream
                && let Some(error) = stream.take_error().map_err(|error| named(&error))?
            {
                return Err(format!("connect: {}", named(&error)));
            }
            self.phase = Phase::Upgrading;
            self.out.extend_from_slice(shared.upgrade.as_bytes());
        }
        if event.is_writable() {
            self.flush()?;
        }
        if event.is_readable() || event.is_read_closed() {
            self.read(shared, event.is_read_closed())?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), End> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        while !self.out.is_empty() {
            match stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(named(&error)),
            }
        }
        Ok(())
    }

    /// Reads what there is. A read that does not fill the buffer has emptied the socket, and the
    /// next bytes are an event of their own; but an end that was already announced is none.
    fn read(&mut self, shared: &mut Shared, closed: bool) -> Result<(), End> {
        // Taken out, so that it can be read from while the tallies change.
        let mut buffer = std::mem::take(&mut shared.buffer);
        let result = self.read_into(&mut buffer, shared, closed);
        shared.buffer = buffer;
        result
    }

    fn read_into(
        &mut self,
        buffer: &mut Vec<u8>,
        shared: &mut Shared,
        closed: bool,
    ) -> Result<(), End> {
        while let Some(stream) = &mut self.stream {
            let kept = self.tail.len();
            if buffer.len() < 2 * kept {
                buffer.resize(4 * kept, 0);
            }
            buffer[..kept].copy_from_slice(&self.tail);
            let read = match stream.read(&mut buffer[kept..]) {
                Ok(0) => return Err("end of stream".to_owned()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(named(&error)),
            };
            self.tail.clear();
            shared.note_read(self.slow, read);
            let whole = kept + read;
            let used = self.consume(&buffer[..whole], shared)?;
            self.tail.extend_from_slice(&buffer[used..whole]);
            let emptied = whole < buffer.len() && !closed;
            if emptied || self.phase == Phase::Parked {
                break;
            }
        }
        Ok(())
    }

    /// Takes in all whole frames and says how far they went.
    fn consume(&mut self, bytes: &[u8], shared: &mut Shared) -> Result<usize, End> {
        let mut at = 0;
        if self.phase == Phase::Upgrading {
            let Some(length) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                let status = bytes.get(9..12).unwrap_or_default();
                return Err(format!("refused {}", String::from_utf8_lossy(status)));
            }
            at = length + 4;
            self.phase = Phase::Joining;
            self.say_hello(&shared.topic);
            self.flush()?;
        }
        loop {
            let frame = match websocket::read(&bytes[at..]) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(at),
                Err(websocket::Unexpected) => return Err("unexpected frame".to_owned()),
            };
            let start = at + frame.length - frame.payload.len();
            at += frame.length;
            match frame.opcode {
                websocket::TEXT => self.message(&bytes[start..at], shared),
                websocket::PING => {
                    websocket::write(&mut self.out, websocket::PONG, frame.payload);
                    self.flush()?;
                }
                websocket::CLOSE => {
                    let code = frame
                        .payload
                        .first_chunk()
                        .map(|code| u16::from_be_bytes(*code));
                    return Err(code.map_or("close".to_owned(), |code| format!("close {code}")));
                }
                websocket::PONG => {}
                _ => return Err("unexpected frame".to_owned()),
            }
        }
    }
}

/// What an error of a socket is called in the figures.
pub fn named(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionReset => "reset".to_owned(),
        ErrorKind::BrokenPipe => "broken pipe".to_owned(),
        ErrorKind::ConnectionRefused => "refused".to_owned(),
        other => format!("{other:?}"),
    }
}
