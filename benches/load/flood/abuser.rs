//! What one abuser does with one connection, from connecting until it is thrown out.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::outcome::Outcome;
use crate::target::Target;
use crate::websocket;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opens a socket and never says hello.
    Silent,
    /// Sends a byte of its headers a second.
    Dripping,
    /// Says hello, and then as much as it can.
    Shouting,
    /// Asks for much and never reads.
    Deaf,
}

/// What a deaf one lets the system take for it, bytes.
const SMALL_BUFFER: u32 = 4_096;
/// How often a deaf one asks for more: less often than anybody may.
const ASKS_EVERY: Duration = Duration::from_millis(100);
const HELLO: &[u8] = br#"{"type":"hello","client":"flood"}"#;

pub struct Abuser {
    kind: Kind,
    source: SocketAddr,
    target: SocketAddr,
    upgrade: String,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Dripping => "dripping",
            Self::Shouting => "shouting",
            Self::Deaf => "deaf",
        }
    }
}

impl Abuser {
    /// `group` is which of its kind's addresses it comes from.
    pub fn new(kind: Kind, group: usize, target: &Target) -> Self {
        let last = u8::try_from(1 + group).unwrap_or(u8::MAX);
        Self {
            kind,
            source: (Ipv4Addr::new(127, 10 + kind as u8, 0, last), 0).into(),
            target: target.address(),
            upgrade: target.upgrade_request(),
        }
    }

    pub async fn attempt(&self) -> Outcome {
        let Ok(mut stream) = self.connect().await else {
            return Outcome::Refused("connect");
        };
        let began = Instant::now();
        if self.kind == Kind::Dripping {
            return drip(&mut stream, &self.upgrade, began).await;
        }
        if stream.write_all(self.upgrade.as_bytes()).await.is_err() {
            return Outcome::Refused("closed");
        }
        match answer(&mut stream).await {
            Some(101) => {}
            Some(429) => return Outcome::Refused("429"),
            _ => return Outcome::Refused("closed"),
        }
        let began = Instant::now();
        let code = match self.kind {
            Kind::Shouting => shout(&mut stream).await,
            Kind::Deaf => turn_away(&mut stream).await,
            Kind::Silent | Kind::Dripping => close_code(&mut stream).await,
        };
        let lasted = began.elapsed();
        Outcome::ThrownOut { code, lasted }
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if self.kind == Kind::Deaf {
            socket.set_recv_buffer_size(SMALL_BUFFER)?;
        }
        socket.bind(self.source)?;
        socket.connect(self.target).await
    }
}

/// Reads the answer's head; gives its status.
async fn answer(stream: &mut TcpStream) -> Option<u16> {
    let mut head = Vec::new();
    // Byte by byte: what follows belongs to the socket.
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let status = head.get(9..12)?;
    std::str::from_utf8(status).ok()?.parse().ok()
}

/// Reads to the end; gives the code of the close frame, or `None` where there was none.
async fn close_code(reading: &mut (impl AsyncRead + Unpin)) -> Option<u16> {
    let mut bytes = Vec::new();
    let mut some = [0; 16_384];
    while let Ok(read @ 1..) = reading.read(&mut some).await {
        bytes.extend_from_slice(&some[..read]);
        let mut at = 0;
        while let Ok(Some(frame)) = websocket::read(&bytes[at..]) {
            if frame.opcode == websocket::CLOSE {
                let code = frame.payload.first_chunk();
                return code.map(|code| u16::from_be_bytes(*code));
            }
            at += frame.length;
        }
        bytes.drain(..at);
    }
    None
}

async fn drip(stream: &mut TcpStream, request: &str, began: Instant) -> Outcome {
    let mut answer = [0; 512];
    for byte in request.bytes().cycle() {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        let second = Duration::from_secs(1);
        match tokio::time::timeout(second, stream.read(&mut answer)).await {
            Err(_) => {}
            Ok(Ok(read)) if answer[..read].starts_with(b"HTTP/1.1 429") => {
                return Outcome::Refused("429");
            }
            Ok(_) => break,
        }
    }
    let lasted = began.elapsed();
    // Who is refused without a word is not let in for a byte.
    if lasted < Duration::from_millis(500) {
        return Outcome::Refused("closed");
    }
    Outcome::ThrownOut { code: None, lasted }
}

fn frame(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    websocket::write(&mut out, websocket::TEXT, text);
    out
}

/// Orders, cancellations and pings by the hundred, while what comes is read.
async fn shout(stream: &mut TcpStream) -> Option<u16> {
    let (mut reading, mut writing) = stream.split();
    let shouting = async {
        let mut noise = Vec::new();
        for id in 0..100 {
            for text in [
                format!(r#"{{"type":"ping","id":{id}}}"#),
                format!(r#"{{"type":"kill","id":{id}}}"#),
                format!(r#"{{"type":"subscribe","id":{id},"topics":[{{"topic":"market:*"}}]}}"#),
            ] {
                noise.extend(frame(text.as_bytes()));
            }
        }
        let mut heard = writing.write_all(&frame(HELLO)).await.is_ok();
        while heard {
            heard = writing.write_all(&noise).await.is_ok();
        }
    };
    tokio::select! {
        code = close_code(&mut reading) => code,
        () = shouting => None,
    }
}

/// Asks for the past again and again and reads nothing; that it was thrown out shows when it cannot write.
async fn turn_away(stream: &mut TcpStream) -> Option<u16> {
    let mut ask = frame(HELLO);
    let mut id = 0_u64;
    loop {
        if stream.write_all(&ask).await.is_err() {
            return None;
        }
        tokio::time::sleep(ASKS_EVERY).await;
        id += 2;
        let topics = r#""topics":["agent:paper","decisions:paper"]"#;
        let wishes = r#""topics":[{"topic":"agent:paper","history":1000},{"topic":"decisions:paper","history":1000},{"topic":"market:*"}]"#;
        ask = frame(format!(r#"{{"type":"unsubscribe","id":{id},{topics}}}"#).as_bytes());
        let again = format!(r#"{{"type":"subscribe","id":{},{wishes}}}"#, id + 1);
        ask.extend(frame(again.as_bytes()));
    }
}
