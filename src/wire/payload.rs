//! What a push carries, typed by its stream: one variant each, the domain's own type inside.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Stream, Topic};
use crate::domain::{
    AgentEntry, AgentStep, Alert, Candle, Decision, EquityPoint, Event, Fill, Health, Models,
    Order, Performance, Portfolio, Position, Quality, Record, Ticker, Working,
};

/// The data of one publication. Serialises as the plain value inside: which type it is follows from
/// the topic, never from the data.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    Market(Box<Ticker>),
    Portfolio(Box<Portfolio>),
    Performance(Box<Performance>),
    Models(Box<Models>),
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

impl Payload {
    /// Reads the data of a push of `stream`.
    pub fn read<'de, D: Deserializer<'de>>(stream: Stream, from: D) -> Result<Self, D::Error> {
        Ok(match stream {
            Stream::Market => Self::Market(Deserialize::deserialize(from)?),
            Stream::Portfolio => Self::Portfolio(Deserialize::deserialize(from)?),
            Stream::Performance => Self::Performance(Deserialize::deserialize(from)?),
            Stream::Models => Self::Models(Deserialize::deserialize(from)?),
            Stream::Health => Self::Health(Deserialize::deserialize(from)?),
            Stream::Candles => Self::Candles(Deserialize::deserialize(from)?),
            Stream::Positions => Self::Positions(Deserialize::deserialize(from)?),
            Stream::Working => Self::Working(Deserialize::deserialize(from)?),
            Stream::Equity => Self::Equity(Deserialize::deserialize(from)?),
            Stream::Trades => Self::Trade(Deserialize::deserialize(from)?),
            Stream::Orders => Self::Order(Deserialize::deserialize(from)?),
            Stream::Decisions => Self::Decision(Deserialize::deserialize(from)?),
            Stream::Agent => Self::Agent(Deserialize::deserialize(from)?),
            Stream::Alerts => Self::Alert(Deserialize::deserialize(from)?),
            Stream::Quality => Self::Quality(Deserialize::deserialize(from)?),
            Stream::Bench => Self::Bench(Deserialize::deserialize(from)?),
        })
    }
}

/// Where an event is published, and as what. Events without a topic of their own reach people
/// through the conflated topics, or only through the journal.
pub fn publication(record: &Record) -> Option<(Topic, Payload)> {
    Some(match &record.event {
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
            Payload::Agent(Box::new(AgentEntry::Step(AgentStep {
                took_us: record.took_us,
                ..step.clone()
            }))),
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
            Self::Models(value) => value.serialize(serializer),
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
