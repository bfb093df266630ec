//! `POST /v1/bots/{bot}/events`: what an outside bot reports. Each item stands for itself: a bad one
//! names its field, and the good ones count.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::driver::report_kind;
use super::error::AppError;
use super::rest::{self, answer};
use super::state::AppState;
use crate::domain::{BotCommand, BotId, BotReport, Instrument, Rejection, Seq};
use crate::engine::Accepted;

/// Items of one request at most.
pub const MAX_ITEMS: usize = 1_000;

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReportResult)]
pub struct ItemResult {
    index: usize,
    id: Option<String>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Rejection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportStatus)]
pub enum Status {
    Recorded,
    Duplicate,
    Rejected,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportResults)]
pub struct Results {
    recorded: usize,
    duplicates: usize,
    rejected: usize,
    results: Vec<ItemResult>,
}

pub async fn events(
    State(state): State<AppState>,
    bot: rest::Segment,
    body: rest::Body,
) -> Result<Response, AppError> {
    let bot: BotId = rest::segment(bot)?
        .parse()
        .map_err(|error| AppError::bad_field("invalid_bot", "bot", format!("{error}")))?;
    if bot == BotId::paper() {
        return Err(AppError::bad_field(
            "reserved_bot",
            "bot",
            "paper is the built-in bot; use another name",
        ));
    }
    let items = items(&rest::body(body)?)?;
    let mut results: Vec<Option<ItemResult>> = vec![None; items.len()];
    let mut commands = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match report(item, &state.config.exchange.currency) {
            Ok(report) => {
                let id = report.id().map(str::to_owned);
                let command = BotCommand::from(report);
                if is_recorded(&state, &bot, &command, id.as_deref()).await? {
                    results[index] = Some(ItemResult {
                        index,
                        id,
                        status: Status::Duplicate,
                        error: None,
                    });
                } else {
                    commands.push((index, id, command));
                }
            }
            Err((id, rejection)) => results[index] = Some(rejected(index, id, rejection)),
        }
    }
    let seq = submit(&state, bot, commands, &mut results).await?;
    let results: Vec<ItemResult> = results.into_iter().flatten().collect();
    let count = |status| {
        results
            .iter()
            .filter(|result| result.status == status)
            .count()
    };
    let body = Results {
        recorded: count(Status::Recorded),
        duplicates: count(Status::Duplicate),
        rejected: count(Status::Rejected),
        results,
    };
    answer(seq, &body)
}

/// The request's items: an array, or an object with `events`.
fn items(body: &[u8]) -> Result<Vec<Value>, AppError> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| AppError::bad("invalid_json", error.to_string()))?;
    let items = match value {
        Value::Array(items) => items,
        Value::Object(mut fields) => match fields.remove("events") {
            Some(Value::Array(items)) => items,
            _ => {
                return Err(AppError::bad_field(
                    "invalid_body",
                    "events",
                    "events must be an array",
                ));
            }
        },
        _ => {
            return Err(AppError::bad(
                "invalid_body",
                "the body is an array of events, or {\"events\": […]}",
            ));
        }
    };
    if items.len() > MAX_ITEMS {
        return Err(AppError::bad_field(
            "too_many_events",
            "events",
            format!("at most {MAX_ITEMS} events at once"),
        ));
    }
    Ok(items)
}

/// Reads one item. Its type is looked at first, so that an error can name the field by its path.
fn report(item: Value, currency: &str) -> Result<BotReport, (Option<String>, Rejection)> {
    let Value::Object(mut fields) = item else {
        return Err((
            None,
            Rejection::new("invalid_event", "an event is an object"),
        ));
    };
    let id = fields.get("id").and_then(Value::as_str).map(str::to_owned);
    let kind = fields.remove("type");
    let rest = Value::Object(fields);
    let report = match kind.as_ref().and_then(Value::as_str) {
        Some("decision") => read(rest).map(BotReport::Decision),
        Some("fill") => read(rest).map(BotReport::Fill),
        Some("order") => read(rest).map(BotReport::Order),
        Some("position") => read(rest).map(BotReport::Position),
        Some("deposit") => read(rest).map(BotReport::Deposit),
        Some("note") => read(rest).map(BotReport::Note),
        _ => Err(Rejection::field(
            "invalid_type",
            "type",
            "type must be one of decision, fill, order, position, deposit, note",
        )),
    };
    let checked = report.and_then(|report| {
        if report.id().is_none() {
            return Err(Rejection::field(
                "missing_id",
                "id",
                "an event needs an id of its own",
            ));
        }
        BotCommand::from(report.clone()).validate()?;
        check_currency(&report, currency)?;
        Ok(report)
    });
    checked.map_err(|rejection| (id, rejection))
}

/// What is paid in something else cannot be booked: an account has one currency, and nothing is converted.
fn check_currency(report: &BotReport, currency: &str) -> Result<(), Rejection> {
    let symbol = match report {
        BotReport::Fill(fill) => &fill.symbol,
        BotReport::Position(position) => &position.symbol,
        _ => return Ok(()),
    };
    let (_, quote) = Instrument::currencies(symbol);
    if quote.is_empty() || quote == currency {
        return Ok(());
    }
    let message = format!("{symbol} is paid in {quote}, the account is in {currency}");
    Err(Rejection::field("unsupported_quote", "symbol", message))
}

fn read<T: DeserializeOwned>(fields: Value) -> Result<T, Rejection> {
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let (field, message) = rest::field_and_message(error);
        Rejection {
            code: "invalid_field".to_owned(),
            field,
            message,
        }
    })
}

fn rejected(index: usize, id: Option<String>, error: Rejection) -> ItemResult {
    ItemResult {
        index,
        id,
        status: Status::Rejected,
        error: Some(error),
    }
}

/// Whether the journal knows the report; what is newer, the engine knows itself.
async fn is_recorded(
    state: &AppState,
    bot: &BotId,
    command: &BotCommand,
    id: Option<&str>,
) -> Result<bool, AppError> {
    match (report_kind(command), id) {
        (Some(kind), Some(id)) => Ok(state.reader.is_reported(bot.as_str(), kind, id).await?),
        _ => Ok(false),
    }
}

/// Hands the good ones over together; gives the seq that the answer is true at.
async fn submit(
    state: &AppState,
    bot: BotId,
    commands: Vec<(usize, Option<String>, BotCommand)>,
    results: &mut [Option<ItemResult>],
) -> Result<Seq, AppError> {
    if commands.is_empty() {
        return Ok(state.hub.seq());
    }
    let (places, commands): (Vec<_>, Vec<_>) = commands
        .into_iter()
        .map(|(index, id, command)| ((index, id), command))
        .unzip();
    let outcome = state.engine.submit(bot, commands).await?;
    for ((index, id), result) in places.into_iter().zip(outcome.results) {
        results[index] = Some(match result {
            Ok(Accepted::Duplicate { id }) => ItemResult {
                index,
                id: Some(id),
                status: Status::Duplicate,
                error: None,
            },
            Ok(_) => ItemResult {
                index,
                id,
                status: Status::Recorded,
                error: None,
            },
            Err(rejection) => rejected(index, id, rejection),
        });
    }
    Ok(outcome.seq)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bad_item_names_its_field() {
        for (item, field) in [
            (json!({"type": "fill", "id": "1"}), "symbol"),
            (json!({"type": "dance", "id": "1"}), "type"),
            (json!({"type": "note", "id": "1", "text": 5}), "text"),
            (
                json!({"type": "note", "id": "1", "text": "x", "extra": 5}),
                "extra",
            ),
            (
                json!({"type": "fill", "id": "1", "symbol": "BTCUSDT", "side": "buy", "quantity": "0", "price": "1"}),
                "quantity",
            ),
            (
                json!({"type": "decision", "id": "1", "model": "m", "symbol": "BTCUSDT", "direction": "up",
                       "confidence": 0.5, "horizon": "5m", "features": [{"name": "a", "value": "b", "contribution": 1}]}),
                "features[0].value",
            ),
            (
                json!({"type": "decision", "model": "m", "symbol": "BTCUSDT", "direction": "up", "confidence": 0.5,
                       "horizon": "5m"}),
                "id",
            ),
        ] {
            let (_, rejection) = report(item.clone(), "USDT").unwrap_err();
            assert_eq!(
                rejection.field.as_deref(),
                Some(field),
                "{item}: {rejection}"
            );
        }
    }
}
