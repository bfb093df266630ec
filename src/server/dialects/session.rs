//! One connection of a dialect that speaks over a plain WebSocket: what its [`Talk`] makes of what the client
//! says, and what the dialect's caster says. Limits, slow readers and the end of somebody's rights are those
//! of the native socket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, FromRequestParts};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::SinkExt as _;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::View;
use super::caster::{Caster, Said};
use crate::auth::Principal;
use crate::server::access::Need;
use crate::server::caller::Caller;
use crate::server::clock::wall_time;
use crate::server::error::AppError;
use crate::server::limits::{CommandRate, ConnectionPlace, SocketPlace, Verdict};
use crate::server::monitor::Counters;
use crate::server::socket::bad_frames::BadFrames;
use crate::server::socket::fault::fault;
use crate::server::state::AppState;
use crate::wire::CloseCode;
use crate::wire::frame::MAX_CLIENT_MESSAGE;

/// How often it is looked whether the client may stay.
const LOOK: Duration = Duration::from_secs(1);
/// What each socket has in memory to read into, and to write from, bytes: a few frames.
const BUFFER: usize = 4 * 1024;
/// What a client that offers its token as a subprotocol offers beside it.
pub const BEARER: &str = "bearer";

/// What a client said.
pub enum Heard {
    Answers(Vec<Utf8Bytes>),
    /// It cannot be understood; the answer says so. Three in a minute are too many.
    Bad(Utf8Bytes),
}

/// One client's side of a dialect.
pub trait Talk: Send + 'static {
    /// What is said at once, before anything was asked.
    fn opened(&mut self, view: &View) -> Vec<Utf8Bytes>;
    fn hear(&mut self, text: &str, view: &View) -> Heard;
    /// What the client gets of what was said to all: nothing where it does not listen to it.
    fn pass(&mut self, said: &Said, view: &View) -> Vec<Utf8Bytes>;
    /// Said to a client that sends more than it may.
    fn too_much(&self) -> Utf8Bytes;
}

/// What a handler has of its request.
pub struct Asked {
    pub state: AppState,
    pub caller: Caller,
    pub connection: Arc<ConnectionPlace>,
    pub upgrade: WebSocketUpgrade,
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let caller = Caller::from_request_parts(parts, state).await;
        let connection = Extension::from_request_parts(parts, state).await;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        let Extension(connection) = connection.map_err(|none| none.into_response())?;
        let upgrade = upgrade.map_err(|rejection| {
            AppError::bad("not_a_websocket", rejection.body_text()).into_response()
        })?;
        Ok(Self {
            state: state.clone(),
            caller: caller.map_err(|none| none.into_response())?,
            connection,
            upgrade,
        })
    }
}

/// Why a session ends.
enum End {
    Gone,
    Close(CloseCode),
    /// A fault of the transport, by its own code.
    Transport(u16, &'static str),
}

/// Opens a socket for the request, or says why there is none.
pub fn open(asked: Asked, caster: fn(&AppState) -> &Caster, talk: impl Talk) -> Response {
    let Asked {
        state,
        caller,
        connection,
        upgrade,
    } = asked;
    let place = state
        .limits
        .socket(&caller.client, caller.principal(), connection);
    let place = match place {
        Ok(place) => place,
        Err(refusal) => return AppError::from(refusal).into_response(),
    };
    let upgrade = upgrade
        .protocols([BEARER])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(MAX_CLIENT_MESSAGE)
        .max_frame_size(MAX_CLIENT_MESSAGE);
    upgrade.on_upgrade(move |socket| async move {
        let session = Session {
            rate: CommandRate::new(&state.limits.config),
            view: View::new(state.clone()),
            bad_frames: BadFrames::default(),
            heard: Instant::now(),
            asked: None,
            socket,
            caller,
            place,
            talk,
        };
        session.run(caster(&state)).await;
    })
}

struct Session<T> {
    view: View,
    socket: WebSocket,
    caller: Caller,
    place: SocketPlace,
    rate: CommandRate,
    bad_frames: BadFrames,
    /// When something came last, and when it was asked since whether somebody is there.
    heard: Instant,
    asked: Option<Instant>,
    talk: T,
}

impl<T: Talk> Session<T> {
    async fn run(mut self, caster: &Caster) {
        let monitor = Arc::clone(&self.view.state.monitor);
        monitor.client_came();
        let end = self.converse(caster).await;
        if matches!(end, End::Close(CloseCode::TooSlow)) {
            Counters::add(&monitor.counters.slow_closes, 1);
        }
        let is_abuse = match end {
            End::Gone => false,
            End::Transport(..) => true,
            End::Close(code) => matches!(
                code,
                CloseCode::BadFrame | CloseCode::RateLimited | CloseCode::TooSlow
            ),
        };
        if is_abuse {
            self.place.strike();
        }
        match end {
            End::Gone => {}
            End::Close(code) => self.close(code.code(), code.reason()).await,
            End::Transport(code, reason) => {
                self.close(code, reason).await;
                // Nothing more can be read, and what was not would make a reset of the end, in which the
                // word could be lost.
                sleep(LOOK).await;
            }
        }
        monitor.client_left();
    }

    /// Says why, and reads on until the other end has taken it in, for a while.
    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let closing = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        let _ = timeout(LOOK, closing).await;
    }

    async fn converse(&mut self, caster: &Caster) -> End {
        let mut heard = caster.listen();
        let first = self.talk.opened(&self.view);
        if let Err(end) = self.send(first).await {
            return end;
        }
        let shutdown = self.view.state.shutdown.clone();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                () = shutdown.cancelled() => Err(End::Close(CloseCode::ShuttingDown)),
                said = heard.recv() => match said {
                    Ok(said) => {
                        let frames = self.talk.pass(&said, &self.view);
                        self.send(frames).await
                    }
                    // What it was not given cannot be told in its dialect.
                    Err(RecvError::Lagged(_)) => Err(End::Close(CloseCode::TooSlow)),
                    Err(RecvError::Closed) => Err(End::Close(CloseCode::ShuttingDown)),
                },
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(error)) => Err(broken(error)),
                    None => Err(End::Gone),
                },
                _ = look.tick() => match self.may_stay() {
                    Ok(()) => self.ask_after().await,
                    end => end,
                },
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        (self.heard, self.asked) = (Instant::now(), None);
        let state = self.view.state.clone();
        match state.limits.command(&mut self.rate) {
            Verdict::Go => {}
            Verdict::Refuse(_) => {
                let answer = self.talk.too_much();
                return self.send([answer]).await;
            }
            Verdict::Close => return Err(End::Close(CloseCode::RateLimited)),
        }
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(bytes) => match Utf8Bytes::try_from(bytes) {
                Ok(text) => text,
                Err(_) => return Err(End::Close(CloseCode::BadFrame)),
            },
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Gone),
        };
        Counters::add(&state.monitor.counters.frames_in, 1);
        match self.talk.hear(&text, &self.view) {
            Heard::Answers(answers) => self.send(answers).await,
            Heard::Bad(answer) => {
                Counters::add(&state.monitor.counters.bad_frames, 1);
                self.send([answer]).await?;
                if self.bad_frames.note(Instant::now()) {
                    return Err(End::Close(CloseCode::BadFrame));
                }
                Ok(())
            }
        }
    }

    async fn send(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), End> {
        let stall = self.view.state.config.server.write_timeout_ms;
        let stall = Duration::from_millis(stall.into());
        let mut count = 0;
        for frame in frames {
            count += 1;
            let counters = &self.view.state.monitor.counters;
            Counters::add(&counters.bytes_out, frame.len() as u64);
            match timeout(stall, self.socket.feed(Message::Text(frame))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(End::Gone),
                Err(_) => return Err(End::Close(CloseCode::TooSlow)),
            }
        }
        if count == 0 {
            return Ok(());
        }
        Counters::add(&self.view.state.monitor.counters.frames_out, count);
        match timeout(stall, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(CloseCode::TooSlow)),
        }
    }

    /// Asks a silent client now and then whether it is there, as every WebSocket answers by itself.
    async fn ask_after(&mut self) -> Result<(), End> {
        let config = &self.view.state.config.server;
        let every = Duration::from_millis(config.ping_ms.into());
        let patience = Duration::from_millis(config.pong_timeout_ms.into());
        match self.asked {
            Some(asked) if asked.elapsed() > patience => return Err(End::Close(CloseCode::NoPong)),
            Some(_) => return Ok(()),
            None if self.heard.elapsed() < every => return Ok(()),
            None => self.asked = Some(Instant::now()),
        }
        match timeout(patience, self.socket.send(Message::Ping(Bytes::new()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(CloseCode::TooSlow)),
        }
    }

    /// Whether whoever is at its end may still see.
    fn may_stay(&mut self) -> Result<(), End> {
        match may_see(&self.view.state, self.caller.principal()) {
            Some(principal) => {
                self.caller.principal = Ok(Some(principal));
                Ok(())
            }
            None => Err(End::Close(CloseCode::TokenExpired)),
        }
    }
}

/// How a connection ends that could not be read.
fn broken(error: axum::Error) -> End {
    let error = error.into_inner();
    let fault = error.downcast_ref().and_then(fault);
    fault.map_or(End::Gone, |(code, reason)| End::Transport(code, reason))
}

/// Who it is now, where that one may still see.
pub fn may_see(state: &AppState, principal: Option<&Principal>) -> Option<Principal> {
    let authority = &principal?.authority;
    let now = state.accounts.still_holds(authority, wall_time()).ok()?;
    Need::See.is_met_by(Some(&now)).then_some(now)
}
