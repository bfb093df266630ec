//! Which conflated topics are due, and what they show: the engine's views at the configured cadence,
//! and only while the market moves.

mod shown;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::config::StreamsConfig;
use crate::domain::{BotId, Health, Interval, Symbol, TimeUs};
use crate::engine::Engine;
use crate::hub::{Item, Publisher};
use crate::wire::{Content, Epoch, Payload, Topic};
use shown::{Figures, Shown};

#[derive(Debug)]
struct Due {
    cadence: Duration,
    last: Option<Instant>,
    dirty: bool,
    shown: Shown,
}

pub struct Projection {
    config: StreamsConfig,
    topics: BTreeMap<Topic, Due>,
    performance: Figures,
    /// Of the machine itself, which is published from elsewhere.
    health: Shown,
    /// Wall time at which the newest market data arrived.
    received: TimeUs,
}

impl Projection {
    /// `received` is when the newest of what the engine starts with arrived.
    pub fn new(config: StreamsConfig, received: TimeUs) -> Self {
        Self {
            config,
            topics: BTreeMap::new(),
            performance: Figures::default(),
            health: Shown::default(),
            received,
        }
    }

    /// Makes the conflated topics of whatever is new in the engine.
    pub fn discover(&mut self, engine: &Engine, publisher: &mut Publisher) {
        let mut wanted = Vec::new();
        for symbol in engine.symbols() {
            wanted.push(Topic::Market(symbol.clone()));
            wanted.extend(Interval::ALL.map(|interval| Topic::Candles(symbol.clone(), interval)));
        }
        for bot in engine.bots() {
            wanted.extend([
                Topic::Positions(bot.clone()),
                Topic::Working(bot.clone()),
                Topic::Portfolio(bot.clone()),
                Topic::Performance(bot.clone()),
                Topic::Models(bot.clone()),
                Topic::Equity(bot.clone()),
            ]);
        }
        for topic in wanted {
            if publisher.knows(&topic) {
                continue;
            }
            let Some(rate) = self.config.rate(topic.stream()) else {
                continue;
            };
            publisher.create(&topic, Epoch(rand::random()), 0);
            let cadence = Duration::from_millis(rate.cadence_ms.into());
            self.topics.insert(
                topic,
                Due {
                    cadence,
                    last: None,
                    dirty: true,
                    shown: Shown::default(),
                },
            );
        }
    }

    /// Market data of `symbol` arrived: its market has changed, and with it every valuation.
    pub fn touch(&mut self, symbol: &Symbol, received: TimeUs) {
        self.received = received;
        for (topic, due) in &mut self.topics {
            due.dirty |= match topic {
                Topic::Market(own) | Topic::Candles(own, _) => own == symbol,
                _ => true,
            };
        }
    }

    /// A bot's command was carried out.
    pub fn touch_bot(&mut self, bot: &BotId, received: TimeUs) {
        self.received = received;
        for (topic, due) in &mut self.topics {
            due.dirty |= topic.bot() == Some(bot);
        }
    }

    /// When the next topic is due, if one has changed.
    pub fn next_due(&self, now: Instant) -> Option<Duration> {
        self.topics
            .values()
            .filter(|due| due.dirty)
            .map(|due| {
                due.last.map_or(Duration::ZERO, |last| {
                    (last + due.cadence).saturating_duration_since(now)
                })
            })
            .min()
    }

    /// What is due now.
    pub fn collect(&mut self, engine: &Engine, now: Instant) -> Vec<Item> {
        let mut items = Vec::new();
        let Self {
            topics,
            performance,
            received,
            ..
        } = self;
        for (topic, due) in topics {
            let is_due = due
                .last
                .is_none_or(|last| now.duration_since(last) >= due.cadence);
            if !due.dirty || !is_due {
                continue;
            }
            due.dirty = false;
            due.last = Some(now);
            if let Some(data) = due.shown.view(engine, topic, performance) {
                items.push(Item {
                    topic: topic.clone(),
                    offset: None,
                    seq: engine.seq(),
                    t_source: Some(engine.now()),
                    t_received: *received,
                    data,
                });
            }
        }
        items
    }

    /// How the machine is, as it is to be published.
    pub fn changed(&mut self, health: Health) -> Content {
        self.health.changed(Payload::Health(Box::new(health)))
    }
}

#[cfg(test)]
mod tests;
