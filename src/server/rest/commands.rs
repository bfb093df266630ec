//! Orders over REST: the commands that the built-in agent has.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{Body, OfBot, Params, answer, body, params};
use crate::domain::{BotCommand, NewOrder, OrderId};
use crate::engine::Accepted;
use crate::server::error::AppError;
use crate::server::state::AppState;

/// `POST /v1/orders`: sends an order to the paper exchange.
pub async fn submit_order(
    State(state): State<AppState>,
    query: Params<OfBot>,
    order: Body,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let order: NewOrder = serde_json::from_slice(&body(order)?)
        .map_err(|error| AppError::bad("invalid_body", error.to_string()))?;
    run(&state, bot, BotCommand::SubmitOrder(order)).await
}

/// `DELETE /v1/orders/{id}`: takes a resting order back.
pub async fn cancel_order(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let order: OrderId = id
        .parse()
        .map_err(|error| AppError::bad_field("invalid_id", "id", format!("{error}")))?;
    run(&state, bot, BotCommand::CancelOrder { order }).await
}

async fn run(
    state: &AppState,
    bot: crate::domain::BotId,
    command: BotCommand,
) -> Result<Response, AppError> {
    let outcome = state.engine.submit(bot, vec![command]).await?;
    let result = outcome.results.into_iter().next();
    match result {
        Some(Ok(Accepted::Order(order))) => answer(outcome.seq, &order),
        Some(Ok(Accepted::Duplicate { id })) => answer(
            outcome.seq,
            &serde_json::json!({ "id": id, "duplicate": true }),
        ),
        Some(Ok(accepted)) => Err(AppError::Internal(format!(
            "an order was answered by {accepted:?}"
        ))),
        Some(Err(rejection)) => Err(rejection.into()),
        None => Err(AppError::Internal("an order was not answered".to_owned())),
    }
}
