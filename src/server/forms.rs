//! What the pages' forms send: `POST /trade` and `POST /positions`. A script is answered in JSON with the
//! codes of REST. A plain form is answered by a way back to its page (303), or by the page itself with
//! what is wrong beside the field.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest as _, State};
use axum::http::{HeaderValue, Request, StatusCode, header, request};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use super::access::Need;
use super::caller::Caller;
use super::commands::{Done, Note, carry_out};
use super::error::AppError;
use super::pages;
use super::rest::answer;
use super::state::AppState;
use crate::app::routes::Page;
use crate::domain::{BotCommand, BotId, ClosePosition, Order, Position, Rejection, Seq};
use crate::engine::Accepted;
use crate::wire::Topic;
use crate::wire::form::{Fields, Form, Receipt, Refused, Wish, encoded};

/// How often and how many times it is looked whether a command is shown.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 50;

pub async fn form(
    State(state): State<AppState>,
    caller: Caller,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let wants_json = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &state).await;
    let fields = match super::rest::body(body) {
        Ok(body) => Fields::parse(&String::from_utf8_lossy(&body)),
        Err(error) => return error.into_response(),
    };
    let carried_out = match Form::read(&fields) {
        Ok(form) => carry_out_form(&state, &caller, &form, &fields).await,
        Err(rejection) => Err(rejection.into()),
    };
    match carried_out {
        Ok((seq, receipt)) if wants_json => {
            answer(seq, &receipt).unwrap_or_else(AppError::into_response)
        }
        Ok((seq, receipt)) => {
            shown(&state, &fields, seq).await;
            back(&parts, &fields, &receipt)
        }
        // A token for orders alone may not see the page.
        Err(error) if wants_json || !caller.may(Need::See) => error.into_response(),
        Err(error) => again(state, caller, parts, fields, &error).await,
    }
}

async fn carry_out_form(
    state: &AppState,
    caller: &Caller,
    form: &Form,
    fields: &Fields,
) -> Result<(Seq, Receipt), AppError> {
    let bot = form.bot.clone();
    match &form.wish {
        Wish::Flatten => flatten(state, caller, bot, fields.get("client_order_id")).await,
        Wish::Command(command) => {
            let outcome = carry_out(state, &caller.actor(), bot, (**command).clone())
                .await
                .map_err(|error| match (error, form.pair()) {
                    (AppError::Rejected(rejection), Some(oco)) => {
                        crate::wire::form::field_of(rejection, oco).into()
                    }
                    (error, _) => error,
                })?;
            let orders = outcome.done.orders().into_iter().cloned().collect();
            let trading = match &outcome.done {
                Done::Trading(changed) => Some(changed.state),
                Done::Order(_) | Done::Orders(_) => None,
            };
            let receipt = Receipt {
                orders,
                trading,
                duplicate: outcome.duplicate,
            };
            Ok((outcome.seq, receipt))
        }
    }
}

/// Closes every position that there is now, together.
async fn flatten(
    state: &AppState,
    caller: &Caller,
    bot: BotId,
    id: Option<&str>,
) -> Result<(Seq, Receipt), AppError> {
    let whose = bot.clone();
    let asked = state.engine.ask(move |engine| engine.positions(&whose));
    let positions = asked.await?.1.unwrap_or_default();
    let is_open = |position: &&Position| !position.quantity.is_zero();
    let closes: Vec<BotCommand> = positions
        .iter()
        .filter(is_open)
        .map(|position| BotCommand::ClosePosition {
            symbol: position.symbol.clone(),
            close: ClosePosition {
                client_order_id: id.map(|id| format!("{id}-{}", position.symbol)),
                quantity: None,
            },
        })
        .collect();
    if closes.is_empty() {
        return Err(Rejection::new("no_position", "there is no open position").into());
    }
    let note = Note::of_flattening(&bot);
    let closed = close_all(state, bot, closes).await;
    let outcome = closed
        .as_ref()
        .map(|(_, receipt)| receipt.orders.iter().collect());
    note.write(state, &caller.actor(), outcome).await;
    closed
}

async fn close_all(
    state: &AppState,
    bot: BotId,
    closes: Vec<BotCommand>,
) -> Result<(Seq, Receipt), AppError> {
    let answer = state.engine.submit(bot, closes).await?;
    let mut orders: Vec<Order> = Vec::new();
    let mut duplicate = false;
    for result in answer.results {
        match result? {
            Accepted::Order(order) => orders.push(*order),
            Accepted::Orders(more) => orders.extend(more),
            Accepted::Duplicate { .. } => duplicate = true,
            other => {
                return Err(AppError::Internal(format!(
                    "a close was answered by {other:?}"
                )));
            }
        }
    }
    let receipt = Receipt {
        orders,
        trading: None,
        duplicate,
    };
    Ok((answer.seq, receipt))
}

/// Waits, though not for ever, until the figures of the pages are as of the command: they come at
/// their cadence, and the page that follows would show those from before.
async fn shown(state: &AppState, fields: &Fields, seq: Seq) {
    let bot = fields.parsed("bot").unwrap_or_else(|_| BotId::paper());
    let topics = [Topic::Portfolio(bot.clone()), Topic::Positions(bot)];
    for _ in 0..LOOKS {
        let cut = state.hub.cut(&topics, 0);
        if cut.topics.iter().all(|topic| topic.seq >= seq) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Back to the page, which shows the order that came of it.
fn back(parts: &request::Parts, fields: &Fields, receipt: &Receipt) -> Response {
    let mut address = parts.uri.path().to_owned();
    let bot = fields
        .get("bot")
        .filter(|bot| *bot != BotId::paper().as_str());
    let order = receipt
        .orders
        .first()
        .filter(|_| receipt.trading.is_none() && address == Page::Trade.path())
        .map(|order| order.id.as_str());
    let mut sign = '?';
    for (name, value) in [("bot", bot), ("order", order)] {
        if let Some(value) = value {
            address.push_str(&format!("{sign}{name}={}", encoded(value)));
            sign = '&';
        }
    }
    match HeaderValue::from_str(&address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
        Err(error) => AppError::Internal(error.to_string()).into_response(),
    }
}

/// The page again, with what was typed and what is wrong with it.
async fn again(
    state: AppState,
    caller: Caller,
    mut parts: request::Parts,
    fields: Fields,
    error: &AppError,
) -> Response {
    let status = error.status();
    let page = Page::of_path(parts.uri.path());
    let path = parts.uri.path().to_owned();
    let query = fields
        .get("bot")
        .map(|bot| format!("?bot={}", encoded(bot)));
    // The focus is read from the address: the form's bot stays in view.
    if let Ok(uri) = format!("{path}{}", query.unwrap_or_default()).parse() {
        parts.uri = uri;
    }
    let refused = Refused {
        fields,
        error: Rejection {
            code: error.code().to_owned(),
            field: error.field(),
            message: error.detail(),
        },
    };
    let request = Request::from_parts(parts, Body::empty());
    let mut response = pages::render(state, caller, page, Some(refused), request).await;
    *response.status_mut() = status;
    response
}
