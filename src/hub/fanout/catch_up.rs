//! Brings a connection that stands apart up to date, a good piece at a time: alerts first, then the
//! other logs, then the newest of the conflated topics. What it lacks is read from the topics, not
//! from a queue of its own; where a log's reader has fallen too far behind, it is told so.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::conn::{Cursor, Following, Past, Wire};
use super::{Backfill, BackfillFailed, ConnId, End, Fanout, FanoutConfig, LagRule, Stats, find};
use crate::hub::topic::TopicState;
use crate::hub::{Inner, Publication};
use crate::wire::frame::{Lag, Resync};
use crate::wire::{Class, CloseCode, Encoding, ResyncReason, ServerFrame, Topic};

/// What one turn gives a connection, bytes.
const TURN: usize = 128 * 1024;
/// Publications that are read from the journal at once.
const CHUNK: u64 = 500;

/// What a connection gets in one round.
pub struct Turn {
    pub conn: ConnId,
    pub parts: Vec<Part>,
    /// With these it has everything.
    pub is_whole: bool,
}

/// What a turn is made of. A publication is written when it goes out.
pub enum Part {
    Frame(Bytes),
    Publication(Arc<Publication>),
}

/// How far a turn has got.
struct Progress<'a> {
    conn: ConnId,
    encoding: Encoding,
    parts: Vec<Part>,
    bytes: usize,
    backfills: &'a mut Vec<Backfill>,
    stats: &'a mut Stats,
}

impl Progress<'_> {
    fn put(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.parts.push(Part::Frame(frame));
    }

    fn put_publication(&mut self, publication: &Arc<Publication>) {
        // A whole value that nobody has written yet is likely a large one.
        let size = publication.size();
        self.bytes += if size == 0 { TURN / 4 } else { size };
        self.parts.push(Part::Publication(Arc::clone(publication)));
    }

    fn tell(&mut self, frame: &ServerFrame) {
        match self.encoding.server::<Bytes>(frame) {
            Ok(bytes) => self.put(bytes),
            Err(error) => tracing::error!(%error, "a frame could not be written"),
        }
    }

    fn has_room(&self) -> bool {
        self.bytes < TURN
    }
}

impl<W: Wire> Fanout<W> {
    /// Gathers what a connection lacks. `None` where it cannot take anything now.
    pub(super) fn turn(&mut self, inner: &mut Inner, id: ConnId) -> Option<Turn> {
        let Self {
            conns,
            config,
            backfills,
            stats,
            ..
        } = self;
        let conn = find(conns, id)?;
        conn.is_pending = false;
        if conn.is_over || !conn.rest.is_empty() {
            return None;
        }
        let replies = std::mem::take(&mut conn.replies).into_iter();
        let mut progress = Progress {
            conn: id,
            encoding: conn.encoding,
            parts: replies.map(Part::Frame).collect(),
            bytes: 0,
            backfills,
            stats,
        };
        let mut is_whole = false;
        if let Following::Apart(cursors) = &mut conn.following {
            if !heed_lag(inner, cursors, config, &mut progress) {
                self.give_up(id, End::Closed(CloseCode::TooSlow));
                return None;
            }
            cursors.sort_by_key(|cursor| lane(inner.at(cursor.subscription.channel.topic)));
            is_whole = true;
            for cursor in cursors.iter_mut() {
                let state = inner.at(cursor.subscription.channel.topic);
                is_whole &= match state.class() {
                    Class::Log => catch_up_log(state, cursor, &mut progress),
                    Class::Keyed | Class::Latest => catch_up_value(state, cursor, &mut progress),
                };
            }
        }
        Some(Turn {
            conn: id,
            parts: progress.parts,
            is_whole,
        })
    }

    /// What was read from the journal for a connection: frames in its encoding by their offsets,
    /// oldest first.
    pub fn backfilled(
        &mut self,
        id: ConnId,
        topic: &Topic,
        read: Result<Vec<(u64, Bytes)>, BackfillFailed>,
    ) {
        let place = self.hub.inner.lock().find(topic);
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        let Following::Apart(cursors) = &mut conn.following else {
            return;
        };
        let asked = |cursor: &&mut Cursor| {
            Some(cursor.subscription.channel.topic) == place && matches!(cursor.past, Past::Asked)
        };
        let Some(cursor) = cursors.iter_mut().find(asked) else {
            return;
        };
        match read {
            Ok(frames) => {
                cursor.past = Past::Ready(frames.into());
                self.want_turn(id);
            }
            Err(BackfillFailed) => self.give_up(id, End::Closed(CloseCode::Gap)),
        }
    }

    /// Whether more waits for the slow reader than is borne.
    pub(super) fn is_beyond(&self, inner: &mut Inner, id: ConnId) -> bool {
        let Some(Following::Apart(cursors)) = self.conn(id).map(|conn| &conn.following) else {
            return false;
        };
        let waiting: u64 = cursors.iter().map(|cursor| backlog(inner, cursor)).sum();
        waiting > self.config.hard_bytes
    }
}

/// Alerts before other logs, these before figures.
fn lane(state: &TopicState) -> u8 {
    match state.class() {
        _ if state.topic == Topic::Alerts => 0,
        Class::Log => 1,
        Class::Keyed | Class::Latest => 2,
    }
}

/// Bytes of a log that were published and not given, except those that were asked for as the past.
fn backlog(inner: &mut Inner, cursor: &Cursor) -> u64 {
    let state = inner.at(cursor.subscription.channel.topic);
    match state.class() {
        Class::Log => state.bytes_after(cursor.at.unwrap_or_default().max(cursor.owed)),
        Class::Keyed | Class::Latest => 0,
    }
}

/// Skips what has become too much, and says so. False where the connection must go instead.
fn heed_lag(
    inner: &mut Inner,
    cursors: &mut [Cursor],
    config: &FanoutConfig,
    progress: &mut Progress<'_>,
) -> bool {
    let (mut alerts, mut others) = (0, 0);
    for cursor in cursors.iter() {
        let waiting = backlog(inner, cursor);
        match lane(inner.at(cursor.subscription.channel.topic)) {
            0 => alerts += waiting,
            _ => others += waiting,
        }
    }
    if alerts > config.hard_bytes {
        return false;
    }
    if others <= config.soft_bytes {
        return true;
    }
    for cursor in cursors {
        let waiting = backlog(inner, cursor);
        let state = inner.at(cursor.subscription.channel.topic);
        if lane(state) != 1 || waiting == 0 {
            continue;
        }
        if cursor.subscription.lag == LagRule::Close {
            return false;
        }
        let skipped = state.head - cursor.at.unwrap_or_default();
        cursor.at = Some(state.head);
        cursor.owed = state.head;
        cursor.past = Past::NotNeeded;
        progress.stats.lags += 1;
        let topic = state.topic.clone();
        progress.tell(&ServerFrame::Lag(Lag { topic, skipped }));
    }
    true
}

/// Gives publications of a log after the cursor. True where it has all of them then.
fn catch_up_log(state: &TopicState, cursor: &mut Cursor, progress: &mut Progress<'_>) -> bool {
    loop {
        let at = cursor.at.unwrap_or_default();
        match std::mem::replace(&mut cursor.past, Past::NotNeeded) {
            Past::Asked => {
                cursor.past = Past::Asked;
                return false;
            }
            Past::Ready(frames) => match give_past(state, cursor, at, frames, progress) {
                true => continue,
                false => return false,
            },
            Past::NotNeeded => {}
        }
        if at >= state.head {
            return true;
        }
        let Some(missed) = state.log_after(at) else {
            cursor.past = Past::Asked;
            progress.stats.backfills += 1;
            progress.backfills.push(Backfill {
                conn: progress.conn,
                topic: state.topic.clone(),
                epoch: state.epoch,
                encoding: progress.encoding,
                first: at + 1,
                last: state.head.min(at + CHUNK),
            });
            return false;
        };
        for publication in missed {
            if !progress.has_room() {
                return false;
            }
            progress.put_publication(publication);
            cursor.at = Some(publication.push.last);
        }
        return cursor.at == Some(state.head);
    }
}

/// Gives what was read from the journal. True where all of it was given.
fn give_past(
    state: &TopicState,
    cursor: &mut Cursor,
    at: u64,
    mut frames: VecDeque<(u64, Bytes)>,
    progress: &mut Progress<'_>,
) -> bool {
    if frames.front().is_none_or(|(offset, _)| *offset != at + 1) {
        // The journal has it no more: all or nothing.
        let offset = state.head;
        cursor.at = Some(offset);
        progress.stats.resyncs += 1;
        progress.tell(&ServerFrame::Resync(Resync {
            topic: state.topic.clone(),
            reason: ResyncReason::Trimmed,
            epoch: state.epoch,
            offset,
        }));
        return true;
    }
    while let Some((offset, frame)) = frames.pop_front() {
        progress.put(frame);
        cursor.at = Some(offset);
        if !progress.has_room() && !frames.is_empty() {
            cursor.past = Past::Ready(frames);
            return false;
        }
    }
    true
}

/// Gives the newest of a conflated topic. True where the reader has it then.
fn catch_up_value(
    state: &mut TopicState,
    cursor: &mut Cursor,
    progress: &mut Progress<'_>,
) -> bool {
    let given = state.given(cursor.subscription.channel.tier);
    if cursor.at.is_some_and(|at| at >= given) {
        return true;
    }
    if !progress.has_room() {
        return false;
    }
    if let Some(publication) = state.catch_up(cursor.at) {
        progress.put_publication(&publication);
    }
    cursor.at = Some(state.head);
    true
}
