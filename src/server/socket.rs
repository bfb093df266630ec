//! The native socket, `GET /v1/ws`. After the [`handshake`] a connection belongs to one of the
//! [`shards`], threads that own many connections each ([`shard`]): a [`session`] reads what the client
//! says, and the thread's fan-out ([`crate::hub::Fanout`]) writes. [`host`] is what they need of the server.

mod bad_frames;
mod handshake;
pub mod host;
mod reading;
mod session;
mod shard;
pub mod shards;

use axum::extract::{Request, State};
use axum::response::Response;

use super::access::Principal;
use super::state::AppState;
use shards::{Opening, Sockets};

pub async fn upgrade(
    State(state): State<AppState>,
    principal: Principal,
    request: Request,
) -> Response {
    open(&state.sockets, principal, request)
}

/// Opens a socket for `principal`, or says why the request cannot be one.
pub fn open(sockets: &Sockets, principal: Principal, request: Request) -> Response {
    handshake::answer(request, |encoding, saves_data| {
        let sockets = sockets.clone();
        move |stream, read| {
            let opening = Opening {
                read,
                principal,
                encoding,
                saves_data,
            };
            sockets.take(stream, opening);
        }
    })
}
