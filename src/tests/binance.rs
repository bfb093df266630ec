//! The live feed against the stand-in: everything that the real Binance may do wrong, one at a time,
//! and every trade id once and in order all the same.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use plainsight::domain::{FeedNotice, MarketEvent, QualityKind, TimeUs};
use plainsight::feed::{
    BinanceConfig, BinanceFeed, BinanceOptions, Feed, FeedError, FeedItem, Polled, binance,
};

use crate::binance_standin::{Fault, Script, StandIn, Tape};
use crate::harness::PATIENCE;
use crate::recorded::recorded;

/// Lines of most tests: half a minute of the market.
const SHORT: usize = 4_000;
/// After the last trade nothing more is waited for than this.
const REST: Duration = Duration::from_millis(700);

/// The recordings, where they are there.
pub fn recordings(names: &[&str]) -> Option<Tape> {
    let folder = recorded("binance_ws_raw_20240808")?;
    let files: Vec<PathBuf> = names
        .iter()
        .map(|name| folder.join(format!("spot_{name}.gz")))
        .collect();
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    Some(Tape::read(&files))
}

fn short() -> Option<Tape> {
    Some(recordings(&["btcusdt_20240808"])?.first(SHORT))
}

async fn open(config: BinanceConfig, symbols: &[&str]) -> BinanceFeed {
    try_open(config, symbols).await.unwrap()
}

async fn try_open(config: BinanceConfig, symbols: &[&str]) -> Result<BinanceFeed, FeedError> {
    BinanceFeed::open(BinanceOptions {
        config,
        symbols: symbols
            .iter()
            .map(|symbol| symbol.parse().unwrap())
            .collect(),
        resume: None,
        instruments: None,
    })
    .await
}

/// What a feed gave.
#[derive(Default)]
struct Taken {
    /// Trade ids of each symbol, in the order in which they came.
    trades: BTreeMap<String, Vec<u64>>,
    notices: Vec<FeedNotice>,
    /// Opening times of the minutes that stood in for lost trades.
    bars: Vec<TimeUs>,
    books: usize,
    candles: usize,
    link: plainsight::domain::health::LinkHealth,
    took: Duration,
}

impl Taken {
    fn notices(&self, kind: QualityKind) -> Vec<&FeedNotice> {
        self.notices
            .iter()
            .filter(|notice| notice.kind == kind)
            .collect()
    }

    fn kinds(&self) -> Vec<QualityKind> {
        let mut kinds: Vec<_> = self.notices.iter().map(|notice| notice.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// Reads until the last trade of every symbol has come and a moment longer. Holds everything to what
/// a feed promises.
async fn take(mut feed: BinanceFeed, last: BTreeMap<String, u64>) -> (BinanceFeed, Taken) {
    tokio::task::spawn_blocking(move || {
        let start = Instant::now();
        let mut taken = Taken::default();
        let mut time = TimeUs::ZERO;
        let mut waiting = last;
        let mut complete: Option<Instant> = None;
        loop {
            if waiting.is_empty() {
                complete.get_or_insert_with(Instant::now);
            }
            if complete.is_some_and(|at| at.elapsed() > REST) {
                break;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "still waiting for {waiting:?}, {:?}",
                taken.notices
            );
            let item = match feed.poll(Duration::from_millis(50)) {
                Polled::Item(item) => item,
                Polled::Idle => continue,
                Polled::Ended => panic!("a live feed has no end"),
            };
            let event = match item {
                FeedItem::Notice(notice) => {
                    taken.notices.push(notice);
                    continue;
                }
                FeedItem::Market(event) => event,
            };
            assert!(
                event.time() >= time,
                "time goes back: {event:?} after {time}"
            );
            time = event.time();
            match event {
                MarketEvent::Trade(trade) => {
                    let symbol = trade.symbol.to_string();
                    if waiting.get(&symbol).is_some_and(|last| trade.id >= *last) {
                        waiting.remove(&symbol);
                        taken.took = start.elapsed();
                    }
                    taken.trades.entry(symbol).or_default().push(trade.id);
                }
                MarketEvent::Book(book) => {
                    taken.books += 1;
                    if let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) {
                        assert!(bid.price < ask.price, "crossed: {book:?}");
                    }
                    assert!(book.bids.is_sorted_by(|a, b| a.price > b.price));
                    assert!(book.asks.is_sorted_by(|a, b| a.price < b.price));
                }
                MarketEvent::Bar(bar) => {
                    assert!(taken.kinds().contains(&QualityKind::Gap), "untold: {bar:?}");
                    taken.bars.push(bar.open_time);
                }
                MarketEvent::Reference { .. } => taken.candles += 1,
                _ => {}
            }
        }
        taken.link = feed.link().unwrap().health(Instant::now());
        (feed, taken)
    })
    .await
    .unwrap()
}

/// Plays the tape by the script to a feed with this configuration; every trade must come, once and
/// in order.
async fn play(
    tape: Tape,
    script: Script,
    change: impl FnOnce(&mut BinanceConfig),
) -> (StandIn, Taken) {
    let expected = tape.trade_ids("BTCUSDT");
    let standin = StandIn::start(tape, script).await;
    let mut config = standin.config();
    change(&mut config);
    let feed = open(config, &["BTCUSDT"]).await;
    let last = BTreeMap::from([("BTCUSDT".to_owned(), *expected.last().unwrap())]);
    let (_, taken) = take(feed, last).await;
    assert_eq!(taken.trades["BTCUSDT"], expected, "{:?}", taken.notices);
    (standin, taken)
}

fn faults(faults: impl IntoIterator<Item = (usize, Fault)>) -> Script {
    Script {
        faults: faults.into_iter().collect(),
        ..Script::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_market_comes_whole_as_fast_as_it_is_read() {
    let Some(tape) = recordings(&["btcusdt_20240808", "ethusdt_20240808"]) else {
        return;
    };
    let tape = tape.with_candles();
    let lines = tape.lines.len();
    let expected = [("BTCUSDT", 9_757), ("ETHUSDT", 6_106)];
    let last = expected.map(|(symbol, count)| {
        let ids = tape.trade_ids(symbol);
        assert_eq!(ids.len(), count);
        (symbol.to_owned(), *ids.last().unwrap())
    });
    let ids = expected.map(|(symbol, _)| tape.trade_ids(symbol));
    let standin = StandIn::start(tape, Script::default()).await;
    let feed = open(standin.config(), &["BTCUSDT", "ETHUSDT"]).await;
    let filters = feed.instruments();
    assert_eq!((filters.len(), filters[0].base.as_str()), (2, "BTC"));
    let (_, taken) = take(feed, last.into()).await;
    assert_eq!(taken.trades["BTCUSDT"], ids[0]);
    assert_eq!(taken.trades["ETHUSDT"], ids[1]);
    assert_eq!(taken.notices, []);
    assert_eq!(
        (
            taken.link.gaps,
            taken.link.reconnects,
            taken.link.bad_messages
        ),
        (0, 0, 0)
    );
    assert_eq!(taken.link.messages, lines as u64);
    // Two symbols, and the minutes from 23:54 to 23:59.
    assert_eq!((taken.link.snapshots, taken.candles), (2, 12));
    assert!(taken.books > 6_000, "{}", taken.books);
    println!(
        "{lines} messages in {:.2?}: {:.0} a second, {} books, {} late",
        taken.took,
        lines as f64 / taken.took.as_secs_f64(),
        taken.books,
        taken.link.late
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_speed_of_life_it_comes_as_it_happens() {
    let Some(tape) = recordings(&["btcusdt_20240808"]) else {
        return;
    };
    let tape = tape.first(1_300);
    let last = tape.places("@trade").pop().unwrap();
    let life = Duration::from_nanos(tape.lines[last].at_ns - tape.lines[0].at_ns);
    assert!((4..12).contains(&life.as_secs()), "{life:?}");
    let script = Script {
        speed: Some(1.0),
        ..Script::default()
    };
    let (_, taken) = play(tape, script, |_| {}).await;
    assert_eq!(taken.notices, []);
    // None, unless this machine stands still meanwhile.
    assert!(taken.link.late < 20, "{:?}", taken.link);
    let behind = taken.took.saturating_sub(life);
    println!(
        "{life:.1?} of the market in {:.1?}, {} late",
        taken.took, taken.link.late
    );
    assert!(behind < Duration::from_secs(1), "{behind:?} behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_that_is_lost_is_found_and_healed() {
    let Some(tape) = short() else { return };
    let trades = tape.places("@trade");
    let depths = tape.places("@depth@100ms");
    // Single ones, several in a row, and a change of the book.
    let lost = [
        &trades[50..51],
        &trades[100..104],
        &trades[200..201],
        &depths[60..61],
        &depths[200..203],
    ];
    let mut script = faults(lost.concat().into_iter().map(|place| (place, Fault::Lose)));
    // Slow enough for one gap to be healed before the next.
    script.speed = Some(15.0);
    let (_, taken) = play(tape, script, |_| {}).await;
    let healed = taken.notices(QualityKind::Backfill);
    assert_eq!(healed.len(), 3, "{:?}", taken.notices);
    let of_ids = healed.iter().map(|notice| {
        let extent = notice.extent;
        assert!(extent.from.unwrap() <= extent.to.unwrap());
        extent.last_id.unwrap() - extent.first_id.unwrap() + 1
    });
    assert_eq!(of_ids.collect::<Vec<_>>(), [1, 4, 1]);
    // Each gap of the book is told, and that it is whole again.
    assert_eq!(
        taken.notices(QualityKind::BookGap).len(),
        2,
        "{:?}",
        taken.notices
    );
    assert_eq!(
        taken.notices(QualityKind::Resync).len(),
        2,
        "{:?}",
        taken.notices
    );
    assert_eq!(
        (taken.link.gaps, taken.link.healed, taken.link.snapshots),
        (5, 3, 3)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_swapped_or_repeated_is_no_fault() {
    let Some(tape) = short() else { return };
    let trades = tape.places("@trade");
    let depths = tape.places("@depth@100ms");
    let tickers = tape.places("@bookTicker");
    let script = faults([
        (trades[30], Fault::Swap),
        (trades[60], Fault::Duplicate),
        (depths[30], Fault::Swap),
        (depths[60], Fault::Duplicate),
        (tickers[100], Fault::Swap),
        (tickers[200], Fault::Duplicate),
    ]);
    let (_, taken) = play(tape, script, |_| {}).await;
    assert_eq!(taken.notices, []);
    assert_eq!(taken.link.gaps, 0);
    assert!(taken.link.duplicates >= 3, "{:?}", taken.link);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_and_passed_over() {
    let Some(tape) = short() else { return };
    let garbage = [
        "{\"stream\":\"btcusdt@trade\",\"data\":{}}",
        "\u{0}\u{1}",
        "[1,2",
        "",
    ];
    let script = faults(
        (100..)
            .step_by(100)
            .zip(garbage)
            .map(|(place, text)| (place, Fault::Malformed(text.to_owned()))),
    );
    let (_, taken) = play(tape, script, |_| {}).await;
    assert_eq!(taken.kinds(), [QualityKind::BadMessage]);
    assert_eq!((taken.notices.len(), taken.link.bad_messages), (4, 4));
    assert!(
        taken.notices[0].message.contains("missing field"),
        "{:?}",
        taken.notices[0]
    );
    assert_eq!(taken.link.reconnects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_made_again_and_what_was_missed_is_fetched() {
    let Some(tape) = short() else { return };
    let script = faults([(1_000, Fault::Cut { lose: 600 }), (3_000, Fault::Close)]);
    let (standin, taken) = play(tape, script, |_| {}).await;
    assert_eq!(
        taken.notices(QualityKind::Reconnect).len(),
        2,
        "{:?}",
        taken.notices
    );
    let extent = taken.notices(QualityKind::Reconnect)[0].extent;
    assert!(extent.from.unwrap() < extent.to.unwrap());
    assert!(!taken.notices(QualityKind::Backfill).is_empty());
    assert_eq!(taken.link.reconnects, 2);
    assert_eq!(standin.noticed().connections, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_that_is_announced_loses_nothing() {
    let Some(tape) = short() else { return };
    let script = Script {
        speed: Some(8.0),
        ..faults([(1_000, Fault::Shutdown(Duration::from_millis(900)))])
    };
    let (standin, taken) = play(tape, script, |_| {}).await;
    assert_eq!(taken.notices, []);
    assert_eq!((taken.link.gaps, taken.link.reconnects), (0, 1));
    assert!(taken.link.duplicates > 0, "both were heard for a while");
    assert_eq!(standin.noticed().connections, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_replaced_before_its_time_without_loss_or_repetition() {
    let Some(tape) = short() else { return };
    let script = Script {
        speed: Some(6.0),
        ..Script::default()
    };
    let (standin, taken) = play(tape, script, |config| config.reconnect_after_s = 1).await;
    assert_eq!(taken.notices, []);
    assert_eq!(taken.link.gaps, 0);
    assert!(taken.link.reconnects >= 2, "{:?}", taken.link);
    assert!(taken.link.duplicates > 0);
    assert!(standin.noticed().connections >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_falls_silent_is_given_up() {
    let Some(tape) = short() else { return };
    let script = faults([(1_500, Fault::Mute)]);
    let (_, taken) = play(tape, script, |config| config.silence_ms = 400).await;
    let silences = taken.notices(QualityKind::Silence);
    assert!(
        silences[0].message.contains("400 ms"),
        "{:?}",
        taken.notices
    );
    // After the end of the tape the new one is silent as well.
    assert!(taken.link.reconnects >= 1 && !taken.notices(QualityKind::Reconnect).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_tried_again_later_and_limits_are_kept() {
    let Some(tape) = short() else { return };
    let trades = tape.places("@trade");
    let script = Script {
        refusals: 2,
        limited: 1,
        ..faults([(trades[60], Fault::Lose)])
    };
    let (standin, taken) = play(tape, script, |_| {}).await;
    let noticed = standin.noticed();
    assert_eq!(noticed.connections, 3, "two were refused");
    assert!(
        taken.link.snapshots > 0 && noticed.asked["depth"] >= 2,
        "{noticed:?}"
    );
    assert_eq!(taken.notices(QualityKind::Backfill).len(), 1);
    assert!(
        noticed.pongs > 0 && noticed.pongs >= noticed.pings.saturating_sub(6),
        "{noticed:?}"
    );
    for (connection, at) in &noticed.requests {
        let others = noticed.requests.iter().filter(|(number, other)| {
            number == connection
                && other >= at
                && other.duration_since(*at) < Duration::from_secs(1)
        });
        assert!(others.count() <= 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_history_heals_with_the_newest_trades() {
    let Some(tape) = short() else { return };
    let trades = tape.places("@trade");
    let script = Script {
        has_history: false,
        ..faults([(trades[300], Fault::Lose)])
    };
    let (standin, taken) = play(tape, script, |_| {}).await;
    assert_eq!(
        taken.notices(QualityKind::Backfill).len(),
        1,
        "{:?}",
        taken.notices
    );
    assert_eq!(standin.noticed().asked.get("trades"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregate_trades_are_continuous_and_healed_by_their_own_ids() {
    let Some(tape) = short() else { return };
    let tape = tape.aggregated();
    let trades = tape.places("@aggTrade");
    let count = trades.len() as u64;
    let script = faults(trades[20..25].iter().map(|place| (*place, Fault::Lose)));
    let standin = StandIn::start(tape, script).await;
    let mut config = standin.config();
    config.trades = binance::TradeStream::AggTrade;
    let feed = open(config, &["BTCUSDT"]).await;
    let (feed, taken) = take(feed, BTreeMap::from([("BTCUSDT".to_owned(), count)])).await;
    assert_eq!(taken.trades["BTCUSDT"], (1..=count).collect::<Vec<_>>());
    assert_eq!(taken.kinds(), [QualityKind::Backfill]);
    assert_eq!(feed.identity(), "binance:aggTrade");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_nobody_ran_is_fetched_at_the_next_start() {
    let Some(tape) = short() else { return };
    let expected = tape.trade_ids("BTCUSDT");
    // The first session ends half way; the market goes on.
    let script = faults([(2_000, Fault::Cut { lose: 1_000 })]);
    let half = tape
        .places("@trade")
        .iter()
        .filter(|place| **place < 2_000)
        .count();
    let standin = StandIn::start(tape, script).await;
    let mut config = standin.config();
    config.connect_every_ms = 600_000;
    let feed = open(config, &["BTCUSDT"]).await;
    let last = BTreeMap::from([("BTCUSDT".to_owned(), expected[half - 1])]);
    let (feed, first) = take(feed, last).await;
    assert_eq!(first.trades["BTCUSDT"], expected[..half]);
    let resumed = BinanceFeed::open(BinanceOptions {
        config: standin.config(),
        symbols: feed.symbols().to_vec(),
        resume: Some(feed.cursor()),
        instruments: Some(feed.instruments()),
    });
    let resumed = resumed.await.unwrap();
    drop(feed);
    let last = BTreeMap::from([("BTCUSDT".to_owned(), *expected.last().unwrap())]);
    let (_, second) = take(resumed, last).await;
    assert_eq!(second.trades["BTCUSDT"], expected[half..]);
    let gap = second.notices(QualityKind::Gap)[0];
    assert!(
        gap.symbol.is_none() && gap.message.contains("did not run"),
        "{gap:?}"
    );
    assert!(gap.extent.to.unwrap().since(gap.extent.from.unwrap()) > 1_000_000);
    assert_eq!(second.notices(QualityKind::Backfill).len(), 1);
    assert_eq!(
        standin.noticed().asked.get("exchangeInfo"),
        Some(&1),
        "they were known"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_that_cannot_be_filled_stays_and_is_told() {
    let Some(tape) = short() else { return };
    let expected = tape.trade_ids("BTCUSDT");
    let trades = tape.places("@trade");
    let script = faults(trades[100..120].iter().map(|place| (*place, Fault::Lose)));
    let standin = StandIn::start(tape, script).await;
    let mut config = standin.config();
    config.backfill_max = 10;
    let feed = open(config, &["BTCUSDT"]).await;
    let last = BTreeMap::from([("BTCUSDT".to_owned(), *expected.last().unwrap())]);
    let (_, taken) = take(feed, last).await;
    assert_eq!(
        taken.trades["BTCUSDT"],
        [&expected[..100], &expected[120..]].concat()
    );
    let gaps = taken.notices(QualityKind::Gap);
    assert_eq!(gaps.len(), 1, "{:?}", taken.notices);
    let extent = gaps[0].extent;
    assert_eq!(
        (extent.first_id, extent.last_id),
        (Some(expected[100]), Some(expected[119]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_stand_in_for_the_trades_of_a_long_hole() {
    let Some(tape) = recordings(&["btcusdt_20240808"]) else {
        return;
    };
    // The connection is cut for three minutes and a half, and nothing of them can be fetched.
    let began = tape.lines[0].at_ns;
    let second = |place: &usize| (tape.lines[*place].at_ns - began) / 1_000_000_000;
    let mut places = (0..tape.lines.len()).filter(|place| (30..240).contains(&second(place)));
    let first = places.next().unwrap();
    let lose = places.count();
    let last = BTreeMap::from([(
        "BTCUSDT".to_owned(),
        *tape.trade_ids("BTCUSDT").last().unwrap(),
    )]);
    let script = faults([(first, Fault::Cut { lose })]);
    let standin = StandIn::start(tape, script).await;
    let mut config = standin.config();
    config.backfill_max = 10;
    let feed = open(config, &["BTCUSDT"]).await;
    let (_, taken) = take(feed, last).await;
    let gaps = taken.notices(QualityKind::Gap);
    let gap = gaps.iter().find(|gap| gap.symbol.is_some()).unwrap().extent;
    let (from, to) = (gap.from.unwrap(), gap.to.unwrap());
    assert!(to.since(from) > 200_000_000, "{gap:?}");
    let minute = 60_000_000;
    let first = from.floor(minute).plus(minute);
    let whole: Vec<_> = (0..)
        .map(|n| first.plus(n * minute))
        .take_while(|open| open.plus(minute) <= to)
        .collect();
    assert!(whole.len() >= 2);
    assert_eq!(taken.bars, whole);
    assert_eq!(standin.noticed().asked.get("klines"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn symbols_that_are_not_listed_and_hosts_that_do_not_answer_are_said_at_the_start() {
    let standin = StandIn::start(Tape::default(), Script::default()).await;
    let error = try_open(standin.config(), &["BTCUSDT", "NOSUCH"]).await;
    let Err(FeedError::NotListed { symbols, why }) = error else {
        panic!("it was listed");
    };
    assert!(
        symbols.contains("NOSUCH") && why.contains("Invalid symbol"),
        "{symbols}: {why}"
    );
    let mut config = standin.config();
    config.rest_url = "http://127.0.0.1:1".to_owned();
    let error = try_open(config, &["BTCUSDT"]).await.map(|_| ());
    assert!(
        matches!(error, Err(FeedError::Unreachable { .. })),
        "{error:?}"
    );
}
