//! The frames of both directions. How they look as text is [`super::json`]'s business, and as bytes
//! [`super::postcard`]'s.

use std::fmt;
use std::str::FromStr;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::encoding::{Echo, sparse};
use super::{Credential, Push, Topic};
use crate::domain::{
    Amendment, BotCommand, BotId, ClosePosition, NewOco, NewOrder, OrderId, Seq, Symbol, TimeUs,
    TradingState,
};

/// Version of this protocol and of the REST API.
pub const API_VERSION: &str = "1.0";
/// Subprotocol of the JSON encoding.
pub const SUBPROTOCOL_JSON: &str = "plainsight.v1.json";
/// Subprotocol of the binary encoding.
pub const SUBPROTOCOL_POSTCARD: &str = "plainsight.v1.postcard";
/// What `hello` calls raw DEFLATE (RFC 1951).
pub const DEFLATE: &str = "deflate";
/// The largest message that a client may send, in bytes.
pub const MAX_CLIENT_MESSAGE: usize = 64 * 1024;

/// Identity of a topic's numbering. Random 64 bits; in JSON a string, because a JavaScript number
/// could not hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(value_type = String, example = "00000000000000f7", pattern = "^[0-9a-f]{16}$"))]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// A place in a topic: the offset that was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(as = TopicPosition))]
pub struct Position {
    #[cfg_attr(feature = "ssr", schema(value_type = String, example = "market:BTCUSDT"))]
    pub topic: Topic,
    pub epoch: Epoch,
    pub offset: u64,
}

/// A place to go on from, as `hello` gives it. A name that is no topic (any more) is refused by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ResumeFrom {
    #[cfg_attr(feature = "ssr", schema(example = "market:BTCUSDT"))]
    pub topic: String,
    pub epoch: Epoch,
    pub offset: u64,
}

impl From<Position> for ResumeFrom {
    fn from(place: Position) -> Self {
        Self {
            topic: place.topic.to_string(),
            epoch: place.epoch,
            offset: place.offset,
        }
    }
}

/// A place without the topic, as `since` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Since {
    pub epoch: Epoch,
    pub offset: u64,
}

/// One wish of a `subscribe`. The topic is text here, because one unknown name must not spoil the
/// others; `market:*` is every symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SubscribeTopic {
    pub topic: String,
    #[serde(default)]
    pub since: Option<Since>,
    /// Log topics: how many past publications to send first.
    #[serde(default)]
    pub history: Option<u32>,
    /// Conflated topics: at most so often, rounded down to a tier.
    #[serde(default)]
    pub max_rate_hz: Option<f64>,
    /// Log topics: what to do when the client reads too slowly.
    #[serde(default)]
    pub lag: Option<LagRule>,
}

/// What becomes of a log topic whose reader is too slow.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LagRule {
    /// What waits is skipped and told with `lag`; the client resumes from the log.
    #[default]
    Skip,
    /// The connection is closed with 4008.
    Close,
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientFrame {
    Hello {
        #[serde(default)]
        token: Option<Credential>,
        #[serde(default)]
        resume: Vec<ResumeFrom>,
        /// Name and version of the program, for logs.
        #[serde(default)]
        client: Option<String>,
        /// What the client can unpack: `deflate`. Large snapshots may then come as a binary message of
        /// their own: raw DEFLATE of what the message would have been, in the binary encoding behind
        /// a byte of zero (a frame's length is never zero).
        #[serde(default)]
        compression: Vec<String>,
    },
    Subscribe {
        id: u64,
        topics: Vec<SubscribeTopic>,
    },
    Unsubscribe {
        id: u64,
        topics: Vec<String>,
    },
    Ping {
        id: u64,
        /// The client's clock, given back as it came.
        #[serde(default)]
        t: Option<Echo>,
    },
    Order {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
        order: NewOrder,
    },
    Oco {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
        oco: Box<NewOco>,
    },
    /// By our id or the client's.
    Amend {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
        order: OrderId,
        change: Amendment,
    },
    /// By our id or the client's.
    Cancel {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
        order: OrderId,
    },
    /// All open orders, or all of one symbol.
    CancelAll {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
        #[serde(default)]
        symbol: Option<Symbol>,
    },
    /// All of the position, or a quantity.
    Close {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
        symbol: Symbol,
        #[serde(default)]
        close: ClosePosition,
    },
    Kill {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
    },
    Pause {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
    },
    Resume {
        id: u64,
        #[serde(default)]
        bot: Option<BotId>,
    },
    /// Renews the connection's authority before the token that it came with expires.
    Auth {
        id: u64,
        token: Credential,
    },
}

/// A frame's command to the engine, with the frame's id and the bot that it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub id: u64,
    pub bot: BotId,
    pub command: BotCommand,
}

impl ClientFrame {
    /// The frame's id, so that an answer can name it.
    pub fn id(&self) -> Option<u64> {
        match self {
            Self::Hello { .. } => None,
            Self::Subscribe { id, .. }
            | Self::Unsubscribe { id, .. }
            | Self::Ping { id, .. }
            | Self::Order { id, .. }
            | Self::Oco { id, .. }
            | Self::Amend { id, .. }
            | Self::Cancel { id, .. }
            | Self::CancelAll { id, .. }
            | Self::Close { id, .. }
            | Self::Kill { id, .. }
            | Self::Pause { id, .. }
            | Self::Resume { id, .. }
            | Self::Auth { id, .. } => Some(*id),
        }
    }

    /// What the frame asks of the engine; `None` for any other frame.
    pub fn ask(&self) -> Option<Ask> {
        let (id, bot, command) = match self.clone() {
            Self::Order { id, bot, order } => (id, bot, BotCommand::SubmitOrder(order)),
            Self::Oco { id, bot, oco } => (id, bot, BotCommand::SubmitOco(oco)),
            Self::Amend {
                id,
                bot,
                order,
                change,
            } => (id, bot, BotCommand::AmendOrder { order, change }),
            Self::Cancel { id, bot, order } => (id, bot, BotCommand::CancelOrder { order }),
            Self::CancelAll { id, bot, symbol } => (id, bot, BotCommand::CancelAll { symbol }),
            Self::Close {
                id,
                bot,
                symbol,
                close,
            } => (id, bot, BotCommand::ClosePosition { symbol, close }),
            Self::Kill { id, bot } => (id, bot, BotCommand::Kill),
            Self::Pause { id, bot } => (id, bot, BotCommand::Pause),
            Self::Resume { id, bot } => (id, bot, BotCommand::Resume),
            _ => return None,
        };
        Some(Ask {
            id,
            bot: bot.unwrap_or_else(BotId::paper),
            command,
        })
    }
}

/// How a subscription began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Subscribed {
    #[cfg_attr(feature = "ssr", schema(value_type = String, example = "market:BTCUSDT"))]
    pub topic: Topic,
    pub epoch: Epoch,
    /// The client holds everything up to here; what comes next continues it.
    pub offset: u64,
}

/// A topic that could not be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TopicError {
    pub topic: String,
    pub code: String,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResyncReason {
    EpochChanged,
    Trimmed,
    WindowExceeded,
    Forbidden,
}

/// What the server allows a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(as = ClientLimits))]
pub struct Limits {
    pub max_message_bytes: usize,
    pub max_subscriptions: usize,
    pub max_history: u32,
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerFrame {
    Welcome(Welcome),
    Ok(Reply),
    Error(ErrorReply),
    Pong(Pong),
    Push(Box<Push>),
    Resumed(Resumed),
    Resync(Resync),
    Lag(Lag),
    Heartbeat(Heartbeat),
    /// Announces that the server closes the connection to come back later.
    Closing(Closing),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Welcome {
    /// What the binary encoding looks like: [`super::schema::schema_hash`] of the server. It stays the
    /// first field of the first frame, so that those can read it who can read nothing else.
    #[serde(default)]
    pub schema: String,
    pub session: String,
    pub server_time: TimeUs,
    pub api_version: String,
    pub features: Vec<String>,
    pub limits: Limits,
    pub ping_ms: u32,
}

/// `ok`: the command was carried out. The optional parts belong to the command that they answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Reply {
    pub id: u64,
    #[serde(default)]
    pub topics: Vec<Subscribed>,
    #[serde(default)]
    pub errors: Vec<TopicError>,
    #[serde(default)]
    pub seq: Option<Seq>,
    #[serde(default)]
    pub order: Option<OrderId>,
    /// Where a command led to several orders or took several back.
    #[serde(default)]
    pub orders: Vec<OrderId>,
    /// The same was asked for before, by the same `client_order_id`.
    #[serde(default)]
    pub duplicate: bool,
    #[serde(default)]
    pub trading: Option<TradingState>,
}

sparse!(Reply { id } or absent { topics, errors, seq, order, orders, duplicate, trading });

/// `error`: a command was refused, or (without an id) a frame could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ErrorReply {
    #[serde(default)]
    pub id: Option<u64>,
    pub code: String,
    #[serde(default)]
    pub field: Option<String>,
    pub message: String,
    /// Trying again later may help, after `retry_ms` where it is given.
    pub temporary: bool,
    #[serde(default)]
    pub retry_ms: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Pong {
    pub id: u64,
    pub t: Option<Echo>,
    pub server_time: TimeUs,
}

/// All that was missed follows: offsets `from + 1` to `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Resumed {
    #[cfg_attr(feature = "ssr", schema(value_type = String, example = "market:BTCUSDT"))]
    pub topic: Topic,
    pub from: u64,
    pub to: u64,
}

/// What was missed cannot be given; the client forgets the topic, and a fresh start follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Resync {
    #[cfg_attr(feature = "ssr", schema(value_type = String, example = "market:BTCUSDT"))]
    pub topic: Topic,
    pub reason: ResyncReason,
    pub epoch: Epoch,
    /// As in `ok`: the offset before what follows.
    pub offset: u64,
}

/// The client read too slowly: the next `skipped` publications of a log topic will not come by
/// themselves. It resumes the topic from where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Lag {
    #[cfg_attr(feature = "ssr", schema(value_type = String, example = "market:BTCUSDT"))]
    pub topic: Topic,
    pub skipped: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Heartbeat {
    pub heads: Vec<Position>,
    pub server_time: TimeUs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Closing {
    pub code: u16,
    pub retry_ms: u32,
}
