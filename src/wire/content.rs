//! What a push brings, by its kind: the whole of a conflated topic, what changed of it, or one
//! publication of a log. A log has no deltas, and a delta has a type of its own: it cannot be taken
//! for a whole value.

use serde::de::Error as _;
use serde::{Deserializer, Serialize, Serializer};

use super::{Class, Delta, Payload, PushKind, Stream};

/// The data of a push together with its kind. Serialises as the plain data.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// All of a keyed or latest topic.
    Snapshot(Payload),
    /// What changed of one.
    Delta(Delta),
    /// One publication of a log topic.
    Event(Payload),
}

impl Content {
    /// What `new` is to somebody who knows `old`: what changed, or all of it where there is no `old`
    /// or no delta can say it.
    pub fn since(old: Option<&Payload>, new: &Payload) -> Self {
        match old.and_then(|old| Delta::between(old, new)) {
            Some(delta) => Self::Delta(delta),
            None => Self::Snapshot(new.clone()),
        }
    }

    pub fn kind(&self) -> PushKind {
        match self {
            Self::Snapshot(_) => PushKind::Snapshot,
            Self::Delta(_) => PushKind::Delta,
            Self::Event(_) => PushKind::Event,
        }
    }

    /// The whole value or the log's publication.
    pub fn payload(&self) -> Option<&Payload> {
        match self {
            Self::Snapshot(payload) | Self::Event(payload) => Some(payload),
            Self::Delta(_) => None,
        }
    }

    /// Reads the data of a push of `stream` that is of this kind.
    pub fn read<'de, D: Deserializer<'de>>(
        stream: Stream,
        kind: PushKind,
        from: D,
    ) -> Result<Self, D::Error> {
        match (kind, stream.class()) {
            (PushKind::Event, Class::Log) => Payload::read(stream, from).map(Self::Event),
            (PushKind::Snapshot, Class::Keyed | Class::Latest) => {
                Payload::read(stream, from).map(Self::Snapshot)
            }
            (PushKind::Delta, Class::Keyed | Class::Latest) => {
                Delta::read(stream, from).map(Self::Delta)
            }
            _ => Err(D::Error::custom(format!(
                "{stream} has no pushes of this kind"
            ))),
        }
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Snapshot(payload) | Self::Event(payload) => payload.serialize(serializer),
            Self::Delta(delta) => delta.serialize(serializer),
        }
    }
}
