//! The binary encoding: each frame is written by [postcard](https://postcard.jamesmunns.com) and stands behind
//! its length, a varint of postcard's, so that a message is one frame after the other. Its shape
//! has a hash, [`super::schema`]: nothing in the bytes themselves says what they mean.
//!
//! A frame is the number of its type and its fields in order. A push's data comes last, because its
//! type follows from the topic's stream and the kind.

use ::postcard::Deserializer;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::frame::{
    ClientFrame, Closing, ErrorReply, Heartbeat, Lag, Pong, Reply, Resumed, Resync, ServerFrame,
    Welcome,
};
use super::push::{Push, PushHead};
use super::{Content, Payload, Stream, schema_hash};

/// Bytes that are no frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadBytes {
    #[error("a frame is longer than what is left of its message")]
    Cut,
    #[error("a frame cannot be read: {0}")]
    Frame(::postcard::Error),
    #[error("a frame has {0} bytes too many")]
    TooLong(usize),
}

impl From<::postcard::Error> for BadBytes {
    fn from(error: ::postcard::Error) -> Self {
        Self::Frame(error)
    }
}

/// A frame of the server as it is written. The order is the protocol's: new types come last.
#[derive(Serialize)]
enum Out<'a> {
    Welcome(&'a Welcome),
    Ok(&'a Reply),
    Error(&'a ErrorReply),
    Pong(&'a Pong),
    Push(PushHead, &'a Content),
    Resumed(&'a Resumed),
    Resync(&'a Resync),
    Heartbeat(&'a Heartbeat),
    Closing(&'a Closing),
    Lag(&'a Lag),
}

/// The same as it is read, a push as far as its type is known.
#[derive(Deserialize)]
enum In {
    Welcome(Welcome),
    Ok(Reply),
    Error(ErrorReply),
    Pong(Pong),
    Push(PushHead),
    Resumed(Resumed),
    Resync(Resync),
    Heartbeat(Heartbeat),
    Closing(Closing),
    Lag(Lag),
}

/// Writes a frame behind its length.
fn write(frame: &impl Serialize) -> Result<Vec<u8>, ::postcard::Error> {
    let body = ::postcard::to_allocvec(frame)?;
    let mut bytes = ::postcard::to_allocvec(&body.len())?;
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

fn whole<T>((value, rest): (T, &[u8])) -> Result<T, BadBytes> {
    match rest.len() {
        0 => Ok(value),
        more => Err(BadBytes::TooLong(more)),
    }
}

/// The frames of a message, without their lengths. After an error nothing follows.
pub fn frames(message: &[u8]) -> impl Iterator<Item = Result<&[u8], BadBytes>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let read = ::postcard::take_from_bytes::<usize>(rest);
        let frame = match read.map(|(length, behind)| behind.split_at_checked(length)) {
            Ok(Some((frame, behind))) => {
                rest = behind;
                return Some(Ok(frame));
            }
            Ok(None) => BadBytes::Cut,
            Err(error) => error.into(),
        };
        rest = &[];
        Some(Err(frame))
    })
}

/// Writes one frame of the server behind its length.
///
/// # Errors
/// None in practice: every list knows how long it is.
pub fn encode_server(frame: &ServerFrame) -> Result<Vec<u8>, ::postcard::Error> {
    write(&match frame {
        ServerFrame::Welcome(body) => Out::Welcome(body),
        ServerFrame::Ok(body) => Out::Ok(body),
        ServerFrame::Error(body) => Out::Error(body),
        ServerFrame::Pong(body) => Out::Pong(body),
        ServerFrame::Push(push) => return encode_push(push),
        ServerFrame::Resumed(body) => Out::Resumed(body),
        ServerFrame::Resync(body) => Out::Resync(body),
        ServerFrame::Heartbeat(body) => Out::Heartbeat(body),
        ServerFrame::Closing(body) => Out::Closing(body),
        ServerFrame::Lag(body) => Out::Lag(body),
    })
}

/// Writes a push behind its length; see [`encode_server`].
pub fn encode_push(push: &Push) -> Result<Vec<u8>, ::postcard::Error> {
    write(&Out::Push(push.head(), &push.data))
}

/// Reads one frame of the server, as [`frames`] gives it.
pub fn decode_server(frame: &[u8]) -> Result<ServerFrame, BadBytes> {
    let (read, rest) = ::postcard::take_from_bytes(frame)?;
    let read = match read {
        In::Push(head) => {
            let mut data = Deserializer::from_bytes(rest);
            let content = head.read_data(&mut data)?;
            let push = head.with(content);
            return whole((ServerFrame::Push(Box::new(push)), data.finalize()?));
        }
        In::Welcome(body) => ServerFrame::Welcome(body),
        In::Ok(body) => ServerFrame::Ok(body),
        In::Error(body) => ServerFrame::Error(body),
        In::Pong(body) => ServerFrame::Pong(body),
        In::Resumed(body) => ServerFrame::Resumed(body),
        In::Resync(body) => ServerFrame::Resync(body),
        In::Heartbeat(body) => ServerFrame::Heartbeat(body),
        In::Closing(body) => ServerFrame::Closing(body),
        In::Lag(body) => ServerFrame::Lag(body),
    };
    whole((read, rest))
}

/// Writes one frame of a client behind its length; see [`encode_server`].
pub fn encode_client(frame: &ClientFrame) -> Result<Vec<u8>, ::postcard::Error> {
    write(frame)
}

/// Reads one frame of a client, as [`frames`] gives it.
pub fn decode_client(frame: &[u8]) -> Result<ClientFrame, BadBytes> {
    whole(::postcard::take_from_bytes(frame)?)
}

/// Writes what a page hands over of one topic: how many values, then each.
pub fn encode_content(content: &[Payload]) -> Result<Vec<u8>, ::postcard::Error> {
    ::postcard::to_allocvec(content)
}

/// Reads what [`encode_content`] wrote of a topic of `stream`.
pub fn decode_content(stream: Stream, bytes: &[u8]) -> Result<Vec<Payload>, BadBytes> {
    let mut data = Deserializer::from_bytes(bytes);
    let count = usize::deserialize(&mut data)?;
    // The count is not to be trusted with memory: it may be damaged.
    let content: Result<_, _> = (0..count)
        .map(|_| Payload::read(stream, &mut data))
        .collect();
    whole((content?, data.finalize()?))
}

/// Whether this is the `welcome` of a server whose bytes mean something else than ours. To be asked
/// before such a frame is read: then it may look like any other, or like none.
pub fn is_of_another_shape(frame: &[u8]) -> bool {
    schema_of(frame).is_some_and(|schema| schema != schema_hash())
}

/// The schema that a `welcome` names, whatever follows it: also of a server whose frames have
/// another shape. `None` for any other frame.
pub fn schema_of(frame: &[u8]) -> Option<String> {
    let (kind, rest) = ::postcard::take_from_bytes::<u32>(frame).ok()?;
    let (schema, _) = ::postcard::take_from_bytes(rest).ok()?;
    (kind == 0).then_some(schema)
}
