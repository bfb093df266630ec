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
use crate::domain::Performance;
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

fn dashboard(view: &View) -> Option<Value> {
    let portfolio = view.portfolio()?;
    let performance = view.performance();
    let now = UpdatesDashboard::of(&portfolio, performance.as_ref());
    Some(json!(now))
}

fn performance(all: &Performance) -> Value {
    json!(UpdatesPerformance::of(all))
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
        out.extend(dashboard(view).map(|now| said(DASHBOARD, "dashboard_update", now)));
        let now = view.performance().map(|all| performance(&all));
        out.extend(now.map(|now| said(PERFORMANCE, "performance_update", now)));
        let all = view.positions();
        let rows = all.iter().map(|one| json!(UpdatesPosition::of(one)));
        out.extend(rows.map(|row| said(POSITIONS, "position_update", row)));
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
        let now: Vec<(&'static str, Value)> = match channel {
            DASHBOARD => dashboard(view)
                .map(|now| ("dashboard_update", now))
                .into_iter()
                .collect(),
            PERFORMANCE => {
                let now = view.performance().map(|all| performance(&all));
                now.map(|now| ("performance_update", now))
                    .into_iter()
                    .collect()
            }
            POSITIONS => {
                let open = view.open_positions();
                open.iter()
                    .map(|one| ("position_update", json!(UpdatesPosition::of(one))))
                    .collect()
            }
            _ => Vec::new(),
        };
        if channel == DASHBOARD {
            self.dashboard_at = Some(Instant::now());
        }
        now.into_iter()
            .map(|(event, data)| {
                self.known.insert((event, row(&data)), data.clone());
                if self.partial {
                    partial_frame(event, &data)
                } else {
                    frame(event, &data)
                }
            })
            .collect()
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
        // What happens is new as a whole.
        if !matches!(said.stream, DASHBOARD | POSITIONS | PERFORMANCE) {
            return vec![if self.partial {
                partial_frame(said.event, &said.data)
            } else {
                said.frame.clone()
            }];
        }
        let every = u64::from(view.state.config.dialects.updates.changes_ms);
        let least = Duration::from_millis(every).saturating_sub(JITTER);
        let is_early = self.dashboard_at.is_some_and(|at| at.elapsed() < least);
        if said.stream == DASHBOARD && is_early {
            return Vec::new();
        }
        let mut now = said.data.clone();
        let key = (said.event, row(&now));
        let before = self.known.get(&key);
        let is_closed = now["quantity"] == 0.0;
        if is_closed {
            // What is not held any more is said once, on the side that it was on.
            let Some(held) = before.filter(|held| held["quantity"] != 0.0) else {
                return Vec::new();
            };
            now["side"] = held["side"].clone();
        }
        if before == Some(&now) {
            return Vec::new();
        }
        if said.stream == DASHBOARD {
            self.dashboard_at = Some(Instant::now());
        }
        let told = match before {
            Some(before) if self.partial => Value::Object(changed(before, &now)),
            _ => now.clone(),
        };
        self.known.insert(key, now);
        vec![if self.partial {
            partial_frame(said.event, &told)
        } else if is_closed {
            frame(said.event, &told)
        } else {
            said.frame.clone()
        }]
    }

    fn too_much(&self) -> Utf8Bytes {
        error("rate_limited", "this socket sends more than it may")
    }
}
