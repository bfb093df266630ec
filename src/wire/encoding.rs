//! The two encodings, and the few types that look otherwise as text than as bytes: text leaves out
//! what is empty and keeps numbers as they were written; bytes have every field, in order.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use super::Epoch;
use super::frame::{API_VERSION, Welcome};
use super::schema::schema_hash;

/// How a connection writes its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// [`super::json`]: text.
    Json,
    /// [`super::postcard`]: bytes.
    Postcard,
}

impl Encoding {
    /// Whether we can read what a server pushes that greets so. JSON bears fields that we do not
    /// know; bytes mean something only to those who share their shape.
    pub fn reads(self, welcome: &Welcome) -> bool {
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        major(&welcome.api_version) == major(API_VERSION)
            && (self == Self::Json || welcome.schema == schema_hash())
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

/// A client's own reading of its clock, given back as it came: in JSON the very number, whatever it
/// was; in bytes a float.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(value_type = f64))]
pub struct Echo(pub Number);

impl Echo {
    /// `None` for what is no number.
    pub fn of(value: f64) -> Option<Self> {
        Number::from_f64(value).map(Self)
    }

    pub fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }
}

impl Serialize for Echo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            self.0.serialize(serializer)
        } else {
            // Every number that JSON reads here is an integer of 64 bits or a float.
            serializer.serialize_f64(self.as_f64().unwrap_or_default())
        }
    }
}

impl<'de> Deserialize<'de> for Echo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Number::deserialize(deserializer).map(Self)
        } else {
            let value = f64::deserialize(deserializer)?;
            Self::of(value).ok_or_else(|| D::Error::custom("a number was expected"))
        }
    }
}

/// Writes a struct so that text leaves out those fields that are as by default, and bytes have all.
/// The struct reads itself, with `#[serde(default)]` on the fields that may be absent.
macro_rules! sparse {
    ($type:ident { $($always:ident),* } or absent { $($field:ident),* $(,)? }) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                const FIELDS: usize = [$(stringify!($always),)* $(stringify!($field)),*].len();
                let Self { $($always,)* $($field,)* } = self;
                let all = !serializer.is_human_readable();
                let mut out = serializer.serialize_struct(stringify!($type), FIELDS)?;
                $(out.serialize_field(stringify!($always), $always)?;)*
                let absent = Self::default();
                $(if all || *$field != absent.$field {
                    out.serialize_field(stringify!($field), $field)?;
                } else {
                    out.skip_field(stringify!($field))?;
                })*
                out.end()
            }
        }
    };
}
pub(super) use sparse;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fixtures::frames;
    use crate::wire::{ClientFrame, ServerFrame, json, postcard};

    #[test]
    fn json_gives_the_very_number_back_and_bytes_a_float() {
        for number in ["12345678901234567890", "-7", "1.5", "0.1"] {
            let text = format!(r#"{{"type":"ping","id":1,"t":{number}}}"#);
            let frame = json::decode_client(&text).unwrap();
            let ClientFrame::Ping { t: Some(t), .. } = &frame else {
                panic!("{frame:?}");
            };
            assert_eq!(serde_json::to_string(t).unwrap(), number);
            let bytes = postcard::encode_client(&frame).unwrap();
            let body = postcard::frames(&bytes).next().unwrap().unwrap();
            let ClientFrame::Ping { t: Some(read), .. } = postcard::decode_client(body).unwrap()
            else {
                panic!("{text}");
            };
            assert_eq!(read.as_f64(), t.as_f64());
        }
        assert_eq!(Echo::of(f64::NAN), None);
    }

    #[test]
    fn bytes_are_read_by_those_who_share_their_shape() {
        let welcome = frames::server().into_iter().find_map(|frame| match frame {
            ServerFrame::Welcome(welcome) => Some(welcome),
            _ => None,
        });
        let other = welcome.unwrap();
        let same = Welcome {
            schema: schema_hash().to_owned(),
            ..other.clone()
        };
        let newer = Welcome {
            api_version: "2.0".into(),
            ..same.clone()
        };
        for (welcome, text, bytes) in [
            (&same, true, true),
            (&other, true, false),
            (&newer, false, false),
        ] {
            assert_eq!(Encoding::Json.reads(welcome), text);
            assert_eq!(Encoding::Postcard.reads(welcome), bytes);
        }
    }
}
