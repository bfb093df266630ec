//! One fill, seen by everybody who may see it: the same trade, position and equity on all five dialects, the
//! native socket, REST and the page. The bot is one that reports, on a market that holds still, so that the
//! figures after the fill are final.

use plainsight::domain::{Fill, Portfolio, Position};
use plainsight::wire::Payload;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::{Plain, number};
use crate::client::{Socket, wish};
use crate::harness::TestServer;

fn float(value: impl ToString) -> f64 {
    number(&value.to_string())
}

/// Every one of these is this figure.
#[track_caller]
fn same(what: &str, figure: f64, shown: &[(&str, &Value)]) {
    for (surface, value) in shown {
        assert_eq!(value.as_f64(), Some(figure), "{what} on {surface}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fill_is_one_trade_one_position_and_one_equity_everywhere() {
    let server = TestServer::still(|config| {
        let dialects = &mut config.dialects;
        dialects.bot = "mine".parse().unwrap();
        dialects.transparency.portfolio_ms = 200;
        dialects.finance.changes_ms = 200;
        dialects.updates.changes_ms = 200;
        dialects.trading.positions_ms = 200;
        dialects.trading.portfolio_ms = 200;
        dialects.quantum.every_ms = 200;
    })
    .await;
    let deposit = json!({"type": "deposit", "id": "d1", "amount": "10000"});
    let recorded = server.report("mine", &[deposit]).await;
    server.portfolio_after("mine", recorded.seq()).await;

    // Everybody is there before it happens.
    let mut transparency = Namespace::open(&server).await;
    transparency
        .subscribe(&["trade_feed", "portfolio_update"])
        .await;
    let mut agent = Plain::open(&server, "/api/v1/bot/ws").await;
    let mut positions = Plain::open(&server, "/api/v1/bot/ws/positions").await;
    let mut updates = Plain::open(&server, "/ws").await;
    let channels = ["dashboard", "trades", "positions"];
    updates
        .say(&json!({"type": "subscribe", "data": {"channels": channels}}))
        .await;
    updates
        .find("the channels", |frame| frame["type"] == "subscribed")
        .await;
    let mut trading = Plain::open(&server, "/api/ws/realtime").await;
    let mut quantum = Plain::open(&server, "/stream/live").await;
    let mut native = Socket::hello(&server).await;
    native.subscribe(vec![wish("trades:mine")]).await;

    let fill = json!({"type": "fill", "id": "f1", "symbol": "BTCUSDT", "side": "buy", "quantity": "0.1",
                      "price": "42000.5", "fee": "4.2"});
    let recorded = server.report("mine", &[fill]).await;

    // The trade: as it happens, and afterwards.
    let fed = transparency.find("trade_feed", |_| true).await;
    let executed = agent
        .find("the trade", |frame| frame["event"] == "trade_executed")
        .await;
    let updated = updates
        .find("the trade", |frame| frame["type"] == "trade_update")
        .await;
    let Payload::Trade(pushed) = native.told("trades:mine").await.1 else {
        panic!("no trade");
    };
    let own: Vec<Fill> = server.read("/v1/trades?bot=mine").await;
    assert_eq!(own, [*pushed.clone()]);
    let theirs: Value = server.read("/api/trades?limit=1").await;
    let listed = &theirs["trades"][0];
    assert_eq!((&fed["id"], listed), (&json!("trade-f1"), &fed));
    let (executed, updated) = (&executed["data"], &updated["data"]);
    assert_eq!(
        (&executed["trade_id"], &updated["id"]),
        (&json!("f1"), &json!("f1"))
    );
    for (what, figure, theirs) in [
        ("the price", pushed.price, ["price"; 3]),
        (
            "the quantity",
            pushed.quantity,
            ["quantity", "size", "quantity"],
        ),
        ("the value", pushed.value, ["total_value", "value", "value"]),
    ] {
        let [first, second, third] = theirs;
        let shown = [
            ("the Transparency Dashboard", &fed[first]),
            ("the Finance Feedback Engine", &executed[second]),
            ("Real-time Data Updates", &updated[third]),
        ];
        same(what, float(figure), &shown);
    }

    // What it came to, which nothing moves any more.
    let portfolio: Portfolio = server.portfolio_after("mine", recorded.seq()).await;
    let held: Vec<Position> = server.read("/v1/positions?bot=mine").await;
    let [held] = &held[..] else {
        panic!("one position: {held:?}");
    };
    native
        .subscribe(vec![wish("portfolio:mine"), wish("positions:mine")])
        .await;
    let Payload::Portfolio(pushed) = native.told("portfolio:mine").await.1 else {
        panic!("no portfolio");
    };
    assert_eq!(
        (pushed.equity, pushed.cash),
        (portfolio.equity, portfolio.cash)
    );
    let Payload::Positions(pushed) = native.told("positions:mine").await.1 else {
        panic!("no positions");
    };
    assert_eq!(pushed, std::slice::from_ref(held));

    let equity = float(portfolio.equity);
    assert!(equity != 10_000.0, "the fee and the market have moved it");
    let first = transparency
        .find("portfolio_update", |now| now["positions_count"] == 1)
        .await;
    let second = agent
        .find("the portfolio", |frame| {
            frame["event"] == "portfolio_update" && frame["data"]["active_positions"] == 1
        })
        .await;
    let third = updates
        .find("the dashboard", |frame| {
            frame["type"] == "dashboard_update" && frame["data"]["open_positions"] == 1
        })
        .await;
    let fourth = trading
        .find("the portfolio", |frame| {
            frame["type"] == "PORTFOLIO_UPDATE" && frame["portfolio"]["positions_count"] == 1
        })
        .await;
    let fifth = quantum
        .find("the position", |frame| frame["positions"] == 1)
        .await;
    let rest: Value = server.read("/api/portfolio").await;
    let shown = [
        ("the Transparency Dashboard", &first["total_equity"]),
        ("its REST", &rest["total_equity"]),
        (
            "the Finance Feedback Engine",
            &second["data"]["balance"]["total"],
        ),
        ("AI-Trading", &fourth["portfolio"]["balance"]),
    ];
    same("the equity", equity, &shown);
    let text = third["data"]["total_value"].as_str().unwrap();
    let cents = portfolio.equity.round_dp(2);
    assert_eq!(
        text.replace(['$', ','], ""),
        format!("{cents:.2}"),
        "on Real-time Data Updates"
    );
    let shown = [
        ("Quantum Trader", &fifth["pnl"]),
        ("the Transparency Dashboard", &first["total_pnl"]),
        ("the Finance Feedback Engine", &second["data"]["total_pnl"]),
        ("AI-Trading", &fourth["portfolio"]["total_pnl"]),
    ];
    same("the profit", float(portfolio.net_pnl), &shown);

    // The position, by size and what was paid.
    let first: Value = server.read("/api/portfolio/positions").await;
    let second = positions
        .find("the position", |frame| {
            frame["data"]["positions"][0]["size"].is_number()
        })
        .await;
    let third = updates
        .find("the position", |frame| frame["type"] == "position_update")
        .await;
    let fourth = trading
        .find("the position", |frame| {
            frame["type"] == "POSITION_UPDATE" && frame["positions"][0]["quantity"].is_number()
        })
        .await;
    let rows = [
        (
            "the Transparency Dashboard",
            &first["positions"][0],
            "quantity",
        ),
        (
            "the Finance Feedback Engine",
            &second["data"]["positions"][0],
            "size",
        ),
        ("Real-time Data Updates", &third["data"], "quantity"),
        ("AI-Trading", &fourth["positions"][0], "quantity"),
    ];
    for (surface, row, quantity) in rows {
        same(
            "the quantity",
            float(held.quantity),
            &[(surface, &row[quantity])],
        );
        let (entry, mark) = (held.average_price.unwrap(), held.mark_price.unwrap());
        same("the entry", float(entry), &[(surface, &row["entry_price"])]);
        same("the mark", float(mark), &[(surface, &row["current_price"])]);
    }

    // The page, as it comes without a script.
    let page = server.get("/?bot=mine").await.text;
    assert!(
        page.contains(text.trim_start_matches('$')),
        "{text} is not on the page: {page}"
    );
    let page = server.get("/trades?bot=mine").await.text;
    assert!(page.contains("42,000.50") && page.contains("f1"), "{page}");
}
