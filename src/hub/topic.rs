//! What the hub holds of one topic, and what it gives of it to whom.

use std::collections::VecDeque;
use std::sync::Arc;

use super::inbox::Inbox;
use super::publication::Publication;
use super::tier::{self, Slower, Tier};
use super::{Channel, CutTopic, DELTAS, News, RING, TopicId};
use crate::domain::{Seq, TimeUs};
use crate::wire::frame::Since;
use crate::wire::{Class, Content, Epoch, Payload, Push, PushKind, Topic};

/// Publications laid together.
enum Gathered {
    One(Arc<Publication>),
    Several(Box<Push>),
    Unfit,
}

#[derive(Debug)]
pub(in crate::hub) struct TopicState {
    pub topic: Topic,
    pub epoch: Epoch,
    pub head: u64,
    id: TopicId,
    class: Class,
    seq: Seq,
    /// Market time, arrival and publication of the newest publication.
    t_source: Option<TimeUs>,
    t_received: Option<TimeUs>,
    t_published: TimeUs,
    /// The newest publications: of a log a good many, of a conflated topic as many as are worth
    /// laying together for somebody who is behind.
    ring: VecDeque<Arc<Publication>>,
    /// Bytes that were published so far.
    bytes: u64,
    /// Conflated topics: the whole of it.
    value: Option<Payload>,
    /// The value as a push, made when somebody needs it and shared until the next publication.
    snapshot: Option<Arc<Publication>>,
    /// Several publications as one, after the offset at which somebody stands; shared as well.
    merged: Vec<(u64, Arc<Publication>)>,
    listeners: Vec<Arc<Inbox>>,
    slower: Vec<Slower>,
}

impl TopicState {
    pub fn new(id: TopicId, topic: &Topic, epoch: Epoch, head: u64) -> Self {
        Self {
            topic: topic.clone(),
            epoch,
            head,
            id,
            class: topic.class(),
            seq: Seq::default(),
            t_source: None,
            t_received: None,
            t_published: TimeUs::ZERO,
            ring: VecDeque::new(),
            bytes: 0,
            value: None,
            snapshot: None,
            merged: Vec::new(),
            listeners: Vec::new(),
            slower: Vec::new(),
        }
    }

    pub fn class(&self) -> Class {
        self.class
    }

    /// Takes a publication in without telling anybody: the past, when the hub is filled.
    pub fn record(&mut self, publication: &Arc<Publication>) {
        let push = &publication.push;
        self.head = push.last;
        self.seq = push.seq;
        self.t_source = push.t_source;
        self.t_received = Some(push.t_received);
        self.t_published = push.t_published;
        self.bytes = publication.bytes_before + publication.size() as u64;
        self.ring.push_back(Arc::clone(publication));
        self.merged.clear();
        let kept = match self.class {
            Class::Log => RING,
            Class::Keyed | Class::Latest => {
                self.lay(&push.data);
                let is_whole = push.kind() == PushKind::Snapshot;
                self.snapshot = is_whole.then(|| Arc::clone(publication));
                DELTAS
            }
        };
        if self.ring.len() > kept {
            self.ring.pop_front();
        }
    }

    /// Keeps only the newest publications.
    pub fn trim(&mut self, keep: usize) {
        self.ring.drain(..self.ring.len().saturating_sub(keep));
        self.merged.clear();
    }

    fn lay(&mut self, data: &Content) {
        match (data, &mut self.value) {
            (Content::Delta(delta), Some(value)) => {
                if let Err(misfit) = value.apply(delta.clone()) {
                    // The publisher made it of the value before; those who listen notice as well.
                    tracing::error!(topic = %self.topic, %misfit, "a change does not fit its topic");
                }
            }
            (Content::Delta(_), None) => {}
            (Content::Snapshot(value) | Content::Event(value), _) => {
                self.value = Some(value.clone());
            }
        }
    }

    /// Takes a publication in and gives it to everybody who listens.
    pub fn publish(&mut self, publication: &Arc<Publication>) {
        self.record(publication);
        let channel = Channel {
            topic: self.id,
            tier: Tier::Full,
        };
        for inbox in &self.listeners {
            inbox.put(channel, publication);
        }
        for slower in &mut self.slower {
            slower.waits = true;
        }
        if !self.slower.is_empty() {
            self.release(publication.push.t_published);
        }
    }

    /// Gives the slower readers what they are due; says how many rates that were.
    pub fn release(&mut self, now: TimeUs) -> u64 {
        let mut released = 0;
        for place in 0..self.slower.len() {
            if !self.slower[place].due(now) {
                continue;
            }
            let since = self.slower[place].head;
            let Some(publication) = self.after_as_one(since) else {
                continue;
            };
            let slower = &mut self.slower[place];
            slower.waits = false;
            slower.head = publication.push.last;
            slower.given = now;
            let channel = Channel {
                topic: self.id,
                tier: slower.tier,
            };
            for inbox in &slower.listeners {
                inbox.put(channel, &publication);
            }
            released += 1;
        }
        released
    }

    /// From now on the inbox gets what is published at this rate.
    pub fn listen(&mut self, tier: Tier, inbox: &Arc<Inbox>) {
        let listeners = match tier {
            Tier::Full => &mut self.listeners,
            _ => {
                if !self.slower.iter().any(|slower| slower.tier == tier) {
                    let slower = Slower::new(tier, self.head, self.t_published);
                    self.slower.push(slower);
                }
                let known = self.slower.iter_mut().find(|slower| slower.tier == tier);
                match known {
                    Some(slower) => &mut slower.listeners,
                    None => return,
                }
            }
        };
        if !listeners.iter().any(|other| Arc::ptr_eq(other, inbox)) {
            listeners.push(Arc::clone(inbox));
        }
    }

    pub fn unlisten(&mut self, tier: Tier, inbox: &Arc<Inbox>) {
        let gone = |other: &Arc<Inbox>| !Arc::ptr_eq(other, inbox);
        match tier {
            Tier::Full => self.listeners.retain(gone),
            _ => {
                for slower in &mut self.slower {
                    if slower.tier == tier {
                        slower.listeners.retain(gone);
                    }
                }
                self.slower.retain(|slower| !slower.listeners.is_empty());
            }
        }
    }

    /// The listener is gone.
    pub fn forget(&mut self, inbox: &Arc<Inbox>) {
        self.unlisten(Tier::Full, inbox);
        for tier in Tier::SLOWER {
            self.unlisten(tier, inbox);
        }
    }

    /// Where readers at this rate stand when they have all that was given out.
    pub fn given(&self, tier: Tier) -> u64 {
        let slower = self.slower.iter().find(|slower| slower.tier == tier);
        slower.map_or(self.head, |slower| slower.head)
    }

    /// The oldest offset that is in memory; one beyond the head where there is none.
    pub fn first_in_ring(&self) -> u64 {
        let front = self.ring.front();
        front.map_or(self.head + 1, |publication| publication.push.last)
    }

    /// Publications of a log after `offset`, oldest first; `None` where memory begins later.
    pub fn log_after(&self, offset: u64) -> Option<impl Iterator<Item = &Arc<Publication>>> {
        tier::after(&self.ring, offset)
    }

    /// Bytes that were published after `offset`; where memory begins later, at least that.
    pub fn bytes_after(&self, offset: u64) -> u64 {
        let next = self
            .ring
            .partition_point(|publication| publication.push.last <= offset);
        let begun = self.ring.get(next).map_or(self.bytes, |p| p.bytes_before);
        self.bytes - begun
    }

    /// What brings a reader of a conflated topic up to date; `None` where it has everything. `base` is
    /// where it stands; `None` where it holds nothing.
    pub fn catch_up(&mut self, base: Option<u64>) -> Option<Arc<Publication>> {
        match base {
            Some(base) => self.after_as_one(base),
            None => self.snapshot(),
        }
    }

    /// All that was published after `offset` as one: laid together, or the whole value where memory
    /// begins later. `None` where there was nothing.
    fn after_as_one(&mut self, offset: u64) -> Option<Arc<Publication>> {
        if let Some((_, known)) = self.merged.iter().find(|(since, _)| *since == offset) {
            return Some(Arc::clone(known));
        }
        if self.head > offset && self.first_in_ring() > offset + 1 {
            return self.snapshot();
        }
        let publication = match self.gather(offset)? {
            Gathered::One(publication) => publication,
            Gathered::Several(push) => Arc::new(Publication::of_others(*push, self.bytes)),
            Gathered::Unfit => return self.snapshot(),
        };
        self.merged.push((offset, Arc::clone(&publication)));
        Some(publication)
    }

    /// Lays the publications after `offset` together; `None` where there are none in memory.
    fn gather(&self, offset: u64) -> Option<Gathered> {
        let mut missed = tier::after(&self.ring, offset)?;
        let first = missed.next()?;
        let mut one: Option<Box<Push>> = None;
        let fits = missed.all(|newer| {
            let one = one.get_or_insert_with(|| Box::new(first.push.clone()));
            one.absorb(newer.push.clone())
        });
        Some(match one {
            None => Gathered::One(Arc::clone(first)),
            Some(push) if fits => Gathered::Several(push),
            Some(_) => Gathered::Unfit,
        })
    }

    /// A conflated topic's whole value as a push; `None` before there is one.
    fn snapshot(&mut self) -> Option<Arc<Publication>> {
        if let Some(snapshot) = &self.snapshot {
            return Some(Arc::clone(snapshot));
        }
        let push = Push {
            topic: self.topic.clone(),
            epoch: self.epoch,
            first: 1,
            last: self.head,
            seq: self.seq,
            t_source: self.t_source,
            t_received: self.t_received?,
            t_published: self.t_published,
            data: Content::Snapshot(self.value.clone()?),
        };
        let publication = Arc::new(Publication::of_others(push, self.bytes));
        self.snapshot = Some(Arc::clone(&publication));
        Some(publication)
    }

    pub fn news(&self, after: u64) -> News {
        // Offsets are contiguous: what is newer stands at the end.
        let newer = self.ring.iter().rev();
        let newer = newer.take_while(|publication| publication.push.last > after);
        let mut publications: Vec<_> = newer.cloned().collect();
        publications.reverse();
        let first = publications
            .first()
            .map_or(self.head + 1, |publication| publication.push.first);
        News {
            publications,
            trimmed: (first > after.saturating_add(1)).then(|| (after + 1, first - 1)),
            head: self.head,
        }
    }

    pub fn cut(&self, log_entries: usize) -> CutTopic {
        let content = match self.class {
            Class::Log => {
                let skipped = self.ring.len().saturating_sub(log_entries);
                self.ring
                    .iter()
                    .skip(skipped)
                    .filter_map(|publication| publication.push.data.payload().cloned())
                    .collect()
            }
            Class::Keyed | Class::Latest => self.value.clone().into_iter().collect(),
        };
        CutTopic {
            topic: self.topic.clone(),
            at: Since {
                epoch: self.epoch,
                offset: self.head,
            },
            seq: self.seq,
            t_received: self.t_received,
            content,
        }
    }
}
