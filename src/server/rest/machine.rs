//! Whether the machine is up (`/health`), whether it does its work (`/ready`), and its counters
//! (`/metrics`, Prometheus).

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use crate::domain::Health;
use crate::domain::health::LinkHealth;
use crate::server::error::AppError;
use crate::server::limits::Why;
use crate::server::state::AppState;

/// How the counters are written.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is known of the machine, and in a word whether it is well.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthReport {
    status: HealthStatus,
    /// Of `time`, as RFC 3339.
    timestamp: String,
    version: String,
    #[serde(flatten)]
    health: Health,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It is ready: everything works that must.
    Healthy,
    Degraded,
}

impl HealthStatus {
    pub fn of(health: &Health) -> Self {
        if health.ready {
            Self::Healthy
        } else {
            Self::Degraded
        }
    }
}

/// 200 as long as it answers at all.
pub async fn health(State(state): State<AppState>) -> Result<Response, AppError> {
    let health = state.monitor.health(state.hub.published());
    let report = HealthReport {
        status: HealthStatus::of(&health),
        timestamp: health.time.rfc3339(),
        version: health.process.version.clone(),
        health,
    };
    answer(report.health.seq, &report)
}

/// Whether everything that must work does, and what does not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    ready: bool,
    problems: Vec<String>,
}

/// 200 while everything that must work does, else 503 with what does not.
pub async fn ready(State(state): State<AppState>) -> Result<Response, AppError> {
    let health = state.monitor.health(state.hub.published());
    let body = Readiness {
        ready: health.ready,
        problems: health.problems,
    };
    let mut response = answer(health.seq, &body)?;
    if !health.ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    Ok(response)
}

pub async fn metrics(State(state): State<AppState>) -> Result<Response, AppError> {
    let mut registry = Registry::with_prefix("plainsight");
    registry.register_collector(Box::new(Snapshot {
        health: state.monitor.health(state.hub.published()),
        counters: counters(&state),
        limited: state.limits.counts.all().to_vec(),
    }));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| AppError::Internal(error.to_string()))?;
    let content_type = HeaderValue::from_static(OPEN_METRICS);
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}

type Counter = (&'static str, &'static str, u64);

fn counters(state: &AppState) -> Vec<Counter> {
    let counters = &state.monitor.counters;
    [
        ("inputs", "Inputs taken from the feed", &counters.inputs),
        ("events", "Events journalled", &counters.events),
        ("commits", "Group commits of the journal", &counters.commits),
        (
            "commit_failures",
            "Group commits that failed",
            &counters.commit_failures,
        ),
        ("connections", "Sockets opened", &counters.connections),
        (
            "frames_in",
            "Frames received on sockets",
            &counters.frames_in,
        ),
        ("frames_out", "Frames sent on sockets", &counters.frames_out),
        ("sent_bytes", "Bytes sent on sockets", &counters.bytes_out),
        (
            "bad_frames",
            "Frames that could not be read",
            &counters.bad_frames,
        ),
        (
            "socket_writes",
            "Writes to sockets, each of what was ready",
            &counters.writes,
        ),
        (
            "lags",
            "Times that a slow reader was told what it was not given",
            &counters.lags,
        ),
        ("resumed", "Topics resumed by clients", &counters.resumed),
        (
            "backfills",
            "Reads of the journal for a resume",
            &counters.backfills,
        ),
        (
            "resyncs",
            "Topics that could not be resumed",
            &counters.resyncs,
        ),
        (
            "slow_closes",
            "Sockets closed for being too slow",
            &counters.slow_closes,
        ),
    ]
    .into_iter()
    .map(|(name, help, counter)| (name, help, counter.load(Ordering::Relaxed)))
    .collect()
}

/// The figures of one scrape.
#[derive(Debug)]
struct Snapshot {
    health: Health,
    counters: Vec<Counter>,
    limited: Vec<(Why, u64)>,
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, help, value) in &self.counters {
            let counter = ConstCounter::new(*value);
            counter.encode(encoder.encode_descriptor(
                name,
                help,
                None,
                counter.metric_type(),
            )?)?;
        }
        let help = "What was refused or closed for a limit, by which";
        let mut limited = encoder.encode_descriptor("limited", help, None, MetricType::Counter)?;
        for (why, count) in &self.limited {
            let labels = [("why", why.as_str())];
            ConstCounter::new(*count).encode(limited.encode_family(&labels)?)?;
        }
        let health = &self.health;
        let link = health.feed.link.as_ref();
        let of_link = |read: fn(&LinkHealth) -> u64| link.map(|link| read(link) as f64);
        let micros = |value: Option<u64>| value.map(|micros| micros as f64 / 1e6);
        let gauges = [
            (
                "ready",
                "1 while everything that must work does",
                Some(f64::from(u8::from(health.ready))),
            ),
            (
                "journal_writable",
                "1 while the journal takes events",
                Some(f64::from(u8::from(health.journal.writable))),
            ),
            (
                "journal_size_bytes",
                "The journal on the disk",
                Some(health.journal.size_bytes as f64),
            ),
            ("clients", "Open sockets", Some(health.clients as f64)),
            ("pushes", "Publications so far", Some(health.pushes as f64)),
            (
                "seq",
                "The last input that is published",
                Some(health.seq.0 as f64),
            ),
            (
                "feed_rows",
                "Market data rows",
                Some(health.feed.rows as f64),
            ),
            (
                "feed_rejected_rows",
                "Rows that were refused",
                Some(health.feed.rejected_rows as f64),
            ),
            (
                "feed_messages",
                "Messages of the live feed",
                of_link(|link| link.messages),
            ),
            (
                "feed_reconnects",
                "Connections of the live feed after the first",
                of_link(|link| link.reconnects),
            ),
            (
                "feed_gaps",
                "Holes in trades or books of the live feed",
                of_link(|link| link.gaps),
            ),
            (
                "feed_gaps_healed",
                "Holes in trades that were filled afterwards",
                of_link(|link| link.healed),
            ),
            (
                "feed_last_message_age_seconds",
                "Since the live feed's last message",
                link.and_then(|link| link.last_message_age_ms)
                    .map(|age| age as f64 / 1e3),
            ),
            (
                "resident_bytes",
                "Memory of the process",
                health.process.resident_bytes.map(|bytes| bytes as f64),
            ),
            (
                "uptime_seconds",
                "Since the start",
                Some(health.process.uptime_s as f64),
            ),
            (
                "received_to_published_p99_seconds",
                "From an item's arrival to its publication, last minute",
                micros(health.received_to_published.p99_us),
            ),
            (
                "received_to_journalled_p99_seconds",
                "From an item's arrival to the journal's commit, last minute",
                micros(health.received_to_journalled.p99_us),
            ),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(
                    name,
                    help,
                    None,
                    gauge.metric_type(),
                )?)?;
            }
        }
        Ok(())
    }
}
