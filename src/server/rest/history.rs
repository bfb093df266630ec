//! Pages through the log topics and the cash ledger: the newest first, older ones by `before`.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Params, answer, params};
use crate::domain::{BotId, LedgerEntry, Seq};
use crate::server::error::AppError;
use crate::server::state::AppState;
use crate::wire::{Topic, publication};

/// Entries of a page.
const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;
/// The `before` of the next page; absent on the last one.
/// Where a log's next page begins.
pub const NEXT_BEFORE: HeaderName = HeaderName::from_static("plainsight-next-before");

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Whose; `paper` where absent.
    bot: Option<BotId>,
    /// 100 where absent.
    #[param(minimum = 1, maximum = 500)]
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

/// Decisions as they were made and as they were judged, the newest first.
pub(super) async fn log(
    state: &AppState,
    bot: Option<BotId>,
    limit: Option<u32>,
    before: Option<&str>,
) -> Result<Response, AppError> {
    let before = before.map(str::parse).transpose().map_err(|_| {
        AppError::bad_field(
            "invalid_query",
            "before",
            "before is an offset of the log; of filtered decisions it is an id",
        )
    })?;
    let query = Page { bot, limit, before };
    page(state, query, Topic::Decisions, "/v1/decisions").await
}

/// Every state of every order, the newest first.
pub async fn orders(
    State(state): State<AppState>,
    query: Params<Page>,
) -> Result<Response, AppError> {
    page(&state, params(query)?, Topic::Orders, "/v1/orders").await
}

/// The query of [`ledger`]: `before` is a place in the journal, as the next page's header says it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LedgerQuery {
    /// Whose; `paper` where absent.
    bot: Option<BotId>,
    /// 100 where absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// As an earlier answer's `Plainsight-Next-Before` has it.
    before: Option<String>,
}

/// `GET /v1/ledger`: deposits and fills with what they did to the cash, the newest first.
pub async fn ledger(
    State(state): State<AppState>,
    query: Params<LedgerQuery>,
) -> Result<Response, AppError> {
    let query = params(query)?;
    let limit = checked(query.limit)?;
    let seq = state.hub.seq();
    let before = match &query.before {
        Some(text) => place(text).ok_or_else(|| {
            AppError::bad_field(
                "invalid_before",
                "before",
                "before is not of an earlier answer",
            )
        })?,
        None => (seq.next(), 0),
    };
    let bot = query.bot.unwrap_or_else(BotId::paper);
    let (entries, last) = ledger_page(&state, &bot, before.min((seq.next(), 0)), limit).await?;
    let mut response = answer(seq, &entries)?;
    if let Some((seq, index)) = last {
        let next = format!("{seq}-{index}");
        let query = format!("bot={bot}&limit={limit}&before={next}");
        name_next(&mut response, "/v1/ledger", &query, &next);
    }
    Ok(response)
}

/// A page of the ledger before a place, and the place of its last line where more may follow.
pub async fn ledger_page(
    state: &AppState,
    bot: &BotId,
    before: (Seq, u32),
    limit: u32,
) -> Result<(Vec<LedgerEntry>, Option<(Seq, u32)>), AppError> {
    let records = state.reader.ledger(bot, before, limit).await?;
    let is_full = records.len() == limit as usize;
    let last = records.last().map(|record| (record.seq, record.index));
    let entries = records.iter().filter_map(LedgerEntry::of).collect();
    Ok((entries, last.filter(|_| is_full)))
}

fn place(text: &str) -> Option<(Seq, u32)> {
    let (seq, index) = text.split_once('-')?;
    Some((Seq(seq.parse().ok()?), index.parse().ok()?))
}

pub(super) fn checked(limit: Option<u32>) -> Result<u32, AppError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(AppError::bad_field(
        "invalid_limit",
        "limit",
        format!("limit must be from 1 to {MAX_LIMIT}"),
    ))
}

/// Says where the next page begins.
pub(super) fn name_next(response: &mut Response, path: &str, query: &str, next: &str) {
    let link = format!("<{path}?{query}>; rel=\"next\"");
    let headers = response.headers_mut();
    if let (Ok(next), Ok(link)) = (HeaderValue::from_str(next), HeaderValue::from_str(&link)) {
        headers.insert(NEXT_BEFORE, next);
        headers.insert(header::LINK, link);
    }
}

async fn page(
    state: &AppState,
    query: Page,
    topic: fn(BotId) -> Topic,
    path: &str,
) -> Result<Response, AppError> {
    let limit = checked(query.limit)?;
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
        .filter_map(|logged| publication(&logged.record).map(|(_, payload)| payload))
        .collect();
    let mut response = answer(cut.seq, &items)?;
    if let Some(next) = last {
        let query = format!("bot={bot}&limit={limit}&before={next}");
        name_next(&mut response, path, &query, &next.to_string());
    }
    Ok(response)
}
