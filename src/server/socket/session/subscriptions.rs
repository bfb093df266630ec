//! Subscriptions of a session: how each begins, without gap or duplicate, and how it ends.

use super::{End, Flow, Session, flow};
use crate::hub::Joined;
use crate::server::access;
use crate::server::clock::wall_time;
use crate::store::Range;
use crate::wire::frame::{Reply, Resumed, Resync, Since, SubscribeTopic, Subscribed, TopicError};
use crate::wire::{CloseCode, Content, Epoch, Push, ResyncReason, ServerFrame, Topic};
use crate::wire::{json, publication};

/// Every symbol, present and future.
const EVERY_MARKET: &str = "market:*";
/// Publications that are read from the journal at once while a subscription catches up.
const BACKFILL: u64 = 500;
/// How a subscription begins, beside its place.
pub enum Beginning {
    Fresh,
    Resumed {
        from: u64,
        to: u64,
    },
    Backfill {
        epoch: Epoch,
        from: u64,
        to: u64,
    },
    Resync {
        epoch: Epoch,
        offset: u64,
        reason: ResyncReason,
    },
}

impl Session {
    pub(super) async fn subscribe(&mut self, id: u64, wanted: Vec<SubscribeTopic>) -> Flow {
        self.check_room(wanted.len())?;
        let mut reply = Reply {
            id,
            ..Reply::default()
        };
        let mut begun = Vec::new();
        for wish in wanted {
            let history = u64::from(
                wish.history
                    .unwrap_or_default()
                    .min(self.state.config.server.max_history),
            );
            if wish.topic == EVERY_MARKET {
                for topic in self.state.hub.watch_markets(&self.mailbox) {
                    if let Some((subscribed, frame)) = self.join(&topic, None, 0) {
                        reply.topics.push(subscribed);
                        begun.push((topic, frame));
                    }
                }
                continue;
            }
            match self.subscribe_one(&wish, history) {
                Ok((topic, subscribed, frame)) => {
                    reply.topics.push(subscribed);
                    begun.push((topic, frame));
                }
                Err(error) => reply.errors.push(error),
            }
        }
        self.send(ServerFrame::Ok(reply)).await?;
        for (topic, frame) in begun {
            self.begin(&topic, frame).await?;
        }
        self.deliver().await
    }

    fn subscribe_one(
        &mut self,
        wish: &SubscribeTopic,
        history: u64,
    ) -> Result<(Topic, Subscribed, Beginning), TopicError> {
        let failed = |code: &str, message: String| TopicError {
            topic: wish.topic.chars().take(80).collect(),
            code: code.to_owned(),
            message,
        };
        let topic: Topic = wish
            .topic
            .parse()
            .map_err(|error| failed("unknown_topic", format!("{error}")))?;
        if !self.principal.may(access::topic_role(&topic)) {
            return Err(failed(
                "forbidden",
                "this topic is for operators".to_owned(),
            ));
        }
        match self.join(&topic, wish.since, history) {
            Some((subscribed, beginning)) => Ok((topic, subscribed, beginning)),
            None => Err(failed("unknown_topic", format!("there is no {topic}"))),
        }
    }

    /// Room for `more` subscriptions.
    pub(super) fn check_room(&self, more: usize) -> Flow {
        if self.subscribed.len().saturating_add(more) > self.state.config.server.max_subscriptions {
            return Flow::Break(End::Close(CloseCode::TooManySubscriptions));
        }
        Flow::Continue(())
    }

    pub(super) fn join(
        &mut self,
        topic: &Topic,
        since: Option<Since>,
        history: u64,
    ) -> Option<(Subscribed, Beginning)> {
        let joined = self.state.hub.join(&self.mailbox, topic, since, history)?;
        self.subscribed.insert(topic.clone());
        let (epoch, offset, beginning) = match joined {
            Joined::Fresh { epoch, offset } => (epoch, offset, Beginning::Fresh),
            Joined::Resumed { epoch, from, to } => (epoch, from, Beginning::Resumed { from, to }),
            Joined::Backfill { epoch, from, to } => {
                (epoch, from, Beginning::Backfill { epoch, from, to })
            }
            Joined::Resync {
                epoch,
                offset,
                reason,
            } => (
                epoch,
                offset,
                Beginning::Resync {
                    epoch,
                    offset,
                    reason,
                },
            ),
        };
        Some((
            Subscribed {
                topic: topic.clone(),
                epoch,
                offset,
            },
            beginning,
        ))
    }

    /// Says how a subscription begins and sends what only the journal has.
    pub(super) async fn begin(&mut self, topic: &Topic, beginning: Beginning) -> Flow {
        match beginning {
            Beginning::Fresh => Flow::Continue(()),
            Beginning::Resumed { from, to } => {
                self.send(ServerFrame::Resumed(Resumed {
                    topic: topic.clone(),
                    from,
                    to,
                }))
                .await
            }
            Beginning::Resync {
                epoch,
                offset,
                reason,
            } => {
                self.send(ServerFrame::Resync(Resync {
                    topic: topic.clone(),
                    reason,
                    epoch,
                    offset,
                }))
                .await
            }
            Beginning::Backfill { epoch, from, to } => {
                self.send(ServerFrame::Resumed(Resumed {
                    topic: topic.clone(),
                    from,
                    to,
                }))
                .await?;
                self.backfill(topic, epoch, from, to).await?;
                self.mailbox.open_gate(topic);
                Flow::Continue(())
            }
        }
    }

    async fn backfill(&mut self, topic: &Topic, epoch: Epoch, from: u64, to: u64) -> Flow {
        let mut next = from + 1;
        while next <= to {
            let last = to.min(next + BACKFILL - 1);
            let logged = match self
                .state
                .reader
                .range(topic, Range { first: next, last })
                .await
            {
                Ok(logged) => logged,
                Err(error) => {
                    tracing::error!(%error, %topic, "the journal could not be read for a resume");
                    return Flow::Break(End::Close(CloseCode::Gap));
                }
            };
            let now = wall_time();
            let frames = logged.into_iter().filter_map(|logged| {
                let (topic, data) = publication(&logged.record.event)?;
                let offset = logged.place.offset;
                let push = Push {
                    topic,
                    epoch,
                    first: offset,
                    last: offset,
                    seq: logged.record.seq,
                    t_source: Some(logged.record.time),
                    t_received: logged.received,
                    t_published: now,
                    data: Content::Event(data),
                };
                json::encode_push(&push).ok().map(Into::into)
            });
            let frames: Vec<bytes::Bytes> = frames.collect();
            flow(self.out.frames(frames).await)?;
            next = last + 1;
        }
        Flow::Continue(())
    }

    pub(super) async fn unsubscribe(&mut self, id: u64, topics: Vec<String>) -> Flow {
        let mut reply = Reply {
            id,
            ..Reply::default()
        };
        for name in topics {
            if name == EVERY_MARKET {
                self.state.hub.unwatch_markets(&self.mailbox);
                let markets = self
                    .subscribed
                    .extract_if(.., |topic| matches!(topic, Topic::Market(_)));
                for topic in markets {
                    self.state.hub.leave(&self.mailbox, &topic);
                }
                continue;
            }
            match name.parse::<Topic>() {
                Ok(topic) => {
                    self.subscribed.remove(&topic);
                    self.state.hub.leave(&self.mailbox, &topic);
                }
                Err(error) => reply.errors.push(TopicError {
                    topic: name.chars().take(80).collect(),
                    code: "unknown_topic".to_owned(),
                    message: error.to_string(),
                }),
            }
        }
        self.send(ServerFrame::Ok(reply)).await
    }
}
