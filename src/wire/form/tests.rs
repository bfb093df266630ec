//! Forms as browsers write them.

use super::*;
use crate::domain::{OrderType, TimeInForce};

const TICKET: &str = "command=order&bot=paper&symbol=BTCUSDT&side=buy&quantity=0.5&price=&stop_price=&trail_amount=\
    &trail_percent=&activation_price=&time_in_force=&expires_at=&take_profit=&stop_loss=&client_order_id=web-1";

fn read(more: &str) -> Result<Form, Rejection> {
    Form::read(&Fields::parse(&format!("{TICKET}&{more}")))
}

fn order(more: &str) -> NewOrder {
    (*read(more).unwrap().orders().first().unwrap()).clone()
}

fn refusal(more: &str) -> (String, String) {
    let rejection = read(more).unwrap_err();
    (rejection.code, rejection.field.unwrap_or_default())
}

#[test]
fn a_kind_takes_its_own_fields_and_leaves_the_others() {
    let typed = "price=42000.5&stop_price=41000&trail_percent=2&kind=";
    let market = order(&format!("{typed}market"));
    assert_eq!(
        (market.price, market.stop_price, market.trail_percent),
        (None, None, None)
    );
    let limit = order(&format!(
        "{typed}limit&time_in_force=gtd&expires_at=2024-01-31T12%3A00"
    ));
    assert_eq!(limit.price, Some("42000.5".parse().unwrap()));
    assert_eq!(limit.time_in_force, Some(TimeInForce::Gtd));
    assert_eq!(limit.expires_at.unwrap().rfc3339(), "2024-01-31T12:00:00Z");
    let trailing = order(&format!("{typed}trailing_stop"));
    assert_eq!(trailing.order_type, OrderType::TrailingStop);
    assert_eq!(
        (trailing.price, trailing.trail_percent),
        (None, Some("2".parse().unwrap()))
    );
    let bracket = order(&format!("{typed}limit&take_profit=43000&stop_loss=41000"));
    assert!(bracket.is_bracket());
    assert_eq!(bracket.client_order_id.as_deref(), Some("web-1"));
}

#[test]
fn a_pair_is_a_limit_and_a_stop() {
    let form = read(
        "kind=oco&side=sell&price=43000&stop_price=41000&stop_limit_price=40900&reduce_only=on",
    )
    .unwrap();
    let (limit, stop) = form.pair().unwrap().legs().unwrap();
    assert_eq!(
        (limit.order_type, stop.order_type),
        (OrderType::Limit, OrderType::StopLimit)
    );
    assert!(limit.reduce_only && stop.reduce_only && limit.client_order_id.is_none());
}

#[test]
fn what_is_wrong_is_said_of_the_field() {
    for (more, code, field) in [
        ("kind=market&quantity=", "missing_quantity", "quantity"),
        ("kind=market&quantity=much", "invalid_quantity", "quantity"),
        ("kind=market&quantity=0", "invalid_quantity", "quantity"),
        ("kind=limit", "missing_price", "price"),
        ("kind=limit&price=-1", "invalid_price", "price"),
        ("kind=trailing_stop", "missing_trail", "trail_amount"),
        (
            "kind=limit&price=1&time_in_force=gtd",
            "missing_expires_at",
            "expires_at",
        ),
        (
            "kind=limit&price=1&time_in_force=gtd&expires_at=soon",
            "invalid_expires_at",
            "expires_at",
        ),
        (
            "kind=limit&price=42000&take_profit=41000",
            "invalid_take_profit",
            "take_profit",
        ),
        ("kind=oco&price=0&stop_price=1", "invalid_price", "price"),
        (
            "kind=oco&price=3&stop_price=1&stop_limit_price=0",
            "invalid_price",
            "stop_limit_price",
        ),
        ("kind=market&side=", "invalid_side", "side"),
        ("kind=market&symbol=btc", "invalid_symbol", "symbol"),
        ("command=dance", "unknown_command", "command"),
    ] {
        assert_eq!(refusal(more), (code.to_owned(), field.to_owned()), "{more}");
    }
}

#[test]
fn an_amendment_holds_what_differs() {
    let text =
        "command=amend&order=ord-1-1&was_price=42000&price=42000.00&was_quantity=1&quantity=0.5";
    match Form::read(&Fields::parse(text)).unwrap().command() {
        Some(BotCommand::AmendOrder { change, .. }) => {
            assert_eq!(
                (change.price, change.quantity),
                (None, Some("0.5".parse().unwrap()))
            );
        }
        other => panic!("{other:?}"),
    }
    let same = "command=amend&order=ord-1-1&was_price=42000&price=42000";
    let refused = Form::read(&Fields::parse(same)).unwrap_err();
    assert_eq!(refused.code, "nothing_to_amend");
}

#[test]
fn a_form_is_decoded_as_browsers_write_it() {
    let fields = Fields::parse("a=1+2&b=%E2%82%AC%zz&c&a=3%2B");
    assert_eq!(fields.get("a"), Some("3+"));
    assert_eq!(fields.get("b"), Some("€%zz"));
    assert_eq!(fields.get("c"), None);
    let odd = "a b&c=d/ü%#+?";
    assert_eq!(
        Fields::parse(&format!("x={}", encoded(odd))).get("x"),
        Some(odd)
    );
}
