//! The JSON encoding: a frame is an object with a `type`. Several may stand in one message, one per
//! line.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::Content;
use super::frame::{ClientFrame, ServerFrame};
use super::push::{Push, PushHead};

/// A text that is no frame.
#[derive(Debug, Error)]
pub enum BadFrame {
    #[error("a frame is a JSON object: {0}")]
    NotJson(serde_json::Error),
    #[error("a frame needs a \"type\"")]
    NoType,
    #[error("unknown frame type {0:?}")]
    UnknownType(String),
    /// A type of the protocol that this server does not have.
    #[error("{0} is not supported by this server")]
    NotSupported(&'static str),
    #[error("{kind}: {error}")]
    Fields {
        kind: String,
        error: serde_json::Error,
    },
}

/// Splits a frame into its `type` and the rest.
fn open(text: &str) -> Result<(String, Map<String, Value>), BadFrame> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(BadFrame::NotJson)?;
    match fields.remove("type") {
        Some(Value::String(kind)) => Ok((kind, fields)),
        _ => Err(BadFrame::NoType),
    }
}

fn read<T: DeserializeOwned>(kind: &str, fields: Map<String, Value>) -> Result<T, BadFrame> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| BadFrame::Fields {
        kind: kind.to_owned(),
        error,
    })
}

/// The id of a command whose other fields could not be read, so that its error can name it.
pub fn id_of(text: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Id {
        id: Option<u64>,
    }
    serde_json::from_str::<Id>(text).ok()?.id
}

const CLIENT_TYPES: [&str; 14] = [
    "hello",
    "subscribe",
    "unsubscribe",
    "ping",
    "order",
    "oco",
    "amend",
    "cancel",
    "cancel_all",
    "close",
    "kill",
    "pause",
    "resume",
    "auth",
];

/// Types of the protocol that are still to come.
const LATER: [&str; 1] = ["ack"];

/// Reads one frame of a client.
pub fn decode_client(text: &str) -> Result<ClientFrame, BadFrame> {
    let (kind, fields) = open(text)?;
    if let Some(later) = LATER.into_iter().find(|later| *later == kind) {
        return Err(BadFrame::NotSupported(later));
    }
    if !CLIENT_TYPES.contains(&kind.as_str()) {
        return Err(BadFrame::UnknownType(kind.chars().take(80).collect()));
    }
    let mut tagged = Map::new();
    tagged.insert(kind.clone(), Value::Object(fields));
    serde_json::from_value(Value::Object(tagged)).map_err(|error| BadFrame::Fields { kind, error })
}

/// Writes one frame of a client. Every client frame is a map with string keys, so it can be
/// written; an empty text would be refused by the server.
pub fn encode_client(frame: &ClientFrame) -> String {
    let Ok(Value::Object(tagged)) = serde_json::to_value(frame) else {
        return String::new();
    };
    let mut flat = Map::new();
    for (kind, fields) in tagged {
        flat.insert("type".to_owned(), Value::String(kind));
        if let Value::Object(fields) = fields {
            flat.extend(fields);
        }
    }
    Value::Object(flat).to_string()
}

#[derive(Serialize)]
struct Tagged<'a, T> {
    r#type: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// A push as it is written: the data last.
#[derive(Serialize)]
struct PushOut<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    head: PushHead,
    data: &'a Content,
}

fn write<T: Serialize>(kind: &'static str, body: &T) -> serde_json::Result<String> {
    serde_json::to_string(&Tagged { r#type: kind, body })
}

/// Writes one frame of the server.
///
/// # Errors
/// None in practice: every frame is made of maps with string keys and finite numbers.
pub fn encode_server(frame: &ServerFrame) -> serde_json::Result<String> {
    match frame {
        ServerFrame::Welcome(body) => write("welcome", body),
        ServerFrame::Ok(body) => write("ok", body),
        ServerFrame::Error(body) => write("error", body),
        ServerFrame::Pong(body) => write("pong", body),
        ServerFrame::Resumed(body) => write("resumed", body),
        ServerFrame::Resync(body) => write("resync", body),
        ServerFrame::Lag(body) => write("lag", body),
        ServerFrame::Heartbeat(body) => write("heartbeat", body),
        ServerFrame::Closing(body) => write("closing", body),
        ServerFrame::Push(push) => encode_push(push),
    }
}

/// Writes a push; see [`encode_server`].
pub fn encode_push(push: &Push) -> serde_json::Result<String> {
    serde_json::to_string(&PushOut {
        r#type: "push",
        head: push.head(),
        data: &push.data,
    })
}

/// Reads one frame of the server.
pub fn decode_server(text: &str) -> Result<ServerFrame, BadFrame> {
    let (kind, mut fields) = open(text)?;
    Ok(match kind.as_str() {
        "welcome" => ServerFrame::Welcome(read(&kind, fields)?),
        "ok" => ServerFrame::Ok(read(&kind, fields)?),
        "error" => ServerFrame::Error(read(&kind, fields)?),
        "pong" => ServerFrame::Pong(read(&kind, fields)?),
        "resumed" => ServerFrame::Resumed(read(&kind, fields)?),
        "resync" => ServerFrame::Resync(read(&kind, fields)?),
        "lag" => ServerFrame::Lag(read(&kind, fields)?),
        "heartbeat" => ServerFrame::Heartbeat(read(&kind, fields)?),
        "closing" => ServerFrame::Closing(read(&kind, fields)?),
        "push" => {
            let data = fields.remove("data").unwrap_or(Value::Null);
            let head: PushHead = read(&kind, fields)?;
            let data = head
                .read_data(data)
                .map_err(|error| BadFrame::Fields { kind, error })?;
            ServerFrame::Push(Box::new(head.with(data)))
        }
        _ => return Err(BadFrame::UnknownType(kind)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Heartbeat, Position, SubscribeTopic, Subscribed};
    use super::super::frame::{Lag, Limits, Reply, Welcome};
    use super::super::{Epoch, Payload, Topic};
    use super::*;
    use crate::domain::{Amendment, NewOrder, Seq, Severity, Side, TimeUs};

    fn client_round_trip(frame: ClientFrame) {
        let text = encode_client(&frame);
        assert_eq!(decode_client(&text).unwrap(), frame, "{text}");
    }

    #[test]
    fn client_frames_read_and_write_alike() {
        client_round_trip(ClientFrame::Hello {
            token: None,
            resume: Vec::new(),
            client: Some("test".into()),
            compression: Vec::new(),
        });
        client_round_trip(ClientFrame::Subscribe {
            id: 1,
            topics: vec![SubscribeTopic {
                topic: "health".into(),
                since: None,
                history: Some(3),
                max_rate_hz: None,
                lag: None,
            }],
        });
        client_round_trip(ClientFrame::Cancel {
            id: 4,
            bot: None,
            order: "ord-1-1".parse().unwrap(),
        });
        client_round_trip(ClientFrame::Amend {
            id: 5,
            bot: None,
            order: "mine".parse().unwrap(),
            change: Amendment {
                price: Some("42000.5".parse().unwrap()),
                ..Amendment::default()
            },
        });
        client_round_trip(ClientFrame::CancelAll {
            id: 6,
            bot: None,
            symbol: None,
        });
        client_round_trip(ClientFrame::Kill { id: 7, bot: None });
        client_round_trip(ClientFrame::Order {
            id: 2,
            bot: Some(crate::domain::BotId::paper()),
            order: NewOrder {
                client_order_id: Some("mine".into()),
                ..NewOrder::limit(
                    "BTCUSDT".parse().unwrap(),
                    Side::Buy,
                    "0.5".parse().unwrap(),
                    "42000".parse().unwrap(),
                )
            },
        });
    }

    #[test]
    fn a_frame_needs_only_what_the_protocol_asks_for() {
        assert!(decode_client(r#"{"type":"hello"}"#).is_ok());
        assert!(
            decode_client(r#"{"type":"subscribe","id":1,"topics":[{"topic":"health"}]}"#).is_ok()
        );
        assert!(decode_client(r#"{"type":"ping","id":1,"t":1.5}"#).is_ok());
        for text in [
            r#"{"type":"close","id":1,"symbol":"BTCUSDT"}"#,
            r#"{"type":"cancel_all","id":1}"#,
            r#"{"type":"kill","id":1}"#,
            r#"{"type":"pause","id":1}"#,
            r#"{"type":"resume","id":1}"#,
        ] {
            let ask = decode_client(text).unwrap().ask().unwrap();
            assert_eq!((ask.id, ask.bot.as_str()), (1, "paper"), "{text}");
        }
    }

    #[test]
    fn what_is_no_frame_says_why() {
        for (text, word) in [
            ("", "JSON object"),
            ("[]", "JSON object"),
            ("{}", "type"),
            (r#"{"type":"dance"}"#, "dance"),
            (r#"{"type":"subscribe","id":1}"#, "topics"),
        ] {
            let error = decode_client(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn server_frames_read_and_write_alike() {
        let health: Topic = "health".parse().unwrap();
        let frames = [
            ServerFrame::Welcome(Welcome {
                schema: "0".into(),
                session: "s".into(),
                server_time: TimeUs(1),
                api_version: "1.0".into(),
                features: vec!["resume".into()],
                limits: Limits {
                    max_message_bytes: 1,
                    max_subscriptions: 2,
                    max_history: 3,
                },
                ping_ms: 25_000,
            }),
            ServerFrame::Ok(Reply {
                id: 3,
                topics: vec![Subscribed {
                    topic: health.clone(),
                    epoch: Epoch(u64::MAX),
                    offset: 9,
                }],
                ..Reply::default()
            }),
            ServerFrame::Heartbeat(Heartbeat {
                heads: vec![Position {
                    topic: health,
                    epoch: Epoch(5),
                    offset: 1,
                }],
                server_time: TimeUs(2),
            }),
            ServerFrame::Lag(Lag {
                topic: Topic::Alerts,
                skipped: 12,
            }),
            ServerFrame::Push(Box::new(Push {
                topic: Topic::Alerts,
                epoch: Epoch(1),
                first: 4,
                last: 4,
                seq: Seq(77),
                t_source: Some(TimeUs(1)),
                t_received: TimeUs(2),
                t_published: TimeUs(3),
                data: Content::Event(Payload::Alert(Box::new(crate::domain::Alert {
                    id: "alert-1-1".parse().unwrap(),
                    severity: Severity::Critical,
                    code: "journal_unavailable".into(),
                    message: "disk full".into(),
                    bot: None,
                    time: TimeUs(1),
                }))),
            })),
        ];
        for frame in frames {
            let text = encode_server(&frame).unwrap();
            assert_eq!(decode_server(&text).unwrap(), frame, "{text}");
        }
    }
}
