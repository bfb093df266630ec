//! The writing half of a connection: frames that are ready go out as one message, one per line, and
//! a write that takes too long ends the connection.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::{Bytes, BytesMut};
use futures::SinkExt as _;
use futures::stream::SplitSink;

use crate::server::monitor::Counters;
use crate::server::state::AppState;
use crate::wire::{CloseCode, ServerFrame, json};

/// A message is not made longer than this by further frames, in bytes.
const MESSAGE: usize = 64 * 1024;

/// The connection takes nothing any more.
#[derive(Debug, PartialEq, Eq)]
pub enum Gone {
    Closed,
    /// A write took longer than is allowed.
    Stalled,
}

pub struct Outbound {
    sink: SplitSink<WebSocket, Message>,
    state: AppState,
}

impl Outbound {
    pub fn new(sink: SplitSink<WebSocket, Message>, state: AppState) -> Self {
        Self { sink, state }
    }

    pub async fn frame(&mut self, frame: &ServerFrame) -> Result<(), Gone> {
        match json::encode_server(frame) {
            Ok(text) => self.send(Bytes::from(text), 1).await,
            Err(error) => {
                tracing::error!(%error, "a frame could not be written");
                Ok(())
            }
        }
    }

    /// Sends frames that are encoded already, several in one message.
    pub async fn frames(&mut self, frames: Vec<Bytes>) -> Result<(), Gone> {
        let mut message = BytesMut::new();
        let mut count = 0;
        for frame in frames {
            if !message.is_empty() && message.len() + frame.len() >= MESSAGE {
                self.send(message.split().freeze(), count).await?;
                count = 0;
            }
            if !message.is_empty() {
                message.extend_from_slice(b"\n");
            }
            message.extend_from_slice(&frame);
            count += 1;
        }
        if message.is_empty() {
            Ok(())
        } else {
            self.send(message.freeze(), count).await
        }
    }

    async fn send(&mut self, text: Bytes, frames: u64) -> Result<(), Gone> {
        let counters = &self.state.monitor.counters;
        Counters::add(&counters.frames_out, frames);
        Counters::add(&counters.bytes_out, text.len() as u64);
        // Frames are made by serde_json, which writes UTF-8; checking it again costs next to nothing.
        let Ok(text) = Utf8Bytes::try_from(text) else {
            return Ok(());
        };
        self.write(Message::Text(text)).await
    }

    async fn write(&mut self, message: Message) -> Result<(), Gone> {
        let limit = Duration::from_millis(self.state.config.server.write_timeout_ms.into());
        match tokio::time::timeout(limit, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone::Closed),
            Err(_) => Err(Gone::Stalled),
        }
    }

    /// Says why and closes. Whether it arrives is not waited for.
    pub async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        // The other side may be gone already.
        let _ = self.write(Message::Close(Some(frame))).await;
    }

    pub async fn close_with(&mut self, code: CloseCode) {
        self.close(code.code(), code.reason()).await;
    }
}
