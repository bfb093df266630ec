//! The same bytes as the crate that verification reads with, for whatever serde can hand over.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::to_vec;

fn text(value: &impl Serialize) -> String {
    String::from_utf8(to_vec(value).unwrap()).unwrap()
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1_000_000_000..1_000_000_000_i64).prop_map(|number| Value::from(number as f64 / 1e6)),
        any::<String>().prop_map(Value::from),
        "[a\\x00-\\x1f\"\\\\/\u{7f}é€😀]{0,8}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        any::<String>(),
        "[a-c\"\\\\\n\u{e000}😀]{0,3}",
        "[a-z_]{1,9}"
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[derive(Serialize)]
struct Point {
    y: f32,
    x: i8,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Nothing,
    Wrapped(Point),
    Pair(char, Option<u16>),
    Named { to: Point, from: Box<Shape> },
}

#[derive(Serialize)]
struct Everything {
    shapes: Vec<Shape>,
    by_number: BTreeMap<i32, ()>,
    tuple: (u8, &'static str, [bool; 2]),
    unit: (),
    bytes: Vec<u8>,
}

proptest! {
    #[test]
    fn any_json_is_written_as_the_crate_writes_it(value in json()) {
        prop_assert_eq!(text(&value), serde_json_canonicalizer::to_string(&value).unwrap());
    }
}

#[test]
fn every_form_of_serde_is_written_as_the_crate_writes_it() {
    let point = || Point { y: 0.5, x: -3 };
    let everything = Everything {
        shapes: vec![
            Shape::Nothing,
            Shape::Wrapped(point()),
            Shape::Pair('"', None),
            Shape::Pair('é', Some(7)),
            Shape::Named {
                to: point(),
                from: Box::new(Shape::Pair('a', Some(1))),
            },
        ],
        by_number: BTreeMap::from([(10, ()), (-1, ()), (9, ())]),
        tuple: (255, "a\tb", [true, false]),
        unit: (),
        bytes: vec![0, 255],
    };
    let expected = serde_json_canonicalizer::to_string(&everything).unwrap();
    assert_eq!(text(&everything), expected);
}

#[test]
fn the_examples_of_the_standard() {
    // RFC 8785, 3.2.2 and 3.2.3.
    let numbers: Value =
        serde_json::from_str("[333333333.33333329, 1E30, 4.50, 2e-3, 1e-27, -0.0]").unwrap();
    assert_eq!(
        text(&numbers),
        "[333333333.3333333,1e+30,4.5,0.002,1e-27,0]"
    );
    let names = serde_json::json!({
        "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
        "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
    });
    let values: Vec<String> = text(&names)
        .split('"')
        .skip(3)
        .step_by(4)
        .map(str::to_owned)
        .collect();
    assert_eq!(
        values,
        [
            "Carriage Return",
            "One",
            "Control",
            "Latin Small Letter O With Diaeresis",
            "Euro Sign",
            "Emoji: Grinning Face",
            "Hebrew Letter Dalet With Dagesh",
        ]
    );
}

#[test]
fn what_json_does_not_have_is_refused() {
    assert!(to_vec(&f64::NAN).is_err());
    assert!(to_vec(&[f64::NEG_INFINITY]).is_err());
    assert!(to_vec(&BTreeMap::from([(true, 1)])).is_err());
}
