//! One client of the namespace: a task that answers what it says, in order, and tells it what it listens to.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use socketioxide::extract::SocketRef;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval};

use super::{STREAMS, event, log, now, server_time};
use crate::auth::Principal;
use crate::domain::Outcome;
use crate::server::dialects::View;
use crate::server::dialects::caster::Said;
use crate::server::dialects::session::may_see;
use crate::server::limits::{CommandRate, SocketPlace, Verdict};
use crate::server::monitor::Counters;
use crate::server::state::AppState;
use crate::wire::Payload;

/// Entries of a history.
const MAX_HISTORY: usize = 500;
/// How often it is looked whether a client may stay.
const LOOK: Duration = Duration::from_secs(1);
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
    pub said: Receiver<Command>,
    pub streams: BTreeSet<&'static str>,
}

/// It must go, or has gone.
struct Gone;

impl Client {
    /// Until it leaves, or has to.
    pub async fn serve(mut self, socket: &SocketRef, state: &AppState) {
        let talking = Talk { socket, state };
        let connected = json!({
            "message": "Connected to Plainsight",
            "server_time": server_time(),
            "api_version": API_VERSION,
            "features": FEATURES,
        });
        let mut heard = state.casters.transparency.listen();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut goes_on = talking.emit("connected", &connected);
        while goes_on.is_ok() && socket.connected() {
            goes_on = tokio::select! {
                () = state.shutdown.cancelled() => return,
                said = heard.recv() => match said {
                    Ok(said) => self.pass(&talking, &said),
                    Err(RecvError::Lagged(_)) => {
                        self.place.strike();
                        Err(Gone)
                    }
                    Err(RecvError::Closed) => Err(Gone),
                },
                command = self.said.recv() => match command {
                    Some(command) => self.answer(&talking, command),
                    None => Err(Gone),
                },
                _ = look.tick() => self.may_stay(state),
            };
        }
    }

    fn pass(&mut self, talk: &Talk<'_>, said: &Said) -> Result<(), Gone> {
        if !self.streams.contains(said.stream) {
            return Ok(());
        }
        let taken = talk.emit(said.event, &said.data);
        if taken.is_err() {
            self.place.strike();
        }
        taken
    }

    fn may_stay(&mut self, state: &AppState) -> Result<(), Gone> {
        self.principal = may_see(state, Some(&self.principal)).ok_or(Gone)?;
        Ok(())
    }

    fn answer(&mut self, talk: &Talk<'_>, command: Command) -> Result<(), Gone> {
        Counters::add(&talk.state.monitor.counters.frames_in, 1);
        match talk.state.limits.command(&mut self.rate) {
            Verdict::Go => {}
            Verdict::Refuse(_) => {
                return talk.complain("rate_limited", "this socket sends more than it may");
            }
            Verdict::Close => {
                self.place.strike();
                return Err(Gone);
            }
        }
        match command {
            Command::Subscribe(Some(wish)) => self.subscribe(talk, &wish),
            Command::Unsubscribe(Some(wish)) => self.unsubscribe(talk, &wish),
            Command::Subscribe(None) | Command::Unsubscribe(None) => {
                talk.complain("bad_request", "streams is a list of names")
            }
            Command::Ping(ping) => {
                let told =
                    json!({ "timestamp": server_time(), "client_timestamp": ping.timestamp });
                talk.emit("pong", &told)
            }
            Command::Unknown => {
                talk.complain("unknown_event", "there are subscribe, unsubscribe and ping")
            }
        }
    }

    fn subscribe(&mut self, talk: &Talk<'_>, wish: &Wish) -> Result<(), Gone> {
        let (streams, rejected) = named(&wish.streams);
        talk.emit(
            "subscription_confirmed",
            &confirmation(&streams, rejected, "subscribed"),
        )?;
        // What is new while the past is read may be in both.
        self.streams.extend(&streams);
        let view = View::new(talk.state.clone());
        for stream in &streams {
            let since = wish.since.get(*stream).and_then(Value::as_str);
            if since.is_some() || wish.history.is_some() {
                talk.emit("history", &history(&view, stream, since, wish.history))?;
            }
        }
        // What does not happen, but is: its first word comes now.
        for (event, data) in streams.iter().filter_map(|stream| now(&view, stream)) {
            talk.emit(event, &data)?;
        }
        Ok(())
    }

    fn unsubscribe(&mut self, talk: &Talk<'_>, wish: &Wish) -> Result<(), Gone> {
        let (streams, rejected) = named(&wish.streams);
        self.streams.retain(|stream| !streams.contains(stream));
        talk.emit(
            "subscription_confirmed",
            &confirmation(&streams, rejected, "unsubscribed"),
        )
    }
}

/// The way to the client.
struct Talk<'a> {
    socket: &'a SocketRef,
    state: &'a AppState,
}

impl Talk<'_> {
    fn emit(&self, event: &str, data: &Value) -> Result<(), Gone> {
        Counters::add(&self.state.monitor.counters.frames_out, 1);
        self.socket.emit(event, data).map_err(|_| Gone)
    }

    fn complain(&self, code: &str, message: &str) -> Result<(), Gone> {
        self.emit("error", &json!({ "code": code, "message": message }))
    }
}

/// The names that there are, and the others.
fn named(streams: &[Value]) -> (Vec<&'static str>, Vec<String>) {
    let (mut known, mut rejected) = (Vec::new(), Vec::new());
    for name in streams {
        match STREAMS.iter().find(|stream| name == *stream) {
            Some(stream) => known.push(*stream),
            None => rejected.push(
                name.as_str()
                    .map_or_else(|| name.to_string(), str::to_owned),
            ),
        }
    }
    rejected.truncate(20);
    (known, rejected)
}

fn confirmation(streams: &[&str], rejected: Vec<String>, status: &str) -> Value {
    let mut told = json!({ "streams": streams, "status": status });
    if !rejected.is_empty() {
        told["rejected"] = rejected.into();
    }
    told
}

/// What a log had after an id, or its newest entries; oldest first. Who follows pages after an id gets all of
/// them; of an id that memory has no more, the newest are told, and that they are not all.
fn history(view: &View, stream: &str, since: Option<&str>, newest: Option<usize>) -> Value {
    let mut items = told(view, stream);
    let most = newest.unwrap_or(MAX_HISTORY).min(MAX_HISTORY);
    let seen = since.map(|since| items.iter().rposition(|item| item["id"] == since));
    let is_complete = match seen {
        Some(Some(seen)) => {
            items.drain(..=seen);
            let is_all = items.len() <= most;
            items.truncate(most);
            is_all
        }
        // Those before the newest were not asked for, unless it is for all after an id.
        Some(None) | None => {
            items.drain(..items.len().saturating_sub(most));
            seen.is_none()
        }
    };
    json!({ "stream": stream, "items": items, "complete": is_complete })
}

/// All that memory has of a log, as it was told, oldest first.
fn told(view: &View, stream: &str) -> Vec<Value> {
    let Some(topic) = log(stream, &view.bot) else {
        return Vec::new();
    };
    let entries = view.last(&topic, usize::MAX).into_iter();
    // A decision is told once, as it was made.
    let made = entries.filter(|entry| match entry {
        Payload::Decision(decision) => decision.outcome == Outcome::Pending,
        _ => true,
    });
    let types = view.order_types();
    made.filter_map(|entry| event(&entry, &types))
        .map(|said| said.data)
        .collect()
}
