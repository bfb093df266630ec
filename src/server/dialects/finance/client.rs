//! One client of a stream: what it says, and what is news to it of portfolio and positions. It is told nothing
//! twice, whenever it came.

use std::collections::BTreeMap;

use axum::extract::ws::Utf8Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::words::{FinanceError, FinancePosition, FinancePositions};
use super::{AGENT, ALL, PORTFOLIO, POSITIONS, frame, portfolio_data};
use crate::domain::{Decimal, Position, Symbol};
use crate::server::dialects::caster::Said;
use crate::server::dialects::session::{Heard, Talk};
use crate::server::dialects::view::View;

#[derive(Deserialize)]
struct Command {
    event: String,
}

pub struct Client {
    stream: &'static str,
    portfolio: Option<Value>,
    held: Held,
}

impl Client {
    pub fn of(stream: &'static str) -> Self {
        Self {
            stream,
            portfolio: None,
            held: Held::default(),
        }
    }
}

fn error(code: &str, message: impl Into<String>) -> Utf8Bytes {
    let told = FinanceError {
        code: code.to_owned(),
        message: message.into(),
        severity: None,
    };
    frame("error", &json!(told))
}

/// What was held when it was told last.
#[derive(Default)]
struct Held(BTreeMap<Symbol, FinancePosition>);

impl Held {
    /// What has become of it since. A position that has gone over to the other side was closed and opened.
    fn changes(&mut self, all: &[Position]) -> FinancePositions {
        let before = std::mem::take(&mut self.0);
        let (mut open, mut closed, mut updated) = (Vec::new(), Vec::new(), Vec::new());
        for position in all {
            let now = FinancePosition::of(position);
            let is_held = position.quantity != Decimal::ZERO;
            match before.get(&position.symbol) {
                Some(known) if is_held && known.side == now.side => {
                    if *known != now {
                        updated.push(now.clone());
                    }
                }
                known => {
                    closed.extend(known.map(|known| known.closed(position)));
                    if is_held {
                        open.push(now.clone());
                    }
                }
            }
            if is_held {
                self.0.insert(position.symbol.clone(), now);
            }
        }
        FinancePositions {
            positions: self.0.values().cloned().collect(),
            open,
            closed,
            updated,
        }
    }
}

impl FinancePositions {
    fn is_news(&self) -> bool {
        !(self.open.is_empty() && self.closed.is_empty() && self.updated.is_empty())
    }

    /// Each position by an event of its own.
    fn events(&self) -> Vec<Utf8Bytes> {
        let rows = |event, rows: &[FinancePosition]| {
            let frames = rows.iter().map(|row| frame(event, &json!(row)));
            frames.collect::<Vec<_>>()
        };
        [
            rows("position_closed", &self.closed),
            rows("position_opened", &self.open),
            rows("position_updated", &self.updated),
        ]
        .concat()
    }
}

impl Talk for Client {
    fn opened(&mut self, view: &View) -> Vec<Utf8Bytes> {
        let mut first = Vec::new();
        if matches!(self.stream, PORTFOLIO | AGENT) {
            self.portfolio = view.portfolio().map(|now| portfolio_data(&now));
            let told = self.portfolio.iter();
            first.extend(told.map(|now| frame("portfolio_update", now)));
        }
        let held = self.held.changes(&view.positions());
        if self.stream == AGENT {
            // Some clients open only this one, and learn here what is held already.
            let rows = held.positions.iter();
            first.extend(rows.map(|row| frame("position_updated", &json!(row))));
        }
        if self.stream == POSITIONS {
            first.push(frame("positions_update", &json!(held)));
        }
        first
    }

    fn hear(&mut self, text: &str, _: &View) -> Heard {
        match serde_json::from_str::<Command>(text) {
            Ok(command) if command.event == "ping" => {
                Heard::Answers(vec![frame("heartbeat", &json!({}))])
            }
            Ok(command) => {
                let shown: String = command.event.chars().take(40).collect();
                let told = error("unknown_event", format!("there is no event {shown:?}"));
                Heard::Answers(vec![told])
            }
            Err(why) => Heard::Bad(error("bad_message", why.to_string())),
        }
    }

    fn pass(&mut self, said: &Said, view: &View) -> Vec<Utf8Bytes> {
        let is_heard = self.stream == AGENT || [self.stream, ALL].contains(&said.stream);
        if !is_heard {
            return Vec::new();
        }
        match said.stream {
            POSITIONS => {
                let held = self.held.changes(&view.positions());
                match self.stream {
                    AGENT => held.events(),
                    _ if held.is_news() => vec![frame(said.event, &json!(held))],
                    _ => Vec::new(),
                }
            }
            PORTFOLIO if self.portfolio.as_ref() == Some(&said.data) => Vec::new(),
            PORTFOLIO => {
                self.portfolio = Some(said.data.clone());
                vec![said.frame.clone()]
            }
            _ => vec![said.frame.clone()],
        }
    }

    fn too_much(&self) -> Utf8Bytes {
        error("rate_limited", "this socket sends more than it may")
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::domain::{BotId, TimeUs};

    fn position(symbol: &str, quantity: Decimal) -> Position {
        Position {
            bot: BotId::paper(),
            symbol: symbol.parse().unwrap(),
            quantity,
            cost: quantity,
            average_price: Some(Decimal::ONE),
            mark_price: Some(Decimal::ONE),
            value: quantity,
            unrealised_pnl: Decimal::ZERO,
            realised_pnl: Decimal::ZERO,
            fees: Decimal::ZERO,
            opened_at: None,
            updated_at: TimeUs(0),
        }
    }

    /// Symbols and sides that were opened, closed and updated.
    fn seen(held: &FinancePositions) -> [Vec<String>; 3] {
        [&held.open, &held.closed, &held.updated].map(|rows| {
            let words = rows.iter().map(|row| json!([row.id, row.side, row.size]));
            words.map(|word| word.to_string()).collect()
        })
    }

    #[test]
    fn a_client_is_told_what_has_become_of_what_it_knows() {
        let mut held = Held::default();
        let none = || Vec::<String>::new();
        for (all, expected) in [
            (
                vec![position("BTCUSDT", dec!(2)), position("ETHUSDT", dec!(0))],
                [vec![r#"["BTCUSDT","LONG",2.0]"#.to_owned()], none(), none()],
            ),
            (vec![position("BTCUSDT", dec!(2))], [none(), none(), none()]),
            (
                vec![position("BTCUSDT", dec!(3))],
                [none(), none(), vec![r#"["BTCUSDT","LONG",3.0]"#.to_owned()]],
            ),
            // Over to the other side.
            (
                vec![position("BTCUSDT", dec!(-1))],
                [
                    vec![r#"["BTCUSDT","SHORT",1.0]"#.to_owned()],
                    vec![r#"["BTCUSDT","LONG",0.0]"#.to_owned()],
                    none(),
                ],
            ),
            // A short that was closed was a short.
            (
                vec![position("BTCUSDT", dec!(0))],
                [
                    none(),
                    vec![r#"["BTCUSDT","SHORT",0.0]"#.to_owned()],
                    none(),
                ],
            ),
            (vec![position("BTCUSDT", dec!(0))], [none(), none(), none()]),
        ] {
            assert_eq!(seen(&held.changes(&all)), expected);
        }
    }
}
