//! `kill -9` in the middle of brackets: after the restart every leg is where its entry says, with the
//! quantity that is left to protect, and the open orders are those of the journal.

use std::collections::BTreeMap;
use std::time::Duration;

use plainsight::domain::{Candle, Decimal, Event, LinkRole, Order, OrderId, OrderStatus};
use serde_json::json;

use crate::harness::{TestServer, until};
use crate::journal::JournalFile;
use crate::program::signal;

const KILLS: u64 = 6;

/// A bracket with legs so near that the market reaches them in seconds: one that is bought at once, or
/// (every other) one that waits a little under the market.
async fn place(server: &TestServer, number: u64) {
    let price = until("there are prices", async || {
        let answer = server.get("/v1/candles?symbol=BTCUSDT&limit=1").await;
        let candles: Vec<Candle> = (answer.status == 200).then(|| answer.read())?;
        candles.first().map(|candle| candle.close)
    })
    .await;
    let near =
        |thousandths: i64| (price * (Decimal::ONE + Decimal::new(thousandths, 4))).round_dp(2);
    let entry = if number.is_multiple_of(2) { 1 } else { -2 };
    let order = json!({
        "client_order_id": format!("bracket-{number}"),
        "symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.3",
        "price": near(entry), "take_profit": near(6), "stop_loss": near(-8),
    });
    let answer = server.post("/v1/orders", &order).await;
    // The market may have moved beyond a leg, or the account may be full: also an answer.
    assert!([200, 409, 422, 400].contains(&answer.status), "{answer:?}");
}

/// The newest state of every order, by group and role.
fn groups(events: &[Event]) -> BTreeMap<OrderId, BTreeMap<&'static str, Order>> {
    let mut groups: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for event in events {
        let Event::Order(order) = event else { continue };
        let Some(link) = &order.link else { continue };
        groups
            .entry(link.group.clone())
            .or_default()
            .insert(link.role.as_str(), order.clone());
    }
    groups
}

/// What must be true of a bracket at every moment; gives how far it had come.
fn check(group: &BTreeMap<&'static str, Order>) -> &'static str {
    let of = |role: LinkRole| &group[role.as_str()];
    let entry = of(LinkRole::Entry);
    let (take_profit, stop_loss) = (of(LinkRole::TakeProfit), of(LinkRole::StopLoss));
    if !entry.status.is_final() {
        for leg in [take_profit, stop_loss] {
            assert_eq!(leg.status, OrderStatus::New, "{group:#?}");
            assert_eq!(leg.quantity, entry.quantity);
        }
        return match entry.filled_quantity.is_zero() {
            true => "resting",
            false => "filling",
        };
    }
    let closed = take_profit.filled_quantity + stop_loss.filled_quantity;
    let left = entry.filled_quantity - closed;
    assert!(left >= Decimal::ZERO, "{group:#?}");
    let open: Vec<_> = [take_profit, stop_loss]
        .into_iter()
        .filter(|leg| !leg.status.is_final())
        .collect();
    for leg in &open {
        assert_ne!(leg.status, OrderStatus::New, "{group:#?}");
        assert_eq!(leg.remaining(), left, "{group:#?}");
    }
    match open.len() {
        0 if entry.filled_quantity.is_zero() => "canceled",
        0 => "done",
        1 => {
            assert!(stop_loss.trigger.is_some(), "{group:#?}");
            "stopping"
        }
        _ if closed.is_zero() => "protected",
        _ => "closing",
    }
}

/// Whether a kill has met brackets that were done, and some that were not.
fn is_met(stages: &BTreeMap<&str, u32>) -> bool {
    let at_work = ["protected", "closing"];
    stages.contains_key("done") && at_work.iter().any(|stage| stages.contains_key(stage))
}

#[tokio::test(flavor = "multi_thread")]
async fn legs_and_quantities_are_as_they_must_be_after_a_kill() {
    let environment = [("PLAINSIGHT_STORE__SNAPSHOT_MS", "700")];
    let mut server = TestServer::program(&environment, |config| {
        config.agent.enabled = false;
        "60".clone_into(&mut config.feed.speed);
    })
    .await;
    let mut stages: BTreeMap<&str, u32> = BTreeMap::new();
    let mut number = 0;
    // Where the kills land is chance: as many as are needed to meet brackets at work, within bounds.
    let mut kills = 0;
    while kills < KILLS || (!is_met(&stages) && kills < 4 * KILLS) {
        // Entries that the market has left behind would hold all of the account in the end.
        let answer = server.send(server.request("DELETE", "/v1/orders")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for _ in 0..12 {
            place(&server, number).await;
            number += 1;
            tokio::time::sleep(Duration::from_millis(40 + (kills % KILLS) * 17)).await;
        }
        signal(server.pid(), "KILL");
        let stopped = server.kill();
        let mut journal = JournalFile::of_the_dead(&stopped.config.store.data).await;
        for group in groups(&journal.topic("orders:paper").await).values() {
            *stages.entry(check(group)).or_default() += 1;
        }
        drop(journal);
        server = stopped.start_program().await;
        kills += 1;
    }
    // With a market that stands still: what is open is what the journal says.
    let mut stopped = server.stop().await;
    "0.000001".clone_into(&mut stopped.config.feed.speed);
    let server = stopped.start_program().await;
    let open: Vec<Order> = server.read("/v1/orders/open").await;
    let mut newest: BTreeMap<OrderId, Order> = BTreeMap::new();
    for event in JournalFile::open(server.data())
        .await
        .topic("orders:paper")
        .await
    {
        if let Event::Order(order) = event {
            newest.insert(order.id.clone(), order);
        }
    }
    let unfinished = newest.values().filter(|order| !order.status.is_final());
    let mut open_by_id: Vec<_> = open.iter().collect();
    open_by_id.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(open_by_id, unfinished.collect::<Vec<_>>());
    assert!(is_met(&stages), "{stages:?}");
    println!("{kills} kills met brackets {stages:?}");
    server.stop().await;
}
