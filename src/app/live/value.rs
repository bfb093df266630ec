//! How a component's type is read from a topic's replica.

use std::collections::HashSet;

use crate::domain::{
    AgentEntry, Alert, Candle, Decision, EquityPoint, Fill, Health, Models, Order, Performance,
    Portfolio, Position, Quality, Ticker, Working,
};
use crate::wire::{Payload, Replica};

/// A type that a topic can be read as.
pub trait TopicValue: Clone + PartialEq + Send + Sync + Sized + 'static {
    /// `None` where the replica holds nothing, or another stream.
    fn read(replica: &Replica) -> Option<Self>;
}

/// Latest topics hold one value in a box.
macro_rules! read_latest {
    ($($type:ty => $variant:ident;)*) => {$(
        impl TopicValue for $type {
            fn read(replica: &Replica) -> Option<Self> {
                match replica.value() {
                    Some(Payload::$variant(value)) => Some((**value).clone()),
                    _ => None,
                }
            }
        }
    )*};
}

/// Keyed topics hold their rows.
macro_rules! read_rows {
    ($($type:ty => $variant:ident;)*) => {$(
        impl TopicValue for Vec<$type> {
            fn read(replica: &Replica) -> Option<Self> {
                match replica.value() {
                    Some(Payload::$variant(rows)) => Some(rows.clone()),
                    _ => None,
                }
            }
        }
    )*};
}

/// Log topics hold their newest publications, given newest first.
macro_rules! read_log {
    ($($type:ty => $variant:ident;)*) => {$(
        impl TopicValue for Vec<$type> {
            fn read(replica: &Replica) -> Option<Self> {
                replica.since()?;
                Some(replica.entries().iter().rev().filter_map(|entry| match entry {
                    Payload::$variant(value) => Some((**value).clone()),
                    _ => None,
                }).collect())
            }
        }
    )*};
}

read_latest! {
    Ticker => Market;
    Portfolio => Portfolio;
    Performance => Performance;
    Models => Models;
    Health => Health;
}

read_rows! {
    Candle => Candles;
    Position => Positions;
    Working => Working;
    EquityPoint => Equity;
}

read_log! {
    Fill => Trade;
    AgentEntry => Agent;
    Alert => Alert;
    Quality => Quality;
}

/// The newest state of each id, in the order in which they first came, newest first.
fn newest_by_id<T: Clone, Id: std::hash::Hash + Eq>(
    replica: &Replica,
    pick: impl Fn(&Payload) -> Option<&T>,
    id: impl Fn(&T) -> Id,
    made_at: impl Fn(&T) -> i64,
) -> Option<Vec<T>> {
    replica.since()?;
    let mut seen = HashSet::new();
    let mut newest: Vec<T> = replica
        .entries()
        .iter()
        .rev()
        .filter_map(pick)
        .filter(|item| seen.insert(id(item)))
        .cloned()
        .collect();
    newest.sort_by_key(|item| std::cmp::Reverse(made_at(item)));
    Some(newest)
}

impl TopicValue for Vec<Decision> {
    fn read(replica: &Replica) -> Option<Self> {
        newest_by_id(
            replica,
            |payload| match payload {
                Payload::Decision(decision) => Some(decision.as_ref()),
                _ => None,
            },
            |decision| decision.id.clone(),
            |decision| decision.made_at.micros(),
        )
    }
}

impl TopicValue for Vec<Order> {
    fn read(replica: &Replica) -> Option<Self> {
        newest_by_id(
            replica,
            |payload| match payload {
                Payload::Order(order) => Some(order.as_ref()),
                _ => None,
            },
            |order| order.id.clone(),
            |order| order.created_at.micros(),
        )
    }
}

/// Every state of every order, newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrderLog(pub Vec<Order>);

impl TopicValue for OrderLog {
    fn read(replica: &Replica) -> Option<Self> {
        replica.since()?;
        let states = replica.entries().iter().rev();
        let orders = states.filter_map(|entry| match entry {
            Payload::Order(order) => Some((**order).clone()),
            _ => None,
        });
        Some(Self(orders.collect()))
    }
}
