//! How a connection begins to follow topics: where it stands, in one look at the hub, and what it is
//! told. What it lacks is given by [`super::catch_up`] in the next round.

use std::sync::Arc;

use super::conn::{Cursor, Following, Wire};
use super::{ConnId, Fanout, Followed, LagRule, Subscription};
use crate::hub::topic::TopicState;
use crate::hub::{Channel, Inner, RESUME_WINDOW, Tier};
use crate::wire::frame::{ErrorReply, Reply, Resumed, Resync, Since, Subscribed, TopicError};
use crate::wire::{Class, ResyncReason, ServerFrame, Topic};

/// One topic as a client wants to follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Follow {
    pub topic: Topic,
    pub since: Option<Since>,
    /// Log topics: past publications to begin with.
    pub history: u64,
    pub tier: Tier,
    pub lag: LagRule,
}

impl Follow {
    /// A market from now on, as one of every market.
    fn market(topic: Topic, tier: Tier) -> Self {
        Self {
            topic,
            since: None,
            history: 0,
            tier,
            lag: LagRule::Skip,
        }
    }
}

/// What a client wants to follow.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    Topic(Follow),
    /// Every market, present and future.
    EveryMarket {
        tier: Tier,
    },
}

/// Where a subscription begins, with what the client is told besides `ok`.
struct Beginning {
    subscribed: Subscribed,
    at: Option<u64>,
    told: Option<ServerFrame>,
}

impl<W: Wire> Fanout<W> {
    /// Follows topics, and answers the command `id`; without one, for `hello`, nothing is answered
    /// but how each topic goes on, and an error for each that does not. A wish that was refused before is passed on
    /// as such.
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
        let hub = Arc::clone(&self.hub);
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
                        conn.every_market = Some(tier);
                    }
                    for topic in markets(&inner) {
                        let joined = self.join(&mut inner, conn, &Follow::market(topic, tier));
                        reply.topics.extend(joined.map(|begun| begun.subscribed));
                    }
                }
                Ok(Wish::Topic(wish)) => match self.join(&mut inner, conn, &wish) {
                    Some(begun) => {
                        reply.topics.push(begun.subscribed);
                        told.extend(begun.told);
                    }
                    None => reply.errors.push(TopicError {
                        topic: wish.topic.to_string(),
                        code: "unknown_topic".to_owned(),
                        message: format!("there is no {}", wish.topic),
                    }),
                },
                Err(error) => reply.errors.push(error),
            }
        }
        drop(inner);
        if id.is_some() {
            self.reply(conn, &ServerFrame::Ok(reply));
        } else {
            // A greeting has no number that an answer could name.
            for refused in reply.errors {
                let error = ErrorReply {
                    id: None,
                    code: refused.code,
                    field: None,
                    message: format!("{}: {}", refused.topic, refused.message),
                    temporary: false,
                    retry_ms: None,
                };
                self.reply(conn, &ServerFrame::Error(error));
            }
        }
        for frame in told {
            self.reply(conn, &frame);
        }
        self.want_turn(conn);
    }

    /// Leaves topics; what was not followed is no error.
    pub fn unsubscribe(&mut self, conn: ConnId, topics: &[Topic], every_market: bool) {
        self.step_apart(conn);
        let hub = Arc::clone(&self.hub);
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

    /// Puts a cursor where the wish begins; `None` where there is no such topic.
    fn join(&mut self, inner: &mut Inner, conn: ConnId, wish: &Follow) -> Option<Beginning> {
        let id = inner.find(&wish.topic)?;
        let state = inner.at(id);
        let tier = match state.class() {
            Class::Log => Tier::Full,
            Class::Keyed | Class::Latest => wish.tier,
        };
        let channel = Channel { topic: id, tier };
        // Listened to first: whatever is published from now on arrives.
        self.use_in(inner, channel);
        let state = inner.at(id);
        let begun = begin(state, wish, tier);
        match begun.told {
            Some(ServerFrame::Resumed(_)) => self.stats.resumed += 1,
            Some(ServerFrame::Resync(_)) => self.stats.resyncs += 1,
            _ => {}
        }
        let lag = wish.lag;
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
                let tier = conn.every_market?;
                let generation = conn.generation;
                let slot = slot as u32;
                Some((ConnId { slot, generation }, tier))
            })
            .collect();
        for (id, tier) in watching {
            self.step_apart(id);
            self.join(inner, id, &Follow::market(topic.clone(), tier));
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
        let hub = Arc::clone(&self.hub);
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

/// Where a subscription begins: behind the place that it names, or afresh, with a word on why that
/// place is not to be had.
fn begin(state: &TopicState, wish: &Follow, tier: Tier) -> Beginning {
    let (head, epoch) = (state.head, state.epoch);
    let is_log = state.class() == Class::Log;
    let begin = |at: Option<u64>, told| Beginning {
        subscribed: Subscribed {
            topic: state.topic.clone(),
            epoch,
            offset: at.unwrap_or_default(),
        },
        at,
        told,
    };
    let reason = match wish.since {
        None => None,
        Some(since) if since.epoch != epoch => Some(ResyncReason::EpochChanged),
        Some(Since { offset, .. }) if offset > head || is_log && head - offset > RESUME_WINDOW => {
            Some(ResyncReason::WindowExceeded)
        }
        Some(Since { offset: from, .. }) => {
            let resumed = Resumed {
                topic: state.topic.clone(),
                from,
                to: state.given(tier).max(from),
            };
            return begin(Some(from), Some(ServerFrame::Resumed(resumed)));
        }
    };
    // A log goes on from what it has in memory; of a conflated topic the whole comes first.
    let in_memory = state.first_in_ring().saturating_sub(1);
    let at = is_log.then(|| head.saturating_sub(wish.history).max(in_memory));
    let told = reason.map(|reason| {
        ServerFrame::Resync(Resync {
            topic: state.topic.clone(),
            reason,
            epoch,
            offset: at.unwrap_or_default(),
        })
    });
    begin(at, told)
}
