//! A client: the real follower over a plain map of replicas, and around it the little that the
//! browser's connection does by itself. Each time something was laid over a replica, it is compared
//! with the truth.

use std::collections::{BTreeMap, BTreeSet};

use plainsight::wire::follow::inbox::apply;
use plainsight::wire::follow::{Effects, Follower};
use plainsight::wire::{Class, ClientFrame, Replica, ServerFrame, Topic, json};

use super::counts::Counts;
use super::plan::{Broken, Fault, Plan};
use super::process::PING_MS;
use super::shadow::{Shadow, oldest};
use super::wrong::apply_wrongly;

/// How long a try may take, and a subscription be without an answer, ms.
const PATIENCE_MS: u64 = 10_000;
/// Beyond two heartbeats, how long silence is borne, ms.
const SILENCE_MS: u64 = 5_000;

/// What a client wants done.
#[derive(Debug)]
pub enum Act {
    /// A frame as text.
    Send(String),
    /// Show what waits, after this time, ms.
    Show(u64),
    Want(u64),
    Check(u64),
    HangUp,
}

/// The client.
pub struct Client {
    follower: Follower,
    pub replicas: BTreeMap<Topic, Replica>,
    pub wants: BTreeSet<Topic>,
    /// Logs of which the server said that something may be missing.
    told: BTreeSet<Topic>,
    pub link: Option<usize>,
    /// Which connection this is; what was meant for an older one is void.
    pub generation: u64,
    /// The generation at which the page was loaded.
    pub page: u64,
    welcomed: bool,
    opened_ms: u64,
    last_frame_ms: u64,
    pub stalled_until_ms: u64,
    pub hidden_until_ms: u64,
    /// A look at what waits is to come.
    shows: bool,
    /// The network loses and mixes messages, so that a client may have to help itself.
    lossy: bool,
    broken: Option<Broken>,
    pub counts: Counts,
}

impl Client {
    pub fn new(plan: &Plan, generation: u64) -> Self {
        let losses = [Fault::Drops, Fault::Doubles, Fault::Swaps];
        Self {
            follower: Follower::default(),
            replicas: BTreeMap::new(),
            wants: BTreeSet::new(),
            told: BTreeSet::new(),
            link: None,
            generation,
            page: 0,
            welcomed: false,
            opened_ms: 0,
            last_frame_ms: 0,
            stalled_until_ms: 0,
            hidden_until_ms: 0,
            shows: false,
            lossy: losses.iter().any(|fault| plan.faults.contains(fault)),
            broken: plan.broken,
            counts: Counts::default(),
        }
    }

    pub fn follow(&mut self, topic: &Topic, replica: Replica) {
        self.wants.insert(topic.clone());
        self.replicas.entry(topic.clone()).or_insert(replica);
    }

    /// A connection stands.
    pub fn begin(&mut self, link: usize, now_ms: u64) -> Act {
        self.follower.begin();
        self.link = Some(link);
        self.welcomed = false;
        self.opened_ms = now_ms;
        self.counts.connects += 1;
        Act::Send(json::encode_client(&ClientFrame::Hello {
            token: None,
            resume: Vec::new(),
            client: None,
            compression: Vec::new(),
        }))
    }

    /// It is gone.
    pub fn end(&mut self) {
        self.follower.end();
        self.link = None;
        self.welcomed = false;
        self.generation += 1;
    }

    /// Reads a message.
    pub fn receive(&mut self, text: &str, now_ms: u64) -> Result<Vec<Act>, String> {
        let mut acts = Vec::new();
        self.last_frame_ms = now_ms;
        for line in text.lines() {
            let frame = json::decode_server(line).map_err(|error| format!("{error}: {line}"))?;
            self.count(&frame);
            if let ServerFrame::Welcome(welcome) = &frame {
                self.welcomed = true;
                self.follower.welcomed(welcome.limits.max_history);
                acts.extend(self.want(now_ms));
            }
            let effects = self.follower.handle(frame, float(now_ms), &self.replicas);
            acts.extend(self.acts(effects, now_ms));
        }
        Ok(acts)
    }

    fn count(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Push(_) => self.counts.pushes += 1,
            ServerFrame::Resumed(_) => self.counts.resumed += 1,
            ServerFrame::Ok(reply) => self.counts.unknown += reply.errors.len() as u64,
            ServerFrame::Resync(resync) => {
                self.counts.resyncs += 1;
                self.told.insert(resync.topic.clone());
            }
            ServerFrame::Lag(_) => self.counts.lags += 1,
            _ => {}
        }
    }

    /// Asks for what it follows and has not asked for.
    pub fn want(&mut self, now_ms: u64) -> Vec<Act> {
        if !self.welcomed {
            return Vec::new();
        }
        let wants = self.wants.iter().cloned().collect();
        let effects = self.follower.want(wants, float(now_ms), &self.replicas);
        self.acts(effects, now_ms)
    }

    fn acts(&mut self, effects: Effects, now_ms: u64) -> Vec<Act> {
        self.counts.gaps += u64::from(effects.gap);
        let mut acts = Vec::new();
        for frame in effects.send {
            if let ClientFrame::Subscribe { topics, .. } = &frame {
                for wish in topics.iter().filter(|wish| wish.since.is_none()) {
                    self.note_afresh(wish.topic.parse().unwrap());
                }
            }
            acts.push(Act::Send(json::encode_client(&frame)));
        }
        acts.extend(effects.want_after_ms.map(|ms| Act::Want(ms.into())));
        acts.extend(effects.check_after_ms.map(|ms| Act::Check(ms.into())));
        if effects.waiting && !self.shows {
            self.shows = true;
            acts.push(Act::Show(
                self.hidden_until_ms.saturating_sub(now_ms).max(16),
            ));
        }
        acts
    }

    /// The client asks for a topic without a past. If it knew of one, that is its last resort: in a
    /// network that keeps its word there must be no need of it.
    fn note_afresh(&mut self, topic: Topic) {
        let known = self.replicas.get(&topic).and_then(Replica::since);
        self.counts.afresh += u64::from(known.is_some() && topic.class() == Class::Log);
        if self.lossy {
            self.told.insert(topic);
        }
    }

    /// What happens each second.
    pub fn beat(&mut self, now_ms: u64) -> Vec<Act> {
        if self.link.is_none() {
            return Vec::new();
        }
        if !self.welcomed {
            let late = now_ms - self.opened_ms > PATIENCE_MS;
            return late.then_some(Act::HangUp).into_iter().collect();
        }
        let silent = now_ms - self.last_frame_ms > 2 * PING_MS + SILENCE_MS;
        if silent
            || self
                .follower
                .is_unanswered(float(now_ms), float(PATIENCE_MS))
        {
            return vec![Act::HangUp];
        }
        let wants = &self.wants;
        let effects = self.follower.leave(|topic| !wants.contains(topic));
        self.acts(effects, now_ms)
    }

    /// Lays what waits over the replicas.
    pub fn show(&mut self, now_ms: u64, shadow: &Shadow) -> Result<Vec<Act>, String> {
        self.shows = false;
        let mut ready = self.follower.take(float(now_ms));
        ready.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut acts = Vec::new();
        for (topic, changes) in ready {
            let Some(replica) = self.replicas.get_mut(&topic) else {
                continue;
            };
            let before = (
                replica.since(),
                oldest(replica),
                replica.entries().is_empty(),
            );
            let outcome = match self.broken {
                Some(broken @ (Broken::AppliesDuplicates | Broken::IgnoresGaps)) => {
                    apply_wrongly(replica, changes, broken)
                }
                _ => apply(replica, changes, |_| None),
            };
            shadow.check(replica)?;
            let same = before.0.map(|at| at.epoch) == replica.since().map(|at| at.epoch);
            let lost = same && !before.2 && before.1 < oldest(replica);
            if lost && topic.class() == Class::Log && !self.told.remove(&topic) {
                return Err(format!("{topic} lost publications and nobody said so"));
            }
            let effects = self
                .follower
                .laid(&topic, &outcome, float(now_ms), &self.replicas);
            acts.extend(self.acts(effects, now_ms));
        }
        if self.follower.is_waiting() && !self.shows {
            self.shows = true;
            acts.push(Act::Show(250));
        }
        Ok(acts)
    }

    /// Looks at what a heartbeat made suspicious.
    pub fn check(&mut self, now_ms: u64, shadow: &Shadow) -> Result<Vec<Act>, String> {
        let mut acts = self.show(now_ms, shadow)?;
        let effects = self.follower.check(float(now_ms), &self.replicas);
        acts.extend(self.acts(effects, now_ms));
        Ok(acts)
    }

    /// The first topic that is not as it should be in the end.
    pub fn unsettled(&self, shadow: &Shadow) -> Option<&Topic> {
        let current = |topic: &Topic| {
            let replica = self.replicas.get(topic);
            self.welcomed && replica.is_some_and(|replica| shadow.is_current(replica))
        };
        self.wants.iter().find(|topic| !current(topic))
    }
}

fn float(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap())
}
