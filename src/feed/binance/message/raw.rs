//! The fields of Binance's messages, as they stand in the JSON, and how they become values.

use serde::de::{Error as _, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};

use super::{BookTicker, Depth, DepthSnapshot, Kline, Message};
use crate::domain::{Bar, DayStatistics, Decimal, Level, MarketTrade, Side, Symbol, TimeUs};
use crate::feed::number::{AMOUNT_DIGITS, PRICE_DIGITS, decimal, instant, last_instant};

/// Digits before the point of a volume: it is compared and shown, never multiplied.
const VOLUME_DIGITS: usize = 20;

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
pub(super) struct RawTrade {
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
pub(super) struct RawAggTrade {
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

/// A minute, as `/api/v3/klines` has it: a row of twelve cells, of which the last means nothing.
#[derive(Deserialize)]
pub struct OldKline(
    #[serde(deserialize_with = "time")] TimeUs,
    #[serde(deserialize_with = "any_price")] Decimal,
    #[serde(deserialize_with = "any_price")] Decimal,
    #[serde(deserialize_with = "any_price")] Decimal,
    #[serde(deserialize_with = "any_price")] Decimal,
    #[serde(deserialize_with = "volume")] Decimal,
    #[serde(deserialize_with = "end_time")] TimeUs,
    #[serde(deserialize_with = "volume")] Decimal,
    u64,
    #[serde(deserialize_with = "volume")] Decimal,
    #[serde(deserialize_with = "volume")] Decimal,
    IgnoredAny,
);

impl OldKline {
    pub fn of(self, symbol: Symbol) -> Bar {
        let Self(start, open, high, low, close, base, end, quote, trades, bought, bought_quote, _) =
            self;
        Bar {
            symbol,
            open_time: start,
            close_time: end,
            open,
            high,
            low,
            close,
            volume: base,
            quote_volume: Some(quote),
            trades: Some(trades),
            taker_buy_volume: Some(bought),
            taker_buy_quote_volume: Some(bought_quote),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RawBookTicker {
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
pub(super) struct RawDepth {
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
pub(super) struct RawKline {
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
pub(super) struct RawMiniTicker {
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
