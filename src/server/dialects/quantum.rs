//! Dialect 5, Quantum Trader: `/stream/live`, one flat object every few seconds. Its clients compute with every
//! number, so what is not known is written as zero and named beside, unless the configuration says `null`.
//! The figures that have keys in Redis come from there while it is configured and answers ([`redis`]).

mod containers;
mod outside;
mod redis;

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::Utf8Bytes;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::caster::{self, Said};
use super::config::{QuantumConfig, Undefined};
use super::figures::{float, number};
use super::session::{self, Asked, Heard, Talk};
use super::view::View;
use crate::domain::performance::Window;
use crate::domain::{MetricId, money};
use crate::server::clock::wall_time;
use crate::server::error::AppError;
use crate::server::rest::answer;
use crate::server::state::AppState;
use crate::wire::{Payload, Topic};

pub use outside::{Outside, start};
pub use redis::{Fault, RedisConfig};

/// `GET /stream/live`.
pub async fn live(asked: Asked) -> Response {
    session::open(asked, |state| &state.casters.quantum, Client::default())
}

#[derive(Debug, Serialize, ToSchema)]
pub struct QuantumHealth {
    /// That it answers at all.
    status: QuantumStatus,
    /// Open sockets of this dialect.
    connections: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum QuantumStatus {
    Ok,
}

/// `GET /stream/health`.
pub async fn health(State(state): State<AppState>) -> Result<Response, AppError> {
    let body = QuantumHealth {
        status: QuantumStatus::Ok,
        connections: state.casters.quantum.listeners(),
    };
    answer(state.hub.seq(), &body)
}

/// Everything that its clients know, `null` where it is not known.
fn figures(view: &View) -> Map<String, Value> {
    let mut figures = own(view);
    if let Some(reading) = &*view.state.outside.redis.lock() {
        for (name, value) in reading.figures() {
            figures.insert(name.to_owned(), value);
        }
        figures.insert("quality".to_owned(), reading.quality());
        figures.insert("source".to_owned(), "redis".into());
    }
    figures
}

/// The same from this engine and this machine alone.
fn own(view: &View) -> Map<String, Value> {
    let now = wall_time();
    let (health, machine) = (view.health(), view.state.monitor.machine());
    let (portfolio, performance, models) = (view.portfolio(), view.performance(), view.models());
    let day = performance
        .as_ref()
        .and_then(|all| all.windows.get(&Window::H24));
    let exposure = portfolio
        .as_ref()
        .and_then(|now| now.exposure_percent())
        .map(|percent| money::to_f64(percent) / 100.0);
    // The first symbol's market stands for the regime that its clients show.
    let symbol = view.symbols().into_iter().next();
    let market = symbol.and_then(|symbol| models.as_ref()?.markets.get(&symbol).cloned());
    let micros = health.received_to_published.p50_us;
    let datetime = now.rfc3339();
    let datetime = datetime.split(['.', 'Z']).next().unwrap_or_default();
    let told = json!({
        "timestamp": now.micros() as f64 / 1e6,
        "datetime": datetime,
        "cpu": machine.cpu_percent,
        "ram": float(machine.memory_percent),
        "containers": *view.state.outside.containers.lock(),
        "accuracy": float(performance.as_ref().and_then(|all| all.accuracy)),
        "latency": float(micros.map(|micros| micros as f64 / 1_000.0)),
        "sharpe": float(day.and_then(|day| day.value(MetricId::Sharpe))),
        "pnl": portfolio.as_ref().map(|now| number(now.net_pnl)),
        "positions": portfolio.as_ref().map(|now| now.open_positions),
        "exposure": float(exposure),
        "risk": float(models.as_ref().and_then(|models| models.risk)),
        "volatility": float(market.as_ref().and_then(|market| market.volatility)),
        "regime": market.and_then(|market| market.regime),
        "source": "engine",
        "quality": {},
    });
    match told {
        Value::Object(told) => told,
        _ => Map::new(),
    }
}

/// What is not known is named, and written as the configuration says.
fn written(mut figures: Map<String, Value>, undefined: Undefined) -> Value {
    let mut unknown = Vec::new();
    for (name, value) in &mut figures {
        if value.is_null() {
            unknown.push(name.clone());
            if undefined == Undefined::Zero {
                *value = if name == "regime" {
                    "unknown".into()
                } else {
                    0.into()
                };
            }
        }
    }
    figures.insert("undefined".to_owned(), unknown.into());
    Value::Object(figures)
}

fn frame(view: &View) -> Value {
    written(figures(view), view.state.config.dialects.quantum.undefined)
}

pub struct Voice {
    every: Duration,
}

impl Voice {
    pub fn new(config: &QuantumConfig) -> Self {
        Self {
            every: Duration::from_millis(config.every_ms.into()),
        }
    }
}

impl caster::Voice for Voice {
    fn logs(&self, _: &View) -> Vec<Topic> {
        Vec::new()
    }

    fn beats(&self) -> Vec<Duration> {
        vec![self.every]
    }

    fn entries(&mut self, _: &View, _: &[Payload], _: &mut Vec<Said>) {}

    fn beat(&mut self, _: usize, view: &View, out: &mut Vec<Said>) {
        let data = frame(view);
        out.push(Said {
            stream: "live",
            symbol: None,
            event: "live",
            frame: data.to_string().into(),
            data,
        });
    }
}

#[derive(Default)]
struct Client {
    /// Its coming is in the log, and so will be its going.
    came: bool,
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.came {
            tracing::info!("Client disconnected");
        }
    }
}

impl Talk for Client {
    fn opened(&mut self, view: &View) -> Vec<Utf8Bytes> {
        self.came = true;
        tracing::info!("Client connected");
        vec![frame(view).to_string().into()]
    }

    /// Its clients say nothing that matters; some say something to keep the line open.
    fn hear(&mut self, _: &str, _: &View) -> Heard {
        Heard::Answers(Vec::new())
    }

    fn pass(&mut self, said: &Said, _: &View) -> Vec<Utf8Bytes> {
        vec![said.frame.clone()]
    }

    fn too_much(&self) -> Utf8Bytes {
        json!({ "error": "rate_limited" }).to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_named_and_written_as_configured() {
        let figures = || {
            let told = json!({ "cpu": 1.5, "sharpe": null, "regime": null });
            told.as_object().unwrap().clone()
        };
        let zero = written(figures(), Undefined::Zero);
        assert_eq!(zero["undefined"], json!(["regime", "sharpe"]));
        assert_eq!((&zero["sharpe"], &zero["cpu"]), (&json!(0), &json!(1.5)));
        let null = written(figures(), Undefined::Null);
        assert_eq!(
            (&null["sharpe"], &null["undefined"]),
            (&Value::Null, &zero["undefined"])
        );
    }
}
