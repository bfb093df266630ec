//! The Socket.IO side: who may connect to the namespace. The library carries polling, upgrades and pings; its
//! queue is bounded, and who fills it is disconnected.
//!
//! A client may speak as soon as it knows that it is connected, which is before [`connect`] is called. So what it
//! says is heard from its admission on, and waits for the one task that answers it, in order.

use std::future::{Ready, ready};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as AxumState};
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde::Deserialize;
use socketioxide::SocketIo;
use socketioxide::extract::{HttpExtension, SocketRef, State, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::service::SocketIoService;
use tokio::sync::mpsc::{self, Sender};
use tower::ServiceExt as _;

use super::client::{Client, Command, Ping, Wish};
use crate::server::caller::Caller;
use crate::server::clock::wall_time;
use crate::server::dialects::session::may_see;
use crate::server::error::AppError;
use crate::server::limits::{CommandRate, ConnectionPlace};
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
    let client = Client {
        principal,
        place: place.map_err(|refusal| refusal.to_string())?,
        rate: CommandRate::new(&state.limits.config),
        said,
        streams: Default::default(),
    };
    let admitted: Admitted = Arc::new(Mutex::new(Some(client)));
    socket.extensions.insert(admitted);
    hear(&socket, &says);
    Ok(())
}

/// Takes down what the client emits. In order: handlers are called one after another, only their futures are not.
fn hear(socket: &SocketRef, says: &Sender<Command>) {
    let to = says.clone();
    let subscribe = move |socket: SocketRef, TryData(wish): TryData<Wish>| {
        note(&socket, &to, Command::Subscribe(wish.ok()))
    };
    let to = says.clone();
    let unsubscribe = move |socket: SocketRef, TryData(wish): TryData<Wish>| {
        note(&socket, &to, Command::Unsubscribe(wish.ok()))
    };
    let to = says.clone();
    let ping = move |socket: SocketRef, TryData(ping): TryData<Ping>| {
        note(&socket, &to, Command::Ping(ping.unwrap_or_default()))
    };
    let to = says.clone();
    let unknown = move |socket: SocketRef| note(&socket, &to, Command::Unknown);
    socket.on("subscribe", subscribe);
    socket.on("unsubscribe", unsubscribe);
    socket.on("ping", ping);
    socket.on_fallback(unknown);
}

fn note(socket: &SocketRef, to: &Sender<Command>, command: Command) -> Ready<()> {
    if to.try_send(command).is_err() {
        let _ = socket.clone().disconnect();
    }
    ready(())
}

async fn connect(socket: SocketRef, State(state): State<AppState>) {
    let admitted = socket.extensions.get::<Admitted>();
    let client = admitted.and_then(|admitted| admitted.lock().take());
    if let Some(client) = client {
        state.monitor.client_came();
        client.serve(&socket, &state).await;
        let _ = socket.disconnect();
        state.monitor.client_left();
    }
}
