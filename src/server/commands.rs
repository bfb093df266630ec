//! Bots' commands, carried out for whichever door they came by: REST, the socket and the pages' forms
//! give the same answers and the same codes.

use serde::Serialize;
use utoipa::ToSchema;

mod note;

use super::error::AppError;
use super::state::AppState;
use crate::auth::Actor;
use crate::domain::{
    BotCommand, BotId, Event, Explanation, Order, OrderChange, OrderHistory, OrderId, Rejection,
    Seq,
};
use crate::engine::{Accepted, TradingChanged};

pub use note::Note;

/// What a command led to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Done {
    Order(Box<Order>),
    Orders(Vec<Order>),
    Trading(Box<TradingChanged>),
}

impl Done {
    /// All orders that it speaks of.
    pub fn orders(&self) -> Vec<&Order> {
        match self {
            Self::Order(order) => vec![order],
            Self::Orders(orders) => orders.iter().collect(),
            Self::Trading(changed) => changed.cancelled.iter().chain(&changed.closing).collect(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The input that it was.
    pub seq: Seq,
    /// The same was asked for before, by the same `client_order_id`: nothing has happened now, and
    /// the orders are shown as they are.
    pub duplicate: bool,
    pub done: Done,
}

/// Carries one command out for `by`, waits until it is journalled, and writes into the audit who gave it and
/// what came of it.
pub async fn carry_out(
    state: &AppState,
    by: &Actor,
    bot: BotId,
    command: BotCommand,
) -> Result<Outcome, AppError> {
    let note = Note::of(&bot, &command);
    let outcome = run(state, bot, command).await;
    note.write(
        state,
        by,
        outcome.as_ref().map(|outcome| outcome.done.orders()),
    )
    .await;
    outcome
}

async fn run(state: &AppState, bot: BotId, command: BotCommand) -> Result<Outcome, AppError> {
    let named = match &command {
        BotCommand::AmendOrder { order, .. } | BotCommand::CancelOrder { order } => {
            Some(order.clone())
        }
        _ => None,
    };
    let is_group = match &command {
        BotCommand::SubmitOrder(order) => order.is_bracket(),
        command => matches!(command, BotCommand::SubmitOco(_)),
    };
    let answer = state.engine.submit(bot.clone(), vec![command]).await?;
    let seq = answer.seq;
    let (duplicate, done) = match answer.results.into_iter().next() {
        Some(Ok(Accepted::Order(order))) => (false, Done::Order(order)),
        Some(Ok(Accepted::Orders(orders))) => (false, Done::Orders(orders)),
        Some(Ok(Accepted::Trading(changed))) => (false, Done::Trading(changed)),
        Some(Ok(Accepted::Duplicate { id })) => (true, known(state, &bot, &id, is_group).await?),
        Some(Ok(other)) => {
            return Err(AppError::Internal(format!(
                "a command was answered by {other:?}"
            )));
        }
        Some(Err(rejection)) => {
            return Err(match named {
                Some(id) if rejection.code == UNKNOWN_ORDER => {
                    no_longer_open(state, &bot, &id, rejection).await
                }
                _ => rejection.into(),
            });
        }
        None => return Err(AppError::Internal("a command was not answered".to_owned())),
    };
    Ok(Outcome {
        seq,
        duplicate,
        done,
    })
}

const UNKNOWN_ORDER: &str = "unknown_order";

/// The engine knows open orders only; the journal knows whether there was one.
async fn no_longer_open(
    state: &AppState,
    bot: &BotId,
    id: &OrderId,
    rejection: Rejection,
) -> AppError {
    match order_history(state, bot, id).await {
        Ok((_, found)) => Rejection::field(
            "order_not_open",
            "order",
            format!(
                "{} is {}: nothing can be changed any more",
                found.order.id,
                found.order.status.words()
            ),
        )
        .into(),
        Err(AppError::Rejected(_)) => rejection.into(),
        Err(error) => error,
    }
}

/// The orders that an earlier command with the same `client_order_id` made, as they are now.
async fn known(state: &AppState, bot: &BotId, id: &str, is_group: bool) -> Result<Done, AppError> {
    let id: OrderId = id
        .parse()
        .map_err(|error| AppError::Internal(format!("a duplicate of {id:?}: {error}")))?;
    let (_, first) = order_history(state, bot, &id).await?;
    let (Some(begun), Some(link), true) = (first.history.first(), &first.order.link, is_group)
    else {
        return Ok(Done::Order(Box::new(first.order)));
    };
    let mut pair = Vec::new();
    for member in state.reader.orders_at(begun.seq).await? {
        let own = member.bot == *bot && member.link.as_ref().is_some_and(|l| l.group == link.group);
        if own && !pair.iter().any(|known: &Order| known.id == member.id) {
            pair.push(order_history(state, bot, &member.id).await?.1.order);
        }
    }
    Ok(Done::Orders(pair))
}

/// All that was journalled of an order, by our id or the client's, and the seq that it is true at.
pub async fn order_history(
    state: &AppState,
    bot: &BotId,
    id: &OrderId,
) -> Result<(Seq, OrderHistory), AppError> {
    let seq = state.hub.seq();
    let records = state.reader.order(bot, id, seq).await?;
    let history: Vec<OrderChange> = records
        .into_iter()
        .filter_map(|record| match record.event {
            Event::Order(order) => Some(OrderChange {
                seq: record.seq,
                time: record.time,
                order,
            }),
            _ => None,
        })
        .collect();
    let Some(newest) = history.last() else {
        let words = format!("there is no order {id}");
        return Err(Rejection::field(UNKNOWN_ORDER, "order", words).into());
    };
    let order = newest.order.clone();
    let fills = state.reader.fills_of(bot, &order.id, seq).await?;
    Ok((
        seq,
        OrderHistory {
            order,
            history,
            fills,
        },
    ))
}

/// Why an order stands where it stands: the engine's word on an open one, the journal's on another.
pub async fn explain(
    state: &AppState,
    bot: &BotId,
    id: &OrderId,
) -> Result<(Seq, Explanation), AppError> {
    let (whose, which) = (bot.clone(), id.clone());
    let asked = state
        .engine
        .ask(move |engine| engine.explain(&whose, &which));
    if let (seq, Some(explanation)) = asked.await? {
        return Ok((seq, explanation));
    }
    let (seq, found) = order_history(state, bot, id).await?;
    Ok((seq, Explanation::of_finished(found.order, &found.fills)))
}
