//! What a client follows: its wishes read, held against its role and the limits, and handed to the
//! fan-out.

use super::{End, Flow, Session};
use crate::hub::{Follow, Tier, Wish};
use crate::server::access;
use crate::wire::frame::{Reply, ResumeFrom, Since, SubscribeTopic, TopicError};
use crate::wire::{CloseCode, ServerFrame, Stream, Topic};

/// Every symbol, present and future.
const EVERY_MARKET: &str = "market:*";

impl Session {
    /// Goes on from the places that `hello` names.
    pub(super) fn resume(&mut self, resume: Vec<ResumeFrom>) -> Flow {
        if resume.is_empty() {
            return Flow::Continue(());
        }
        self.check_room(resume.len())?;
        let wishes = resume.into_iter().map(|place| {
            let topic = self.named(&place.topic)?;
            Ok(Wish::Topic(Follow {
                since: Some(Since {
                    epoch: place.epoch,
                    offset: place.offset,
                }),
                history: 0,
                tier: self.tier(topic.stream(), None),
                topic,
                lag: Default::default(),
            }))
        });
        let wishes = wishes.collect();
        self.shard
            .with(|fanout, _| fanout.subscribe(self.id, None, wishes));
        Flow::Continue(())
    }

    pub(super) fn subscribe(&mut self, id: u64, topics: Vec<SubscribeTopic>) -> Flow {
        self.check_room(topics.len())?;
        let wishes = topics.into_iter().map(|wish| self.wish(wish)).collect();
        self.shard
            .with(|fanout, _| fanout.subscribe(self.id, Some(id), wishes));
        Flow::Continue(())
    }

    pub(super) fn unsubscribe(&mut self, id: u64, names: Vec<String>) {
        let every_market = names.iter().any(|name| name == EVERY_MARKET);
        let mut errors = Vec::new();
        let mut topics = Vec::new();
        for name in names.iter().filter(|name| *name != EVERY_MARKET) {
            match name.parse::<Topic>() {
                Ok(topic) => topics.push(topic),
                Err(error) => errors.push(refusal(name, "unknown_topic", error.to_string())),
            }
        }
        let reply = Reply {
            id,
            errors,
            ..Default::default()
        };
        self.shard.with(|fanout, _| {
            fanout.unsubscribe(self.id, &topics, every_market);
            fanout.reply(self.id, &ServerFrame::Ok(reply));
        });
    }

    fn wish(&self, wish: SubscribeTopic) -> Result<Wish, TopicError> {
        if wish
            .max_rate_hz
            .is_some_and(|rate| Tier::of(rate).is_none())
        {
            let message = "max_rate_hz must be above zero".to_owned();
            return Err(refusal(&wish.topic, "invalid_rate", message));
        }
        if wish.topic == EVERY_MARKET {
            let tier = self.tier(Stream::Market, wish.max_rate_hz);
            return Ok(Wish::EveryMarket { tier });
        }
        let topic = self.named(&wish.topic)?;
        let most = self.shard.host.config().max_history;
        let tier = self.tier(topic.stream(), wish.max_rate_hz);
        Ok(Wish::Topic(Follow {
            topic,
            since: wish.since,
            history: wish.history.unwrap_or_default().min(most).into(),
            tier,
            lag: wish.lag.unwrap_or_default(),
        }))
    }

    /// The rate at which a stream is given: as it is published, or more slowly.
    fn tier(&self, stream: Stream, max_rate_hz: Option<f64>) -> Tier {
        let halved = self
            .shard
            .host
            .rate_hz(stream)
            .filter(|_| self.opening.saves_data)
            .map(|rate| rate / 2.0);
        let asked = halved.into_iter().chain(max_rate_hz).reduce(f64::min);
        asked.and_then(Tier::of).unwrap_or(Tier::Full)
    }

    /// The topic of a name, where the client may follow it.
    fn named(&self, name: &str) -> Result<Topic, TopicError> {
        let topic = name.parse::<Topic>();
        let topic = topic.map_err(|error| refusal(name, "unknown_topic", error.to_string()))?;
        if self.caller.borrow().may(access::topic_need(&topic)) {
            Ok(topic)
        } else {
            let message = "this topic is for operators".to_owned();
            Err(refusal(name, "forbidden", message))
        }
    }

    /// Room for `more` subscriptions.
    fn check_room(&self, more: usize) -> Flow {
        let follows = self.shard.with(|fanout, _| fanout.follows(self.id));
        if follows.saturating_add(more) > self.shard.host.config().max_subscriptions {
            return Flow::Break(End::Close(CloseCode::TooManySubscriptions));
        }
        Flow::Continue(())
    }
}

fn refusal(topic: &str, code: &str, message: String) -> TopicError {
    TopicError {
        topic: topic.chars().take(80).collect(),
        code: code.to_owned(),
        message,
    }
}
