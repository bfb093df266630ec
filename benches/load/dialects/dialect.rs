//! The five dialects as their clients know them: what is said at first, what is heard, and how often.

use std::time::Duration;

use plainsight::server::dialects::{DIALECTS, DialectsConfig};
use serde_json::{Value, json};

use super::tally::Cadence;

/// What a client of Socket.IO subscribes to, and one of [`Dialect::Updates`].
const STREAMS: [&str; 4] = [
    "trade_feed",
    "portfolio_update",
    "ai_decision",
    "performance_metrics",
];
const CHANNELS: [&str; 5] = ["dashboard", "trades", "positions", "performance", "alerts"];
const MARKET: &str = "MARKET_UPDATE";

/// In the order of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Transparency,
    Finance,
    Updates,
    Trading,
    Quantum,
}

/// What all clients are to do.
#[derive(Debug, Default)]
pub struct Wish {
    /// Host and port.
    pub server: String,
    pub token: Option<String>,
    /// Whose prices the clients ask for that have to name them.
    pub symbols: Vec<String>,
}

/// What a message is to a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// By the dialect's name for it.
    Event(String),
    /// Of the protocol below, with the answer that it wants.
    Transport(Option<String>),
    /// What should not come.
    Fault(String),
}

impl Dialect {
    pub const ALL: [Self; 5] = [
        Self::Transparency,
        Self::Finance,
        Self::Updates,
        Self::Trading,
        Self::Quantum,
    ];

    pub fn name(self) -> &'static str {
        DIALECTS[self as usize].name
    }

    /// Where its clients connect who want everything.
    pub fn path(self) -> String {
        let [socket, ..] = DIALECTS[self as usize].sockets else {
            return String::new();
        };
        match self {
            Self::Transparency => format!("{socket}/?EIO=4&transport=websocket"),
            _ => (*socket).to_owned(),
        }
    }

    /// The header of those that show their token in one.
    pub fn bearer(self, wish: &Wish) -> Option<String> {
        let token = wish.token.as_ref()?;
        (self != Self::Transparency).then(|| format!("Bearer {token}"))
    }

    /// What is said all the time, as often as a server says it that is not configured otherwise.
    pub fn cadences(self, wish: &Wish) -> Vec<Cadence> {
        let config = DialectsConfig::default();
        let every = |event: &str, ms: u32| Cadence {
            event: event.to_owned(),
            every: Duration::from_millis(ms.into()),
            on_change: false,
        };
        let on_change = |event: &str, ms| Cadence {
            on_change: true,
            ..every(event, ms)
        };
        match self {
            Self::Transparency => vec![
                every("portfolio_update", config.transparency.portfolio_ms),
                every("performance_metrics", config.transparency.performance_ms),
            ],
            Self::Finance => vec![
                on_change("portfolio_update", config.finance.changes_ms),
                every("heartbeat", config.finance.heartbeat_ms),
            ],
            Self::Updates => vec![on_change("dashboard_update", config.updates.changes_ms)],
            Self::Trading => {
                let prices = wish.symbols.iter().map(|symbol| market(symbol));
                let prices = prices.map(|event| on_change(&event, config.trading.market_ms));
                let mine = [
                    every("POSITION_UPDATE", config.trading.positions_ms),
                    every("PORTFOLIO_UPDATE", config.trading.portfolio_ms),
                ];
                prices.chain(mine).collect()
            }
            Self::Quantum => vec![every("live", config.quantum.every_ms)],
        }
    }

    /// What a client says once its socket is open. That of Socket.IO waits to be spoken to.
    pub fn opening(self, wish: &Wish) -> Vec<String> {
        match self {
            Self::Transparency | Self::Finance | Self::Quantum => Vec::new(),
            Self::Updates => {
                let ask = json!({ "type": "subscribe", "data": { "channels": CHANNELS } });
                vec![ask.to_string()]
            }
            Self::Trading => {
                let ask = |symbol| json!({ "action": "subscribe_ticker", "symbol": symbol });
                let symbols = wish.symbols.iter();
                symbols.map(|symbol| ask(symbol).to_string()).collect()
            }
        }
    }

    pub fn read(self, text: &str, wish: &Wish) -> Heard {
        if self == Self::Transparency {
            return packet(text, wish);
        }
        let Ok(Value::Object(frame)) = serde_json::from_str(text) else {
            return unreadable();
        };
        let name = |field: &str| frame.get(field).and_then(Value::as_str);
        match self {
            Self::Quantum => match name("error") {
                Some(code) => Heard::Fault(format!("error {code}")),
                None => Heard::Event("live".to_owned()),
            },
            Self::Trading => match (name("type"), name("symbol")) {
                (Some(MARKET), Some(symbol)) => Heard::Event(market(symbol)),
                (other, _) => named(other, name("code")),
            },
            Self::Finance => named(name("event"), code(frame.get("data"))),
            _ => named(name("type"), code(frame.get("data"))),
        }
    }
}

/// The event of one market's prices: each has a beat of its own.
fn market(symbol: &str) -> String {
    format!("{MARKET} {symbol}")
}

/// A packet of Engine.IO 4, and of Socket.IO in it.
fn packet(text: &str, wish: &Wish) -> Heard {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.split_at(digits) {
        // Who it is, once the transport is open.
        ("0", _) => {
            let shown = wish.token.as_ref().map(|token| json!({ "token": token }));
            let shown = shown.unwrap_or_else(|| json!({}));
            Heard::Transport(Some(format!("40{shown}")))
        }
        ("2", "") => Heard::Transport(Some("3".to_owned())),
        // What it wants, once it is let in.
        ("40", _) => {
            let subscribe = json!(["subscribe", { "streams": STREAMS }]);
            Heard::Transport(Some(format!("42{subscribe}")))
        }
        ("41", _) => Heard::Fault("disconnected".to_owned()),
        ("44", _) => Heard::Fault("refused by the namespace".to_owned()),
        ("42", emitted) => match serde_json::from_str::<(String, Value)>(emitted) {
            Ok((name, data)) => named(Some(&name), code(Some(&data))),
            Err(_) => unreadable(),
        },
        _ => unreadable(),
    }
}

fn code(data: Option<&Value>) -> Option<&str> {
    data?.get("code")?.as_str()
}

fn unreadable() -> Heard {
    Heard::Fault("unreadable frame".to_owned())
}

/// An event, unless its name says that it is an error.
fn named(name: Option<&str>, code: Option<&str>) -> Heard {
    match name {
        Some("error" | "ERROR") => Heard::Fault(format!("error {}", code.unwrap_or("unknown"))),
        Some(name) => Heard::Event(name.to_owned()),
        None => unreadable(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Wish {
        Wish {
            token: Some("secret".to_owned()),
            symbols: vec!["BTCUSDT".to_owned()],
            ..Wish::default()
        }
    }

    #[test]
    fn each_goes_to_its_own_address() {
        let paths = Dialect::ALL.map(Dialect::path);
        let expected = [
            "/socket.io/?EIO=4&transport=websocket",
            "/api/v1/bot/ws",
            "/ws",
            "/api/ws/realtime",
            "/stream/live",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn socket_io_is_spoken_to_the_end() {
        let hear = |text| Dialect::Transparency.read(text, &wish());
        let answer = |text: &str| Heard::Transport(Some(text.to_owned()));
        let opened = r#"0{"sid":"a","upgrades":[],"pingInterval":25000}"#;
        assert_eq!(hear(opened), answer(r#"40{"token":"secret"}"#));
        let Heard::Transport(Some(subscribe)) = hear(r#"40{"sid":"b"}"#) else {
            panic!("it does not subscribe");
        };
        assert!(subscribe.starts_with(r#"42["subscribe",{"streams":["trade_feed","#));
        assert_eq!(hear("2"), answer("3"));
        let event = hear(r#"42["portfolio_update",{"total_equity":1.0}]"#);
        assert_eq!(event, Heard::Event("portfolio_update".to_owned()));
        let without = Dialect::Transparency.read(opened, &Wish::default());
        assert_eq!(without, answer("40{}"));
    }

    #[test]
    fn each_market_has_its_beat() {
        let text = r#"{"type":"MARKET_UPDATE","symbol":"BTCUSDT","price":1.0}"#;
        let Heard::Event(event) = Dialect::Trading.read(text, &wish()) else {
            panic!("it is no event");
        };
        let cadences = Dialect::Trading.cadences(&wish());
        assert!(cadences.iter().any(|cadence| cadence.event == event));
    }

    #[test]
    fn errors_and_noise_are_faults_in_every_dialect() {
        for (dialect, text, fault) in [
            (
                Dialect::Transparency,
                r#"42["error",{"code":"rate_limited"}]"#,
                "error rate_limited",
            ),
            (
                Dialect::Transparency,
                r#"44{"message":"sign in"}"#,
                "refused by the namespace",
            ),
            (Dialect::Transparency, "41", "disconnected"),
            (Dialect::Transparency, "42[", "unreadable frame"),
            (Dialect::Transparency, "what", "unreadable frame"),
            (
                Dialect::Finance,
                r#"{"event":"error","data":{"code":"not_ready"}}"#,
                "error not_ready",
            ),
            (Dialect::Finance, r#"{"data":{}}"#, "unreadable frame"),
            (
                Dialect::Updates,
                r#"{"type":"error","data":{}}"#,
                "error unknown",
            ),
            (
                Dialect::Trading,
                r#"{"type":"ERROR","code":"UNKNOWN_SYMBOL"}"#,
                "error UNKNOWN_SYMBOL",
            ),
            (
                Dialect::Quantum,
                r#"{"error":"rate_limited"}"#,
                "error rate_limited",
            ),
            (Dialect::Quantum, "[1]", "unreadable frame"),
            (Dialect::Quantum, "?", "unreadable frame"),
        ] {
            let heard = dialect.read(text, &wish());
            assert_eq!(heard, Heard::Fault(fault.to_owned()), "{dialect:?}: {text}");
        }
    }
}
