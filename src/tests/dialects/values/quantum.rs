//! Quantum Trader: the flat object's figures out of this engine, what is not known, and who is connected.

use serde_json::{Value, json};

use super::{BOTS, Field, ended, figure, native, same};
use crate::dialects::Plain;
use crate::harness::{TestServer, until};

const FIGURES: [Field<'_>; 8] = [
    ("/accuracy", "/performance/accuracy", 1.0),
    // From microseconds.
    ("/latency", "/latency/p50_us", 0.001),
    (
        "/sharpe",
        "/performance/windows/24h/metrics/sharpe/value",
        1.0,
    ),
    ("/pnl", "/pnl", 1.0),
    ("/positions", "/portfolio/open_positions", 1.0),
    ("/exposure", "/exposure", 1.0),
    ("/risk", "/models/risk", 1.0),
    ("/volatility", "/models/markets/BTCUSDT/volatility", 1.0),
];

/// All that the native API has of them.
async fn now(server: &TestServer, bot: &str) -> Value {
    let mut now = json!({ "latency": server.health().await.received_to_published });
    for what in ["portfolio", "performance", "models"] {
        now[what] = native(server, what, bot).await;
    }
    let of = |name: &str| figure(&now["portfolio"][name]).unwrap();
    let pnl = of("realised_pnl") + of("unrealised_pnl") - of("fees");
    let exposure = of("invested") / of("equity");
    (now["pnl"], now["exposure"]) = (json!(pnl), json!(exposure));
    now
}

/// A frame, and the native figures, which were the same before it and after it.
async fn frame(server: &TestServer, bot: &str) -> (Value, Value) {
    until("one moment for both", async || {
        let before = now(server, bot).await;
        let mut socket = Plain::open(server, "/stream/live").await;
        let frame = socket.find("a frame", |_| true).await;
        (now(server, bot).await == before).then_some((frame, before))
    })
    .await
}

/// With `blank` in the place of a figure that is not known, and its name beside.
async fn check(server: &TestServer, bot: &str, blank: &Value) -> Vec<String> {
    let (frame, now) = frame(server, bot).await;
    let unknown: Vec<String> = serde_json::from_value(frame["undefined"].clone()).unwrap();
    for field in FIGURES {
        let name = &field.0[1..];
        let is_known = !now.pointer(field.1).expect(name).is_null();
        assert_eq!(
            unknown.iter().any(|one| one == name),
            !is_known,
            "{bot}: {name}: {frame}"
        );
        if is_known {
            same(bot, &frame, &now, &[field]);
        } else {
            assert_eq!(frame[name], *blank, "{bot}: {name}");
        }
    }
    assert_eq!(
        frame["regime"], now["models"]["markets"]["BTCUSDT"]["regime"],
        "{bot}"
    );
    // Nobody was there to be asked.
    assert!(unknown.iter().any(|one| one == "containers"));
    assert_eq!(frame["containers"], *blank);
    assert_eq!(frame["source"], "engine");
    unknown
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flat_object_has_the_native_figures() {
    for bot in BOTS {
        let server = ended(bot, "zero").await;
        let unknown = check(&server, bot, &json!(0)).await;
        // One bot has decided something, the other one has not; both know a day of prices.
        let is_unknown = |name: &str| unknown.iter().any(|one| one == name);
        assert_eq!(is_unknown("accuracy"), bot == "mine", "{unknown:?}");
        assert!(
            !is_unknown("volatility") && !is_unknown("risk"),
            "{unknown:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_null_where_that_is_configured() {
    let server = ended("mine", "null").await;
    let unknown = check(&server, "mine", &Value::Null).await;
    assert!(unknown.iter().any(|one| one == "accuracy"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_goes_is_counted_and_logged() {
    let stopped = TestServer::still(|config| config.agent.enabled = false)
        .await
        .stop()
        .await;
    let log = stopped.config.store.data.with_file_name("program.log");
    let before = format!(
        "export PLAINSIGHT_LOG__FILTER=info; exec >'{}' 2>&1",
        log.display()
    );
    let server = stopped.start_program_after(&before).await;
    let counted = async |wanted: usize| {
        until(("connections", wanted), async || {
            let health: Value = server.read("/stream/health").await;
            assert_eq!(health["status"], "ok");
            (health["connections"] == wanted).then_some(())
        })
        .await;
    };
    counted(0).await;
    let mut open = Vec::new();
    for count in 1..=3 {
        open.push(Plain::open(&server, "/stream/live").await);
        counted(count).await;
    }
    // Sockets of another dialect are none of its.
    let _other = Plain::open(&server, "/api/ws/realtime").await;
    // One says that it goes, the others are gone.
    open[0].0.close(None).await.unwrap();
    while !open.is_empty() {
        open.remove(0);
        counted(open.len()).await;
    }
    // The log is beside its data, and goes with them.
    let _stopped = server.stop().await;
    let log = std::fs::read_to_string(&log).unwrap();
    for line in ["Client connected", "Client disconnected"] {
        assert_eq!(log.matches(line).count(), 3, "{line}: {log}");
    }
}
