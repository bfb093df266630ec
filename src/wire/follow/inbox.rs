//! What arrived and is not shown yet. Each message of a socket is a task of its own, so the frames
//! are gathered here, in order and topic by topic, and laid over the replicas once per animation
//! frame. Bounded: a topic of which too much waits is emptied and resumed instead.

use std::collections::HashMap;

use crate::wire::{Applied, Epoch, Push, Replica, Topic};

/// The most changes of one topic that wait.
const MAX_WAITING: usize = 2_000;
/// How long a fresh start without content waits for it, ms: so long what was known stays in view.
const HOLD_MS: f64 = 300.0;

/// One change of a topic, in the order in which the server told it.
#[derive(Debug)]
pub enum Change {
    Push(Box<Push>),
    /// The subscription stands at this place. `force` where the client asked without a past, and
    /// after a resync; otherwise content of the same epoch goes on.
    Start {
        epoch: Epoch,
        offset: u64,
        force: bool,
        at_ms: f64,
    },
    /// What was missed follows.
    Resumed,
    /// Changes had to be thrown away here.
    Lost,
    /// The server left publications out here, and says so.
    Skipped,
}

/// The waiting changes.
#[derive(Debug, Default)]
pub struct Inbox {
    topics: HashMap<Topic, Vec<Change>>,
}

impl Inbox {
    pub fn put(&mut self, topic: &Topic, change: Change) {
        if let Some(waiting) = self.topics.get_mut(topic) {
            if waiting.len() >= MAX_WAITING {
                waiting.clear();
                waiting.shrink_to(64);
                waiting.push(Change::Lost);
            }
            waiting.push(change);
        } else {
            self.topics.insert(topic.clone(), vec![change]);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// Forgets a session's remains: the next one resumes from what the replicas hold.
    pub fn clear(&mut self) {
        self.topics.clear();
    }

    /// Takes what can be shown. A topic that would only lose its content waits for the new one.
    pub fn take(&mut self, now_ms: f64) -> Vec<(Topic, Vec<Change>)> {
        let held = |changes: &[Change]| {
            let start = changes.iter().rev().find_map(|change| match change {
                Change::Push(_) => Some(None),
                Change::Start { at_ms, .. } => Some(Some(*at_ms)),
                Change::Resumed | Change::Lost | Change::Skipped => None,
            });
            matches!(start, Some(Some(at_ms)) if now_ms - at_ms < HOLD_MS)
        };
        self.topics
            .extract_if(|_, changes| !held(changes))
            .collect()
    }
}

/// What came of a topic's changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was told of the pushes that were applied.
    pub told: Vec<String>,
    /// The replica is another one than before.
    pub changed: bool,
    /// Something is missing still.
    pub gap: bool,
    /// The server left it out: no request has failed.
    pub skipped: bool,
    /// The server answered a subscription.
    pub answered: bool,
    /// A push was applied.
    pub healed: bool,
}

/// Lays the changes over the replica. Behind a gap nothing is applied until the server starts or
/// resumes the topic. `tell` puts a push into words, for those who listen; only what is applied is
/// told.
pub fn apply(
    replica: &mut Replica,
    changes: Vec<Change>,
    tell: impl Fn(&Push) -> Option<String>,
) -> Outcome {
    let mut outcome = Outcome::default();
    for change in changes {
        match change {
            Change::Start {
                epoch,
                offset,
                force,
                ..
            } => {
                if force || replica.since().is_none_or(|since| since.epoch != epoch) {
                    replica.start(epoch, offset);
                    outcome.changed = true;
                }
                outcome.gap = false;
                outcome.skipped = false;
                outcome.answered = true;
            }
            Change::Resumed => {
                outcome.gap = false;
                outcome.skipped = false;
                outcome.answered = true;
            }
            Change::Lost => outcome.gap = true,
            Change::Skipped => {
                outcome.gap = true;
                outcome.skipped = true;
            }
            Change::Push(_) if outcome.gap => {}
            Change::Push(push) => {
                let words = tell(&push);
                match replica.apply(*push) {
                    Applied::Changed => {
                        outcome.told.extend(words);
                        outcome.changed = true;
                        outcome.healed = true;
                    }
                    Applied::Duplicate => {}
                    Applied::Gap => outcome.gap = true,
                }
            }
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alert, Seq, Severity, TimeUs};
    use crate::wire::{Content, Payload};

    fn push(offset: u64) -> Change {
        Change::Push(Box::new(Push {
            topic: Topic::Alerts,
            epoch: Epoch(1),
            first: offset,
            last: offset,
            seq: Seq(offset),
            t_source: None,
            t_received: TimeUs(0),
            t_published: TimeUs(0),
            data: Content::Event(Payload::Alert(Box::new(Alert {
                id: "alert-1-1".parse().unwrap(),
                severity: Severity::Info,
                code: "test".into(),
                message: String::new(),
                bot: None,
                time: TimeUs(0),
            }))),
        }))
    }

    fn start(offset: u64, force: bool) -> Change {
        Change::Start {
            epoch: Epoch(1),
            offset,
            force,
            at_ms: 0.0,
        }
    }

    #[test]
    fn pushes_wait_for_their_start_and_follow_it_in_order() {
        let mut replica = Replica::new(Topic::Alerts);
        let outcome = apply(&mut replica, vec![start(4, true), push(5), push(6)], |_| {
            None
        });
        assert!(outcome.changed && outcome.healed && !outcome.gap);
        assert_eq!(replica.since().unwrap().offset, 6);
        let outcome = apply(&mut replica, vec![start(6, false), push(6)], |_| None);
        assert!(!outcome.changed, "the same epoch goes on");
        assert_eq!(replica.entries().len(), 2);
    }

    #[test]
    fn behind_a_gap_nothing_counts_until_the_server_resumes() {
        let mut replica = Replica::new(Topic::Alerts);
        apply(&mut replica, vec![start(0, true), push(1)], |_| None);
        let words = |push: &Push| Some(push.last.to_string());
        let outcome = apply(&mut replica, vec![push(3), push(4)], words);
        assert_eq!(
            outcome,
            Outcome {
                gap: true,
                ..Outcome::default()
            }
        );
        let outcome = apply(
            &mut replica,
            vec![push(5), Change::Resumed, push(2), push(2), push(3)],
            words,
        );
        assert_eq!(outcome.told, ["2", "3"], "each once, in order");
        assert!(outcome.answered && outcome.healed && !outcome.gap);
        assert_eq!(replica.since().unwrap().offset, 3);
    }

    #[test]
    fn too_much_of_one_topic_is_dropped_and_seen_as_a_gap() {
        let mut inbox = Inbox::default();
        for offset in 0..=MAX_WAITING as u64 {
            inbox.put(&Topic::Alerts, push(offset + 1));
        }
        let (_, changes) = inbox.take(0.0).pop().unwrap();
        assert_eq!(changes.len(), 2);
        let mut replica = Replica::new(Topic::Alerts);
        replica.start(Epoch(1), 0);
        assert!(apply(&mut replica, changes, |_| None).gap);
    }

    #[test]
    fn a_start_waits_for_its_content_but_not_for_ever() {
        let mut inbox = Inbox::default();
        inbox.put(&Topic::Alerts, start(4, true));
        assert!(inbox.take(100.0).is_empty());
        assert!(!inbox.is_empty());
        inbox.put(&Topic::Alerts, push(5));
        assert_eq!(inbox.take(100.0).len(), 1);
        inbox.put(&Topic::Alerts, start(4, true));
        assert_eq!(inbox.take(HOLD_MS).len(), 1);
    }
}
