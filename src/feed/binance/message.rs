//! What Binance says, as values: messages of the spot streams and answers of the REST API.
//!
//! Prices and quantities are strings there and exact decimals here; times are ms (µs where the
//! client asks for them) and told apart by their size. The fields are those of Binance's own
//! description: <https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md>.

mod raw;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::raw::{AggTrade, OldKline, OldTrade};
use self::raw::{RawAggTrade, RawBookTicker, RawDepth, RawKline, RawMiniTicker, RawTrade};
use crate::domain::{Bar, DayStatistics, Level, MarketTrade, Symbol, TimeUs};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}: {excerpt}")]
pub struct BadMessage {
    why: String,
    /// The beginning of what was received.
    excerpt: String,
}

impl BadMessage {
    pub fn new(why: impl std::fmt::Display, text: &str) -> Self {
        Self {
            why: why.to_string(),
            excerpt: text.chars().take(120).collect(),
        }
    }
}

/// The best level of both sides after the update `update_id`. Has no time of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct BookTicker {
    pub symbol: Symbol,
    pub update_id: u64,
    pub bid: Level,
    pub ask: Level,
}

/// Levels that the updates `first` to `last` changed, with the quantities that are there now.
#[derive(Debug, Clone, PartialEq)]
pub struct Depth {
    pub symbol: Symbol,
    pub first: u64,
    pub last: u64,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub time: TimeUs,
}

/// The book as the REST API gives it: after the update `last`.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthSnapshot {
    pub last: u64,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Kline {
    pub bar: Bar,
    /// No further trade can change it.
    pub closed: bool,
    pub time: TimeUs,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A raw trade or an aggregate one; `time` is when the message was made.
    Trade {
        trade: MarketTrade,
        time: TimeUs,
    },
    BookTicker(BookTicker),
    Depth(Depth),
    Kline(Kline),
    Day(DayStatistics),
    /// The server is about to close the connection.
    ServerShutdown,
    /// The answer to a request of ours; `problem` where it was refused.
    Reply {
        id: Option<u64>,
        problem: Option<String>,
    },
    /// Something that was not asked for; its name.
    Other(String),
}

/// Reads one text frame, wrapped (`/stream`) or not (`/ws`).
pub fn parse(text: &str) -> Result<Message, BadMessage> {
    let bad = |error: serde_json::Error| BadMessage::new(error, text);
    if text.trim_start().starts_with('[') {
        serde_json::from_str::<Vec<&RawValue>>(text).map_err(bad)?;
        return Ok(Message::Other("array".to_owned()));
    }
    let frame: Frame<'_> = serde_json::from_str(text).map_err(bad)?;
    if let (Some(stream), Some(data)) = (&frame.stream, frame.data) {
        let kind = stream.split_once('@').map_or(&**stream, |(_, kind)| kind);
        return payload(kind, data.get()).map_err(bad);
    }
    if let Some(event) = &frame.event {
        return payload(event, text).map_err(bad);
    }
    if frame.update_id.is_some() && frame.symbol.is_some() {
        return payload("bookTicker", text).map_err(bad);
    }
    if frame.is_reply() {
        return Ok(frame.reply());
    }
    Err(BadMessage::new("neither data nor a reply", text))
}

fn payload(kind: &str, data: &str) -> serde_json::Result<Message> {
    let kind = kind.split(['@', '_']).next().unwrap_or(kind);
    Ok(match kind {
        "trade" => serde_json::from_str::<RawTrade>(data)?.into(),
        "aggTrade" => serde_json::from_str::<RawAggTrade>(data)?.into(),
        "bookTicker" => Message::BookTicker(serde_json::from_str::<RawBookTicker>(data)?.into()),
        "depth" | "depthUpdate" => {
            Message::Depth(serde_json::from_str::<RawDepth>(data)?.try_into()?)
        }
        "kline" => Message::Kline(serde_json::from_str::<RawKline>(data)?.into()),
        "miniTicker" | "24hrMiniTicker" => {
            Message::Day(serde_json::from_str::<RawMiniTicker>(data)?.into())
        }
        "serverShutdown" => Message::ServerShutdown,
        other => {
            // A shutdown may come wrapped in a stream's name of its own.
            let event: Frame<'_> = serde_json::from_str(data)?;
            match event.event.as_deref() {
                Some("serverShutdown") => Message::ServerShutdown,
                _ => Message::Other(other.to_owned()),
            }
        }
    })
}

/// Whatever may stand at the top of a frame.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    stream: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "e")]
    event: Option<Cow<'a, str>>,
    #[serde(default, rename = "u")]
    update_id: Option<serde_json::Value>,
    #[serde(borrow, default, rename = "s")]
    symbol: Option<Cow<'a, str>>,
    #[serde(default)]
    id: Option<serde_json::Value>,
    #[serde(default)]
    code: Option<i64>,
    #[serde(borrow, default)]
    msg: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Frame<'_> {
    fn is_reply(&self) -> bool {
        self.id.is_some() || self.code.is_some() || self.error.is_some()
    }

    fn reply(&self) -> Message {
        let problem = match (self.code, &self.msg, self.error) {
            (_, _, Some(error)) => Some(error.get().to_owned()),
            (None, None, None) => None,
            (code, msg, _) => Some(format!(
                "{} (code {})",
                msg.as_deref().unwrap_or("refused"),
                code.unwrap_or_default()
            )),
        };
        Message::Reply {
            id: self.id.as_ref().and_then(serde_json::Value::as_u64),
            problem,
        }
    }
}

#[cfg(test)]
mod tests;
