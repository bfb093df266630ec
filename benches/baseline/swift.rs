//! The same idiom on the crate fastwebsockets: a client is gone when writing to it fails.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use fastwebsockets::upgrade::IncomingUpgrade;
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, WebSocketError};
use tokio::sync::broadcast::error::RecvError;

use crate::room::Room;

pub async fn upgrade(State(room): State<Arc<Room>>, upgrade: IncomingUpgrade) -> Response {
    let Ok((response, upgraded)) = upgrade.upgrade() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        if let Ok(socket) = upgraded.await {
            // A client that has gone needs no answer.
            let _ = serve(&room, FragmentCollector::new(socket)).await;
        }
    });
    response.into_response()
}

async fn serve<S>(room: &Room, mut socket: FragmentCollector<S>) -> Result<(), WebSocketError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut joined = None;
    let mut messages = loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text => {
                let text = String::from_utf8_lossy(&frame.payload).into_owned();
                for answer in room.answer(&text) {
                    send(&mut socket, answer.text).await?;
                    joined = answer.messages.or(joined);
                }
            }
            _ => {}
        }
        if let Some(messages) = joined.take() {
            break messages;
        }
    };
    loop {
        match messages.recv().await {
            Ok(text) => send(&mut socket, text).await?,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

async fn send<S>(socket: &mut FragmentCollector<S>, text: String) -> Result<(), WebSocketError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let payload = Payload::Owned(text.into_bytes());
    socket.write_frame(Frame::text(payload)).await
}
