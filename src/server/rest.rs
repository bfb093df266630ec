//! REST: the hub's values and the journal's pages as JSON. Every answer carries the seq that it is
//! true at in `Plainsight-Seq`.

pub mod accounts;
mod commands;
mod decisions;
mod history;
mod log;
mod machine;
mod orders;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::error::AppError;
use super::state::AppState;
use crate::domain::{BotId, Interval, Seq, Symbol};
use crate::wire::{Payload, Topic};

pub use commands::{
    DUPLICATE, IDEMPOTENCY_KEY, amend_order, cancel_order, cancel_orders, close_position, kill,
    pause, respond, resume, submit_oco, submit_order,
};
pub use decisions::{decision, decision_id, decisions, detail, models, page as decision_page};
pub use history::{NEXT_BEFORE, ledger, ledger_page, orders, trades};
pub use log::{log_consistency, log_entries, log_head, log_proof};
pub use machine::{HealthReport, HealthStatus, OPEN_METRICS, Readiness, health, metrics, ready};
pub use orders::{check_order, explain_order, instruments, open_orders, order, working};

pub const SEQ: HeaderName = HeaderName::from_static("plainsight-seq");

/// Query parameters that cannot be read are a problem with a code, like everything else.
pub type Params<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

pub fn params<T>(params: Params<T>) -> Result<T, AppError> {
    match params {
        Ok(Query(params)) => Ok(params),
        Err(rejection) => Err(AppError::bad("invalid_query", rejection.body_text())),
    }
}

/// The same for what stands in the path.
pub type Segment = Result<Path<String>, PathRejection>;

pub fn segment(segment: Segment) -> Result<String, AppError> {
    match segment {
        Ok(Path(text)) => Ok(text),
        Err(rejection) => Err(AppError::bad("invalid_path", rejection.body_text())),
    }
}

/// The same for a body.
pub type Body = Result<Bytes, BytesRejection>;

pub fn body(body: Body) -> Result<Bytes, AppError> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        _ => AppError::bad("unreadable_body", rejection.body_text()),
    })
}

/// Reads a JSON body; what cannot be read names the field at fault.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, AppError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (field, message) = field_and_message(error);
        AppError::BadRequest {
            code: "invalid_body",
            field,
            message,
        }
    })?;
    reader
        .end()
        .map_err(|error| AppError::bad("invalid_body", error.to_string()))?;
    Ok(value)
}

/// The field that could not be read, and why. A missing or unknown field is named in the message,
/// not by the path.
pub fn field_and_message(
    error: serde_path_to_error::Error<serde_json::Error>,
) -> (Option<String>, String) {
    let path = error.path().to_string();
    let message = error.into_inner().to_string();
    let is_whole = path == ".";
    let named = message
        .split('`')
        .nth(1)
        .filter(|_| message.contains("field `"))
        .map(str::to_owned);
    let field = match (named, is_whole) {
        (Some(named), true) => Some(named),
        (Some(named), false) if !path.ends_with(&named) => Some(format!("{path}.{named}")),
        (_, true) => None,
        (_, false) => Some(path),
    };
    (field, message)
}

/// What the queries of the others look like, for the API's document.
pub mod queries {
    pub use super::commands::OfSymbol;
    pub use super::decisions::Query as Decisions;
    pub use super::history::{LedgerQuery, Page};
    pub use super::log::{ConsistencyQuery, EntriesQuery, HeadQuery, ProofQuery};
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfBot {
    /// Whose; `paper` where absent.
    pub bot: Option<BotId>,
}

impl OfBot {
    pub fn bot(self) -> BotId {
        self.bot.unwrap_or_else(BotId::paper)
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfMarket {
    pub symbol: Symbol,
    /// `1m` where absent.
    pub interval: Option<Interval>,
    /// So many at most; all that are kept where absent.
    pub limit: Option<usize>,
}

/// A JSON answer that is true at `seq`.
pub fn answer(seq: Seq, body: &impl Serialize) -> Result<Response, AppError> {
    let body = serde_json::to_vec(body).map_err(|error| AppError::Internal(error.to_string()))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (SEQ, HeaderValue::from(seq.0)),
    ];
    Ok((headers, body).into_response())
}

/// The value of a conflated topic with the seq that it was published at: the engine may be further,
/// the value is not.
fn value(state: &AppState, topic: Topic) -> Result<(Seq, Payload), AppError> {
    let cut = state.hub.cut(std::slice::from_ref(&topic), 0);
    let value = cut.topics.into_iter().next().and_then(|found| {
        let payload = found.content.into_iter().next()?;
        Some((found.seq, payload))
    });
    match value {
        Some(value) => Ok(value),
        None => Err(AppError::NotFound(format!("there is nothing on {topic}"))),
    }
}

pub async fn portfolio(
    State(state): State<AppState>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let (seq, payload) = value(&state, Topic::Portfolio(params(query)?.bot()))?;
    answer(seq, &payload)
}

pub async fn positions(
    State(state): State<AppState>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let (seq, payload) = value(&state, Topic::Positions(params(query)?.bot()))?;
    answer(seq, &payload)
}

pub async fn performance(
    State(state): State<AppState>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let (seq, payload) = value(&state, Topic::Performance(params(query)?.bot()))?;
    answer(seq, &payload)
}

/// The latest candles, oldest first, the running one last.
pub async fn candles(
    State(state): State<AppState>,
    query: Params<OfMarket>,
) -> Result<Response, AppError> {
    let query = params(query)?;
    let interval = query.interval.unwrap_or(Interval::M1);
    let (seq, payload) = value(&state, Topic::Candles(query.symbol, interval))?;
    match payload {
        Payload::Candles(candles) => {
            let skipped = candles
                .len()
                .saturating_sub(query.limit.unwrap_or(candles.len()));
            answer(seq, &&candles[skipped..])
        }
        _ => Err(AppError::Internal("candles of another type".to_owned())),
    }
}
