//! Pages through the log topics: the newest first, older ones by `before`.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;

use super::{Params, answer, params};
use crate::domain::BotId;
use crate::server::error::AppError;
use crate::server::state::AppState;
use crate::wire::{Topic, publication};

/// Entries of a page.
const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;
/// The `before` of the next page; absent on the last one.
const NEXT: HeaderName = HeaderName::from_static("plainsight-next-before");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    bot: Option<BotId>,
    limit: Option<u32>,
    /// Only entries with an offset below it.
    before: Option<u64>,
}

pub async fn trades(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    page(&state, params(query)?, Topic::Trades, "/v1/trades").await
}

/// Decisions as they were made and as they were judged: an id comes twice, the judged one first.
pub async fn decisions(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    page(&state, params(query)?, Topic::Decisions, "/v1/decisions").await
}

/// Every state of every order, the newest first.
pub async fn orders(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    page(&state, params(query)?, Topic::Orders, "/v1/orders").await
}

async fn page(
    state: &AppState,
    query: Page,
    topic: fn(BotId) -> Topic,
    path: &str,
) -> Result<Response, AppError> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(AppError::bad_field(
            "invalid_limit",
            "limit",
            format!("limit must be from 1 to {MAX_LIMIT}"),
        ));
    }
    let bot = query.bot.unwrap_or_else(BotId::paper);
    let topic = topic(bot.clone());
    // What was committed after this moment is left out, so that the page is true at its seq.
    let cut = state.hub.cut(std::slice::from_ref(&topic), 0);
    let Some(head) = cut.topics.first().map(|topic| topic.at.offset) else {
        return Err(AppError::NotFound(format!("there is no bot {bot}")));
    };
    let before = query.before.unwrap_or(u64::MAX).min(head + 1);
    let logged = state.reader.page(&topic, Some(before), limit).await?;
    let last = logged
        .last()
        .map(|logged| logged.place.offset)
        .filter(|offset| *offset > 1);
    let items: Vec<_> = logged
        .iter()
        .filter_map(|logged| publication(&logged.record.event).map(|(_, payload)| payload))
        .collect();
    let mut response = answer(cut.seq, &items)?;
    if let Some(next) = last {
        let link = format!("<{path}?bot={bot}&limit={limit}&before={next}>; rel=\"next\"");
        response.headers_mut().insert(NEXT, HeaderValue::from(next));
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}
