//! One symbol: its trades in order, its book in step, and what of all that is worth telling. Pure:
//! messages and answers go in with the time of their arrival, items and wishes come out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::book::{Applied, LocalBook, Snapshot};
use super::message::{BookTicker, Depth, DepthSnapshot, Kline};
use super::trades::{Given, Hole, Tape};
use crate::domain::time::MINUTE;
use crate::domain::{
    Bar, DayStatistics, Extent, FeedNotice, Level, MarketEvent, MarketTrade, QualityKind, Symbol,
    TimeUs,
};
use crate::feed::FeedItem;

/// How long something that is missing may still come by itself: two connections are not in step.
pub const PATIENCE: Duration = Duration::from_millis(250);
/// Between two requests for a snapshot that did not fit.
const SNAPSHOT_AGAIN: Duration = Duration::from_millis(500);
/// Changes of the book that may wait for an earlier one.
const EARLY: usize = 100;

/// An item with its place in exchange time.
pub type Placed = (TimeUs, FeedItem);

/// What happened, for the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub gaps: u64,
    pub healed: u64,
    pub snapshots: u64,
    pub duplicates: u64,
}

#[derive(Debug)]
pub struct Market {
    symbol: Symbol,
    tape: Tape,
    book: LocalBook,
    levels: usize,
    /// Changes that came before their time, by their first update, and since when.
    early: BTreeMap<u64, Depth>,
    early_since: Option<Instant>,
    ticker: Option<BookTicker>,
    /// The best level of each side that was told last.
    told: Option<(Option<Level>, Option<Level>)>,
    /// A snapshot is needed; one is to be fetched from then on, or is being fetched.
    needs_snapshot: bool,
    snapshot_at: Option<Instant>,
    /// What is missing in the book: told when it is built again.
    broken: Option<Extent>,
    /// Start of the newest bar, time of the newest 24-hour figures that were told.
    bar: TimeUs,
    day: TimeUs,
    /// The missing trades cannot be had; since when candles are fetched in their place.
    hopeless: bool,
    bridging: Option<Instant>,
    /// Trades may have been missed: the next one will tell.
    expects_trade: bool,
    /// The newest exchange time that any message of the symbol had.
    newest: TimeUs,
    duplicates: u64,
    counts: Counts,
}

impl Market {
    /// Goes on after the trade `last`, if one is known.
    pub fn new(symbol: Symbol, levels: usize, last: Option<(u64, TimeUs)>) -> Self {
        Self {
            tape: Tape::new(last),
            book: LocalBook::new(symbol.clone()),
            symbol,
            levels,
            early: BTreeMap::new(),
            early_since: None,
            ticker: None,
            told: None,
            needs_snapshot: false,
            snapshot_at: None,
            broken: None,
            bar: TimeUs::ZERO,
            day: TimeUs::ZERO,
            hopeless: false,
            bridging: None,
            expects_trade: last.is_some(),
            newest: last.map_or(TimeUs::ZERO, |(_, time)| time),
            duplicates: 0,
            counts: Counts::default(),
        }
    }

    pub fn counts(&self) -> Counts {
        Counts {
            duplicates: self.duplicates + self.tape.duplicates,
            ..self.counts
        }
    }

    /// The connection was lost: trades may have been missed.
    pub fn interrupted(&mut self) {
        self.expects_trade = self.tape.has_begun();
    }

    /// Whether the next trade will tell if some were missed.
    pub fn expects_trade(&self) -> bool {
        self.expects_trade
    }

    /// The trades that are missing, if any.
    pub fn hole(&self) -> Option<Hole> {
        self.tape.hole()
    }

    pub fn trade(&mut self, trade: MarketTrade, time: TimeUs, now: Instant) -> Vec<Placed> {
        self.newest = self.newest.max(time);
        self.expects_trade = false;
        let given = self.tape.take(trade, now);
        self.settle_hole();
        self.given(given)
    }

    /// Trades that were fetched.
    pub fn fill(&mut self, trades: Vec<MarketTrade>, now: Instant) -> Vec<Placed> {
        let given = self.tape.fill(trades, now);
        self.settle_hole();
        self.given(given)
    }

    /// A fetch of trades has ended.
    pub fn fetch_ended(&mut self) {
        self.tape.fetch_ended();
    }

    /// The missing trades to fetch now.
    pub fn trades_to_fetch(&mut self, now: Instant) -> Option<Hole> {
        self.tape.wanted(now, PATIENCE)
    }

    /// The missing trades cannot be had.
    pub fn despair(&mut self) {
        self.hopeless = self.tape.hole().is_some();
    }

    /// What was found out about a hole is not true of the next one.
    fn settle_hole(&mut self) {
        if self.tape.hole().is_none() {
            (self.hopeless, self.bridging) = (false, None);
        }
    }

    pub fn is_hopeless(&self) -> bool {
        self.hopeless
    }

    /// The whole minutes between the trades around the hole, by the times at which the first and the
    /// last of them open: said once for each hole.
    pub fn minutes_to_fetch(&mut self, now: Instant) -> Option<(TimeUs, TimeUs)> {
        if self.bridging.is_some() {
            return None;
        }
        let (from, to) = self.tape.span()?;
        let (first, last) = (
            from.floor(MINUTE).plus(MINUTE),
            to.floor(MINUTE).plus(-MINUTE),
        );
        if first > last {
            return None;
        }
        self.bridging = Some(now);
        Some((first, last))
    }

    /// Since when the minutes of a hole are fetched.
    pub fn bridging(&self) -> Option<Instant> {
        self.bridging
    }

    /// Goes on without the missing trades. `bars` are what is known of the whole minutes in between.
    pub fn give_up(&mut self, bars: Vec<Bar>, now: Instant) -> Vec<Placed> {
        (self.hopeless, self.bridging) = (false, None);
        let span = self.tape.span();
        let given = self.tape.give_up(now);
        let mut placed = self.given(given);
        let inside = |bar: &Bar| {
            span.is_some_and(|(from, to)| bar.open_time > from && bar.close_time < to)
                && bar.trades != Some(0)
        };
        let bars = bars.into_iter().filter(inside);
        placed.extend(bars.map(|bar| (bar.close_time, FeedItem::Market(MarketEvent::Bar(bar)))));
        placed
    }

    fn given(&mut self, given: Vec<Given>) -> Vec<Placed> {
        let placed = given.into_iter().map(|given| match given {
            Given::Trade(trade) => (trade.time, FeedItem::Market(MarketEvent::Trade(trade))),
            Given::Healed(extent) => {
                self.counts.gaps += 1;
                self.counts.healed += 1;
                let message = format!("{} were missed and fetched afterwards", ids(&extent));
                let (_, notice) = self.notice(QualityKind::Backfill, "trades", message, extent);
                // So is what was fetched: it comes before what was fetched.
                (extent.from.unwrap_or(self.newest), notice)
            }
            Given::Lost(extent) => {
                self.counts.gaps += 1;
                let message = format!("{} are missing", ids(&extent));
                let (_, notice) = self.notice(QualityKind::Gap, "trades", message, extent);
                // It is known before whatever is told of the time in between.
                (extent.from.unwrap_or(self.newest), notice)
            }
        });
        placed.collect()
    }

    pub fn ticker(&mut self, ticker: BookTicker, time: TimeUs) -> Option<Placed> {
        let known = self.ticker.as_ref().map(|ticker| ticker.update_id);
        if known.is_some_and(|known| ticker.update_id <= known) {
            self.duplicates += 1;
            return None;
        }
        let is_newer = self.book.last().is_none_or(|last| ticker.update_id > last);
        let prices = (Some(ticker.bid.price), Some(ticker.ask.price));
        let told = self
            .told
            .map(|(bid, ask)| (bid.map(|l| l.price), ask.map(|l| l.price)));
        self.ticker = Some(ticker);
        // A change of a quantity alone comes with the next change of the book, 100 ms later.
        (is_newer && told != Some(prices)).then(|| self.tell(time))
    }

    /// A change of the book. Where one is missing before it, it waits for that a moment.
    pub fn depth(&mut self, depth: Depth, now: Instant) -> Vec<Placed> {
        self.newest = self.newest.max(depth.time);
        if self.book.last().is_some_and(|last| depth.first > last + 1) && self.early.len() < EARLY {
            self.early_since.get_or_insert(now);
            self.early.insert(depth.first, depth);
            return Vec::new();
        }
        let mut placed = Vec::new();
        self.apply(depth, now, &mut placed);
        while let Some(first) = self.early.first_entry()
            && self
                .book
                .last()
                .is_none_or(|last| first.key() <= &(last + 1))
        {
            let depth = first.remove();
            self.apply(depth, now, &mut placed);
        }
        if self.early.is_empty() {
            self.early_since = None;
        }
        placed
    }

    /// Takes early changes as they are when what is missing has not come.
    pub fn late_depth(&mut self, now: Instant) -> Vec<Placed> {
        let waited = self
            .early_since
            .is_some_and(|since| now.duration_since(since) >= PATIENCE);
        if !waited {
            return Vec::new();
        }
        self.early_since = None;
        let mut placed = Vec::new();
        for (_, depth) in std::mem::take(&mut self.early) {
            self.apply(depth, now, &mut placed);
        }
        placed
    }

    fn apply(&mut self, depth: Depth, now: Instant, placed: &mut Vec<Placed>) {
        let time = depth.time;
        match self.book.change(depth) {
            Applied::Yes => placed.push(self.tell(time)),
            Applied::Old => self.duplicates += 1,
            Applied::Waits => {
                if !self.needs_snapshot {
                    self.want_snapshot(now);
                }
            }
            Applied::Gap {
                first_missing,
                last_missing,
            } => {
                let extent = Extent {
                    from: Some(self.book.time()),
                    to: Some(time),
                    first_id: Some(first_missing),
                    last_id: Some(last_missing),
                };
                self.counts.gaps += 1;
                let message = format!("updates {first_missing} to {last_missing} are missing");
                placed.push(self.notice(QualityKind::BookGap, "depth", message, extent));
                self.broken = Some(extent);
                self.want_snapshot(now);
            }
        }
    }

    /// A snapshot is to be fetched, not before `at`.
    pub fn want_snapshot(&mut self, at: Instant) {
        self.needs_snapshot = true;
        self.snapshot_at = Some(at);
    }

    /// Whether a snapshot is to be fetched now. True once for each that is wanted.
    pub fn snapshot_to_fetch(&mut self, now: Instant) -> bool {
        self.snapshot_at.take_if(|at| *at <= now).is_some()
    }

    pub fn snapshot(&mut self, snapshot: &DepthSnapshot, now: Instant) -> Vec<Placed> {
        match self.book.snapshot(snapshot) {
            Snapshot::NotNeeded => return Vec::new(),
            Snapshot::TooOld | Snapshot::Gap { .. } => {
                self.want_snapshot(now + SNAPSHOT_AGAIN);
                return Vec::new();
            }
            Snapshot::InStep => {}
        }
        self.needs_snapshot = false;
        self.counts.snapshots += 1;
        let mut placed = Vec::new();
        // The first one of all is no news.
        if let Some(extent) = self.broken.take() {
            let extent = Extent {
                to: Some(self.newest),
                ..extent
            };
            let message = format!(
                "the book is in step again, from update {} on",
                snapshot.last
            );
            placed.push(self.notice(QualityKind::Resync, "depth", message, extent));
        }
        placed.push(self.tell(self.newest));
        placed
    }

    /// The book as it is known at `time`.
    fn tell(&mut self, time: TimeUs) -> Placed {
        let book = self.book.top(self.levels, self.ticker.as_ref(), time);
        self.told = Some((book.bids.first().copied(), book.asks.first().copied()));
        (time, FeedItem::Market(MarketEvent::Book(book)))
    }

    pub fn kline(&mut self, kline: Kline) -> Option<Placed> {
        self.newest = self.newest.max(kline.time);
        if !kline.closed {
            return None;
        }
        if kline.bar.open_time <= self.bar {
            self.duplicates += 1;
            return None;
        }
        self.bar = kline.bar.open_time;
        // Known when its minute is over, whatever the clock of the message says.
        let known = kline.time.max(kline.bar.close_time.plus(1));
        let bar = kline.bar;
        Some((
            known,
            FeedItem::Market(MarketEvent::Reference { bar, known }),
        ))
    }

    pub fn day(&mut self, day: DayStatistics) -> Option<Placed> {
        self.newest = self.newest.max(day.time);
        if day.time <= self.day {
            self.duplicates += 1;
            return None;
        }
        self.day = day.time;
        Some((day.time, FeedItem::Market(MarketEvent::Day(day))))
    }

    fn notice(&self, kind: QualityKind, source: &str, message: String, extent: Extent) -> Placed {
        let at = extent.to.unwrap_or(self.newest);
        let notice = FeedNotice {
            kind,
            symbol: Some(self.symbol.clone()),
            source: format!("binance {source}"),
            line: None,
            message,
            extent,
        };
        (at, FeedItem::Notice(notice))
    }
}

/// The ids of an extent, for people.
fn ids(extent: &Extent) -> String {
    match (extent.first_id, extent.last_id) {
        (Some(first), Some(last)) if first == last => format!("trade {first}"),
        (Some(first), Some(last)) => {
            format!(
                "{} trades, {first} to {last},",
                (last + 1).saturating_sub(first)
            )
        }
        _ => "trades".to_owned(),
    }
}

/// What a symbol's streams are called.
pub fn streams(symbol: &Symbol, trades: &str) -> Vec<String> {
    let name = symbol.as_str().to_ascii_lowercase();
    [
        trades,
        "bookTicker",
        "depth@100ms",
        "kline_1m",
        "miniTicker",
    ]
    .iter()
    .map(|stream| format!("{name}@{stream}"))
    .collect()
}

#[cfg(test)]
mod tests;
