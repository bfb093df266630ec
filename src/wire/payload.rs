//! What a push carries, typed by its stream: one variant each, the domain's own type inside.

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Stream, Topic};
use crate::domain::{
    AgentEntry, Alert, Candle, Decision, EquityPoint, Event, Fill, Health, Order, Performance,
    Portfolio, Position, Quality, Ticker, Working,
};

/// The data of one publication. Serialises as the plain value inside: which type it is follows from
/// the topic, never from the data.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    Market(Box<Ticker>),
    Portfolio(Box<Portfolio>),
    Performance(Box<Performance>),
    Health(Box<Health>),
    /// Rows by `open_time`, oldest first.
    Candles(Vec<Candle>),
    /// Rows by `symbol`.
    Positions(Vec<Position>),
    /// Rows by `order`; a row that is `done` takes the order out.
    Working(Vec<Working>),
    /// Rows by `time`, oldest first.
    Equity(Vec<EquityPoint>),
    Trade(Box<Fill>),
    Order(Box<Order>),
    Decision(Box<Decision>),
    Agent(Box<AgentEntry>),
    Alert(Box<Alert>),
    Quality(Box<Quality>),
    /// So and so many characters.
    Bench(String),
}

/// The most candles and equity points that a topic holds; older ones leave at the front.
pub const MAX_ROWS: usize = 1_000;

fn upsert<Row, Key: Ord>(rows: &mut Vec<Row>, newer: Vec<Row>, key: impl Fn(&Row) -> Key) {
    for row in newer {
        match rows.binary_search_by(|known| key(known).cmp(&key(&row))) {
            Ok(place) => rows[place] = row,
            Err(place) => rows.insert(place, row),
        }
    }
    if rows.len() > MAX_ROWS {
        rows.drain(..rows.len() - MAX_ROWS);
    }
}

impl Payload {
    /// Lays `newer` over this: rows of a keyed topic are put in by key, everything else is replaced.
    pub fn merge(&mut self, newer: Self) {
        match (self, newer) {
            (Self::Candles(rows), Self::Candles(newer)) => {
                upsert(rows, newer, |candle| candle.open_time);
            }
            (Self::Positions(rows), Self::Positions(newer)) => {
                upsert(rows, newer, |row| row.symbol.clone());
            }
            (Self::Working(rows), Self::Working(newer)) => {
                upsert(rows, newer, |row| row.order.clone());
                rows.retain(|row| !row.done);
            }
            (Self::Equity(rows), Self::Equity(newer)) => upsert(rows, newer, |point| point.time),
            (old, newer) => *old = newer,
        }
    }

    /// Reads the data of a push of `stream`.
    pub fn from_json(stream: Stream, data: Value) -> serde_json::Result<Self> {
        fn read<T: DeserializeOwned>(data: Value) -> serde_json::Result<T> {
            serde_json::from_value(data)
        }
        Ok(match stream {
            Stream::Market => Self::Market(read(data)?),
            Stream::Portfolio => Self::Portfolio(read(data)?),
            Stream::Performance => Self::Performance(read(data)?),
            Stream::Health => Self::Health(read(data)?),
            Stream::Candles => Self::Candles(read(data)?),
            Stream::Positions => Self::Positions(read(data)?),
            Stream::Working => Self::Working(read(data)?),
            Stream::Equity => Self::Equity(read(data)?),
            Stream::Trades => Self::Trade(read(data)?),
            Stream::Orders => Self::Order(read(data)?),
            Stream::Decisions => Self::Decision(read(data)?),
            Stream::Agent => Self::Agent(read(data)?),
            Stream::Alerts => Self::Alert(read(data)?),
            Stream::Quality => Self::Quality(read(data)?),
            Stream::Bench => Self::Bench(read(data)?),
        })
    }
}

/// Where an event is published, and as what. Events without a topic of their own reach people
/// through the conflated topics, or only through the journal.
pub fn publication(event: &Event) -> Option<(Topic, Payload)> {
    Some(match event {
        Event::Fill(fill) => (
            Topic::Trades(fill.bot.clone()),
            Payload::Trade(Box::new(fill.clone())),
        ),
        Event::Order(order) => (
            Topic::Orders(order.bot.clone()),
            Payload::Order(Box::new(order.clone())),
        ),
        Event::Decision(decision) => (
            Topic::Decisions(decision.bot.clone()),
            Payload::Decision(decision.clone()),
        ),
        Event::Agent(step) => (
            Topic::Agent(step.bot.clone()),
            Payload::Agent(Box::new(AgentEntry::Step(step.clone()))),
        ),
        Event::Note { bot, note, time } => {
            let entry = AgentEntry::Note {
                bot: bot.clone(),
                id: note.id.clone(),
                text: note.text.clone(),
                symbol: note.symbol.clone(),
                time: *time,
            };
            (Topic::Agent(bot.clone()), Payload::Agent(Box::new(entry)))
        }
        Event::Trading { bot, state, time } => {
            let entry = AgentEntry::Trading {
                bot: bot.clone(),
                state: *state,
                time: *time,
            };
            (Topic::Agent(bot.clone()), Payload::Agent(Box::new(entry)))
        }
        Event::Alert(alert) => (Topic::Alerts, Payload::Alert(Box::new(alert.clone()))),
        Event::Quality(quality) => (Topic::Quality, Payload::Quality(Box::new(quality.clone()))),
        Event::Mark { .. }
        | Event::Candle(_)
        | Event::Deposit { .. }
        | Event::PositionStated { .. }
        | Event::RoundTrip(_)
        | Event::Equity { .. } => return None,
    })
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Market(value) => value.serialize(serializer),
            Self::Portfolio(value) => value.serialize(serializer),
            Self::Performance(value) => value.serialize(serializer),
            Self::Health(value) => value.serialize(serializer),
            Self::Candles(value) => value.serialize(serializer),
            Self::Positions(value) => value.serialize(serializer),
            Self::Working(value) => value.serialize(serializer),
            Self::Equity(value) => value.serialize(serializer),
            Self::Trade(value) => value.serialize(serializer),
            Self::Order(value) => value.serialize(serializer),
            Self::Decision(value) => value.serialize(serializer),
            Self::Agent(value) => value.serialize(serializer),
            Self::Alert(value) => value.serialize(serializer),
            Self::Quality(value) => value.serialize(serializer),
            Self::Bench(value) => value.serialize(serializer),
        }
    }
}
