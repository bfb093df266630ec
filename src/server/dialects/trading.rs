//! Dialect 4, AI-Trading: `/api/ws/realtime`. A client subscribes to the prices of symbols; positions, the
//! portfolio and what becomes of orders come without asking.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caster::{self, Said};
use super::config::TradingConfig;
use super::figures::{long_or_short, number, optional, upper_side, upper_type};
use super::session::{self, Asked, Heard, Talk};
use super::view::View;
use crate::domain::{
    DecisionId, LinkRole, Order, OrderType, Portfolio, Position, Symbol, Ticker, TimeUs,
};
use crate::server::clock::wall_time;
use crate::wire::{Payload, Topic};

const MARKET: &str = "MARKET_UPDATE";
const POSITIONS: &str = "POSITION_UPDATE";
const PORTFOLIO: &str = "PORTFOLIO_UPDATE";
const ORDER: &str = "ORDER_UPDATE";

/// `GET /api/ws/realtime`.
pub async fn realtime(asked: Asked) -> Response {
    session::open(asked, |state| &state.casters.trading, Client::default())
}

fn market(ticker: &Ticker) -> Value {
    json!({
        "type": MARKET,
        "symbol": ticker.symbol,
        "price": number(ticker.price),
        "priceChange": optional(ticker.change_24h),
        "priceChangePercent": optional(ticker.change_percent_24h),
        "high": optional(ticker.high_24h),
        "low": optional(ticker.low_24h),
        "volume": optional(ticker.volume_24h),
        "timestamp": ticker.time.millis(),
    })
}

fn positions(view: &View) -> Value {
    let open = view.open_positions();
    json!({
        "type": POSITIONS,
        "positions": open.iter().map(position).collect::<Vec<_>>(),
        "timestamp": as_of(view).millis(),
    })
}

/// Market time of the bot's figures.
fn as_of(view: &View) -> TimeUs {
    view.portfolio()
        .map_or_else(wall_time, |portfolio| portfolio.time)
}

fn position(position: &Position) -> Value {
    json!({
        "id": position.symbol,
        "symbol": position.symbol,
        "type": long_or_short(position.quantity),
        "quantity": number(position.quantity.abs()),
        "entry_price": optional(position.average_price),
        "current_price": optional(position.mark_price),
        "current_pnl": number(position.unrealised_pnl),
        "timestamp": position.updated_at.millis(),
        "status": "OPEN",
    })
}

fn portfolio(portfolio: &Portfolio) -> Value {
    json!({
        "type": PORTFOLIO,
        "portfolio": {
            "balance": number(portfolio.equity),
            "total_pnl": number(portfolio.net_pnl),
            "realized_pnl": number(portfolio.realised_pnl),
            "unrealized_pnl": number(portfolio.unrealised_pnl),
            "positions_count": portfolio.open_positions,
        },
        "timestamp": portfolio.time.millis(),
    })
}

/// A trailing stop says where its stop is and what it follows, from the row of `working` where it has one.
fn order(view: &View, order: &Order) -> Value {
    let mut told = json!({
        "id": order.id,
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "side": upper_side(order.side),
        "type": upper_type(order.order_type),
        "status": order.status.as_str().to_uppercase(),
        "quantity": number(order.quantity),
        "filled_quantity": number(order.filled_quantity),
        "price": optional(order.price),
        "stop_price": optional(order.stop_price),
        "average_price": optional(order.average_price),
        "decision_id": order.decision.as_ref().map(DecisionId::as_str),
        "reason": order.reason,
        "created_at": order.created_at.millis(),
        "updated_at": order.updated_at.millis(),
    });
    if order.order_type == OrderType::TrailingStop {
        let row = view.working().into_iter().find(|row| row.order == order.id);
        let (stop, peak) = row.map_or((order.stop_price, None), |row| {
            (row.trigger_price, row.peak)
        });
        told["current_stop_price"] = optional(stop);
        told["peak_price"] = optional(peak);
    }
    let kind = match &order.link {
        Some(link) if matches!(link.role, LinkRole::OcoLimit | LinkRole::OcoStop) => {
            "OCO".to_owned()
        }
        Some(_) => "BRACKET".to_owned(),
        None => upper_type(order.order_type),
    };
    json!({
        "type": ORDER,
        "orderType": kind,
        "order": told,
        "timestamp": order.updated_at.millis(),
    })
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

pub struct Voice {
    beats: Vec<Duration>,
    /// The publication of each market that was said last.
    prices: BTreeMap<Symbol, u64>,
}

impl Voice {
    pub fn new(config: &TradingConfig) -> Self {
        let millis = [config.market_ms, config.positions_ms, config.portfolio_ms];
        Self {
            beats: millis.map(|ms| Duration::from_millis(ms.into())).to_vec(),
            prices: BTreeMap::new(),
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

    fn entry(&mut self, view: &View, entry: &Payload, out: &mut Vec<Said>) {
        if let Payload::Order(changed) = entry {
            out.push(said(ORDER, None, order(view, changed)));
        }
    }

    fn beat(&mut self, number: usize, view: &View, out: &mut Vec<Said>) {
        match number {
            0 => {
                for symbol in view.symbols() {
                    let Some((offset, ticker)) = view.ticker(&symbol) else {
                        continue;
                    };
                    if self.prices.insert(symbol.clone(), offset) != Some(offset) {
                        out.push(said(MARKET, Some(symbol), market(&ticker)));
                    }
                }
            }
            1 => out.push(said(POSITIONS, None, positions(view))),
            _ => {
                let now = view.portfolio();
                out.extend(now.map(|now| said(PORTFOLIO, None, portfolio(&now))));
            }
        }
    }
}

#[derive(Deserialize)]
struct Command {
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
            return Err(error("MISSING_SYMBOL", "symbol is needed, as BTCUSDT"));
        };
        let known = view.symbols();
        let found = known
            .iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name));
        found.cloned().ok_or_else(|| {
            let names: Vec<_> = known.iter().map(Symbol::as_str).collect();
            let shown: String = name.chars().take(40).collect();
            error(
                "UNKNOWN_SYMBOL",
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
            Err(why) => return Heard::Bad(error("BAD_MESSAGE", why.to_string())),
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
            "get_portfolio" => Ok(view.portfolio().map(|now| portfolio(&now))),
            other => {
                let shown: String = other.chars().take(40).collect();
                Err(error(
                    "UNKNOWN_ACTION",
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

    fn pass(&mut self, said: &Said) -> Option<Utf8Bytes> {
        let listens = said
            .symbol
            .as_ref()
            .is_none_or(|symbol| self.symbols.contains(symbol));
        listens.then(|| said.frame.clone())
    }

    fn too_much(&self) -> Utf8Bytes {
        error("RATE_LIMITED", "this socket sends more than it may")
    }
}
