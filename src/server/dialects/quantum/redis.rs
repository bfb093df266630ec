//! The figures that other programs keep in Redis, under the names that the old system had. They are read
//! once a second in one round trip. While Redis is away there is no [`Reading`]; nothing waits for it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, RedisResult, from_redis_value,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::outside::Outside;
use crate::server::state::AppState;

const EVERY: Duration = Duration::from_secs(1);
/// A Redis that does not answer within this is away.
const PATIENCE: Duration = Duration::from_secs(1);

/// `[redis]`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// Where it is; nobody is asked without it.
    pub url: Option<RedisUrl>,
}

/// `redis://[user:password@]host[:port][/db]`, `rediss://` over TLS, or `unix://`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedisUrl(String);

/// It may hold a password, which is written nowhere.
impl std::fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}

impl From<RedisUrl> for String {
    fn from(url: RedisUrl) -> Self {
        url.0
    }
}

impl TryFrom<String> for RedisUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        match url.as_str().into_connection_info() {
            Ok(_) => Ok(Self(url)),
            Err(_) => Err("url is not the address of a Redis, as redis://127.0.0.1:6379/0"),
        }
    }
}

/// A figure of the frame that has a key, or two of which the first good one counts.
struct Figure {
    name: &'static str,
    keys: &'static [&'static str],
    range: RangeInclusive<f64>,
    is_count: bool,
}

const fn figure(
    name: &'static str,
    keys: &'static [&'static str],
    range: RangeInclusive<f64>,
) -> Figure {
    Figure {
        name,
        keys,
        range,
        is_count: false,
    }
}

/// What is finite, and still a figure of a trading bot.
const ANY: RangeInclusive<f64> = -1e12..=1e12;
const PERCENT: RangeInclusive<f64> = 0.0..=100.0;

const FIGURES: [Figure; 8] = [
    figure("cpu", &["system:cpu"], PERCENT),
    figure("ram", &["system:ram"], PERCENT),
    figure("accuracy", &["ai:accuracy"], 0.0..=1.0),
    figure("latency", &["ai:latency"], 0.0..=1e9),
    figure("sharpe", &["ai:sharpe", "portfolio:sharpe"], -1e3..=1e3),
    figure("pnl", &["portfolio:pnl"], ANY),
    Figure {
        is_count: true,
        ..figure("positions", &["portfolio:positions"], 0.0..=1e6)
    },
    // A share of the equity, more than one with leverage.
    figure("exposure", &["portfolio:exposure"], 0.0..=1e3),
];

/// Why a figure is not known although Redis is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = QuantumFault)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    Absent,
    /// The key holds a list, a hash or the like.
    WrongType,
    NotANumber,
    OutOfRange,
}

/// All figures as Redis had them at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    known: BTreeMap<&'static str, Value>,
    faults: BTreeMap<&'static str, Fault>,
}

impl Reading {
    /// What the frame has of each figure that has a key: `null` for one that is at fault.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, Value)> {
        FIGURES.iter().map(|figure| {
            let known = self.known.get(figure.name).cloned();
            (figure.name, known.unwrap_or_default())
        })
    }

    pub fn quality(&self) -> Value {
        json!(self.faults)
    }

    /// `found` gives of a key its type and its value.
    fn of<'a>(found: impl Fn(&str) -> (&'a str, Option<&'a [u8]>)) -> Self {
        let mut reading = Self::default();
        for figure in &FIGURES {
            let mut fault = Fault::Absent;
            for key in figure.keys {
                let (kind, value) = found(key);
                match figure.judge(kind, value) {
                    Ok(value) => {
                        reading.known.insert(figure.name, value);
                        break;
                    }
                    // That a second key is not there says nothing of the first one.
                    Err(Fault::Absent) => {}
                    Err(other) => fault = other,
                }
            }
            if !reading.known.contains_key(figure.name) {
                reading.faults.insert(figure.name, fault);
            }
        }
        reading
    }
}

impl Figure {
    fn judge(&self, kind: &str, value: Option<&[u8]>) -> Result<Value, Fault> {
        let value = match (value, kind) {
            (Some(value), _) => value,
            (None, "none" | "string") => return Err(Fault::Absent),
            (None, _) => return Err(Fault::WrongType),
        };
        let text = std::str::from_utf8(value).ok().map(str::trim);
        let number: f64 = text
            .and_then(|text| text.parse().ok())
            .ok_or(Fault::NotANumber)?;
        if number.is_nan() {
            return Err(Fault::NotANumber);
        }
        if !self.range.contains(&number) || (self.is_count && number.fract() != 0.0) {
            return Err(Fault::OutOfRange);
        }
        Ok(if self.is_count {
            json!(number as u64)
        } else {
            json!(number)
        })
    }
}

async fn read(connection: &mut MultiplexedConnection) -> RedisResult<Reading> {
    let keys: Vec<&str> = FIGURES
        .iter()
        .flat_map(|figure| figure.keys)
        .copied()
        .collect();
    let mut asked = redis::pipe();
    asked.cmd("MGET").arg(&keys);
    // MGET gives nothing for what is no text; its type tells that from what is not there.
    for key in &keys {
        asked.cmd("TYPE").arg(key);
    }
    let answers: Vec<redis::Value> = asked.query_async(connection).await?;
    let mut answers = answers.into_iter();
    let values: Vec<Option<Vec<u8>>> = from_redis_value(answers.next().unwrap_or_default())?;
    let kinds = answers.map(from_redis_value::<String>);
    let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
    Ok(Reading::of(|key| {
        let place = keys.iter().position(|known| *known == key);
        let kind = place.and_then(|place| kinds.get(place));
        let value = place.and_then(|place| values.get(place)?.as_deref());
        (kind.map_or("none", String::as_str), value)
    }))
}

/// Reads until the shutdown. Going and coming is told once each.
pub async fn follow(url: RedisUrl, state: AppState) {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let client = match Client::open(url.0) {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "there is no way to Redis"),
    };
    let mut connection: Option<MultiplexedConnection> = None;
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_away_told = false;
    while state
        .shutdown
        .run_until_cancelled(tick.tick())
        .await
        .is_some()
    {
        let reading = async {
            let connected = match connection.take() {
                Some(connected) => connected,
                None => {
                    client
                        .get_multiplexed_async_connection_with_config(&config)
                        .await?
                }
            };
            read(connection.insert(connected)).await
        };
        match reading.await {
            Ok(reading) => {
                if tell(&state.outside, Some(reading)) {
                    tracing::info!("Redis is there: Quantum Trader's figures come from it");
                    is_away_told = false;
                }
            }
            Err(error) => {
                connection = None;
                tell(&state.outside, None);
                if !std::mem::replace(&mut is_away_told, true) {
                    tracing::warn!(%error, "Redis is away: Quantum Trader shows this engine's own figures");
                }
            }
        }
    }
}

/// Whether that is the first one after none.
fn tell(outside: &Outside, reading: Option<Reading>) -> bool {
    let is_there = reading.is_some();
    let before = std::mem::replace(&mut *outside.redis.lock(), reading);
    is_there && before.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &[(&str, &'static str, Option<&'static str>)]) -> Reading {
        Reading::of(|key| {
            let found = keys.iter().find(|(name, ..)| *name == key);
            found.map_or(("none", None), |(_, kind, value)| {
                (*kind, value.map(str::as_bytes))
            })
        })
    }

    fn figure_of(reading: &Reading, name: &str) -> Value {
        let mut figures = reading.figures();
        figures.find(|(found, _)| *found == name).unwrap().1
    }

    #[test]
    fn a_good_figure_is_taken_as_it_is() {
        let reading = read(&[
            ("system:cpu", "string", Some("56.21")),
            ("portfolio:pnl", "string", Some("-126692.14")),
            ("portfolio:positions", "string", Some("14")),
            ("portfolio:exposure", "string", Some(" 0.62\n")),
        ]);
        assert_eq!(figure_of(&reading, "cpu"), json!(56.21));
        assert_eq!(figure_of(&reading, "pnl"), json!(-126692.14));
        assert_eq!(figure_of(&reading, "positions"), json!(14));
        assert_eq!(figure_of(&reading, "exposure"), json!(0.62));
        assert_eq!(reading.quality()["ram"], "absent");
        assert_eq!(reading.quality().as_object().unwrap().len(), 4);
    }

    #[test]
    fn what_cannot_be_right_is_not_known_and_named() {
        for (key, name, kind, value, fault) in [
            ("system:cpu", "cpu", "string", Some("100.1"), "out_of_range"),
            ("system:cpu", "cpu", "string", Some("-1"), "out_of_range"),
            ("system:ram", "ram", "list", None, "wrong_type"),
            (
                "ai:accuracy",
                "accuracy",
                "string",
                Some("78 %"),
                "not_a_number",
            ),
            (
                "ai:accuracy",
                "accuracy",
                "string",
                Some("NaN"),
                "not_a_number",
            ),
            (
                "ai:accuracy",
                "accuracy",
                "string",
                Some(""),
                "not_a_number",
            ),
            (
                "ai:latency",
                "latency",
                "string",
                Some("inf"),
                "out_of_range",
            ),
            (
                "portfolio:pnl",
                "pnl",
                "string",
                Some("1e300"),
                "out_of_range",
            ),
            (
                "portfolio:positions",
                "positions",
                "string",
                Some("1.5"),
                "out_of_range",
            ),
            (
                "portfolio:positions",
                "positions",
                "string",
                Some("-1"),
                "out_of_range",
            ),
            ("portfolio:exposure", "exposure", "none", None, "absent"),
        ] {
            let reading = read(&[(key, kind, value)]);
            assert_eq!(reading.quality()[name], fault, "{key} {value:?}");
            assert_eq!(figure_of(&reading, name), Value::Null);
        }
    }

    #[test]
    fn of_two_keys_the_first_good_one_counts() {
        let sharpe = |ai, portfolio| {
            let reading = read(&[
                ("ai:sharpe", "string", ai),
                ("portfolio:sharpe", "string", portfolio),
            ]);
            (
                figure_of(&reading, "sharpe"),
                reading.quality()["sharpe"].clone(),
            )
        };
        assert_eq!(sharpe(Some("1.2"), Some("3")), (json!(1.2), Value::Null));
        assert_eq!(sharpe(None, Some("3")), (json!(3.0), Value::Null));
        assert_eq!(sharpe(Some("x"), Some("3")), (json!(3.0), Value::Null));
        assert_eq!(
            sharpe(Some("x"), None),
            (Value::Null, json!("not_a_number"))
        );
        assert_eq!(sharpe(None, None), (Value::Null, json!("absent")));
    }

    #[test]
    fn an_address_is_checked_and_its_password_is_shown_to_nobody() {
        let url = RedisUrl::try_from("redis://:s3cret@127.0.0.1:6379/2".to_owned()).unwrap();
        assert!(!format!("{url:?}").contains("s3cret"));
        for wrong in ["", "127.0.0.1:6379", "http://127.0.0.1/", "redis://host/db"] {
            assert!(RedisUrl::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
