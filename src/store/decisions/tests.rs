use tempfile::TempDir;

use super::super::{Batch, Durability, Identity, Journal};
use super::*;
use crate::domain::{Action, Direction, TimeUs};
use crate::wire::publication;

async fn open(directory: &TempDir) -> (Journal, Reader) {
    let identity = Identity {
        feed: "simulated".into(),
        seed: 1,
        symbols: "BTCUSDT".into(),
    };
    Journal::open(directory.path(), &identity, Durability::Process)
        .await
        .unwrap()
}

fn decision(number: u64) -> Decision {
    let symbol = ["BTCUSDT", "ETHUSDT"][(number % 2) as usize];
    Decision {
        id: format!("dec-{number}").parse().unwrap(),
        bot: BotId::paper(),
        model: format!("model-{}", number % 3).parse().unwrap(),
        symbol: symbol.parse().unwrap(),
        made_at: TimeUs(number.cast_signed()),
        direction: Direction::Up,
        confidence: (number % 11) as f64 / 10.0,
        price_at: None,
        price_target: None,
        horizon: ["5m", "1h"][(number % 2) as usize].parse().unwrap(),
        resolves_at: TimeUs(number.cast_signed() + 1),
        flat_band: 0.0,
        features: Vec::new(),
        bias: None,
        reasoning: String::new(),
        action: Action::None,
        outcome: Outcome::Pending,
        realised_return: None,
        verdict: None,
        resolved_at: None,
    }
}

fn judged(number: u64) -> Decision {
    Decision {
        outcome: Outcome::Correct,
        ..decision(number)
    }
}

fn batch(decisions: impl IntoIterator<Item = (u64, Decision)>) -> Batch {
    let entries: Vec<Entry> = decisions
        .into_iter()
        .map(|(seq, decision)| {
            let record = Record {
                seq: Seq(seq),
                index: 0,
                time: TimeUs(1),
                event: Event::Decision(Box::new(decision)),
                took_us: None,
            };
            Entry {
                published: publication(&record),
                received: TimeUs(2),
                record,
            }
        })
        .collect();
    Batch {
        head: entries.last().unwrap().record.seq,
        entries,
        ..Batch::default()
    }
}

async fn list(reader: &Reader, filter: &DecisionFilter, until: u64) -> Vec<Decision> {
    let bot = BotId::paper();
    reader
        .decisions(&bot, filter, None, Seq(until), 10_000)
        .await
        .unwrap()
}

#[tokio::test]
async fn each_moment_has_its_own_states() {
    let directory = TempDir::new().unwrap();
    let (mut journal, reader) = open(&directory).await;
    let made = (1..=4).map(|number| (number, decision(number)));
    journal.append(&batch(made)).await.unwrap();
    journal
        .append(&batch([(5, judged(2)), (6, judged(1))]))
        .await
        .unwrap();
    let any = DecisionFilter::default();
    let of = |outcome| DecisionFilter {
        outcome: Some(outcome),
        ..DecisionFilter::default()
    };
    assert_eq!(
        list(&reader, &any, 6).await,
        [decision(4), decision(3), judged(2), judged(1)]
    );
    assert_eq!(
        list(&reader, &any, 5).await,
        [decision(4), decision(3), judged(2), decision(1)]
    );
    assert_eq!(list(&reader, &any, 2).await, [decision(2), decision(1)]);
    assert_eq!(list(&reader, &of(Outcome::Correct), 5).await, [judged(2)]);
    assert_eq!(
        list(&reader, &of(Outcome::Pending), 5).await,
        [decision(4), decision(3), decision(1)]
    );
    let bot = BotId::paper();
    let one = decision(2).id;
    assert_eq!(
        reader.decision(&bot, &one, Seq(4)).await.unwrap(),
        Some(decision(2))
    );
    assert_eq!(
        reader.decision(&bot, &one, Seq(5)).await.unwrap(),
        Some(judged(2))
    );
    assert_eq!(reader.decision(&bot, &one, Seq(1)).await.unwrap(), None);
    assert_eq!(
        reader.made(&bot, &one, Seq(6)).await.unwrap(),
        Some((Seq(2), 0))
    );
    let other: BotId = "other".parse().unwrap();
    assert_eq!(reader.made(&other, &one, Seq(6)).await.unwrap(), None);
    let (models, symbols) = reader.choices(&bot).await.unwrap();
    let names: Vec<_> = models.iter().map(ModelId::as_str).collect();
    assert_eq!(names, ["model-0", "model-1", "model-2"]);
    assert_eq!(symbols.len(), 2);
}

#[tokio::test]
async fn a_journal_of_before_the_table_is_filled_once() {
    let directory = TempDir::new().unwrap();
    let (mut journal, reader) = open(&directory).await;
    let made = (1..=300).map(|number| (number, decision(number)));
    journal.append(&batch(made)).await.unwrap();
    let resolved = (301..=500).map(|seq| (seq, judged(seq - 300)));
    journal.append(&batch(resolved)).await.unwrap();
    let before = list(&reader, &DecisionFilter::default(), 500).await;
    journal.close().await.unwrap();
    drop(reader);

    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(directory.path().join(super::super::journal::FILE));
    let mut connection = <SqliteConnection as sqlx::Connection>::connect_with(&options)
        .await
        .unwrap();
    for statement in [
        "DROP TABLE decisions",
        "DROP INDEX orders_by_decision",
        "DROP INDEX fills_by_decision",
        "DROP INDEX candles_by_time",
        "DELETE FROM _sqlx_migrations WHERE version = 5",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    <SqliteConnection as sqlx::Connection>::close(connection)
        .await
        .unwrap();

    let (mut journal, reader) = open(&directory).await;
    assert_eq!(list(&reader, &DecisionFilter::default(), 500).await, before);
    journal.append(&batch([(501, judged(201))])).await.unwrap();
    let filter = DecisionFilter {
        outcome: Some(Outcome::Correct),
        min_confidence: Some(0.5),
        ..DecisionFilter::default()
    };
    let found = list(&reader, &filter, 501).await;
    assert!(found.iter().all(|row| row.confidence >= 0.5) && found.len() > 80);
    assert_eq!(
        list(&reader, &DecisionFilter::default(), 501).await.len(),
        300
    );
}

#[tokio::test]
async fn pages_go_on_behind_a_place() {
    let directory = TempDir::new().unwrap();
    let (mut journal, reader) = open(&directory).await;
    let made = (1..=50).map(|number| (number, decision(number)));
    journal.append(&batch(made)).await.unwrap();
    let (bot, filter) = (
        BotId::paper(),
        DecisionFilter {
            symbol: Some("ETHUSDT".parse().unwrap()),
            ..DecisionFilter::default()
        },
    );
    let mut before = None;
    let mut numbers = Vec::new();
    loop {
        let page = reader
            .decisions(&bot, &filter, before, Seq(50), 7)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        before = reader.made(&bot, &last.id, Seq(50)).await.unwrap();
        numbers.extend(page.iter().map(|row| row.made_at.micros()));
    }
    let odd: Vec<i64> = (1..=50).rev().filter(|number| number % 2 == 1).collect();
    assert_eq!(numbers, odd);
}
