//! Dialect 4, AI-Trading: `/api/ws/realtime`. A client subscribes to the prices of symbols; positions, the
//! portfolio and what becomes of orders come without asking.

mod trails;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::caster::{self, Said};
use super::config::TradingConfig;
use super::session::{self, Asked, Heard, Talk};
use super::view::View;
use crate::domain::{Portfolio, Symbol, Ticker, TimeUs};
use crate::server::clock::wall_time;
use crate::wire::{Payload, Topic};
use trails::Trails;
use words::{
    TradingMarket, TradingOrderUpdate, TradingPortfolio, TradingPosition, TradingPositions,
};

pub const MARKET: &str = "MARKET_UPDATE";
pub const POSITIONS: &str = "POSITION_UPDATE";
pub const PORTFOLIO: &str = "PORTFOLIO_UPDATE";
pub const ORDER: &str = "ORDER_UPDATE";

const BAD_MESSAGE: &str = "BAD_MESSAGE";
const MISSING_SYMBOL: &str = "MISSING_SYMBOL";
const UNKNOWN_SYMBOL: &str = "UNKNOWN_SYMBOL";
const UNKNOWN_ACTION: &str = "UNKNOWN_ACTION";
const NO_PORTFOLIO: &str = "NO_PORTFOLIO";
const RATE_LIMITED: &str = "RATE_LIMITED";
/// What may be wrong with a command.
pub const ERROR_CODES: [&str; 6] = [
    BAD_MESSAGE,
    MISSING_SYMBOL,
    UNKNOWN_SYMBOL,
    UNKNOWN_ACTION,
    NO_PORTFOLIO,
    RATE_LIMITED,
];

/// `GET /api/ws/realtime`.
pub async fn realtime(asked: Asked) -> Response {
    session::open(asked, |state| &state.casters.trading, Client::default())
}

/// What is said, with its type.
#[derive(Serialize)]
struct Frame<T> {
    r#type: &'static str,
    #[serde(flatten)]
    told: T,
}

fn frame(kind: &'static str, told: impl Serialize) -> Value {
    json!(Frame { r#type: kind, told })
}

fn market(ticker: &Ticker) -> Value {
    frame(MARKET, TradingMarket::of(ticker))
}

fn positions(view: &View) -> Value {
    let open = view.open_positions();
    let told = TradingPositions {
        positions: open.iter().map(TradingPosition::of).collect(),
        timestamp: as_of(view).millis(),
    };
    frame(POSITIONS, told)
}

/// Market time of the bot's figures.
fn as_of(view: &View) -> TimeUs {
    view.portfolio()
        .map_or_else(wall_time, |portfolio| portfolio.time)
}

fn portfolio(portfolio: &Portfolio) -> Value {
    frame(PORTFOLIO, TradingPortfolio::of(portfolio))
}

fn said(stream: &'static str, symbol: Option<Symbol>, data: Value) -> Said {
    Said {
        stream,
        symbol,
        event: stream,
        frame: data.to_string().into(),
        data,
    }
}

fn of_order(told: TradingOrderUpdate) -> Said {
    said(ORDER, None, frame(ORDER, told))
}

pub struct Voice {
    beats: Vec<Duration>,
    /// The publication of each market that was said last.
    prices: BTreeMap<Symbol, u64>,
    trails: Trails,
}

impl Voice {
    pub fn new(config: &TradingConfig) -> Self {
        let millis = [config.market_ms, config.positions_ms, config.portfolio_ms];
        Self {
            beats: millis.map(|ms| Duration::from_millis(ms.into())).to_vec(),
            prices: BTreeMap::new(),
            trails: Trails::default(),
        }
    }
}

impl caster::Voice for Voice {
    fn logs(&self, view: &View) -> Vec<Topic> {
        vec![Topic::Orders(view.bot.clone())]
    }

    fn beats(&self) -> Vec<Duration> {
        self.beats.clone()
    }

    fn entries(&mut self, view: &View, entries: &[Payload], out: &mut Vec<Said>) {
        if !entries.is_empty() {
            self.trails.look(view);
        }
        for entry in entries {
            if let Payload::Order(changed) = entry {
                let told = TradingOrderUpdate::of(changed, self.trails.of(changed));
                out.push(of_order(told));
            }
        }
    }

    fn beat(&mut self, number: usize, view: &View, out: &mut Vec<Said>) {
        match number {
            0 => {
                self.trails.look(view);
                for symbol in view.symbols() {
                    let Some((offset, ticker)) = view.ticker(&symbol) else {
                        continue;
                    };
                    if self.prices.insert(symbol.clone(), offset) != Some(offset) {
                        out.push(said(MARKET, Some(symbol), market(&ticker)));
                    }
                }
            }
            1 => {
                out.push(said(POSITIONS, None, positions(view)));
                for (order, trail, time) in self.trails.moved(view) {
                    let mut told = TradingOrderUpdate::of(&order, Some(trail));
                    told.timestamp = time.millis();
                    out.push(of_order(told));
                }
            }
            _ => {
                let now = view.portfolio();
                out.extend(now.map(|now| said(PORTFOLIO, None, portfolio(&now))));
            }
        }
    }
}

#[derive(Deserialize)]
struct Command {
    #[serde(default)]
    action: String,
    symbol: Option<String>,
}

#[derive(Default)]
struct Client {
    symbols: BTreeSet<Symbol>,
}

fn error(code: &str, message: impl Into<String>) -> Utf8Bytes {
    let frame = json!({ "type": "ERROR", "code": code, "message": message.into() });
    frame.to_string().into()
}

impl Client {
    /// The symbol that a command names, as the feed calls it.
    fn symbol(command: &Command, view: &View) -> Result<Symbol, Utf8Bytes> {
        let Some(name) = &command.symbol else {
            return Err(error(MISSING_SYMBOL, "symbol is needed, as BTCUSDT"));
        };
        let known = view.symbols();
        let found = known
            .iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name));
        found.cloned().ok_or_else(|| {
            let names: Vec<_> = known.iter().map(Symbol::as_str).collect();
            let shown: String = name.chars().take(40).collect();
            error(
                UNKNOWN_SYMBOL,
                format!("there is no {shown:?}; there are {}", names.join(", ")),
            )
        })
    }
}

impl Talk for Client {
    fn opened(&mut self, view: &View) -> Vec<Utf8Bytes> {
        let mut first = vec![positions(view).to_string().into()];
        first.extend(
            view.portfolio()
                .map(|now| portfolio(&now).to_string().into()),
        );
        first
    }

    fn hear(&mut self, text: &str, view: &View) -> Heard {
        let command: Command = match serde_json::from_str(text) {
            Ok(command) => command,
            Err(why) => return Heard::Bad(error(BAD_MESSAGE, why.to_string())),
        };
        let answer = match command.action.as_str() {
            "subscribe_ticker" => Self::symbol(&command, view).map(|symbol| {
                let first = view.ticker(&symbol).map(|(_, ticker)| market(&ticker));
                self.symbols.insert(symbol);
                first
            }),
            "unsubscribe_ticker" => Self::symbol(&command, view).map(|symbol| {
                self.symbols.remove(&symbol);
                None
            }),
            "get_positions" => Ok(Some(positions(view))),
            "get_portfolio" => match view.portfolio() {
                Some(now) => Ok(Some(portfolio(&now))),
                None => Err(error(NO_PORTFOLIO, "the bot has not told of one yet")),
            },
            "" => Err(error(UNKNOWN_ACTION, "action is needed, as get_positions")),
            other => {
                let shown: String = other.chars().take(40).collect();
                Err(error(
                    UNKNOWN_ACTION,
                    format!("there is no action {shown:?}"),
                ))
            }
        };
        Heard::Answers(match answer {
            Ok(told) => told
                .map(|told| told.to_string().into())
                .into_iter()
                .collect(),
            Err(error) => vec![error],
        })
    }

    fn pass(&mut self, said: &Said, _: &View) -> Vec<Utf8Bytes> {
        let symbol = said.symbol.as_ref();
        if symbol.is_none_or(|symbol| self.symbols.contains(symbol)) {
            vec![said.frame.clone()]
        } else {
            Vec::new()
        }
    }

    fn too_much(&self) -> Utf8Bytes {
        error(RATE_LIMITED, "this socket sends more than it may")
    }
}
