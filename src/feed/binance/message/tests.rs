#![allow(clippy::unwrap_used)]

use rust_decimal::dec;

use super::*;
use crate::domain::Side;
use crate::feed::binance::recorded_tests;

#[test]
fn every_recorded_message_of_a_kind_is_read() {
    let Some(lines) = recorded_tests::single_messages() else {
        return;
    };
    let read = |name: &str| parse(&lines[name]).unwrap();
    let Message::Trade { trade, time } = read("trade_single") else {
        panic!("no trade");
    };
    assert_eq!(
        (trade.id, trade.count, trade.taker),
        (343_719_861, 1, Side::Buy)
    );
    assert_eq!((trade.price, trade.quantity), (dec!(9302), dec!(0.001019)));
    assert_eq!(trade.price.to_string(), "9302");
    assert_eq!(trade.time, TimeUs::from_millis(1_592_591_955_765));
    assert_eq!(time, TimeUs::from_millis(1_592_591_955_766));
    let Message::Trade { trade, .. } = read("aggTrade_single") else {
        panic!("no aggregate trade");
    };
    assert_eq!(
        (trade.id, trade.count, trade.taker),
        (315_753_210, 1, Side::Sell)
    );
    let Message::Kline(kline) = read("kline_1m") else {
        panic!("no kline");
    };
    assert!(!kline.closed);
    assert_eq!(kline.bar.trades, Some(183));
    assert_eq!(kline.bar.close_time.0, 1_601_630_279_999_999);
    assert_eq!(kline.bar.quote_volume, Some(dec!(215452.69236872)));
    let Message::Day(day) = read("miniTicker_single") else {
        panic!("no 24-hour figures");
    };
    assert_eq!((day.open, day.volume), (dec!(10884.9), dec!(64483.097562)));
    assert_eq!(
        read("result"),
        Message::Reply {
            id: Some(2),
            problem: None
        }
    );
    assert!(matches!(
        read("error"),
        Message::Reply {
            id: None,
            problem: Some(_)
        }
    ));
    for name in [
        "ticker_single",
        "miniTicker_arr",
        "listStatus",
        "balanceUpdate",
    ] {
        assert!(matches!(read(name), Message::Other(_)), "{name}");
    }
}

#[test]
fn every_line_of_the_raw_recordings_is_read() {
    let Some(files) = recorded_tests::raw_files() else {
        return;
    };
    let mut counts = [0; 3];
    for file in &files {
        for line in recorded_tests::raw_lines(file) {
            if line.starts_with("{\"lastUpdateId\"") {
                let snapshot: DepthSnapshot = serde_json::from_str(&line).unwrap();
                assert!(snapshot.bids.len() > 500 && snapshot.asks.len() > 500);
                continue;
            }
            match parse(&line).unwrap() {
                Message::Trade { .. } => counts[0] += 1,
                Message::BookTicker(ticker) => {
                    assert!(ticker.bid.price < ticker.ask.price);
                    counts[1] += 1;
                }
                Message::Depth(_) => counts[2] += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(
        counts,
        [
            9_757 + 10_147 + 6_106,
            28_040 + 45_134 + 24_077,
            3_451 + 3_044 + 3_434
        ]
    );
}

#[test]
fn every_line_of_the_thirty_seconds_is_read() {
    let Some(samples) = recorded_tests::samples() else {
        return;
    };
    let mut kinds = std::collections::BTreeMap::new();
    for line in samples {
        let kind = match parse(&line).unwrap() {
            Message::Trade { trade, .. } => {
                assert!(trade.count >= 1);
                "aggTrade"
            }
            Message::BookTicker(_) => "bookTicker",
            Message::Depth(_) => "depth",
            Message::Kline(_) => "kline",
            other => panic!("{other:?}"),
        };
        *kinds.entry(kind).or_insert(0) += 1;
    }
    let expected = [
        ("aggTrade", 2),
        ("bookTicker", 84),
        ("depth", 177),
        ("kline", 2),
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn replies_errors_and_the_shutdown_are_told_apart() {
    let refused = parse(r#"{"code":2,"msg":"Invalid request: too many parameters","id":7}"#);
    let Ok(Message::Reply {
        id: Some(7),
        problem: Some(problem),
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert!(
        problem.contains("too many") && problem.contains('2'),
        "{problem}"
    );
    let newer = parse(r#"{"error":{"code":2,"msg":"Invalid request"},"id":3}"#);
    assert!(matches!(
        newer,
        Ok(Message::Reply {
            id: Some(3),
            problem: Some(_)
        })
    ));
    for text in [
        r#"{"e":"serverShutdown","E":1770123456789}"#,
        r#"{"stream":"serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#,
        r#"{"stream":"!system","data":{"e":"serverShutdown","E":1770123456789}}"#,
    ] {
        assert_eq!(parse(text), Ok(Message::ServerShutdown), "{text}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    for (text, word) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("hello", "expected"),
        ("{}", "neither"),
        (
            r#"{"stream":"btcusdt@trade","data":{"e":"trade"}}"#,
            "missing field",
        ),
        (
            r#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1e5","B":"1","a":"2","A":"1"}}"#,
            "1e5",
        ),
        (
            r#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":1.5,"B":"1","a":"2","A":"1"}}"#,
            "string",
        ),
        (
            r#"{"stream":"btcusdt@trade","data":{"E":1723161255343,"s":"BTCUSDT","t":1,"p":"0","q":"1","T":1723161255342,"m":true}}"#,
            "zero",
        ),
        (
            r#"{"stream":"btcusdt@trade","data":{"E":12,"s":"BTCUSDT","t":1,"p":"1","q":"1","T":1,"m":true}}"#,
            "century",
        ),
        (
            r#"{"stream":"x@depth","data":{"E":1723161255208,"s":"BTCUSDT","U":9,"u":8,"b":[],"a":[]}}"#,
            "before the first",
        ),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(word), "{text}: {error}");
    }
}
