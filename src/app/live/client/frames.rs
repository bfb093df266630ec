//! What each frame of the server does.

use std::rc::Rc;

use serde_json::json;

use super::inbox::Change;
use super::repairs::{GRACE_MS, Suspect};
use super::session::Welcomed;
use super::{Core, browser};
use crate::app::live::OfflineCause;
use crate::domain::TimeUs;
use crate::wire::frame::{ErrorReply, Heartbeat, Pong, Reply, Resync, Welcome};
use crate::wire::{Encoding, Push, ResyncReason, ServerFrame, Topic, json};

/// A topic that is not there may come to be, as a bot's with its first report: it is asked for again
/// after this.
const UNKNOWN_AGAIN_MS: u32 = 500;
/// A refusal that may pass is followed by another try after this, if it names no time itself.
const ASK_AGAIN_MS: u32 = 5_000;

impl Core {
    /// Reads one message, which may hold several frames.
    pub(super) fn receive(self: &Rc<Self>, text: &str) {
        if let Some(session) = &mut *self.session.borrow_mut() {
            session.last_frame_ms = browser::now_ms();
        }
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.meter.borrow_mut().count();
            match json::decode_server(line) {
                Ok(frame) => self.handle(frame),
                // Of a newer server, perhaps: what is not understood is left out.
                Err(error) => self.complain(None, "unreadable", &error.to_string()),
            }
        }
    }

    fn handle(self: &Rc<Self>, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => self.on_welcome(welcome),
            ServerFrame::Ok(reply) => self.on_ok(reply),
            ServerFrame::Error(error) => self.on_error(error),
            ServerFrame::Pong(pong) => self.on_pong(pong),
            ServerFrame::Push(push) => self.on_push(push),
            ServerFrame::Resumed(resumed) => self.note(&resumed.topic, Change::Resumed),
            ServerFrame::Resync(resync) => self.on_resync(resync),
            // What follows shows the gap, and that is resumed; without it there would be none.
            ServerFrame::Lag(lag) => self.repair(&lag.topic),
            ServerFrame::Heartbeat(heartbeat) => self.on_heartbeat(heartbeat),
            ServerFrame::Closing(closing) => self.link.borrow_mut().announced(closing.retry_ms),
        }
    }

    fn on_welcome(self: &Rc<Self>, welcome: Welcome) {
        if !Encoding::Json.reads(&welcome) {
            self.refuse(OfflineCause::Version);
            return;
        }
        let now_ms = browser::now_ms();
        self.clock.borrow_mut().restart(now_ms, welcome.server_time);
        let name = welcome.session.clone();
        if let Some(session) = &mut *self.session.borrow_mut() {
            session.welcome = Some(Welcomed {
                session: welcome.session,
                limits: welcome.limits,
                ping_ms: welcome.ping_ms,
            });
        }
        if self.link.borrow_mut().welcomed() {
            self.meter.borrow_mut().reconnects += 1;
        }
        self.subscribe_missing();
        self.ping(None);
        self.show_time();
        self.show();
        self.tell("connected", &json!({"session": name}));
    }

    fn on_ok(self: &Rc<Self>, reply: Reply) {
        self.link.borrow_mut().prove();
        let asked = self
            .session
            .borrow_mut()
            .as_mut()
            .and_then(|session| session.subscribing.remove(&reply.id))
            .map_or_else(Vec::new, |subscribing| subscribing.topics);
        let at_ms = browser::now_ms();
        for subscribed in reply.topics {
            let force = asked
                .iter()
                .any(|(topic, afresh)| *afresh && *topic == subscribed.topic);
            let change = Change::Start {
                epoch: subscribed.epoch,
                offset: subscribed.offset,
                force,
                at_ms,
            };
            self.topics.borrow_mut().errors.remove(&subscribed.topic);
            self.note(&subscribed.topic, change);
        }
        for error in reply.errors {
            let topic = error.topic.parse().ok();
            let is_new = {
                let mut topics = self.topics.borrow_mut();
                if error.code == "unknown_topic"
                    && let Some(topic) = &topic
                {
                    topics.asked.remove(topic);
                    self.ask_again();
                }
                let known = topic.as_ref().and_then(|topic| topics.errors.get(topic));
                known != Some(&error.message)
            };
            if is_new {
                self.complain(topic.as_ref(), &error.code, &error.message);
            }
        }
    }

    fn ask_again(self: &Rc<Self>) {
        let core = self.clone();
        let timer = browser::Timer::after(UNKNOWN_AGAIN_MS, move || core.subscribe_missing());
        self.unknown_timer.replace(Some(timer));
    }

    fn on_error(self: &Rc<Self>, error: ErrorReply) {
        let asked = self
            .session
            .borrow_mut()
            .as_mut()
            .and_then(|session| session.subscribing.remove(&error.id?))
            .map_or_else(Vec::new, |subscribing| subscribing.topics);
        if error.temporary && !asked.is_empty() {
            let mut topics = self.topics.borrow_mut();
            for (topic, _) in &asked {
                topics.asked.remove(topic);
            }
            self.subscribe_after(error.retry_ms.unwrap_or(ASK_AGAIN_MS));
        }
        for (topic, _) in &asked {
            self.topics
                .borrow_mut()
                .errors
                .insert(topic.clone(), error.message.clone());
        }
        self.complain(None, &error.code, &error.message);
    }

    fn on_pong(self: &Rc<Self>, pong: Pong) {
        let Some(sent_ms) = pong.t.and_then(|t| t.as_f64()) else {
            return;
        };
        let now_ms = browser::now_ms();
        let round_trip_ms = self
            .clock
            .borrow_mut()
            .round_trip(sent_ms, now_ms, pong.server_time);
        self.meter.borrow_mut().round_trip_ms = Some(round_trip_ms);
        let waiting = self
            .session
            .borrow_mut()
            .as_mut()
            .and_then(|session| session.pings.remove(&pong.id));
        if let Some(waiting) = waiting {
            let _ = waiting.send(round_trip_ms);
        }
    }

    fn on_push(self: &Rc<Self>, push: Box<Push>) {
        self.link.borrow_mut().prove();
        browser::mark(&push.topic.to_string());
        let topic = push.topic.clone();
        self.note(&topic, Change::Push(push));
    }

    fn on_resync(self: &Rc<Self>, resync: Resync) {
        if resync.reason == ResyncReason::Forbidden {
            self.complain(Some(&resync.topic), "forbidden", "no longer allowed");
        }
        let change = Change::Start {
            epoch: resync.epoch,
            offset: resync.offset,
            force: true,
            at_ms: browser::now_ms(),
        };
        self.note(&resync.topic, change);
    }

    /// Puts a change of a topic that this session asked for into the inbox.
    fn note(self: &Rc<Self>, topic: &Topic, change: Change) {
        if self.topics.borrow().asked.contains_key(topic) {
            self.inbox.borrow_mut().put(topic, change);
            self.flush_soon();
        }
    }

    fn on_heartbeat(self: &Rc<Self>, heartbeat: Heartbeat) {
        let now_ms = browser::now_ms();
        {
            let topics = self.topics.borrow();
            let mut repairs = self.repairs.borrow_mut();
            for head in heartbeat.heads {
                if !topics.asked.contains_key(&head.topic) {
                    continue;
                }
                let stood = topics.peek(&head.topic, |replica| {
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
                    repairs.suspect(suspect, now_ms);
                }
            }
            if !repairs.has_suspects() || self.suspect_timer.borrow().is_some() {
                return;
            }
        }
        let core = self.clone();
        let timer = browser::Timer::after(GRACE_MS + 20, move || core.check_suspects());
        self.suspect_timer.replace(Some(timer));
    }

    /// Resumes what has not moved since a heartbeat showed that more was to come.
    fn check_suspects(self: &Rc<Self>) {
        self.suspect_timer.take();
        self.flush();
        let due = self.repairs.borrow_mut().due(browser::now_ms());
        for suspect in due {
            let stands = self.topics.borrow().peek(&suspect.topic, |replica| {
                replica.is_behind(suspect.epoch, suspect.head)
                    && replica.since().map(|since| since.offset) == suspect.stood
            });
            if stands == Some(true) {
                self.repair(&suspect.topic);
            }
        }
    }

    /// Keeps an error for those who look, and tells it to scripts.
    fn complain(&self, topic: Option<&Topic>, code: &str, message: &str) {
        if let Some(topic) = topic {
            self.topics
                .borrow_mut()
                .errors
                .insert(topic.clone(), message.to_owned());
        }
        let name = topic.map(Topic::to_string);
        browser::warn(&match &name {
            Some(name) => format!("{name}: {code}: {message}"),
            None => format!("{code}: {message}"),
        });
        self.tell(
            "error",
            &json!({"topic": name, "code": code, "message": message}),
        );
    }

    /// The server's time now.
    pub(super) fn server_time(&self) -> Option<TimeUs> {
        self.clock.borrow().now(browser::now_ms())
    }
}
