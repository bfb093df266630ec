//! Gaps and how they are filled. A gap is asked for once and then waited for; if the answer does
//! not help, the topic starts afresh. A heartbeat that names a later head than the replica's is a
//! suspicion only, because the pushes may be on their way.

use std::collections::HashMap;

use crate::wire::{Epoch, Topic};

/// An unanswered request is repeated after this, ms.
const PATIENCE_MS: f64 = 5_000.0;
/// How long a suspected push may still be on its way, ms.
pub const GRACE_MS: u32 = 1_200;

/// How to ask the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// From where the replica stands.
    Resume,
    /// Without a past: resuming did not help.
    Afresh,
    /// It is under way.
    Wait,
}

#[derive(Debug)]
struct Repair {
    asked_ms: f64,
    answered: bool,
}

/// A head that a replica has not reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    pub topic: Topic,
    pub epoch: Epoch,
    pub head: u64,
    /// Where the replica stood then.
    pub stood: Option<u64>,
}

/// What is being repaired, and what may have to be.
#[derive(Debug, Default)]
pub struct Repairs {
    under_way: HashMap<Topic, Repair>,
    suspects: HashMap<Topic, (Suspect, f64)>,
}

impl Repairs {
    /// A new session asks for everything anyway.
    pub fn clear(&mut self) {
        self.under_way.clear();
        self.suspects.clear();
    }

    /// Something of `topic` is missing.
    pub fn gap(&mut self, topic: &Topic, now_ms: f64) -> Ask {
        let fresh = Repair {
            asked_ms: now_ms,
            answered: false,
        };
        match self.under_way.get_mut(topic) {
            Some(repair) if now_ms - repair.asked_ms < PATIENCE_MS => {
                if !repair.answered {
                    return Ask::Wait;
                }
                *repair = fresh;
                Ask::Afresh
            }
            _ => {
                self.under_way.insert(topic.clone(), fresh);
                Ask::Resume
            }
        }
    }

    /// A head is ahead of `topic` and nothing moved. Unlike a push that does not fit, that says
    /// nothing against an answer whose content is on its way still.
    pub fn behind(&mut self, topic: &Topic, now_ms: f64) -> Ask {
        let under_way = self.under_way.get(topic);
        if under_way.is_some_and(|repair| now_ms - repair.asked_ms < PATIENCE_MS) {
            return Ask::Wait;
        }
        self.gap(topic, now_ms)
    }

    /// The server answered the request.
    pub fn answered(&mut self, topic: &Topic) {
        if let Some(repair) = self.under_way.get_mut(topic) {
            repair.answered = true;
        }
    }

    /// A push fitted: the topic is whole, or on its way there. Or the server left something out by
    /// itself, which says nothing against the answer before.
    pub fn healed(&mut self, topic: &Topic) {
        if self
            .under_way
            .get(topic)
            .is_some_and(|repair| repair.answered)
        {
            self.under_way.remove(topic);
        }
    }

    /// A heartbeat showed more than the replica has. The first such suspicion counts.
    pub fn suspect(&mut self, suspect: Suspect, now_ms: f64) {
        self.suspects
            .entry(suspect.topic.clone())
            .or_insert((suspect, now_ms + f64::from(GRACE_MS)));
    }

    pub fn has_suspects(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// The suspicions that have had their time.
    pub fn due(&mut self, now_ms: f64) -> Vec<Suspect> {
        self.suspects
            .extract_if(|_, (_, due_ms)| *due_ms <= now_ms)
            .map(|(_, (suspect, _))| suspect)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_asked_for_once_and_again_when_no_answer_comes() {
        let mut repairs = Repairs::default();
        assert_eq!(repairs.gap(&Topic::Alerts, 0.0), Ask::Resume);
        assert_eq!(repairs.gap(&Topic::Alerts, 100.0), Ask::Wait);
        assert_eq!(repairs.gap(&Topic::Health, 100.0), Ask::Resume);
        assert_eq!(repairs.gap(&Topic::Alerts, PATIENCE_MS), Ask::Resume);
    }

    #[test]
    fn an_answer_that_does_not_help_leads_to_a_fresh_start() {
        let mut repairs = Repairs::default();
        repairs.gap(&Topic::Alerts, 0.0);
        repairs.answered(&Topic::Alerts);
        assert_eq!(repairs.gap(&Topic::Alerts, 10.0), Ask::Afresh);
        assert_eq!(repairs.gap(&Topic::Alerts, 20.0), Ask::Wait);
        repairs.answered(&Topic::Alerts);
        repairs.healed(&Topic::Alerts);
        assert_eq!(repairs.gap(&Topic::Alerts, 30.0), Ask::Resume, "a new one");
    }

    #[test]
    fn a_head_that_is_ahead_does_not_undo_an_answer() {
        let mut repairs = Repairs::default();
        repairs.gap(&Topic::Alerts, 0.0);
        repairs.answered(&Topic::Alerts);
        assert_eq!(repairs.behind(&Topic::Alerts, 10.0), Ask::Wait);
        assert_eq!(repairs.behind(&Topic::Alerts, PATIENCE_MS), Ask::Resume);
    }

    #[test]
    fn a_late_duplicate_does_not_end_a_repair() {
        let mut repairs = Repairs::default();
        repairs.gap(&Topic::Alerts, 0.0);
        repairs.healed(&Topic::Alerts);
        assert_eq!(repairs.gap(&Topic::Alerts, 10.0), Ask::Wait);
    }

    #[test]
    fn suspicions_have_their_time() {
        let suspect = |head| Suspect {
            topic: Topic::Health,
            epoch: Epoch(1),
            head,
            stood: Some(3),
        };
        let mut repairs = Repairs::default();
        repairs.suspect(suspect(4), 0.0);
        repairs.suspect(suspect(5), 1_000.0);
        assert_eq!(repairs.due(1_000.0), []);
        assert_eq!(repairs.due(1_200.0), [suspect(4)]);
        assert!(!repairs.has_suspects());
    }
}
