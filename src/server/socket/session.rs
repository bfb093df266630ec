//! One connection from hello to close.

mod subscriptions;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{Message, WebSocket};
use futures::StreamExt as _;
use futures::stream::SplitStream;

use super::bad_frames::BadFrames;
use super::outbound::{Gone, Outbound};
use crate::domain::Rejection;
use crate::hub::Mailbox;
use crate::server::access::{self, Principal};
use crate::server::clock::wall_time;
use crate::server::commands::{Done, carry_out};
use crate::server::monitor::Counters;
use crate::server::state::AppState;
use crate::wire::frame::{
    API_VERSION, Ask, Closing, ErrorReply, Heartbeat, Limits, Pong, Reply, Since, Welcome,
};
use crate::wire::json::{self, BadFrame};
use crate::wire::{ClientFrame, CloseCode, Position, ServerFrame, Topic, schema_hash};

/// After a shutdown clients spread their return over this, ms.
const RETURN_MS: u32 = 1_000;

/// What this server does beyond the least: `trading` is pause, kill and resume.
const FEATURES: [&str; 6] = ["resume", "history", "orders", "oco", "amend", "trading"];

/// Why a session ends.
enum End {
    /// The client left, or cannot be reached.
    Gone,
    Close(CloseCode),
    /// A fault of the transport, by its own code.
    Transport(u16, &'static str),
    Shutdown,
}

type Flow = ControlFlow<End>;

impl From<Gone> for End {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Closed => Self::Gone,
            Gone::Stalled => Self::Close(CloseCode::TooSlow),
        }
    }
}

pub struct Session {
    state: AppState,
    principal: Principal,
    out: Outbound,
    inbound: SplitStream<WebSocket>,
    mailbox: Arc<Mailbox>,
    subscribed: BTreeSet<Topic>,
    bad_frames: BadFrames,
    greeted: bool,
}

impl Session {
    pub fn new(state: AppState, principal: Principal, socket: WebSocket) -> Self {
        let (sink, inbound) = socket.split();
        Self {
            mailbox: Mailbox::new(state.config.server.max_queue_bytes),
            out: Outbound::new(sink, state.clone()),
            state,
            principal,
            inbound,
            subscribed: BTreeSet::new(),
            bad_frames: BadFrames::default(),
            greeted: false,
        }
    }

    /// Runs to the end and closes as the end asks for.
    pub async fn run(mut self) {
        let end = if self.state.monitor.clients() > self.state.config.server.max_connections as u64
        {
            End::Close(CloseCode::TooManyConnections)
        } else {
            self.converse().await
        };
        for topic in std::mem::take(&mut self.subscribed) {
            self.state.hub.leave(&self.mailbox, &topic);
        }
        self.state.hub.unwatch_markets(&self.mailbox);
        match end {
            End::Gone => return,
            End::Close(code) => {
                if code == CloseCode::TooSlow {
                    Counters::add(&self.state.monitor.counters.slow_closes, 1);
                }
                self.out.close_with(code).await;
            }
            End::Transport(code, reason) => self.out.close(code, reason).await,
            End::Shutdown => {
                let retry_ms = rand::random_range(0..=RETURN_MS);
                let closing = Closing {
                    code: CloseCode::ShuttingDown.code(),
                    retry_ms,
                };
                // The close frame that follows says the same, without the wish.
                let _ = self.out.frame(&ServerFrame::Closing(closing)).await;
                self.out.close_with(CloseCode::ShuttingDown).await;
            }
        }
        self.drain().await;
    }

    /// Reads what is still coming, so that our close frame is not lost to a reset connection.
    async fn drain(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.inbound.next().await {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), rest).await;
    }

    async fn converse(&mut self) -> End {
        let config = &self.state.config.server;
        let hello_by =
            tokio::time::Instant::now() + Duration::from_millis(config.hello_timeout_ms.into());
        let ping = Duration::from_millis(config.ping_ms.max(100).into());
        let mut heartbeat = tokio::time::interval_at(tokio::time::Instant::now() + ping, ping);
        let shutdown = self.state.shutdown.clone();
        let mailbox = Arc::clone(&self.mailbox);
        loop {
            let flow = tokio::select! {
                biased;
                () = shutdown.cancelled() => return End::Shutdown,
                () = tokio::time::sleep_until(hello_by), if !self.greeted => return End::Close(CloseCode::NoHello),
                message = self.inbound.next() => self.receive(message).await,
                () = mailbox.wait() => self.deliver().await,
                _ = heartbeat.tick(), if self.greeted => self.heartbeat().await,
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Flow {
        match message {
            Some(Ok(Message::Text(text))) => {
                if text.trim().is_empty() {
                    return self
                        .bad_frame(None, "empty_frame", "the message is empty")
                        .await;
                }
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    Counters::add(&self.state.monitor.counters.frames_in, 1);
                    self.line(line).await?;
                }
                Flow::Continue(())
            }
            Some(Ok(Message::Binary(_))) => {
                self.bad_frame(
                    None,
                    "binary_frame",
                    "this subprotocol has text messages only",
                )
                .await
            }
            // Pings are answered by the transport itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Flow::Continue(()),
            Some(Ok(Message::Close(_))) | None => Flow::Break(End::Gone),
            Some(Err(error)) => Flow::Break(transport_fault(&error)),
        }
    }

    async fn line(&mut self, line: &str) -> Flow {
        let frame = match json::decode_client(line) {
            Ok(frame) => frame,
            Err(error @ BadFrame::NotSupported(_)) => {
                let rejection = Rejection::new("not_supported", error.to_string());
                return self.refuse(json::id_of(line), rejection, false).await;
            }
            Err(error) => {
                return self
                    .bad_frame(json::id_of(line), "bad_frame", &error.to_string())
                    .await;
            }
        };
        if !self.principal.may(access::command_role(&frame)) {
            let rejection = Rejection::new("forbidden", "this is for operators");
            return self.refuse(frame.id(), rejection, false).await;
        }
        if !self.greeted && !matches!(frame, ClientFrame::Hello { .. }) {
            return self
                .bad_frame(frame.id(), "hello_first", "the first frame is hello")
                .await;
        }
        if let Some(ask) = frame.ask() {
            return self.command(ask).await;
        }
        match frame {
            ClientFrame::Hello { resume, client, .. } => self.hello(resume, client).await,
            ClientFrame::Subscribe { id, topics } => self.subscribe(id, topics).await,
            ClientFrame::Unsubscribe { id, topics } => self.unsubscribe(id, topics).await,
            ClientFrame::Ping { id, t } => {
                self.send(ServerFrame::Pong(Pong {
                    id,
                    t,
                    server_time: wall_time(),
                }))
                .await
            }
            // Commands to the engine were taken above.
            _ => Flow::Continue(()),
        }
    }

    async fn hello(&mut self, resume: Vec<Position>, client: Option<String>) -> Flow {
        if self.greeted {
            return self
                .bad_frame(None, "second_hello", "hello was said before")
                .await;
        }
        self.greeted = true;
        tracing::debug!(
            client.name = client.as_deref().unwrap_or("unknown"),
            "a client said hello"
        );
        let config = &self.state.config.server;
        let welcome = Welcome {
            schema: schema_hash().to_owned(),
            session: format!("{:016x}", rand::random::<u64>()),
            server_time: wall_time(),
            api_version: API_VERSION.to_owned(),
            features: FEATURES.map(str::to_owned).to_vec(),
            limits: Limits {
                max_message_bytes: crate::wire::frame::MAX_CLIENT_MESSAGE,
                max_subscriptions: config.max_subscriptions,
                max_history: config.max_history,
            },
            ping_ms: config.ping_ms,
        };
        self.send(ServerFrame::Welcome(welcome)).await?;
        for place in resume {
            let since = Some(Since {
                epoch: place.epoch,
                offset: place.offset,
            });
            self.check_room(1)?;
            if let Some((_, frame)) = self.join(&place.topic, since, 0) {
                self.begin(&place.topic, frame).await?;
            }
        }
        self.deliver().await
    }

    async fn command(&mut self, ask: Ask) -> Flow {
        let id = ask.id;
        let outcome = match carry_out(&self.state, ask.bot, ask.command).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let rejection = Rejection {
                    code: error.code().to_owned(),
                    field: error.field(),
                    message: error.detail(),
                };
                return self.refuse(Some(id), rejection, error.is_temporary()).await;
            }
        };
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
        self.send(ServerFrame::Ok(reply)).await
    }

    /// Sends what waits in the mailbox.
    async fn deliver(&mut self) -> Flow {
        let drained = self.mailbox.drain();
        if drained.overflowed {
            return Flow::Break(End::Close(CloseCode::TooSlow));
        }
        self.subscribed.extend(drained.appeared);
        let whole: Vec<_> = drained
            .whole
            .iter()
            .filter_map(|topic| self.state.hub.snapshot(topic))
            .collect();
        let publications = drained.log.iter().chain(&drained.conflated).chain(&whole);
        let frames = publications
            .map(|publication| publication.frame.clone())
            .collect();
        flow(self.out.frames(frames).await)
    }

    async fn heartbeat(&mut self) -> Flow {
        let heads = self.state.hub.heads(&self.subscribed);
        self.send(ServerFrame::Heartbeat(Heartbeat {
            heads,
            server_time: wall_time(),
        }))
        .await
    }

    async fn bad_frame(&mut self, id: Option<u64>, code: &str, message: &str) -> Flow {
        Counters::add(&self.state.monitor.counters.bad_frames, 1);
        self.refuse(id, Rejection::new(code, message), false)
            .await?;
        if self.bad_frames.note(Instant::now()) {
            return Flow::Break(End::Close(CloseCode::BadFrame));
        }
        Flow::Continue(())
    }

    async fn refuse(&mut self, id: Option<u64>, rejection: Rejection, temporary: bool) -> Flow {
        let Rejection {
            code,
            field,
            message,
        } = rejection;
        let retry_ms = temporary.then_some(1_000);
        self.send(ServerFrame::Error(ErrorReply {
            id,
            code,
            field,
            message,
            temporary,
            retry_ms,
        }))
        .await
    }

    async fn send(&mut self, frame: ServerFrame) -> Flow {
        flow(self.out.frame(&frame).await)
    }
}

fn flow(result: Result<(), Gone>) -> Flow {
    match result {
        Ok(()) => Flow::Continue(()),
        Err(gone) => Flow::Break(gone.into()),
    }
}

/// The close code of what the transport could not read. axum hands the cause on as text only.
fn transport_fault(error: &axum::Error) -> End {
    let text = error.to_string();
    if text.contains("too long") || text.contains("Space limit") {
        End::Transport(1009, "message too big")
    } else if text.to_ascii_lowercase().contains("utf") {
        End::Transport(1007, "not UTF-8")
    } else if text.contains("Connection") || text.contains("reset") || text.contains("IO error") {
        End::Gone
    } else {
        End::Transport(1002, "protocol error")
    }
}
