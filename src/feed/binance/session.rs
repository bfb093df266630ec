//! What goes on between Binance and the feed: keeps a connection, replaces it in time, lets the
//! markets take what is heard, fetches what they miss, and gives everything in one order.
//!
//! Two connections at once are no special case: whatever both say is known by its ids and taken
//! once. Invariant: what the session gives has ascending trade ids for each symbol, each once, and
//! times that never go back; where something is missing there is a notice.

mod links;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use self::links::Links;
use super::backfill::{self, Job, Outcome};
use super::config::{BinanceConfig, ms};
use super::connection::{Ended, Heard};
use super::link::Link;
use super::market::{Market, Placed, streams};
use super::merge::{Arrived, Merge};
use super::message::{DepthSnapshot, Message};
use super::rest::{Rest, RestError};
use crate::domain::health::LinkState;
use crate::domain::{Bar, Extent, FeedNotice, QualityKind, Symbol, TimeUs};
use crate::feed::FeedItem;

/// How often the session looks at what is due.
const TICK: Duration = Duration::from_millis(5);
/// What connections may have said before the session hears it.
const HEARD: usize = 1_024;
/// Before a snapshot is asked for again that could not be had.
const SNAPSHOT_RETRY: Duration = Duration::from_secs(1);
/// How long after a pause everything waits for the first trade of each symbol, so that what one of
/// them has missed is in its place among the others'.
const SETTLE: Duration = Duration::from_secs(1);
/// A pause in market time that is told after a restart, µs.
const PAUSE_TOLD: i64 = 1_000_000;

/// What a session starts with.
pub struct Start {
    pub config: BinanceConfig,
    pub symbols: Vec<Symbol>,
    /// The last trade of each symbol that was given before, with its time.
    pub last_trades: BTreeMap<Symbol, (u64, TimeUs)>,
    /// The time of the last item that was given before.
    pub since: Option<TimeUs>,
    pub rest: Arc<Rest>,
    pub link: Link,
}

/// What a request brought.
enum Fetched {
    Snapshot(Symbol, Result<DepthSnapshot, RestError>),
    Trades(Outcome),
    /// Candles of a time whose trades are lost.
    Minutes(Symbol, Result<Vec<Bar>, RestError>),
}

struct Session {
    config: BinanceConfig,
    rest: Arc<Rest>,
    link: Link,
    links: Links,
    markets: BTreeMap<Symbol, Market>,
    merge: Merge,
    fetches: JoinSet<Fetched>,
    /// The newest exchange time of all symbols.
    newest: TimeUs,
    /// Where a session before this one ended, until that was told.
    since: Option<TimeUs>,
    /// Why the last connection was lost, and the newest time then: told when it goes on.
    lost: Option<(String, TimeUs)>,
    /// After a pause: until then everything waits for the first trade of each symbol.
    settle_until: Option<Instant>,
}

/// Runs until `stop`, or until nobody takes what it gives.
pub async fn run(start: Start, out: SyncSender<Arrived>, stop: CancellationToken) {
    let (sender, mut heard) = mpsc::channel(HEARD);
    let mut session = Session::new(start, sender);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_due = Instant::now();
    session.due(last_due);
    while !stop.is_cancelled() {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some((number, heard)) = heard.recv() => session.hear(number, heard),
            Some(Ok(fetched)) = session.fetches.join_next() => session.fetched(fetched),
            _ = tick.tick() => {}
        }
        let now = Instant::now();
        // Also while so much is heard that the tick never comes.
        if now.duration_since(last_due) >= TICK {
            last_due = now;
            session.due(now);
        }
        while let Some(item) = session.next(Instant::now()) {
            if !give(&out, item, &stop).await {
                return;
            }
        }
    }
}

/// False where nobody takes it, or nothing more is wanted. A reader that is slow holds the session
/// back, and with it the sockets.
async fn give(out: &SyncSender<Arrived>, mut item: Arrived, stop: &CancellationToken) -> bool {
    loop {
        match out.try_send(item) {
            Ok(()) => return true,
            Err(TrySendError::Full(back)) if !stop.is_cancelled() => {
                item = back;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(_) => return false,
        }
    }
}

impl Session {
    fn new(start: Start, heard: mpsc::Sender<(u64, Heard)>) -> Self {
        let trades = start.config.trades.name();
        let all = start
            .symbols
            .iter()
            .flat_map(|symbol| streams(symbol, trades));
        let links = Links::new(&start.config, all.collect(), heard, start.link.clone());
        let markets = start.symbols.iter().map(|symbol| {
            let last = start.last_trades.get(symbol).copied();
            let market = Market::new(symbol.clone(), start.config.depth_levels, last);
            (symbol.clone(), market)
        });
        let since = start.since.unwrap_or(TimeUs::ZERO);
        Self {
            markets: markets.collect(),
            merge: Merge::new(ms(start.config.hold_ms), since),
            config: start.config,
            rest: start.rest,
            link: start.link,
            links,
            fetches: JoinSet::new(),
            newest: since,
            since: start.since,
            lost: None,
            settle_until: None,
        }
    }

    fn hear(&mut self, number: u64, heard: Heard) {
        let now = Instant::now();
        match heard {
            Heard::Subscribed => self.links.subscribed(number, now),
            Heard::Message(message) => {
                self.link.message(now);
                if self.links.data(number, now) {
                    tracing::info!(connection.number = number, "connected to Binance");
                }
                self.message(number, *message, now);
            }
            Heard::Bad(bad) => {
                self.link.change(|link| link.bad_messages += 1);
                let notice = notice(
                    QualityKind::BadMessage,
                    None,
                    bad.to_string(),
                    Extent::default(),
                );
                self.place((self.newest, notice), now);
            }
            Heard::Ended(ended) => self.ended(number, ended, now),
        }
    }

    fn ended(&mut self, number: u64, ended: Ended, now: Instant) {
        let why = ended.to_string();
        if ended != Ended::Stopped {
            tracing::warn!(connection.number = number, reason = %why, "connection to Binance ended");
            self.link.change(|link| link.problem = Some(why.clone()));
        }
        if let Ended::Silent(_) = ended {
            let extent = Extent {
                from: Some(self.newest),
                ..Extent::default()
            };
            let notice = notice(QualityKind::Silence, None, why.clone(), extent);
            self.place((self.newest, notice), now);
        }
        if self.links.ended(number, now) {
            self.lost.get_or_insert((why, self.newest));
            self.markets.values_mut().for_each(Market::interrupted);
        }
    }

    fn message(&mut self, number: u64, message: Message, now: Instant) {
        let symbol = match &message {
            Message::Trade { trade, .. } => &trade.symbol,
            Message::BookTicker(ticker) => &ticker.symbol,
            Message::Depth(depth) => &depth.symbol,
            Message::Kline(kline) => &kline.bar.symbol,
            Message::Day(day) => &day.symbol,
            Message::ServerShutdown => {
                tracing::info!(
                    connection.number = number,
                    "Binance shuts this connection down"
                );
                return self.links.replace(number);
            }
            Message::Reply { .. } | Message::Other(_) => return,
        };
        let Some(market) = self.markets.get_mut(symbol) else {
            return;
        };
        let (time, placed) = match message {
            Message::Trade { trade, time } => (time, market.trade(trade, time, now)),
            // It has no time of its own.
            Message::BookTicker(ticker) => {
                let placed = market.ticker(ticker, self.newest);
                (self.newest, placed.into_iter().collect())
            }
            Message::Depth(depth) => (depth.time, market.depth(depth, now)),
            Message::Kline(kline) => (kline.time, market.kline(kline).into_iter().collect()),
            Message::Day(day) => (day.time, market.day(day).into_iter().collect()),
            Message::ServerShutdown | Message::Reply { .. } | Message::Other(_) => return,
        };
        if time > self.newest {
            self.newest = time;
            self.tell_pauses(now);
        }
        self.place_all(placed, now);
    }

    /// Says what was not seen, when it is seen again.
    fn tell_pauses(&mut self, now: Instant) {
        let to = Some(self.newest);
        if self.since.is_some() || self.lost.is_some() {
            self.settle_until = Some(now + SETTLE);
        }
        if let Some(from) = self.since.take()
            && self.newest.since(from) >= PAUSE_TOLD
        {
            let extent = Extent {
                from: Some(from),
                to,
                ..Extent::default()
            };
            let message = "nothing was taken while the program did not run".to_owned();
            self.place((from, notice(QualityKind::Gap, None, message, extent)), now);
        }
        if let Some((why, from)) = self.lost.take() {
            let extent = Extent {
                from: Some(from),
                to,
                ..Extent::default()
            };
            self.place(
                (from, notice(QualityKind::Reconnect, None, why, extent)),
                now,
            );
        }
    }

    fn place(&mut self, (at, item): Placed, now: Instant) {
        self.merge.push(at, item, now);
    }

    fn place_all(&mut self, placed: Vec<Placed>, now: Instant) {
        for placed in placed {
            self.place(placed, now);
        }
    }

    /// What is due without a word from anybody.
    fn due(&mut self, now: Instant) {
        self.links.due(now);
        let mut placed = Vec::new();
        let full = self.merge.is_full();
        let timeout = ms(self.config.backfill_timeout_ms);
        for (symbol, market) in &mut self.markets {
            placed.extend(market.late_depth(now));
            if market.snapshot_to_fetch(now) {
                let (rest, symbol) = (Arc::clone(&self.rest), symbol.clone());
                self.fetches.spawn(async move {
                    let snapshot = rest.depth(&symbol).await;
                    Fetched::Snapshot(symbol, snapshot)
                });
            }
            let fetch = market.trades_to_fetch(now);
            let Some(hole) = market.hole() else { continue };
            let too_large = hole.size() > self.config.backfill_max;
            // The fetch itself ends at its deadline; this is for one that does not.
            let overdue = now.duration_since(hole.since) > 2 * timeout;
            if full {
                placed.extend(market.give_up(Vec::new(), now));
            } else if too_large || overdue || market.is_hopeless() {
                if let Some((first, last)) = market.minutes_to_fetch(now) {
                    let (rest, symbol) = (Arc::clone(&self.rest), symbol.clone());
                    self.fetches.spawn(async move {
                        let bars = backfill::minutes(&rest, &symbol, first, last).await;
                        Fetched::Minutes(symbol, bars)
                    });
                } else if market
                    .bridging()
                    .is_none_or(|since| now.duration_since(since) > timeout)
                {
                    placed.extend(market.give_up(Vec::new(), now));
                }
            } else if fetch.is_some() {
                let rest = Arc::clone(&self.rest);
                let job = Job {
                    symbol: symbol.clone(),
                    stream: self.config.trades,
                    hole,
                    deadline: now + timeout,
                };
                self.fetches
                    .spawn(async move { Fetched::Trades(backfill::fetch(&rest, job).await) });
            }
        }
        self.place_all(placed, now);
        self.report(now);
    }

    fn fetched(&mut self, fetched: Fetched) {
        let now = Instant::now();
        let problem = match fetched {
            Fetched::Snapshot(symbol, result) => {
                let Some(market) = self.markets.get_mut(&symbol) else {
                    return;
                };
                match result {
                    Ok(snapshot) => {
                        let placed = market.snapshot(&snapshot, now);
                        self.place_all(placed, now);
                        None
                    }
                    Err(error) => {
                        let wait = match error {
                            RestError::Limited { wait, .. } => wait,
                            _ => SNAPSHOT_RETRY,
                        };
                        market.want_snapshot(now + wait);
                        Some(error.to_string())
                    }
                }
            }
            Fetched::Trades(outcome) => {
                let Some(market) = self.markets.get_mut(&outcome.symbol) else {
                    return;
                };
                let placed = market.fill(outcome.trades, now);
                if outcome.problem.is_some() {
                    market.despair();
                }
                market.fetch_ended();
                self.place_all(placed, now);
                outcome.problem
            }
            Fetched::Minutes(symbol, result) => {
                let Some(market) = self.markets.get_mut(&symbol) else {
                    return;
                };
                // It may have been given up in the meantime.
                if market.bridging().is_none() {
                    return;
                }
                let (bars, problem) = match result {
                    Ok(bars) => (bars, None),
                    Err(error) => (Vec::new(), Some(error.to_string())),
                };
                let placed = market.give_up(bars, now);
                self.place_all(placed, now);
                problem
            }
        };
        if let Some(problem) = problem {
            tracing::warn!(reason = %problem, "a request to Binance failed");
            self.link.change(|link| link.problem = Some(problem));
        }
    }

    fn next(&mut self, now: Instant) -> Option<Arrived> {
        // What is missing comes before all that waits here.
        if self.markets.values().any(|market| market.hole().is_some()) {
            return None;
        }
        if let Some(until) = self.settle_until {
            if now < until && self.markets.values().any(Market::expects_trade) {
                return None;
            }
            self.settle_until = None;
        }
        self.merge.pop(now)
    }

    fn report(&mut self, now: Instant) {
        let backfilling = self.markets.values().any(|market| market.hole().is_some());
        let (state, attempt) = match self.links.state() {
            (LinkState::Connected, _) if backfilling => (LinkState::Backfilling, 0),
            other => other,
        };
        self.link.state(state, attempt, now);
        let counts = self.markets.values().map(Market::counts);
        let late = self.merge.late;
        self.link.change(|link| {
            (link.gaps, link.healed, link.snapshots, link.duplicates) =
                counts.fold((0, 0, 0, 0), |sum, counts| {
                    (
                        sum.0 + counts.gaps,
                        sum.1 + counts.healed,
                        sum.2 + counts.snapshots,
                        sum.3 + counts.duplicates,
                    )
                });
            link.late = late;
        });
    }
}

fn notice(kind: QualityKind, symbol: Option<Symbol>, message: String, extent: Extent) -> FeedItem {
    FeedItem::Notice(FeedNotice {
        kind,
        symbol,
        source: "binance".to_owned(),
        line: None,
        message,
        extent,
    })
}
