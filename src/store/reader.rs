//! Reads what was committed. Short statements on connections that cannot write.

use futures::TryStreamExt as _;
use sqlx::Row as _;
use sqlx::sqlite::{SqlitePool, SqliteRow};

use super::journal::sql_int;
use super::{Place, StoreError, inputs};
use crate::domain::{BotId, Event, Fill, Input, Order, OrderId, Record, Seq, TimeUs};
use crate::engine::{CANDLES_KEPT, MARKS_KEPT, TRIPS_KEPT};
use crate::wire::{Epoch, Topic};

#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) pool: SqlitePool,
}

/// An event of a log topic with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    pub place: Place,
    pub received: TimeUs,
    pub record: Record,
}

/// Offsets of one topic that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First and last offset, both included.
    pub first: u64,
    pub last: u64,
}

impl Reader {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    pub(super) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// The events of a log topic at these offsets, oldest first.
    pub async fn range(&self, topic: &Topic, range: Range) -> Result<Vec<Logged>, StoreError> {
        let rows = sqlx::query(
            r#"SELECT e."offset", e.received, e.took_us, e.body, t.epoch FROM topics t JOIN events e ON e.topic = t.id
               WHERE t.name = ? AND e."offset" BETWEEN ? AND ? ORDER BY e."offset""#,
        )
        .bind(topic.to_string())
        .bind(sql_int(range.first))
        .bind(sql_int(range.last))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(logged).collect()
    }

    /// The newest `limit` events of a log topic with an offset below `before`, newest first.
    pub async fn page(
        &self,
        topic: &Topic,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Logged>, StoreError> {
        let rows = sqlx::query(
            r#"SELECT e."offset", e.received, e.took_us, e.body, t.epoch FROM topics t JOIN events e ON e.topic = t.id
               WHERE t.name = ? AND e."offset" < ? ORDER BY e."offset" DESC LIMIT ?"#,
        )
        .bind(topic.to_string())
        .bind(before.map_or(i64::MAX, sql_int))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(logged).collect()
    }

    /// Every state of a bot's order as of `until`, oldest first, by our id or the client's.
    pub async fn order(
        &self,
        bot: &BotId,
        id: &OrderId,
        until: Seq,
    ) -> Result<Vec<Record>, StoreError> {
        let by_id = r"SELECT body FROM events WHERE kind = 'order'
            AND json_extract(CAST(body AS TEXT), '$.event.order.id') = ? AND seq <= ? ORDER BY seq, idx";
        let states = self.records(by_id, id.as_str(), until).await?;
        let own =
            |record: &Record| matches!(&record.event, Event::Order(order) if order.bot == *bot);
        let states: Vec<Record> = states.into_iter().filter(own).collect();
        if !states.is_empty() {
            return Ok(states);
        }
        let by_client_id = r"SELECT body FROM events WHERE kind = 'order'
            AND json_extract(CAST(body AS TEXT), '$.event.order.client_order_id') = ? AND seq <= ? ORDER BY seq, idx";
        let states = self.records(by_client_id, id.as_str(), until).await?;
        Ok(states.into_iter().filter(own).collect())
    }

    /// The fills of a bot's order as of `until`, oldest first.
    pub async fn fills_of(
        &self,
        bot: &BotId,
        order: &OrderId,
        until: Seq,
    ) -> Result<Vec<Fill>, StoreError> {
        let query = r"SELECT body FROM events WHERE kind = 'fill'
            AND json_extract(CAST(body AS TEXT), '$.event.fill.order') = ? AND seq <= ? ORDER BY seq, idx";
        let records = self.records(query, order.as_str(), until).await?;
        let fills = records.into_iter().filter_map(|record| match record.event {
            Event::Fill(fill) if fill.bot == *bot => Some(fill),
            _ => None,
        });
        Ok(fills.collect())
    }

    /// The states that orders took by the input `seq`.
    pub async fn orders_at(&self, seq: Seq) -> Result<Vec<Order>, StoreError> {
        let rows =
            sqlx::query("SELECT body FROM events WHERE seq = ? AND kind = 'order' ORDER BY idx")
                .bind(sql_int(seq.0))
                .fetch_all(&self.pool)
                .await?;
        let mut orders = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Event::Order(order) = record_of(row)?.event {
                orders.push(order);
            }
        }
        Ok(orders)
    }

    async fn records(
        &self,
        query: &'static str,
        key: &str,
        until: Seq,
    ) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query(query)
            .bind(key)
            .bind(sql_int(until.0))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(record_of).collect()
    }

    /// The newest `limit` movements of a bot's cash before the place `before` (a seq and the index
    /// within it), newest first.
    pub async fn ledger(
        &self,
        bot: &BotId,
        before: (Seq, u32),
        limit: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query(
            r"SELECT body FROM events WHERE kind IN ('fill', 'deposit')
              AND coalesce(json_extract(CAST(body AS TEXT), '$.event.fill.bot'),
                           json_extract(CAST(body AS TEXT), '$.event.deposit.bot')) = ?
              AND (seq, idx) < (?, ?) ORDER BY seq DESC, idx DESC LIMIT ?",
        )
        .bind(bot.as_str())
        .bind(sql_int(before.0.0))
        .bind(i64::from(before.1))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(record_of).collect()
    }

    /// The newest snapshot: the input that it follows, and its body.
    pub async fn snapshot(&self) -> Result<Option<(Seq, Vec<u8>)>, StoreError> {
        let row = sqlx::query("SELECT seq, body FROM snapshots ORDER BY seq DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| (seq_of(&row), row.get("body"))))
    }

    /// External inputs after `after`, in order.
    pub async fn commands(&self, after: Seq) -> Result<Vec<(Seq, Input)>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM commands WHERE seq > ? ORDER BY seq")
            .bind(sql_int(after.0))
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let input = serde_json::from_slice(row.get::<&[u8], _>("body"));
                Ok((
                    seq_of(row),
                    input.map_err(|error| StoreError::Content {
                        what: "a command",
                        error,
                    })?,
                ))
            })
            .collect()
    }

    /// What a live feed gave after `after`, in order.
    pub async fn inputs(&self, after: Seq) -> Result<Vec<(Seq, Input)>, StoreError> {
        let rows = sqlx::query("SELECT body FROM inputs WHERE last_seq > ? ORDER BY last_seq")
            .bind(sql_int(after.0))
            .fetch_all(&self.pool)
            .await?;
        let mut all = Vec::new();
        for row in rows {
            let unpacked = inputs::unpack(row.get::<&[u8], _>("body"))?;
            all.extend(unpacked.into_iter().filter(|(seq, _)| *seq > after));
        }
        Ok(all)
    }

    /// The canonical lines of all events after `after`, in order, given to `each` one by one.
    pub async fn events_after(
        &self,
        after: Seq,
        mut each: impl FnMut(Seq, Vec<u8>),
    ) -> Result<(), StoreError> {
        let mut rows = sqlx::query("SELECT seq, body FROM events WHERE seq > ? ORDER BY seq, idx")
            .bind(sql_int(after.0))
            .fetch(&self.pool);
        while let Some(row) = rows.try_next().await? {
            each(seq_of(&row), row.get("body"));
        }
        Ok(())
    }

    /// What refills the engine's bounded histories as of `until`, oldest first in each of them.
    pub async fn history(&self, until: Seq, mut each: impl FnMut(Event)) -> Result<(), StoreError> {
        let kinds = [
            ("mark", MARKS_KEPT),
            ("candle", CANDLES_KEPT),
            // The peak and every day's end count: all of it goes through.
            ("equity", usize::MAX),
            ("round_trip", TRIPS_KEPT),
        ];
        for (kind, kept) in kinds {
            let keys: Vec<String> = sqlx::query_scalar(
                "SELECT DISTINCT key FROM events WHERE kind = ? AND key IS NOT NULL",
            )
            .bind(kind)
            .fetch_all(&self.pool)
            .await?;
            for key in keys {
                let mut rows = sqlx::query(
                    "SELECT body FROM (SELECT body, seq, idx FROM events WHERE kind = ? AND key = ? AND seq <= ?
                     ORDER BY seq DESC, idx DESC LIMIT ?) ORDER BY seq, idx",
                )
                .bind(kind)
                .bind(&key)
                .bind(sql_int(until.0))
                .bind(i64::try_from(kept).unwrap_or(i64::MAX))
                .fetch(&self.pool);
                while let Some(row) = rows.try_next().await? {
                    each(record_of(&row)?.event);
                }
            }
        }
        Ok(())
    }

    /// When the newest of what was journalled had arrived.
    pub async fn last_received(&self) -> Result<Option<TimeUs>, StoreError> {
        let received: Option<i64> =
            sqlx::query_scalar("SELECT received FROM events ORDER BY seq DESC, idx DESC LIMIT 1")
                .fetch_optional(&self.pool)
                .await?;
        Ok(received.map(TimeUs))
    }

    /// Whether a bot has reported this before.
    pub async fn is_reported(&self, bot: &str, kind: &str, id: &str) -> Result<bool, StoreError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM reports WHERE bot = ? AND kind = ? AND id = ?")
                .bind(bot)
                .bind(kind)
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.is_some())
    }
}

fn seq_of(row: &SqliteRow) -> Seq {
    Seq(row.get::<i64, _>("seq").cast_unsigned())
}

pub(super) fn record_of(row: &SqliteRow) -> Result<Record, StoreError> {
    serde_json::from_slice(row.get::<&[u8], _>("body")).map_err(|error| StoreError::Content {
        what: "an event",
        error,
    })
}

/// A record with what was measured beside it: the row must have `took_us` as well.
pub(super) fn timed_record_of(row: &SqliteRow) -> Result<Record, StoreError> {
    Ok(Record {
        took_us: row.get("took_us"),
        ..record_of(row)?
    })
}

fn logged(row: &SqliteRow) -> Result<Logged, StoreError> {
    Ok(Logged {
        place: Place {
            epoch: Epoch(row.get::<i64, _>("epoch").cast_unsigned()),
            offset: row.get::<i64, _>("offset").cast_unsigned(),
        },
        received: TimeUs(row.get("received")),
        record: timed_record_of(row)?,
    })
}
