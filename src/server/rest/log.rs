//! The sealed log: signed heads, entries, and proofs that whoever kept a head can hold against it.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Params, answer, params};
use crate::domain::BotId;
use crate::seal::Hash;
use crate::server::error::AppError;
use crate::server::state::AppState;

/// The most entries or heads of one answer.
const MAX_ENTRIES: u64 = 1_000;
const MAX_HEADS: u32 = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HeadQuery {
    /// The head of exactly so many entries.
    size: Option<u64>,
    /// So many heads, the newest first.
    #[param(minimum = 1, maximum = 1_000)]
    list: Option<u32>,
}

/// `GET /v1/log/sth`: the newest signed head, a given one, or a list.
pub async fn log_head(
    State(state): State<AppState>,
    query: Params<HeadQuery>,
) -> Result<Response, AppError> {
    let query = params(query)?;
    let seq = state.hub.seq();
    match (query.size, query.list) {
        (Some(_), Some(_)) => Err(AppError::bad(
            "invalid_query",
            "give size or list, not both",
        )),
        (None, Some(count)) => {
            if !(1..=MAX_HEADS).contains(&count) {
                let message = format!("list must be from 1 to {MAX_HEADS}");
                return Err(AppError::bad_field("invalid_list", "list", message));
            }
            answer(seq, &state.reader.heads(count).await?)
        }
        (Some(size), None) => {
            let head = state.reader.head_of_size(size).await?;
            let none = || AppError::NotFound(format!("no head was signed at {size} entries"));
            answer(seq, &head.ok_or_else(none)?)
        }
        (None, None) => answer(seq, &newest(&state).await?),
    }
}

async fn newest(state: &AppState) -> Result<crate::seal::SignedHead, AppError> {
    let head = state.reader.newest_head().await?;
    head.ok_or_else(|| AppError::NotFound("no head is signed yet".to_owned()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EntriesQuery {
    /// The first place.
    start: Option<u64>,
    /// The last place, at most 999 behind the first.
    end: Option<u64>,
    /// Of a decision, an order or a fill.
    id: Option<String>,
    bot: Option<BotId>,
}

/// `GET /v1/log/entries`: by their places, both ends included, or those of one id.
pub async fn log_entries(
    State(state): State<AppState>,
    query: Params<EntriesQuery>,
) -> Result<Response, AppError> {
    let query = params(query)?;
    let seq = state.hub.seq();
    let entries = match (query.start, query.end, &query.id) {
        (None, None, Some(id)) => {
            let entries = state.reader.log_entries_of(query.bot.as_ref(), id).await?;
            if entries.is_empty() {
                let message = format!("no decision, order or fill {id} is in the log");
                return Err(AppError::NotFound(message));
            }
            entries
        }
        (Some(start), Some(end), None) if query.bot.is_none() => {
            range(&state, start, end).await?;
            state.reader.log_entries(start, end).await?
        }
        _ => {
            let message = "give start and end, or id (with or without bot)";
            return Err(AppError::bad("invalid_query", message));
        }
    };
    answer(seq, &entries)
}

/// Whether so many entries may be asked for, and the first is there.
async fn range(state: &AppState, start: u64, end: u64) -> Result<(), AppError> {
    let wrong = |field, message| Err(AppError::bad_field("invalid_range", field, message));
    if start > end {
        return wrong("start", "start is behind end".to_owned());
    }
    if end - start >= MAX_ENTRIES {
        return wrong("end", format!("at most {MAX_ENTRIES} entries at once"));
    }
    let size = state.reader.log_size().await?;
    if start >= size {
        return wrong(
            "start",
            format!("the log has {size} entries, counted from 0"),
        );
    }
    Ok(())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ProofQuery {
    /// The entry's place.
    index: Option<u64>,
    /// Its leaf hash, where the place is not known.
    hash: Option<String>,
    /// Of the tree; the newest head's where absent.
    size: Option<u64>,
}

/// `GET /v1/log/proof`: that an entry is in the tree of a size, by default the newest head's.
pub async fn log_proof(
    State(state): State<AppState>,
    query: Params<ProofQuery>,
) -> Result<Response, AppError> {
    let query = params(query)?;
    let seq = state.hub.seq();
    let index = match (query.index, &query.hash) {
        (Some(index), None) => index,
        (None, Some(hash)) => by_hash(&state, hash).await?,
        _ => return Err(AppError::bad("invalid_query", "give index or hash")),
    };
    let size = match query.size {
        Some(size) => checked_size(&state, "size", size).await?,
        None => newest(&state).await?.size,
    };
    if index >= size {
        let message = format!("entry {index} is not among the first {size}");
        return Err(AppError::bad_field("invalid_index", "index", message));
    }
    let proof = state.reader.inclusion_proof(index, size).await?;
    answer(seq, &proof.ok_or_else(no_proof)?)
}

async fn by_hash(state: &AppState, hash: &str) -> Result<u64, AppError> {
    let hash: Hash = hash.parse().map_err(|error: crate::seal::NotHex| {
        AppError::bad_field("invalid_hash", "hash", format!("hash is {error}"))
    })?;
    let index = state.reader.log_index_of_leaf(&hash).await?;
    index.ok_or_else(|| AppError::NotFound(format!("no entry has the leaf hash {hash}")))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyQuery {
    #[param(minimum = 1)]
    first: u64,
    second: u64,
}

/// `GET /v1/log/consistency`: that the tree of one size is the beginning of the tree of another.
pub async fn log_consistency(
    State(state): State<AppState>,
    query: Params<ConsistencyQuery>,
) -> Result<Response, AppError> {
    let ConsistencyQuery { first, second } = params(query)?;
    let seq = state.hub.seq();
    if first == 0 {
        let message = "every log continues an empty one: first must be at least 1";
        return Err(AppError::bad_field("invalid_size", "first", message));
    }
    if first > second {
        let message = "first is larger than second";
        return Err(AppError::bad_field("invalid_size", "first", message));
    }
    let second = checked_size(&state, "second", second).await?;
    let proof = state.reader.consistency_proof(first, second).await?;
    answer(seq, &proof.ok_or_else(no_proof)?)
}

async fn checked_size(state: &AppState, field: &'static str, size: u64) -> Result<u64, AppError> {
    let is = state.reader.log_size().await?;
    if (1..=is).contains(&size) {
        return Ok(size);
    }
    let message = format!("{field} must be from 1 to the log's size, which is {is}");
    Err(AppError::bad_field("invalid_size", field, message))
}

/// Index and sizes were checked before.
fn no_proof() -> AppError {
    AppError::Internal("no proof of entries that are there".to_owned())
}
