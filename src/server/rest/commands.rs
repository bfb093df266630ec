//! Orders and the kill switch over REST: the commands that the built-in agent has.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Body, OfBot, Params, Segment, answer, body, json, params, segment};
use crate::domain::{
    Amendment, BotCommand, BotId, ClosePosition, NewOco, NewOrder, OrderId, Rejection, Symbol,
};
use crate::server::caller::Caller;
use crate::server::commands::{Outcome, carry_out};
use crate::server::error::AppError;
use crate::server::state::AppState;

/// The `client_order_id` of a request whose body has none.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Said of an answer about an order that an earlier request made.
pub const DUPLICATE: HeaderName = HeaderName::from_static("plainsight-duplicate");

/// `POST /v1/orders`: sends an order to the paper exchange; with a take-profit or a stop-loss it is a
/// bracket.
pub async fn submit_order(
    State(state): State<AppState>,
    caller: Caller,
    query: Params<OfBot>,
    headers: HeaderMap,
    order: Body,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let mut order: NewOrder = json(&body(order)?)?;
    take_key(&headers, &mut order.client_order_id)?;
    run(&state, &caller, bot, BotCommand::SubmitOrder(order)).await
}

/// `POST /v1/orders/oco`: two orders of which one cancels the other.
pub async fn submit_oco(
    State(state): State<AppState>,
    caller: Caller,
    query: Params<OfBot>,
    headers: HeaderMap,
    oco: Body,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let mut oco: NewOco = json(&body(oco)?)?;
    take_key(&headers, &mut oco.client_order_id)?;
    run(&state, &caller, bot, BotCommand::SubmitOco(Box::new(oco))).await
}

/// `PATCH /v1/orders/{id}`: changes an open order, by our id or the client's.
pub async fn amend_order(
    State(state): State<AppState>,
    caller: Caller,
    id: Segment,
    query: Params<OfBot>,
    change: Body,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let order = order_id(&segment(id)?)?;
    let change: Amendment = json(&body(change)?)?;
    run(
        &state,
        &caller,
        bot,
        BotCommand::AmendOrder { order, change },
    )
    .await
}

/// `DELETE /v1/orders/{id}`: takes an open order back, by our id or the client's.
pub async fn cancel_order(
    State(state): State<AppState>,
    caller: Caller,
    id: Segment,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let order = order_id(&segment(id)?)?;
    run(&state, &caller, bot, BotCommand::CancelOrder { order }).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfSymbol {
    /// Whose; `paper` where absent.
    bot: Option<BotId>,
    /// All symbols where absent.
    symbol: Option<Symbol>,
}

/// `DELETE /v1/orders?symbol=`: takes all open orders back, or all of one symbol.
pub async fn cancel_orders(
    State(state): State<AppState>,
    caller: Caller,
    query: Params<OfSymbol>,
) -> Result<Response, AppError> {
    let OfSymbol { bot, symbol } = params(query)?;
    let bot = bot.unwrap_or_else(BotId::paper);
    run(&state, &caller, bot, BotCommand::CancelAll { symbol }).await
}

/// `POST /v1/positions/{symbol}/close`: all of it, or a quantity. The body may be left out.
pub async fn close_position(
    State(state): State<AppState>,
    caller: Caller,
    symbol: Segment,
    query: Params<OfBot>,
    headers: HeaderMap,
    close: Body,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let symbol: Symbol = segment(symbol)?
        .parse()
        .map_err(|error| AppError::bad_field("invalid_symbol", "symbol", format!("{error}")))?;
    let close = body(close)?;
    let mut close: ClosePosition = match close.is_empty() {
        true => ClosePosition::default(),
        false => json(&close)?,
    };
    take_key(&headers, &mut close.client_order_id)?;
    run(
        &state,
        &caller,
        bot,
        BotCommand::ClosePosition { symbol, close },
    )
    .await
}

/// `POST /v1/kill`: cancels everything, closes everything, and lets nothing more happen until
/// `POST /v1/resume`.
pub async fn kill(
    State(state): State<AppState>,
    caller: Caller,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    run(&state, &caller, bot, BotCommand::Kill).await
}

/// `POST /v1/pause`: the agent stops acting; people still can.
pub async fn pause(
    State(state): State<AppState>,
    caller: Caller,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    run(&state, &caller, bot, BotCommand::Pause).await
}

pub async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    run(&state, &caller, bot, BotCommand::Resume).await
}

/// Reads an order's id from an address.
pub(super) fn order_id(text: &str) -> Result<OrderId, AppError> {
    text.parse()
        .map_err(|error| AppError::bad_field("invalid_id", "id", format!("{error}")))
}

/// `Idempotency-Key` stands for a `client_order_id` that the body does not have.
fn take_key(headers: &HeaderMap, id: &mut Option<String>) -> Result<(), AppError> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(());
    };
    let key = key.to_str().map_err(|_| {
        AppError::bad(
            "invalid_idempotency_key",
            "Idempotency-Key must be printable ASCII",
        )
    })?;
    match id {
        Some(id) if *id != key => Err(Rejection::field(
            "conflicting_idempotency_key",
            "client_order_id",
            "Idempotency-Key and client_order_id are not the same",
        )
        .into()),
        _ => {
            *id = Some(key.to_owned());
            Ok(())
        }
    }
}

async fn run(
    state: &AppState,
    caller: &Caller,
    bot: BotId,
    command: BotCommand,
) -> Result<Response, AppError> {
    respond(&carry_out(state, &caller.actor(), bot, command).await?)
}

/// The orders as they are now; a repeated request is answered alike, and says that it is one.
pub fn respond(outcome: &Outcome) -> Result<Response, AppError> {
    let mut response = answer(outcome.seq, &outcome.done)?;
    if outcome.duplicate {
        let yes = HeaderValue::from_static("true");
        response.headers_mut().insert(DUPLICATE, yes);
    }
    Ok(response)
}
