//! One connection from hello to close: what the client says, and what is done about it. What is
//! written goes through the shard's fan-out.

mod answers;
mod authority;
mod topics;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::bad_frames::BadFrames;
use super::reading::{Heard, Reading};
use super::shard::Shard;
use super::shards::Opening;
use crate::domain::Rejection;
use crate::hub::ConnId;
use crate::server::access;
use crate::server::caller::Caller;
use crate::server::clock::wall_time;
use crate::server::limits::{CommandRate, Verdict};
use crate::server::monitor::Counters;
use crate::wire::frame::{
    API_VERSION, Closing, DEFLATE, Limits, MAX_CLIENT_MESSAGE, Pong, ResumeFrom, Welcome,
};
use crate::wire::json::{self, BadFrame};
use crate::wire::{ClientFrame, CloseCode, Encoding, ServerFrame, postcard, schema_hash};

/// After a shutdown clients spread their return over this, ms.
const RETURN_MS: u32 = 1_000;
/// Messages that are read in one go before others have their turn.
const MESSAGES: usize = 32;

/// What this server does beyond the least: `trading` is pause, kill and resume.
const FEATURES: [&str; 10] = [
    "resume",
    "history",
    "lag",
    "deflate",
    "max_rate_hz",
    "orders",
    "oco",
    "amend",
    "trading",
    "auth",
];

/// Why a session ends.
enum End {
    /// The client left, or cannot be reached, or the fan-out has ended it.
    Gone,
    Close(CloseCode),
    /// The user has as many sockets as one may have.
    Full,
    /// A fault of the transport, by its own code.
    Transport(u16, &'static str),
}

impl End {
    /// Whether the client's address is to answer for it.
    fn is_abuse(&self) -> bool {
        match self {
            // A user's many addresses may all be honest.
            Self::Gone | Self::Full => false,
            Self::Transport(..) => true,
            Self::Close(code) => matches!(
                code,
                CloseCode::NoHello | CloseCode::BadFrame | CloseCode::RateLimited
            ),
        }
    }
}

type Flow = ControlFlow<End>;

pub(super) struct Session {
    shard: Rc<Shard>,
    id: ConnId,
    stream: Rc<TcpStream>,
    reading: Reading,
    opening: Opening,
    /// Who it is: the shard looks now and then whether it still is.
    caller: Rc<RefCell<Caller>>,
    bad_frames: BadFrames,
    rate: CommandRate,
    greeted: bool,
}

/// Tells a client that the server goes, and when to come back.
pub(super) fn say_goodbye(shard: &Rc<Shard>, id: ConnId) {
    let retry_ms = rand::random_range(0..=RETURN_MS);
    let code = CloseCode::ShuttingDown;
    let closing = Closing {
        code: code.code(),
        retry_ms,
    };
    shard.with(|fanout, now| {
        // The close frame that follows says the same, without the wish.
        fanout.reply(id, &ServerFrame::Closing(closing));
        fanout.end(id, code.code(), code.reason(), now);
    });
    shard.hang_up(id);
}

impl Session {
    pub(super) fn new(
        shard: Rc<Shard>,
        id: ConnId,
        stream: Rc<TcpStream>,
        mut opening: Opening,
        caller: Rc<RefCell<Caller>>,
    ) -> Self {
        Self {
            rate: CommandRate::new(&shard.host.limits().config),
            shard,
            id,
            stream,
            reading: Reading::new(&std::mem::take(&mut opening.read)),
            opening,
            caller,
            bad_frames: BadFrames::default(),
            greeted: false,
        }
    }

    /// Runs to the end and closes as the end asks for.
    pub(super) async fn run(mut self) {
        let end = self.converse().await;
        if end.is_abuse() {
            self.opening.place.strike();
        }
        let (code, reason) = match end {
            End::Gone => (None, ""),
            End::Close(code) => (Some(code.code()), code.reason()),
            End::Full => {
                let code = CloseCode::RateLimited;
                (Some(code.code()), code.reason())
            }
            End::Transport(code, reason) => (Some(code), reason),
        };
        if let Some(code) = code {
            self.shard
                .with(|fanout, now| fanout.end(self.id, code, reason, now));
            self.shard.hang_up(self.id);
            self.drain().await;
        }
    }

    /// Reads what is still coming, so that our close frame is not lost to a reset connection. Ends with
    /// it, at the latest when [`Shard::hang_up`] cuts it off.
    async fn drain(&self) {
        let mut unread = [0; 512];
        while self.stream.readable().await.is_ok() {
            match self.stream.try_read(&mut unread) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    async fn converse(&mut self) -> End {
        let limit = self.shard.host.config().hello_timeout_ms;
        // Boxed: a connection lives long after its hello, and need not carry the timer.
        let greeting = Box::pin(tokio::time::timeout(
            Duration::from_millis(limit.into()),
            self.listen(true),
        ));
        match greeting.await {
            Ok(Some(end)) => return end,
            Ok(None) => {}
            Err(_) => return End::Close(CloseCode::NoHello),
        }
        self.listen(false).await.unwrap_or(End::Gone)
    }

    /// Reads until the end; with `to_hello` only until the client has said hello: `None`.
    async fn listen(&mut self, to_hello: bool) -> Option<End> {
        loop {
            for _ in 0..MESSAGES {
                let (heard, answer) = self.reading.read(&self.stream);
                if !answer.is_empty() {
                    self.shard.with(|fanout, now| {
                        fanout.control(self.id, answer);
                        fanout.flush(self.id, now);
                    });
                }
                let flow = match heard {
                    Heard::Wait => {
                        if to_hello && self.greeted {
                            return None;
                        }
                        if self.stream.readable().await.is_err() {
                            return Some(End::Gone);
                        }
                        continue;
                    }
                    Heard::Nothing => {
                        self.shard.with(|fanout, now| fanout.heard(self.id, now));
                        // The transport's own frames cost as well, but nothing can be answered to them.
                        if self.verdict() == Verdict::Close {
                            return Some(End::Close(CloseCode::RateLimited));
                        }
                        continue;
                    }
                    Heard::Text(text) => Box::pin(self.message(text)).await,
                    Heard::Binary(bytes) => Box::pin(self.bytes(bytes)).await,
                    Heard::Gone => return Some(End::Gone),
                    Heard::Fault(code, reason) => return Some(End::Transport(code, reason)),
                };
                if let ControlFlow::Break(end) = flow {
                    return Some(end);
                }
                self.shard.with(|fanout, now| {
                    fanout.heard(self.id, now);
                    fanout.flush(self.id, now);
                });
            }
            tokio::task::yield_now().await;
        }
    }

    /// A binary message: frames behind their lengths.
    async fn bytes(&mut self, bytes: Bytes) -> Flow {
        if self.opening.encoding != Encoding::Postcard {
            let message = "this subprotocol has text messages only";
            return self.bad_frame(None, "binary_frame", message);
        }
        if bytes.is_empty() {
            return self.bad_frame(None, "empty_frame", "the message is empty");
        }
        for frame in postcard::frames(&bytes) {
            Counters::add(&self.shard.host.counters().frames_in, 1);
            let frame = frame.and_then(postcard::decode_client);
            match (self.verdict(), frame) {
                (Verdict::Go, Ok(frame)) => self.frame(frame).await?,
                (Verdict::Go, Err(error)) => {
                    self.bad_frame(None, "bad_frame", &error.to_string())?;
                }
                (verdict, frame) => {
                    self.too_much(frame.ok().and_then(|frame| frame.id()), verdict)?;
                }
            }
        }
        Flow::Continue(())
    }

    async fn message(&mut self, text: Utf8Bytes) -> Flow {
        if self.opening.encoding == Encoding::Postcard {
            let message = "this subprotocol has binary messages only";
            return self.bad_frame(None, "text_frame", message);
        }
        if text.trim().is_empty() {
            return self.bad_frame(None, "empty_frame", "the message is empty");
        }
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            Counters::add(&self.shard.host.counters().frames_in, 1);
            match self.verdict() {
                Verdict::Go => self.line(line).await?,
                verdict => self.too_much(json::id_of(line), verdict)?,
            }
        }
        Flow::Continue(())
    }

    async fn line(&mut self, line: &str) -> Flow {
        let frame = match json::decode_client(line) {
            Ok(frame) => frame,
            Err(error @ BadFrame::NotSupported(_)) => {
                let rejection = Rejection::new("not_supported", error.to_string());
                self.refuse(json::id_of(line), rejection, false);
                return Flow::Continue(());
            }
            Err(error) => {
                return self.bad_frame(json::id_of(line), "bad_frame", &error.to_string());
            }
        };
        self.frame(frame).await
    }

    async fn frame(&mut self, frame: ClientFrame) -> Flow {
        if !self.greeted && !matches!(frame, ClientFrame::Hello { .. }) {
            return self.bad_frame(frame.id(), "hello_first", "the first frame is hello");
        }
        if let Err(error) = self.caller.borrow().check(access::command_need(&frame)) {
            let rejection = Rejection::new(error.code(), error.detail());
            self.refuse(frame.id(), rejection, false);
            return Flow::Continue(());
        }
        if let Some(ask) = frame.ask() {
            let id = ask.id;
            let by = self.caller.borrow().actor();
            match self.shard.host.command(ask, by).await {
                Ok(reply) => self.reply(&ServerFrame::Ok(reply)),
                Err(refused) => self.refuse(Some(id), refused.rejection, refused.temporary),
            }
            return Flow::Continue(());
        }
        match frame {
            ClientFrame::Hello {
                token,
                resume,
                client,
                compression,
            } => {
                self.prove(token.as_ref())?;
                self.hello(resume, client, &compression)
            }
            ClientFrame::Auth { id, token } => {
                self.renew(id, &token);
                Flow::Continue(())
            }
            ClientFrame::Subscribe { id, topics } => self.subscribe(id, topics),
            ClientFrame::Unsubscribe { id, topics } => {
                self.unsubscribe(id, topics);
                Flow::Continue(())
            }
            ClientFrame::Ping { id, t } => {
                let server_time = wall_time();
                self.reply(&ServerFrame::Pong(Pong { id, t, server_time }));
                Flow::Continue(())
            }
            // Commands to the engine were taken above.
            _ => Flow::Continue(()),
        }
    }

    fn hello(
        &mut self,
        resume: Vec<ResumeFrom>,
        client: Option<String>,
        compression: &[String],
    ) -> Flow {
        if self.greeted {
            return self.bad_frame(None, "second_hello", "hello was said before");
        }
        self.greeted = true;
        let unpacks = compression.iter().any(|name| name == DEFLATE);
        self.shard
            .with(|fanout, now| fanout.greet(self.id, unpacks, now));
        tracing::debug!(
            client.name = client.as_deref().unwrap_or("unknown"),
            "a client said hello"
        );
        let config = self.shard.host.config();
        let welcome = Welcome {
            schema: schema_hash().to_owned(),
            session: format!("{:016x}", rand::random::<u64>()),
            server_time: wall_time(),
            api_version: API_VERSION.to_owned(),
            features: FEATURES.map(str::to_owned).to_vec(),
            limits: Limits {
                max_message_bytes: MAX_CLIENT_MESSAGE,
                max_subscriptions: config.max_subscriptions,
                max_history: config.max_history,
            },
            ping_ms: config.ping_ms,
        };
        self.reply(&ServerFrame::Welcome(welcome));
        self.resume(resume)
    }
}
