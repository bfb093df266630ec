//! Binance's live spot market: trades, books, candles and 24-hour figures of chosen symbols, over
//! WebSocket streams and a REST API that needs no key.
//!
//! [`BinanceFeed`] is the feed: synchronous, as all are. Behind it a thread runs the [`session`],
//! which keeps a [`connection`] (or two, while one takes over), asks [`rest`] for what is missing,
//! lets each [`market`] put its [`trades`] and its [`book`] in order, and [`merge`]s all of it into
//! one order of exchange time. Nothing goes to the network before the feed is opened, and nobody
//! opens it unasked.
//!
//! A live market cannot be rewound: what was given is gone. Whoever needs it again after a restart
//! must keep it, and hand it back by [`Feed::recall`] so that the feed knows where to go on.

mod backfill;
mod book;
mod config;
mod connection;
mod exchange_info;
mod link;
mod market;
mod merge;
pub mod message;
mod rest;
mod session;
mod trades;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod recorded_tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub use config::{BinanceConfig, TradeStream};
pub use exchange_info::{ExchangeInfoError, read_file as read_exchange_info};
pub use link::Link;

use self::merge::Arrived;
use self::rest::{Rest, RestError};
use super::{Cursor, Feed, FeedError, FeedItem, Polled};
use crate::domain::{Instrument, MarketEvent, Symbol, TimeUs};

/// Items that may wait for the feed's reader.
const WAITING: usize = 4_096;
/// Tries to learn the symbols' filters at the start, and the wait between two.
const TRIES: u32 = 3;
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// The longest wait that Binance imposes which a start sits out.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Chooses the cryptography of all TLS connections of this process, if nobody has.
pub fn install_crypto() {
    // Fails where it is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[derive(Debug, Clone)]
pub struct BinanceOptions {
    pub config: BinanceConfig,
    /// At least one, each once.
    pub symbols: Vec<Symbol>,
    pub resume: Option<Cursor>,
    /// The symbols' filters where they are known, or must do without: then nobody is asked.
    pub instruments: Option<Vec<Instrument>>,
}

/// Where the feed stood: the last trade of each symbol, and the time of the last item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Position {
    trades: BTreeMap<Symbol, (u64, TimeUs)>,
    time: Option<TimeUs>,
}

impl Position {
    fn note(&mut self, item: &FeedItem) {
        let FeedItem::Market(event) = item else {
            return;
        };
        self.time = Some(event.time());
        if let MarketEvent::Trade(trade) = event {
            self.trades
                .insert(trade.symbol.clone(), (trade.id, trade.time));
        }
    }
}

/// The thread that works for the feed.
struct Worker {
    items: Receiver<Arrived>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // Its panic was passed on where it was met.
            let _ = thread.join();
        }
    }
}

pub struct BinanceFeed {
    config: BinanceConfig,
    symbols: Vec<Symbol>,
    instruments: Vec<Instrument>,
    position: Position,
    rest: Arc<Rest>,
    link: Link,
    /// How long the last item had waited when it was given.
    waited: Duration,
    /// Runs from the first item on that is asked for.
    worker: Option<Worker>,
}

impl BinanceFeed {
    /// Asks for the symbols' filters, unless they are known; connects only when the first item is
    /// asked for.
    ///
    /// # Errors
    /// A symbol is not listed; or the filters are needed and Binance cannot be reached.
    pub async fn open(options: BinanceOptions) -> Result<Self, FeedError> {
        let BinanceOptions {
            config,
            symbols,
            resume,
            instruments,
        } = options;
        check(&symbols)?;
        let position = match resume {
            Some(Cursor(value)) => {
                serde_json::from_value(value).map_err(|error| FeedError::Cursor {
                    why: format!("not a cursor of a live feed: {error}"),
                })?
            }
            None => Position::default(),
        };
        let unreachable = |error: RestError| FeedError::Unreachable {
            url: config.rest_url.clone(),
            why: error.to_string(),
        };
        let rest = Arc::new(Rest::new(&config.rest_url).map_err(unreachable)?);
        let instruments = match instruments {
            Some(known) => known,
            None => listed(&rest, &symbols).await.map_err(|error| match error {
                Listed::Refused(why) => FeedError::NotListed {
                    symbols: names(&symbols),
                    why,
                },
                Listed::Failed(error) => unreachable(error),
            })?,
        };
        Ok(Self {
            config,
            symbols,
            instruments,
            position,
            rest,
            link: Link::default(),
            waited: Duration::ZERO,
            worker: None,
        })
    }

    fn start(&self) -> std::io::Result<Worker> {
        let (sender, items) = sync_channel(WAITING);
        let stop = CancellationToken::new();
        let start = session::Start {
            config: self.config.clone(),
            symbols: self.symbols.clone(),
            last_trades: self.position.trades.clone(),
            since: self.position.time,
            rest: Arc::clone(&self.rest),
            link: self.link.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("feed-binance".to_owned())
            .spawn(move || runtime.block_on(session::run(start, sender, stopped)))?;
        Ok(Worker {
            items,
            stop,
            thread: Some(thread),
        })
    }
}

fn check(symbols: &[Symbol]) -> Result<(), FeedError> {
    let refused = |why: String| {
        Err(FeedError::NotListed {
            symbols: names(symbols),
            why,
        })
    };
    if symbols.is_empty() {
        return refused("at least one symbol is needed".to_owned());
    }
    let streams = market::streams(&symbols[0], "trade").len();
    if symbols.len() * streams > connection::STREAMS {
        let most = connection::STREAMS / streams;
        return refused(format!("one connection carries {most} symbols at most"));
    }
    for (index, symbol) in symbols.iter().enumerate() {
        if symbols[..index].contains(symbol) {
            return refused(format!("{symbol} is named twice"));
        }
    }
    Ok(())
}

fn names(symbols: &[Symbol]) -> String {
    let names: Vec<_> = symbols.iter().map(Symbol::as_str).collect();
    names.join(", ")
}

enum Listed {
    Refused(String),
    Failed(RestError),
}

async fn listed(rest: &Rest, symbols: &[Symbol]) -> Result<Vec<Instrument>, Listed> {
    let mut tried = 0;
    let value = loop {
        tried += 1;
        match rest.exchange_info(symbols).await {
            Ok(value) => break value,
            Err(RestError::Refused {
                status: 400,
                message,
                ..
            }) => {
                return Err(Listed::Refused(message));
            }
            Err(error) if tried == TRIES => return Err(Listed::Failed(error)),
            Err(RestError::Limited { wait, .. }) if wait <= LONGEST_WAIT => {
                tokio::time::sleep(wait).await;
            }
            Err(_) => tokio::time::sleep(TRY_AGAIN).await,
        }
    };
    let listings =
        exchange_info::read(value).map_err(|error| Listed::Refused(error.to_string()))?;
    for symbol in symbols {
        let listing = listings
            .iter()
            .find(|listing| listing.instrument.symbol == *symbol);
        match listing {
            None => return Err(Listed::Refused(format!("{symbol} is not there"))),
            // It may come back any time; until then there is nothing to see.
            Some(listing) if !listing.is_trading => {
                tracing::warn!(%symbol, "not traded at the moment");
            }
            Some(_) => {}
        }
    }
    Ok(listings
        .into_iter()
        .map(|listing| listing.instrument)
        .filter(|instrument| symbols.contains(&instrument.symbol))
        .collect())
}

impl Feed for BinanceFeed {
    fn next(&mut self) -> Option<FeedItem> {
        loop {
            match self.poll(super::POLL) {
                Polled::Item(item) => return Some(item),
                Polled::Idle => {}
                Polled::Ended => return None,
            }
        }
    }

    fn poll(&mut self, wait: Duration) -> Polled {
        let worker = match &mut self.worker {
            Some(worker) => worker,
            None => match self.start() {
                Ok(worker) => self.worker.insert(worker),
                Err(error) => {
                    self.link
                        .change(|link| link.problem = Some(format!("no thread: {error}")));
                    std::thread::sleep(wait);
                    return Polled::Idle;
                }
            },
        };
        match worker.items.recv_timeout(wait) {
            Ok((item, arrived)) => {
                self.waited = arrived.elapsed();
                self.position.note(&item);
                Polled::Item(item)
            }
            Err(RecvTimeoutError::Timeout) => Polled::Idle,
            Err(RecvTimeoutError::Disconnected) => {
                // It ends only when it is told to, or when it panics: then so do we.
                if let Some(thread) = worker.thread.take()
                    && let Err(panic) = thread.join()
                {
                    std::panic::resume_unwind(panic);
                }
                Polled::Ended
            }
        }
    }

    fn waited(&self) -> Duration {
        self.waited
    }

    fn link(&self) -> Option<Link> {
        Some(self.link.clone())
    }

    fn recall(&mut self, item: &FeedItem) {
        self.position.note(item);
    }

    fn instruments(&self) -> Vec<Instrument> {
        self.instruments.clone()
    }

    fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_value(&self.position).unwrap_or_default())
    }

    fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Not where it is: one host of Binance's shows the same market as another.
    fn identity(&self) -> String {
        format!("binance:{}", self.config.trades.name())
    }
}
