//! A topic's content inside a page's JSON: the bytes of the binary encoding in Base64, beside the
//! schema that says what they mean. So the browser reads every value by one way only, the socket's,
//! and does not carry a second one along.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Payload, Stream, postcard, schema_hash};

/// Content on its way from the server's hands into the browser's.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Packed {
    /// Where it was made: the page is rendered from it.
    Plain(Vec<Payload>),
    /// As it was read, before it is known which stream it belongs to.
    Sealed(Sealed),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sealed {
    schema: String,
    postcard: String,
}

impl Packed {
    /// The content; `None` where its bytes have another shape or are damaged.
    pub(super) fn open(self, stream: Stream) -> Option<Vec<Payload>> {
        match self {
            Self::Plain(content) => Some(content),
            Self::Sealed(sealed) if sealed.schema == schema_hash() => {
                let bytes = STANDARD.decode(sealed.postcard).ok()?;
                postcard::decode_content(stream, &bytes).ok()
            }
            Self::Sealed(_) => None,
        }
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(content) => {
                let bytes = postcard::encode_content(content).map_err(S::Error::custom)?;
                let sealed = Sealed {
                    schema: schema_hash().to_owned(),
                    postcard: STANDARD.encode(bytes),
                };
                sealed.serialize(serializer)
            }
            Self::Sealed(sealed) => sealed.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Sealed::deserialize(deserializer).map(Self::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Class;
    use crate::wire::fixtures::{Pick, payload};

    /// Some content, and what a page makes of it.
    fn packed(stream: Stream) -> (Vec<Payload>, Sealed) {
        let count = match stream.class() {
            Class::Log => 3,
            Class::Keyed | Class::Latest => 1,
        };
        let content: Vec<Payload> = (0..count)
            .map(|round| payload(stream, 3, &mut Pick::filled(round)))
            .collect();
        let text = serde_json::to_string(&Packed::Plain(content.clone())).unwrap();
        (content, serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn every_stream_comes_out_as_it_went_in() {
        for stream in Stream::ALL {
            let (content, sealed) = packed(stream);
            assert_eq!(Packed::Sealed(sealed).open(stream), Some(content));
        }
    }

    #[test]
    fn another_shape_and_damage_are_left_out() {
        let (_, sealed) = packed(Stream::Health);
        let other = Sealed {
            schema: "0123456789abcdef".into(),
            ..sealed.clone()
        };
        let cut = Sealed {
            postcard: sealed.postcard[..sealed.postcard.len() - 8].to_owned(),
            ..sealed.clone()
        };
        let long = Sealed {
            postcard: format!("{}AAAA", sealed.postcard.trim_end_matches('=')),
            ..sealed
        };
        for bad in [other, cut, long] {
            assert_eq!(Packed::Sealed(bad).open(Stream::Health), None);
        }
    }
}
