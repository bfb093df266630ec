//! A server half over the hub and its mailboxes, as simple as the socket's session without the
//! socket: join, say how it begins, drain; a log's past from the journal behind a gate.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use plainsight::domain::{Seq, TimeUs};
use plainsight::hub::{Hub, Item, Joined, Mailbox, Publisher};
use plainsight::wire::frame::{
    API_VERSION, Heartbeat, Lag, Limits, Reply, Resumed, Resync, Since, SubscribeTopic, Subscribed,
    TopicError, Welcome,
};
use plainsight::wire::{
    Class, ClientFrame, Epoch, Payload, Push, PushKind, ServerFrame, Topic, json,
};

use super::plan::{Broken, Fault, Plan};
use super::server::{BackfillRequest, ConnId, ServerHalf, Wire, Written};
use super::shadow::Published;

/// Between two heartbeats, ms.
pub const PING_MS: u64 = 2_000;
/// What may wait of logs for one reader, in bytes: usually, and where it is tight.
const QUEUE: usize = 100_000;
const TIGHT_QUEUE: usize = 1_500;
/// Where it is tight, memory has no more of a log than fits: a subscription starts with it at once.
const TIGHT_RING: usize = 4;

struct Conn {
    mailbox: Arc<Mailbox>,
    subscribed: BTreeSet<Topic>,
    /// Frames on their way out.
    out: VecDeque<String>,
    /// Logs whose past is being read, and up to where.
    owed: BTreeMap<Topic, u64>,
    /// The last offset of each log that was sent.
    sent: BTreeMap<Topic, u64>,
    next_beat_ms: Option<u64>,
    ended: bool,
}

/// The server.
pub struct Reference {
    hub: Arc<Hub>,
    publisher: Publisher,
    /// The newest publications of each log, as the hub was given them.
    recent: BTreeMap<Topic, Vec<Published>>,
    conns: BTreeMap<ConnId, Conn>,
    opened: u64,
    backfills: Vec<BackfillRequest>,
    max_queue: usize,
    max_ring: usize,
    lags: bool,
    broken: Option<Broken>,
    last_delta: BTreeMap<Topic, Payload>,
}

impl Reference {
    pub fn new(plan: &Plan) -> Self {
        let hub = Arc::new(Hub::default());
        let tight = plan.faults.contains(&Fault::Tight);
        Self {
            publisher: Publisher::new(Arc::clone(&hub)),
            hub,
            recent: BTreeMap::new(),
            conns: BTreeMap::new(),
            opened: 0,
            backfills: Vec::new(),
            max_queue: if tight { TIGHT_QUEUE } else { QUEUE },
            max_ring: if tight { TIGHT_RING } else { 1_000 },
            lags: plan.faults.contains(&Fault::Lags),
            broken: plan.broken,
            last_delta: BTreeMap::new(),
        }
    }

    fn subscribe(&mut self, id: ConnId, request: u64, wishes: Vec<SubscribeTopic>) {
        let mut reply = Reply {
            id: request,
            ..Reply::default()
        };
        let mut begun = Vec::new();
        let mut fits = self.deliver(id);
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let before = std::mem::take(&mut conn.out);
        for wish in wishes {
            fits &= self.join(id, wish, &mut reply, &mut begun);
        }
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        conn.ended |= !fits;
        let content = std::mem::replace(&mut conn.out, before);
        conn.send(&ServerFrame::Ok(reply));
        for frame in begun {
            conn.send(&frame);
        }
        conn.out.extend(content);
    }

    /// Begins one subscription; false if what it starts with is too much.
    fn join(
        &mut self,
        id: ConnId,
        mut wish: SubscribeTopic,
        reply: &mut Reply,
        begun: &mut Vec<ServerFrame>,
    ) -> bool {
        let Some(conn) = self.conns.get_mut(&id) else {
            return true;
        };
        let topic: Topic = wish.topic.parse().unwrap();
        if self.broken == Some(Broken::SkipsAtResume)
            && let Some(since) = &mut wish.since
        {
            since.offset += 1;
        }
        let history = u64::from(wish.history.unwrap_or_default());
        let Some(joined) = self.hub.join(&conn.mailbox, &topic, wish.since, history) else {
            reply.errors.push(TopicError {
                topic: wish.topic,
                code: "unknown_topic".to_owned(),
                message: "it is not there".to_owned(),
            });
            return true;
        };
        conn.subscribed.insert(topic.clone());
        conn.owed.remove(&topic);
        let (epoch, mut offset, mut frame) = beginning(&topic, &joined);
        if let Joined::Backfill { to, .. } = joined
            && self.broken == Some(Broken::StartsSilently)
        {
            offset = to;
            frame = None;
            conn.mailbox.open_gate(&topic);
        }
        conn.sent.insert(topic.clone(), offset);
        reply.topics.push(Subscribed {
            topic: topic.clone(),
            epoch,
            offset,
        });
        begun.extend(frame);
        if let Joined::Backfill { from, to, .. } = joined
            && offset == from
        {
            conn.owed.insert(topic.clone(), to);
            self.backfills.push(BackfillRequest {
                conn: id,
                topic,
                from,
                to,
            });
        }
        self.deliver(id)
    }

    /// Fetches what waits for a connection; false if it must be closed.
    fn deliver(&mut self, id: ConnId) -> bool {
        let Some(conn) = self.conns.get_mut(&id) else {
            return true;
        };
        let drained = conn.mailbox.drain();
        if drained.overflowed {
            if self.lags {
                self.skip(id);
            }
            return self.lags;
        }
        for publication in drained.log {
            let push = &publication.push;
            conn.sent.insert(push.topic.clone(), push.last);
            conn.out.push_back(text(&publication.frame));
        }
        for publication in drained.conflated {
            conn.out.push_back(text(&publication.frame));
        }
        for topic in drained.whole {
            let Some(snapshot) = self.hub.snapshot(&topic) else {
                continue;
            };
            let mut push = snapshot.push.clone();
            match (self.broken, self.last_delta.get(&topic)) {
                (Some(Broken::WidensDeltas), Some(rows)) => {
                    push.kind = PushKind::Delta;
                    push.data = rows.clone();
                    conn.send(&ServerFrame::Push(Box::new(push)));
                }
                (Some(Broken::DatesBack), _) if push.last > 1 => {
                    push.last -= 1;
                    conn.send(&ServerFrame::Push(Box::new(push)));
                }
                _ => conn.out.push_back(text(&snapshot.frame)),
            }
        }
        true
    }

    /// Leaves out what waits for a slow reader, and says so.
    fn skip(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut conn.mailbox, Mailbox::new(self.max_queue));
        conn.owed.clear();
        for topic in conn.subscribed.clone() {
            self.hub.leave(&old, &topic);
            let heads = self.hub.heads([&topic]);
            let Some(head) = heads.first() else { continue };
            let since = (topic.class() == Class::Log).then_some(Since {
                epoch: head.epoch,
                offset: head.offset,
            });
            self.hub.join(&conn.mailbox, &topic, since, 0);
            if since.is_none() {
                continue;
            }
            let sent = conn.sent.insert(topic.clone(), head.offset).unwrap_or(0);
            if head.offset > sent {
                conn.send(&ServerFrame::Lag(Lag {
                    topic,
                    skipped: head.offset - sent,
                }));
            }
        }
    }
}

impl ServerHalf for Reference {
    fn create(&mut self, topic: &Topic, epoch: Epoch, head: u64, past: Vec<Published>) {
        self.publisher.create(topic, epoch, head);
        self.publisher
            .fill(past.iter().cloned().map(item).collect());
        self.recent.insert(topic.clone(), past);
    }

    fn publish(&mut self, batch: Vec<Published>, seq: Seq, now_ms: u64) {
        for one in &batch {
            if let Some(recent) = self.recent.get_mut(&one.topic) {
                recent.push(one.clone());
            }
            if one.delta {
                self.last_delta.insert(one.topic.clone(), one.data.clone());
            }
        }
        let items = batch.into_iter().map(item).collect();
        self.publisher.publish(items, seq, time(now_ms));
        let full: Vec<Topic> = self
            .recent
            .iter()
            .filter(|(topic, recent)| topic.class() == Class::Log && recent.len() > self.max_ring)
            .map(|(topic, _)| topic.clone())
            .collect();
        for topic in full {
            self.trim(&topic, self.max_ring);
        }
    }

    /// The hub trims at a thousand only: the topic is made anew, and who listened joins at its head.
    fn trim(&mut self, topic: &Topic, keep: usize) {
        let heads = self.hub.heads([topic]);
        let (Some(head), Some(recent)) = (heads.first(), self.recent.get(topic)) else {
            return;
        };
        let past = recent[recent.len().saturating_sub(keep)..].to_vec();
        self.create(topic, head.epoch, head.offset, past);
        let since = Some(Since {
            epoch: head.epoch,
            offset: head.offset,
        });
        for conn in self.conns.values() {
            if conn.subscribed.contains(topic) {
                self.hub.join(&conn.mailbox, topic, since, 0);
            }
        }
    }

    fn open(&mut self, _: u64) -> ConnId {
        self.opened += 1;
        let id = ConnId(self.opened);
        self.conns.insert(
            id,
            Conn {
                mailbox: Mailbox::new(self.max_queue),
                subscribed: BTreeSet::new(),
                out: VecDeque::new(),
                owed: BTreeMap::new(),
                sent: BTreeMap::new(),
                next_beat_ms: None,
                ended: false,
            },
        );
        id
    }

    fn receive(&mut self, id: ConnId, frame: ClientFrame, now_ms: u64) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        match frame {
            ClientFrame::Hello { .. } if conn.next_beat_ms.is_none() => {
                conn.next_beat_ms = Some(now_ms + PING_MS);
                conn.send(&ServerFrame::Welcome(Welcome {
                    session: id.0.to_string(),
                    server_time: time(now_ms),
                    api_version: API_VERSION.to_owned(),
                    features: Vec::new(),
                    limits: Limits {
                        max_message_bytes: 65_536,
                        max_subscriptions: 100,
                        max_history: 10,
                    },
                    ping_ms: u32::try_from(PING_MS).unwrap(),
                }));
            }
            // Its hello was lost or came twice.
            _ if conn.next_beat_ms.is_none() => conn.ended = true,
            ClientFrame::Subscribe {
                id: request,
                topics,
            } => self.subscribe(id, request, topics),
            ClientFrame::Unsubscribe { id, topics } => {
                for name in topics {
                    let topic: Topic = name.parse().unwrap();
                    conn.subscribed.remove(&topic);
                    conn.owed.remove(&topic);
                    self.hub.leave(&conn.mailbox, &topic);
                }
                conn.send(&ServerFrame::Ok(Reply {
                    id,
                    ..Reply::default()
                }));
            }
            _ => {}
        }
    }

    fn close(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.remove(&id) {
            for topic in &conn.subscribed {
                self.hub.leave(&conn.mailbox, topic);
            }
        }
    }

    fn tick(&mut self, now_ms: u64) {
        for conn in self.conns.values_mut() {
            if conn.next_beat_ms.is_some_and(|due_ms| due_ms <= now_ms) && conn.out.is_empty() {
                conn.next_beat_ms = Some(now_ms + PING_MS);
                let mut heads = self.hub.heads(&conn.subscribed);
                if self.broken == Some(Broken::TellsNoHeads) {
                    heads.clear();
                }
                conn.send(&ServerFrame::Heartbeat(Heartbeat {
                    heads,
                    server_time: time(now_ms),
                }));
            }
        }
    }

    fn round(&mut self, _: u64, wire: &mut dyn Wire) {
        let ids: Vec<ConnId> = self.conns.keys().copied().collect();
        for id in ids {
            let mut fits = true;
            let gone = loop {
                let Some(conn) = self.conns.get_mut(&id) else {
                    break false;
                };
                let Some(front) = conn.out.front() else {
                    if !fits || conn.ended {
                        wire.close(id);
                        break true;
                    }
                    fits = self.deliver(id);
                    let waits = self.conns.get(&id).is_some_and(|conn| !conn.out.is_empty());
                    if fits && !waits {
                        break false;
                    }
                    continue;
                };
                match wire.write(id, front) {
                    Written::Whole => conn.out.pop_front(),
                    Written::Blocked => break false,
                    Written::Gone => break true,
                };
            };
            if gone {
                self.close(id);
            }
        }
    }

    fn take_backfills(&mut self) -> Vec<BackfillRequest> {
        std::mem::take(&mut self.backfills)
    }

    fn backfilled(&mut self, request: &BackfillRequest, read: Vec<Published>) {
        let topic = &request.topic;
        let Some(conn) = self.conns.get_mut(&request.conn) else {
            return;
        };
        // It was left, or asked for again, meanwhile.
        if conn.owed.get(topic) != Some(&request.to) {
            return;
        }
        conn.owed.remove(topic);
        let heads = self.hub.heads([topic]);
        let less = usize::from(self.broken == Some(Broken::BackfillsLess));
        for one in read.into_iter().skip(less) {
            conn.sent.insert(topic.clone(), one.offset);
            let push = Push {
                topic: one.topic,
                epoch: heads[0].epoch,
                first: one.offset,
                last: one.offset,
                seq: one.seq,
                kind: PushKind::Event,
                t_source: None,
                t_received: TimeUs(1),
                t_published: TimeUs(1),
                data: one.data,
            };
            conn.send(&ServerFrame::Push(Box::new(push)));
        }
        conn.mailbox.open_gate(topic);
    }
}

impl Conn {
    fn send(&mut self, frame: &ServerFrame) {
        self.out.push_back(json::encode_server(frame).unwrap());
    }
}

/// Where a subscription begins, and the frame that says more than its answer.
fn beginning(topic: &Topic, joined: &Joined) -> (Epoch, u64, Option<ServerFrame>) {
    let topic = topic.clone();
    match *joined {
        Joined::Fresh { epoch, offset } => (epoch, offset, None),
        Joined::Resumed { epoch, from, to } | Joined::Backfill { epoch, from, to } => {
            let resumed = Resumed { topic, from, to };
            (epoch, from, Some(ServerFrame::Resumed(resumed)))
        }
        Joined::Resync {
            epoch,
            offset,
            reason,
        } => {
            let resync = Resync {
                topic,
                reason,
                epoch,
                offset,
            };
            (epoch, offset, Some(ServerFrame::Resync(resync)))
        }
    }
}

fn item(one: Published) -> Item {
    Item {
        delta: one.delta,
        offset: (one.topic.class() == Class::Log).then_some(one.offset),
        topic: one.topic,
        seq: one.seq,
        t_source: None,
        t_received: TimeUs(1),
        data: one.data,
    }
}

fn time(now_ms: u64) -> TimeUs {
    TimeUs(i64::try_from(now_ms * 1_000).unwrap())
}

fn text(frame: &[u8]) -> String {
    String::from_utf8(frame.to_vec()).unwrap()
}
