use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::wire::Class;
use crate::wire::fixtures::{Pick, payload};
use crate::wire::payload::MAX_ROWS;

/// Three values of one conflated stream, one after the other. Rows and entries never vanish but in
/// `working`.
fn states() -> impl Strategy<Value = [Payload; 3]> {
    let streams: Vec<_> = Stream::ALL
        .into_iter()
        .filter(|stream| stream.class() != Class::Log)
        .collect();
    let state = || (0..3_usize, vec(any::<u8>(), 0..200));
    (proptest::sample::select(streams), state(), state(), state()).prop_map(
        |(stream, (few, first), (more, second), (most, third))| {
            let make = |rows, bytes: &[u8]| payload(stream, rows, &mut Pick::of(bytes));
            [
                make(few, &first),
                make(few + more, &second),
                make(few + more + most, &third),
            ]
        },
    )
}

fn stream_of(payload: &Payload) -> Stream {
    match payload {
        Payload::Market(_) => Stream::Market,
        Payload::Portfolio(_) => Stream::Portfolio,
        Payload::Performance(_) => Stream::Performance,
        Payload::Models(_) => Stream::Models,
        Payload::Health(_) => Stream::Health,
        Payload::Candles(_) => Stream::Candles,
        Payload::Positions(_) => Stream::Positions,
        Payload::Working(_) => Stream::Working,
        _ => Stream::Equity,
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

proptest! {
    #[test]
    fn a_snapshot_and_its_delta_are_the_new_value_to_the_last_digit([old, new, _] in states()) {
        let delta = Delta::between(&old, &new).unwrap();
        let mut value = old;
        value.apply(delta).unwrap();
        prop_assert_eq!(json(&value), json(&new));
    }

    #[test]
    fn merged_deltas_do_what_they_do_in_turn([first, second, third] in states()) {
        let mut merged = Delta::between(&first, &second).unwrap();
        merged.merge(Delta::between(&second, &third).unwrap());
        let mut value = first;
        value.apply(merged).unwrap();
        prop_assert_eq!(json(&value), json(&third));
    }

    #[test]
    fn a_delta_reads_as_it_was_written_as_text_and_as_bytes([old, new, _] in states()) {
        let stream = stream_of(&old);
        let delta = Delta::between(&old, &new).unwrap();
        let text = json(&delta);
        let read = Delta::read(stream, &mut serde_json::Deserializer::from_str(&text)).unwrap();
        prop_assert_eq!(&read, &delta);
        prop_assert_eq!(json(&read), text);
        let bytes = ::postcard::to_allocvec(&delta).unwrap();
        let mut from = ::postcard::Deserializer::from_bytes(&bytes);
        prop_assert_eq!(Delta::read(stream, &mut from).unwrap(), delta);
        prop_assert!(from.finalize().unwrap().is_empty());
    }

    #[test]
    fn a_value_without_a_change_has_a_delta_without_one([value, ..] in states()) {
        let text = json(&Delta::between(&value, &value).unwrap());
        prop_assert!(text == "{}" || text == "[]", "{}", text);
    }

    /// What another program sends may be anything.
    #[test]
    fn strange_bytes_are_an_error_and_no_more(
        stream in proptest::sample::select(Stream::ALL.to_vec()),
        bytes in vec(any::<u8>(), 0..64),
    ) {
        let _ = Delta::read(stream, &mut ::postcard::Deserializer::from_bytes(&bytes));
        let _ = Payload::read(stream, &mut ::postcard::Deserializer::from_bytes(&bytes));
        let _ = crate::wire::postcard::decode_server(&bytes);
        let _ = crate::wire::postcard::decode_client(&bytes);
        prop_assert!(crate::wire::postcard::frames(&bytes).count() <= bytes.len());
    }
}

fn filled(stream: Stream, rows: usize) -> Payload {
    payload(stream, rows, &mut Pick::filled(0))
}

#[test]
fn absent_is_unchanged_and_null_is_null() {
    let old = filled(Stream::Market, 0);
    let mut new = old.clone();
    if let Payload::Market(ticker) = &mut new {
        ticker.high_24h = None;
        ticker.prints = 5;
    }
    let delta = Delta::between(&old, &new).unwrap();
    assert_eq!(json(&delta), r#"{"high_24h":null,"prints":5}"#);
    // The twelfth and the ninth field of thirteen; the option's tag; the number.
    assert_eq!(
        ::postcard::to_allocvec(&delta).unwrap(),
        [0x80, 0x12, 0, 5],
        "a mask and the values"
    );
}

#[test]
fn nested_figures_are_changed_by_their_names() {
    let old = filled(Stream::Performance, 0);
    let mut new = old.clone();
    if let Payload::Performance(performance) = &mut new {
        let window = performance.windows.values_mut().next().unwrap();
        let metric = window.metrics.values_mut().nth(3).unwrap();
        metric.value = None;
    }
    let delta = Delta::between(&old, &new).unwrap();
    let text = r#"{"windows":{"1h":{"metrics":{"sharpe":{"value":null}}}}}"#;
    assert_eq!(json(&delta), text);
    let old = filled(Stream::Health, 0);
    let mut new = old.clone();
    if let Payload::Health(health) = &mut new {
        health.feed.rows = 7;
        health.feed.link = None;
    }
    let delta = Delta::between(&old, &new).unwrap();
    assert_eq!(json(&delta), r#"{"feed":{"rows":7,"link":null}}"#);
}

#[test]
fn an_order_that_is_gone_has_a_last_word() {
    let (old, new) = (filled(Stream::Working, 2), filled(Stream::Working, 1));
    let delta = Delta::between(&old, &new).unwrap();
    assert_eq!(json(&delta), r#"[{"order":"ord-001-1","done":true}]"#);
}

#[test]
fn what_cannot_be_said_is_sent_whole() {
    let rows = |stream, count| filled(stream, count);
    for stream in [Stream::Candles, Stream::Positions, Stream::Equity] {
        assert_eq!(Delta::between(&rows(stream, 3), &rows(stream, 2)), None);
    }
    assert_eq!(
        Delta::between(&rows(Stream::Candles, 1), &rows(Stream::Equity, 1)),
        None
    );
    let old = filled(Stream::Performance, 0);
    let mut new = old.clone();
    if let Payload::Performance(performance) = &mut new {
        performance.windows.pop_first();
    }
    assert_eq!(Delta::between(&old, &new), None);
    let alert = filled(Stream::Alerts, 0);
    assert_eq!(Delta::between(&alert, &alert), None);
}

#[test]
fn the_oldest_rows_leave_where_there_are_too_many() {
    let all = |count: usize| match filled(Stream::Equity, count) {
        Payload::Equity(rows) => rows,
        _ => Vec::new(),
    };
    let old = Payload::Equity(all(MAX_ROWS));
    let new = Payload::Equity(all(MAX_ROWS + 3)[3..].to_vec());
    let delta = Delta::between(&old, &new).unwrap();
    let mut value = old;
    value.apply(delta).unwrap();
    assert_eq!(value, new);
}

#[test]
fn a_change_that_does_not_fit_changes_nothing() {
    let (old, new) = (filled(Stream::Candles, 2), filled(Stream::Candles, 1));
    let mut other = old.clone();
    if let Payload::Candles(rows) = &mut other {
        rows[0].closed = !rows[0].closed;
        rows[1].closed = !rows[1].closed;
    }
    let delta = Delta::between(&old, &other).unwrap();
    let mut value = new.clone();
    assert_eq!(value.apply(delta.clone()), Err(Misfit::Unknown("the row")));
    assert_eq!(value, new);
    let mut ticker = filled(Stream::Market, 0);
    assert_eq!(ticker.apply(delta), Err(Misfit::Stream));
}
