//! The server-rendered pages: the figures in them are those of REST, of the accounts' identities
//! and of the journal, at the same seq.

use std::collections::BTreeMap;

use plainsight::app::routes::Page;
use plainsight::auth::Anonymous;
use plainsight::domain::{Decimal, Event, Portfolio, Position, Symbol};
use plainsight::wire::{Boot, Payload, Topic};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::topic;
use crate::harness::{TestServer, until};
use crate::journal::JournalFile;

/// What the page hands over to the browser.
fn boot(page: &Answer) -> Boot {
    let (_, rest) = page
        .text
        .split_once("id=\"plainsight-boot\">")
        .expect("no boot");
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

fn value(boot: &Boot, topic: &Topic) -> Value {
    let found = boot.topics.iter().find(|found| found.topic == *topic);
    let replica = found
        .expect("the page has the topic")
        .clone()
        .into_replica();
    match replica.value() {
        Some(value) => json!(value),
        None => json!(replica.entries().iter().rev().collect::<Vec<_>>()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_html_with_the_figures_of_rest() {
    let server = TestServer::still(|_| ()).await;
    let paths = Page::of_bots().map(|page| (page, page.path()));
    for (page, path) in paths.chain([(Page::Market, "/market/BTCUSDT")]) {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let kind = answer.header("content-type").unwrap();
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
        assert!(answer.text.starts_with("<!DOCTYPE html>"), "{path}");
        assert!(answer.text.contains(page.title()), "{path}");
        assert!(
            answer.text.contains("REPLAY"),
            "{path}: recorded prices say so"
        );
        let boot = boot(&answer);
        assert_eq!(boot.seq.0, answer.seq(), "{path}");
        for (name, address) in [
            ("portfolio:paper", "/v1/portfolio"),
            ("positions:paper", "/v1/positions"),
            ("performance:paper", "/v1/performance"),
            ("trades:paper", "/v1/trades?limit=200"),
            ("decisions:paper", "/v1/decisions?limit=200"),
            ("candles:BTCUSDT:1m", "/v1/candles?symbol=BTCUSDT"),
        ] {
            if boot.topics.iter().any(|found| found.topic == topic(name)) {
                let rest = server.get(address).await;
                assert_eq!(rest.seq(), boot.seq.0, "{path} {name}");
                assert_eq!(rest.json(), value(&boot, &topic(name)), "{path} {name}");
            }
        }
        assert!(
            boot.topics
                .iter()
                .any(|found| found.topic == topic("portfolio:paper")),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_a_page_that_says_so() {
    let server = TestServer::still(|_| ()).await;
    let answer = server.get("/nowhere").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text.contains("<!DOCTYPE html>"), "{answer:?}");
    let stranger = server.get("/?bot=nobody").await;
    assert_eq!(stranger.status, 200, "an unknown bot is an empty page");
    assert_eq!(boot(&stranger).bot.as_str(), "nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_a_page_is_not_for_gets_one_without_figures() {
    let server = TestServer::still(|config| config.auth.anonymous = Some(Anonymous::None)).await;
    for (path, next) in [
        ("/trades?bot=paper", "%2Ftrades%3Fbot%3Dpaper"),
        ("/nowhere", "%2Fnowhere"),
    ] {
        let answer = server.send(server.unknown("GET", path)).await;
        let way = format!("/login?next={next}");
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(way.as_str()))
        );
    }
    // Who asks is in, but with a token.
    let answer = server.get("/users").await;
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("you may not do this"), "{answer:?}");
    assert!(!answer.text.contains("plainsight-boot"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bot_says_cannot_break_out_of_the_page() {
    let server = TestServer::still(|_| ()).await;
    let text = "</script><script>alert(1)</script><!-- \u{2028} & \"quoted\"";
    server
        .report("mine", &[json!({"type": "note", "id": "n1", "text": text})])
        .await;
    let page = server.get("/decisions?bot=mine").await;
    assert!(!page.text.contains("<script>alert(1)"), "{}", page.text);
    let notes = value(&boot(&page), &topic("agent:mine"));
    assert_eq!(notes[0]["note"]["text"], text, "and it arrives whole");
}

/// The figures of an account, made from the journal's events alone.
#[derive(Debug, Default, PartialEq)]
struct Folded {
    cash: Decimal,
    deposits: Decimal,
    fees: Decimal,
    fills: u64,
    quantities: BTreeMap<Symbol, Decimal>,
    marks: BTreeMap<Symbol, Decimal>,
}

async fn fold(server: &TestServer, bot: &str) -> Folded {
    let mut folded = Folded::default();
    for written in JournalFile::open(server.data()).await.events().await {
        match written.record.event {
            Event::Deposit {
                bot: owner,
                deposit,
                ..
            } if owner.as_str() == bot => {
                folded.cash += deposit.amount;
                folded.deposits += deposit.amount;
            }
            Event::Fill(fill) if fill.bot.as_str() == bot => {
                let quantity = fill.side.signed(fill.quantity);
                folded.cash -= quantity * fill.price + fill.fee;
                folded.fees += fill.fee;
                folded.fills += 1;
                *folded.quantities.entry(fill.symbol).or_default() += quantity;
            }
            Event::Mark { symbol, price, .. } => {
                folded.marks.insert(symbol, price);
            }
            _ => {}
        }
    }
    folded
}

/// Checks a bot's account against the accounting identities and the journal.
pub async fn check_account(server: &TestServer, bot: &str) {
    // A fill is on disk before the conflated account shows it.
    until("the account shows what the journal has", async || {
        let fills = fold(server, bot).await.fills;
        (server.portfolio(bot).await.fills == fills).then_some(())
    })
    .await;
    let portfolio: Portfolio = server.portfolio(bot).await;
    let positions: Vec<Position> = server.read(&format!("/v1/positions?bot={bot}")).await;
    let sum = |figure: fn(&Position) -> Decimal| positions.iter().map(figure).sum::<Decimal>();
    assert_eq!(json!(portfolio.invariant), json!("holds"));
    assert_eq!(
        portfolio.cash + sum(|p| p.value),
        portfolio.equity,
        "{portfolio:?}"
    );
    assert_eq!(
        sum(|p| p.realised_pnl) + sum(|p| p.unrealised_pnl) - sum(|p| p.fees),
        portfolio.equity - portfolio.deposits,
        "{portfolio:?}"
    );
    let folded = fold(server, bot).await;
    let told = (folded.cash, folded.deposits, folded.fees, folded.fills);
    let shown = (
        portfolio.cash,
        portfolio.deposits,
        portfolio.fees,
        portfolio.fills,
    );
    assert_eq!(told, shown, "the journal tells the same");
    for position in &positions {
        let filled = folded
            .quantities
            .get(&position.symbol)
            .copied()
            .unwrap_or_default();
        assert_eq!(filled, position.quantity, "{position:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_is_what_the_journal_says() {
    let server = TestServer::still(|_| ()).await;
    check_account(&server, "paper").await;
    let portfolio = server.portfolio("paper").await;
    assert!(
        portfolio.fills > 0 && portfolio.deposits == Decimal::from(100_000),
        "{portfolio:?}"
    );

    // The price of the last second is marked when the next one begins: all but it is in the journal.
    let folded = fold(&server, "paper").await;
    let candles: Vec<plainsight::domain::Candle> = server
        .read("/v1/candles?symbol=BTCUSDT&interval=1s&limit=2")
        .await;
    let symbol: Symbol = "BTCUSDT".parse().unwrap();
    assert_eq!(folded.marks[&symbol], candles[0].close);
    let positions: Vec<Position> = server.read("/v1/positions").await;
    assert_eq!(positions[0].mark_price, Some(candles[1].close));
    assert_eq!(positions[0].value, positions[0].quantity * candles[1].close);

    let page = boot(&server.get("/").await);
    assert_eq!(
        value(&page, &topic("portfolio:paper")),
        json!(Payload::Portfolio(Box::new(portfolio)))
    );
}
