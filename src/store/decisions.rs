//! The table of decisions: written with the events that it tells of, read to filter and to page through
//! them. What happened [`around`] one is found in the events.

mod around;

use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::journal::sql_int;
use super::reader::record_of;
use super::{Entry, Reader, StoreError};
use crate::domain::{
    BotId, Decision, DecisionFilter, DecisionId, Event, ModelId, Outcome, Record, Seq, Symbol,
};

/// Names that are offered to choose from, at most.
const CHOICES: u32 = 100;

/// Where a decision was made: its place among all of them.
pub type Made = (Seq, u32);

/// Files the batch's decisions, within its transaction.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    entries: &[Entry],
) -> Result<(), StoreError> {
    for Entry { record, .. } in entries {
        let Event::Decision(decision) = &record.event else {
            continue;
        };
        let place = (sql_int(record.seq.0), i64::from(record.index));
        let is_made = decision.outcome == Outcome::Pending;
        let statement = if is_made {
            r"INSERT INTO decisions (made_seq, made_idx, outcome, bot, id, model, symbol, horizon, confidence)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bot, id) DO NOTHING"
        } else {
            "UPDATE decisions SET resolved_seq = ?, resolved_idx = ?, outcome = ? WHERE bot = ? AND id = ?"
        };
        let mut query = sqlx::query(statement)
            .bind(place.0)
            .bind(place.1)
            .bind(decision.outcome.as_str())
            .bind(decision.bot.as_str())
            .bind(decision.id.as_str());
        if is_made {
            query = query
                .bind(decision.model.as_str())
                .bind(decision.symbol.as_str())
                .bind(decision.horizon.to_string())
                .bind(decision.confidence);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

impl Reader {
    /// A bot's newest `limit` decisions that fit and were made before `before`, newest first, each
    /// once, all as of `until`.
    pub async fn decisions(
        &self,
        bot: &BotId,
        filter: &DecisionFilter,
        before: Option<Made>,
        until: Seq,
        limit: u32,
    ) -> Result<Vec<Decision>, StoreError> {
        let until = sql_int(until.0);
        let mut query = QueryBuilder::<Sqlite>::default();
        query.push(
            r"SELECT e.body FROM (SELECT made_seq, made_idx, resolved_idx,
                iif(resolved_seq <= ",
        );
        query.push_bind(until);
        query.push(", resolved_seq, NULL) AS resolved_seq FROM decisions WHERE bot = ");
        query.push_bind(bot.as_str());
        match before {
            // A place that is known by then: all before it are.
            Some((seq, index)) => query
                .push(" AND (made_seq, made_idx) < (")
                .push_bind(sql_int(seq.0))
                .push(", ")
                .push_bind(i64::from(index))
                .push(")"),
            None => query.push(" AND made_seq <= ").push_bind(until),
        };
        for (column, wanted) in [
            ("model", filter.model.as_ref().map(ToString::to_string)),
            ("symbol", filter.symbol.as_ref().map(ToString::to_string)),
            ("horizon", filter.horizon.map(|horizon| horizon.to_string())),
        ] {
            if let Some(wanted) = wanted {
                query.push(format_args!(" AND {column} = "));
                query.push_bind(wanted);
            }
        }
        match filter.outcome {
            Some(Outcome::Pending) => {
                query.push(" AND (outcome = 'pending' OR resolved_seq > ");
                query.push_bind(until).push(")");
            }
            Some(outcome) => {
                query.push(" AND outcome = ").push_bind(outcome.as_str());
                query.push(" AND resolved_seq <= ").push_bind(until);
            }
            None => {}
        }
        for (comparison, bound) in [(">=", filter.min_confidence), ("<=", filter.max_confidence)] {
            if let Some(bound) = bound {
                query.push(format_args!(" AND confidence {comparison} "));
                query.push_bind(bound);
            }
        }
        query.push(" ORDER BY made_seq DESC, made_idx DESC LIMIT ");
        query.push_bind(i64::from(limit));
        // The page is chosen first: only its own events are looked up and read.
        query.push(
            r") d JOIN events e ON e.seq = coalesce(d.resolved_seq, d.made_seq)
                AND e.idx = iif(d.resolved_seq IS NULL, d.made_idx, d.resolved_idx)
                ORDER BY d.made_seq DESC, d.made_idx DESC",
        );
        let rows = query.build().fetch_all(&self.pool).await?;
        let mut decisions = Vec::with_capacity(rows.len());
        for row in &rows {
            decisions.extend(decision_of(record_of(row)?));
        }
        Ok(decisions)
    }

    /// The models and the symbols that a bot's decisions are of, by name.
    pub async fn choices(&self, bot: &BotId) -> Result<(Vec<ModelId>, Vec<Symbol>), StoreError> {
        let models = self.distinct(bot, "model").await?;
        let symbols = self.distinct(bot, "symbol").await?;
        Ok((
            models
                .into_iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
            symbols
                .into_iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
        ))
    }

    /// From name to next name by the index: not through all decisions.
    async fn distinct(&self, bot: &BotId, column: &'static str) -> Result<Vec<String>, StoreError> {
        let statement = sqlx::AssertSqlSafe(format!(
            "WITH RECURSIVE found(name) AS (
               SELECT min({column}) FROM decisions WHERE bot = ?1
               UNION ALL
               SELECT (SELECT min({column}) FROM decisions WHERE bot = ?1 AND {column} > name)
               FROM found WHERE name IS NOT NULL
             ) SELECT name FROM found WHERE name IS NOT NULL LIMIT {CHOICES}"
        ));
        Ok(sqlx::query_scalar(statement)
            .bind(bot.as_str())
            .fetch_all(&self.pool)
            .await?)
    }

    /// Where a decision was made, if it was by `until`.
    pub async fn made(
        &self,
        bot: &BotId,
        id: &DecisionId,
        until: Seq,
    ) -> Result<Option<Made>, StoreError> {
        let row = sqlx::query(
            "SELECT made_seq, made_idx FROM decisions WHERE bot = ? AND id = ? AND made_seq <= ?",
        )
        .bind(bot.as_str())
        .bind(id.as_str())
        .bind(sql_int(until.0))
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| {
            let index: i64 = row.get("made_idx");
            let seq: i64 = row.get("made_seq");
            (
                Seq(seq.cast_unsigned()),
                u32::try_from(index).unwrap_or_default(),
            )
        }))
    }

    /// A decision in its newest state as of `until`.
    pub async fn decision(
        &self,
        bot: &BotId,
        id: &DecisionId,
        until: Seq,
    ) -> Result<Option<Decision>, StoreError> {
        // What was resolved later was pending then.
        let row = sqlx::query(
            r"SELECT e.body FROM decisions d JOIN events e
              ON e.seq = iif(d.resolved_seq <= ?1, d.resolved_seq, d.made_seq)
              AND e.idx = iif(d.resolved_seq <= ?1, d.resolved_idx, d.made_idx)
              WHERE d.bot = ?2 AND d.id = ?3 AND d.made_seq <= ?1",
        )
        .bind(sql_int(until.0))
        .bind(bot.as_str())
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row
            .as_ref()
            .map(record_of)
            .transpose()?
            .and_then(decision_of))
    }
}

fn decision_of(record: Record) -> Option<Decision> {
    match record.event {
        Event::Decision(decision) => Some(*decision),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
