//! What is true: all that was ever published, as plain lists, and what a topic is at each offset.
//! It is computed here and nowhere else, so that neither the server nor the client is asked.

use std::collections::BTreeMap;

use plainsight::domain::{
    AgentEntry, Alert, BotId, Decimal, EquityPoint, Seq, Severity, Side, Ticker, TimeUs, Working,
};
use plainsight::wire::frame::Since;
use plainsight::wire::replica::MAX_ENTRIES;
use plainsight::wire::{Class, Epoch, Payload, Replica, Topic};

/// One publication.
#[derive(Debug, Clone)]
pub struct Published {
    pub topic: Topic,
    pub offset: u64,
    pub seq: Seq,
    /// Changed rows only.
    pub delta: bool,
    pub data: Payload,
}

/// What a topic published under one epoch.
#[derive(Debug)]
struct Life {
    epoch: Epoch,
    published: Vec<Published>,
    /// Keyed and latest topics: the whole of it after each publication.
    states: Vec<Payload>,
}

/// The truth.
#[derive(Debug, Default)]
pub struct Shadow {
    topics: BTreeMap<Topic, Vec<Life>>,
    epochs: u64,
    count: u64,
}

impl Shadow {
    /// The topic begins, or begins again.
    pub fn begin(&mut self, topic: &Topic) -> Epoch {
        self.epochs += 1;
        let epoch = Epoch(self.epochs);
        self.topics.entry(topic.clone()).or_default().push(Life {
            epoch,
            published: Vec::new(),
            states: Vec::new(),
        });
        epoch
    }

    pub fn exists(&self, topic: &Topic) -> bool {
        self.topics.contains_key(topic)
    }

    fn life(&self, topic: &Topic) -> Option<&Life> {
        self.topics.get(topic)?.last()
    }

    /// Where the topic stands.
    pub fn head(&self, topic: &Topic) -> Option<Since> {
        self.life(topic).map(|life| Since {
            epoch: life.epoch,
            offset: life.published.len() as u64,
        })
    }

    /// Makes up the next publication. The first of a keyed topic is whole.
    pub fn publish(&mut self, topic: &Topic, whole: bool) -> Published {
        self.count += 1;
        let change = made_up(topic, self.count);
        let life = self.topics.get_mut(topic).unwrap().last_mut().unwrap();
        let delta = topic.class() == Class::Keyed && !whole && !life.states.is_empty();
        let mut data = change.clone();
        if topic.class() != Class::Log {
            let state = laid_over(life.states.last(), change);
            if !delta {
                data = state.clone();
            }
            life.states.push(state);
        }
        let published = Published {
            topic: topic.clone(),
            offset: life.published.len() as u64 + 1,
            seq: Seq(self.count),
            delta,
            data,
        };
        life.published.push(published.clone());
        published
    }

    /// The publications `from + 1..=to` of a log, as a journal has them.
    pub fn range(&self, topic: &Topic, from: u64, to: u64) -> Vec<Published> {
        let published = self.life(topic).map_or(&[][..], |life| &life.published);
        let within = |one: &&Published| one.offset > from && one.offset <= to;
        published.iter().filter(within).cloned().collect()
    }

    /// A replica as a page has it that is rendered now.
    pub fn page(&self, topic: &Topic) -> Replica {
        let mut replica = Replica::new(topic.clone());
        if let (Some(life), Some(head)) = (self.life(topic), self.head(topic)) {
            let content = match topic.class() {
                Class::Log => {
                    let log = life.published.iter().map(|one| one.data.clone());
                    log.skip(life.published.len().saturating_sub(20)).collect()
                }
                Class::Keyed | Class::Latest => life.states.last().cloned().into_iter().collect(),
            };
            replica.fill(head, Seq(self.count), Some(TimeUs(0)), content);
        }
        replica
    }

    /// Whether the replica holds what was true where it says that it stands.
    pub fn check(&self, replica: &Replica) -> Result<(), String> {
        let Some(at) = replica.since() else {
            return Ok(());
        };
        let topic = &replica.topic;
        let lives = self.topics.get(topic).map_or(&[][..], Vec::as_slice);
        let Some(life) = lives.iter().find(|life| life.epoch == at.epoch) else {
            return Err(format!("{topic} is in an epoch that never was: {at:?}"));
        };
        let offset = usize::try_from(at.offset).unwrap();
        if offset > life.published.len() {
            return Err(format!("{topic} is beyond all that was published: {at:?}"));
        }
        let fits = match topic.class() {
            Class::Log => {
                let held = replica.entries().len();
                let truth = life.published[..offset].iter().rev().take(held);
                let truth = truth.map(|one| &one.data);
                held <= offset && replica.entries().iter().rev().eq(truth)
            }
            Class::Keyed | Class::Latest => match (replica.value(), offset) {
                // It has started and waits for its content.
                (None, _) => true,
                (Some(_), 0) => false,
                (Some(value), offset) => *value == life.states[offset - 1],
            },
        };
        if fits {
            Ok(())
        } else {
            Err(format!("{topic} holds what was not true at {at:?}"))
        }
    }

    /// Whether the replica is where the topic is now, with all of its content.
    pub fn is_current(&self, replica: &Replica) -> bool {
        let Some(life) = self.life(&replica.topic) else {
            return false;
        };
        replica.since() == self.head(&replica.topic)
            && (replica.topic.class() == Class::Log || replica.value() == life.states.last())
    }
}

/// The offset of the oldest publication that a log's replica holds.
pub fn oldest(replica: &Replica) -> Option<u64> {
    let at = replica.since()?;
    let held = replica.entries().len();
    (held < MAX_ENTRIES).then_some(at.offset + 1 - held as u64)
}

/// The whole after a change: rows by their key, or the change itself.
fn laid_over(before: Option<&Payload>, change: Payload) -> Payload {
    match (before, change) {
        (Some(Payload::Equity(old)), Payload::Equity(new)) => {
            let mut rows = BTreeMap::new();
            for point in old.iter().cloned().chain(new) {
                rows.insert(point.time, point);
            }
            Payload::Equity(rows.into_values().collect())
        }
        (before, Payload::Working(new)) => {
            let old = match before {
                Some(Payload::Working(old)) => old.clone(),
                _ => Vec::new(),
            };
            let mut rows = BTreeMap::new();
            for row in old.into_iter().chain(new) {
                rows.insert(row.order.clone(), row);
            }
            rows.retain(|_, row| !row.done);
            Payload::Working(rows.into_values().collect())
        }
        (_, change) => change,
    }
}

/// Content that no other publication has.
fn made_up(topic: &Topic, count: u64) -> Payload {
    let number = i64::try_from(count).unwrap();
    // Scatters the keys over few rows.
    let key = i64::try_from((count.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % 5).unwrap();
    match topic {
        Topic::Agent(bot) => Payload::Agent(Box::new(AgentEntry::Note {
            bot: bot.clone(),
            id: format!("note-{count}"),
            text: "x".repeat(usize::try_from(count % 60).unwrap()),
            symbol: None,
            time: TimeUs(number),
        })),
        Topic::Equity(_) => Payload::Equity(vec![EquityPoint {
            time: TimeUs(key),
            equity: Decimal::from(count),
            deposits: Decimal::ZERO,
            drawdown: None,
            benchmark: None,
            rolling_sharpe: None,
        }]),
        Topic::Working(_) => Payload::Working(vec![Working {
            order: format!("ord-{key}").parse().unwrap(),
            symbol: "BTCUSDT".parse().unwrap(),
            side: Side::Buy,
            peak: None,
            trigger_price: Some(Decimal::from(count)),
            last_price: None,
            distance_percent: None,
            done: count.is_multiple_of(4),
            time: TimeUs(number),
        }]),
        Topic::Market(symbol) => Payload::Market(Box::new(Ticker {
            symbol: symbol.clone(),
            price: Decimal::from(count),
            quantity: Decimal::ONE,
            taker: Side::Buy,
            bids: Vec::new(),
            asks: Vec::new(),
            change_24h: None,
            change_percent_24h: None,
            high_24h: None,
            low_24h: None,
            volume_24h: None,
            prints: count,
            time: TimeUs(number),
        })),
        _ => Payload::Alert(Box::new(Alert {
            id: format!("alert-{count}-1").parse().unwrap(),
            severity: Severity::Info,
            code: "test".into(),
            message: "y".repeat(usize::try_from(count % 40).unwrap()),
            bot: Some(BotId::paper()),
            time: TimeUs(number),
        })),
    }
}
