//! A server process: the real hub and its fan-out, and of the session only what asks them. Every
//! other connection has the binary encoding.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use plainsight::domain::{Seq, TimeUs};
use plainsight::hub::{
    self, Fanout, FanoutConfig, Follow, Hub, Item, LagRule, Publisher, Tier, Wish, Written as Took,
};
use plainsight::wire::frame::{API_VERSION, Limits, SubscribeTopic, TopicError, Welcome};
use plainsight::wire::{
    Class, ClientFrame, Content, Encoding, Epoch, Payload, Push, ServerFrame, Topic, json,
    postcard, schema_hash,
};

use super::plan::{Broken, Fault, Plan};
use super::server::{BackfillRequest, ConnId, ServerHalf, Wire, Written};
use super::shadow::Published;

/// Between two heartbeats, ms; the fan-out makes it up to a fifth longer.
pub const PING_MS: u64 = 2_000;
/// What may wait of logs for one reader, in bytes: usually, and where it is tight.
const QUEUE: u64 = 100_000;
const TIGHT_QUEUE: u64 = 300;
/// What the transport takes at once, bytes: a message may be cut anywhere.
const PIECE: usize = 700;

/// What the fan-out has written and the network has not taken.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    room: usize,
}

#[derive(Debug, Clone)]
struct Out(Rc<RefCell<Buffer>>);

impl hub::Wire for Out {
    fn write(&mut self, bytes: &[u8]) -> Took {
        let mut buffer = self.0.borrow_mut();
        let taken = bytes.len().min(buffer.room);
        if taken == 0 {
            return Took::Blocked;
        }
        buffer.room -= taken;
        buffer.bytes.extend_from_slice(&bytes[..taken]);
        Took::Bytes(taken)
    }
}

struct Conn {
    id: hub::ConnId,
    encoding: Encoding,
    out: Rc<RefCell<Buffer>>,
    /// Frames that the network has no room for.
    waiting: Vec<String>,
    greeted: bool,
    ended: bool,
}

pub struct Process {
    hub: Arc<Hub>,
    publisher: Publisher,
    fanout: Fanout<Out>,
    conns: BTreeMap<ConnId, Conn>,
    names: BTreeMap<hub::ConnId, ConnId>,
    backfills: Vec<BackfillRequest>,
    heads: BTreeMap<Topic, u64>,
    opened: u64,
    lag: LagRule,
    broken: Option<Broken>,
    last_delta: BTreeMap<Topic, Content>,
    /// The last value of each latest topic: what is published is what changed.
    values: BTreeMap<Topic, Payload>,
    /// Connections that did not take all.
    stuck: BTreeSet<hub::ConnId>,
    now: Duration,
}

impl Process {
    pub fn new(plan: &Plan) -> Self {
        let hub = Arc::new(Hub::default());
        let tight = plan.faults.contains(&Fault::Tight);
        let config = FanoutConfig {
            soft_bytes: if tight { TIGHT_QUEUE } else { QUEUE },
            hard_bytes: if tight { 2 * TIGHT_QUEUE } else { 2 * QUEUE },
            ping: Duration::from_millis(PING_MS),
            // Its clients are silent by right.
            pong: Duration::from_secs(1_000_000),
            seed: plan.seed,
            ..FanoutConfig::default()
        };
        Self {
            publisher: Publisher::new(Arc::clone(&hub)),
            fanout: Fanout::new(Arc::clone(&hub), config),
            hub,
            conns: BTreeMap::new(),
            names: BTreeMap::new(),
            backfills: Vec::new(),
            heads: BTreeMap::new(),
            opened: 0,
            lag: if plan.faults.contains(&Fault::Lags) {
                LagRule::Skip
            } else {
                LagRule::Close
            },
            broken: plan.broken,
            last_delta: BTreeMap::new(),
            values: BTreeMap::new(),
            stuck: BTreeSet::new(),
            now: Duration::ZERO,
        }
    }

    fn wish(&self, mut wish: SubscribeTopic) -> Result<Wish, TopicError> {
        let topic: Topic = wish.topic.parse().unwrap();
        if let Some(since) = &mut wish.since {
            let head = self.heads.get(&topic).copied().unwrap_or_default();
            match self.broken {
                Some(Broken::SkipsAtResume) => since.offset += 1,
                Some(Broken::StartsSilently) if head > since.offset + 3 => since.offset = head,
                _ => {}
            }
        }
        Ok(Wish::Topic(Follow {
            topic,
            since: wish.since,
            history: wish.history.unwrap_or_default().into(),
            tier: Tier::Full,
            lag: self.lag,
        }))
    }

    /// What is wrong with a frame on its way out, if a rule is broken.
    fn spoil(&self, frame: ServerFrame) -> Option<ServerFrame> {
        Some(match (self.broken, frame) {
            (Some(Broken::TellsNoHeads), ServerFrame::Heartbeat(mut heartbeat)) => {
                heartbeat.heads.clear();
                ServerFrame::Heartbeat(heartbeat)
            }
            (Some(Broken::StartsSilently), ServerFrame::Resumed(_)) => return None,
            (Some(broken), ServerFrame::Push(mut push)) => {
                if matches!(push.data, Content::Snapshot(_)) && push.last > 1 {
                    let delta = self.last_delta.get(&push.topic);
                    match (broken, delta) {
                        (Broken::WidensDeltas, Some(delta)) => push.data = delta.clone(),
                        (Broken::DatesBack, _) => push.last -= 1,
                        _ => {}
                    }
                }
                ServerFrame::Push(push)
            }
            (_, frame) => frame,
        })
    }

    /// Gives the network what was written, as far as it takes it. False where the connection is
    /// gone.
    fn drain(&mut self, name: ConnId, wire: &mut dyn Wire) -> bool {
        let Some(conn) = self.conns.get_mut(&name) else {
            return true;
        };
        let frames = messages(&mut conn.out.borrow_mut().bytes, conn.encoding);
        let frames = frames.into_iter().filter_map(|frame| self.spoil(frame));
        let texts: Vec<_> = frames
            .map(|frame| json::encode_server(&frame).unwrap())
            .collect();
        let Some(conn) = self.conns.get_mut(&name) else {
            return true;
        };
        conn.waiting.extend(texts);
        while let Some(text) = conn.waiting.first() {
            match wire.write(name, text) {
                Written::Whole => drop(conn.waiting.remove(0)),
                Written::Blocked => break,
                Written::Gone => return false,
            }
        }
        let free = conn.waiting.is_empty();
        conn.out.borrow_mut().room = if free { PIECE } else { 0 };
        if conn.ended && free {
            wire.close(name);
            return false;
        }
        true
    }
}

/// Takes the frames of whole messages out of what was written.
fn messages(bytes: &mut Vec<u8>, encoding: Encoding) -> Vec<ServerFrame> {
    let mut frames = Vec::new();
    while let Some(second) = bytes.get(1) {
        let (start, length) = match second {
            126 if bytes.len() >= 4 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            126 | 127 => break,
            short => (2, usize::from(*short)),
        };
        if bytes.len() < start + length {
            break;
        }
        let body: Vec<u8> = bytes.drain(..start + length).skip(start).collect();
        match encoding {
            // A ping, a close.
            _ if length == 0 || body.len() > 1 && body[0] == 0x0f => {}
            Encoding::Json => {
                let text = String::from_utf8(body).unwrap();
                frames.extend(text.lines().map(|line| json::decode_server(line).unwrap()));
            }
            Encoding::Postcard => frames.extend(
                postcard::frames(&body)
                    .map(|frame| postcard::decode_server(frame.unwrap()).unwrap()),
            ),
        }
    }
    frames
}

impl ServerHalf for Process {
    fn create(&mut self, topic: &Topic, epoch: Epoch, head: u64, past: Vec<Published>) {
        self.publisher.create(topic, epoch, head);
        self.publisher.fill(past.into_iter().map(item).collect());
        self.heads.insert(topic.clone(), head);
    }

    fn publish(&mut self, batch: Vec<Published>, seq: Seq, now_ms: u64) {
        let mut items = Vec::new();
        for one in batch {
            self.heads.insert(one.topic.clone(), one.offset);
            let mut item = item(one.clone());
            if one.topic.class() == Class::Latest {
                let before = self.values.insert(one.topic.clone(), one.data.clone());
                item.data = Content::since(before.as_ref(), &one.data);
            }
            if matches!(item.data, Content::Delta(_)) {
                self.last_delta.insert(one.topic, item.data.clone());
            }
            items.push(item);
        }
        self.publisher.publish(items, seq, time(now_ms));
    }

    fn trim(&mut self, topic: &Topic, keep: usize) {
        self.publisher.trim(topic, keep);
    }

    fn open(&mut self, now_ms: u64) -> ConnId {
        self.opened += 1;
        let name = ConnId(self.opened);
        let encoding = match self.opened % 2 {
            0 => Encoding::Json,
            _ => Encoding::Postcard,
        };
        let out = Rc::new(RefCell::new(Buffer {
            bytes: Vec::new(),
            room: PIECE,
        }));
        let now = Duration::from_millis(now_ms);
        let id = self.fanout.open(Out(Rc::clone(&out)), encoding, now);
        self.names.insert(id, name);
        self.conns.insert(
            name,
            Conn {
                id,
                encoding,
                out,
                waiting: Vec::new(),
                greeted: false,
                ended: false,
            },
        );
        name
    }

    fn receive(&mut self, name: ConnId, frame: ClientFrame, now_ms: u64) {
        self.now = Duration::from_millis(now_ms);
        let Some(conn) = self.conns.get_mut(&name) else {
            return;
        };
        let id = conn.id;
        match frame {
            ClientFrame::Hello { .. } if !conn.greeted => {
                conn.greeted = true;
                self.fanout.greet(id, false, self.now);
                self.fanout.reply(
                    id,
                    &ServerFrame::Welcome(Welcome {
                        schema: schema_hash().to_owned(),
                        session: name.0.to_string(),
                        server_time: time(now_ms),
                        api_version: API_VERSION.to_owned(),
                        features: Vec::new(),
                        limits: Limits {
                            max_message_bytes: 65_536,
                            max_subscriptions: 100,
                            max_history: 10,
                        },
                        ping_ms: u32::try_from(PING_MS).unwrap(),
                    }),
                );
                self.fanout.flush(id, self.now);
            }
            // Its hello was lost or came twice.
            _ if !conn.greeted => conn.ended = true,
            ClientFrame::Subscribe {
                id: request,
                topics,
            } => {
                let wishes = topics.into_iter().map(|wish| self.wish(wish)).collect();
                self.fanout.subscribe(id, Some(request), wishes);
            }
            ClientFrame::Unsubscribe {
                id: request,
                topics,
            } => {
                let topics: Vec<Topic> = topics.iter().map(|name| name.parse().unwrap()).collect();
                self.fanout.unsubscribe(id, &topics, false);
                let reply = plainsight::wire::frame::Reply {
                    id: request,
                    ..Default::default()
                };
                self.fanout.reply(id, &ServerFrame::Ok(reply));
            }
            _ => {}
        }
    }

    fn close(&mut self, name: ConnId) {
        if let Some(conn) = self.conns.remove(&name) {
            self.names.remove(&conn.id);
            self.fanout.close(conn.id);
        }
    }

    fn tick(&mut self, now_ms: u64) {
        self.now = Duration::from_millis(now_ms);
        self.hub.release(time(now_ms));
        self.fanout.tick(self.now, time(now_ms));
    }

    fn round(&mut self, now_ms: u64, wire: &mut dyn Wire) {
        self.now = Duration::from_millis(now_ms);
        loop {
            self.fanout.round(self.now);
            self.stuck.extend(self.fanout.take_blocked());
            let names: Vec<_> = self.conns.keys().copied().collect();
            for name in names {
                if !self.drain(name, wire) {
                    self.close(name);
                }
            }
            for ended in self.fanout.take_ended() {
                if let Some(conn) = self
                    .names
                    .get(&ended.conn)
                    .and_then(|n| self.conns.get_mut(n))
                {
                    conn.ended = true;
                }
            }
            let has_room = |id: &hub::ConnId| {
                let conn = self.names.get(id).and_then(|name| self.conns.get(name));
                conn.is_none_or(|conn| conn.out.borrow().room > 0)
            };
            let free: Vec<_> = self.stuck.extract_if(.., has_room).collect();
            for id in &free {
                self.fanout.writable(*id, self.now);
            }
            let written =
                |conn: &Conn| conn.waiting.is_empty() && !conn.out.borrow().bytes.is_empty();
            let turns = self.fanout.take_backfills();
            let asked = turns.iter().filter_map(|wanted| {
                Some(BackfillRequest {
                    conn: *self.names.get(&wanted.conn)?,
                    topic: wanted.topic.clone(),
                    from: wanted.first - 1,
                    to: wanted.last,
                })
            });
            self.backfills.extend(asked);
            if free.is_empty() && !self.fanout.is_pending() && !self.conns.values().any(written) {
                break;
            }
        }
    }

    fn take_backfills(&mut self) -> Vec<BackfillRequest> {
        std::mem::take(&mut self.backfills)
    }

    fn backfilled(&mut self, request: &BackfillRequest, read: Vec<Published>) {
        let Some(conn) = self.conns.get(&request.conn) else {
            return;
        };
        let epoch = self.hub.cut(std::slice::from_ref(&request.topic), 0).topics[0]
            .at
            .epoch;
        let frames = read.into_iter().map(|one| {
            let push = Push {
                epoch,
                first: one.offset,
                last: one.offset,
                seq: one.seq,
                t_source: None,
                t_received: TimeUs(1),
                t_published: TimeUs(1),
                data: content(&one),
                topic: one.topic,
            };
            (push.last, conn.encoding.push(&push).unwrap())
        });
        let frames = frames.collect();
        self.fanout.backfilled(conn.id, &request.topic, Ok(frames));
    }
}

fn content(one: &Published) -> Content {
    let nothing = match &one.data {
        Payload::Equity(_) => Some(Payload::Equity(Vec::new())),
        Payload::Working(_) => Some(Payload::Working(Vec::new())),
        _ => None,
    };
    match one.topic.class() {
        Class::Log => Content::Event(one.data.clone()),
        Class::Keyed if one.delta => Content::since(nothing.as_ref(), &one.data),
        Class::Keyed | Class::Latest => Content::Snapshot(one.data.clone()),
    }
}

fn item(one: Published) -> Item {
    Item {
        offset: (one.topic.class() == Class::Log).then_some(one.offset),
        data: content(&one),
        topic: one.topic,
        seq: one.seq,
        t_source: None,
        t_received: TimeUs(1),
    }
}

fn time(now_ms: u64) -> TimeUs {
    TimeUs(i64::try_from(now_ms * 1_000).unwrap())
}
