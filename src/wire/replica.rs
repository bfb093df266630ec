//! A client's copy of one topic, and the rule that keeps it exact: a push is applied iff
//! `first ≤ last_seen + 1 ≤ last`; what is older is a duplicate, what is newer shows a gap.

use std::collections::VecDeque;

use super::frame::Since;
use super::{Class, Content, Epoch, Payload, Push, Topic};
use crate::domain::{Seq, TimeUs};

/// The most publications of a log topic that a client keeps; older ones leave at the front.
pub const MAX_ENTRIES: usize = 500;

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Changed,
    Duplicate,
    /// Something before it is missing: resume the topic.
    Gap,
}

/// One topic as far as a client knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Replica {
    pub topic: Topic,
    epoch: Option<Epoch>,
    offset: u64,
    /// The engine's seq that the content is true at.
    pub seq: Option<Seq>,
    /// Wall time of the server at which the newest content arrived there.
    pub t_received: Option<TimeUs>,
    /// Keyed and latest topics.
    value: Option<Payload>,
    /// Log topics, oldest first.
    entries: VecDeque<Payload>,
}

impl Replica {
    pub fn new(topic: Topic) -> Self {
        Self {
            topic,
            epoch: None,
            offset: 0,
            seq: None,
            t_received: None,
            value: None,
            entries: VecDeque::new(),
        }
    }

    /// Forgets the content and starts after `offset`: a subscription without a past, or a resync.
    pub fn start(&mut self, epoch: Epoch, offset: u64) {
        self.epoch = Some(epoch);
        self.offset = offset;
        self.value = None;
        self.entries.clear();
    }

    /// Puts content in place that was handed over by other means than pushes.
    pub fn fill(&mut self, at: Since, seq: Seq, t_received: Option<TimeUs>, content: Vec<Payload>) {
        self.start(at.epoch, at.offset);
        self.seq = Some(seq);
        self.t_received = t_received;
        match self.topic.class() {
            Class::Log => self.entries = content.into(),
            Class::Keyed | Class::Latest => self.value = content.into_iter().next_back(),
        }
    }

    /// Where to resume from.
    pub fn since(&self) -> Option<Since> {
        self.epoch.map(|epoch| Since {
            epoch,
            offset: self.offset,
        })
    }

    pub fn value(&self) -> Option<&Payload> {
        self.value.as_ref()
    }

    pub fn entries(&self) -> &VecDeque<Payload> {
        &self.entries
    }

    /// Whether `head` shows that something was missed.
    pub fn is_behind(&self, epoch: Epoch, head: u64) -> bool {
        self.epoch != Some(epoch) || self.offset < head
    }

    pub fn apply(&mut self, push: Push) -> Applied {
        if self.epoch != Some(push.epoch) {
            return Applied::Gap;
        }
        if push.last <= self.offset {
            return Applied::Duplicate;
        }
        if push.first.saturating_sub(1) > self.offset {
            return Applied::Gap;
        }
        match (push.data, &mut self.value) {
            (Content::Event(entry), _) => {
                self.entries.push_back(entry);
                if self.entries.len() > MAX_ENTRIES {
                    self.entries.pop_front();
                }
            }
            (Content::Delta(delta), Some(value)) => {
                // A change of what is not known: something before it was missed.
                if value.apply(delta).is_err() {
                    return Applied::Gap;
                }
            }
            (Content::Delta(_), None) => return Applied::Gap,
            (Content::Snapshot(whole), value) => *value = Some(whole),
        }
        self.offset = push.last;
        self.seq = Some(push.seq);
        self.t_received = Some(push.t_received);
        Applied::Changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BotId, Decimal, EquityPoint};
    use crate::wire::{Delta, PushKind};

    fn point(time: i64) -> EquityPoint {
        EquityPoint {
            time: TimeUs(time),
            equity: Decimal::from(time),
            deposits: Decimal::ZERO,
            drawdown: None,
            benchmark: None,
            rolling_sharpe: None,
        }
    }

    fn points(times: &[i64]) -> Payload {
        Payload::Equity(times.iter().map(|time| point(*time)).collect())
    }

    fn push(kind: PushKind, first: u64, last: u64, times: &[i64]) -> Push {
        Push {
            topic: Topic::Equity(BotId::paper()),
            epoch: Epoch(1),
            first,
            last,
            seq: Seq(last),
            t_source: None,
            t_received: TimeUs(0),
            t_published: TimeUs(0),
            data: match kind {
                PushKind::Snapshot => Content::Snapshot(points(times)),
                _ => Content::since(Some(&points(&[])), &points(times)),
            },
        }
    }

    fn times(replica: &Replica) -> Vec<i64> {
        match replica.value() {
            Some(Payload::Equity(rows)) => rows.iter().map(|row| row.time.0).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn pushes_apply_once_in_order_and_gaps_are_seen() {
        let mut replica = Replica::new(Topic::Equity(BotId::paper()));
        assert_eq!(
            replica.apply(push(PushKind::Snapshot, 1, 3, &[1])),
            Applied::Gap,
            "no epoch yet"
        );
        replica.start(Epoch(1), 0);
        assert_eq!(
            replica.apply(push(PushKind::Delta, 1, 1, &[1])),
            Applied::Gap,
            "no base for a delta"
        );
        assert_eq!(
            replica.apply(push(PushKind::Snapshot, 1, 3, &[1, 3])),
            Applied::Changed
        );
        assert_eq!(
            replica.apply(push(PushKind::Snapshot, 1, 3, &[9])),
            Applied::Duplicate
        );
        assert_eq!(
            replica.apply(push(PushKind::Delta, 5, 5, &[5])),
            Applied::Gap
        );
        assert_eq!(
            replica.apply(push(PushKind::Delta, 4, 5, &[2, 3, 5])),
            Applied::Changed
        );
        assert_eq!(times(&replica), [1, 2, 3, 5]);
        assert!(replica.is_behind(Epoch(1), 6));
        assert!(!replica.is_behind(Epoch(1), 5));
        assert!(replica.is_behind(Epoch(2), 5));
    }

    #[test]
    fn a_change_of_what_is_not_known_is_a_gap_and_changes_nothing() {
        let mut replica = Replica::new(Topic::Equity(BotId::paper()));
        replica.start(Epoch(1), 0);
        replica.apply(push(PushKind::Snapshot, 1, 1, &[1]));
        let before = replica.clone();
        let text = r#"[{"time":1,"equity":"7"},{"time":2,"equity":"8"}]"#;
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let delta = Delta::read(replica.topic.stream(), json).unwrap();
        let partial = Push {
            data: Content::Delta(delta),
            ..push(PushKind::Delta, 2, 2, &[])
        };
        assert_eq!(replica.apply(partial), Applied::Gap);
        assert_eq!(replica, before);
    }
}
