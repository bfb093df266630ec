//! `window.plainsight`: the connection for the browser's console and for scripts.
//!
//! `status()`, `subscribe(topic)`, `unsubscribe(topic)`, `ping()` (a promise of the round trip in
//! ms), `retry()` and `on(name, function)`, where the name is a topic, `connected`, `disconnected`,
//! `error` (a refusal, an unreadable frame, a try that failed) or `connection_failed` (gave up, see
//! the cause). `on` gives a function that ends it. `window.transparencyWebSocket` is the same
//! object, with `getConnectionStatus()` beside.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use futures::channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use leptos::prelude::*;
use serde_json::{Map, Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::future_to_promise;

use super::link::Wake;
use super::listeners::to_js;
use super::{Core, browser};
use crate::app::live::{ConnectionState, OfflineCause};
use crate::wire::Topic;
use crate::wire::follow::Replicas as _;

const EVENTS: [&str; 4] = ["connected", "disconnected", "error", "connection_failed"];

/// The cause as a word.
pub(super) fn cause_text(cause: OfflineCause) -> &'static str {
    match cause {
        OfflineCause::ServerAway => "server_away",
        OfflineCause::BrowserOffline => "browser_offline",
        OfflineCause::NotSignedIn => "not_signed_in",
        OfflineCause::Forbidden => "forbidden",
        OfflineCause::Version => "version",
        OfflineCause::Refused => "refused",
    }
}

/// Topics that scripts subscribed to: each counts as one user, however often it was asked for.
type Held = Rc<RefCell<HashSet<Topic>>>;

impl Core {
    /// Puts the object into the window.
    pub(super) fn offer_console(self: &Rc<Self>) {
        let Some(window) = browser::window() else {
            return;
        };
        let object = Object::new();
        let held = Held::default();
        let core = self.clone();
        let status = Closure::<dyn Fn() -> JsValue>::new(move || to_js(&core.status()));
        let status = status.into_js_value();
        set(&object, "status", &status);
        set(&object, "getConnectionStatus", &status);

        let core = self.clone();
        let retry = Closure::<dyn Fn()>::new(move || core.wake(Wake::Person));
        set(&object, "retry", &retry.into_js_value());

        let core = self.clone();
        let ping = Closure::<dyn Fn() -> Promise>::new(move || core.ping_promise());
        set(&object, "ping", &ping.into_js_value());

        let (core, kept) = (self.clone(), held.clone());
        let subscribe = move |name: String| {
            let topic = named(&name)?;
            if kept.borrow_mut().insert(topic.clone()) {
                core.acquire(&topic);
            }
            Ok(())
        };
        let subscribe = Closure::<dyn Fn(String) -> Result<(), JsValue>>::new(subscribe);
        set(&object, "subscribe", &subscribe.into_js_value());

        let core = self.clone();
        let unsubscribe = move |name: String| {
            let topic = named(&name)?;
            if held.borrow_mut().remove(&topic) {
                core.release(&topic);
            }
            Ok(())
        };
        let unsubscribe = Closure::<dyn Fn(String) -> Result<(), JsValue>>::new(unsubscribe);
        set(&object, "unsubscribe", &unsubscribe.into_js_value());

        let core = self.clone();
        let on = move |name: String, function: Function| core.on(name, function);
        let on = Closure::<dyn Fn(String, Function) -> Result<JsValue, JsValue>>::new(on);
        set(&object, "on", &on.into_js_value());

        set(&window, "plainsight", &object);
        set(&window, "transparencyWebSocket", &object);
    }

    fn on(self: &Rc<Self>, name: String, function: Function) -> Result<JsValue, JsValue> {
        if EVENTS.contains(&name.as_str()) {
            return Ok(self.listen(name, function, || {}));
        }
        let topic = named(&name)?;
        self.acquire(&topic);
        let core = self.clone();
        Ok(self.listen(topic.to_string(), function, move || core.release(&topic)))
    }

    fn ping_promise(self: &Rc<Self>) -> Promise {
        let (waiting, answer) = oneshot::channel();
        if self.is_welcomed() {
            self.ping(Some(waiting));
        }
        future_to_promise(async move {
            match answer.await {
                Ok(round_trip_ms) => Ok(JsValue::from_f64(round_trip_ms)),
                Err(_) => Err(js_sys::Error::new("not connected").into()),
            }
        })
    }

    fn status(&self) -> Value {
        let state = self.connection.try_get_untracked();
        let mut status = match state.unwrap_or(ConnectionState::Connecting) {
            ConnectionState::Connecting => json!({"state": "connecting"}),
            ConnectionState::Live => json!({"state": "live"}),
            ConnectionState::Degraded { late } => json!({"state": "degraded", "late": late}),
            ConnectionState::Reconnecting { attempt, next_in_s } => {
                json!({"state": "reconnecting", "attempt": attempt, "next_in_s": next_in_s})
            }
            ConnectionState::Offline { cause } => {
                json!({"state": "offline", "cause": cause_text(cause)})
            }
        };
        let session = self.session.borrow();
        let welcome = session
            .as_ref()
            .and_then(|session| session.welcome.as_ref());
        let stats = self.meter.borrow().stats();
        status["session"] = json!(welcome.map(|welcome| &welcome.session));
        status["failed_attempts"] = json!(self.link.borrow().failed());
        status["server_time"] = json!(self.server_time());
        status["topics"] = self.topic_status();
        status["stats"] = json!({
            "round_trip_ms": stats.round_trip_ms,
            "messages_per_s": stats.messages_per_s,
            "reconnects": stats.reconnects,
            "last_gap": stats.last_gap,
        });
        status
    }

    fn topic_status(&self) -> Value {
        let topics = self.topics.borrow();
        let follower = self.follower.borrow();
        let now = self.server_time();
        let mut all = Map::new();
        for topic in topics.held() {
            let place = topics.peek(&topic, |replica| (replica.since(), replica.t_received));
            let (since, received) = place.unwrap_or_default();
            let age_ms = now.zip(received).map(|(now, at)| now.since(at) / 1_000);
            all.insert(
                topic.to_string(),
                json!({
                    "epoch": since.map(|since| since.epoch),
                    "offset": since.map(|since| since.offset),
                    "age_ms": age_ms,
                    "users": topics.usage.users(&topic),
                    "subscribed": follower.asked_ms(&topic).is_some(),
                    "error": follower.error(&topic),
                }),
            );
        }
        Value::Object(all)
    }
}

fn named(name: &str) -> Result<Topic, JsValue> {
    name.parse::<Topic>()
        .map_err(|error| js_sys::Error::new(&error.to_string()).into())
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}
