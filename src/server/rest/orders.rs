//! What is known of orders: the open ones, one with its history, why it stands where it stands, what
//! one would do; and what may be traded at all.

use axum::extract::State;
use axum::response::Response;

use super::commands::order_id;
use super::{Body, OfBot, Params, Segment, answer, body, json, params, segment, value};
use crate::domain::{Instrument, NewOrder};
use crate::server::commands::{explain, order_history};
use crate::server::error::AppError;
use crate::server::state::AppState;
use crate::wire::Topic;

/// `GET /v1/orders/open`: in the order of their acceptance.
pub async fn open_orders(
    State(state): State<AppState>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let (seq, orders) = state
        .engine
        .ask(move |engine| engine.open_orders(&bot))
        .await?;
    answer(seq, &orders)
}

/// `GET /v1/orders/{id}`: an order, open or not, with every state that it had and its fills.
pub async fn order(
    State(state): State<AppState>,
    id: Segment,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let (seq, found) = order_history(&state, &bot, &order_id(&segment(id)?)?).await?;
    answer(seq, &found)
}

/// `GET /v1/orders/{id}/explain`: why it has not filled, or how it ended.
pub async fn explain_order(
    State(state): State<AppState>,
    id: Segment,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let (seq, explanation) = explain(&state, &bot, &order_id(&segment(id)?)?).await?;
    answer(seq, &explanation)
}

/// `POST /v1/orders/check`: what the order would do, if it were sent now. Nothing is sent.
pub async fn check_order(
    State(state): State<AppState>,
    query: Params<OfBot>,
    order: Body,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let order: NewOrder = json(&body(order)?)?;
    let check = move |engine: &crate::engine::Engine| engine.check_order(&bot, &order);
    let (seq, check) = state.engine.ask(check).await?;
    answer(seq, &check)
}

/// `GET /v1/working`: the moving triggers of resting orders.
pub async fn working(
    State(state): State<AppState>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let (seq, payload) = value(&state, Topic::Working(params(query)?.bot()))?;
    answer(seq, &payload)
}

/// `GET /v1/instruments`: what is traded, and in which steps.
pub async fn instruments(State(state): State<AppState>) -> Result<Response, AppError> {
    let all = |engine: &crate::engine::Engine| -> Vec<Instrument> {
        engine.instruments().values().cloned().collect()
    };
    let (seq, instruments) = state.engine.ask(all).await?;
    answer(seq, &instruments)
}
