//! A round: what was published goes to those in step, a message for each group; those apart get
//! their turn. Both from one look at the hub, so that whoever is brought up to date stands exactly
//! where the others stand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::catch_up::{Part, Turn};
use super::conn::{Following, Wire, Written};
use super::{ConnId, End, Fanout, message};
use crate::hub::inbox::Arrived;

impl<W: Wire> Fanout<W> {
    /// Writes all that is to be written now.
    pub fn round(&mut self, now: Duration) {
        let hub = Arc::clone(&self.hub);
        let mut inner = hub.inner.lock();
        // Under the hub's lock: exactly what was published before the state that is read here.
        let mut arrived = self.inbox.take();
        for topic in std::mem::take(&mut arrived.appeared) {
            let name = inner.at(topic).topic.clone();
            self.join_appeared(&mut inner, &name);
        }
        if arrived.overflowed {
            self.step_all_apart();
            for (channel, followed) in &mut self.channels {
                followed.head = inner.at(channel.topic).given(channel.tier);
            }
        }
        let pending = std::mem::take(&mut self.pending);
        let turns: Vec<_> = pending
            .into_iter()
            .filter_map(|id| self.turn(&mut inner, id))
            .collect();
        drop(inner);
        self.fan_out(&arrived, now);
        for turn in turns {
            self.give(turn, now);
        }
    }

    /// Writes answers that wait, unless they go with the next round.
    pub fn flush(&mut self, id: ConnId, now: Duration) {
        if self.conn(id).is_some_and(|conn| !conn.is_pending) {
            self.write_answers(id, now);
        }
    }

    /// The transport takes bytes again.
    pub fn writable(&mut self, id: ConnId, now: Duration) {
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        let rest = std::mem::take(&mut conn.rest);
        if let Some(since) = conn.stalled.take() {
            self.stalls.remove(&(since, id));
        }
        if self.write(id, rest, now) {
            self.write_answers(id, now);
            self.want_turn(id);
        }
    }

    fn fan_out(&mut self, arrived: &Arrived, now: Duration) {
        let mut by_group: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, (channel, publication)) in arrived.publications.iter().enumerate() {
            if let Some(followed) = self.channels.get_mut(channel) {
                followed.head = publication.push.last;
            }
            for group in self.groups.following(*channel) {
                by_group.entry(*group).or_default().push(place);
            }
        }
        for (group, mut places) in by_group {
            let Some(found) = self.groups.get(group) else {
                continue;
            };
            // Alerts go first; otherwise the order of publishing stays.
            places.sort_by_key(|place| !arrived.publications[*place].1.is_alert());
            let encoding = found.signature.encoding;
            let frames: Vec<Bytes> = places
                .iter()
                .map(|place| arrived.publications[*place].1.frame(encoding).clone())
                .collect();
            let message = message::finish(encoding, &frames);
            let members = found.members.clone();
            self.stats.frames += (frames.len() * members.len()) as u64;
            for member in members {
                self.write(member, message.clone(), now);
            }
        }
    }

    fn give(&mut self, turn: Turn, now: Duration) {
        let Turn {
            conn: id,
            parts,
            is_whole,
        } = turn;
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        let (encoding, unpacks) = (conn.encoding, conn.unpacks);
        let count = parts.len();
        let (mut frames, mut packed) = (Vec::with_capacity(count), Vec::new());
        for part in parts {
            match part {
                Part::Frame(frame) => frames.push(frame),
                Part::Publication(publication) => {
                    let small = unpacks.then(|| publication.packed(encoding)).flatten();
                    match small {
                        Some(message) => packed.push(message::binary(message)),
                        None => frames.push(publication.frame(encoding).clone()),
                    }
                }
            }
        }
        let mut pieces = std::mem::take(&mut conn.control);
        pieces.push(message::finish(encoding, &frames));
        pieces.extend(packed);
        let message = joined(pieces);
        if !conn.rest.is_empty() {
            // What its group got in this round did not go out whole: these come behind it.
            conn.rest = joined(vec![std::mem::take(&mut conn.rest), message]);
            return;
        }
        let is_written = self.write(id, message, now);
        self.stats.frames += count as u64;
        if is_written {
            if is_whole {
                self.fall_in(id);
            } else if count > 0 {
                self.want_turn(id);
            }
        }
    }

    pub(super) fn write_answers(&mut self, id: ConnId, now: Duration) {
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        if !conn.rest.is_empty() {
            return;
        }
        let frames = std::mem::take(&mut conn.replies);
        let mut parts = std::mem::take(&mut conn.control);
        parts.push(message::finish(conn.encoding, &frames));
        let message = joined(parts);
        self.stats.frames += frames.len() as u64;
        self.write(id, message, now);
    }

    /// Writes as much as the transport takes; the rest waits for [`Fanout::writable`], and the
    /// connection stands apart from then on. True where all of it went.
    fn write(&mut self, id: ConnId, mut bytes: Bytes, now: Duration) -> bool {
        let Some(conn) = self.conn_mut(id) else {
            return false;
        };
        if conn.is_over {
            return false;
        }
        let mut moved = 0;
        let mut writes = 0;
        let blocked = loop {
            if bytes.is_empty() {
                break false;
            }
            writes += 1;
            match conn.wire.write(&bytes) {
                Written::Bytes(count) => {
                    moved += count as u64;
                    if count >= bytes.len() {
                        break false;
                    }
                    bytes = bytes.slice(count..);
                }
                Written::Blocked => break true,
                Written::Gone => {
                    self.give_up(id, End::Gone);
                    return false;
                }
            }
        };
        if blocked {
            conn.rest = bytes;
            conn.stalled = Some(now);
        }
        self.stats.bytes += moved;
        self.stats.writes += writes;
        if blocked {
            self.stalls.insert((now, id));
            self.blocked.push(id);
            self.step_apart(id);
        }
        !blocked
    }

    fn step_all_apart(&mut self) {
        for group in self.groups.all() {
            let members = self.groups.get(group).map(|group| group.members.clone());
            for id in members.unwrap_or_default() {
                self.step_apart(id);
                self.want_turn(id);
            }
        }
    }

    /// Whether a connection is in step, and so has everything.
    pub fn is_in_step(&self, id: ConnId) -> bool {
        let following = self.conn(id).map(|conn| &conn.following);
        matches!(following, Some(Following::InStep { .. }))
    }
}

/// Finished bytes one after the other; a single piece is not copied.
fn joined(mut parts: Vec<Bytes>) -> Bytes {
    parts.retain(|part| !part.is_empty());
    match parts.len() {
        0 | 1 => parts.pop().unwrap_or_default(),
        _ => parts.concat().into(),
    }
}
