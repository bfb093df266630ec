//! Values of everything that goes over the wire, for tests: made of random bytes, so that two of
//! them often agree in a field and often do not; or filled to the last field, for vectors.

pub mod frames;
mod logs;
mod values;

use super::{Payload, Stream};
use crate::domain::{Decimal, TimeUs};

/// Where a value's parts come from.
pub struct Pick {
    bytes: Vec<u8>,
    at: usize,
    /// Every field has a value, and of each list of variants it is the one of this round.
    round: Option<usize>,
}

impl Pick {
    /// Made of these bytes; where they end, zeros follow.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            at: 0,
            round: None,
        }
    }

    /// Filled. Rounds differ in their figures and go through the variants.
    pub fn filled(round: usize) -> Self {
        let mut state = round as u32 + 1;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        Self {
            bytes: (0..4_096).map(|_| next()).collect(),
            at: 0,
            round: Some(round),
        }
    }

    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    /// A small number; filled ones are of any size.
    fn number(&mut self) -> u64 {
        let byte = u64::from(self.byte());
        match self.round {
            Some(_) => byte * 1_009 + u64::from(self.byte()),
            None => byte % 3,
        }
    }

    fn count(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap()
    }

    fn flip(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    fn float(&mut self) -> f64 {
        let sign = if self.flip() { 1.0 } else { -1.0 };
        sign * self.number() as f64 / 7.0
    }

    /// Also figures that are equal and written otherwise, as `1.0` and `1.00`.
    fn decimal(&mut self) -> Decimal {
        let scale = u32::from(self.byte() % 3);
        let number = i64::try_from(self.number()).unwrap() - 1;
        Decimal::new(number * 10_i64.pow(scale), scale)
    }

    fn time(&mut self) -> TimeUs {
        TimeUs(1_704_067_200_000_000 + i64::try_from(self.number()).unwrap())
    }

    fn text(&mut self) -> String {
        let number = self.number();
        format!("text {number} é \"quoted\"")
    }

    fn option<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.round.is_some() || self.flip()).then(|| make(self))
    }

    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = match self.round {
            Some(_) => 2,
            None => self.byte() % 3,
        };
        (0..count).map(|_| make(self)).collect()
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        let place = match self.round {
            Some(round) => round,
            None => self.byte().into(),
        };
        all[place % all.len()].clone()
    }
}

/// Data of a stream. Rows are sorted by key; `rows` is how many there are.
pub fn payload(stream: Stream, rows: usize, pick: &mut Pick) -> Payload {
    match stream {
        Stream::Market => Payload::Market(Box::new(values::ticker(pick))),
        Stream::Portfolio => Payload::Portfolio(Box::new(values::portfolio(pick))),
        Stream::Performance => Payload::Performance(Box::new(values::performance(rows, pick))),
        Stream::Models => Payload::Models(Box::new(values::models(rows, pick))),
        Stream::Health => Payload::Health(Box::new(values::health(pick))),
        Stream::Candles => Payload::Candles((0..rows).map(|n| values::candle(n, pick)).collect()),
        Stream::Positions => {
            Payload::Positions((0..rows).map(|n| values::position(n, pick)).collect())
        }
        Stream::Working => Payload::Working(values::working(rows, pick)),
        Stream::Equity => Payload::Equity((0..rows).map(|n| values::point(n, pick)).collect()),
        Stream::Trades => Payload::Trade(Box::new(logs::fill(pick))),
        Stream::Orders => Payload::Order(Box::new(logs::order(pick))),
        Stream::Decisions => Payload::Decision(Box::new(logs::decision(pick))),
        Stream::Agent => Payload::Agent(Box::new(logs::agent(pick))),
        Stream::Alerts => Payload::Alert(Box::new(logs::alert(pick))),
        Stream::Quality => Payload::Quality(Box::new(logs::quality(pick))),
        Stream::Bench => Payload::Bench(pick.text()),
    }
}
