//! The Socket.IO side: who may connect to the namespace. The library carries polling, upgrades and pings; its
//! queue is bounded, and who fills it for too long is disconnected. At a shutdown connections end without a word:
//! these clients do not come back by themselves to a server that has told them to go.
//!
//! A client may speak as soon as it knows that it is connected, which is before [`connect`] is called. So what it
//! says is heard from its admission on, and waits for the one task that answers it, in order.

use std::future::{Ready, ready};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as AxumState};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde::Deserialize;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, HttpExtension, SocketRef, State, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::service::SocketIoService;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Sender};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::client::{Client, Command};
use crate::server::caller::Caller;
use crate::server::clock::wall_time;
use crate::server::dialects::session::may_see;
use crate::server::error::AppError;
use crate::server::handle::Unavailable;
use crate::server::limits::{CommandRate, ConnectionPlace};
use crate::server::listen::line::WriteLimit;
use crate::server::monitor::Counters;
use crate::server::socket::bad_frames::BadFrames;
use crate::server::state::AppState;
use crate::wire::frame::MAX_CLIENT_MESSAGE;

/// Messages that may wait for one client.
const WAITING: usize = 512;
/// What a client has said that may wait for an answer; who says more before is disconnected.
const UNANSWERED: usize = 256;

/// The Socket.IO service, once it has been started.
#[derive(Default)]
pub struct Namespace(OnceLock<SocketIoService<Router>>);

impl Namespace {
    pub fn start(&self, state: &AppState) {
        let server = &state.config.server;
        let (service, io) = SocketIo::builder()
            .req_path("/socket.io")
            .max_buffer_size(WAITING)
            .ping_interval(Duration::from_millis(server.ping_ms.into()))
            .ping_timeout(Duration::from_millis(server.pong_timeout_ms.into()))
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
    // The library waits for ever for a client that takes nothing in.
    let extensions = request.extensions();
    if request.headers().contains_key(header::UPGRADE)
        && let Some(limit) = extensions.get::<WriteLimit>()
        && let Some(place) = extensions.get::<Arc<ConnectionPlace>>()
    {
        let (place, monitor) = (Arc::clone(place), Arc::clone(&state.monitor));
        limit.set(state.config.server.write_timeout_ms, move || {
            Counters::add(&monitor.counters.slow_closes, 1);
            place.strike();
        });
    }
    let answering = service.clone().oneshot(request);
    match state.shutdown.run_until_cancelled(answering).await {
        Some(Ok(response)) => response.map(Body::new),
        Some(Err(never)) => match never {},
        // A poll that waits for news would hold up the end.
        None => AppError::from(Unavailable::Stopped).into_response(),
    }
}

/// What a client shows when it connects.
#[derive(Default, Deserialize)]
struct Shown {
    token: Option<String>,
}

/// Who was admitted, until it is connected.
type Admitted = Arc<Mutex<Option<Client>>>;

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
    let (says, said) = mpsc::channel(UNANSWERED);
    let overflow = CancellationToken::new();
    let notes = Notes {
        says,
        overflow: overflow.clone(),
    };
    let client = Client {
        principal,
        place: place.map_err(|refusal| refusal.to_string())?,
        rate: CommandRate::new(&state.limits.config),
        bad_frames: BadFrames::default(),
        said,
        overflow,
        streams: Default::default(),
    };
    let admitted: Admitted = Arc::new(Mutex::new(Some(client)));
    socket.extensions.insert(admitted);
    hear(&socket, &notes);
    Ok(())
}

/// Where it is taken down what a client emits.
#[derive(Clone)]
struct Notes {
    says: Sender<Command>,
    overflow: CancellationToken,
}

impl Notes {
    /// Acknowledged where that is asked for, as the original did, without a value.
    fn take(&self, command: Command, ack: AckSender) -> Ready<()> {
        match self.says.try_send(command) {
            Err(TrySendError::Full(_)) => self.overflow.cancel(),
            // Who has no room for the word is slow, and is dealt with as such.
            _ => drop(ack.send(&[(); 0])),
        }
        ready(())
    }
}

/// In order: handlers are called one after another, only their futures are not.
fn hear(socket: &SocketRef, notes: &Notes) {
    let to = notes.clone();
    let subscribe =
        move |TryData(wish), ack: AckSender| to.take(Command::Subscribe(wish.ok()), ack);
    let to = notes.clone();
    let unsubscribe =
        move |TryData(wish), ack: AckSender| to.take(Command::Unsubscribe(wish.ok()), ack);
    let to = notes.clone();
    let ping =
        move |TryData(ping), ack: AckSender| to.take(Command::Ping(ping.unwrap_or_default()), ack);
    let to = notes.clone();
    let unknown = move |ack: AckSender| to.take(Command::Unknown, ack);
    socket.on("subscribe", subscribe);
    socket.on("unsubscribe", unsubscribe);
    socket.on("ping", ping);
    socket.on_fallback(unknown);
}

async fn connect(socket: SocketRef, State(state): State<AppState>) {
    let admitted = socket.extensions.get::<Admitted>();
    let client = admitted.and_then(|admitted| admitted.lock().take());
    if let Some(client) = client {
        state.monitor.client_came();
        client.serve(&socket, &state).await;
        state.monitor.client_left();
    }
}
