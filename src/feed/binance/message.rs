//! What Binance says, as values: messages of the spot streams and answers of the REST API.
//!
//! Prices and quantities are strings there and exact decimals here; times are ms (µs where the
//! client asks for them) and told apart by their size. The fields are those of Binance's own
//! description: <https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md>.

use std::borrow::Cow;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::{Bar, DayStatistics, Decimal, Level, MarketTrade, Side, Symbol, TimeUs};
use crate::feed::number::{AMOUNT_DIGITS, PRICE_DIGITS, decimal, instant, last_instant};

/// Digits before the point of a volume: it is compared and shown, never multiplied.
const VOLUME_DIGITS: usize = 20;

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

/// A decimal in a string with at most `DIGITS` digits before the point.
fn exact<'de, D: Deserializer<'de>, const DIGITS: usize>(source: D) -> Result<Decimal, D::Error> {
    struct Text<const DIGITS: usize>;
    impl<const DIGITS: usize> Visitor<'_> for Text<DIGITS> {
        type Value = Decimal;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a decimal number in a string")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
            decimal(text.as_bytes(), DIGITS)
                .filter(|value| *value >= Decimal::ZERO)
                .ok_or_else(|| E::custom(format!("{text:?} is not a number that can be used")))
        }
    }
    source.deserialize_str(Text::<DIGITS>)
}

fn price<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    let value = exact::<D, PRICE_DIGITS>(source)?;
    above_zero(value, "price")
}

fn quantity<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    let value = exact::<D, AMOUNT_DIGITS>(source)?;
    above_zero(value, "quantity")
}

fn resting<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    exact::<D, AMOUNT_DIGITS>(source)
}

/// A price in a period in which nothing may have been traded.
fn any_price<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    exact::<D, PRICE_DIGITS>(source)
}

fn volume<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    exact::<D, VOLUME_DIGITS>(source)
}

fn above_zero<E: serde::de::Error>(value: Decimal, what: &str) -> Result<Decimal, E> {
    if value.is_zero() {
        return Err(E::custom(format!("a {what} of zero")));
    }
    Ok(value)
}

fn time<'de, D: Deserializer<'de>>(source: D) -> Result<TimeUs, D::Error> {
    let value = u64::deserialize(source)?;
    instant(value).ok_or_else(|| D::Error::custom(format!("{value} is no time of this century")))
}

fn end_time<'de, D: Deserializer<'de>>(source: D) -> Result<TimeUs, D::Error> {
    let value = u64::deserialize(source)?;
    last_instant(value)
        .ok_or_else(|| D::Error::custom(format!("{value} is no time of this century")))
}

fn taker(is_buyer_maker: bool) -> Side {
    if is_buyer_maker {
        Side::Sell
    } else {
        Side::Buy
    }
}

#[derive(Deserialize)]
struct RawLevel(
    #[serde(deserialize_with = "price")] Decimal,
    #[serde(deserialize_with = "resting")] Decimal,
);

fn levels<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Level>, D::Error> {
    let raw = Vec::<RawLevel>::deserialize(source)?;
    Ok(raw
        .into_iter()
        .map(|RawLevel(price, quantity)| Level { price, quantity })
        .collect())
}

#[derive(Deserialize)]
struct RawTrade {
    #[serde(rename = "E", deserialize_with = "time")]
    event_time: TimeUs,
    s: Symbol,
    t: u64,
    #[serde(deserialize_with = "price")]
    p: Decimal,
    #[serde(deserialize_with = "quantity")]
    q: Decimal,
    #[serde(rename = "T", deserialize_with = "time")]
    trade_time: TimeUs,
    m: bool,
}

impl From<RawTrade> for Message {
    fn from(raw: RawTrade) -> Self {
        Self::Trade {
            trade: MarketTrade {
                symbol: raw.s,
                id: raw.t,
                price: raw.p,
                quantity: raw.q,
                count: 1,
                taker: taker(raw.m),
                time: raw.trade_time,
            },
            time: raw.event_time,
        }
    }
}

#[derive(Deserialize)]
struct RawAggTrade {
    #[serde(rename = "E", deserialize_with = "time")]
    event_time: TimeUs,
    s: Symbol,
    #[serde(flatten)]
    body: AggTrade,
}

impl From<RawAggTrade> for Message {
    fn from(raw: RawAggTrade) -> Self {
        Self::Trade {
            trade: raw.body.of(raw.s),
            time: raw.event_time,
        }
    }
}

/// An aggregate trade, as the stream and `/api/v3/aggTrades` have it.
#[derive(Deserialize)]
pub struct AggTrade {
    a: u64,
    #[serde(deserialize_with = "price")]
    p: Decimal,
    #[serde(deserialize_with = "quantity")]
    q: Decimal,
    f: u64,
    l: u64,
    #[serde(rename = "T", deserialize_with = "time")]
    trade_time: TimeUs,
    m: bool,
}

impl AggTrade {
    pub fn of(self, symbol: Symbol) -> MarketTrade {
        MarketTrade {
            symbol,
            id: self.a,
            price: self.p,
            quantity: self.q,
            count: self.l.saturating_sub(self.f).saturating_add(1),
            taker: taker(self.m),
            time: self.trade_time,
        }
    }
}

/// A raw trade, as `/api/v3/historicalTrades` and `/api/v3/trades` have it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldTrade {
    id: u64,
    #[serde(deserialize_with = "price")]
    price: Decimal,
    #[serde(deserialize_with = "quantity")]
    qty: Decimal,
    #[serde(deserialize_with = "time")]
    time: TimeUs,
    is_buyer_maker: bool,
}

impl OldTrade {
    pub fn of(self, symbol: Symbol) -> MarketTrade {
        MarketTrade {
            symbol,
            id: self.id,
            price: self.price,
            quantity: self.qty,
            count: 1,
            taker: taker(self.is_buyer_maker),
            time: self.time,
        }
    }
}

#[derive(Deserialize)]
struct RawBookTicker {
    u: u64,
    s: Symbol,
    #[serde(deserialize_with = "price")]
    b: Decimal,
    #[serde(rename = "B", deserialize_with = "resting")]
    bid_quantity: Decimal,
    #[serde(deserialize_with = "price")]
    a: Decimal,
    #[serde(rename = "A", deserialize_with = "resting")]
    ask_quantity: Decimal,
}

impl From<RawBookTicker> for BookTicker {
    fn from(raw: RawBookTicker) -> Self {
        Self {
            symbol: raw.s,
            update_id: raw.u,
            bid: Level {
                price: raw.b,
                quantity: raw.bid_quantity,
            },
            ask: Level {
                price: raw.a,
                quantity: raw.ask_quantity,
            },
        }
    }
}

#[derive(Deserialize)]
struct RawDepth {
    #[serde(rename = "E", deserialize_with = "time")]
    event_time: TimeUs,
    s: Symbol,
    #[serde(rename = "U")]
    first: u64,
    u: u64,
    #[serde(deserialize_with = "levels")]
    b: Vec<Level>,
    #[serde(deserialize_with = "levels")]
    a: Vec<Level>,
}

impl TryFrom<RawDepth> for Depth {
    type Error = serde_json::Error;

    fn try_from(raw: RawDepth) -> Result<Self, serde_json::Error> {
        if raw.u < raw.first {
            return Err(serde_json::Error::custom(
                "the last update is before the first",
            ));
        }
        Ok(Self {
            symbol: raw.s,
            first: raw.first,
            last: raw.u,
            bids: raw.b,
            asks: raw.a,
            time: raw.event_time,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSnapshot {
    last_update_id: u64,
    #[serde(deserialize_with = "levels")]
    bids: Vec<Level>,
    #[serde(deserialize_with = "levels")]
    asks: Vec<Level>,
}

impl<'de> Deserialize<'de> for DepthSnapshot {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let raw = RawSnapshot::deserialize(source)?;
        Ok(Self {
            last: raw.last_update_id,
            bids: raw.bids,
            asks: raw.asks,
        })
    }
}

#[derive(Deserialize)]
struct RawKline {
    #[serde(rename = "E", deserialize_with = "time")]
    event_time: TimeUs,
    s: Symbol,
    k: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "t", deserialize_with = "time")]
    start: TimeUs,
    #[serde(rename = "T", deserialize_with = "end_time")]
    end: TimeUs,
    #[serde(deserialize_with = "any_price")]
    o: Decimal,
    #[serde(deserialize_with = "any_price")]
    c: Decimal,
    #[serde(deserialize_with = "any_price")]
    h: Decimal,
    #[serde(deserialize_with = "any_price")]
    l: Decimal,
    #[serde(deserialize_with = "volume")]
    v: Decimal,
    n: u64,
    x: bool,
    #[serde(deserialize_with = "volume")]
    q: Decimal,
    #[serde(rename = "V", deserialize_with = "volume")]
    bought: Decimal,
    #[serde(rename = "Q", deserialize_with = "volume")]
    bought_quote: Decimal,
}

impl From<RawKline> for Kline {
    fn from(raw: RawKline) -> Self {
        let RawKline { event_time, s, k } = raw;
        Self {
            bar: Bar {
                symbol: s,
                open_time: k.start,
                close_time: k.end,
                open: k.o,
                high: k.h,
                low: k.l,
                close: k.c,
                volume: k.v,
                quote_volume: Some(k.q),
                trades: Some(k.n),
                taker_buy_volume: Some(k.bought),
                taker_buy_quote_volume: Some(k.bought_quote),
            },
            closed: k.x,
            time: event_time,
        }
    }
}

#[derive(Deserialize)]
struct RawMiniTicker {
    #[serde(rename = "E", deserialize_with = "time")]
    event_time: TimeUs,
    s: Symbol,
    #[serde(deserialize_with = "any_price")]
    o: Decimal,
    #[serde(deserialize_with = "any_price")]
    h: Decimal,
    #[serde(deserialize_with = "any_price")]
    l: Decimal,
    #[serde(deserialize_with = "volume")]
    v: Decimal,
}

impl From<RawMiniTicker> for DayStatistics {
    fn from(raw: RawMiniTicker) -> Self {
        Self {
            symbol: raw.s,
            open: raw.o,
            high: raw.h,
            low: raw.l,
            volume: raw.v,
            time: raw.event_time,
        }
    }
}

#[cfg(test)]
mod tests;
