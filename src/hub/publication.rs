//! One publication with its encodings, each made once and shared by everybody who gets it.

use std::io::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::wire::{Encoding, Push, PushKind, Topic};

/// Below this a snapshot is not worth packing, bytes.
const WORTH_PACKING: usize = 4 * 1024;

#[derive(Debug)]
pub struct Publication {
    pub push: Push,
    /// In each encoding, made when somebody wants it.
    frames: [OnceLock<Bytes>; 2],
    /// The same, for those who can unpack it.
    packed: [OnceLock<Option<Bytes>>; 2],
    /// Bytes of JSON that the topic had published before this one: what lies between two places of
    /// a log is the difference.
    pub(in crate::hub) bytes_before: u64,
}

/// Where an encoding's form stands.
fn place(encoding: Encoding) -> usize {
    match encoding {
        Encoding::Json => 0,
        Encoding::Postcard => 1,
    }
}

impl Publication {
    /// A push that has its JSON already, because that is the measure of what waits. `None`, and an
    /// error in the log, where it cannot be written.
    pub(in crate::hub) fn new(push: Push, bytes_before: u64) -> Option<Self> {
        match Encoding::Json.push::<Bytes>(&push) {
            Ok(json) => {
                let publication = Self::of_others(push, bytes_before);
                let _ = publication.frames[place(Encoding::Json)].set(json);
                Some(publication)
            }
            Err(error) => {
                tracing::error!(topic = %push.topic, %error, "a publication could not be written");
                None
            }
        }
    }

    /// A push made of what was published: it is written when it goes out, not under the hub's lock.
    pub(in crate::hub) fn of_others(push: Push, bytes_before: u64) -> Self {
        Self {
            push,
            frames: Default::default(),
            packed: Default::default(),
            bytes_before,
        }
    }

    /// The frame, without the transport's header.
    pub fn frame(&self, encoding: Encoding) -> &Bytes {
        self.frames[place(encoding)].get_or_init(|| {
            let written = encoding.push(&self.push);
            written.unwrap_or_else(|error| {
                // Its reader sees a gap and asks for it; see `Encoding::push` for why there is none.
                tracing::error!(topic = %self.push.topic, %error, "a publication could not be written");
                Bytes::new()
            })
        })
    }

    /// A large snapshot as a packed message, made once for everybody; `None` where it is not worth it.
    pub fn packed(&self, encoding: Encoding) -> Option<&Bytes> {
        if self.push.kind() != PushKind::Snapshot || self.frame(encoding).len() < WORTH_PACKING {
            return None;
        }
        let mark: &[u8] = match encoding {
            Encoding::Json => &[],
            Encoding::Postcard => &[0],
        };
        self.packed[place(encoding)]
            .get_or_init(|| pack(mark, self.frame(encoding)))
            .as_ref()
    }

    /// Bytes as JSON: the measure of what waits for a reader, whatever its encoding. Nothing where
    /// it has not been written.
    pub fn size(&self) -> usize {
        let json = self.frames[place(Encoding::Json)].get();
        json.map_or(0, Bytes::len)
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
