//! The reading half of a connection: messages out of the transport's bytes. The little that the
//! transport itself answers (a pong, a close) is handed over, because the fan-out alone writes.

use std::io::{self, Read, Write};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};

use super::fault::fault;
use crate::wire::frame::MAX_CLIENT_MESSAGE;

/// A client says little: what one connection keeps to read into, bytes.
const READ_BUFFER: usize = 512;

/// What was read.
pub enum Heard {
    Text(Utf8Bytes),
    Binary(Bytes),
    /// The transport's own, done with.
    Nothing,
    /// There is no more for now.
    Wait,
    /// The client left or cannot be reached.
    Gone,
    /// It broke the transport's rules: the code and the reason to close with.
    Fault(u16, &'static str),
}

pub struct Reading {
    context: WebSocketContext,
}

/// Reads from the connection and gathers what is to be written to it.
struct Halves<'a> {
    stream: &'a TcpStream,
    out: Vec<u8>,
}

impl Read for Halves<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }
}

impl Write for Halves<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Reading {
    /// `read` are bytes that came with the handshake.
    pub fn new(read: &Bytes) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_CLIENT_MESSAGE))
            .max_frame_size(Some(MAX_CLIENT_MESSAGE));
        let context =
            WebSocketContext::from_partially_read(read.to_vec(), Role::Server, Some(config));
        Self { context }
    }

    /// The next message, and what the transport answers to it.
    pub fn read(&mut self, stream: &TcpStream) -> (Heard, Bytes) {
        let mut halves = Halves {
            stream,
            out: Vec::new(),
        };
        let read = match self.context.read(&mut halves) {
            Ok(Message::Text(text)) => Heard::Text(text),
            Ok(Message::Binary(bytes)) => Heard::Binary(bytes),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Heard::Nothing,
            Ok(Message::Close(_)) => {
                // The answer to a close is written by the next read or flush.
                let _ = self.context.flush(&mut halves);
                Heard::Gone
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Heard::Wait,
            Err(error) => match fault(&error) {
                Some((code, reason)) => Heard::Fault(code, reason),
                None => Heard::Gone,
            },
        };
        (read, halves.out.into())
    }
}
