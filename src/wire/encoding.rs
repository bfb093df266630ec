//! The encodings of the protocol, each a WebSocket subprotocol.

use super::frame::{Push, SUBPROTOCOL_JSON, ServerFrame};
use super::json;

/// How frames are written on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Text messages, a frame a line: for people and any language.
    Json,
}

/// A frame that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Encoding {
    /// Every encoding, the preferred one first.
    pub const ALL: [Self; 1] = [Self::Json];

    /// The subprotocol that a client asks for.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => SUBPROTOCOL_JSON,
        }
    }

    /// Writes a push.
    ///
    /// # Errors
    /// None in practice: every frame is made of maps with string keys and finite numbers.
    pub fn push<Out: From<Vec<u8>>>(self, push: &Push) -> Result<Out, EncodeError> {
        match self {
            Self::Json => Ok(json::encode_push(push)?.into_bytes().into()),
        }
    }

    /// Writes any frame of the server; errors as [`Encoding::push`].
    pub fn server<Out: From<Vec<u8>>>(self, frame: &ServerFrame) -> Result<Out, EncodeError> {
        match self {
            Self::Json => Ok(json::encode_server(frame)?.into_bytes().into()),
        }
    }
}
