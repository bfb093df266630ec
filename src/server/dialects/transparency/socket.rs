//! The Socket.IO side: who may connect to the namespace, what clients emit, and what they are told. The
//! library carries polling, upgrades and pings; its queue is bounded, and who fills it is disconnected.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as AxumState};
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{HttpExtension, SocketRef, State, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::service::SocketIoService;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use tower::ServiceExt as _;

use super::{STREAMS, event, log, now, server_time};
use crate::auth::Principal;
use crate::domain::Outcome;
use crate::server::caller::Caller;
use crate::server::clock::wall_time;
use crate::server::dialects::View;
use crate::server::dialects::session::may_see;
use crate::server::error::AppError;
use crate::server::limits::{CommandRate, ConnectionPlace, SocketPlace, Verdict};
use crate::server::monitor::Counters;
use crate::server::state::AppState;
use crate::wire::Payload;
use crate::wire::frame::MAX_CLIENT_MESSAGE;

/// Messages that may wait for one client.
const WAITING: usize = 512;
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

/// The Socket.IO service, once it has been started.
#[derive(Default)]
pub struct Namespace(OnceLock<SocketIoService<Router>>);

impl Namespace {
    pub fn start(&self, state: &AppState) {
        let (service, io) = SocketIo::builder()
            .req_path("/socket.io")
            .max_buffer_size(WAITING)
            .max_payload(MAX_CLIENT_MESSAGE as u64)
            .ws_max_message_size(MAX_CLIENT_MESSAGE)
            .ws_max_frame_size(MAX_CLIENT_MESSAGE)
            .with_state(state.clone())
            .build_with_inner_svc(Router::new());
        io.ns("/", connect.with(admit));
        let _ = self.0.set(service);
    }
}

/// `GET` and `POST /socket.io/`.
pub async fn serve(AxumState(state): AxumState<AppState>, request: Request) -> Response {
    let Some(service) = state.socket_io.0.get() else {
        return AppError::Internal("Socket.IO is not served".to_owned()).into_response();
    };
    match service.clone().oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// What a client shows when it connects.
#[derive(Default, Deserialize)]
struct Shown {
    token: Option<String>,
}

/// One client of the namespace.
#[derive(Clone)]
struct Client(Arc<Mutex<Known>>);

struct Known {
    principal: Principal,
    streams: BTreeSet<&'static str>,
    rate: CommandRate,
    place: SocketPlace,
}

/// Only who may see gets in, by what the request has shown or by `auth.token`.
async fn admit(
    socket: SocketRef,
    TryData(shown): TryData<Shown>,
    HttpExtension(caller): HttpExtension<Caller>,
    HttpExtension(connection): HttpExtension<Arc<ConnectionPlace>>,
    State(state): State<AppState>,
) -> Result<(), String> {
    let mut principal = caller.principal.clone();
    if let Some(token) = shown.ok().and_then(|shown| shown.token) {
        let token = token.strip_prefix("Bearer ").unwrap_or(&token);
        principal = state.accounts.check(token, wall_time()).map(Some);
    }
    let principal = match principal {
        Ok(principal) => may_see(&state, principal.as_ref()),
        Err(denied) => return Err(denied.to_string()),
    };
    let Some(principal) = principal else {
        return Err("sign in first: give a token as auth.token".to_owned());
    };
    let place = state
        .limits
        .socket(&caller.client, Some(&principal), connection);
    let known = Known {
        principal,
        streams: BTreeSet::new(),
        rate: CommandRate::new(&state.limits.config),
        place: place.map_err(|refusal| refusal.to_string())?,
    };
    socket
        .extensions
        .insert(Client(Arc::new(Mutex::new(known))));
    Ok(())
}

async fn connect(socket: SocketRef, State(state): State<AppState>) {
    let Some(client) = socket.extensions.get::<Client>() else {
        return;
    };
    let connected = json!({
        "message": "Connected to Plainsight",
        "server_time": server_time(),
        "api_version": API_VERSION,
        "features": FEATURES,
    });
    if socket.emit("connected", &connected).is_err() {
        return;
    }
    socket.on("subscribe", subscribe);
    socket.on("unsubscribe", unsubscribe);
    socket.on("ping", ping);
    socket.on_fallback(unknown);
    state.monitor.client_came();
    tokio::spawn(async move {
        tell(&socket, &client, &state).await;
        let _ = socket.disconnect();
        state.monitor.client_left();
    });
}

/// Tells the client what it listens to until it leaves, or has to.
async fn tell(socket: &SocketRef, client: &Client, state: &AppState) {
    let mut heard = state.casters.transparency.listen();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while socket.connected() {
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            said = heard.recv() => {
                let said = match said {
                    Ok(said) => said,
                    Err(RecvError::Lagged(_)) => {
                        client.0.lock().place.strike();
                        return;
                    }
                    Err(RecvError::Closed) => return,
                };
                let listens = client.0.lock().streams.contains(said.stream);
                if listens && !emit(socket, state, said.event, &said.data) {
                    client.0.lock().place.strike();
                    return;
                }
            }
            _ = look.tick() => {
                let mut known = client.0.lock();
                match may_see(state, Some(&known.principal)) {
                    Some(principal) => known.principal = principal,
                    None => return,
                }
            }
        }
    }
}

/// False where the client does not take it.
fn emit(socket: &SocketRef, state: &AppState, event: &str, data: &Value) -> bool {
    Counters::add(&state.monitor.counters.frames_out, 1);
    socket.emit(event, data).is_ok()
}

/// Counts what a client emits; false where it is one too many, and it has been told or thrown out.
fn is_in_time(socket: &SocketRef, state: &AppState) -> bool {
    Counters::add(&state.monitor.counters.frames_in, 1);
    let Some(client) = socket.extensions.get::<Client>() else {
        return false;
    };
    let mut known = client.0.lock();
    match state.limits.command(&mut known.rate) {
        Verdict::Go => true,
        Verdict::Refuse(_) => {
            complain(socket, "rate_limited", "this socket sends more than it may");
            false
        }
        Verdict::Close => {
            known.place.strike();
            drop(known);
            let _ = socket.clone().disconnect();
            false
        }
    }
}

fn complain(socket: &SocketRef, code: &str, message: &str) {
    let _ = socket.emit("error", &json!({ "code": code, "message": message }));
}

#[derive(Deserialize)]
struct Wish {
    streams: Vec<Value>,
    #[serde(default)]
    since: Map<String, Value>,
    history: Option<usize>,
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

async fn subscribe(socket: SocketRef, TryData(wish): TryData<Wish>, State(state): State<AppState>) {
    if !is_in_time(&socket, &state) {
        return;
    }
    let wish = match wish {
        Ok(wish) => wish,
        Err(_) => return complain(&socket, "bad_request", "streams is a list of names"),
    };
    let Some(client) = socket.extensions.get::<Client>() else {
        return;
    };
    let (streams, rejected) = named(&wish.streams);
    let told = confirmation(&streams, rejected, "subscribed");
    let _ = socket.emit("subscription_confirmed", &told);
    // Before the past is read, so that nothing falls between; what is new may be in both.
    client.0.lock().streams.extend(&streams);
    let view = View::new(state);
    for stream in &streams {
        let since = wish.since.get(*stream).and_then(Value::as_str);
        if since.is_some() || wish.history.is_some() {
            let _ = socket.emit("history", &history(&view, stream, since, wish.history));
        }
    }
    // What does not happen, but is: its first word comes now.
    for (event, data) in streams.iter().filter_map(|stream| now(&view, stream)) {
        let _ = socket.emit(event, &data);
    }
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

async fn unsubscribe(
    socket: SocketRef,
    TryData(wish): TryData<Wish>,
    State(state): State<AppState>,
) {
    if !is_in_time(&socket, &state) {
        return;
    }
    let Ok(wish) = wish else {
        return complain(&socket, "bad_request", "streams is a list of names");
    };
    let (streams, rejected) = named(&wish.streams);
    if let Some(client) = socket.extensions.get::<Client>() {
        let mut known = client.0.lock();
        known.streams.retain(|stream| !streams.contains(stream));
    }
    let told = confirmation(&streams, rejected, "unsubscribed");
    let _ = socket.emit("subscription_confirmed", &told);
}

#[derive(Default, Deserialize)]
struct Ping {
    timestamp: Option<Value>,
}

async fn ping(socket: SocketRef, TryData(ping): TryData<Ping>, State(state): State<AppState>) {
    if is_in_time(&socket, &state) {
        let theirs = ping.unwrap_or_default().timestamp;
        let told = json!({ "timestamp": server_time(), "client_timestamp": theirs });
        let _ = socket.emit("pong", &told);
    }
}

async fn unknown(socket: SocketRef, State(state): State<AppState>) {
    if is_in_time(&socket, &state) {
        let message = "there are subscribe, unsubscribe and ping";
        complain(&socket, "unknown_event", message);
    }
}
