//! Dialect 3, Real-time Data Updates: `/ws`. Channels are subscribed to; frames have a type, data and a
//! timestamp in both directions. With `"partial": true` a client gets only what has changed since its first
//! message of a thing, which is whole.

pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caster::{self, Said};
use super::config::UpdatesConfig;
use super::figures::time;
use super::names::named;
use super::session::{self, Asked, Heard, Talk};
use super::view::View;
use crate::server::clock::wall_time;
use crate::wire::{Payload, Topic};
use words::{UpdatesAlert, UpdatesDashboard, UpdatesPerformance, UpdatesPosition, UpdatesTrade};

const DASHBOARD: &str = "dashboard";
const TRADES: &str = "trades";
const POSITIONS: &str = "positions";
const PERFORMANCE: &str = "performance";
const ALERTS: &str = "alerts";
/// What can be subscribed to.
pub const CHANNELS: [&str; 5] = [DASHBOARD, TRADES, POSITIONS, PERFORMANCE, ALERTS];
/// By how much a beat may come too soon after the one before.
const JITTER: Duration = Duration::from_millis(100);

/// `GET /ws`.
pub async fn updates(asked: Asked) -> Response {
    session::open(asked, |state| &state.casters.updates, Client::default())
}

/// All of a channel as it is now, each row with the name of its message; of what only happens nothing.
fn figures(channel: &str, view: &View) -> Vec<(&'static str, Value)> {
    match channel {
        DASHBOARD => {
            let performance = view.performance();
            let now = view.portfolio();
            let told = now.map(|now| UpdatesDashboard::of(&now, performance.as_ref()));
            told.map(|told| ("dashboard_update", json!(told)))
                .into_iter()
                .collect()
        }
        PERFORMANCE => {
            let told = view.performance().map(|all| UpdatesPerformance::of(&all));
            told.map(|told| ("performance_update", json!(told)))
                .into_iter()
                .collect()
        }
        POSITIONS => {
            let all = view.positions();
            let rows = all.iter().map(UpdatesPosition::of);
            rows.map(|row| ("position_update", json!(row))).collect()
        }
        _ => Vec::new(),
    }
}

fn frame(event: &str, data: &Value) -> Utf8Bytes {
    envelope(event, data).to_string().into()
}

/// For who asked for changes alone: what is in it takes the place of what was there before.
fn partial_frame(event: &str, data: &Value) -> Utf8Bytes {
    let mut frame = envelope(event, data);
    frame["partial"] = true.into();
    frame.to_string().into()
}

fn envelope(event: &str, data: &Value) -> Value {
    json!({ "type": event, "data": data, "timestamp": time(wall_time()) })
}

fn said(stream: &'static str, event: &'static str, data: Value) -> Said {
    Said {
        stream,
        symbol: None,
        event,
        frame: frame(event, &data),
        data,
    }
}

pub struct Voice {
    every: Duration,
}

impl Voice {
    pub fn new(config: &UpdatesConfig) -> Self {
        Self {
            every: Duration::from_millis(config.changes_ms.into()),
        }
    }
}

impl caster::Voice for Voice {
    fn logs(&self, view: &View) -> Vec<Topic> {
        vec![Topic::Trades(view.bot.clone()), Topic::Alerts]
    }

    fn beats(&self) -> Vec<Duration> {
        vec![self.every]
    }

    fn entries(&mut self, _: &View, entries: &[Payload], out: &mut Vec<Said>) {
        out.extend(entries.iter().filter_map(|entry| match entry {
            Payload::Trade(fill) => {
                let told = json!(UpdatesTrade::of(fill));
                Some(said(TRADES, "trade_update", told))
            }
            Payload::Alert(raised) => {
                let told = json!(UpdatesAlert::of(raised));
                Some(said(ALERTS, "alert", told))
            }
            _ => None,
        }));
    }

    fn beat(&mut self, _: usize, view: &View, out: &mut Vec<Said>) {
        // Each time: what is news depends on what a client knows.
        for channel in CHANNELS {
            let now = figures(channel, view).into_iter();
            out.extend(now.map(|(event, told)| said(channel, event, told)));
        }
    }
}

#[derive(Deserialize)]
struct Command {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Value,
    /// Some clients write what they want beside the type.
    channels: Option<Value>,
    partial: Option<bool>,
}

#[derive(Default)]
struct Client {
    channels: BTreeSet<&'static str>,
    partial: bool,
    /// What it was told last, by event and row.
    known: BTreeMap<(&'static str, String), Value>,
    /// When it was told the dashboard's figures.
    dashboard_at: Option<Instant>,
}

fn error(code: &str, message: impl Into<String>) -> Utf8Bytes {
    frame("error", &json!({ "code": code, "message": message.into() }))
}

impl Client {
    /// The channels that a command names, and those that there are not.
    fn named(command: &Command) -> Result<(Vec<&'static str>, Vec<String>), Utf8Bytes> {
        let given = command.data.get("channels").or(command.channels.as_ref());
        let Some(Value::Array(given)) = given else {
            return Err(error("missing_channels", "channels is a list of names"));
        };
        Ok(named(given, &CHANNELS))
    }

    /// All of a channel, as it is now.
    fn first(&mut self, channel: &str, view: &View) -> Vec<Utf8Bytes> {
        let mut frames = Vec::new();
        for (event, now) in figures(channel, view) {
            // As a whole, also to who was told of it before; what was closed since is news.
            if now["quantity"] != 0.0 {
                self.known.remove(&(event, row(&now)));
            }
            let told = self.news(channel, event, &now);
            frames.extend(told.map(|told| self.frame(event, &told)));
        }
        frames
    }

    /// What of a figure it does not know yet.
    fn news(&mut self, channel: &str, event: &'static str, now: &Value) -> Option<Value> {
        let mut now = now.clone();
        let key = (event, row(&now));
        let before = self.known.get(&key);
        if now["quantity"] == 0.0 {
            // What is not held any more is said once, on the side that it was on.
            let held = before.filter(|held| held["quantity"] != 0.0)?;
            now["side"] = held["side"].clone();
        }
        if before == Some(&now) {
            return None;
        }
        let told = match before {
            Some(before) if self.partial => Value::Object(changed(before, &now)),
            _ => now.clone(),
        };
        self.known.insert(key, now);
        if channel == DASHBOARD {
            self.dashboard_at = Some(Instant::now());
        }
        Some(told)
    }

    fn frame(&self, event: &str, told: &Value) -> Utf8Bytes {
        if self.partial {
            partial_frame(event, told)
        } else {
            frame(event, told)
        }
    }
}

/// Which row of an event it is.
fn row(data: &Value) -> String {
    data["id"].as_str().unwrap_or_default().to_owned()
}

/// The fields that have changed, and the row's id.
fn changed(before: &Value, now: &Value) -> Map<String, Value> {
    let fields = now.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| *name == "id" || before.get(name.as_str()) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl Talk for Client {
    fn opened(&mut self, _: &View) -> Vec<Utf8Bytes> {
        Vec::new()
    }

    fn hear(&mut self, text: &str, view: &View) -> Heard {
        let command: Command = match serde_json::from_str(text) {
            Ok(command) => command,
            Err(why) => return Heard::Bad(error("bad_message", why.to_string())),
        };
        let answers = match command.kind.as_str() {
            "subscribe" => match Self::named(&command) {
                Ok((channels, rejected)) => {
                    let wish = command.data.get("partial").and_then(Value::as_bool);
                    self.partial = wish.or(command.partial).unwrap_or(false);
                    self.channels.extend(&channels);
                    let mut told = json!({ "channels": channels });
                    if !rejected.is_empty() {
                        told["rejected"] = rejected.into();
                    }
                    let mut answers = vec![frame("subscribed", &told)];
                    for channel in channels {
                        answers.extend(self.first(channel, view));
                    }
                    answers
                }
                Err(error) => vec![error],
            },
            "unsubscribe" => match Self::named(&command) {
                Ok((channels, _)) => {
                    self.channels.retain(|channel| !channels.contains(channel));
                    vec![frame("unsubscribed", &json!({ "channels": channels }))]
                }
                Err(error) => vec![error],
            },
            "ping" if command.data.is_null() => vec![frame("pong", &json!({}))],
            "ping" => vec![frame("pong", &command.data)],
            other => {
                let shown: String = other.chars().take(40).collect();
                vec![error("unknown_type", format!("there is no type {shown:?}"))]
            }
        };
        Heard::Answers(answers)
    }

    fn pass(&mut self, said: &Said, view: &View) -> Vec<Utf8Bytes> {
        if !self.channels.contains(said.stream) {
            return Vec::new();
        }
        let every = u64::from(view.state.config.dialects.updates.changes_ms);
        let least = Duration::from_millis(every).saturating_sub(JITTER);
        let told = match said.stream {
            DASHBOARD if self.dashboard_at.is_some_and(|at| at.elapsed() < least) => None,
            DASHBOARD | POSITIONS | PERFORMANCE => self.news(said.stream, said.event, &said.data),
            // What happens is new as a whole.
            _ => Some(said.data.clone()),
        };
        let frame = told.map(|told| {
            if !self.partial && told == said.data {
                said.frame.clone()
            } else {
                self.frame(said.event, &told)
            }
        });
        frame.into_iter().collect()
    }

    fn too_much(&self) -> Utf8Bytes {
        error("rate_limited", "this socket sends more than it may")
    }
}
