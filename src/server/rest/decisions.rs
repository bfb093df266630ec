//! Decisions: filtered and by pages, each once in its newest state; and one with all that belongs to it.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::history::{checked, log, name_next};
use super::{OfBot, Params, Segment, answer, params, segment, value};
use crate::domain::{
    BotId, Decision, DecisionDetail, DecisionId, Horizon, Outcome, Rejection, Seq, Symbol,
};
use crate::server::error::AppError;
use crate::server::state::AppState;
use crate::wire::Topic;
use crate::wire::form::{DecisionQuery, Fields, filter_text};

/// Which states of a decision are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum States {
    /// As it was made and as it was judged: what the log says, an id twice, the judged one first.
    All,
    /// As it is now: an id once.
    Newest,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Whose; `paper` where absent.
    bot: Option<BotId>,
    /// 100 where absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    #[param(inline)]
    states: Option<States>,
    // Read one by one, so that what is wrong names its field.
    /// Of this model alone.
    model: Option<String>,
    #[param(value_type = Option<Symbol>)]
    symbol: Option<String>,
    #[param(value_type = Option<Horizon>)]
    horizon: Option<String>,
    #[param(value_type = Option<Outcome>)]
    outcome: Option<String>,
    #[param(value_type = Option<f64>, minimum = 0, maximum = 1)]
    min_confidence: Option<String>,
    #[param(value_type = Option<f64>, minimum = 0, maximum = 1)]
    max_confidence: Option<String>,
    /// The page before this decision; of the log, before this offset.
    before: Option<String>,
}

impl Query {
    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        for (name, text) in [
            ("model", &self.model),
            ("symbol", &self.symbol),
            ("horizon", &self.horizon),
            ("outcome", &self.outcome),
            ("min_confidence", &self.min_confidence),
            ("max_confidence", &self.max_confidence),
            ("before", &self.before),
        ] {
            if let Some(text) = text {
                fields.set(name, text.as_str());
            }
        }
        fields
    }
}

/// `GET /v1/decisions`: the newest first. By a filter, or with `states=newest`, each once in its newest state,
/// and `before` is the id of a decision that the page continues behind. Else it is the log, by offsets.
pub async fn decisions(
    State(state): State<AppState>,
    query: Params<Query>,
) -> Result<Response, AppError> {
    let query = params(query)?;
    let limit = checked(query.limit)?;
    let mut fields = query.fields();
    let is_filtered = fields.names().any(|name| name != "before");
    match query.states {
        Some(States::All) if is_filtered => {
            return Err(AppError::bad_field(
                "invalid_query",
                "states",
                "the log of all states takes no filter",
            ));
        }
        None if is_filtered => {}
        Some(States::Newest) => {}
        None | Some(States::All) => {
            return log(&state, query.bot, query.limit, query.before.as_deref()).await;
        }
    }
    let wanted = DecisionQuery::read(&fields).map_err(|refused| AppError::BadRequest {
        code: "invalid_query",
        field: refused.field,
        message: refused.message,
    })?;
    let bot = query.bot.unwrap_or_else(BotId::paper);
    let page = page(&state, &bot, &wanted, limit).await?;
    let mut response = answer(page.seq, &page.decisions)?;
    if let Some(last) = page.decisions.last().filter(|_| page.more) {
        fields.set("before", last.id.as_str());
        let filter = filter_text(&fields);
        let query = format!("bot={bot}&limit={limit}&states=newest{filter}");
        name_next(&mut response, "/v1/decisions", &query, last.id.as_str());
    }
    Ok(response)
}

/// A page of decisions, all as of `seq`.
pub struct Page {
    pub seq: Seq,
    pub decisions: Vec<Decision>,
    /// Whether older ones follow.
    pub more: bool,
}

/// The newest decisions that an address asks for.
pub async fn page(
    state: &AppState,
    bot: &BotId,
    wanted: &DecisionQuery,
    limit: u32,
) -> Result<Page, AppError> {
    // What was committed after this moment is left out, so that the page is true at its seq.
    let seq = known(state, bot)?;
    let before = match &wanted.before {
        None => None,
        Some(id) => Some(state.reader.made(bot, id, seq).await?.ok_or_else(|| {
            AppError::bad_field(
                "invalid_before",
                "before",
                format!("there is no decision {id} to go on behind"),
            )
        })?),
    };
    let found = state
        .reader
        .decisions(bot, &wanted.filter, before, seq, limit + 1);
    let mut decisions = found.await?;
    let more = decisions.len() > limit as usize;
    decisions.truncate(limit as usize);
    Ok(Page {
        seq,
        decisions,
        more,
    })
}

/// The seq of now, where the bot is known.
fn known(state: &AppState, bot: &BotId) -> Result<Seq, AppError> {
    let cut = state.hub.cut(&[Topic::Decisions(bot.clone())], 0);
    if cut.topics.is_empty() {
        return Err(AppError::NotFound(format!("there is no bot {bot}")));
    }
    Ok(cut.seq)
}

/// `GET /v1/decisions/{id}`: how it came to be and what it led to.
pub async fn decision(
    State(state): State<AppState>,
    id: Segment,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let bot = params(query)?.bot();
    let (seq, found) = detail(&state, &bot, &decision_id(&segment(id)?)?).await?;
    answer(seq, &found)
}

/// A decision's name in an address.
pub fn decision_id(text: &str) -> Result<DecisionId, AppError> {
    text.parse()
        .map_err(|_| unknown(&text.chars().take(64).collect::<String>()))
}

fn unknown(id: &str) -> AppError {
    let words = format!("there is no decision {id}");
    Rejection::field("unknown_decision", "id", words).into()
}

/// All that was journalled of a decision, and the seq that it is true at.
pub async fn detail(
    state: &AppState,
    bot: &BotId,
    id: &DecisionId,
) -> Result<(Seq, DecisionDetail), AppError> {
    let seq = state.hub.seq();
    let reader = &state.reader;
    let made = reader.made(bot, id, seq).await?;
    let decision = reader.decision(bot, id, seq).await?;
    let Some((made, decision)) = made.zip(decision) else {
        return Err(unknown(id.as_str()));
    };
    let detail = DecisionDetail {
        steps: reader.steps_at(bot, &decision.symbol, made.0).await?,
        orders: reader.orders_of(bot, id, seq).await?,
        fills: reader.fills_by(bot, id, seq).await?,
        decision,
    };
    Ok((seq, detail))
}

/// `GET /v1/models`: how the bot's models judge.
pub async fn models(
    State(state): State<AppState>,
    query: Params<OfBot>,
) -> Result<Response, AppError> {
    let (seq, payload) = value(&state, Topic::Models(params(query)?.bot()))?;
    answer(seq, &payload)
}
