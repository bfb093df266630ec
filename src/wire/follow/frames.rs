//! What each frame of the server does to a follower.

use super::inbox::Change;
use super::repairs::{GRACE_MS, Suspect};
use super::{Complaint, Effects, Follower, Replicas};
use crate::wire::frame::{ErrorReply, Heartbeat, Reply, Resync};
use crate::wire::{ResyncReason, ServerFrame, Topic};

/// A topic that is not there may come to be, as a bot's with its first report: it is asked for again
/// after this.
const UNKNOWN_AGAIN_MS: u32 = 500;
/// A refusal that may pass is followed by another try after this, if it names no time itself.
const ASK_AGAIN_MS: u32 = 5_000;

impl Follower {
    /// Takes in a frame of the server. Those that are about the session itself are the caller's.
    pub fn handle(&mut self, frame: ServerFrame, now_ms: f64, replicas: &impl Replicas) -> Effects {
        let mut effects = Effects::default();
        match frame {
            ServerFrame::Ok(reply) => self.on_ok(reply, now_ms, &mut effects),
            ServerFrame::Error(error) => self.on_error(error, now_ms, &mut effects),
            ServerFrame::Push(push) => {
                let topic = push.topic.clone();
                self.note(&topic, Change::Push(push), &mut effects);
            }
            ServerFrame::Resumed(resumed) => {
                self.note(&resumed.topic, Change::Resumed, &mut effects);
            }
            ServerFrame::Resync(resync) => self.on_resync(resync, now_ms, &mut effects),
            ServerFrame::Lag(lag) => self.note(&lag.topic, Change::Skipped, &mut effects),
            ServerFrame::Heartbeat(heartbeat) => {
                self.on_heartbeat(heartbeat, now_ms, replicas, &mut effects);
            }
            ServerFrame::Welcome(_) | ServerFrame::Pong(_) | ServerFrame::Closing(_) => {}
        }
        effects
    }

    fn on_ok(&mut self, reply: Reply, now_ms: f64, effects: &mut Effects) {
        let asked = self.answered(reply.id);
        for subscribed in reply.topics {
            let force = asked
                .iter()
                .any(|(topic, afresh)| *afresh && *topic == subscribed.topic);
            let change = Change::Start {
                epoch: subscribed.epoch,
                offset: subscribed.offset,
                force,
                at_ms: now_ms,
            };
            self.errors.remove(&subscribed.topic);
            self.note(&subscribed.topic, change, effects);
        }
        for error in reply.errors {
            let topic: Option<Topic> = error.topic.parse().ok();
            if error.code == "unknown_topic"
                && let Some(topic) = &topic
            {
                self.asked.remove(topic);
                self.want_after(UNKNOWN_AGAIN_MS, now_ms, effects);
            }
            let known = topic.as_ref().and_then(|topic| self.errors.get(topic));
            if known != Some(&error.message) {
                self.complain(topic, error.code, error.message, effects);
            }
        }
    }

    fn on_error(&mut self, error: ErrorReply, now_ms: f64, effects: &mut Effects) {
        let asked = error.id.map_or_else(Vec::new, |id| self.answered(id));
        if error.temporary && !asked.is_empty() {
            let after_ms = error.retry_ms.unwrap_or(ASK_AGAIN_MS);
            self.want_after(after_ms, now_ms, effects);
        }
        for (topic, _) in asked {
            if error.temporary {
                self.asked.remove(&topic);
            }
            self.errors.insert(topic, error.message.clone());
        }
        self.complain(None, error.code, error.message, effects);
    }

    fn on_resync(&mut self, resync: Resync, now_ms: f64, effects: &mut Effects) {
        if resync.reason == ResyncReason::Forbidden {
            let (code, message) = ("forbidden".into(), "no longer allowed".into());
            self.complain(Some(resync.topic.clone()), code, message, effects);
        }
        let change = Change::Start {
            epoch: resync.epoch,
            offset: resync.offset,
            force: true,
            at_ms: now_ms,
        };
        self.note(&resync.topic, change, effects);
    }

    fn on_heartbeat(
        &mut self,
        heartbeat: Heartbeat,
        now_ms: f64,
        replicas: &impl Replicas,
        effects: &mut Effects,
    ) {
        for head in heartbeat.heads {
            if !self.asked.contains_key(&head.topic) {
                continue;
            }
            let stood = replicas.peek(&head.topic, |replica| {
                replica
                    .is_behind(head.epoch, head.offset)
                    .then(|| replica.since().map(|since| since.offset))
            });
            if let Some(Some(stood)) = stood {
                let suspect = Suspect {
                    topic: head.topic,
                    epoch: head.epoch,
                    head: head.offset,
                    stood,
                };
                self.repairs.suspect(suspect, now_ms);
            }
        }
        self.check_later(effects);
    }

    /// Resumes what has not moved since a heartbeat showed that more was to come.
    pub fn check(&mut self, now_ms: f64, replicas: &impl Replicas) -> Effects {
        let mut effects = Effects::default();
        self.checking = false;
        let stands = |suspect: &Suspect| {
            replicas.peek(&suspect.topic, |replica| {
                replica.is_behind(suspect.epoch, suspect.head)
                    && replica.since().map(|since| since.offset) == suspect.stood
            })
        };
        let due = self.repairs.due(now_ms).into_iter();
        let due = due.filter(|suspect| stands(suspect) == Some(true));
        let mut due: Vec<Topic> = due.map(|suspect| suspect.topic).collect();
        due.sort();
        for topic in &due {
            let ask = self.repairs.behind(topic, now_ms);
            self.repair(topic, ask, now_ms, replicas, &mut effects);
        }
        self.check_later(&mut effects);
        effects
    }

    fn check_later(&mut self, effects: &mut Effects) {
        if !self.checking && self.repairs.has_suspects() {
            self.checking = true;
            effects.check_after_ms = Some(GRACE_MS + 20);
        }
    }

    /// What the answered subscription asked for.
    fn answered(&mut self, id: u64) -> Vec<(Topic, bool)> {
        let subscribing = self.subscribing.remove(&id);
        subscribing.map_or_else(Vec::new, |subscribing| subscribing.topics)
    }

    /// Puts a change of a topic that this session asked for into the inbox.
    fn note(&mut self, topic: &Topic, change: Change, effects: &mut Effects) {
        if self.asked.contains_key(topic) {
            self.inbox.put(topic, change);
            effects.waiting = true;
        }
    }

    /// The next [`Follower::want`] asks for all that is missing, so the earliest time is enough.
    fn want_after(&mut self, ms: u32, now_ms: f64, effects: &mut Effects) {
        let due_ms = now_ms + f64::from(ms);
        if self.want_due_ms.is_none_or(|known_ms| due_ms < known_ms) {
            self.want_due_ms = Some(due_ms);
            effects.want_after_ms = Some(ms);
        }
    }

    /// Keeps what is said against a topic for those who look.
    fn complain(
        &mut self,
        topic: Option<Topic>,
        code: String,
        message: String,
        effects: &mut Effects,
    ) {
        if let Some(topic) = &topic {
            self.errors.insert(topic.clone(), message.clone());
        }
        effects.complaints.push(Complaint {
            topic,
            code,
            message,
        });
    }
}
