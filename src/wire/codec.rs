//! Writing in either encoding: one place that knows both.

use super::frame::{SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD};
use super::{Encoding, Push, ServerFrame, json, postcard};

/// A frame that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("postcard: {0}")]
    Postcard(#[from] ::postcard::Error),
}

impl Encoding {
    /// Every encoding, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Postcard, Self::Json];

    /// The subprotocol that a client asks for.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => SUBPROTOCOL_JSON,
            Self::Postcard => SUBPROTOCOL_POSTCARD,
        }
    }

    /// Writes a push.
    ///
    /// # Errors
    /// None in practice: every frame is made of maps with string keys, finite numbers and lists that
    /// know how long they are.
    pub fn push<Out: From<Vec<u8>>>(self, push: &Push) -> Result<Out, EncodeError> {
        Ok(match self {
            Self::Json => json::encode_push(push)?.into_bytes().into(),
            Self::Postcard => postcard::encode_push(push)?.into(),
        })
    }

    /// Writes any frame of the server; errors as [`Encoding::push`].
    pub fn server<Out: From<Vec<u8>>>(self, frame: &ServerFrame) -> Result<Out, EncodeError> {
        Ok(match self {
            Self::Json => json::encode_server(frame)?.into_bytes().into(),
            Self::Postcard => postcard::encode_server(frame)?.into(),
        })
    }
}
