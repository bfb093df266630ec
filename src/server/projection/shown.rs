//! What a conflated topic shows now, against what was published of it last: all of it the first time,
//! then what changed. Also where nothing has changed something is published: else what holds still
//! would look late.

use std::collections::BTreeMap;

use crate::domain::{BotId, EquityPoint, Interval, Performance, Symbol, TimeUs, Working};
use crate::engine::Engine;
use crate::wire::payload::MAX_ROWS;
use crate::wire::{Content, Payload, Topic};

/// Candles that a fresh subscriber gets.
const CANDLES_SHOWN: usize = 500;
/// Points of the equity curve that a fresh subscriber gets.
const EQUITY_SHOWN: usize = 500;
/// After so many more the whole curve is thinned anew: a topic that holds too many points would lose
/// the oldest.
const EQUITY_ADDED: usize = 240;

/// Performance changes with the equity samples, the round trips and the judged decisions.
type PerformanceKey = (Option<TimeUs>, u64, u64);

/// Figures that cost something to compute, with what they were computed from.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<BotId, (PerformanceKey, Performance)>);

impl Figures {
    fn of(&mut self, engine: &Engine, bot: &BotId) -> Option<Performance> {
        let key = engine.performance_key(bot)?;
        match self.0.get_mut(bot) {
            Some((known, figures)) if *known == key => figures.time = engine.now(),
            _ => {
                self.0.insert(bot.clone(), (key, engine.performance(bot)?));
            }
        }
        Some(self.0.get(bot)?.1.clone())
    }
}

/// What was published of a topic last.
#[derive(Debug, Default)]
pub struct Shown {
    /// All of it. Of candles and the equity curve only the newest row: the others hold still.
    last: Option<Payload>,
    /// Points of the equity curve that came one by one since it was published whole.
    added: usize,
}

impl Shown {
    /// What `now` is after what was published last; from here on that is `now`.
    pub fn changed(&mut self, now: Payload) -> Content {
        let content = Content::since(self.last.as_ref(), &now);
        self.last = Some(now);
        content
    }

    /// What is to be published of the topic; `None` where nothing is to be said.
    pub fn view(
        &mut self,
        engine: &Engine,
        topic: &Topic,
        figures: &mut Figures,
    ) -> Option<Content> {
        let now = match topic {
            Topic::Market(symbol) => Payload::Market(Box::new(engine.ticker(symbol)?)),
            Topic::Portfolio(bot) => Payload::Portfolio(Box::new(engine.portfolio(bot)?)),
            Topic::Positions(bot) => Payload::Positions(engine.positions(bot)?),
            Topic::Models(bot) => Payload::Models(Box::new(engine.models(bot)?)),
            Topic::Performance(bot) => Payload::Performance(Box::new(figures.of(engine, bot)?)),
            Topic::Working(bot) => Payload::Working(self.worth_telling(engine.working(bot)?)),
            Topic::Candles(symbol, interval) => return self.candles(engine, symbol, *interval),
            Topic::Equity(bot) => return self.equity(engine, bot),
            _ => return None,
        };
        Some(self.changed(now))
    }

    /// Rows whose stop or distance has not moved stay as they were told. Both lists are sorted by
    /// their orders' ids.
    fn worth_telling(&self, mut now: Vec<Working>) -> Vec<Working> {
        let Some(Payload::Working(told)) = &self.last else {
            return now;
        };
        for row in &mut now {
            if let Ok(place) = told.binary_search_by(|other| other.order.cmp(&row.order))
                && told[place].trigger_price == row.trigger_price
                && told[place].distance_percent == row.distance_percent
            {
                *row = told[place].clone();
            }
        }
        now
    }

    fn candles(&mut self, engine: &Engine, symbol: &Symbol, interval: Interval) -> Option<Content> {
        let candles = match &self.last {
            Some(Payload::Candles(rows)) => {
                engine.candles_since(symbol, interval, rows.last()?.open_time)
            }
            _ => engine.candles(symbol, interval, CANDLES_SHOWN),
        };
        let newest = candles.last()?.clone();
        let content = self.changed(Payload::Candles(candles));
        self.last = Some(Payload::Candles(vec![newest]));
        Some(content)
    }

    fn equity(&mut self, engine: &Engine, bot: &BotId) -> Option<Content> {
        let newest = engine.last_equity(bot);
        let shown_to = match &self.last {
            Some(Payload::Equity(rows)) => rows.last().map(|point| point.time),
            _ => None,
        };
        if let Some(to) = shown_to
            && newest.is_none_or(|newest| newest.time <= to)
        {
            return None;
        }
        let content = match shown_to {
            Some(to) if self.added < EQUITY_ADDED => {
                let points = engine.equity_since(bot, to).take(MAX_ROWS);
                let points: Vec<EquityPoint> = points.cloned().collect();
                self.added += points.len();
                // Points that are there do not change.
                Content::since(Some(&Payload::Equity(Vec::new())), &Payload::Equity(points))
            }
            _ => {
                self.added = 0;
                Content::Snapshot(Payload::Equity(engine.equity(bot, EQUITY_SHOWN)?))
            }
        };
        self.last = newest.map(|point| Payload::Equity(vec![point.clone()]));
        Some(content)
    }
}
