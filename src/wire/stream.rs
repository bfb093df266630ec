//! Streams and topics: what can be subscribed to, and how each behaves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::{BotId, Interval, Symbol};

/// How a stream's publications relate to each other, and so what may be left out for a slow reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Every publication counts; none is left out.
    Log,
    /// Rows under keys; the newest of each key counts.
    Keyed,
    /// One value; the newest counts.
    Latest,
}

/// A kind of topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Market,
    Candles,
    Trades,
    Orders,
    Positions,
    Working,
    Portfolio,
    Decisions,
    Agent,
    Performance,
    Models,
    Equity,
    Health,
    Alerts,
    Quality,
    /// Synthetic messages, only where the load tool serves.
    Bench,
}

impl Stream {
    pub const ALL: [Self; 16] = [
        Self::Market,
        Self::Candles,
        Self::Trades,
        Self::Orders,
        Self::Positions,
        Self::Working,
        Self::Portfolio,
        Self::Decisions,
        Self::Agent,
        Self::Performance,
        Self::Models,
        Self::Equity,
        Self::Health,
        Self::Alerts,
        Self::Quality,
        Self::Bench,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Candles => "candles",
            Self::Trades => "trades",
            Self::Orders => "orders",
            Self::Positions => "positions",
            Self::Working => "working",
            Self::Portfolio => "portfolio",
            Self::Decisions => "decisions",
            Self::Agent => "agent",
            Self::Performance => "performance",
            Self::Models => "models",
            Self::Equity => "equity",
            Self::Health => "health",
            Self::Alerts => "alerts",
            Self::Quality => "quality",
            Self::Bench => "bench",
        }
    }

    pub fn class(self) -> Class {
        match self {
            Self::Trades
            | Self::Orders
            | Self::Decisions
            | Self::Agent
            | Self::Alerts
            | Self::Quality
            | Self::Bench => Class::Log,
            Self::Market | Self::Portfolio | Self::Performance | Self::Models | Self::Health => {
                Class::Latest
            }
            Self::Candles | Self::Positions | Self::Working | Self::Equity => Class::Keyed,
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One subscribable sequence of publications. In text and JSON `stream` or `stream:key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Topic {
    Market(Symbol),
    Candles(Symbol, Interval),
    Trades(BotId),
    Orders(BotId),
    Positions(BotId),
    Working(BotId),
    Portfolio(BotId),
    Decisions(BotId),
    Agent(BotId),
    Performance(BotId),
    Models(BotId),
    Equity(BotId),
    Health,
    Alerts,
    Quality,
    Bench,
}

impl Topic {
    pub fn stream(&self) -> Stream {
        match self {
            Self::Market(_) => Stream::Market,
            Self::Candles(..) => Stream::Candles,
            Self::Trades(_) => Stream::Trades,
            Self::Orders(_) => Stream::Orders,
            Self::Positions(_) => Stream::Positions,
            Self::Working(_) => Stream::Working,
            Self::Portfolio(_) => Stream::Portfolio,
            Self::Decisions(_) => Stream::Decisions,
            Self::Agent(_) => Stream::Agent,
            Self::Performance(_) => Stream::Performance,
            Self::Models(_) => Stream::Models,
            Self::Equity(_) => Stream::Equity,
            Self::Health => Stream::Health,
            Self::Alerts => Stream::Alerts,
            Self::Quality => Stream::Quality,
            Self::Bench => Stream::Bench,
        }
    }

    pub fn class(&self) -> Class {
        self.stream().class()
    }

    /// The bot whose topic it is.
    pub fn bot(&self) -> Option<&BotId> {
        match self {
            Self::Trades(bot)
            | Self::Orders(bot)
            | Self::Positions(bot)
            | Self::Working(bot)
            | Self::Portfolio(bot)
            | Self::Decisions(bot)
            | Self::Agent(bot)
            | Self::Performance(bot)
            | Self::Models(bot)
            | Self::Equity(bot) => Some(bot),
            Self::Market(_)
            | Self::Candles(..)
            | Self::Health
            | Self::Alerts
            | Self::Quality
            | Self::Bench => None,
        }
    }

    /// Every topic that a bot has.
    pub fn of_bot(bot: &BotId) -> [Self; 10] {
        [
            Self::Trades(bot.clone()),
            Self::Orders(bot.clone()),
            Self::Positions(bot.clone()),
            Self::Working(bot.clone()),
            Self::Portfolio(bot.clone()),
            Self::Decisions(bot.clone()),
            Self::Agent(bot.clone()),
            Self::Performance(bot.clone()),
            Self::Models(bot.clone()),
            Self::Equity(bot.clone()),
        ]
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = self.stream();
        match self {
            Self::Market(symbol) => write!(f, "{stream}:{symbol}"),
            Self::Candles(symbol, interval) => write!(f, "{stream}:{symbol}:{interval}"),
            Self::Health | Self::Alerts | Self::Quality | Self::Bench => stream.fmt(f),
            _ => match self.bot() {
                Some(bot) => write!(f, "{stream}:{bot}"),
                None => stream.fmt(f),
            },
        }
    }
}

/// A text that names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown topic {0:?}")]
pub struct UnknownTopic(pub String);

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        let unknown = || UnknownTopic(text.chars().take(80).collect());
        let (name, key) = match text.split_once(':') {
            Some((name, key)) => (name, Some(key)),
            None => (text, None),
        };
        let stream = Stream::ALL
            .into_iter()
            .find(|stream| stream.as_str() == name)
            .ok_or_else(unknown)?;
        let bot = || {
            key.and_then(|key| key.parse::<BotId>().ok())
                .ok_or_else(unknown)
        };
        match (stream, key) {
            (Stream::Market, Some(key)) => key.parse().map(Self::Market).map_err(|_| unknown()),
            (Stream::Candles, Some(key)) => {
                let (symbol, interval) = key.split_once(':').ok_or_else(unknown)?;
                Ok(Self::Candles(
                    symbol.parse().map_err(|_| unknown())?,
                    interval.parse().map_err(|_| unknown())?,
                ))
            }
            (Stream::Trades, _) => bot().map(Self::Trades),
            (Stream::Orders, _) => bot().map(Self::Orders),
            (Stream::Positions, _) => bot().map(Self::Positions),
            (Stream::Working, _) => bot().map(Self::Working),
            (Stream::Portfolio, _) => bot().map(Self::Portfolio),
            (Stream::Decisions, _) => bot().map(Self::Decisions),
            (Stream::Agent, _) => bot().map(Self::Agent),
            (Stream::Performance, _) => bot().map(Self::Performance),
            (Stream::Models, _) => bot().map(Self::Models),
            (Stream::Equity, _) => bot().map(Self::Equity),
            (Stream::Health, None) => Ok(Self::Health),
            (Stream::Alerts, None) => Ok(Self::Alerts),
            (Stream::Quality, None) => Ok(Self::Quality),
            (Stream::Bench, None) => Ok(Self::Bench),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Topic {
    type Error = UnknownTopic;

    fn try_from(text: String) -> Result<Self, UnknownTopic> {
        text.parse()
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_read_and_write_alike() {
        for text in [
            "market:BTCUSDT",
            "candles:BTCUSDT:1m",
            "trades:paper",
            "equity:my-bot",
            "health",
            "alerts",
        ] {
            assert_eq!(text.parse::<Topic>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "market",
            "market:btc",
            "candles:BTCUSDT",
            "candles:BTCUSDT:3m",
            "trades",
            "health:",
            "x:y",
        ] {
            assert!(text.parse::<Topic>().is_err(), "{text}");
        }
    }
}
