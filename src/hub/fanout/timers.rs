//! What is due by the clock: heartbeats, readers that never answer, writes that never move.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::conn::{Following, Wire};
use super::{ConnId, End, Fanout, message};
use crate::domain::TimeUs;
use crate::hub::TopicId;
use crate::wire::frame::Heartbeat;
use crate::wire::{CloseCode, Position, ServerFrame};

/// Between two looks at what waits for slow readers.
const LIMITS: Duration = Duration::from_secs(1);

impl<W: Wire> Fanout<W> {
    /// When [`Fanout::tick`] has something to do.
    pub fn next_due(&self) -> Option<Duration> {
        let ping = self.pings.first().map(|(at, _)| *at);
        let stall = self.stalls.first().map(|(since, _)| {
            let limits = self.limits_checked + LIMITS;
            (*since + self.config.stall).min(limits)
        });
        [ping, stall].into_iter().flatten().min()
    }

    /// Does what is due. `wall` is what heartbeats say of the time.
    pub fn tick(&mut self, now: Duration, wall: TimeUs) {
        while let Some((since, id)) = self.stalls.first().copied() {
            if since + self.config.stall > now {
                break;
            }
            self.stalls.pop_first();
            if let Some(conn) = self.conn_mut(id) {
                conn.stalled = None;
            }
            self.give_up(id, End::Closed(CloseCode::TooSlow));
        }
        if !self.stalls.is_empty() && now >= self.limits_checked + LIMITS {
            self.limits_checked = now;
            self.check_limits();
        }
        let mut names = BTreeMap::new();
        while let Some((at, id)) = self.pings.first().copied() {
            if at > now {
                break;
            }
            self.pings.pop_first();
            self.ping(id, now, wall, &mut names);
        }
    }

    fn check_limits(&mut self) {
        let hub = Arc::clone(&self.hub);
        let mut inner = hub.inner.lock();
        let stalled: Vec<_> = self.stalls.iter().map(|(_, id)| *id).collect();
        let beyond: Vec<_> = stalled
            .into_iter()
            .filter(|id| self.is_beyond(&mut inner, *id))
            .collect();
        drop(inner);
        for id in beyond {
            self.give_up(id, End::Closed(CloseCode::TooSlow));
        }
    }

    fn ping(
        &mut self,
        id: ConnId,
        now: Duration,
        wall: TimeUs,
        names: &mut BTreeMap<TopicId, Position>,
    ) {
        let silent = self.config.ping.mul_f64(1.2) + self.config.pong;
        let Some(conn) = self.conn(id) else { return };
        if conn.is_over {
            return;
        }
        if now.saturating_sub(conn.heard) > silent {
            self.give_up(id, End::Closed(CloseCode::NoPong));
            return;
        }
        let heads = self.heads(id, names);
        let ping_at = now + self.jittered(self.config.ping);
        self.pings.insert((ping_at, id));
        let Some(conn) = self.conn_mut(id) else {
            return;
        };
        conn.ping_at = ping_at;
        // Who cannot be written to has other worries.
        if conn.rest.is_empty() {
            conn.control.push(Bytes::from_static(&message::PING_FRAME));
            let server_time = wall;
            self.reply(
                id,
                &ServerFrame::Heartbeat(Heartbeat { heads, server_time }),
            );
            self.flush(id, now);
        }
    }

    /// What was given to a connection of each topic.
    fn heads(&self, id: ConnId, names: &mut BTreeMap<TopicId, Position>) -> Vec<Position> {
        let Some(conn) = self.conn(id) else {
            return Vec::new();
        };
        let given: Vec<(TopicId, u64)> = match &conn.following {
            Following::InStep { group, .. } => self
                .groups
                .get(*group)
                .map(|group| group.signature.subscriptions.as_slice())
                .unwrap_or_default()
                .iter()
                .map(|subscription| {
                    let followed = self.channels.get(&subscription.channel);
                    let head = followed.map_or(0, |followed| followed.head);
                    (subscription.channel.topic, head)
                })
                .collect(),
            Following::Apart(cursors) => cursors
                .iter()
                .filter_map(|cursor| Some((cursor.subscription.channel.topic, cursor.at?)))
                .collect(),
        };
        let mut inner = self.hub.inner.lock();
        given
            .into_iter()
            .map(|(topic, offset)| {
                let name = names.entry(topic).or_insert_with(|| {
                    let state = inner.at(topic);
                    Position {
                        topic: state.topic.clone(),
                        epoch: state.epoch,
                        offset: 0,
                    }
                });
                Position {
                    offset,
                    ..name.clone()
                }
            })
            .collect()
    }
}
