//! The whole server on live prices, those of the stand-in: what it shows is what was recorded, and
//! it comes back as it was.

use std::time::Duration;

use plainsight::domain::health::{FeedState, LinkState};
use plainsight::domain::{Event, Invariant, Mode, QualityKind};
use plainsight::server::config::Config;
use serde_json::json;

use crate::binance::recordings;
use crate::binance_standin::{Fault, Script, StandIn};
use crate::harness::{TestServer, until};
use crate::journal::JournalFile;
use crate::pages::check_account;
use crate::recorded::recorded;

/// A configuration that takes its prices from the stand-in.
pub fn live(standin: &StandIn) -> impl FnOnce(&mut Config) {
    let binance = standin.config();
    move |config| {
        "binance".clone_into(&mut config.feed.source);
        config.feed.symbols = ["BTCUSDT", "ETHUSDT"]
            .map(|name| name.parse().unwrap())
            .into();
        config.feed.binance = binance;
    }
}

/// Waits until everything that was played is shown and nothing moves any more.
async fn settle(server: &TestServer, lines: u64) {
    let mut before = None;
    until("everything is shown", async || {
        let health = server.health().await;
        let now = (health.feed.rows, health.seq);
        let heard = health.feed.link?.messages >= lines;
        let same = before.replace(now) == Some(now);
        tokio::time::sleep(Duration::from_millis(300)).await;
        (heard && same).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_prices_reach_every_surface_and_a_restart_goes_on() {
    let Some(tape) = recordings(&["btcusdt_20240808", "ethusdt_20240808"]) else {
        return;
    };
    let tape = tape.with_candles();
    let trades = tape.places("@trade").len() as u64;
    let lines = tape.lines.len() as u64;
    let last = tape.last_price("BTCUSDT");
    let standin = StandIn::start(tape, Script::default()).await;
    let server = TestServer::start(live(&standin)).await;
    let prints = async |server: &TestServer| {
        let mut sum = 0;
        for symbol in ["BTCUSDT", "ETHUSDT"] {
            let page = server.get(&format!("/market/{symbol}")).await;
            let text = page.text.split("data-field=\"market.prints\"").nth(1);
            let digits = text
                .and_then(|text| text.split_once('>'))
                .map(|(_, rest)| rest);
            let number = digits.map_or("", |rest| rest.split('<').next().unwrap_or_default());
            sum += number.replace(',', "").parse::<u64>().unwrap_or_default();
        }
        sum
    };
    until("every trade is shown", async || {
        (prints(&server).await == trades).then_some(())
    })
    .await;
    settle(&server, lines).await;
    let page = server.get("/market/BTCUSDT").await;
    let shown = format!("{:.2}", last.parse::<f64>().unwrap());
    let (whole, cents) = shown.split_once('.').unwrap();
    let grouped = format!("{},{}.{cents}", &whole[..2], &whole[2..]);
    assert!(page.text.contains(&grouped), "{grouped} is not on the page");
    assert!(page.text.contains("PAPER") && page.text.contains("Live prices, simulated fills"));
    // The exchange's own 24-hour figures, although nobody has run for a day.
    assert!(!page.text.contains("data-field=\"market.high_24h\">n/a"));
    let health = server.health().await;
    assert_eq!(
        (health.mode, health.feed.state),
        (Mode::Paper, FeedState::Running)
    );
    let link = health.feed.link.unwrap();
    assert_eq!(
        (link.state, link.gaps, link.bad_messages),
        (LinkState::Connected, 0, 0)
    );
    assert!(link.last_message_age_ms.is_some());
    let system = server.get("/system").await;
    assert!(system.text.contains("Book snapshots") && system.text.contains("connected"));
    assert_eq!(server.get("/ready").await.status, 200);
    check_account(&server, "paper").await;
    let portfolio = server.portfolio("paper").await;

    let server = server.restart().await;
    assert_eq!(prints(&server).await, trades);
    let again = server.portfolio("paper").await;
    assert_eq!(
        (again.equity, again.fills),
        (portfolio.equity, portfolio.fills)
    );
    let stopped = server.stop().await;
    let mut journal = JournalFile::of_the_dead(&stopped.config.store.data).await;
    assert_eq!(
        journal.topic("quality").await,
        [],
        "the data was whole, every candle the exchange's"
    );
    let candles = journal.events().await.into_iter().filter(|written| {
        matches!(&written.record.event, Event::Candle(candle) if candle.interval.as_str() == "1m")
    });
    assert!(candles.count() >= 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_listed_and_shaded_and_the_candles_that_they_spoil_are_told() {
    let Some(tape) = recordings(&["btcusdt_20240808", "ethusdt_20240808"]) else {
        return;
    };
    let tape = tape.with_candles();
    let trades = tape.places("btcusdt@trade");
    let middle = trades.len() / 2;
    let mut script = Script::default();
    // Thirty trades that nobody gives again, and one that can be had.
    for place in &trades[middle..middle + 30] {
        script.faults.insert(*place, Fault::Lose);
    }
    script.faults.insert(trades[middle + 500], Fault::Lose);
    let standin = StandIn::start(tape, script).await;
    let server = TestServer::start(|config| {
        live(&standin)(config);
        config.feed.binance.backfill_max = 20;
    })
    .await;
    let link = until("both gaps are dealt with", async || {
        let link = server.health().await.feed.link?;
        (link.gaps == 2 && link.healed == 1).then_some(link)
    })
    .await;
    assert_eq!(link.bad_messages, 0);
    let is_shaded = |page: &str, class: &str| {
        let of_class = |path: &&str| {
            path.split('>')
                .next()
                .is_some_and(|tag| tag.contains(class))
        };
        let path = page.split("<path").find(of_class);
        path.is_some_and(|path| path.contains("d=\"M"))
    };
    until("the faults are listed and shaded", async || {
        let page = server.get("/market/BTCUSDT").await.text;
        let listed = ["30 trades", "backfilled", "candle differs"];
        let listed = listed.iter().all(|word| page.contains(word));
        let shaded = ["shade lost", "shade healed"]
            .iter()
            .all(|class| is_shaded(&page, class));
        (listed && shaded).then_some(())
    })
    .await;
    // The page hands all faults on to the browser, and shows its own.
    let other = server.get("/market/ETHUSDT").await;
    let shown = other.text.split("plainsight-boot").next().unwrap();
    assert!(
        !shown.contains("30 trades"),
        "it is no fault of this market"
    );
    let metrics = server.get("/metrics").await.text;
    assert!(metrics.contains("feed_gaps_healed 1"), "{metrics}");
    let stopped = server.stop().await;
    let mut journal = JournalFile::of_the_dead(&stopped.config.store.data).await;
    let faults: Vec<_> = journal
        .topic("quality")
        .await
        .into_iter()
        .filter_map(|event| match event {
            Event::Quality(quality) => Some(quality),
            _ => None,
        })
        .collect();
    let of_kind = |kind| {
        faults
            .iter()
            .filter(|fault| fault.kind == kind)
            .collect::<Vec<_>>()
    };
    let gap = of_kind(QualityKind::Gap)[0].extent;
    assert_eq!(gap.last_id.unwrap() - gap.first_id.unwrap(), 29);
    let spoilt = of_kind(QualityKind::CandleMismatch);
    assert_eq!(spoilt.len(), 1, "{faults:?}");
    assert!(spoilt[0].message.contains("volume"), "{:?}", spoilt[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_is_away_is_said_and_comes_back() {
    let Some(tape) = recordings(&["btcusdt_20240808", "ethusdt_20240808"]) else {
        return;
    };
    let standin = StandIn::start(tape.clone().first(3_000), Script::default()).await;
    let server = TestServer::start(live(&standin)).await;
    until("it has prices", async || {
        let link = server.health().await.feed.link?;
        (link.messages >= 3_000).then_some(())
    })
    .await;
    let mut stopped = server.stop().await;
    drop(standin);
    // Nobody answers: what is known is served all the same, and the link says what is wrong.
    stopped.config.feed.binance.rest_url = "http://127.0.0.1:1".to_owned();
    stopped.config.feed.binance.ws_url = "ws://127.0.0.1:1".to_owned();
    let server = stopped.start().await;
    let link = until("it tries", async || {
        let health = server.health().await;
        assert_eq!(health.feed.state, FeedState::Warming);
        health.feed.link.filter(|link| link.attempt > 2)
    })
    .await;
    assert_eq!(link.state, LinkState::Connecting);
    assert!(
        link.problem
            .is_some_and(|problem| problem.contains("cannot connect"))
    );
    let mut stopped = server.stop().await;
    let standin = StandIn::start(tape, Script::default()).await;
    live(&standin)(&mut stopped.config);
    let server = stopped.start().await;
    until("it is back", async || {
        let health = server.health().await;
        let link = health.feed.link?;
        let connected =
            link.state == LinkState::Connected && health.feed.state == FeedState::Running;
        connected.then_some(())
    })
    .await;
    assert_eq!(server.portfolio("paper").await.invariant, Invariant::Holds);
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_takes_its_filters_from_a_recorded_list() {
    let Some(folder) = recorded("cryptofeed_binance_samples") else {
        return;
    };
    let server = TestServer::still(|config| {
        config.feed.exchange_info = Some(folder.join("BINANCE.0.gz"));
    })
    .await;
    let order = |price: &str| {
        json!({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.001",
            "price": price})
    };
    let off = server.post("/v1/orders", &order("40000.001")).await;
    assert_eq!(off.json()["code"], "tick_size", "{off:?}");
    let on = server.post("/v1/orders", &order("40000.01")).await;
    assert!((200..300).contains(&on.status), "{on:?}");
}
