//! The idiom on axum's own socket.

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
        tokio::select! {
            message = messages.recv() => match message {
                Ok(text) => socket.send(Message::Text(text.into())).await?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
            message = socket.recv() => match message {
                Some(message) => drop(answer(room, &mut socket, message?).await?),
                None => return Ok(()),
            },
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
