//! Which conflated topics are due, and what they show: the engine's views at the configured cadence,
//! and only while the market moves.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::config::StreamsConfig;
use crate::domain::{BotId, EquityPoint, Interval, Performance, Position, Symbol, TimeUs, Working};
use crate::engine::Engine;
use crate::hub::{Item, Publisher};
use crate::wire::payload::MAX_ROWS;
use crate::wire::{Epoch, Payload, Topic};

/// Candles that a fresh subscriber gets.
const CANDLES_SHOWN: usize = 500;
/// Points of the equity curve that a fresh subscriber gets.
const EQUITY_SHOWN: usize = 500;
/// After so many more the whole curve is thinned anew: a topic that holds too many points would lose
/// the oldest.
const EQUITY_ADDED: usize = 240;

/// What was published of a topic last.
#[derive(Debug, Default)]
enum Shown {
    #[default]
    Nothing,
    /// Candles: the open time of the newest.
    CandlesTo(TimeUs),
    /// The time of the newest point, and how many came one by one since the whole curve.
    Equity {
        to: TimeUs,
        added: usize,
    },
    Positions(Vec<Position>),
    Working(Vec<Working>),
}

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
    /// Figures that cost something to compute, with what they were computed from.
    performance: BTreeMap<BotId, (PerformanceKey, Performance)>,
    /// Wall time at which the newest market data arrived.
    received: TimeUs,
}

/// Performance changes with the equity samples, the round trips and the judged decisions.
type PerformanceKey = (Option<TimeUs>, u64, u64);

impl Projection {
    /// `received` is when the newest of what the engine starts with arrived.
    pub fn new(config: StreamsConfig, received: TimeUs) -> Self {
        Self {
            config,
            topics: BTreeMap::new(),
            performance: BTreeMap::new(),
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
                    shown: Shown::Nothing,
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
            if let Some((data, delta)) = view(engine, topic, &mut due.shown, performance) {
                items.push(Item {
                    topic: topic.clone(),
                    delta,
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
}

/// The topic's value, or what changed of it since it was shown; `None` where nothing is to be said.
fn view(
    engine: &Engine,
    topic: &Topic,
    shown: &mut Shown,
    performance: &mut BTreeMap<BotId, (PerformanceKey, Performance)>,
) -> Option<(Payload, bool)> {
    match topic {
        Topic::Market(symbol) => Some((Payload::Market(Box::new(engine.ticker(symbol)?)), false)),
        Topic::Portfolio(bot) => {
            Some((Payload::Portfolio(Box::new(engine.portfolio(bot)?)), false))
        }
        Topic::Candles(symbol, interval) => {
            let delta = matches!(shown, Shown::CandlesTo(_));
            let candles = match shown {
                Shown::CandlesTo(since) => engine.candles_since(symbol, *interval, *since),
                _ => engine.candles(symbol, *interval, CANDLES_SHOWN),
            };
            *shown = Shown::CandlesTo(candles.last()?.open_time);
            Some((Payload::Candles(candles), delta))
        }
        Topic::Positions(bot) => {
            let positions = engine.positions(bot)?;
            let (changed, delta) = match shown {
                Shown::Positions(before) => {
                    let changed: Vec<_> = positions
                        .iter()
                        .filter(|row| !before.contains(row))
                        .cloned()
                        .collect();
                    (changed, true)
                }
                _ => (positions.clone(), false),
            };
            *shown = Shown::Positions(positions);
            Some((Payload::Positions(changed), delta))
        }
        Topic::Working(bot) => {
            let rows = engine.working(bot)?;
            let (changed, delta) = match shown {
                Shown::Working(before) => (changes(before, &rows), true),
                _ => (rows.clone(), false),
            };
            *shown = Shown::Working(rows);
            // Also where nothing has changed: else what holds still would look late.
            Some((Payload::Working(changed), delta))
        }
        Topic::Equity(bot) => {
            let newest = engine.last_equity(bot).map(|point| point.time);
            match shown {
                Shown::Equity { to, .. } if newest.is_none_or(|newest| newest <= *to) => None,
                Shown::Equity { to, added } if *added < EQUITY_ADDED => {
                    let points: Vec<EquityPoint> = engine
                        .equity_since(bot, *to)
                        .take(MAX_ROWS)
                        .cloned()
                        .collect();
                    *added += points.len();
                    *to = newest.unwrap_or(*to);
                    Some((Payload::Equity(points), true))
                }
                _ => {
                    if let Some(to) = newest {
                        *shown = Shown::Equity { to, added: 0 };
                    }
                    Some((Payload::Equity(engine.equity(bot, EQUITY_SHOWN)?), false))
                }
            }
        }
        Topic::Performance(bot) => {
            let key = engine.performance_key(bot)?;
            match performance.get_mut(bot) {
                Some((known, figures)) if *known == key => figures.time = engine.now(),
                _ => {
                    performance.insert(bot.clone(), (key, engine.performance(bot)?));
                }
            }
            let figures = performance.get(bot)?.1.clone();
            Some((Payload::Performance(Box::new(figures)), false))
        }
        _ => None,
    }
}

/// Rows that are new or whose stop or distance has moved, and a last word on each order that has gone. Both lists are sorted
/// by their orders' ids.
fn changes(before: &[Working], now: &[Working]) -> Vec<Working> {
    let known = |rows: &[Working], row: &Working| {
        rows.binary_search_by(|other| other.order.cmp(&row.order))
    };
    let gone = before
        .iter()
        .filter(|row| known(now, row).is_err())
        .map(|row| Working {
            done: true,
            ..row.clone()
        });
    let changed = now.iter().filter(|row| match known(before, row) {
        Ok(place) => {
            before[place].trigger_price != row.trigger_price
                || before[place].distance_percent != row.distance_percent
        }
        Err(_) => true,
    });
    gone.chain(changed.cloned()).collect()
}
