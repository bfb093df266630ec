//! What a server-rendered page hands over: the very figures it was rendered from with their places,
//! so that the client starts with the same picture and resumes behind it.

use serde::{Deserialize, Serialize};

use super::form::Refused;
use super::frame::Since;
use super::packed::Packed;
use super::{Backoff, Epoch, Listed, Part, Payload, Replica, Stream, Topic};
use crate::domain::{
    BotId, Explanation, Instrument, LedgerEntry, Mode, Order, OrderHistory, Seq, Symbol, TimeUs,
    UserName,
};

/// Cadence and age budget of a stream, ms. A budget of zero is the heartbeat's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRate {
    pub stream: Stream,
    pub cadence_ms: u32,
    pub budget_ms: u32,
}

/// What the client must know to behave as configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientConfig {
    pub backoff: Backoff,
    pub streams: Vec<StreamRate>,
    /// How long a topic stays subscribed after its last user left, and its value kept, ms.
    pub linger_ms: u32,
    pub keep_ms: u32,
}

impl ClientConfig {
    /// How old a value of `stream` may be, ms; zero is "as old as the heartbeat says it may be".
    pub fn budget_ms(&self, stream: Stream) -> u32 {
        self.streams
            .iter()
            .find(|rate| rate.stream == stream)
            .map_or(0, |rate| rate.budget_ms)
    }
}

/// One topic's content in the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BootTopic {
    pub topic: Topic,
    pub epoch: Epoch,
    pub offset: u64,
    pub seq: Seq,
    pub t_received: Option<TimeUs>,
    content: Packed,
}

impl BootTopic {
    pub fn new(
        topic: Topic,
        at: Since,
        seq: Seq,
        t_received: Option<TimeUs>,
        content: Vec<Payload>,
    ) -> Self {
        Self {
            topic,
            epoch: at.epoch,
            offset: at.offset,
            seq,
            t_received,
            content: Packed::Plain(content),
        }
    }

    /// The replica that holds this content. Content that cannot be read is left out, so that the
    /// client fetches it instead.
    pub fn into_replica(self) -> Replica {
        let stream = self.topic.stream();
        let mut replica = Replica::new(self.topic);
        if let Some(content) = self.content.open(stream) {
            let at = Since {
                epoch: self.epoch,
                offset: self.offset,
            };
            replica.fill(at, self.seq, self.t_received, content);
        }
        replica
    }
}

/// One order with all that can be said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderDetail {
    pub history: OrderHistory,
    pub explanation: Explanation,
}

/// What the pages' controls and tables need beside topics.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Desk {
    /// Whether the reader may give commands.
    pub operator: bool,
    /// Who the reader is, where somebody has signed in.
    #[serde(default)]
    pub visitor: Option<UserName>,
    /// What the page's first forms call what they ask for, so that it is done once however often it
    /// is sent.
    pub form_id: String,
    pub instruments: Vec<Instrument>,
    /// Only where the page shows them.
    pub open_orders: Option<Vec<Order>>,
    /// The order that `?order=` names.
    pub detail: Option<OrderDetail>,
    pub ledger: Option<Vec<LedgerEntry>>,
    /// The decisions that the address asks for.
    pub decisions: Option<Listed>,
    /// What the server has drawn of the page.
    pub part: Option<Part>,
    /// The form that this page is the answer to.
    pub refused: Option<Refused>,
}

/// Everything that a page hands over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    pub client: ClientConfig,
    pub mode: Mode,
    pub bot: BotId,
    pub bots: Vec<BotId>,
    pub symbols: Vec<Symbol>,
    /// The seq that the whole page is true at.
    pub seq: Seq,
    pub topics: Vec<BootTopic>,
    #[serde(default)]
    pub desk: Desk,
}
