//! `kill -9` on live prices, again and again: a live market cannot be rewound, and all the same what
//! anybody was told is true for ever, the accounts hold, and every trade is counted once.

use std::time::Duration;

use plainsight::domain::{Event, Invariant, QualityKind};
use serde_json::{Value, json};

use crate::binance::recordings;
use crate::binance_standin::{Script, StandIn, Tape};
use crate::harness::{Stopped, TestServer, until};
use crate::journal::JournalFile;
use crate::pages::check_account;
use crate::program::signal;

const KILLS: u32 = 6;
/// Market seconds a second: the five minutes and three quarters last for all kills.
const SPEED: f64 = 12.0;

fn environment(standin: &StandIn) -> Vec<(&'static str, String)> {
    let config = standin.config();
    vec![
        ("PLAINSIGHT_FEED__BINANCE__WS_URL", config.ws_url),
        ("PLAINSIGHT_FEED__BINANCE__REST_URL", config.rest_url),
        (
            "PLAINSIGHT_FEED__BINANCE__CONNECT_EVERY_MS",
            "10".to_owned(),
        ),
        ("PLAINSIGHT_FEED__SYMBOLS", "[BTCUSDT,ETHUSDT]".to_owned()),
        ("PLAINSIGHT_STORE__SNAPSHOT_MS", "1500".to_owned()),
        // Every decision ends in an order: much happens in the time there is.
        ("PLAINSIGHT_AGENT__COOLDOWN_S", "1".to_owned()),
        ("PLAINSIGHT_AGENT__MIN_CONFIDENCE", "0.0".to_owned()),
        ("PLAINSIGHT_AGENT__DECIDE_EVERY_S", "2".to_owned()),
    ]
}

/// Reports one fill in each request until the server is gone; counts what was acknowledged.
async fn report(server: &TestServer, next: &mut u64) {
    loop {
        let events = json!([{"type": "fill", "id": format!("f{next}"), "symbol": "BTCUSDT",
            "side": if next.is_multiple_of(2) { "buy" } else { "sell" }, "quantity": "0.001",
            "price": "61000", "fee": "0.06"}]);
        let request = server.request("POST", "/v1/bots/load/events").json(&events);
        match server.try_send(request).await {
            Ok(answer) if answer.status == 200 => *next += 1,
            _ => return,
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// All that the journal has of a topic: every event with its place.
async fn told(stopped: &Stopped, topic: &str) -> Vec<Event> {
    let mut journal = JournalFile::of_the_dead(&stopped.config.store.data).await;
    journal.topic(topic).await
}

fn tape() -> Option<Tape> {
    let tape = recordings(&["btcusdt_20240808", "ethusdt_20240808"])?;
    Some(tape.with_candles())
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_on_live_prices_lose_nothing_that_was_acknowledged() {
    let Some(tape) = tape() else { return };
    let ids = ["BTCUSDT", "ETHUSDT"].map(|symbol| tape.trade_ids(symbol));
    let script = Script {
        speed: Some(SPEED),
        ..Script::default()
    };
    let standin = StandIn::start(tape, script).await;
    let environment = environment(&standin);
    let named: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut server = TestServer::program(&named, |config| {
        "binance".clone_into(&mut config.feed.source);
    })
    .await;
    let mut next = 0;
    let mut made_again = 0;
    let mut known: Vec<Vec<Event>> = vec![Vec::new(); 4];
    let topics = ["trades:paper", "decisions:paper", "trades:load", "quality"];
    for kill in 0..KILLS {
        let pid = server.pid();
        let time = Duration::from_millis(u64::from(700 + kill * 379 % 1_900));
        tokio::join!(report(&server, &mut next), async {
            tokio::time::sleep(time).await;
            signal(pid, "KILL");
        });
        let stopped = server.kill();
        for (topic, known) in topics.iter().zip(&mut known) {
            let now = told(&stopped, topic).await;
            assert_eq!(
                now[..known.len()],
                known[..],
                "{topic}: what was told has changed"
            );
            *known = now;
        }
        let (snapshot, head) = JournalFile::of_the_dead(&stopped.config.store.data)
            .await
            .reach()
            .await;
        made_again += head - snapshot;
        server = stopped.start_program().await;
        for bot in ["paper", "load"] {
            let portfolio = server.portfolio(bot).await;
            assert_eq!(portfolio.invariant, Invariant::Holds, "{portfolio:?}");
        }
        let fills = server.portfolio("load").await.fills;
        assert!((next..=next + 1).contains(&fills), "{fills} of {next}");
        next = fills;
    }
    // Every trade of the recording, those of the pauses too, is in the prints, once.
    let expected: usize = ids.iter().map(Vec::len).sum();
    until("every trade is counted", async || {
        let mut prints = 0;
        for symbol in ["BTCUSDT", "ETHUSDT"] {
            let candles: Value = server
                .read(&format!("/v1/candles?symbol={symbol}&interval=1h"))
                .await;
            let rows = candles.as_array()?.iter();
            prints += rows.map(|row| row["trades"].as_u64().unwrap()).sum::<u64>();
        }
        (prints == expected as u64).then_some(())
    })
    .await;
    check_account(&server, "paper").await;
    let link = server.health().await.feed.link.unwrap();
    let stopped = server.stop().await;
    let faults = told(&stopped, "quality").await;
    let of_kind = |kind| {
        let is_kind =
            move |event: &&Event| matches!(event, Event::Quality(fault) if fault.kind == kind);
        faults.iter().filter(is_kind).count()
    };
    assert!(
        of_kind(QualityKind::Gap) >= 1,
        "the pauses are told: {faults:?}"
    );
    assert!(of_kind(QualityKind::Backfill) >= 1, "{faults:?}");
    assert!(made_again > 0, "no start had anything to make again");
    assert!(
        known[0].len() > 3 && known[1].len() > 30,
        "{} fills",
        known[0].len()
    );
    println!(
        "{KILLS} kills: {next} reports acknowledged, {made_again} inputs made again, {} fills, {} decisions, {} late, {} candles spoilt",
        known[0].len(),
        known[1].len(),
        link.late,
        of_kind(QualityKind::CandleMismatch)
    );
}
