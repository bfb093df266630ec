//! One publication with its encodings, each made once and shared by everybody who gets it.

use std::io::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::wire::{Encoding, Push, PushKind, Topic};

/// Below this a snapshot is not worth packing, bytes of JSON.
const WORTH_PACKING: usize = 4 * 1024;

#[derive(Debug)]
pub struct Publication {
    pub push: Push,
    json: Bytes,
    /// Made when somebody wants it.
    postcard: OnceLock<Bytes>,
    /// In each encoding, for those who can unpack it.
    packed: [OnceLock<Option<Bytes>>; 2],
    /// Bytes of JSON that the topic had published before this one: what lies between two places of
    /// a log is the difference.
    pub(in crate::hub) bytes_before: u64,
}

impl Publication {
    /// Encodes a push. `None`, and an error in the log, where it cannot be written.
    pub(in crate::hub) fn new(push: Push, bytes_before: u64) -> Option<Self> {
        match Encoding::Json.push(&push) {
            Ok(json) => Some(Self {
                push,
                json,
                postcard: OnceLock::new(),
                packed: Default::default(),
                bytes_before,
            }),
            Err(error) => {
                tracing::error!(topic = %push.topic, %error, "a publication could not be written");
                None
            }
        }
    }

    /// The frame, without the transport's header.
    pub fn frame(&self, encoding: Encoding) -> &Bytes {
        match encoding {
            Encoding::Json => &self.json,
            Encoding::Postcard => self.postcard.get_or_init(|| {
                let written = Encoding::Postcard.push(&self.push);
                written.unwrap_or_else(|error| {
                    // Its reader sees a gap and asks for it; see `Encoding::push` for why there is none.
                    tracing::error!(topic = %self.push.topic, %error, "a publication could not be written");
                    Bytes::new()
                })
            }),
        }
    }

    /// A large snapshot as a packed message, made once for everybody; `None` where it is not worth it.
    pub fn packed(&self, encoding: Encoding) -> Option<&Bytes> {
        if self.push.kind() != PushKind::Snapshot || self.size() < WORTH_PACKING {
            return None;
        }
        let (place, mark): (usize, &[u8]) = match encoding {
            Encoding::Json => (0, &[]),
            Encoding::Postcard => (1, &[0]),
        };
        self.packed[place]
            .get_or_init(|| pack(mark, self.frame(encoding)))
            .as_ref()
    }

    /// Bytes as JSON: the measure of what waits for a reader, whatever its encoding.
    pub fn size(&self) -> usize {
        self.json.len()
    }

    pub fn is_alert(&self) -> bool {
        self.push.topic == Topic::Alerts
    }
}

/// Raw DEFLATE behind a mark. `None` where nothing is won.
fn pack(mark: &[u8], frame: &[u8]) -> Option<Bytes> {
    let mut packer = DeflateEncoder::new(mark.to_vec(), Compression::default());
    // Memory takes everything.
    packer.write_all(frame).ok()?;
    let packed = packer.finish().ok()?;
    (packed.len() < frame.len()).then(|| packed.into())
}
