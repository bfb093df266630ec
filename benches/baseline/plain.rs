//! The idiom on axum's own socket. Nothing is read once the client has subscribed: asking for
//! frames beside each message would cost more than sending it, and the comparison is to be fair.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::room::Room;

pub async fn upgrade(State(room): State<Arc<Room>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(["plainsight.v1.json"])
        .on_upgrade(move |socket| async move {
            // A client that has gone needs no answer.
            let _ = serve(&room, socket).await;
        })
}

async fn serve(room: &Room, mut socket: WebSocket) -> Result<(), axum::Error> {
    let mut messages = loop {
        let Some(message) = socket.recv().await else {
            return Ok(());
        };
        if let Some(messages) = answer(room, &mut socket, message?).await? {
            break messages;
        }
    };
    loop {
        match messages.recv().await {
            Ok(text) => socket.send(Message::Text(text.into())).await?,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

async fn answer(
    room: &Room,
    socket: &mut WebSocket,
    message: Message,
) -> Result<Option<Receiver<String>>, axum::Error> {
    let mut joined = None;
    if let Message::Text(text) = message {
        for answer in room.answer(&text) {
            socket.send(Message::Text(answer.text.into())).await?;
            joined = answer.messages.or(joined);
        }
    }
    Ok(joined)
}
