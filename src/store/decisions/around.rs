//! What happened around a decision: the agent's steps to it, the orders and fills that came of it, and
//! the market's candles meanwhile.

use super::super::journal::sql_int;
use super::super::reader::{record_of, timed_record_of};
use super::super::{Reader, StoreError};
use crate::domain::{
    AgentEntry, AgentStep, BotId, Candle, DecisionId, Event, Fill, Interval, Order, Record, Seq,
    Symbol, TimeUs,
};
use crate::wire::{Payload, publication};

/// Orders and fills of one decision that are read at most: an outside bot may name it for ever.
const MOST: i64 = 1_000;

impl Reader {
    /// The steps that a bot's agent took on a symbol at the input `seq`, in order.
    pub async fn steps_at(
        &self,
        bot: &BotId,
        symbol: &Symbol,
        seq: Seq,
    ) -> Result<Vec<AgentStep>, StoreError> {
        let rows = sqlx::query(
            "SELECT body, took_us FROM events WHERE seq = ? AND kind = 'agent' ORDER BY idx",
        )
        .bind(sql_int(seq.0))
        .fetch_all(&self.pool)
        .await?;
        let mut steps = Vec::with_capacity(rows.len());
        for row in &rows {
            // As it is published, so with what was measured beside it.
            if let Some((_, Payload::Agent(entry))) = publication(&timed_record_of(row)?)
                && let AgentEntry::Step(step) = *entry
                && step.bot == *bot
                && step.symbol.as_ref() == Some(symbol)
            {
                steps.push(step);
            }
        }
        Ok(steps)
    }

    /// The orders that a decision led to, each in its newest state as of `until`, oldest first.
    pub async fn orders_of(
        &self,
        bot: &BotId,
        decision: &DecisionId,
        until: Seq,
    ) -> Result<Vec<Order>, StoreError> {
        let query = r"SELECT body FROM events WHERE kind = 'order'
            AND json_extract(CAST(body AS TEXT), '$.event.order.decision') = ? AND seq <= ?
            AND json_extract(CAST(body AS TEXT), '$.event.order.bot') = ?
            ORDER BY seq, idx LIMIT ?";
        let mut orders: Vec<Order> = Vec::new();
        for record in self.led_to(query, bot, decision, until).await? {
            let Event::Order(order) = record.event else {
                continue;
            };
            match orders.iter_mut().find(|known| known.id == order.id) {
                Some(known) => *known = order,
                None => orders.push(order),
            }
        }
        Ok(orders)
    }

    /// The fills that a decision led to, as of `until`, oldest first.
    pub async fn fills_by(
        &self,
        bot: &BotId,
        decision: &DecisionId,
        until: Seq,
    ) -> Result<Vec<Fill>, StoreError> {
        let query = r"SELECT body FROM events WHERE kind = 'fill'
            AND json_extract(CAST(body AS TEXT), '$.event.fill.decision') = ? AND seq <= ?
            AND json_extract(CAST(body AS TEXT), '$.event.fill.bot') = ?
            ORDER BY seq, idx LIMIT ?";
        let records = self.led_to(query, bot, decision, until).await?;
        let fills = records.into_iter().filter_map(|record| match record.event {
            Event::Fill(fill) => Some(fill),
            _ => None,
        });
        Ok(fills.collect())
    }

    async fn led_to(
        &self,
        query: &'static str,
        bot: &BotId,
        decision: &DecisionId,
        until: Seq,
    ) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query(query)
            .bind(decision.as_str())
            .bind(sql_int(until.0))
            .bind(bot.as_str())
            .bind(MOST)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(record_of).collect()
    }

    /// The finished candles that opened from `from` to `to`, both included: the oldest `limit`, each once.
    pub async fn candles(
        &self,
        symbol: &Symbol,
        interval: Interval,
        from: TimeUs,
        to: TimeUs,
        limit: u32,
    ) -> Result<Vec<Candle>, StoreError> {
        let rows = sqlx::query(
            r"SELECT body FROM events WHERE kind = 'candle' AND key = ?
              AND json_extract(CAST(body AS TEXT), '$.event.candle.open_time') BETWEEN ? AND ?
              ORDER BY json_extract(CAST(body AS TEXT), '$.event.candle.open_time') LIMIT ?",
        )
        .bind(format!("{symbol}:{interval}"))
        .bind(from.micros())
        .bind(to.micros())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let mut candles: Vec<Candle> = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Event::Candle(candle) = record_of(row)?.event {
                candles.push(candle);
            }
        }
        candles.dedup_by_key(|candle| candle.open_time);
        Ok(candles)
    }
}
