//! What the pages' forms say, and how it is read. One text for both: the browser reads a form before
//! it sends anything, the server when it arrives, and neither knows the other's words for a mistake.
//!
//! A form has a `command` and the fields of that command, as `application/x-www-form-urlencoded`. It
//! works as a plain form; where scripts run, the same text is sent by them.

mod fields;
mod filter;
mod ticket;

use serde::{Deserialize, Serialize};

use crate::domain::order::request::pair::in_leg;
use crate::domain::{
    BotCommand, BotId, ClosePosition, Instrument, NewOco, NewOrder, Order, Rejection, TradingState,
};

pub use fields::{Fields, encoded};
pub use filter::{DecisionQuery, filter_text};
pub use ticket::{Kind, Ticket, field_of, time_text};

/// What a form asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    Command(Box<BotCommand>),
    /// Closes every position; which there are is known when it is done.
    Flatten,
}

/// A form as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    pub bot: BotId,
    pub wish: Wish,
}

/// What became of a form, as the page's script is told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The orders that it is about, as they are now.
    pub orders: Vec<Order>,
    pub trading: Option<TradingState>,
    /// The same was sent before.
    pub duplicate: bool,
}

/// A form that was refused, so that it can be shown again with what is wrong beside the field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    pub fields: Fields,
    pub error: Rejection,
}

impl Form {
    /// Reads a form, with every check that needs no market.
    pub fn read(fields: &Fields) -> Result<Self, Rejection> {
        let bot = match fields.get("bot") {
            Some(_) => fields.parsed("bot")?,
            None => BotId::paper(),
        };
        let named = fields.get("command").unwrap_or_default();
        if named == "flatten" {
            let wish = Wish::Flatten;
            return Ok(Self { bot, wish });
        }
        let command = command(named, fields)?;
        command.validate().map_err(|rejection| match &command {
            BotCommand::SubmitOco(oco) => field_of(rejection, oco),
            _ => rejection,
        })?;
        Ok(Self {
            bot,
            wish: Wish::Command(Box::new(command)),
        })
    }

    fn command(&self) -> Option<&BotCommand> {
        match &self.wish {
            Wish::Command(command) => Some(command),
            Wish::Flatten => None,
        }
    }

    /// The orders that it would send, so that filters and the market can be asked about them.
    pub fn orders(&self) -> Vec<&NewOrder> {
        match self.command() {
            Some(BotCommand::SubmitOrder(order)) => vec![order],
            Some(BotCommand::SubmitOco(oco)) => oco.legs.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The pair of orders that it would send, if it is one.
    pub fn pair(&self) -> Option<&NewOco> {
        match self.command() {
            Some(BotCommand::SubmitOco(oco)) => Some(oco),
            _ => None,
        }
    }

    /// Checks the orders against the exchange's filters; the field is the form's.
    pub fn check_filters(&self, instruments: &[Instrument]) -> Result<(), Rejection> {
        for (index, order) in self.orders().into_iter().enumerate() {
            let known = instruments
                .iter()
                .find(|known| known.symbol == order.symbol);
            let checked = known.map_or(Ok(()), |known| known.filters.check(order, None));
            checked.map_err(|rejection| self.beside_field(rejection, index))?;
        }
        Ok(())
    }

    /// A refusal of the `index`-th order, with its field by the form's name.
    pub fn beside_field(&self, rejection: Rejection, index: usize) -> Rejection {
        match self.pair() {
            Some(oco) => field_of(in_leg(rejection, index), oco),
            None => rejection,
        }
    }
}

fn command(named: &str, fields: &Fields) -> Result<BotCommand, Rejection> {
    Ok(match named {
        "order" => Ticket::read(fields)?.into_command(),
        "amend" => BotCommand::AmendOrder {
            order: fields.parsed("order")?,
            change: ticket::amendment(fields)?,
        },
        "cancel" => BotCommand::CancelOrder {
            order: fields.parsed("order")?,
        },
        "cancel_all" => BotCommand::CancelAll {
            symbol: fields.optional("symbol")?,
        },
        "close" => BotCommand::ClosePosition {
            symbol: fields.parsed("symbol")?,
            close: ClosePosition {
                client_order_id: fields.get("client_order_id").map(str::to_owned),
                quantity: fields.optional("quantity")?,
            },
        },
        "kill" => BotCommand::Kill,
        "pause" => BotCommand::Pause,
        "resume" => BotCommand::Resume,
        other => {
            return Err(Rejection::field(
                "unknown_command",
                "command",
                format!("{other:?} is nothing that a form can ask for"),
            ));
        }
    })
}

#[cfg(test)]
mod tests;
