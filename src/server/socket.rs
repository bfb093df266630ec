//! The native socket, `GET /v1/ws`. After the [`handshake`] a connection belongs to one of the
//! [`shards`], threads that own many connections each ([`shard`]): a [`session`] reads what the client
//! says, and the thread's fan-out ([`crate::hub::Fanout`]) writes. [`host`] is what they need of the server.

pub mod bad_frames;
pub mod fault;
mod handshake;
pub mod host;
mod reading;
mod relay;
mod session;
mod shard;
pub mod shards;

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};

use super::caller::Caller;
use super::error::AppError;
use super::limits::{ConnectionPlace, SocketPlace};
use super::state::AppState;
use shards::{Opening, Sockets};

pub async fn upgrade(
    State(state): State<AppState>,
    caller: Caller,
    Extension(connection): Extension<Arc<ConnectionPlace>>,
    request: Request,
) -> Response {
    match state
        .limits
        .socket(&caller.client, caller.principal(), connection)
    {
        Ok(place) => open(&state.sockets, caller, place, request),
        Err(refusal) => AppError::from(refusal).into_response(),
    }
}

/// Opens a socket for `caller`, or says why the request cannot be one.
pub fn open(sockets: &Sockets, caller: Caller, place: SocketPlace, request: Request) -> Response {
    handshake::answer(request, |encoding, saves_data| {
        let sockets = sockets.clone();
        move |stream, read| {
            let opening = Opening {
                read,
                caller,
                encoding,
                saves_data,
                place: Arc::new(place),
                relayed: None,
            };
            sockets.take(stream, opening);
        }
    })
}
