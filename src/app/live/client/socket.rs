//! One socket, from its hello to its end.

use std::rc::Rc;

use futures::channel::mpsc;
use futures::future::{Fuse, poll_fn};
use futures::{FutureExt, SinkExt, StreamExt, select_biased};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};

use super::session::ENCODING;
use super::{Core, browser};
use crate::wire::{ClientFrame, CloseCode, ServerFrame, json, postcard};

/// What the transport calls a connection that broke without a word.
const BROKEN: u16 = 1006;
/// What this page is called in the server's logs.
const CLIENT: &str = concat!("plainsight-web/", env!("CARGO_PKG_VERSION"));

/// How a socket ended.
pub(super) struct End {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl End {
    fn broken(reason: &str) -> Self {
        Self {
            code: BROKEN,
            reason: reason.to_owned(),
        }
    }
}

/// Opens the socket, greets, and carries frames in both directions until either side ends. What is
/// received is drained at once, since the socket's own channel has no bound.
pub(super) async fn converse(
    core: &Rc<Core>,
    mut queue: mpsc::UnboundedReceiver<ClientFrame>,
) -> End {
    core.logs_frames.set(browser::wants_frames());
    let Some(url) = browser::socket_url() else {
        return End::broken("the page has no address");
    };
    let mut socket = match WebSocket::open_with_protocol(&url, ENCODING.subprotocol()) {
        Ok(socket) => socket,
        Err(error) => return End::broken(&error.to_string()),
    };
    let timeout = core.boot.client.backoff.connect_timeout_ms;
    let mut deadline = Box::pin(browser::sleep(timeout).fuse());

    let hello = ClientFrame::Hello {
        token: None,
        resume: Vec::new(),
        client: Some(CLIENT.to_owned()),
        compression: Vec::new(),
    };
    // Ready once the socket is open, and when it failed: then there is nobody to greet. Asked before
    // the split, whose sink has a slot of its own and is always ready.
    select_biased! {
        _ = poll_fn(|context| socket.poll_ready_unpin(context)).fuse() => {}
        _ = queue.next() => return End::broken("superseded"),
        () = deadline => return End::broken("timed out"),
    }
    if !matches!(socket.state(), State::Open) {
        return End::broken("could not connect");
    }
    let (mut write, read) = socket.split();
    let mut read = read.fuse();
    if write.send(core.message(&hello)).await.is_err() {
        return End::broken("could not send");
    }
    loop {
        select_biased! {
            message = read.next() => match message {
                Some(Ok(Message::Bytes(message))) => {
                    core.receive(&message);
                    if core.is_welcomed() {
                        deadline.set(Fuse::terminated());
                    }
                }
                Some(Ok(Message::Text(_))) => browser::warn("a text message was ignored"),
                Some(Err(WebSocketError::ConnectionClose(close))) => {
                    return End { code: close.code, reason: close.reason };
                }
                // The close event follows, with the code.
                Some(Err(_)) => {}
                None => return End::broken("closed"),
            },
            frame = queue.next() => match frame {
                Some(frame) => {
                    if write.send(core.message(&frame)).await.is_err() {
                        return End::broken("could not send");
                    }
                }
                None => return End { code: CloseCode::NoPong.code(), reason: "superseded".into() },
            },
            () = deadline => return End::broken("timed out"),
        }
    }
}

impl Core {
    /// A frame as it goes out. One that cannot be written leaves as an empty message, which has no
    /// frames in it.
    fn message(&self, frame: &ClientFrame) -> Message {
        if self.logs_frames.get() {
            browser::debug("→", &json::encode_client(frame));
        }
        Message::Bytes(postcard::encode_client(frame).unwrap_or_default())
    }

    /// Shows a frame that came, for people: as the other encoding would have it.
    pub(super) fn log_received(&self, frame: &ServerFrame) {
        if self.logs_frames.get()
            && let Ok(text) = json::encode_server(frame)
        {
            browser::debug("←", &text);
        }
    }
}
