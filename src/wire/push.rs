//! A publication on its way to a client: where it stands in its topic, and what it brings.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Content, Epoch, Topic};
use crate::domain::{Seq, TimeUs};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PushKind {
    /// All of a keyed or latest topic.
    Snapshot,
    /// What changed of one since the publication before.
    Delta,
    /// One publication of a log topic.
    Event,
}

/// A publication on its way to a client. `first..=last` are the offsets that it covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    pub topic: Topic,
    pub epoch: Epoch,
    pub first: u64,
    pub last: u64,
    pub seq: Seq,
    /// Market time of what caused it.
    pub t_source: Option<TimeUs>,
    /// Wall time at which that arrived here, and at which this left.
    pub t_received: TimeUs,
    pub t_published: TimeUs,
    pub data: Content,
}

/// A push without its data, as it is written and read: what the data is follows from topic and kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PushHead {
    #[cfg_attr(feature = "ssr", schema(value_type = String, example = "market:BTCUSDT"))]
    pub topic: Topic,
    pub epoch: Epoch,
    pub first: u64,
    pub last: u64,
    pub seq: Seq,
    pub kind: PushKind,
    pub t_source: Option<TimeUs>,
    pub t_received: TimeUs,
    pub t_published: TimeUs,
}

impl Push {
    pub fn kind(&self) -> PushKind {
        self.data.kind()
    }

    /// Takes the publication after this one in, so that both are one; false where they do not fit
    /// together.
    pub fn absorb(&mut self, newer: Self) -> bool {
        match (&mut self.data, newer.data) {
            (Content::Delta(changed), Content::Delta(newer)) => changed.merge(newer),
            (Content::Snapshot(value), Content::Delta(newer)) => {
                if value.apply(newer).is_err() {
                    return false;
                }
            }
            (data, whole @ Content::Snapshot(_)) => {
                self.first = newer.first;
                *data = whole;
            }
            _ => return false,
        }
        self.last = newer.last;
        self.seq = newer.seq;
        self.t_source = newer.t_source;
        self.t_received = newer.t_received;
        self.t_published = newer.t_published;
        true
    }

    pub(super) fn head(&self) -> PushHead {
        PushHead {
            topic: self.topic.clone(),
            epoch: self.epoch,
            first: self.first,
            last: self.last,
            seq: self.seq,
            kind: self.kind(),
            t_source: self.t_source,
            t_received: self.t_received,
            t_published: self.t_published,
        }
    }
}

impl PushHead {
    /// The data that follows the head.
    pub fn read_data<'de, D: Deserializer<'de>>(&self, from: D) -> Result<Content, D::Error> {
        Content::read(self.topic.stream(), self.kind, from)
    }

    pub fn with(self, data: Content) -> Push {
        Push {
            topic: self.topic,
            epoch: self.epoch,
            first: self.first,
            last: self.last,
            seq: self.seq,
            t_source: self.t_source,
            t_received: self.t_received,
            t_published: self.t_published,
            data,
        }
    }
}
