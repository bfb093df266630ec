//! What the server draws of a page: with the page when it is rendered, and anew for a page that is open.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde::Deserialize;

use super::error::AppError;
use super::limits::shown;
use super::rest::{OfBot, Params, answer, decision_id, decision_page, detail, params};
use super::state::AppState;
use crate::app::parts::{self, About, Choices};
use crate::app::routes::DECISIONS;
use crate::domain::{BotId, Candle, Decision, DecisionId, ModelId, Rejection, Seq};
use crate::wire::form::{DecisionQuery, Fields, filter_text};
use crate::wire::{Decisions, Listed, Part, Payload, Topic};

/// Candles that are read around a decision at most.
const CANDLES: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsQuery {
    bot: Option<BotId>,
    model: Option<ModelId>,
}

/// `GET /parts/models`: the page of the models, one of them chosen.
pub async fn models(
    State(state): State<AppState>,
    query: Params<ModelsQuery>,
) -> Result<Response, AppError> {
    let query = params(query)?;
    let bot = query.bot.unwrap_or_else(BotId::paper);
    let (seq, part) = models_part(&state, &bot, query.model.as_ref());
    answer(seq, &part)
}

pub fn models_part(state: &AppState, bot: &BotId, chosen: Option<&ModelId>) -> (Seq, Part) {
    let cut = state.hub.cut(&[Topic::Models(bot.clone())], 0);
    let found = cut.topics.into_iter().next();
    // The value with the seq that it was published at: the engine may be further, the value is not.
    let seq = found.as_ref().map_or(cut.seq, |found| found.seq);
    let value = found.and_then(|found| found.content.into_iter().next());
    let models = match &value {
        Some(Payload::Models(models)) => Some(&**models),
        _ => None,
    };
    let part = Part {
        address: Part::of_models(bot, chosen),
        html: parts::models(bot, models, chosen, seq),
        decision: None,
    };
    (seq, part)
}

/// `GET /parts/decisions/{id}`: a decision's page.
pub async fn decision(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let (seq, part) = decision_part(&state, &bot, &decision_id(&id)?).await?;
    answer(seq, &part)
}

pub async fn decision_part(
    state: &AppState,
    bot: &BotId,
    id: &DecisionId,
) -> Result<(Seq, Part), AppError> {
    let (seq, detail) = detail(state, bot, id).await?;
    let candles = candles(state, &detail.decision).await?;
    let decision = Decisions::new(vec![detail.decision.clone()]);
    let part = Part {
        address: Part::of_decision(bot, id),
        html: parts::decision(&About { detail, candles }),
        decision: Some(decision),
    };
    Ok((seq, part))
}

/// `GET /parts/limits`: what the server allows.
pub async fn limits(State(state): State<AppState>) -> Result<Response, AppError> {
    answer(state.hub.seq(), &limits_part(&state))
}

pub fn limits_part(state: &AppState) -> Part {
    Part {
        address: Part::LIMITS.to_owned(),
        html: parts::limits(&shown::rows(&state.config)),
        decision: None,
    }
}

/// What stands there where it is not known; `None` where it only cannot be had now.
pub fn missing_decision(bot: &BotId, id: &DecisionId, error: &AppError) -> Option<Part> {
    (!error.is_temporary()).then(|| Part {
        address: Part::of_decision(bot, id),
        html: parts::missing(&error.detail()),
        decision: Some(Decisions::new(Vec::new())),
    })
}

/// The market around a decision: finished candles of the journal, and what the hub has of those that run.
async fn candles(state: &AppState, decision: &Decision) -> Result<Vec<Candle>, AppError> {
    let (from, to, interval) = parts::window(decision);
    let symbol = &decision.symbol;
    let read = state.reader.candles(symbol, interval, from, to, CANDLES);
    let mut candles = read.await?;
    let last = candles.last().map_or(from.plus(-1), |last| last.open_time);
    let topic = Topic::Candles(symbol.clone(), interval);
    let cut = state.hub.cut(&[topic], 0);
    for payload in cut.topics.into_iter().flat_map(|topic| topic.content) {
        if let Payload::Candles(rows) = payload {
            let is_newer = |row: &Candle| row.open_time > last && row.open_time <= to;
            candles.extend(rows.into_iter().filter(is_newer));
        }
    }
    Ok(candles)
}

/// `GET /parts/decisions`: the form that chooses among them.
pub async fn filter(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
) -> Result<Response, AppError> {
    let fields = Fields::parse(&query.unwrap_or_default());
    let bot = fields.optional("bot")?.unwrap_or_else(BotId::paper);
    let part = filter_part(&state, &bot, &fields).await?;
    answer(state.hub.seq(), &part)
}

pub async fn filter_part(state: &AppState, bot: &BotId, fields: &Fields) -> Result<Part, AppError> {
    let wrong = match DecisionQuery::read(fields) {
        Ok(query) if query.before.is_some() => gone(state, bot, &query).await?,
        read => read.err(),
    };
    let (models, symbols) = state.reader.choices(bot).await?;
    let choices = Choices { models, symbols };
    Ok(Part {
        address: Part::of_filter(bot, &filter_text(fields)),
        html: parts::filter(bot, fields, &choices, wrong.as_ref()),
        decision: None,
    })
}

/// What is wrong where nothing is known of the decision to go on behind.
async fn gone(
    state: &AppState,
    bot: &BotId,
    query: &DecisionQuery,
) -> Result<Option<Rejection>, AppError> {
    let Some(id) = &query.before else {
        return Ok(None);
    };
    let made = state.reader.made(bot, id, state.hub.seq()).await?;
    Ok(made.is_none().then(|| {
        let words = format!("there is no decision {id} to go on behind");
        Rejection::field("invalid_before", "before", words)
    }))
}

/// The decisions that an address asks for. The newest of all need no look into the journal, and where the
/// address cannot be read they are shown instead.
pub async fn listed(state: &AppState, bot: &BotId, fields: &Fields) -> Listed {
    let query = filter_text(fields);
    let none = Listed {
        query: query.clone(),
        rows: Decisions::new(Vec::new()),
        more: false,
    };
    let Some(wanted) = DecisionQuery::read(fields)
        .ok()
        .filter(|_| !query.is_empty())
    else {
        return none;
    };
    let limit = u32::try_from(DECISIONS).unwrap_or(u32::MAX);
    match decision_page(state, bot, &wanted, limit).await {
        Ok(page) => Listed {
            query,
            rows: Decisions::new(page.decisions),
            more: page.more,
        },
        Err(_) => none,
    }
}
