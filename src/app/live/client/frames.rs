//! What each frame of the server does: those about the session here, those about topics in the
//! [`Follower`](crate::wire::Follower).

use std::rc::Rc;

use serde_json::json;

use super::session::{ENCODING, Welcomed};
use super::{Core, browser};
use crate::app::live::OfflineCause;
use crate::domain::TimeUs;
use crate::wire::follow::Complaint;
use crate::wire::frame::{Pong, Welcome};
use crate::wire::{ServerFrame, Topic, postcard};

impl Core {
    /// Reads one message, which may hold several frames.
    pub(super) fn receive(self: &Rc<Self>, message: &[u8]) {
        if let Some(session) = &mut *self.session.borrow_mut() {
            session.last_frame_ms = browser::now_ms();
        }
        for bytes in postcard::frames(message) {
            // Nothing is read on a socket that was refused: its bytes may mean anything.
            if self.session.borrow().is_none() {
                return;
            }
            self.meter.borrow_mut().count();
            if bytes
                .as_ref()
                .is_ok_and(|frame| postcard::is_of_another_shape(frame))
            {
                self.refuse(OfflineCause::Version);
                return;
            }
            match bytes.and_then(postcard::decode_server) {
                Ok(frame) => {
                    self.log_received(&frame);
                    self.handle(frame);
                }
                Err(error) => self.complain(Complaint {
                    topic: None,
                    code: "unreadable".to_owned(),
                    message: error.to_string(),
                }),
            }
        }
    }

    fn handle(self: &Rc<Self>, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => self.on_welcome(welcome),
            ServerFrame::Pong(pong) => self.on_pong(pong),
            ServerFrame::Closing(closing) => self.link.borrow_mut().announced(closing.retry_ms),
            frame => {
                match &frame {
                    ServerFrame::Ok(_) => self.link.borrow_mut().prove(),
                    ServerFrame::Push(push) => {
                        self.link.borrow_mut().prove();
                        browser::mark(&push.topic.to_string());
                    }
                    _ => {}
                }
                self.ask(|follower, now_ms, topics| follower.handle(frame, now_ms, topics));
            }
        }
    }

    fn on_welcome(self: &Rc<Self>, welcome: Welcome) {
        if !ENCODING.reads(&welcome) {
            self.refuse(OfflineCause::Version);
            return;
        }
        let now_ms = browser::now_ms();
        self.clock.borrow_mut().restart(now_ms, welcome.server_time);
        let name = welcome.session.clone();
        if let Some(session) = &mut *self.session.borrow_mut() {
            session.welcome = Some(Welcomed {
                session: welcome.session,
                ping_ms: welcome.ping_ms,
            });
        }
        self.follower
            .borrow_mut()
            .welcomed(welcome.limits.max_history);
        if self.link.borrow_mut().welcomed() {
            self.meter.borrow_mut().reconnects += 1;
        }
        self.subscribe_missing();
        self.ping(None);
        self.show_time();
        self.show();
        self.tell("connected", &json!({"session": name}));
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

    /// Looks again at what a heartbeat made suspicious.
    pub(super) fn check_suspects(self: &Rc<Self>) {
        self.suspect_timer.take();
        self.flush();
        self.ask(|follower, now_ms, topics| follower.check(now_ms, topics));
    }

    /// Tells an error to those who look and to scripts.
    pub(super) fn complain(&self, complaint: Complaint) {
        let Complaint {
            topic,
            code,
            message,
        } = complaint;
        let name = topic.as_ref().map(Topic::to_string);
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
