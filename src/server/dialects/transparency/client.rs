//! One client of the namespace: a task that answers what it says, in order, and tells it what it listens to.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::history::history;
use super::{STREAMS, now, server_time};
use crate::auth::Principal;
use crate::server::dialects::View;
use crate::server::dialects::caster::Said;
use crate::server::dialects::names::named;
use crate::server::dialects::session::may_see;
use crate::server::limits::{CommandRate, SocketPlace, Verdict};
use crate::server::monitor::Counters;
use crate::server::socket::bad_frames::BadFrames;
use crate::server::state::AppState;

/// How often it is looked whether a client may stay.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is looked whether a full queue has room again.
const ROOM: Duration = Duration::from_millis(5);
/// As its clients know it.
const API_VERSION: &str = "2.0.0";
const FEATURES: [&str; 4] = [
    "trade_feed",
    "portfolio_updates",
    "ai_decisions",
    "performance_metrics",
];

/// What a client emits. What cannot be read is `None`.
pub enum Command {
    Subscribe(Option<Wish>),
    Unsubscribe(Option<Wish>),
    Ping(Ping),
    Unknown,
}

#[derive(Deserialize)]
pub struct Wish {
    streams: Vec<Value>,
    #[serde(default)]
    since: Map<String, Value>,
    history: Option<usize>,
}

#[derive(Default, Deserialize)]
pub struct Ping {
    timestamp: Option<Value>,
}

pub struct Client {
    pub principal: Principal,
    pub place: SocketPlace,
    pub rate: CommandRate,
    pub bad_frames: BadFrames,
    pub said: Receiver<Command>,
    /// It has said more than waits for an answer.
    pub overflow: CancellationToken,
    pub streams: BTreeSet<&'static str>,
}

/// Why a client goes.
enum Gone {
    /// It has left, or the server goes.
    Left,
    /// It may not see any more.
    Expired,
    /// It does not read.
    Slow,
    /// It says too much.
    Abuse,
}

impl Client {
    /// Until it leaves, or has to.
    pub async fn serve(mut self, socket: &SocketRef, state: &AppState) {
        let talking = Talk { socket, state };
        let Err(gone) = self.converse(&talking).await;
        if matches!(gone, Gone::Slow) {
            Counters::add(&state.monitor.counters.slow_closes, 1);
        }
        if matches!(gone, Gone::Slow | Gone::Abuse) {
            self.place.strike();
        }
        if !matches!(gone, Gone::Left) {
            talking.send_away().await;
        }
    }

    async fn converse(&mut self, talk: &Talk<'_>) -> Result<Infallible, Gone> {
        let connected = json!({
            "message": "Connected to Plainsight",
            "server_time": server_time(),
            "api_version": API_VERSION,
            "features": FEATURES,
        });
        let mut heard = talk.state.casters.transparency.listen();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let overflow = self.overflow.clone();
        talk.emit("connected", &connected).await?;
        loop {
            tokio::select! {
                // Its connection ends with the process.
                () = talk.state.shutdown.cancelled() => return Err(Gone::Left),
                () = overflow.cancelled() => return Err(Gone::Abuse),
                said = heard.recv() => match said {
                    Ok(said) => self.pass(talk, &said).await?,
                    Err(RecvError::Lagged(_)) => return Err(Gone::Slow),
                    Err(RecvError::Closed) => return Err(Gone::Left),
                },
                command = self.said.recv() => match command {
                    Some(command) => self.answer(talk, command).await?,
                    None => return Err(Gone::Left),
                },
                _ = look.tick() => self.may_stay(talk)?,
            };
        }
    }

    async fn pass(&self, talk: &Talk<'_>, said: &Said) -> Result<(), Gone> {
        if self.streams.contains(said.stream) {
            talk.emit(said.event, &said.data).await?;
        }
        Ok(())
    }

    fn may_stay(&mut self, talk: &Talk<'_>) -> Result<(), Gone> {
        if !talk.socket.connected() {
            return Err(Gone::Left);
        }
        let principal = may_see(talk.state, Some(&self.principal));
        self.principal = principal.ok_or(Gone::Expired)?;
        Ok(())
    }

    async fn answer(&mut self, talk: &Talk<'_>, command: Command) -> Result<(), Gone> {
        let counters = &talk.state.monitor.counters;
        Counters::add(&counters.frames_in, 1);
        match talk.state.limits.command(&mut self.rate) {
            Verdict::Go => {}
            Verdict::Refuse(_) => {
                let message = "this socket sends more than it may";
                return talk.complain("rate_limited", message).await;
            }
            Verdict::Close => return Err(Gone::Abuse),
        }
        match command {
            Command::Subscribe(Some(wish)) => self.subscribe(talk, &wish).await,
            Command::Unsubscribe(Some(wish)) => self.unsubscribe(talk, &wish).await,
            Command::Subscribe(None) | Command::Unsubscribe(None) => {
                Counters::add(&counters.bad_frames, 1);
                let message = "streams is a list of names";
                talk.complain("bad_request", message).await?;
                if self.bad_frames.note(Instant::now()) {
                    return Err(Gone::Abuse);
                }
                Ok(())
            }
            Command::Ping(ping) => {
                let told =
                    json!({ "timestamp": server_time(), "client_timestamp": ping.timestamp });
                talk.emit("pong", &told).await
            }
            Command::Unknown => {
                let message = "there are subscribe, unsubscribe and ping";
                talk.complain("unknown_event", message).await
            }
        }
    }

    async fn subscribe(&mut self, talk: &Talk<'_>, wish: &Wish) -> Result<(), Gone> {
        let (streams, rejected) = named(&wish.streams, &STREAMS);
        talk.emit(
            "subscription_confirmed",
            &confirmation(&streams, rejected, "subscribed"),
        )
        .await?;
        // What is new while the past is read may be in both.
        self.streams.extend(&streams);
        let view = View::new(talk.state.clone());
        for stream in &streams {
            let since = wish.since.get(*stream).and_then(Value::as_str);
            if since.is_some() || wish.history.is_some() {
                let history = history(&view, stream, since, wish.history);
                talk.emit("history", &history).await?;
            }
        }
        // What does not happen, but is: its first word comes now.
        for (event, data) in streams.iter().filter_map(|stream| now(&view, stream)) {
            talk.emit(event, &data).await?;
        }
        Ok(())
    }

    async fn unsubscribe(&mut self, talk: &Talk<'_>, wish: &Wish) -> Result<(), Gone> {
        let (streams, rejected) = named(&wish.streams, &STREAMS);
        self.streams.retain(|stream| !streams.contains(stream));
        talk.emit(
            "subscription_confirmed",
            &confirmation(&streams, rejected, "unsubscribed"),
        )
        .await
    }
}

/// The way to the client.
struct Talk<'a> {
    socket: &'a SocketRef,
    state: &'a AppState,
}

impl Talk<'_> {
    /// Waits for room in the client's queue, no longer than a write may take anywhere.
    async fn emit(&self, event: &str, data: &Value) -> Result<(), Gone> {
        Counters::add(&self.state.monitor.counters.frames_out, 1);
        let stall = self.state.config.server.write_timeout_ms;
        let until = Instant::now() + Duration::from_millis(stall.into());
        loop {
            match self.socket.emit(event, data) {
                Ok(()) => return Ok(()),
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {}
                Err(_) => return Err(Gone::Left),
            }
            if self.state.shutdown.is_cancelled() {
                return Err(Gone::Left);
            }
            if Instant::now() >= until {
                return Err(Gone::Slow);
            }
            sleep(ROOM).await;
        }
    }

    async fn complain(&self, code: &str, message: &str) -> Result<(), Gone> {
        let told = json!({ "code": code, "message": message });
        self.emit("error", &told).await
    }

    /// Ends the client's part in the namespace. Its queue must have room for the word: where it never has, pings
    /// find none either, and the library closes the connection.
    async fn send_away(&self) {
        while self.socket.connected() && self.socket.clone().disconnect().is_err() {
            sleep(ROOM).await;
        }
    }
}

fn confirmation(streams: &[&str], rejected: Vec<String>, status: &str) -> Value {
    let mut told = json!({ "streams": streams, "status": status });
    if !rejected.is_empty() {
        told["rejected"] = rejected.into();
    }
    told
}
