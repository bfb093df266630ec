//! How a connection begins to follow topics: where it stands, in one look at the hub, and what it is
//! told. What it lacks is given by [`super::catch_up`] in the next round.

use super::conn::{Cursor, Following, Wire};
use super::{ConnId, Fanout, Followed, LagRule, Subscription};
use crate::hub::topic::TopicState;
use crate::hub::{Channel, Inner, RESUME_WINDOW, Tier};
use crate::wire::frame::{Reply, Resumed, Resync, Since, Subscribed, TopicError};
use crate::wire::{Class, ResyncReason, ServerFrame, Topic};

/// What a client wants to follow.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    Topic {
        topic: Topic,
        since: Option<Since>,
        /// Log topics: past publications to begin with.
        history: u64,
        tier: Tier,
        lag: LagRule,
    },
    /// Every market, present and future.
    EveryMarket { tier: Tier },
}

/// Where a subscription begins, with what the client is told besides `ok`.
struct Beginning {
    subscribed: Subscribed,
    at: Option<u64>,
    told: Option<ServerFrame>,
}

impl<W: Wire> Fanout<W> {
    /// Follows topics, and answers the command `id`; without one, for `hello`, nothing is answered
    /// but how each topic goes on. A wish that was refused before is passed on as such.
    pub fn subscribe(
        &mut self,
        conn: ConnId,
        id: Option<u64>,
        wishes: Vec<Result<Wish, TopicError>>,
    ) {
        if self.conn(conn).is_none() {
            return;
        }
        self.step_apart(conn);
        let hub = std::sync::Arc::clone(&self.hub);
        let mut inner = hub.inner.lock();
        let mut reply = Reply {
            id: id.unwrap_or_default(),
            ..Reply::default()
        };
        let mut told = Vec::new();
        for wish in wishes {
            match wish {
                Ok(Wish::EveryMarket { tier }) => {
                    if let Some(conn) = self.conn_mut(conn) {
                        conn.every_market = Some((tier, LagRule::Skip));
                    }
                    for topic in markets(&inner) {
                        let joined = self.join(&mut inner, conn, &topic, None, 0, tier);
                        reply.topics.extend(joined.map(|begun| begun.subscribed));
                    }
                }
                Ok(Wish::Topic {
                    topic,
                    since,
                    history,
                    tier,
                    lag,
                }) => match self.join_one(&mut inner, conn, &topic, since, history, tier, lag) {
                    Some(begun) => {
                        reply.topics.push(begun.subscribed);
                        told.extend(begun.told);
                    }
                    None => reply.errors.push(TopicError {
                        topic: topic.to_string(),
                        code: "unknown_topic".to_owned(),
                        message: format!("there is no {topic}"),
                    }),
                },
                Err(error) => reply.errors.push(error),
            }
        }
        drop(inner);
        if id.is_some() {
            self.reply(conn, &ServerFrame::Ok(reply));
        }
        for frame in told {
            self.reply(conn, &frame);
        }
        self.want_turn(conn);
    }

    /// Leaves topics; what was not followed is no error.
    pub fn unsubscribe(&mut self, conn: ConnId, topics: &[Topic], every_market: bool) {
        self.step_apart(conn);
        let hub = std::sync::Arc::clone(&self.hub);
        let mut inner = hub.inner.lock();
        let mut left: Vec<_> = topics
            .iter()
            .filter_map(|topic| inner.find(topic))
            .collect();
        if every_market {
            left.extend(markets(&inner).iter().filter_map(|topic| inner.find(topic)));
        }
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        if every_market {
            found.every_market = None;
        }
        let Following::Apart(cursors) = &mut found.following else {
            return;
        };
        let gone: Vec<_> = cursors
            .extract_if(.., |cursor| {
                left.contains(&cursor.subscription.channel.topic)
            })
            .collect();
        for cursor in gone {
            self.unuse_in(&mut inner, cursor.subscription.channel);
        }
        drop(inner);
        self.want_turn(conn);
    }

    /// How many topics a connection follows.
    pub fn follows(&self, conn: ConnId) -> usize {
        match self.conn(conn).map(|conn| &conn.following) {
            Some(Following::InStep { group, .. }) => self
                .groups
                .get(*group)
                .map_or(0, |group| group.signature.subscriptions.len()),
            Some(Following::Apart(cursors)) => cursors.len(),
            None => 0,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one wish")]
    fn join_one(
        &mut self,
        inner: &mut Inner,
        conn: ConnId,
        topic: &Topic,
        since: Option<Since>,
        history: u64,
        tier: Tier,
        lag: LagRule,
    ) -> Option<Beginning> {
        let begun = self.join(inner, conn, topic, since, history, tier)?;
        if let Some(conn) = self.conn_mut(conn)
            && let Following::Apart(cursors) = &mut conn.following
            && let Some(cursor) = cursors.last_mut()
        {
            cursor.subscription.lag = lag;
        }
        Some(begun)
    }

    fn join(
        &mut self,
        inner: &mut Inner,
        conn: ConnId,
        topic: &Topic,
        since: Option<Since>,
        history: u64,
        tier: Tier,
    ) -> Option<Beginning> {
        let id = inner.find(topic)?;
        let state = inner.at(id);
        let tier = match state.class() {
            Class::Log => Tier::Full,
            Class::Keyed | Class::Latest => tier,
        };
        let channel = Channel { topic: id, tier };
        // Listened to first: whatever is published from now on arrives.
        self.use_in(inner, channel);
        let state = inner.at(id);
        let begun = match state.class() {
            Class::Log => begin_log(state, since, history),
            Class::Keyed | Class::Latest => begin_conflated(state, since, tier),
        };
        match begun.told {
            Some(ServerFrame::Resumed(_)) => self.stats.resumed += 1,
            Some(ServerFrame::Resync(_)) => self.stats.resyncs += 1,
            _ => {}
        }
        let lag = LagRule::Skip;
        let subscription = Subscription { channel, lag };
        let cursor = Cursor::new(subscription, begun.at, state.head);
        let found = self.conn_mut(conn)?;
        let Following::Apart(cursors) = &mut found.following else {
            return Some(begun);
        };
        let before = cursors
            .iter()
            .position(|cursor| cursor.subscription.channel.topic == id)
            .map(|place| cursors.remove(place));
        cursors.push(cursor);
        if let Some(before) = before {
            self.unuse_in(inner, before.subscription.channel);
        }
        Some(begun)
    }

    /// Joins those who follow every market to one that is new.
    pub(super) fn join_appeared(&mut self, inner: &mut Inner, topic: &Topic) {
        if !matches!(topic, Topic::Market(_)) {
            return;
        }
        let watching: Vec<_> = self
            .conns
            .iter()
            .enumerate()
            .filter_map(|(slot, conn)| {
                let conn = conn.as_ref()?;
                let (tier, _) = conn.every_market?;
                let generation = conn.generation;
                let slot = slot as u32;
                Some((ConnId { slot, generation }, tier))
            })
            .collect();
        for (id, tier) in watching {
            self.step_apart(id);
            self.join(inner, id, topic, None, 0, tier);
            self.want_turn(id);
        }
    }

    fn use_in(&mut self, inner: &mut Inner, channel: Channel) {
        let state = inner.at(channel.topic);
        let followed = self.channels.entry(channel).or_insert_with(|| {
            state.listen(channel.tier, &self.inbox);
            let head = state.given(channel.tier);
            Followed { users: 0, head }
        });
        followed.users += 1;
    }

    fn unuse_in(&mut self, inner: &mut Inner, channel: Channel) {
        if let Some(followed) = self.channels.get_mut(&channel) {
            followed.users -= 1;
            if followed.users == 0 {
                self.channels.remove(&channel);
                inner.at(channel.topic).unlisten(channel.tier, &self.inbox);
            }
        }
    }

    pub(super) fn unuse(&mut self, channel: Channel) {
        let hub = std::sync::Arc::clone(&self.hub);
        self.unuse_in(&mut hub.inner.lock(), channel);
    }
}

fn markets(inner: &Inner) -> Vec<Topic> {
    let names = inner.names.keys();
    names
        .filter(|topic| matches!(topic, Topic::Market(_)))
        .cloned()
        .collect()
}

fn subscribed(state: &TopicState, offset: u64) -> Subscribed {
    Subscribed {
        topic: state.topic.clone(),
        epoch: state.epoch,
        offset,
    }
}

fn resync(state: &TopicState, offset: u64, reason: ResyncReason) -> Option<ServerFrame> {
    Some(ServerFrame::Resync(Resync {
        topic: state.topic.clone(),
        reason,
        epoch: state.epoch,
        offset,
    }))
}

fn begin_log(state: &TopicState, since: Option<Since>, history: u64) -> Beginning {
    let head = state.head;
    let reason = match since {
        None => None,
        Some(since) if since.epoch != state.epoch => Some(ResyncReason::EpochChanged),
        Some(since) if since.offset > head || head - since.offset > RESUME_WINDOW => {
            Some(ResyncReason::WindowExceeded)
        }
        Some(Since { offset, .. }) => {
            return Beginning {
                subscribed: subscribed(state, offset),
                at: Some(offset),
                told: Some(ServerFrame::Resumed(Resumed {
                    topic: state.topic.clone(),
                    from: offset,
                    to: head,
                })),
            };
        }
    };
    let in_memory = state.first_in_ring().saturating_sub(1);
    let offset = head.saturating_sub(history).max(in_memory);
    Beginning {
        subscribed: subscribed(state, offset),
        at: Some(offset),
        told: reason.and_then(|reason| resync(state, offset, reason)),
    }
}

fn begin_conflated(state: &TopicState, since: Option<Since>, tier: Tier) -> Beginning {
    let reason = match since {
        None => None,
        Some(since) if since.epoch != state.epoch => Some(ResyncReason::EpochChanged),
        Some(since) if since.offset > state.head => Some(ResyncReason::WindowExceeded),
        Some(Since { offset, .. }) => {
            return Beginning {
                subscribed: subscribed(state, offset),
                at: Some(offset),
                told: Some(ServerFrame::Resumed(Resumed {
                    topic: state.topic.clone(),
                    from: offset,
                    to: state.given(tier).max(offset),
                })),
            };
        }
    };
    Beginning {
        subscribed: subscribed(state, 0),
        at: None,
        told: reason.and_then(|reason| resync(state, 0, reason)),
    }
}
