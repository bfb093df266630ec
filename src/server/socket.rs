//! The native socket, `GET /v1/ws`: one [`session`] for each connection.

mod bad_frames;
mod outbound;
mod session;

use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};

use super::access::Principal;
use super::error::AppError;
use super::state::AppState;
use crate::wire::frame::{MAX_CLIENT_MESSAGE, SUBPROTOCOL_JSON};
use session::Session;

pub async fn upgrade(
    State(state): State<AppState>,
    principal: Principal,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            return AppError::bad("not_a_websocket", rejection.body_text()).into_response();
        }
    };
    upgrade
        .protocols([SUBPROTOCOL_JSON])
        .max_message_size(MAX_CLIENT_MESSAGE)
        .max_frame_size(MAX_CLIENT_MESSAGE)
        .on_upgrade(move |socket| serve(state, principal, socket))
}

async fn serve(state: AppState, principal: Principal, socket: WebSocket) {
    let guard = Connected::new(state.clone());
    Session::new(state, principal, socket).run().await;
    drop(guard);
}

/// Counts the connection for as long as it is open, however it ends.
struct Connected(AppState);

impl Connected {
    fn new(state: AppState) -> Self {
        state.monitor.client_came();
        Self(state)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.monitor.client_left();
    }
}
