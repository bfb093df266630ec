//! What the audit says of a command: that it was given, to which bot, and what came of it.

use crate::auth::{Actor, NewAudit};
use crate::domain::{AuditAction, BotCommand, BotId, NewOrder, Order};
use crate::server::clock::wall_time;
use crate::server::error::AppError;
use crate::server::state::AppState;

/// Made before a command is carried out, written when its outcome is known.
pub struct Note {
    action: AuditAction,
    bot: BotId,
    words: String,
}

impl Note {
    pub fn of(bot: &BotId, command: &BotCommand) -> Self {
        let (action, words) = match command {
            BotCommand::SubmitOrder(order) => (AuditAction::Order, order_words(order)),
            BotCommand::SubmitOco(oco) => {
                let legs: Vec<_> = oco.legs.iter().map(order_words).collect();
                (AuditAction::Order, legs.join(", or "))
            }
            BotCommand::AmendOrder { order, .. } => (AuditAction::OrderAmended, order.to_string()),
            BotCommand::CancelOrder { order } => (AuditAction::OrderCancelled, order.to_string()),
            BotCommand::CancelAll { symbol: None } => {
                (AuditAction::OrderCancelled, "all".to_owned())
            }
            BotCommand::CancelAll {
                symbol: Some(symbol),
            } => (AuditAction::OrderCancelled, format!("all of {symbol}")),
            BotCommand::ClosePosition { symbol, .. } => {
                (AuditAction::PositionClosed, symbol.to_string())
            }
            BotCommand::Kill => (AuditAction::Killed, String::new()),
            BotCommand::Pause => (AuditAction::Paused, String::new()),
            BotCommand::Resume => (AuditAction::Resumed, String::new()),
            // What outside bots report is no command of a person's.
            _ => (AuditAction::Order, "a report".to_owned()),
        };
        Self {
            action,
            bot: bot.clone(),
            words,
        }
    }

    /// All positions of a bot, closed together.
    pub fn of_flattening(bot: &BotId) -> Self {
        Self {
            action: AuditAction::PositionClosed,
            bot: bot.clone(),
            words: "all".to_owned(),
        }
    }

    /// `outcome` is the orders that came of it, or why nothing did.
    pub async fn write(
        self,
        state: &AppState,
        by: &Actor,
        outcome: Result<Vec<&Order>, &AppError>,
    ) {
        let came = match outcome {
            Ok(orders) => {
                let ids: Vec<_> = orders
                    .iter()
                    .take(10)
                    .map(|order| order.id.as_str())
                    .collect();
                ids.join(" ")
            }
            Err(error) => format!("refused: {}", error.code()),
        };
        let parts = [self.words, came];
        let detail: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let entry = NewAudit {
            time: wall_time(),
            by: by.clone(),
            action: self.action,
            subject: Some(self.bot.to_string()),
            detail: (!detail.is_empty()).then(|| detail.join(": ")),
        };
        // The command itself is done and journalled: it is not undone because of this.
        if let Err(error) = state.accounts.audit(entry).await {
            tracing::error!(%error, "the audit cannot be written");
        }
    }
}

fn order_words(order: &NewOrder) -> String {
    let price = order.price.map(|price| format!(" at {price}"));
    format!(
        "{} {} {} {}{}",
        order.order_type.as_str(),
        order.side.as_str(),
        order.quantity,
        order.symbol,
        price.unwrap_or_default(),
    )
}
